r"""The batch: all that a policy update sees of the world, as weighted rows of data.

Exact and sampled updates share every line, since they differ only in who made the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pgcompanion import checks


@dataclass(frozen=True, eq=False, repr=False)
class Batch:
    r"""``B`` rows :math:`(s_i,a_i)` of a policy :math:`\pi^k`, with weights and advantages.

    Statement: `trpo`, `trpo_implement`. Every sum of an update is one over rows: the gradient
    :math:`\sum_iw_iA_i\nabla\log\pi_\theta(a_i\mid s_i)`, the surrogate
    :math:`\sum_iw_iA_i(u_i-1)` with the ratio :math:`u_i=\pi_\theta(a_i\mid s_i)/\pi^k(a_i\mid s_i)`,
    the divergence :math:`\sum_iw_i\mathrm{KL}(\pi^k(\cdot\mid s_i)\,\|\,\pi_\theta(\cdot\mid s_i))`.

    The weights say how often a row occurs: exactly :math:`d_h(s)\pi^k(a\mid s)`, sampled :math:`1/N`.
    Their sum is the number of steps that the batch speaks for. It is ``H`` for `Exact` and `Sampled`,
    so that divergences are nats of a trajectory, and 1 for `Rollouts`: mean nats of a state.

    Args:
        s: states as the policy takes them (`Policy.row`), shape ``(B, ...)``.
        a: actions, shape ``(B,)`` or ``(B, n)``.
        w: weights, shape ``(B,)``, not negative.
        A: advantages or their estimates, shape ``(B,)``.
        log_prob: :math:`\log\pi^k(a_i\mid s_i)`, shape ``(B,)``.
        J: the objective at :math:`\theta^k`, exact or observed; ``None`` where nothing is known of it.
        aggregated: whether a row stands for many steps; it then has no minibatches.

    Raises:
        ValueError: arrays of different lengths, no row, a weight that is negative, or a number that is
            not finite.

    Example:
        >>> Batch(s=np.array([0]), a=np.array([1]), w=np.ones(1), A=np.ones(1), log_prob=np.zeros(1))
        Batch(B=1, J=None)
    """

    s: np.ndarray
    a: np.ndarray
    w: np.ndarray
    A: np.ndarray
    log_prob: np.ndarray
    J: float | None = None
    aggregated: bool = False

    def __post_init__(self) -> None:
        w = checks.weights("w", self.w, (None,))
        if len(w) == 0:
            raise ValueError("w must hold at least one weight, but it is empty.")
        arrays = {
            "s": checks.shaped("s", self.s, (len(w), ...)),
            "a": checks.shaped("a", self.a, (len(w), ...)),
            "w": w,
            "A": checks.finite("A", self.A, (len(w),)),
            "log_prob": checks.finite("log_prob", self.log_prob, (len(w),)),
        }
        checks.number("J", 0.0 if self.J is None else self.J)
        checks.truth("aggregated", self.aggregated)
        for name, x in arrays.items():
            object.__setattr__(self, name, x)

    @property
    def B(self) -> int:
        """Number of rows."""
        return len(self.w)

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """The rows in shuffled parts of ``size``, each weighted so that it speaks for the whole.

        Raises:
            ValueError: the batch is aggregated, or ``size`` is not a positive integer.
            TypeError: ``rng`` is no generator.
        """
        size, rng = checks.positive_integer("size", size), checks.generator(rng)
        if self.aggregated:
            raise ValueError(
                "minibatch needs a batch with a row for each step, but each row of this one stands for "
                "many: use Sampled(..., aggregate=False)."
            )
        return self._parts(size, rng.permutation(self.B))

    def _parts(self, size: int, order: np.ndarray) -> Iterator[Batch]:
        s, a, w, A, log_prob = (x[order] for x in (self.s, self.a, self.w, self.A, self.log_prob))
        for start in range(0, self.B, size):
            i = slice(start, start + size)
            scale = w.dtype.type(self.B / len(w[i]))
            yield unchecked(s[i], a[i], scale * w[i], A[i], log_prob[i], self.J)

    def __repr__(self) -> str:
        J = "None" if self.J is None else f"{self.J:.6g}"
        return f"Batch(B={self.B}, J={J})"


def checked(batch: Batch) -> Batch:
    """Return ``batch`` after checking that it is one."""
    if not isinstance(batch, Batch):
        raise TypeError(f"batch must be a Batch, but it is of type {type(batch).__name__}.")
    return batch


_NAMES = tuple(field.name for field in fields(Batch))


def unchecked(*values: Any) -> Batch:
    """A batch of arrays that were checked before, or made here; defaults for what is not given."""
    batch = object.__new__(Batch)
    batch.__dict__.update(zip(_NAMES, values, strict=False))
    return batch
