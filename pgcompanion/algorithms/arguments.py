"""What the algorithms ask of their arguments beyond `checks`: each in one sentence, once, at the border."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from pgcompanion import checks


def positive(name: str, x: Any) -> Any:
    """Return ``x`` after checking that it is a positive, finite number.

    >>> positive("delta", 0.1)
    0.1
    """
    _number(name, x)
    if not x > 0:
        raise ValueError(f"{name} must be positive, but it is {x}.")
    return x


def not_negative(name: str, x: Any) -> Any:
    """Return ``x`` after checking that it is a finite number and at least 0.

    >>> not_negative("damping", 0.0)
    0.0
    """
    _number(name, x)
    if not x >= 0:
        raise ValueError(f"{name} must not be negative, but it is {x}.")
    return x


def fraction(name: str, x: Any) -> Any:
    """Return ``x`` after checking that it lies strictly between 0 and 1.

    >>> fraction("backtrack", 0.5)
    0.5
    """
    _number(name, x)
    if not 0 < x < 1:
        raise ValueError(f"{name} must lie between 0 and 1, but it is {x}.")
    return x


def _number(name: str, x: Any) -> None:
    if isinstance(x, bool) or not isinstance(x, Real):
        raise ValueError(f"{name} must be a number, but it is {x!r}.")
    if not np.isfinite(float(x)):
        raise ValueError(f"{name} must be finite, but it is {x}.")


def one_of(**options: Any) -> tuple[str, Any]:
    """The name and the value of the one option that is given; it must be positive and finite.

    >>> one_of(eta=None, delta=0.5)
    ('delta', 0.5)
    """
    given = {name: x for name, x in options.items() if x is not None}
    names = " and ".join(options)
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ValueError(f"Exactly one of {names} must be given, but found {found}.")
    name, x = given.popitem()
    return name, positive(name, x)


def generator(rng: Any, beside: str) -> np.random.Generator:
    """Return ``rng`` after checking that it is a generator; ``beside`` is what makes it necessary."""
    if rng is None:
        raise ValueError(f"rng must be given together with {beside}, but it is None.")
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, but it is {rng!r}.")
    return rng


def iterations(K: Any) -> int | None:
    """Return the number of iterations ``K``, where ``None`` means that they never end."""
    return None if K is None else checks.natural_number("K", K)


def parameters(theta: Any, p: int, name: str = "theta") -> np.ndarray:
    """Return ``theta`` as an array of ``p`` finite numbers with a fractional part: steps add to it.

    >>> parameters([1, 2], p=2)
    array([1., 2.])
    """
    theta = checks.finite(name, theta, (p,))
    return theta.astype(np.result_type(theta, np.float32), copy=False)
