"""From the knob of the gridworld demo to its picture, in a kernel: exact retraining and drawing."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import numpy as np

from benchmarks import timing
from pgcompanion.demos import gridworlds
from pgcompanion.demos.training.course import ALGORITHMS, K, train
from pgcompanion.demos.training.workbench import Workbench

PLACES, DRAGS = 12, 5


def tables() -> Iterator[str]:
    rows = []
    for name in gridworlds.controls["world"].values:
        bench = Workbench([str(name)])
        for algorithm in ALGORITHMS:
            drag(bench, algorithm)  # The first picture makes what the others use again.
            places = np.median([drag(bench, algorithm) for _ in range(DRAGS)], axis=0)
            milliseconds = [f"{1000 * x:,.0f}" for x in (np.median(places), places.max())]
            rows.append([f"{name}, {algorithm}", *milliseconds])
    yield timing.table(
        f"Milliseconds from the knob to the picture: {K} exact iterations and the drawing "
        f"(medians of {DRAGS} drags over {PLACES} places)",
        ["map and algorithm", "at the middle place", "at the slowest"],
        rows,
    )


def drag(bench: Workbench, algorithm: str) -> list[float]:
    """Seconds from each new value of the knob to the picture of the policy trained with it."""
    bench.algorithm.value = algorithm
    first, _, last = ALGORITHMS[algorithm].values
    train.cache_clear()
    seconds = []
    for x in np.geomspace(last, first, PLACES):
        before, start = bench.page.value, process_time()
        bench.knobs[algorithm].value = x
        seconds.append(process_time() - start)
        assert bench.page.value != before
    return seconds
