r"""The clip of noisy coefficients: what it tends to as the batch grows, and how that differs from the exact one.

The limit of infinitely many trajectories is computed: all that there are, each weighted with its probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

from pgcompanion import exact, objectives, steps
from pgcompanion.batches import Batch, Exact, Sampled
from pgcompanion.estimators import at_pairs, at_states, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.trajectories import Trajectories

EXACT = 1e-10
EPS = 0.2


@dataclass(frozen=True)
class Limit:
    """All trajectories of a policy on a small MDP, with their probabilities."""

    mdp: MDP
    policy: TabularSoftmax
    theta: np.ndarray

    @cached_property
    def tau(self) -> Trajectories:
        return exact.trajectories(self.mdp)

    @cached_property
    def rho(self) -> np.ndarray:
        return np.exp(exact.log_likelihood(self.mdp, self.policy.table(self.theta), self.tau))

    @cached_property
    def A(self) -> np.ndarray:
        """The exact advantages along the trajectories, (N, H)."""
        return at_pairs(exact.evaluate(self.mdp, self.policy.table(self.theta)).A, self.tau)

    @cached_property
    def noisy(self) -> np.ndarray:
        """Reward-to-go less the value of the state: given state and action its mean is the advantage."""
        v = exact.evaluate(self.mdp, self.policy.table(self.theta))
        return reward_to_go(self.tau.r) - at_states(v.V, self.tau)

    def batch(self, psi: np.ndarray, share: float = 1.0) -> Batch:
        """A row for each step of each trajectory, weighted with its probability."""
        w = np.broadcast_to(share * self.rho[:, None], psi.shape).ravel()
        s, a = self.tau.s.ravel(), self.tau.a.ravel()
        return Batch(s, a, w, psi.ravel(), self.policy.log_prob(self.theta, s, a))

    def given_pair(self, x: np.ndarray) -> np.ndarray:
        """The mean of ``x`` given the step, the state and the action, along the trajectories."""
        mean, tau = np.empty_like(x), self.tau
        for h in range(tau.H):
            for s in range(self.mdp.S):
                for a in range(self.mdp.A):
                    rows = (tau.s[:, h] == s) & (tau.a[:, h] == a)
                    if rows.any():
                        mean[rows, h] = self.rho[rows] @ x[rows, h] / self.rho[rows].sum()
        return mean

    def price(self, theta: np.ndarray, psi: np.ndarray) -> float:
        r"""The theorem's :math:`\mathbb E\sum_h|u_h-\mathrm{clip}(u_h)|\beta_h`."""
        u = (self.policy.table(theta) / self.policy.table(self.theta))[self.tau.s, self.tau.a]
        beta = self.given_pair(np.maximum(psi, 0)) - np.maximum(self.A, 0)
        return float(self.rho @ (np.abs(u - u.clip(1 - EPS, 1 + EPS)) * beta).sum(axis=1))


@pytest.fixture
def limit(small: MDP, rng: np.random.Generator) -> Limit:
    policy = TabularSoftmax(small.S, small.A)
    return Limit(small, policy, 0.5 * rng.normal(size=policy.p))


@pytest.fixture
def far(limit: Limit, rng: np.random.Generator) -> list[np.ndarray]:
    """Parameters at which some ratios have left the interval."""
    return [limit.theta + rng.normal(size=limit.policy.p) for _ in range(10)]


@pytest.mark.statement("clip_bias")
def test_noise_puts_a_price_on_every_ratio_that_leaves_the_interval(limit, far, measure):
    """The limit is the exact clip less the price. The negative control leaves the price out."""
    noisy, clean = limit.batch(limit.noisy), Exact(limit.mdp)(limit.policy, limit.theta)
    np.testing.assert_allclose(limit.given_pair(limit.noisy), limit.A, atol=EXACT)
    for theta in far:
        price = limit.price(theta, limit.noisy)
        got = objectives.clip(limit.policy, theta, noisy, EPS)
        expected = objectives.clip(limit.policy, theta, clean, EPS)
        assert measure(got + price - expected, over=limit.tau.N) < EXACT
        assert expected - got > 1e-2


@pytest.mark.statement("clip_bias")
def test_the_price_is_positive_exactly_where_the_sign_turns(limit):
    """Given step, state and action: where the noisy coefficient keeps one sign, nothing; elsewhere something."""
    plus, minus = (limit.given_pair(np.maximum(x, 0)) for x in (limit.noisy, -limit.noisy))
    beta = plus - np.maximum(limit.A, 0)
    turns = (plus > 0) & (minus > 0)
    assert turns.any()
    assert not turns.all()
    np.testing.assert_allclose(beta[~turns], 0.0, atol=EXACT)
    assert (beta[turns] > 1e-6).all()


