"""The exact batch: every state and action of a finite MDP, weighted by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.powers import visits_by_sign
from pgcompanion.batches.batch import Batch, unchecked
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax


@dataclass(frozen=True)
class Exact:
    r"""A finite MDP, seen through dynamic programming: the source of exact batches.

    Statement: `trpo`, `pg_advantage`. A row stands for a state, an action and a sign of the advantage,
    summed over the steps: its weight is :math:`\sum_hd_h(s)\pi(a\mid s)` over the steps with that sign,
    its advantage their mean. Only the clipped objective needs the signs apart. A time-dependent policy
    has rows of its own for each step. ``batch.J`` is :math:`J(\theta)`.

    Raises:
        TypeError: ``mdp`` is no MDP; when called, ``policy`` is not over finitely many states.
        ValueError: when called, ``policy`` is not over the states and actions of ``mdp``, or ``theta``
            is none of its parameters.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> batch = Exact(coin)(TabularSoftmax(1, 2), np.zeros(2))
        >>> batch, batch.w, batch.A
        (Batch(B=2, J=1.5), array([1.5, 1.5]), array([ 0.5, -0.5]))
    """

    mdp: MDP

    def __post_init__(self) -> None:
        checks.mdp(self.mdp)

    def __call__(self, policy: Softmax, theta: np.ndarray) -> Batch:
        """The batch at ``theta``."""
        pi = checks.table_of(self.mdp, policy, theta)
        n, W, J = visits_by_sign(self.mdp, pi)
        n, W = (x.reshape(2, -1, self.mdp.A) for x in (n, W))
        w = n * pi.reshape(-1, self.mdp.A)
        sign, s, a = w.nonzero()
        log_prob = policy.log_probs(theta, policy.states)[s, a]
        return unchecked(
            s, a, w[sign, s, a], (W / np.where(n > 0, n, 1))[sign, s, a], log_prob, J, True
        )
