"""The gradient and the Fisher matrix, against complex steps and enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.derivatives import complex_step
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, NeuralSoftmax, Softmax, TabularSoftmax

EXACT = 1e-10


@pytest.mark.statement("pg_advantage", "reinforce_pg")
@pytest.mark.parametrize("gamma", [1.0, 0.8])
def test_the_gradient_is_the_derivative_of_the_objective(mdp, policy, theta, gamma, measure):
    def J(theta):
        return exact.evaluate(mdp, policy.table(theta), gamma).J

    g = exact.gradient(mdp, policy, theta, gamma)
    assert measure(g - complex_step(J, theta), over=policy.p, of="parameters") < EXACT
    central = [(J(theta + 1e-5 * e) - J(theta - 1e-5 * e)) / 2e-5 for e in np.eye(policy.p)]
    np.testing.assert_allclose(g, central, atol=1e-6)
    assert np.abs(exact.gradient(mdp, policy, theta, gamma / 2) - g).max() > 1e-3


class TimedLinear(Softmax):
    """A policy of one's own that depends on the step: linear logits over all pairs of step and
    state."""

    def __init__(self, features: np.ndarray) -> None:
        self.features = features
        self.H, self.S, self.A, self.p = features.shape

    @property
    def states(self) -> np.ndarray:
        return np.arange(self.H * self.S)

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return (self.features @ theta).reshape(-1, self.A)[s]

    def row(self, h: np.ndarray, s: np.ndarray) -> np.ndarray:
        return np.asarray(h) * self.S + s

    def table(self, theta: np.ndarray) -> np.ndarray:
        return self.probs(theta, self.states).reshape(self.H, self.S, self.A)


@pytest.mark.statement("pg_advantage", "reinforce_pg")
@pytest.mark.parametrize("gamma", [1.0, 0.8])
@pytest.mark.parametrize("kind", ["tabular", "an own one"])
def test_the_gradient_of_a_time_dependent_policy(mdp, rng, kind, gamma):
    features = rng.normal(size=(mdp.H, mdp.S, mdp.A, 7))
    tabular = TabularSoftmax(mdp.S, mdp.A, H=mdp.H)
    policy = tabular if kind == "tabular" else TimedLinear(features)
    theta = rng.normal(size=policy.p)
    g = exact.gradient(mdp, policy, theta, gamma)
    by_step = complex_step(lambda t: exact.evaluate(mdp, policy.table(t), gamma).J, theta)
    np.testing.assert_allclose(g, by_step, atol=EXACT)
    undiscounted = exact.gradient(mdp, policy, theta, 0.5)
    assert np.abs(undiscounted - g).max() > 1e-3


@pytest.mark.statement("fisher_matrix", "fisher_trajectory")
def test_the_fisher_matrix_of_a_time_dependent_policy(small, rng, measure):
    policy = TabularSoftmax(small.S, small.A, H=small.H)
    theta = rng.normal(size=policy.p)
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    rows = policy.row(np.arange(small.H), tau.s)
    score = policy.score(theta, rows, tau.a).sum(axis=1)
    covariance = (rho[:, None] * score).T @ score
    F = exact.fisher(small, policy, theta)
    assert measure(F - covariance, over=tau.N) < EXACT
    same_rows = policy.score(theta, tau.s, tau.a).sum(axis=1)
    assert np.abs(F - (rho[:, None] * same_rows).T @ same_rows).max() > 1e-2


@pytest.mark.statement("pg_with_q")
def test_a_q_table_without_its_step_gives_a_wrong_gradient(mdp, policy, theta):
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    g = exact.gradient(mdp, policy, theta)
    right = policy.score_average(theta, policy.states, np.einsum("hs,hsa->sa", v.d, v.Q))
    frozen = policy.score_average(theta, policy.states, np.einsum("hs,sa->sa", v.d, v.Q[0]))
    np.testing.assert_allclose(right, g, atol=EXACT)
    assert np.abs(frozen - g).max() > 1e-3


@pytest.mark.statement("tabular_gradient")
def test_the_tabular_gradient_is_occupancy_times_probability_times_advantage(mdp, rng, measure):
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    g = exact.gradient(mdp, policy, theta)
    by_hand = np.einsum("hs,sa,hsa->sa", v.d, pi, v.A).ravel()
    assert measure(g - by_hand, over=policy.p, of="parameters") < EXACT
    with_values = np.einsum("hs,sa,hsa->sa", v.d, pi, v.Q).ravel()
    assert np.abs(g - with_values).max() > 1e-3


@pytest.mark.statement("pg_unrolled")
@pytest.mark.parametrize("kind", ["stationary", "time-dependent"])
def test_unrolling_gives_the_gradient_of_every_value(small, rng, measure, kind):
    """Without the second term, the gradient of what follows, all but the last step are wrong."""
    H = None if kind == "stationary" else small.H
    policy = TabularSoftmax(small.S, small.A, H=H)
    theta = rng.normal(size=policy.p)
    G = exact.value_gradients(small, policy, theta)
    truth = complex_step(lambda t: exact.state_values(small, policy.table(t)), theta)
    assert measure(G - truth, over=G[..., 0].size, of="values") < EXACT
    g = exact.gradient(small, policy, theta)
    np.testing.assert_allclose(small.mu0 @ G[0], g, atol=EXACT)
    s, a = np.indices((small.S, small.A))
    pi, Q = policy.table(theta), exact.evaluate(small, policy.table(theta)).Q
    pi_0 = pi if H is None else pi[0]
    first_term = np.einsum("sa,sa,sap->sp", pi_0, Q[0], policy.score(theta, policy.row(0, s), a))
    assert np.abs(first_term - truth[0]).max() > 1e-2


@pytest.mark.statement("pg_discounted")
def test_the_discounted_gradient_without_a_horizon(mdp, policy, theta):
    """The infinite sum is compared with a horizon after which gamma^h is below round-off."""
    gamma = 0.7
    long = MDP(mdp.P, mdp.r, mdp.mu0, H=120)
    J, g = exact.infinite_horizon_gradient(mdp, policy, theta, gamma)
    assert pytest.approx(exact.evaluate(long, policy.table(theta), gamma).J, abs=EXACT) == J
    np.testing.assert_allclose(g, exact.gradient(long, policy, theta, gamma), atol=EXACT)
    assert np.abs(g - exact.gradient(mdp, policy, theta, gamma)).max() > 1e-3


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
    assert np.abs(F - np.diag(np.diag(F))).max() > 1e-2


@pytest.mark.statement("pg_discounted")
def test_a_sum_without_a_horizon_is_refused_for_a_policy_that_ends_with_one(small, rng):
    """Its tables say nothing of later steps; the stationary one has a sum that differs from the
    finite one."""
    timed, policy = TabularSoftmax(small.S, small.A, H=small.H), TabularSoftmax(small.S, small.A)
    message = r"^policy must not depend on the step, but it does, up to the horizon H = 3\.$"
    with pytest.raises(ValueError, match=message):
        exact.infinite_horizon_gradient(small, timed, np.zeros(timed.p), 0.9)
    theta = rng.normal(size=policy.p)
    for_ever = exact.infinite_horizon_gradient(small, policy, theta, 0.9)[0]
    assert abs(for_ever - exact.evaluate(small, policy.table(theta), 0.9).J) > 0.01


def test_a_discount_out_of_range_is_refused(small):
    policy = TabularSoftmax(small.S, small.A)
    with pytest.raises(ValueError, match=r"^gamma must lie in \[0, 1\), but it is 1\.0\.$"):
        exact.infinite_horizon_gradient(small, policy, np.zeros(policy.p), 1.0)
    for gamma in (-3, 1.5, np.nan, [0.5], "0.5"):
        with pytest.raises(ValueError, match=r"^gamma must be a number in \[0, 1\], but it is "):
            exact.gradient(small, policy, np.zeros(policy.p), gamma)


def test_parameters_in_single_precision_give_the_gradient_to_that_precision(mdp, policy, rng):
    """An exponential turns the round-off of a logit f into a relative error of |f| eps of a
    probability.

    With the sum over A actions and the division it is below c = max |f| + A + 2 of them. A
    trajectory multiplies H probabilities and adds H scores, which are differences of two logits'
    gradients, and weighs them by a return of at most H max |r|.
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


