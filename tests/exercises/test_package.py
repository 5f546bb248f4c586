"""Page, package and exercise say the same: names and order of arguments, values, and what the
values mean."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from pgcompanion import (
    bernoulli,
    divergences,
    estimators,
    exact,
    language,
    lqr,
    objectives,
    policies,
    steps,
)
from pgcompanion.batches import Exact
from pgcompanion.estimators import importance
from pgcompanion.exercises.baseline_gradient import baseline_gradient
from pgcompanion.exercises.bernoulli_natural_gradient import bernoulli_natural_gradient
from pgcompanion.exercises.discounted_gradient import discounted_gradient
from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.cases import value
from pgcompanion.exercises.engine.exercise import Arguments, Exercise
from pgcompanion.exercises.fisher_matrix import fisher_matrix
from pgcompanion.exercises.gae import gae
from pgcompanion.exercises.gaussian_score import gaussian_score
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
from pgcompanion.exercises.trpo_surrogate import trpo_surrogate
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, LinearSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories

PACKAGE: dict[str, Callable[..., Any]] = {
    "trajectory_log_likelihood": exact.trajectory_log_likelihood,
    "reinforce_gradient": estimators.reinforce_gradient,
    "reward_to_go": estimators.reward_to_go,
    "discounted_gradient": estimators.discounted_gradient,
    "baseline_gradient": estimators.baseline_gradient,
    "softmax_policy": policies.softmax_policy,
    "softmax_score": policies.softmax_score,
    "linear_score": policies.linear_score,
    "gaussian_score": policies.gaussian_score,
    "performance_difference": exact.expected_advantage,
    "importance_sampling_mean": importance.importance_sampling_mean,
    "effective_sample_size": importance.effective_sample_size,
    "kl_divergence": divergences.kl_divergence,
    "trpo_surrogate": objectives.trpo_surrogate,
    "fisher_matrix": estimators.fisher_matrix,
    "npg_step": steps.npg_step,
    "bernoulli_natural_gradient": bernoulli.natural_gradient,
    "tabular_npg_update": steps.tabular_npg_update,
    "ppo_penalty_objective": objectives.ppo_penalty_objective,
    "ppo_clip_objective": objectives.ppo_clip_objective,
    "gae": estimators.gae,
    "lqr_values": lqr.lqr_values,
    "lqr_gradient": lqr.lqr_gradient,
    "gaussian_fisher": lqr.gaussian_fisher,
    "squashed_gaussian_log_prob": policies.squashed_gaussian_log_prob,
    "deterministic_gradient": lqr.deterministic_gradient,
    "leave_one_out": language.leave_one_out,
    "group_advantage": language.group_advantage,
    "kl_estimates": language.kl_estimates,
    "kl_gradient": language.kl_gradient,
    "dpo_loss": language.dpo_loss,
    "token_ratio_surrogate": language.token_ratio_surrogate,
    "sgd_bound": steps.sgd_bound,
    "trajectory_kl": exact.trajectory_kl,
    "find_the_bug_clip": objectives.ppo_clip_objective,
}
OTHER_NAMES = {"performance_difference", "bernoulli_natural_gradient", "find_the_bug_clip"}
# The loops are written in plain arrays where the package's are generators of iterates; the others
# are derivations, repairs and counterexamples, or combine functions of the package.
OF_THEIR_OWN = {
    "one_step_gain",
    "reinforce",
    "counterexample_no_gamma",
    "optimal_baseline",
    "find_the_bug_baseline",
    "mixture_step",
    "per_decision_is",
    "derive_kl_gaussian",
    "trpo_step",
    "fisher_vector_product",
    "conjugate_gradient",
    "npg",
    "ppo_epochs",
    "paired_interval",
    "probability_of_improvement",
    "find_the_bug_gae",
}
SEEDS = range(5)

each = pytest.mark.parametrize(
    "exercise", [catalogue.find(id) for id in PACKAGE], ids=list(PACKAGE)
)


def begins_with(f: Callable[..., Any], names: tuple[str, ...]) -> bool:
    """Whether these are the first arguments of ``f`` in this order, and it needs no more of
    them."""
    parameters = list(inspect.signature(f).parameters.values())
    rest = parameters[len(names) :]
    optional = all(each.default is not inspect.Parameter.empty for each in rest)
    return tuple(each.name for each in parameters[: len(names)]) == names and optional


def arguments(exercise: Exercise) -> Iterator[Arguments]:
    """The cases of several seeds, the corner cases and the extreme ones."""
    for seed in SEEDS:
        yield from exercise.cases(np.random.default_rng(seed))
    yield from exercise.edges
    yield from (each.arguments for each in exercise.stress)


def differs(f: Callable[..., Any], exercise: Exercise) -> bool:
    """Whether ``f`` gives something else than the solution on a case."""
    for each in arguments(exercise):
        ours, theirs = value(exercise, exercise.solution, each), value(exercise, f, each)
        if ours.shape != theirs.shape or not np.allclose(theirs, ours, rtol=1e-10, atol=1e-12):
            return True
    return False


def test_every_exercise_has_its_function_in_the_package() -> None:
    assert set(PACKAGE) | OF_THEIR_OWN == set(catalogue.IDS)
    assert not set(PACKAGE) & OF_THEIR_OWN
    same = {id for id, f in PACKAGE.items() if f.__name__ == id}
    assert same == set(PACKAGE) - OTHER_NAMES


@each
def test_exercise_and_package_share_the_names_and_the_order_of_the_arguments(
    exercise: Exercise,
) -> None:
    assert begins_with(PACKAGE[exercise.id], exercise.names)


def test_another_order_or_a_further_argument_would_be_noticed() -> None:
    assert begins_with(lambda r, V, gamma=1.0: r, ("r", "V"))
    assert not begins_with(lambda r, V, lam, gamma: r, ("r", "V", "gamma", "lam"))
    assert not begins_with(lambda r, V, gamma: r, ("r", "V"))
    assert not begins_with(lambda rewards: rewards, ("r",))
    assert not begins_with(lambda r: r, ("r", "V"))


@each
def test_exercise_and_package_share_their_values_and_no_mistake_does(exercise: Exercise) -> None:
    assert not differs(PACKAGE[exercise.id], exercise)
    assert all(differs(mistake.function, exercise) for mistake in exercise.mistakes)


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


def test_softmax_policy_and_score_are_those_of_the_tabular_policy(world: World) -> None:
    theta = world.theta.reshape(world.mdp.S, world.mdp.A)
    close(softmax_policy(theta), world.pi)
    for s in range(world.mdp.S):
        for a in range(world.mdp.A):
            score = world.policy.score(world.theta, np.array(s), np.array(a))
            close(softmax_score(theta, s, a).ravel(), score)


def test_the_linear_score_is_that_of_the_linear_policy(rng: np.random.Generator) -> None:
    policy = LinearSoftmax(rng.normal(size=(4, 3, 5)))
    theta = rng.normal(size=5)
    pi = policy.table(theta)
    score = policy.score(theta, np.array(2), np.array(1))
    close(linear_score(policy.features[2], pi[2], 1), score)


def test_the_gaussian_score_is_that_of_the_linear_policy(rng: np.random.Generator) -> None:
    psi, a, Theta = rng.normal(size=3), rng.normal(size=2), rng.normal(size=(2, 3))
    policy = LinearGaussian(3, 2, sigma=0.7)
    close(gaussian_score(Theta, psi, a, 0.7).ravel(), policy.score(Theta.ravel(), psi, a))


def test_the_three_gradients_are_the_score_estimate_with_their_coefficients(
    world: World, rng: np.random.Generator
) -> None:
    policy, theta, tau = world.policy, world.theta, world.tau
    to_go = reward_to_go(tau.r)

    def package(psi: np.ndarray) -> np.ndarray:
        return estimators.policy_gradient(policy, theta, tau, psi)

    close(reinforce_gradient(world.scores, tau.r), package(estimators.total_return(tau.r)))
    b = rng.normal(size=(tau.N, tau.H))
    close(baseline_gradient(world.scores, tau.r, b), package(to_go - b))
    Q = exact.evaluate(world.mdp, world.pi, gamma=0.8).Q
    discounted = package(estimators.discounted(estimators.at_pairs(Q, tau), 0.8))
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


def test_the_mean_of_the_fisher_estimate_is_the_fisher_matrix(world: World) -> None:
    F = exact.fisher(world.mdp, world.policy, world.theta)
    close(mean(world.rho, fisher_matrix, world.scores), F)


def test_no_step_of_the_same_length_gains_more_than_the_natural_one(
    rng: np.random.Generator,
) -> None:
    root = rng.normal(size=(4, 4))
    F, g, delta = root @ root.T + np.eye(4), rng.normal(size=4), 0.03
    step = npg_step(g, F, delta)
    close(step @ F @ step / 2, delta)
    others = rng.normal(size=(200, 4))
    others *= np.sqrt(2 * delta / np.einsum("ni,ij,nj->n", others, F, others))[:, None]
    assert (others @ g).max() < g @ step


@pytest.mark.parametrize("theta", [-3.0, 0.0, 2.5])
def test_the_bernoulli_natural_gradient_is_the_gradient_over_the_fisher_information(
    theta: float,
) -> None:
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
    close(clipped, objectives.clip(policy, theta_new, Exact(mdp)(policy, theta), 0.2))


def test_gae_between_its_two_ends(rng: np.random.Generator) -> None:
    r, V = rng.normal(size=(3, 4)), rng.normal(size=(3, 5))
    ended, cut = np.ones(3, dtype=bool), np.zeros(3, dtype=bool)
    close(gae(r, V, 1.0, 1.0, ended), reward_to_go(r) - V[:, :-1])
    close(gae(r, V, 0.9, 0.0, cut), r + 0.9 * V[:, 1:] - V[:, :-1])
    powers = (0.9 * 0.7) ** np.arange(4)
    delta = gae(r, V, 0.9, 0.0, ended)
    close(gae(r, V, 0.9, 0.7, ended)[:, 0], delta @ powers)
