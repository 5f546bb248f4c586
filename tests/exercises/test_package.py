"""Each solution is what the package computes, or what its statement says on a small MDP."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from pgcompanion import bernoulli, divergences, estimators, exact, importance
from pgcompanion.algorithms.local import exact_problem
from pgcompanion.algorithms.npg import npg_step as package_npg_step
from pgcompanion.exercises.baseline_gradient import baseline_gradient
from pgcompanion.exercises.bernoulli_natural_gradient import bernoulli_natural_gradient
from pgcompanion.exercises.discounted_gradient import discounted_gradient
from pgcompanion.exercises.effective_sample_size import effective_sample_size
from pgcompanion.exercises.fisher_matrix import fisher_matrix
from pgcompanion.exercises.gae import gae
from pgcompanion.exercises.gaussian_score import gaussian_score
from pgcompanion.exercises.importance_sampling_mean import importance_sampling_mean
from pgcompanion.exercises.kl_divergence import kl_divergence
from pgcompanion.exercises.linear_score import linear_score
from pgcompanion.exercises.npg_step import npg_step
from pgcompanion.exercises.performance_difference import performance_difference
from pgcompanion.exercises.ppo_clip_objective import ppo_clip_objective
from pgcompanion.exercises.ppo_penalty_objective import ppo_penalty_objective
from pgcompanion.exercises.reinforce_gradient import reinforce_gradient
from pgcompanion.exercises.reward_to_go import reward_to_go
from pgcompanion.exercises.softmax_policy import softmax_policy
from pgcompanion.exercises.softmax_score import softmax_score
from pgcompanion.exercises.tabular_npg_update import tabular_npg_update
from pgcompanion.exercises.trajectory_log_likelihood import trajectory_log_likelihood
from pgcompanion.exercises.trpo_surrogate import trpo_surrogate
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, LinearSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories


class World(NamedTuple):
    """A small MDP, an old and a new tabular policy, and all its trajectories."""

    mdp: MDP
    policy: TabularSoftmax
    theta: np.ndarray
    theta_new: np.ndarray
    tau: Trajectories
    rho: np.ndarray

    @property
    def pi(self) -> np.ndarray:
        return self.policy.table(self.theta)

    @property
    def scores(self) -> np.ndarray:
        return self.policy.score(self.theta, self.tau.s, self.tau.a)

    def log_probs(self, theta: np.ndarray) -> np.ndarray:
        return self.policy.log_prob(theta, self.tau.s, self.tau.a)

    def along(self, table: np.ndarray) -> np.ndarray:
        """A table `(H, S, A)` at the visited pairs, `(N, H)`."""
        return table[np.arange(self.mdp.H), self.tau.s, self.tau.a]


@pytest.fixture
def world(small: MDP, rng: np.random.Generator) -> World:
    policy = TabularSoftmax(small.S, small.A)
    theta, theta_new = rng.normal(size=(2, policy.p))
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    return World(small, policy, theta, theta_new, tau, rho)


def mean(rho: np.ndarray, estimate, *arrays):  # type: ignore[no-untyped-def]
    """The exact mean of an estimator of one trajectory: every one of them with its probability."""
    return sum(rho[n] * estimate(*(array[n : n + 1] for array in arrays)) for n in range(len(rho)))


def close(actual: object, desired: object) -> None:
    np.testing.assert_allclose(np.asarray(actual), np.asarray(desired), rtol=1e-10, atol=1e-10)


def test_softmax_policy_and_score(world: World) -> None:
    theta = world.theta.reshape(world.mdp.S, world.mdp.A)
    close(softmax_policy(theta), world.pi)
    for s in range(world.mdp.S):
        for a in range(world.mdp.A):
            score = world.policy.score(world.theta, np.array(s), np.array(a))
            close(softmax_score(theta, s, a).ravel(), score)


def test_linear_score(rng: np.random.Generator) -> None:
    policy = LinearSoftmax(rng.normal(size=(4, 3, 5)))
    theta = rng.normal(size=5)
    pi = policy.table(theta)
    score = policy.score(theta, np.array(2), np.array(1))
    close(linear_score(policy.features[2], pi[2], 1), score)


def test_gaussian_score(rng: np.random.Generator) -> None:
    psi, a, Theta = rng.normal(size=3), rng.normal(size=2), rng.normal(size=(2, 3))
    policy = LinearGaussian(3, 2, sigma=0.7)
    close(gaussian_score(Theta, psi, a, 0.7).ravel(), policy.score(Theta.ravel(), psi, a))


def test_trajectory_log_likelihood(world: World) -> None:
    mdp, tau = world.mdp, world.tau
    expected = exact.log_likelihood(mdp, world.pi, tau)
    for n in range(0, tau.N, 7):
        own = trajectory_log_likelihood(mdp.mu0, mdp.P, world.pi, tau.s[n], tau.a[n])
        close(own, expected[n])


def test_reward_to_go_and_the_three_gradients(world: World, rng: np.random.Generator) -> None:
    policy, theta, tau = world.policy, world.theta, world.tau
    to_go = estimators.reward_to_go(tau)
    close(reward_to_go(tau.r), to_go)

    def package(psi: np.ndarray) -> np.ndarray:
        return estimators.policy_gradient(policy, theta, tau, psi)

    close(reinforce_gradient(world.scores, tau.r), package(estimators.total_return(tau)))
    b = rng.normal(size=(tau.N, tau.H))
    close(baseline_gradient(world.scores, tau.r, b), package(estimators.minus(to_go, b)))
    Q = exact.evaluate(world.mdp, world.pi, gamma=0.8).Q
    discounted = package(estimators.q_function(tau, Q, gamma=0.8))
    close(discounted_gradient(world.scores, world.along(Q), 0.8), discounted)


def test_the_mean_of_the_estimators_is_the_exact_gradient(world: World) -> None:
    mdp, tau, scores = world.mdp, world.tau, world.scores
    gradient = exact.gradient(mdp, world.policy, world.theta)
    close(mean(world.rho, reinforce_gradient, scores, tau.r), gradient)
    V = exact.evaluate(mdp, world.pi).V[np.arange(mdp.H), tau.s]
    close(mean(world.rho, baseline_gradient, scores, tau.r, V), gradient)
    Q = world.along(exact.evaluate(mdp, world.pi, gamma=0.8).Q)
    discounted = mean(world.rho, lambda x, q: discounted_gradient(x, q, 0.8), scores, Q)
    close(discounted, exact.gradient(mdp, world.policy, world.theta, gamma=0.8))


def test_performance_difference(world: World) -> None:
    mdp, old = world.mdp, exact.evaluate(world.mdp, world.pi)
    pi_new = world.policy.table(world.theta_new)
    new = exact.evaluate(mdp, pi_new)
    table = np.broadcast_to(pi_new, old.A.shape)
    difference = performance_difference(new.d, table, old.A)
    close(difference, new.J - old.J)
    close(difference, mdp.mu0 @ exact.performance_difference(mdp, pi_new, world.pi))


def test_importance_sampling(rng: np.random.Generator) -> None:
    p, q = rng.dirichlet(np.ones(4), size=2)
    f, x = rng.normal(size=4), rng.integers(4, size=20)
    estimate = importance.estimate(f, p, q, x)
    close(importance_sampling_mean(f[x], p[x], q[x]), estimate.mean)
    close(effective_sample_size(p[x] / q[x]), estimate.ess)


def test_kl_divergence(rng: np.random.Generator) -> None:
    p, q = rng.dirichlet(np.ones(4), size=2)
    close(kl_divergence(p, q), divergences.kl(p, q))
    assert kl_divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == np.inf


def test_the_mean_of_the_fisher_estimate_is_the_fisher_matrix(world: World) -> None:
    F = exact.fisher(world.mdp, world.policy, world.theta)
    close(mean(world.rho, fisher_matrix, world.scores), F)


def test_npg_step(rng: np.random.Generator) -> None:
    root = rng.normal(size=(4, 4))
    F, g, delta = root @ root.T + np.eye(4), rng.normal(size=4), 0.03
    step = npg_step(g, F, delta)
    close(step, package_npg_step(g, F, delta=delta))
    close(step @ F @ step / 2, delta)
    others = rng.normal(size=(200, 4))
    others *= np.sqrt(2 * delta / np.einsum("ni,ij,nj->n", others, F, others))[:, None]
    assert (others @ g).max() < g @ step


@pytest.mark.parametrize("theta", [-3.0, 0.0, 2.5])
def test_bernoulli_natural_gradient(theta: float) -> None:
    close(bernoulli_natural_gradient(theta), bernoulli.natural_gradient(theta))
    close(bernoulli_natural_gradient(theta), bernoulli.gradient(theta) / bernoulli.fisher(theta))


def test_tabular_npg_update_is_the_natural_step_of_the_table(world: World) -> None:
    values = exact.evaluate(world.mdp, world.pi)
    A_bar = np.einsum("hs,hsa->sa", values.d, values.A) / values.d.sum(axis=0)[:, None]
    F = exact.fisher(world.mdp, world.policy, world.theta)
    natural = np.linalg.pinv(F) @ exact.gradient(world.mdp, world.policy, world.theta)
    expected = world.policy.table(world.theta + 0.7 * natural)
    close(tabular_npg_update(world.pi, A_bar, 0.7), expected)


def test_the_mean_of_the_surrogates_is_exact(world: World) -> None:
    mdp, policy, theta, theta_new = world.mdp, world.policy, world.theta, world.theta_new
    A = world.along(exact.evaluate(mdp, world.pi).A)
    new, old = world.log_probs(theta_new), world.log_probs(theta)
    L = exact.surrogate(mdp, policy, theta, theta_new)
    close(mean(world.rho, trpo_surrogate, new, old, A), L)

    lam = 0.3
    penalised = mean(world.rho, lambda *x: ppo_penalty_objective(*x, lam), new, old, A)
    c = world.rho @ old.sum(axis=1)
    divergence = exact.trajectory_kl(mdp, world.pi, policy.table(theta_new))
    close(penalised - lam * c, L - lam * divergence)

    clipped = mean(world.rho, lambda *x: ppo_clip_objective(*x, 0.2), new, old, A)
    close(clipped, exact_problem(mdp, policy, theta).clipped(theta_new, 0.2))


def test_gae_between_its_two_ends(rng: np.random.Generator) -> None:
    r, V = rng.normal(size=(3, 4)), rng.normal(size=(3, 5))
    ended, cut = np.ones(3, dtype=bool), np.zeros(3, dtype=bool)
    close(gae(r, V, 1.0, 1.0, ended), reward_to_go(r) - V[:, :-1])
    close(gae(r, V, 0.9, 0.0, cut), r + 0.9 * V[:, 1:] - V[:, :-1])
    powers = (0.9 * 0.7) ** np.arange(4)
    delta = gae(r, V, 0.9, 0.0, ended)
    close(gae(r, V, 0.9, 0.7, ended)[:, 0], delta @ powers)


def test_gae_agrees_with_the_package(rng: np.random.Generator) -> None:
    N, H, S = 4, 5, 3
    s, last = rng.integers(S, size=(N, H)), rng.integers(S, size=N)
    r, V, ended = rng.normal(size=(N, H)), rng.normal(size=S), np.array([1, 0, 1, 0], dtype=bool)
    tau = Trajectories(s, np.zeros_like(s), r, terminated=ended, last=last)
    values = V[np.column_stack([s, last])]
    close(gae(r, values, 0.9, 0.7, ended), estimators.gae(tau, lambda x: V[x], 0.7, 0.9))
