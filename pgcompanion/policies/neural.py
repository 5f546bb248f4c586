r"""Policies whose logits or mean come from a neural network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.gaussian import Gaussian
from pgcompanion.policies.network import MLP
from pgcompanion.policies.softmax import Softmax


class NeuralSoftmax(Softmax):
    r"""Logits from a tanh network with one output for each action.

    Statement: `neural_softmax`. :math:`\pi_\theta(a\mid s)\propto e^{f_\theta(s,a)}` with score
    :math:`\nabla f_\theta(s,a)-\mathbb E_{a'\sim\pi_\theta(\cdot\mid s)}\nabla f_\theta(s,a')`, by
    backpropagation. ``inputs`` is the number ``d`` of entries of an observation, or an array
    ``(S, d)`` of features of the states of a finite MDP, which are then given as indices.

    Raises:
        ValueError: ``inputs``, ``A`` or ``hidden`` of a wrong kind; otherwise as `Softmax`.

    Example:
        >>> policy = NeuralSoftmax(inputs=4, A=2, hidden=(64, 64))
        >>> theta = policy.init(np.random.default_rng(0))
        >>> policy.p, policy.probs(theta, np.zeros((3, 4)))[0]
        (4610, array([0.5, 0.5]))
    """

    def __init__(self, inputs: int | np.ndarray, A: int, hidden: Sequence[int] = (64, 64)) -> None:
        self.A = checks.positive_integer("A", A)
        self.network = MLP(inputs, self.A, hidden)
        self.p = self.network.p

    @property
    def states(self) -> np.ndarray:
        return self.network.inputs.states

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """Orthogonal weights, as `MLP.init`: the policy starts close to the uniform one."""
        return self.network.init(rng)

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return self.network.value(theta, s)

    def pushforward(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self.network.pushforward(theta, s, v)

    def pullback_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        return self.network.pullback_each(theta, s, w)

    def pullback(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        return self.network.pullback(theta, s, w)


class NeuralGaussian(Gaussian):
    r"""A Gaussian whose mean is a tanh network: :math:`\pi_\theta(\cdot\mid s)=\mathcal N(\mu_\theta(s),\sigma^2I_n)`.

    Statement: `gaussian_policy`. ``inputs`` and ``hidden`` are as in `NeuralSoftmax`, ``sigma`` as in
    `Gaussian`; ``n`` is the dimension of an action. ``theta`` begins with the network's parameters.

    Raises:
        ValueError: ``inputs``, ``n``, ``hidden`` or ``sigma`` of a wrong kind; otherwise as `Gaussian`.

    Example:
        >>> policy = NeuralGaussian(inputs=3, n=2, hidden=(8,), sigma=None)
        >>> theta = policy.init(np.random.default_rng(0))
        >>> policy.p, policy.entropy(theta, np.zeros((5, 3)))[0].round(4)
        (52, np.float64(2.8379))
    """

    def __init__(
        self,
        inputs: int | np.ndarray,
        n: int,
        hidden: Sequence[int] = (64, 64),
        sigma: float | None = 1.0,
    ) -> None:
        super().__init__(MLP(inputs, checks.positive_integer("n", n), hidden), sigma)
