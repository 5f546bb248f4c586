r"""The local problem of a policy that is a network: one pass through it for each gradient.

A generic policy answers two questions of a PPO step, the ratio :math:`\pi_\theta/\pi^k` and the
gradient, and would send the minibatch through its network for each. Here the gradient goes back
through the pass that gave the ratio. Passes are in single precision, whatever the parameters are in.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pgcompanion.algorithms.local import LocalProblem, StepProblem
from pgcompanion.algorithms.local.steps import Pullback
from pgcompanion.policies import MLP, NeuralGaussian, NeuralSoftmax
from pgcompanion.policies.normal import gaussian_log_density

NetworkPolicy = NeuralSoftmax | NeuralGaussian
Trace = list[np.ndarray] | None


def log_prob_pullback(
    policy: NetworkPolicy, theta: np.ndarray, x: np.ndarray, a: np.ndarray, trace: Trace = None
) -> tuple[np.ndarray, Pullback]:
    r""":math:`\log\pi_\theta(a_i\mid x_i)`, shape ``(B,)``, and the map :math:`w\mapsto\sum_iw_i\nabla\log\pi_\theta(a_i\mid x_i)`.

    Statement: `neural_softmax`, `gaussian_policy`. ``x (B, d)`` are the rows that the network takes, in
    the precision of ``theta``; ``trace`` is room for a pass (`MLP.buffers`). The map may be used until
    the next pass with the same ``trace``.

    Example:
        >>> rng, policy = np.random.default_rng(0), NeuralSoftmax(inputs=2, A=3)
        >>> theta, x, a = policy.init(rng), rng.normal(size=(5, 2)), rng.integers(3, size=5)
        >>> log_pi, pull = log_prob_pullback(policy, theta, x, a)
        >>> w = rng.normal(size=5)
        >>> bool(np.allclose(pull(w), policy.score_sum(theta, x, a, w)))
        True
    """
    if isinstance(policy, NeuralSoftmax):
        return _of_softmax(policy, theta, x, a, trace)
    return _of_gaussian(policy, theta, x, a, trace)


def _of_softmax(
    policy: NeuralSoftmax, theta: np.ndarray, x: np.ndarray, a: np.ndarray, trace: Trace
) -> tuple[np.ndarray, Pullback]:
    trace = policy.network.forward(theta, x, trace)
    z = trace[-1] - trace[-1].max(axis=0)
    pi = np.exp(z)
    total = pi.sum(axis=0)
    pi /= total
    taken = (a == np.arange(policy.A)[:, None]).astype(pi.dtype)

    def pull(w: np.ndarray) -> np.ndarray:
        delta = taken - pi
        delta *= w
        return policy.network.backward(theta, trace, delta, np.empty_like(theta))

    z *= taken
    return z.sum(axis=0) - np.log(total), pull


def _of_gaussian(
    policy: NeuralGaussian, theta: np.ndarray, x: np.ndarray, a: np.ndarray, trace: Trace
) -> tuple[np.ndarray, Pullback]:
    net, log_sigma = network_of(policy), policy.log_sigma(theta)
    w_mean = theta[: net.p]
    trace = net.forward(w_mean, x, trace)
    mu = trace[-1].T
    z = (a - mu) * np.exp(-log_sigma)

    def pull(w: np.ndarray) -> np.ndarray:
        w = w[:, None]
        of_output = (w * z * np.exp(-log_sigma)).T.astype(trace[-1].dtype, copy=False)
        of_mean = net.backward(w_mean, trace, of_output)
        of_log_sigma = (w * (z * z - 1)).sum(axis=0)[: policy.p - net.p]
        return np.concatenate([of_mean, of_log_sigma])

    return gaussian_log_density(a, mu, log_sigma), pull


class NetworkProblem(StepProblem):
    r"""The local problem of a policy that is a network, from the steps of sampled trajectories.

    Statement: `trpo_implement`. The arguments are those of `StepProblem`, the states being the rows
    ``(B, d)`` that the network takes. Ratios and their gradients are computed in ``dtype``; divergences
    and the Fisher matrix, where small differences count, in the precision of ``theta``.
    """

    def __init__(
        self,
        policy: NetworkPolicy,
        theta_k: np.ndarray,
        s: np.ndarray,
        a: np.ndarray,
        psi: np.ndarray,
        N: float,
        log_prob_k: np.ndarray | None = None,
        dtype: type[np.floating] = np.float32,
        trace: Trace = None,
    ) -> None:
        self.dtype, self._trace = dtype, trace
        s, psi = s.astype(dtype, copy=False), psi.astype(dtype, copy=False)
        if log_prob_k is None:
            log_prob_k = policy.log_prob(theta_k.astype(dtype, copy=False), s, a)
        super().__init__(policy, theta_k, s, a, psi, N, log_prob_k)

    def ratio(self, theta: np.ndarray) -> np.ndarray:
        return super().ratio(theta.astype(self.dtype, copy=False))

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[LocalProblem]:
        B = len(self.psi)
        size = min(size, B)
        trace = network_of(self.policy).buffers(size, np.dtype(self.dtype))
        order = rng.permutation(B)
        shuffled = [x[order] for x in (self.states, self.a, self.psi, self.log_prob_k)]
        for start in range(0, B, size):
            s, a, psi, log_prob_k = (x[start : start + size] for x in shuffled)
            N = self.N * len(psi) / B
            yield NetworkProblem(
                self.policy, self.theta_k, s, a, psi, N, log_prob_k, self.dtype, trace
            )

    def ratio_pullback(self, theta: np.ndarray) -> tuple[np.ndarray, Pullback]:
        log_pi, pull = log_prob_pullback(
            self.policy, theta.astype(self.dtype, copy=False), self.states, self.a, self._trace
        )
        return np.exp(log_pi - self.log_prob_k), lambda w: pull(w / self.N)


class RaceSampler:
    r"""Draws actions of a softmax network for ``n`` states at a time, in one pass that reuses its room.

    Statement: `neural_softmax`. An exponential race: with independent exponential times
    :math:`E_a`, the action :math:`\arg\min_aE_ae^{-f_\theta(s,a)}` has the distribution
    :math:`\pi_\theta(\cdot\mid s)`, and no probability is computed.

    Example:
        >>> policy, rng = NeuralSoftmax(inputs=4, A=3), np.random.default_rng(0)
        >>> RaceSampler(policy, 5).sample(policy.init(rng), np.zeros((5, 4)), rng).shape
        (5,)
    """

    def __init__(self, policy: NeuralSoftmax, n: int) -> None:
        self.policy, self._trace = policy, policy.network.buffers(n, np.dtype(np.float32))

    def sample(self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Actions for the rows ``s (n, d)``, shape ``(n,)``."""
        z = self.policy.network.forward(theta.astype(np.float32, copy=False), s, self._trace)[-1]
        return (z - np.log(rng.standard_exponential(z.shape))).argmax(axis=0)


def network_of(policy: NetworkPolicy) -> MLP:
    """The network that gives the logits or the mean."""
    net = policy.network if isinstance(policy, NeuralSoftmax) else policy.mu
    assert isinstance(net, MLP)  # the base class promises no more than a StateFunction
    return net
