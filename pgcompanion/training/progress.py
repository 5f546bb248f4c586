"""A bar in the terminal while a policy is trained."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

from pgcompanion.training.run import Run


def shown(runs: Iterator[Run], updates: int) -> Iterator[Run]:
    """Pass the runs on, and show how far they are, where the standard error is a terminal.

    With tqdm (the extra ``training``) as a bar, otherwise as a line that is rewritten.
    """
    if not sys.stderr.isatty():
        yield from runs
        return
    try:
        tqdm = import_module("tqdm").tqdm
    except ModuleNotFoundError:
        yield from _line(runs, updates)
        return
    with tqdm(total=updates, unit="update", file=sys.stderr) as bar:
        for run in runs:
            bar.set_postfix_str(_said(run), refresh=False)
            bar.update(run.k - bar.n)
            yield run


def _line(runs: Iterator[Run], updates: int) -> Iterator[Run]:
    try:
        for run in runs:
            print(
                f"\rupdate {run.k} of {updates}  {_said(run)}", end="", file=sys.stderr, flush=True
            )
            yield run
    finally:
        print(file=sys.stderr)


def _said(run: Run) -> str:
    known = run.k > 0 and run.J[-1] == run.J[-1]
    return f"J={run.J[-1]:.4g}" if known else "J=None"
