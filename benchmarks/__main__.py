"""Run the benchmarks named on the command line, or all of them, and print their tables."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from benchmarks import (
    cartpole,
    formulas,
    gradients,
    grading,
    learning,
    live,
    page,
    sampling,
    timing,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--peers",
        action="store_true",
        help="beside JAX, PyTorch and Stable-Baselines3, in an environment that is made for them",
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    said = parser.parse_args()
    benchmarks = {
        "sampling": sampling.tables,
        "gradients": partial(gradients.tables, said.peers),
        "learning": learning.tables,
        "live": live.tables,
        "page": page.tables,
        "grading": grading.tables,
        "cartpole": partial(cartpole.tables, said.peers),
        "formulas": partial(formulas.tables, said.peers),
    }
    names = said.names or list(benchmarks)
    unknown = [name for name in names if name not in benchmarks]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}: choose from {', '.join(benchmarks)}")
    print("$ python -m benchmarks", *sys.argv[1:])
    print(timing.machine())
    for name in names:
        for table in benchmarks[name]():
            print(f"\n{table}", flush=True)


if __name__ == "__main__":
    main()