def test_a_policy_of_another_size_than_the_mdp_is_refused(small):
    policy = TabularSoftmax(4, 2)
    theta = np.zeros(policy.p)
    message = r"^policy has S = 4 and A = 2, but S = 3 and A = 2 of mdp are expected\.$"
    for call in (
        lambda: exact.gradient(small, policy, theta),
        lambda: exact.infinite_horizon_gradient(small, policy, theta, 0.5),
        lambda: exact.fisher(small, policy, theta),
        lambda: exact.surrogate(small, policy, theta, theta),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_policy_of_another_horizon_than_the_mdp_is_refused(small):
    policy = TabularSoftmax(3, 2, H=4)
    theta = np.zeros(policy.p)
    message = r"^policy depends on the step up to H = 4, but mdp has H = 3\.$"
    for call in (exact.gradient, exact.fisher, exact.penalty_constant):
        with pytest.raises(ValueError, match=message):
            call(small, policy, theta)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (None, r"^policy must be a policy such as TabularSoftmax\(S, A\), but it is None\.$"),
        (
            np.full((3, 2), 0.5),
            r"^policy must be a policy such as .*, but it is ",
        ),
        (TabularSoftmax, r"^policy must be a policy such as .*, but it is the class Tabular"),
        (
            NeuralSoftmax(4, 2),
            r"^policy must be over the states of a finite MDP, but|^policy has S",
        ),
    ],
)
def test_what_is_no_policy_over_the_states_is_refused(small, policy, message):
    for call in (exact.gradient, exact.fisher):
        with pytest.raises((TypeError, ValueError), match=message):
            call(small, policy, np.zeros(6))


def test_parameters_that_are_not_numbers_are_refused(mdp, policy):
    with pytest.raises(ValueError, match=r"^theta must be finite, but it contains NaN"):
        exact.gradient(mdp, policy, np.full(policy.p, np.nan))
    with pytest.raises(ValueError, match=r"^theta has shape \(2,\), but"):
        exact.gradient(mdp, policy, np.zeros(2))
