"""The numbers that the self-checks call right, computed by the package."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import questions

from pgcompanion import bernoulli, exact, language, lqr
from pgcompanion.estimators import (
    baselines,
    gae,
    importance,
    per_trajectory_gradients,
    reward_to_go,
)
from pgcompanion.mdp import MDP
from pgcompanion.objectives import ppo_clip_objective
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import constant_step, npg_step, sgd_bound

NUMBERS = {
    question.name: question
    for page in questions.of_the_book().values()
    for question in page
    if question.within is not None
}


def one_state(rewards: list[float], H: int) -> MDP:
    return MDP(np.ones((1, len(rewards), 1)), r=[rewards], mu0=[1.0], H=H)


def random_world(S: int, A: int, H: int) -> MDP:
    rng = np.random.default_rng(1)
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


def advantage_by_hand() -> float:
    values = exact.evaluate(one_state([1, 0], H=4), np.array([[0.25, 0.75]]))
    return values.A[1, 0, 0]


def half_the_norm() -> float:
    """The factor of K at which the bound on the square is a quarter."""

    def bound(K: int) -> float:
        eta = constant_step(beta=1.0, Delta=1.0, sigma2=1.0, K=K)
        return sgd_bound(beta=1.0, Delta=1.0, sigma2=1.0, eta=np.full(K, eta))

    return next(m for m in range(1, 100) if bound(10_000 * m) <= bound(10_000) / 4 * (1 + 1e-9))


def discount_by_hand() -> float:
    return reward_to_go(np.array([[1.0, 2.0, 4.0]]), gamma=0.9)[0, 1]


def optimal_baseline_by_hand() -> float:
    coin = TabularSoftmax(1, 2)
    return baselines.optimal(one_state([1, 0], H=1), coin, np.log([0.9, 0.1]))[0, 0]


def same_batch() -> float:
    """Five independent episodes, each with the mean return of all five for its baseline."""
    world, policy, M = random_world(3, 2, 3), TabularSoftmax(3, 2), 5
    theta = np.arange(6) / 3
    tau = exact.trajectories(world)
    rho = np.exp(exact.log_likelihood(world, policy.table(theta), tau))
    G = per_trajectory_gradients(policy, theta, tau, np.ones(tau.r.shape))
    R = tau.r.sum(axis=1)
    own, others = (rho * R) @ G, (rho @ R) * (rho @ G)
    mean = own - (own + (M - 1) * others) / M
    g = exact.gradient(world, policy, theta)
    return mean @ g / (g @ g)


def softmax_by_hand() -> float:
    return TabularSoftmax(1, 3).score(np.log([0.2, 0.3, 0.5]), 0, 0)[0]


def worst_loss() -> float:
    world = one_state([0, -0.2], H=10)
    old, new = (exact.evaluate(world, pi) for pi in (np.array([[1.0, 0]]), np.array([[0, 1.0]])))
    assert np.isclose(old.A.min(), -0.2)
    return old.V[4, 0] - new.V[4, 0]


def ess_by_hand() -> float:
    return importance.effective_sample_size(np.array([4.0, 1, 1, 1, 1]))


def radius() -> float:
    """The divergence of the trajectories, for one of 0.01 in each of 200 steps."""
    world, pi, other = one_state([1, 0], H=200), np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]])
    each = exact.trajectory_kl(one_state([1, 0], H=1), pi, other)
    return exact.trajectory_kl(world, pi, other) / each * 0.01


def rank_by_hand() -> float:
    F = exact.fisher(random_world(5, 4, 4), TabularSoftmax(5, 4), np.zeros(20))
    return float(np.linalg.matrix_rank(F))


def ten_natural_steps() -> float:
    return bernoulli.path(0.0, eta=0.01, K=10, natural=True)[-1]


def clip_by_hand() -> float:
    return clipped(A=-2.0, u=0.5)


def gae_by_hand() -> float:
    r, V, cut_off = np.array([[0.0, 1.0]]), np.full((1, 3), 0.5), np.array([False])
    return gae(r, V, gamma=1.0, lam=0.5, terminated=cut_off)[0, 0]


def best_of_five() -> float:
    """The probability of each pattern of success, summed over those with at least one."""
    p = np.array([0.7, 0.3])
    patterns = list(product([0, 1], repeat=5))
    return sum(float(p[list(pattern)].prod()) for pattern in patterns if max(pattern) == 1)


def slip_in_a_sum() -> float:
    """How far the sum of the past and present exceeds what is still to come, at the last step."""
    r = np.array([1.0, 2.0, 4.0])
    return r[: 2 + 1].sum() - reward_to_go(r[None])[0, 2]


def price_by_hand() -> float:
    """The mean of the clipped terms of two equally likely coefficients of mean 1."""
    return float(np.mean([clipped(A=psi, u=1.5) for psi in (3.0, -1.0)]))


def two_steps_of_a_cart() -> float:
    one = np.eye(1)
    return lqr.lqr_values(one, one, one, one, Theta=-one / 2, H=2)[0, 0, 0]


def nats_of_a_gain() -> float:
    """In a world whose states are its noise alone, whatever is done."""
    one = np.eye(1)
    world = lqr.LQR(0 * one, 0 * one, one, one, W=one, M0=one, H=50)
    return lqr.trajectory_kl(world, one, 1.1 * one, sigma=0.5)


def clipped(A: float, u: float) -> float:
    return ppo_clip_objective(np.log([[u]]), np.zeros((1, 1)), np.array([[A]]), 0.2)


def dpo_at_the_start() -> float:
    return round(float(language.dpo_loss(np.zeros(1), np.zeros(1), beta=0.3)[0]), 3)


def weight_of_a_group() -> float:
    return round(float(language.group_advantage(np.array([1.0, 0, 0, 0]), std=True)[0]), 3)


COMPUTED: list[Callable[[], float]] = [
    dpo_at_the_start,
    weight_of_a_group,
    advantage_by_hand,
    half_the_norm,
    discount_by_hand,
    optimal_baseline_by_hand,
    same_batch,
    softmax_by_hand,
    worst_loss,
    ess_by_hand,
    radius,
    rank_by_hand,
    ten_natural_steps,
    clip_by_hand,
    gae_by_hand,
    best_of_five,
    slip_in_a_sum,
    price_by_hand,
    two_steps_of_a_cart,
    nats_of_a_gain,
]


def test_every_number_is_computed() -> None:
    assert {compute.__name__ for compute in COMPUTED} == set(NUMBERS)


@pytest.mark.parametrize("compute", COMPUTED, ids=lambda compute: compute.__name__)
def test_the_right_number_is_right_and_the_others_are_not(compute: Callable[[], float]) -> None:
    question = NUMBERS[compute.__name__]
    truth = float(compute())
    assert float(question.right.text) == pytest.approx(truth, rel=1e-9)
    assert sum(abs(value - truth) <= question.within for value in question.values) == 1


def test_the_clipped_sample_is_flat_where_the_question_says_so() -> None:
    flat = {
        (A, u): np.isclose(clipped(A, u + 0.01), clipped(A, u - 0.01))
        for A, u in [(1, 0.5), (1, 1.5), (-1, 1.5), (-1, 1)]
    }
    assert [case for case, is_flat in flat.items() if is_flat] == [(1, 1.5)]


def test_the_step_is_twice_as_long_for_four_times_the_radius() -> None:
    world, policy = random_world(3, 2, 3), TabularSoftmax(3, 2)
    g, F = (f(world, policy, np.zeros(6)) for f in (exact.gradient, exact.fisher))
    assert np.allclose(npg_step(g, F, delta=0.04), 2 * npg_step(g, F, delta=0.01), atol=1e-10)


def test_the_wide_target_has_an_infinite_variance() -> None:
    assert np.isinf(importance.gaussian_mean_moment(0.0, 2.0))


def test_the_lemma_with_its_roles_exchanged_turns_the_sign() -> None:
    world, rng = random_world(3, 2, 3), np.random.default_rng(2)
    old, new = rng.dirichlet(np.ones(2), size=(2, 3))
    gain = exact.performance_difference(world, new, old)
    assert np.allclose(exact.performance_difference(world, old, new), -gain, atol=1e-10)
    assert not np.allclose(gain, 0)


def test_the_factor_belongs_into_both_lines() -> None:
    rng = np.random.default_rng(3)
    N, H, gamma, lam = 3, 4, 0.9, 0.8
    r, V = rng.normal(size=(N, H)), rng.normal(size=(N, H + 1))
    truth = gae(r, V, gamma, lam, terminated=np.ones(N, dtype=bool))
    rewards, values = r.ravel(), np.append(V[:, :-1], V[0, 0])  # one stream of N episodes
    live = np.tile(np.arange(H) < H - 1, N)

    def stream(in_delta: bool, in_sum: bool) -> np.ndarray:
        A = np.zeros(N * H + 1)
        for t in reversed(range(N * H)):
            first, second = (live[t] if used else 1 for used in (in_delta, in_sum))
            delta = rewards[t] + gamma * first * values[t + 1] - values[t]
            A[t] = delta + gamma * lam * second * A[t + 1]
        return A[:-1].reshape(N, H)

    right = [both for both in product([False, True], repeat=2) if np.allclose(stream(*both), truth)]
    assert right == [(True, True)]
