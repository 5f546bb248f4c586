r"""Policy iteration: greedy at every step and state, for the right action values or for wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.algorithms import arguments
from pgcompanion.mdp import MDP
from pgcompanion.tables import table


def greedy(Q: np.ndarray) -> np.ndarray:
    r"""The policy that takes the best action at every step and state, shape ``(H, S, A)``.

    Statement: `policy_iteration`. :math:`\tilde\pi_h(s)\in\arg\max_aQ_h(s,a)`, the first of equals. Values
    of different steps are never compared.

    Raises:
        ValueError: ``Q`` does not have three axes or is not finite.

    >>> greedy(np.array([[[1.0, 2.0], [3.0, 3.0]]])).tolist()
    [[[0.0, 1.0], [1.0, 0.0]]]
    """
    Q = checks.finite("Q", Q, (None, None, None))
    return np.eye(Q.shape[-1])[Q.argmax(axis=-1)]


def worst_advantage(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> float:
    r""":math:`\Delta_\infty=\min_{h,s}\mathbb E_{a\sim\tilde\pi_h(\cdot\mid s)}A_h^\pi(s,a)`: the worst single choice of the new policy.

    Statement: `pdl_bound`. The minimum is over the steps as well as the states.

    Example:
        >>> one = MDP(np.ones((1, 2, 1)), r=[[0.0, -1.0]], mu0=[1.0], H=6)
        >>> worst_advantage(one, np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
        -1.0
    """
    return float((table(mdp, pi_new) * exact.evaluate(mdp, pi).A).sum(axis=-1).min())


def degradation_bound(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> np.ndarray:
    r"""The most that the new policy can lose at each step: :math:`(H-h)|\Delta_\infty|`, shape ``(H,)``.

    Statement: `pdl_bound`. :math:`V_h^{\tilde\pi}(s)\ge V_h^\pi(s)-(H-h)|\Delta_\infty|` for every step and
    state if :math:`\Delta_\infty<0`; otherwise nothing is lost. See `worst_advantage`.

    Example:
        >>> one = MDP(np.ones((1, 2, 1)), r=[[0.0, -1.0]], mu0=[1.0], H=3)
        >>> degradation_bound(one, np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
        array([3., 2., 1.])
    """
    return (mdp.H - np.arange(mdp.H)) * max(-worst_advantage(mdp, pi, pi_new), 0.0)


class PolicyIterate:
    r"""One iterate of policy iteration (statement: `policy_iteration`).

    Attributes:
        k: the iteration, from 0.
        pi: the policy, shape ``(H, S, A)`` or, for the start, ``(S, A)``.
        values: its `exact.Values`.
        J: its objective.
        kl: trajectory divergence of the step that led here, in nats: usually infinite, since a greedy
            policy never takes most actions. 0 for the start.
    """

    def __init__(self, mdp: MDP, k: int, pi: np.ndarray, previous: np.ndarray | None) -> None:
        self.k, self.pi = k, pi
        self._mdp, self._previous = mdp, previous

    @cached_property
    def values(self) -> exact.Values:
        return exact.evaluate(self._mdp, self.pi)

    @property
    def J(self) -> float:
        return float(self.values.J)

    @cached_property
    def kl(self) -> float:
        if self._previous is None:
            return 0.0
        shape = (self._mdp.H, self._mdp.S, self._mdp.A)
        return exact.trajectory_kl(self._mdp, np.broadcast_to(self._previous, shape), self.pi)


def policy_iteration(
    mdp: MDP,
    pi: np.ndarray,
    *,
    q: Callable[[np.ndarray], np.ndarray] | None = None,
    K: int | None = None,
) -> Iterator[PolicyIterate]:
    r"""Yield :math:`\pi^0` and then every :math:`\pi^{k+1}_h(s)=\arg\max_a\hat Q_h(s,a)`.

    Statement: `policy_iteration`. With the exact :math:`Q^{\pi^k}` no value ever falls, and after at most
    ``H`` iterations the policy is optimal. With wrong values it can fall, by `degradation_bound` at most.
    After ``K`` iterates it ends, without ``K`` it never does.

    Args:
        pi: the start, ``(S, A)`` or ``(H, S, A)``.
        q: maps a policy to the action values ``(H, S, A)`` to be greedy for; exact by default.

    Raises:
        ValueError: ``pi`` is not a table of the MDP's policies, ``K`` is not a natural number, or ``q``
            gives something else than finite action values.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> [it.J for it in policy_iteration(coin, np.array([[0.5, 0.5]]), K=1)]
        [1.5, 3.0]
    """
    return _loop(mdp, table(mdp, pi), q, arguments.iterations(K))


def _loop(
    mdp: MDP, pi: np.ndarray, q: Callable[[np.ndarray], np.ndarray] | None, K: int | None
) -> Iterator[PolicyIterate]:
    here = PolicyIterate(mdp, 0, pi, None)
    yield here
    while here.k != K:
        Q = here.values.Q if q is None else q(here.pi)
        Q = checks.finite("q(pi)", Q, (mdp.H, mdp.S, mdp.A))
        here = PolicyIterate(mdp, here.k + 1, greedy(Q), here.pi)
        yield here