@pytest.mark.statement("clip_bias")
@pytest.mark.parametrize(("factors", "price"), [((2.0, 0.0), 0.0), ((3.0, -1.0), 0.5)])
def test_only_noise_that_turns_the_sign_has_a_price(limit, far, factors, price):
    r""":math:`\psi=\xi A` with two equally likely factors of mean 1: 2 and 0 cost nothing, 3 and -1 half of |A|."""
    clean = Exact(limit.mdp)(limit.policy, limit.theta)
    halves = [limit.batch(xi * limit.A, share=0.5) for xi in factors]
    for theta in far:
        got = sum(objectives.clip(limit.policy, theta, half, EPS) for half in halves)
        less = objectives.clip(limit.policy, theta, clean, EPS) - got
        u = (limit.policy.table(theta) / limit.policy.table(limit.theta))[limit.tau.s, limit.tau.a]
        outside = np.abs(u - u.clip(1 - EPS, 1 + EPS))
        costs = price * limit.rho @ (outside * np.abs(limit.A)).sum(axis=1)
        assert less == pytest.approx(costs, abs=EXACT)
        assert (costs > 1e-3) == (price > 0)


@pytest.mark.statement("clip_bias", "trpo_implement", "ppo")
def test_linear_objectives_have_no_price(limit, far):
    """Surrogate, penalty and their gradients; of the clip, the negative control, neither value nor gradient agree."""
    policy, theta_k = limit.policy, limit.theta
    noisy, clean = limit.batch(limit.noisy), Exact(limit.mdp)(policy, theta_k)
    for theta in far:
        for f in (
            lambda t, batch: objectives.surrogate(policy, t, batch),
            lambda t, batch: objectives.surrogate_gradient(policy, t, batch),
            lambda t, batch: objectives.penalty(policy, theta_k, t, batch, 0.5),
            lambda t, batch: objectives.penalty_gradient(policy, theta_k, t, batch, 0.5),
        ):
            np.testing.assert_allclose(f(theta, noisy), f(theta, clean), atol=EXACT)
        gradients = [objectives.clip_gradient(policy, theta, b, EPS) for b in (noisy, clean)]
        assert np.abs(gradients[0] - gradients[1]).max() > 1e-3


@pytest.mark.statement("clip_bias")
def test_inside_the_interval_noise_costs_nothing(limit, far):
    """At the start the gradient is that of J; it stays the exact clip's until a ratio leaves the interval, and no longer."""
    policy, theta_k = limit.policy, limit.theta
    noisy, clean = limit.batch(limit.noisy), Exact(limit.mdp)(policy, theta_k)
    g = exact.gradient(limit.mdp, policy, theta_k)
    np.testing.assert_allclose(objectives.clip_gradient(policy, theta_k, noisy, EPS), g, atol=EXACT)
    for theta in far:
        near = theta_k + 0.05 * (theta - theta_k)
        u = policy.table(near) / policy.table(theta_k)
        assert np.abs(u - 1).max() < EPS
        for f in (objectives.clip, objectives.clip_gradient):
            inside = f(policy, near, noisy, EPS) - f(policy, near, clean, EPS)
            outside = f(policy, theta, noisy, EPS) - f(policy, theta, clean, EPS)
            assert np.abs(inside).max() < EXACT
            assert np.abs(outside).max() > 1e-3


def apart(limit: Limit, psi: np.ndarray, **local: float) -> float:
    """How far 30 passes over all trajectories with ``psi`` end from 30 passes over the exact batch."""
    tables = [
        limit.policy.table(steps.ppo_step(limit.policy, limit.theta, batch, epochs=30, **local))
        for batch in (limit.batch(psi), Exact(limit.mdp)(limit.policy, limit.theta))
    ]
    return float(np.abs(tables[0] - tables[1]).max())


@pytest.mark.statement("clip_bias", "ppo")
def test_the_step_from_infinitely_many_noisy_trajectories_is_not_the_exact_one(limit):
    """With the clip. With the penalty, and with exact advantages in the place of the noisy ones, it is."""
    assert apart(limit, limit.noisy, eps=EPS) > 1e-2
    assert apart(limit, limit.A, eps=EPS) < 1e-8
    assert apart(limit, limit.noisy, lam=0.5) < 1e-8


@pytest.mark.statement("clip_bias")
def test_batches_tend_to_the_limit_and_away_from_the_exact_clip(limit, far, rng, measure):
    """From 40,000 trajectories, in standard errors: within 4 of the limit, and more than 10 from the exact clip."""
    mdp, policy, theta_k, N = limit.mdp, limit.policy, limit.theta, 40_000
    clean, noisy = Exact(mdp)(policy, theta_k), limit.batch(limit.noisy)

    def psi(tau: Trajectories) -> np.ndarray:
        return reward_to_go(tau.r) - at_states(exact.evaluate(mdp, tau.pi).V, tau)

    sampled = Sampled(mdp, N=N, rng=rng, psi=psi)(policy, theta_k)
    for theta in far[:3]:
        u = (policy.table(theta) / policy.table(theta_k))[limit.tau.s, limit.tau.a]
        terms = (objectives.clipped(u, limit.noisy, EPS) - limit.noisy).sum(axis=1)
        stderr = np.sqrt((limit.rho @ terms**2 - (limit.rho @ terms) ** 2) / N)
        got = objectives.clip(policy, theta, sampled, EPS)
        z = (got - objectives.clip(policy, theta, noisy, EPS)) / stderr
        assert measure(z, over=N, kind="z-score") < 4
        assert objectives.clip(policy, theta, clean, EPS) - got > 10 * stderr
