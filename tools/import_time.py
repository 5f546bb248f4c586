"""How long `import pgcompanion` takes over NumPy, alone and with every room: `make imports`."""

from __future__ import annotations

import statistics
import subprocess
import sys

import pgcompanion

RUNS = 7
TIMED = (
    "import time; import numpy; start = time.process_time(); {}; print(time.process_time() - start)"
)


def seconds(code: str) -> float:
    """The processor's time for some imports in a fresh Python that has NumPy."""
    command = [sys.executable, "-c", TIMED.format(code)]
    runs = (subprocess.run(command, capture_output=True, check=True) for _ in range(RUNS))
    return statistics.median(float(run.stdout) for run in runs)


def main() -> None:
    every = "; ".join(f"import pgcompanion.{room}" for room in pgcompanion._ROOMS)
    for name, code in {"import pgcompanion": "import pgcompanion", "every room": every}.items():
        print(f"{name}: {seconds(code):.3f} s over NumPy")


if __name__ == "__main__":
    main()
