"""Run the benchmarks named on the command line, or all of them, and print their tables."""

from __future__ import annotations

import argparse
import sys

from benchmarks import gradients, sampling, timing

BENCHMARKS = {"sampling": sampling.tables, "gradients": gradients.tables}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}: choose from {', '.join(BENCHMARKS)}")
    print("$ python -m benchmarks", *sys.argv[1:])
    print(timing.machine())
    for name in names:
        for table in BENCHMARKS[name]():
            print(f"\n{table}", flush=True)


if __name__ == "__main__":
    main()
