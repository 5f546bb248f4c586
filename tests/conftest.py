"""The small worlds on which every statement is checked: all their trajectories can be listed."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, Softmax, TabularSoftmax


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def mdp(rng: np.random.Generator) -> MDP:
    """A random MDP with 4 states, 3 actions and 5 steps: 248,832 trajectories."""
    S, A, H = 4, 3, 5
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


@pytest.fixture
def small(rng: np.random.Generator) -> MDP:
    """A random MDP with 3 states, 2 actions and 3 steps: 216 trajectories."""
    S, A, H = 3, 2, 3
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


@pytest.fixture(params=["tabular", "linear"])
def policy(request: pytest.FixtureRequest, mdp: MDP, rng: np.random.Generator) -> Softmax:
    if request.param == "tabular":
        return TabularSoftmax(mdp.S, mdp.A)
    return LinearSoftmax(rng.normal(size=(mdp.S, mdp.A, 5)))


@pytest.fixture
def theta(policy: Softmax, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=policy.p)
