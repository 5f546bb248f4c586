"""The gradient and its relatives, against complex steps and enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, NeuralSoftmax, TabularSoftmax

EXACT = 1e-10


def complex_step(f, theta: np.ndarray, step: float = 1e-30) -> np.ndarray:
    """The derivative of ``f`` to round-off: Im f(theta + i h e_j) / h."""
    return np.array([f(theta + 1j * step * e).imag / step for e in np.eye(len(theta))])


@pytest.mark.statement("pg_advantage", "reinforce_pg")
@pytest.mark.parametrize("gamma", [1.0, 0.8])
def test_the_gradient_is_the_derivative_of_the_objective(mdp, policy, theta, gamma, measure):
    def J(theta):
        return exact.evaluate(mdp, policy.table(theta), gamma).J

    g = exact.gradient(mdp, policy, theta, gamma)
    assert measure(g - complex_step(J, theta), over=policy.p, of="parameters") < EXACT
    central = [(J(theta + 1e-5 * e) - J(theta - 1e-5 * e)) / 2e-5 for e in np.eye(policy.p)]
    np.testing.assert_allclose(g, central, atol=1e-6)


@pytest.mark.statement("pg_advantage", "reinforce_pg")
@pytest.mark.parametrize("kind", ["tabular", "linear"])
def test_the_gradient_of_a_time_dependent_policy(mdp, rng, kind):
    timed = mdp.with_time()
    features = rng.normal(size=(timed.S, timed.A, 7))
    policy = TabularSoftmax(timed.S, timed.A) if kind == "tabular" else LinearSoftmax(features)
    theta = rng.normal(size=policy.p)
    by_step = complex_step(lambda t: exact.evaluate(timed, policy.table(t)).J, theta)
    np.testing.assert_allclose(exact.gradient(timed, policy, theta), by_step, atol=EXACT)


@pytest.mark.statement("pg_with_q")
def test_a_q_table_without_its_step_gives_a_wrong_gradient(mdp, policy, theta):
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    g = exact.gradient(mdp, policy, theta)
    right = policy.score_average(theta, policy.states, np.einsum("hs,hsa->sa", v.d, v.Q))
    frozen = policy.score_average(theta, policy.states, np.einsum("hs,sa->sa", v.d, v.Q[0]))
    np.testing.assert_allclose(right, g, atol=EXACT)
    assert np.abs(frozen - g).max() > 1e-3


@pytest.mark.statement("tabular_softmax")
def test_the_tabular_gradient_is_occupancy_times_probability_times_advantage(mdp, rng, measure):
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    by_hand = np.einsum("hs,sa,hsa->sa", v.d, pi, v.A).ravel()
    deviation = exact.gradient(mdp, policy, theta) - by_hand
    assert measure(deviation, over=policy.p, of="parameters") < EXACT


@pytest.mark.statement("pg_discounted")
def test_the_discounted_gradient_without_a_horizon(mdp, policy, theta):
    """The infinite sum is compared with a horizon after which gamma^h is below round-off."""
    gamma = 0.7
    long = MDP(mdp.P, mdp.r, mdp.mu0, H=120)
    J, g = exact.discounted_gradient(mdp, policy, theta, gamma)
    assert pytest.approx(exact.evaluate(long, policy.table(theta), gamma).J, abs=EXACT) == J
    np.testing.assert_allclose(g, exact.gradient(long, policy, theta, gamma), atol=EXACT)


@pytest.mark.statement("pg_discounted")
def test_dropping_the_discount_of_the_visits_gives_another_vector(mdp, policy, theta):
    gamma = 0.7
    v = exact.evaluate(mdp, policy.table(theta), gamma)
    undiscounted = np.einsum("hs,hsa->sa", v.d, v.A)
    dropped = policy.score_average(theta, policy.states, undiscounted)
    assert np.abs(dropped - exact.gradient(mdp, policy, theta, gamma)).max() > 1e-2


@pytest.mark.statement("fisher_matrix", "fisher_trajectory")
def test_the_fisher_matrix_is_the_covariance_of_the_trajectory_score(mdp, policy, theta, measure):
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, policy.table(theta), tau))
    score = sum(policy.score(theta, tau.s[:, h], tau.a[:, h]) for h in range(mdp.H))
    F = exact.fisher(mdp, policy, theta)
    covariance = (rho[:, None] * score).T @ score
    assert measure(F - covariance, over=tau.N) < EXACT
    assert np.abs(F / mdp.H - covariance).max() > 1e-2


@pytest.mark.statement("fisher_matrix")
def test_the_block_form_of_the_tabular_fisher_matrix_is_the_general_one(mdp, rng):
    tabular = TabularSoftmax(mdp.S, mdp.A)
    one_hot = LinearSoftmax(np.eye(mdp.S * mdp.A).reshape(mdp.S, mdp.A, -1))
    theta = rng.normal(size=tabular.p)
    F = exact.fisher(mdp, tabular, theta)
    np.testing.assert_allclose(F, exact.fisher(mdp, one_hot, theta), atol=EXACT)
    assert np.linalg.matrix_rank(F) == mdp.S * (mdp.A - 1)


@pytest.mark.statement("kld", "trajectory_kl")
def test_the_trajectory_kl_is_the_sum_over_all_trajectories(mdp, rng, measure):
    pi, new = rng.dirichlet(np.ones(mdp.A), size=(2, mdp.H, mdp.S))
    tau = exact.trajectories(mdp)
    log_rho = exact.log_likelihood(mdp, pi, tau)
    log_new = exact.log_likelihood(mdp, new, tau)
    brute = np.exp(log_rho) @ (log_rho - log_new)
    assert measure(exact.trajectory_kl(mdp, pi, new) - brute, over=tau.N) < EXACT
    assert abs(exact.trajectory_kl(mdp, new, pi) - brute) > 1e-3
    assert exact.trajectory_kl(mdp, pi, pi) == pytest.approx(0.0, abs=EXACT)


@pytest.mark.statement("kld", "trajectory_kl")
def test_the_trajectory_kl_is_infinite_without_support(mdp, rng):
    pi = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
    never = np.tile([0.0, 0.5, 0.5], (mdp.S, 1))
    assert exact.trajectory_kl(mdp, pi, never) == np.inf
    assert np.isfinite(exact.trajectory_kl(mdp, never, pi))


@pytest.mark.statement("surrogate", "trpo")
def test_the_surrogate_matches_the_objective_to_first_order(mdp, policy, theta, rng, measure):
    assert exact.surrogate(mdp, policy, theta, theta) == pytest.approx(0.0, abs=EXACT)
    by_step = complex_step(lambda t: exact.surrogate(mdp, policy, theta, t), theta)
    deviation = by_step - exact.gradient(mdp, policy, theta)
    assert measure(deviation, over=policy.p, of="parameters") < EXACT
    d = rng.normal(size=policy.p)
    d /= np.linalg.norm(d)

    def gap(t: float) -> float:
        J = exact.evaluate(mdp, policy.table(theta + t * d)).J
        J_k = exact.evaluate(mdp, policy.table(theta)).J
        return abs(J - J_k - exact.surrogate(mdp, policy, theta, theta + t * d))

    slope = np.log(gap(1e-2) / gap(1e-3)) / np.log(10)
    assert slope == pytest.approx(2.0, abs=0.2)


@pytest.mark.statement("pdl")
@pytest.mark.parametrize("stationary", [True, False])
def test_performance_difference(mdp, rng, stationary, measure):
    shape = (mdp.S,) if stationary else (mdp.H, mdp.S)
    old, new = rng.dirichlet(np.ones(mdp.A), size=(2, *shape))
    rhs = exact.performance_difference(mdp, new, old)
    lhs = exact.evaluate(mdp, new).V[0] - exact.evaluate(mdp, old).V[0]
    assert measure(rhs - lhs, over=mdp.S, of="initial states") < EXACT
    swapped = exact.performance_difference(mdp, old, new)
    assert np.abs(swapped - lhs).max() > 1e-2
    along_the_old = exact.performance_difference(mdp, old, old)
    np.testing.assert_allclose(along_the_old, 0.0, atol=EXACT)


@pytest.mark.statement("pdl_bound")
def test_one_bad_choice_costs_at_most_the_horizon_times_its_advantage(mdp, rng):
    remaining = (mdp.H - np.arange(mdp.H))[:, None]
    per_state_only = 0
    for _ in range(200):
        old = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
        new = np.eye(mdp.A)[rng.integers(mdp.A, size=(mdp.H, mdp.S))]
        v = exact.evaluate(mdp, old)
        worst = (new * v.A).sum(axis=-1)
        drop = v.V[:-1] - exact.evaluate(mdp, new).V[:-1]
        assert (drop <= remaining * max(-worst.min(), 0.0) + EXACT).all()
        first_step_only = remaining * max(-worst[0].min(), 0.0)
        per_state_only += bool((drop > first_step_only + EXACT).any())
    assert per_state_only > 0


@pytest.mark.statement("pdl_bound")
def test_the_degradation_bound_is_attained():
    H = 6
    one = MDP(np.ones((1, 2, 1)), r=[[0.0, -1.0]], mu0=[1.0], H=H)
    good, bad = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    v = exact.evaluate(one, good)
    assert v.A[:, 0, 1] == pytest.approx(-1.0, abs=EXACT)
    drop = v.V[:-1, 0] - exact.evaluate(one, bad).V[:-1, 0]
    np.testing.assert_allclose(drop, H - np.arange(H), atol=EXACT)


def test_all_exact_functions_take_a_time_augmented_mdp(small, rng):
    timed = small.with_time()
    dense = MDP(timed.P, timed.r, timed.mu0, timed.H)
    policy = TabularSoftmax(timed.S, timed.A)
    theta, new = rng.normal(size=(2, policy.p))
    pi, pi_new = policy.table(theta), policy.table(new)
    for f in (
        lambda m: exact.gradient(m, policy, theta),
        lambda m: exact.fisher(m, policy, theta),
        lambda m: exact.trajectory_kl(m, pi, pi_new),
        lambda m: exact.surrogate(m, policy, theta, new),
        lambda m: exact.performance_difference(m, pi_new, pi)[: small.S],
        lambda m: exact.visits_and_advantages(m, pi)[1],
    ):
        np.testing.assert_allclose(f(timed), f(dense), atol=EXACT)


@pytest.mark.statement("pg_discounted")
def test_a_sum_without_a_horizon_is_refused_where_the_states_count_up_to_one(small, rng):
    """The last layer leads to itself only because no step follows it: its rewards would never end."""
    timed = small.with_time()
    dense = MDP(timed.P, timed.r, timed.mu0, timed.H)
    policy = TabularSoftmax(timed.S, timed.A)
    theta = rng.normal(size=policy.p)
    message = r"^mdp must go on for ever, but its states count the steps up to the horizon 3\.$"
    with pytest.raises(ValueError, match=message):
        exact.discounted_gradient(timed, policy, theta, 0.9)
    last_layer_for_ever = exact.discounted_gradient(dense, policy, theta, 0.9)[0]
    assert abs(last_layer_for_ever - exact.evaluate(timed, policy.table(theta), 0.9).J) > 0.1


def test_a_discount_out_of_range_is_refused(small):
    policy = TabularSoftmax(small.S, small.A)
    with pytest.raises(ValueError, match=r"^gamma must lie in \[0, 1\), but it is 1\.0\.$"):
        exact.discounted_gradient(small, policy, np.zeros(policy.p), 1.0)
    for gamma in (-3, 1.5, np.nan, [0.5], "0.5"):
        with pytest.raises(ValueError, match=r"^gamma must be a number in \[0, 1\], but it is "):
            exact.gradient(small, policy, np.zeros(policy.p), gamma)


def test_parameters_in_single_precision_give_the_gradient_to_that_precision(mdp, policy, rng):
    """An exponential turns the round-off of a logit f into a relative error of |f| eps of a probability.

    With the sum over A actions and the division it is below c = max |f| + A + 2 of them. A trajectory
    multiplies H probabilities and adds H scores, which are differences of two logits' gradients, and
    weighs them by a return of at most H max |r|.
    """
    gradients = policy.features if isinstance(policy, LinearSoftmax) else np.ones(1)
    of_scores = (mdp.H + 1) * mdp.H * 2 * np.abs(gradients).max() * mdp.H * np.abs(mdp.r).max()
    eps = np.finfo(np.float32).eps
    for single in rng.normal(size=(20, policy.p)).astype(np.float32):
        theta = single.astype(float)
        g = exact.gradient(mdp, policy, theta)
        c = np.abs(policy.logits(theta, policy.states)).max() + mdp.A + 2
        bound = c * eps * of_scores
        np.testing.assert_allclose(exact.gradient(mdp, policy, single), g, atol=bound)
        elsewhere = exact.gradient(mdp, policy, theta + 0.1 * np.arange(policy.p))
        assert np.abs(elsewhere - g).max() > 10 * bound


def test_a_list_of_parameters_is_as_good_as_an_array(mdp, policy, rng):
    for parameterization in (policy, NeuralSoftmax(np.eye(mdp.S), mdp.A, hidden=(3,))):
        theta = rng.normal(size=parameterization.p)
        for f in (exact.gradient, exact.fisher):
            of_list = f(mdp, parameterization, theta.tolist())
            np.testing.assert_array_equal(of_list, f(mdp, parameterization, theta))


def test_errors_name_the_argument_that_is_wrong(small):
    good, bad = np.full((3, 2), 0.5), np.full((2, 2), 0.5)
    timed, flat = small.with_time(), np.full((9, 2), 0.5)
    policy, theta, nan = TabularSoftmax(3, 2), np.zeros(6), np.full(6, np.nan)
    for name, call in [
        ("pi", lambda: exact.trajectory_kl(small, bad, good)),
        ("pi_new", lambda: exact.trajectory_kl(small, good, bad)),
        ("pi_new", lambda: exact.trajectory_kl(timed, flat, bad)),
        ("pi_new", lambda: exact.performance_difference(small, bad, good)),
        ("pi_old", lambda: exact.performance_difference(small, good, bad)),
        ("pi_new", lambda: exact.performance_difference(timed, bad, flat)),
        ("pi_old", lambda: exact.performance_difference(timed, flat, bad)),
        ("theta_k", lambda: exact.surrogate(small, policy, nan, theta)),
        ("theta", lambda: exact.surrogate(small, policy, theta, nan)),
    ]:
        with pytest.raises(ValueError, match=f"^{name} (has shape|must be finite)"):
            call()


def test_a_policy_of_another_size_than_the_mdp_is_refused(small):
    policy = TabularSoftmax(4, 2)
    theta = np.zeros(policy.p)
    message = r"^policy has S = 4 and A = 2, but S = 3 and A = 2 of mdp are expected\.$"
    for call in (
        lambda: exact.gradient(small, policy, theta),
        lambda: exact.discounted_gradient(small, policy, theta, 0.5),
        lambda: exact.fisher(small, policy, theta),
        lambda: exact.surrogate(small, policy, theta, theta),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_parameters_that_are_not_numbers_are_refused(mdp, policy):
    with pytest.raises(ValueError, match=r"^theta must be finite, but it contains NaN"):
        exact.gradient(mdp, policy, np.full(policy.p, np.nan))
    with pytest.raises(ValueError, match=r"^theta has shape \(2,\), but"):
        exact.gradient(mdp, policy, np.zeros(2))
