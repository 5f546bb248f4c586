"""The table of the oracles. Begins in the book's environment and goes on in one of its own."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE.parent / "_build" / "oracles"


def main(names: list[str]) -> int:
    import numpy as np

    from oracles import distributions, gradients, planning, rollouts, training  # noqa: F401
    from oracles.registry import ORACLES

    chosen = [x for x in ORACLES if all(name in f"{x.what} {x.against}" for name in names)]
    print(f"{'what':46} {'against':36} {'largest':>9} {'allowed':>9} {'slip':>9}")
    failed, start = 0, time.perf_counter()
    for x in chosen:
        error, slip = x.ask(np.random.default_rng(0)).errors()
        sound = error <= x.tolerance < slip  # a slip that is not seen says that nothing would be
        failed += not sound
        row = f"{x.what:46} {x.against:36} {error:9.1e} {x.tolerance:9.1e} {slip:9.1e}"
        print(row if sound else f"{row}  FAILS", flush=True)
    print(f"{len(chosen)} oracles, {failed} failed, {time.perf_counter() - start:.0f} s")
    return int(failed > 0 or not chosen)


if __name__ == "__main__":
    if Path(sys.prefix) != HOME:
        from benchmarks.peer import prepare

        python = prepare(HOME, HERE / "requirements.txt")
        os.execv(python, [str(python), "-m", "oracles", *sys.argv[1:]])
    sys.exit(main(sys.argv[1:]))
