"""The border: every public function checks its arguments once, here, and the mathematics behind it does not.

A value that cannot be right raises `ValueError`, an object of a wrong kind `TypeError`; either says in
one sentence which argument it is, what was found and what is expected.
"""

from __future__ import annotations

from numbers import Real
from os import PathLike
from pathlib import Path
from types import EllipsisType
from typing import Any, Protocol, TypeVar

import numpy as np

T = TypeVar("T")

ROW_SUM_TOLERANCE = 1e-8


class Sizes(Protocol):
    """What a check of a table asks of an MDP."""

    @property
    def S(self) -> int: ...
    @property
    def A(self) -> int: ...
    @property
    def H(self) -> int: ...


class Tabulated(Protocol):
    """What a check asks of a policy over finitely many states."""

    @property
    def p(self) -> int: ...
    def table(self, theta: np.ndarray) -> np.ndarray:
        """The policy as a table."""


def array(name: str, x: object) -> np.ndarray:
    """Return ``x`` as an array; rows of unequal length are none."""
    try:
        return np.asarray(x)
    except ValueError:
        raise ValueError(f"{name} must be an array, but its rows have unequal lengths.") from None


def shaped(name: str, x: object, shape: tuple[int | EllipsisType, ...]) -> np.ndarray:
    """Return ``x`` as an array of this shape; a last ``...`` stands for any further axes.

    It looks at no entry, so that it costs the same for any number of them.
    """
    x = array(name, x)
    sizes = tuple(n for n in shape if n is not ...)
    if x.shape[: len(sizes)] != sizes or (x.ndim > len(sizes) and ... not in shape):
        expected = ", ".join("..." if n is ... else str(n) for n in shape)
        raise ValueError(f"{name} has shape {x.shape}, but ({expected}) is expected.")
    return x


def one_axis(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the batch shape of ``name`` after checking that it has one axis."""
    if len(shape) != 1:
        raise ValueError(f"{name} must have one batch axis, but its batch shape is {shape}.")
    return shape


def numbers(name: str, x: object) -> np.ndarray:
    """Return ``x`` as an array of numbers, finite or not: for formulas that work entry by entry."""
    x = array(name, x)
    if x.dtype.kind not in "biufc":
        raise ValueError(f"{name} must be an array of numbers, but its type is {x.dtype}.")
    return x


def finite(name: str, x: object, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Return ``x`` as an array of finite numbers; ``None`` in ``shape`` stands for any size."""
    x = numbers(name, x)
    if shape is not None and not _fits(x.shape, shape):
        expected = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name} has shape {x.shape}, but ({expected}) is expected.")
    if not np.isfinite(x).all():
        raise ValueError(f"{name} must be finite, but it contains NaN or infinity.")
    return x


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(
        m is None or n == m for n, m in zip(shape, expected, strict=True)
    )


