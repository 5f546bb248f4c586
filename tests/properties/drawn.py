"""What the properties are asked of: worlds of any size from 1 upwards, tables with zeros, parameters up to 700."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from pgcompanion.lqr import LQR
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, Softmax, TabularSoftmax

# The same examples on every machine and every day: a failure is then a change, and never luck.
thirty = settings(derandomize=True, max_examples=30, deadline=None, database=None)

TINY = 1e-300
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def distributions(
    rng: np.random.Generator, kind: str, shape: tuple[int, ...], n: int
) -> np.ndarray:
    """Rows of ``n`` probabilities: all positive, some of them 0 or 1e-300, or one of them 1."""
    if kind == "certain":
        return np.eye(n)[rng.integers(n, size=shape)]
    p = rng.dirichlet(np.ones(n), size=shape)
    if kind != "positive":
        rare = rng.random(p.shape) < 0.4
        rare[(*np.indices(shape), p.argmax(axis=-1))] = False  # one of them stays
        p = np.where(rare, 0.0 if kind == "zeros" else TINY, p)
    return p / p.sum(axis=-1, keepdims=True)


kinds = st.sampled_from(["positive", "zeros", "rare", "certain"])


@st.composite
def mdps(draw: st.DrawFn) -> MDP:
    """One state or four, one action or three, one step or six; moves that are certain or never happen."""
    rng, S, A = draw(generators), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    P = distributions(rng, draw(kinds), (S, A), S)
    mu0 = distributions(rng, draw(kinds), (), S)
    r = rng.normal(size=(S, A)) * draw(st.sampled_from([0.0, 1.0, 1e-6, 1e6]))
    return MDP(P, r, mu0, draw(st.integers(1, 6)))


def tables(draw: st.DrawFn, mdp: MDP) -> np.ndarray:
    """A policy of the MDP, stationary or not."""
    shape = draw(st.sampled_from([(mdp.S,), (mdp.H, mdp.S)]))
    return distributions(draw(generators), draw(kinds), shape, mdp.A)


sizes = st.sampled_from([0.0, 1e-8, 1.0, 30.0, 700.0])


def policies(draw: st.DrawFn, mdp: MDP) -> tuple[Softmax, np.ndarray]:
    """A softmax policy of the MDP, with parameters of any size; its entries may be equal."""
    rng = draw(generators)
    kind = draw(st.sampled_from(["table", "steps", "linear"]))
    policy: Softmax = TabularSoftmax(mdp.S, mdp.A, H=mdp.H if kind == "steps" else None)
    if kind == "linear":
        policy = LinearSoftmax(rng.normal(size=(mdp.S, mdp.A, 2)))
    theta = draw(sizes) * rng.uniform(-1, 1, size=policy.p)
    return policy, theta.round() if draw(st.booleans()) else theta


@st.composite
def worlds(draw: st.DrawFn) -> tuple[LQR, np.ndarray, np.ndarray]:
    """A linear world, a gain of it and standard deviations; one coordinate or three, one step or eight."""
    rng, n, m = draw(generators), draw(st.integers(1, 3)), draw(st.integers(1, 3))

    def square(size: int) -> np.ndarray:
        X = rng.normal(size=(size, size))
        return X @ X.T

    H = draw(st.integers(1, 8))
    A, B = rng.normal(size=(n, n)), rng.normal(size=(n, m))
    noise = square(n) * draw(st.sampled_from([0.0, 1.0]))
    world = LQR(A, B, square(n), square(m) + 0.1 * np.eye(m), noise, square(n), H)
    shape = draw(st.sampled_from([(m, n), (H, m, n)]))
    return world, 0.5 * rng.normal(size=shape), rng.uniform(0.1, 2.0, size=m)
