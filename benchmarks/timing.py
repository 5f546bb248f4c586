"""How long things take, and how to print it: interleaved runs, medians, ratios."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time

REPEATS = 9
SHORTEST = 0.05


#: The CPU seconds of so many calls.
Clock = Callable[[int], float]


def medians(cases: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median CPU seconds of each case; its runs take turns with the others'.

    CPU time, of this one thread, is what a busy machine disturbs least. A short case is called
    often enough to fill ``SHORTEST`` seconds.
    """
    return in_turns({name: clock(case) for name, case in cases.items()})


def in_turns(clocks: Mapping[str, Clock]) -> dict[str, float]:
    """Median CPU seconds of a call on each clock, which may be another process's."""
    calls = {name: _calls(clock) for name, clock in clocks.items()}
    times: dict[str, list[float]] = {name: [] for name in clocks}
    for _ in range(REPEATS):
        for name, clock in clocks.items():
            times[name].append(clock(calls[name]) / calls[name])
    return {name: median(runs) for name, runs in times.items()}


def clock(case: Callable[[], object]) -> Clock:
    """The clock of a case in this process."""

    def seconds(calls: int) -> float:
        start = process_time()
        for _ in range(calls):
            case()
        return process_time() - start

    return seconds


def _calls(clock: Clock) -> int:
    clock(1)
    return max(1, round(SHORTEST / clock(1)))


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table under a title, its columns aligned."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        for row in (header, rule, *rows)
    ]
    return "\n".join([f"**{title}**", "", *lines])


def machine() -> str:
    """The processor and the versions that the figures belong to."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "gymnasium"))
    return (
        f"{_processor()}; one thread; Python {platform.python_version()}, {packages}; "
        f"medians of {REPEATS} interleaved runs, CPU time"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
