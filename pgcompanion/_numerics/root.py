"""The root of a decreasing function of one number."""

from __future__ import annotations

from collections.abc import Callable

FARTHEST = 745.0  # exp of more is no number
STEPS = 60  # ten suffice, unless the function jumps over 0


def decreasing_root(f: Callable[[float], float], x: float, tolerance: float = 1e-12) -> float:
    r"""The root of a decreasing function, from a guess ``x``.

    Statement: `trpo`. Steps of 1, 2, 4, … bracket it. Then come secant steps between the two ends, where
    an end that stays has its value halved, so that both close in (the Illinois rule). Where nothing
    within :math:`\pm745` brackets it, the last point that was tried is returned.

    Source: Dowell and Jarratt 1971.

    >>> round(decreasing_root(lambda x: 2 - x**3, 0.5), 6)
    1.259921
    """
    y, fy = x, fx = x, f(x)
    step = 1.0 if fx > 0 else -1.0
    while fx * step > 0:
        z = max(-FARTHEST, min(x + step, FARTHEST))
        if z == x:
            return x
        y, fy = x, fx
        x, fx = z, f(z)
        step *= 2
    for _ in range(STEPS):
        if abs(fx) <= tolerance or fx == fy:
            break
        z = x - fx * (x - y) / (fx - fy)
        fz = f(z)
        y, fy = (x, fx) if fz * fx < 0 else (y, fy / 2)
        x, fx = z, fz
    return x
