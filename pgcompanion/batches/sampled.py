"""The sampled batch: the steps of trajectories that were drawn from a finite MDP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pgcompanion import checks
from pgcompanion.batches.batch import Batch, unchecked
from pgcompanion.estimators import leave_one_out, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import Policy, Softmax
from pgcompanion.trajectories import Trajectories, sample

#: From trajectories to the coefficients :math:`\psi_h`, one for each step, ``(N, H)``.
Psi = Callable[[Trajectories], np.ndarray]


def advantage_estimate(tau: Trajectories) -> np.ndarray:
    r"""The reward-to-go less its mean over the other trajectories, shape ``(N, H)``.

    Statement: `pg_baseline_algorithm`. It asks nothing of the states and keeps the gradient unbiased.

    Raises:
        ValueError: there is one trajectory only.

    Example:
        >>> tau = Trajectories(np.zeros((2, 1), int), np.zeros((2, 1), int), np.array([[1.0], [3.0]]))
        >>> advantage_estimate(tau).ravel()
        array([-2.,  2.])
    """
    b = leave_one_out(tau)
    return reward_to_go(tau.r) - b


@dataclass(frozen=True)
class Sampled:
    r"""A finite MDP, seen through ``N`` fresh trajectories each time: the source of sampled batches.

    Statement: `trpo_implement`. A row is a step, of weight :math:`1/N`. With ``aggregate`` the steps of
    one state, action and sign of :math:`\psi` are one row, which changes no sum; the batch then has no
    minibatches. ``batch.J`` is the mean return.

    Args:
        mdp: the MDP.
        N: trajectories of a batch.
        rng: draws them.
        psi: gives the advantages: maps trajectories to ``(N, H)``, by default `advantage_estimate`.
            ``tau.pi`` is the policy that drew them.
        aggregate: whether rows are put together.

    Raises:
        TypeError: ``mdp`` is no MDP, ``rng`` no generator, ``psi`` no function; when called, ``policy`` is
            not over finitely many states.
        ValueError: ``N`` is not a positive integer; when called, ``psi`` gives something else than finite
            numbers ``(N, H)``, or ``policy`` does not fit ``mdp``.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> source = Sampled(coin, N=100, rng=np.random.default_rng(0), aggregate=False)
        >>> batch = source(TabularSoftmax(1, 2), np.zeros(2))
        >>> batch.B, float(batch.w.sum().round(6))
        (300, 3.0)
    """

    mdp: MDP
    N: int
    rng: np.random.Generator
    psi: Psi = advantage_estimate
    aggregate: bool = True

    def __post_init__(self) -> None:
        checks.mdp(self.mdp)
        checks.positive_integer("N", self.N)
        checks.generator(self.rng)
        checks.function("psi", self.psi)
        checks.truth("aggregate", self.aggregate)

    def __call__(self, policy: Softmax, theta: np.ndarray) -> Batch:
        """The batch of fresh trajectories at ``theta``."""
        tau = sample(self.mdp, checks.table_of(self.mdp, policy, theta), self.N, self.rng)
        make = aggregated_batch if self.aggregate else trajectory_batch
        return make(policy, theta, tau, self.psi(tau))


def trajectory_batch(
    policy: Policy, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> Batch:
    r"""A row for each step of trajectories of :math:`\pi_\theta`, with the advantages ``psi (N, H)``.

    Statement: `trpo_implement`. Its gradient at ``theta`` is `policy_gradient`.

    Raises:
        ValueError: ``psi`` is not ``(N, H)`` finite numbers, ``theta`` is none of the policy's parameters,
            or a state or an action is not one of the policy's.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[1, 1]]), np.array([[0.0, 3]]))
        >>> trajectory_batch(TabularSoftmax(1, 2), np.zeros(2), tau, np.array([[3.0, 3]]))
        Batch(B=2, J=3)
    """
    checks.policy(policy, "row", "log_prob")
    checks.trajectories(tau)
    psi = checks.finite("psi", psi, tau.r.shape)
    taken = tau.mask
    s, a = policy.row(np.arange(tau.H), tau.s)[taken], tau.a[taken]
    w = np.full(len(a), 1 / tau.N)
    return Batch(s, a, w, psi[taken], policy.log_prob(theta, s, a), _mean_return(tau))


def aggregated_batch(
    policy: Softmax, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> Batch:
    r"""`trajectory_batch` with one row for all the steps of a state, an action and a sign of ``psi``.

    Statement: `trpo_implement`. For policies over finitely many states. Arguments and errors are those
    of `trajectory_batch`.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[1, 1]]), np.array([[0.0, 3]]))
        >>> batch = aggregated_batch(TabularSoftmax(1, 2), np.zeros(2), tau, np.array([[3.0, 1]]))
        >>> batch.w, batch.A
        (array([2.]), array([2.]))
    """
    checks.policy(policy, "row", "states", "A")
    checks.trajectories(tau)
    psi = checks.finite("psi", psi, tau.r.shape)
    R, A, taken = len(policy.states), policy.A, tau.mask.T
    # Steps as rows: the order in which the sampler left them in memory.
    s = checks.indices("tau.s", _taken(tau, tau.s), policy.S or 0).T.astype(np.intp)
    s = policy.row(np.arange(tau.H)[:, None], s)
    a = checks.indices("tau.a", _taken(tau, tau.a), A).T
    place = (2 * (s * A + a) + (psi.T > 0)).ravel()
    weights = None if tau.complete else taken.ravel()
    counts = np.bincount(place, weights, 2 * R * A)
    sums = np.bincount(place, _taken(tau, psi).T.ravel(), 2 * R * A)
    rows = counts.nonzero()[0]
    s, a = np.divmod(rows // 2, A)
    log_prob = policy.log_probs(theta, policy.states)[s, a]
    w, mean = counts[rows] / tau.N, sums[rows] / counts[rows]
    return unchecked(s, a, w, mean, log_prob, _mean_return(tau), True)


def _taken(tau: Trajectories, x: np.ndarray) -> np.ndarray:
    """``x (N, H)``, and 0 where no step was taken: nothing is promised of what stands there."""
    return x if tau.complete else np.where(tau.mask, x, x.dtype.type(0))


def _mean_return(tau: Trajectories) -> float:
    return float(tau.r.sum() / tau.N)