def distribution(name: str, p: object, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Return ``p`` after checking that its last axis holds probability distributions.

    Complex numbers pass, so that a derivative can be taken by a complex step; then the real
    parts must be the distribution.
    """
    p = finite(name, p, shape)
    if (p.real < 0).any():
        worst = p.real.min()
        raise ValueError(f"{name} must not be negative, but it contains {worst:.6g}.")
    sums = p.real.sum(axis=-1)
    errors = np.abs(sums - 1.0)
    if (errors > _row_sum_tolerance(p)).any():
        row = np.unravel_index(errors.argmax(), sums.shape)
        where = f"[{', '.join(str(int(i)) for i in row)}]" if row else ""
        raise ValueError(f"{name}{where} must sum to 1, but it sums to {sums[row]:.10g}.")
    return p


def _row_sum_tolerance(p: np.ndarray) -> float:
    """How far from 1 the sum of a row may lie.

    With unit round-off u = eps / 2, dividing K numbers by their sum leaves a row that sums to 1 within
    K u to first order: K - 1 additions and a division. The K - 1 additions of this check put in as
    much again: K eps together, which in single precision is more than what is allowed to a row that
    was typed by hand.
    """
    eps = float(np.finfo(p.dtype).eps) if p.dtype.kind in "fc" else 0.0
    return max(ROW_SUM_TOLERANCE, p.shape[-1] * eps)


def indices(name: str, x: object, size: int | None = None) -> np.ndarray:
    """Return ``x`` as an array of integers between 0 and ``size - 1``, or without an upper end."""
    x = array(name, x)
    if x.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integers, but its type is {x.dtype}.")
    if size is None:
        if x.size and x.min() < 0:
            raise ValueError(f"{name} must not be negative, but it contains {x.min()}.")
        return x
    if x.size and (x.min() < 0 or x.max() >= size):
        bad = x.min() if x.min() < 0 else x.max()
        raise ValueError(f"{name} must lie between 0 and {size - 1}, but it contains {bad}.")
    return x


def positive_integer(name: str, n: object) -> int:
    """Return ``n`` as an int that is at least 1."""
    return _integer(name, n, 1, "a positive integer")


def natural_number(name: str, n: object) -> int:
    """Return ``n`` as an int that is at least 0."""
    return _integer(name, n, 0, "an integer that is not negative")


def _integer(name: str, n: object, least: int, what: str) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < least:
        raise ValueError(f"{name} must be {what}, but it is {kind(n)}.")
    return int(n)


def iterations(K: object) -> int | None:
    """Return the number of iterations ``K``, where ``None`` means that they never end."""
    return None if K is None else natural_number("K", K)


def number(name: str, x: Any) -> Any:
    """Return ``x`` after checking that it is a finite real number."""
    if isinstance(x, bool) or not isinstance(x, Real):
        raise ValueError(f"{name} must be a number, but it is {kind(x)}.")
    if not np.isfinite(float(x)):
        raise ValueError(f"{name} must be finite, but it is {x}.")
    return x


def positive(name: str, x: Any) -> Any:
    """Return ``x`` after checking that it is a positive, finite number.

    >>> positive("delta", 0.1)
    0.1
    """
    if not number(name, x) > 0:
        raise ValueError(f"{name} must be positive, but it is {x}.")
    return x


def not_negative(name: str, x: Any) -> Any:
    """Return ``x`` after checking that it is a finite number and at least 0."""
    if not number(name, x) >= 0:
        raise ValueError(f"{name} must not be negative, but it is {x}.")
    return x


def fraction(name: str, x: Any) -> Any:
    """Return ``x`` after checking that it lies strictly between 0 and 1."""
    if not 0 < number(name, x) < 1:
        raise ValueError(f"{name} must lie between 0 and 1, but it is {x}.")
    return x


def unit_interval(name: str, x: object) -> float:
    """Return ``x`` as a float in [0, 1]."""
    if not (isinstance(x, Real) and 0 <= float(x) <= 1):
        raise ValueError(f"{name} must be a number in [0, 1], but it is {kind(x)}.")
    return float(x)


def discount(gamma: object) -> float:
    """Return ``gamma`` as a float in [0, 1]."""
    return unit_interval("gamma", gamma)


def one_of(**options: Any) -> tuple[str, Any]:
    """The name and the value of the one option that is given; it must be positive and finite.

    >>> one_of(eta=None, delta=0.5)
    ('delta', 0.5)
    """
    given = {name: x for name, x in options.items() if x is not None}
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ValueError(
            f"Exactly one of {' and '.join(options)} must be given, but found {found}."
        )
    ((name, x),) = given.items()
    return name, positive(name, x)


def choice(name: str, x: object, options: tuple[str, ...]) -> str:
    """Return ``x`` after checking that it is one of the words in ``options``."""
    if not isinstance(x, str) or x not in options:
        words = ", ".join(map(repr, options))
        raise ValueError(f"{name} must be one of {words}, but it is {kind(x)}.")
    return str(x)


def string(name: str, x: object) -> str:
    """Return ``x`` after checking that it is a string."""
    if not isinstance(x, str):
        raise TypeError(f"{name} must be a string, but it is {kind(x)}.")
    return x


def truth(name: str, x: object) -> bool:
    """Return ``x`` after checking that it is True or False."""
    if not isinstance(x, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, but it is {kind(x)}.")
    return bool(x)


def flags(name: str, x: object, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return ``x`` as booleans of this shape; numbers are taken if they are 0 or 1."""
    x = finite(name, x, shape)
    if x.dtype != bool and not np.isin(x, (0, 1)).all():
        raise ValueError(f"{name} must hold booleans, but its type is {x.dtype}.")
    return x.astype(bool, copy=False)


def weights(name: str, x: object, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Return ``x`` as an array of finite numbers, none of them negative."""
    x = finite(name, x, shape)
    if x.size and x.min() < 0:
        raise ValueError(f"{name} must not be negative, but it contains {x.min():.6g}.")
    return x


def function(name: str, f: Any) -> Any:
    """Return ``f`` after checking that it can be called."""
    if not callable(f):
        raise TypeError(f"{name} must be a function, but it is {kind(f)}.")
    return f


def source(f: Any) -> Any:
    """Return ``f`` after checking that it can be called for a batch: a source, and no class of sources."""
    if not callable(f) or isinstance(f, type):
        raise TypeError(f"source must be a source such as Exact(mdp), but it is {kind(f)}.")
    return f


def path(x: object, name: str = "path") -> Path:
    """Return ``x`` as a path."""
    if not isinstance(x, str | PathLike):
        raise TypeError(f"{name} must be the path of a file, but it is {kind(x)}.")
    return Path(x)


def generator(rng: Any, name: str = "rng") -> np.random.Generator:
    """Return ``rng`` after checking that it is a generator of NumPy's."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{name} must be a numpy.random.Generator, as numpy.random.default_rng(seed) makes it, "
            f"but it is {kind(rng)}."
        )
    return rng


def theta(x: object, p: int, name: str = "theta") -> np.ndarray:
    """Return the parameters ``x`` as an array of ``p`` finite numbers."""
    return finite(name, x, (p,))


def parameters(x: object, p: int, name: str = "theta") -> np.ndarray:
    """Return ``x`` as ``p`` finite numbers with a fractional part: steps add to it.

    >>> parameters([1, 2], p=2)
    array([1., 2.])
    """
    theta = finite(name, x, (p,))
    return theta.astype(np.result_type(theta, np.float32), copy=False)


def precision(name: str, dtype: Any) -> np.dtype:
    """Return ``dtype`` as the type of real or complex numbers in which something computes."""
    try:
        kind_ = None if dtype is None else np.dtype(dtype)
    except TypeError:
        kind_ = None
    if kind_ is None or kind_.kind not in "fc":
        raise TypeError(f"{name} must be a type such as numpy.float32, but it is {kind(dtype)}.")
    return kind_


def constant(name: str, x: np.ndarray) -> np.ndarray:
    """Return a copy of the real array ``x`` as floats that nobody can write to."""
    if np.iscomplexobj(x):
        raise ValueError(f"{name} must be real, but its type is {x.dtype}.")
    x = np.array(x, dtype=float)
    x.flags.writeable = False
    return x


def semidefinite(name: str, F: object, p: int) -> np.ndarray:
    """Return ``F`` as a symmetric matrix ``(p, p)`` without negative eigenvalues, but for round-off."""
    F = finite(name, F, (p, p)).astype(float)
    slack = 1e-8 * np.abs(F).max(initial=0.0)
    if np.abs(F - F.T).max(initial=0.0) > slack:
        raise ValueError(f"{name} must be symmetric, but it differs from its transpose.")
    try:  # a Cholesky factor tells, in a tenth of the time that the eigenvalues take
        np.linalg.cholesky(F + max(p * slack, np.finfo(float).tiny) * np.eye(p))
    except np.linalg.LinAlgError:
        least = np.linalg.eigvalsh(F).min()
        raise ValueError(
            f"{name} must have no negative eigenvalue, but it has {least:.6g}."
        ) from None
    return F


def positive_definite(name: str, F: object, p: int) -> np.ndarray:
    """Return ``F`` as a symmetric matrix ``(p, p)`` with positive eigenvalues."""
    F = semidefinite(name, F, p)
    try:
        np.linalg.cholesky(F)
    except np.linalg.LinAlgError:
        least = np.linalg.eigvalsh(F).min()
        raise ValueError(
            f"{name} must have positive eigenvalues alone, but it has {least:.6g}."
        ) from None
    return F


def mdp(x: T, name: str = "mdp") -> T:
    """Return ``x`` after checking that it is a finite MDP."""
    if not all(hasattr(x, part) for part in ("P", "r", "mu0", "H")) or isinstance(x, type):
        raise TypeError(f"{name} must be an MDP, but it is {kind(x)}.")
    return x


def trajectories(x: T, name: str = "tau") -> T:
    """Return ``x`` after checking that it is `Trajectories`."""
    if not all(hasattr(x, part) for part in ("s", "a", "r", "mask")) or isinstance(x, type):
        raise TypeError(f"{name} must be Trajectories, but it is of type {type(x).__name__}.")
    return x


def rows(x: T, *parts: str) -> T:
    """Return ``x`` after checking that it is a batch, or has these parts of one."""
    if not all(hasattr(x, part) for part in parts) or isinstance(x, type):
        raise TypeError(f"batch must be a Batch, but it is {kind(x)}.")
    return x


def room(x: T) -> T:
    """Return ``x`` after checking that it is a room for the passes of a network."""
    if not hasattr(x, "arrays"):
        raise TypeError(f"room must be made by policy.room(n), but it is {kind(x)}.")
    return x


def policy(x: Any, *methods: str, name: str = "policy") -> Any:
    """Return ``x`` after checking that it is a policy with these methods, and no class."""
    needed = ("p", *methods)
    missing = [part for part in needed if not hasattr(x, part)]
    if isinstance(x, type) or len(missing) == len(needed):
        raise TypeError(
            f"{name} must be a policy such as TabularSoftmax(S, A), but it is {kind(x)}."
        )
    if missing:
        raise TypeError(f"{name} must have {missing[0]!r}, but {type(x).__name__} has none.")
    return x


def table(mdp: Sizes, pi: object, name: str = "pi") -> np.ndarray:
    """Return a policy table after checking its shape, ``(S, A)`` or ``(H, S, A)``, and its rows."""
    pi = finite(name, pi)
    shapes = {2: (mdp.S, mdp.A), 3: (mdp.H, mdp.S, mdp.A)}
    if pi.shape != shapes.get(pi.ndim):
        raise ValueError(
            f"{name} has shape {pi.shape}, but {shapes[2]} or {shapes[3]} is expected."
        )
    return distribution(name, pi)


def episodes(
    mu0: object, P: object, pi: object, s: object, a: object
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The law of a chain, and states and actions of it ``(..., H)``; ``pi`` as ``(H, S, A)``."""
    P = distribution("P", P, (None, None, None))
    S, A = P.shape[:2]
    mu0, pi = distribution("mu0", mu0, (S,)), distribution("pi", pi)
    s, a = indices("s", s, S), indices("a", a, A)
    if s.ndim == 0 or s.shape != a.shape:
        raise ValueError(f"s and a have shapes {s.shape} and {a.shape}, but (..., H) is expected.")
    H = s.shape[-1]
    if pi.shape not in ((S, A), (H, S, A)):
        raise ValueError(f"pi has shape {pi.shape}, but {(S, A)} or {(H, S, A)} is expected.")
    return mu0, P, np.broadcast_to(pi, (H, S, A)), s, a


def table_of(mdp: Sizes, policy: Tabulated, theta: np.ndarray, name: str = "theta") -> np.ndarray:
    r"""The table :math:`\pi_\theta`, ``(S, A)`` or ``(H, S, A)``, of a policy over the states of ``mdp``."""
    _fits_mdp(mdp, policy)
    finite(name, theta, (policy.p,))
    return policy.table(theta)


def _fits_mdp(x: Any, policy_: Any) -> None:
    x = mdp(x)
    policy(policy_, "table", "S", "A", "H")
    if policy_.S is None:
        raise TypeError(
            f"policy must be over the states of a finite MDP, but {policy_!r} takes vectors: give it an "
            "array (S, d) of features."
        )
    if (policy_.S, policy_.A) != (x.S, x.A):
        raise ValueError(
            f"policy has S = {policy_.S} and A = {policy_.A}, but S = {x.S} and A = {x.A} of mdp "
            "are expected."
        )
    if policy_.H not in (None, x.H):
        raise ValueError(
            f"policy depends on the step up to H = {policy_.H}, but mdp has H = {x.H}."
        )


def kind(x: object) -> str:
    """What an object is, in a few words: a short value itself, else its shape or type."""
    if isinstance(x, type):
        return f"the class {x.__name__}"
    if x is None or isinstance(x, str | Real):
        return repr(x)
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape}"
    return f"of type {type(x).__name__}"


has_methods = policy  # by another name where `policy` is an argument


def spaces(policy: Any, envs: Any) -> None:
    """Check that the actions and the states of a policy are those of a vector environment.

    A policy with ``A`` actions needs a discrete space of as many, one with ``n`` numbers a box of as
    many; one over ``S`` states needs as many discrete observations, another vectors of ``d`` numbers.
    """
    has_methods(policy, "sample", "log_prob")
    acts, seen = envs.single_action_space, envs.single_observation_space
    if hasattr(policy, "A"):
        _expect("actions", f"Discrete({policy.A})", acts, _discrete(acts, policy.A))
    elif hasattr(policy, "n"):
        box = hasattr(acts, "low") and acts.shape == (policy.n,) and acts.dtype.kind == "f"
        _expect("actions", f"a Box of shape ({policy.n},) of real numbers", acts, box)
    S, d = getattr(policy, "S", None), getattr(policy, "d", None)
    if S is not None:
        indices_ = _discrete(seen, S) and seen.start == 0
        _expect("observations", f"Discrete({S})", seen, indices_)
    elif d is not None:
        box = hasattr(seen, "low") and seen.shape == (d,)
        _expect("observations", f"a Box of shape ({d},)", seen, box)


def _expect(what: str, expected: str, found: Any, fits: bool) -> None:
    if not fits:
        raise ValueError(f"policy expects {what} in {expected}, but those of envs are in {found}.")


def _discrete(space: Any, n: int) -> bool:
    """Whether a space is that of ``n`` numbered things; `MultiBinary` has an ``n`` too, and no start."""
    return hasattr(space, "start") and getattr(space, "n", None) == n
