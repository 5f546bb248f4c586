r"""Policy updates on Gymnasium's vector environments, with advantages from a value network that learns along.

The world is seen through short pieces of episodes. What an episode would have brought after its piece
is left to the critic: its value of the last observation, unless the episode ended there. With these
advantages the local problem is made as on a finite MDP, and the updates are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from pgcompanion import checks
from pgcompanion.algorithms.iterate import Coefficient, Iterate, iterate
from pgcompanion.algorithms.local import LocalProblem, sampled_problem
from pgcompanion.algorithms.network import NetworkProblem
from pgcompanion.ascent import Adam
from pgcompanion.estimators import gae
from pgcompanion.policies import MLP, NeuralGaussian, NeuralSoftmax
from pgcompanion.rollouts import Stream
from pgcompanion.trajectories import Trajectories


class Critic:
    r"""A value network :math:`V_w`: a gradient coefficient that learns from the trajectories it judges.

    Statement: `gae`. Called with trajectories, it returns the advantages `estimators.gae` for the present
    :math:`V_w`, shape ``(N, H)``, and then fits :math:`V_w` to :math:`\hat A_h+V_w(s_h)`. In this order no
    target of the fit has a part in the advantages that are returned.

    Args:
        net: a network with one output.
        rng: draws the start ``w`` and the minibatches.
        gamma, lam: discount :math:`\gamma` and :math:`\lambda` of the advantages.
        eta, epochs, minibatch: of `fit_value`.

    Attributes:
        w: the parameters, shape ``(p,)``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> critic = Critic(MLP(inputs=1, m=1), rng, gamma=0.5, lam=1.0, eta=1e-2, epochs=50)
        >>> s, one = np.array([[[0.0], [1.0]]]), np.ones((1, 2))
        >>> tau = Trajectories(s, np.zeros((1, 2), int), one, terminated=np.array([True]))
        >>> _ = critic(tau)
        >>> critic.value(s).round(1)
        array([[1.5, 1. ]], dtype=float32)
    """

    def __init__(
        self,
        net: MLP,
        rng: np.random.Generator,
        *,
        gamma: float = 0.99,
        lam: float = 0.95,
        eta: float = 5e-3,
        epochs: int = 2,
        minibatch: int = 128,
    ) -> None:
        self.net, self.rng, self.w = net, rng, net.init(rng, gain=1.0)
        self.gamma, self.lam = gamma, lam
        self._fit = {"eta": eta, "epochs": epochs, "minibatch": minibatch}

    def value(self, s: np.ndarray) -> np.ndarray:
        r""":math:`V_w(s)`, of the batch shape of ``s``."""
        return self.net.value(self.w.astype(np.float32), s)[..., 0]

    def __call__(self, tau: Trajectories) -> np.ndarray:
        s, v = tau.s[tau.mask], np.zeros(tau.r.shape, np.float32)
        v[tau.mask] = self.value(s)
        # Asked for the values along tau, answer with those of the steps taken: no other is used.
        psi = gae(tau, lambda x: v if x is tau.s else self.value(x), self.lam, self.gamma)
        self.w = fit_value(self.net, self.w, s, (psi + v)[tau.mask], rng=self.rng, **self._fit)
        return psi


def fit_value(
    net: MLP,
    w: np.ndarray,
    s: np.ndarray,
    target: np.ndarray,
    *,
    eta: float,
    epochs: int,
    minibatch: int,
    rng: np.random.Generator,
) -> np.ndarray:
    r"""Least squares :math:`\min_w\sum_i(V_w(s_i)-y_i)^2`: ``epochs`` passes of Adam; returns ``w (p,)``.

    Statement: `pg_baseline_algorithm`. ``s (B, ...)`` are states and ``target (B,)`` the :math:`y_i`.
    Passes through the network are in single precision, the parameters stay as they are.
    """
    x = net.inputs.each(s, target.shape).astype(np.float32)
    y = target.astype(np.float32)
    adam, size = Adam(net.p, eta), min(minibatch, len(y))
    room = net.buffers(size, x.dtype)
    for _ in range(epochs):
        order = rng.permutation(len(y))
        x, y = x[order], y[order]
        for i in (slice(start, start + size) for start in range(0, len(y), size)):
            single, full = w.astype(np.float32), len(y[i]) == size
            trace = net.forward(single, x[i], room if full else None)
            error = (y[i] - trace[-1]) / np.float32(len(y[i]))
            w = w + adam.step(net.backward(single, trace, error))
    return w


class Rollouts:
    """A vector environment, seen through the next ``H`` steps of each of its environments.

    Statement: `trpo_implement`.

    Args:
        envs: a `gymnasium.vector.VectorEnv`.
        policy: a policy over its observations.
        coefficient: maps trajectories to their advantages, such as a `Critic`.
        H: steps of each environment that go into one local problem.
        rng: draws the start and the actions.
    """

    def __init__(
        self,
        envs: Any,
        policy: Any,
        coefficient: Coefficient,
        H: int,
        rng: np.random.Generator,
    ) -> None:
        self.policy, self.coefficient = policy, coefficient
        self.H, self.rng = checks.positive_integer("H", H), rng
        self.stream = Stream(envs, rng)
        self._returns: WeakKeyDictionary[LocalProblem, np.ndarray] = WeakKeyDictionary()

    def problem(self, theta: np.ndarray) -> LocalProblem:
        """The local problem around ``theta``, from steps that have not been seen before."""
        tau = self.stream.take(self.policy, self._precise(theta), self.H, self.rng)
        psi = self.coefficient(tau)
        problem = self._local(theta, tau, psi)
        self._returns[problem] = self.stream.returns
        return problem

    def J(self, problem: LocalProblem) -> float:
        """The mean return of the episodes that ended while ``problem`` was drawn; NaN where none did."""
        returns = self._returns[problem]
        return float(returns.mean()) if len(returns) else float("nan")

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        """The estimate of the divergence along a piece, in nats."""
        return problem.kl(theta)

    def _local(self, theta: np.ndarray, tau: Trajectories, psi: np.ndarray) -> LocalProblem:
        if not self._is_network:
            return sampled_problem(self.policy, theta, tau, psi)
        steps = tau.mask
        return NetworkProblem(self.policy, theta, tau.s[steps], tau.a[steps], psi[steps], tau.N)

    def _precise(self, theta: np.ndarray) -> np.ndarray:
        return theta.astype(np.float32) if self._is_network else theta

    @property
    def _is_network(self) -> bool:
        return isinstance(self.policy, (NeuralSoftmax, NeuralGaussian))


def actor_critic(
    envs: Any,
    policy: Any,
    theta: np.ndarray,
    update: Callable[[LocalProblem, int], np.ndarray],
    *,
    coefficient: Coefficient,
    H: int,
    rng: np.random.Generator,
    K: int | None = None,
) -> Iterator[Iterate]:
    r"""Yield the iterates of any ``update`` of a policy on a vector environment.

    Statement: `ppo_clip`. ``update`` maps the local problem around :math:`\theta^k`, and ``k``, to
    :math:`\theta^{k+1}`: `ppo_update`, `trpo_update` or a natural step. The rest is as in `Rollouts`.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.algorithms import ppo_update
        >>> rng, policy = np.random.default_rng(0), NeuralSoftmax(inputs=4, A=2)
        >>> envs = gymnasium.make_vec("CartPole-v1", num_envs=16)
        >>> def update(problem, k):
        ...     return ppo_update(problem, eps=0.2, eta=5e-3, epochs=2, minibatch=128, rng=rng)
        >>> critic = Critic(MLP(inputs=4, m=1), rng)
        >>> path = actor_critic(envs, policy, policy.init(rng), update, coefficient=critic, H=64, rng=rng, K=5)
        >>> J = [it.J for it in path]
        >>> J[-1] > 2 * J[0]
        True
    """
    return iterate(Rollouts(envs, policy, coefficient, H, rng), theta, update, K)
