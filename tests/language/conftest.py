"""Small language models whose every response can be listed: 3 tokens, at most 3 of them, two prompts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from pgcompanion import language
from pgcompanion.derivatives import complex_step
from pgcompanion.estimators import per_trajectory_gradients
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.trajectories import Trajectories

V, L, X = 3, 3, 2


class Model(NamedTuple):
    """A world of responses, a policy and its reference, and every response."""

    mdp: MDP
    policy: Softmax
    theta: np.ndarray
    theta_ref: np.ndarray
    tau: Trajectories
    mu: np.ndarray

    def by_prompt(self, x: np.ndarray) -> np.ndarray:
        """From the rows of ``tau`` to prompt by response."""
        return x.reshape(len(self.mu), -1, *x.shape[1:])

    def log_p(self, theta: np.ndarray) -> np.ndarray:
        return self.by_prompt(language.sequence_log_prob(self.policy, theta, self.tau))

    def p(self, theta: np.ndarray) -> np.ndarray:
        return np.exp(self.log_p(theta))

    @property
    def r(self) -> np.ndarray:
        return self.by_prompt(self.tau.r.sum(axis=1))

    @property
    def lengths(self) -> np.ndarray:
        return self.by_prompt(self.tau.mask.sum(axis=1))

    @property
    def scores(self) -> np.ndarray:
        ones = np.ones(self.tau.r.shape)
        return self.by_prompt(per_trajectory_gradients(self.policy, self.theta, self.tau, ones))

    def mean(self, c: np.ndarray) -> np.ndarray:
        """The exact mean of the score with a coefficient for each response, ``(p,)``."""
        weights = self.mu[:, None] * self.p(self.theta) * c
        return np.einsum("xy,xyp->p", weights, self.scores)

    def derivative(self, f) -> np.ndarray:
        return complex_step(f, self.theta)


def model(rng: np.random.Generator, reward, kind: str) -> Model:
    """A table, or a network on the tokens and the position, with random parameters."""
    mu = np.array([0.3, 0.7])
    mdp = language.world(V, L, reward, mu)
    if kind == "table":
        policy = language.table(mdp)
    else:
        task = language.Task(V, np.array([[1], [2]]), L, lambda x, y: np.zeros(len(y)))
        policy = task.finite(task.policy(5))
    theta, theta_ref = rng.normal(size=(2, policy.p)) * 0.8
    return Model(mdp, policy, theta, theta_ref, language.every_response(mdp), mu)


@pytest.fixture(params=["table", "network"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def graded(rng: np.random.Generator, kind: str) -> Model:
    """Rewards that are real numbers, no two alike."""
    worth = {(x, y): rng.normal() for x in range(X) for y in language.responses(V, L)}
    return model(rng, lambda x, y: worth[x, y], kind)


@pytest.fixture
def verifiable(rng: np.random.Generator, kind: str) -> Model:
    """Rewards that are 0 or 1."""
    right = {(x, y): float(rng.random() < 0.4) for x in range(X) for y in language.responses(V, L)}
    return model(rng, lambda x, y: right[x, y], kind)
