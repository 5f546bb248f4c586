"""Importance sampling of points and of trajectories, against exact laws."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pgcompanion import exact, importance
from pgcompanion.estimators import policy_gradient, total_return
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories

EXACT = 1e-10

F = np.array([2.0, -1.0, 5.0])
P = np.array([0.5, 0.3, 0.2])
Q = np.array([0.2, 0.2, 0.6])


def law(estimator, N: int, q: np.ndarray) -> tuple[float, float]:
    """Exact mean and variance of an estimator over all samples of size ``N`` from ``q``."""
    samples = [np.array(x) for x in product(range(len(q)), repeat=N)]
    mass = np.array([q[x].prod() for x in samples])
    values = np.array([estimator(x) for x in samples])
    mean = mass @ values
    return mean, mass @ (values - mean) ** 2


# Points


@pytest.mark.statement("importance_sampling")
@pytest.mark.parametrize("N", [2, 3])
def test_the_exact_law_of_the_estimate_on_three_points(N):
    mean, variance = law(lambda x: importance.estimate(F, P, Q, x).mean, N, Q)
    assert mean == pytest.approx(F @ P, abs=EXACT)
    assert variance == pytest.approx(importance.variance(F, P, Q) / N, abs=EXACT)


@pytest.mark.statement("importance_sampling")
def test_an_inverted_or_a_missing_ratio_is_biased():
    inverted, _ = law(lambda x: np.mean(Q[x] / P[x] * F[x]), 2, Q)
    missing, _ = law(lambda x: np.mean(F[x]), 2, Q)
    assert abs(inverted - F @ P) > 0.1
    assert abs(missing - F @ P) > 0.1


@pytest.mark.statement("importance_sampling")
def test_the_variance_is_the_second_moment_of_the_terms_less_the_square_of_the_mean():
    by_hand = Q @ (P / Q * F) ** 2 - (P @ F) ** 2
    assert importance.variance(F, P, Q) == pytest.approx(by_hand, abs=EXACT)
    on_target = importance.variance(F, P, P)
    assert on_target == pytest.approx(P @ F**2 - (P @ F) ** 2, abs=EXACT)
    without_square = Q @ (P / Q * F**2) - (P @ F) ** 2
    assert abs(without_square - by_hand) > 0.1


@pytest.mark.statement("importance_sampling")
def test_the_standard_error_squared_is_unbiased_for_the_variance():
    N = 3
    squared, _ = law(lambda x: importance.estimate(F, P, Q, x).stderr ** 2, N, Q)
    assert squared == pytest.approx(importance.variance(F, P, Q) / N, abs=EXACT)
    assert np.isnan(importance.estimate(F, P, Q, [0]).stderr)


@pytest.mark.statement("importance_sampling")
def test_no_proposal_beats_the_target_times_the_size_of_f(rng):
    best = importance.optimal_proposal(F, P)
    least = importance.variance(F, P, best)
    assert least == pytest.approx((P @ np.abs(F)) ** 2 - (P @ F) ** 2, abs=EXACT)
    others = [importance.variance(F, P, q) for q in rng.dirichlet(np.ones(3), size=200)]
    assert min(others) > least
    assert importance.variance(F, P, P) > least
    positive = np.abs(F)
    zero = importance.variance(positive, P, importance.optimal_proposal(positive, P))
    assert zero == pytest.approx(0, abs=EXACT)


@pytest.mark.statement("importance_sampling")
def test_the_weights_have_mean_one_and_are_the_ratios():
    x = np.arange(3)
    w = importance.weights(P, Q, x)
    np.testing.assert_allclose(w, P / Q, atol=EXACT)
    assert Q @ w == pytest.approx(1, abs=EXACT)
    assert abs(Q @ importance.weights(Q, P, x) - 1) > 0.1


@pytest.mark.statement("importance_sampling")
def test_callables_and_tables_give_the_same_estimate(rng):
    x = rng.choice(3, size=50, p=Q)
    by_table = importance.estimate(F, P, Q, x)
    by_call = importance.estimate(F.__getitem__, P.__getitem__, Q.__getitem__, x)
    assert by_table[:3] == by_call[:3]
    np.testing.assert_array_equal(by_table.weights, by_call.weights)


@pytest.mark.statement("importance_sampling")
def test_the_self_normalised_estimate_forgets_factors_and_its_bias_vanishes(rng):
    x = rng.choice(3, size=40, p=Q)
    scaled = importance.self_normalised(F, 7 * P, 3 * Q, x)
    assert scaled[:3] == pytest.approx(importance.self_normalised(F, P, Q, x)[:3], abs=EXACT)
    shifted = importance.self_normalised(F + 10, P, Q, x)
    assert shifted.mean == pytest.approx(scaled.mean + 10, abs=EXACT)
    assert shifted.stderr == pytest.approx(scaled.stderr, abs=EXACT)
    plain = [importance.estimate(f, P, Q, x).mean for f in (F, F + 10)]
    assert abs(plain[1] - plain[0] - 10) > 1e-3

    def bias(N):
        mean, _ = law(lambda x: importance.self_normalised(F, P, Q, x).mean, N, Q)
        return abs(mean - F @ P)

    assert bias(2) > 1e-2
    assert bias(8) < bias(4) < bias(2)


@pytest.mark.statement("importance_sampling")
def test_the_standard_error_of_the_self_normalised_estimate_is_first_order(rng):
    """Its square, times N, tends to E_q[w² (f - mean)²]; its own scatter is by the delta method."""
    N = 200_000
    f, w = F + 10, P / Q
    centred = w * (f - f @ P)
    limit = Q @ centred**2
    influence = centred**2 - limit - 2 * (Q @ (w * centred)) * centred - 2 * limit * (w - 1)
    x = rng.choice(3, size=N, p=Q)
    stderr = importance.self_normalised(f, P, Q, x).stderr
    tolerance = 5 * np.sqrt(Q @ influence**2 / N)
    assert abs(N * stderr**2 - limit) < tolerance
    assert abs(importance.variance(f, P, Q) - limit) > 50 * tolerance


@pytest.mark.statement("importance_sampling")
def test_the_effective_sample_size_counts_equal_weights_fully_and_lone_ones_once(rng):
    assert importance.effective_sample_size(np.full(9, 0.3)) == pytest.approx(9, abs=EXACT)
    assert importance.effective_sample_size([0.0, 5.0, 0.0]) == pytest.approx(1, abs=EXACT)
    assert importance.effective_sample_size([0.0, 0.0]) == 0
    w = rng.exponential(size=50)
    size = importance.effective_sample_size(w)
    assert size == pytest.approx(w.sum() ** 2 / (w**2).sum(), abs=EXACT)
    assert 1 < size < 50
    assert importance.effective_sample_size(1e200 * w) == pytest.approx(size, rel=EXACT)


@pytest.mark.statement("importance_sampling")
@pytest.mark.parametrize(("m", "s"), [(0.0, 1.0), (0.8, 1.0), (0.0, 0.4), (-0.7, 1.3), (0.5, 1.35)])
def test_gaussian_second_moments_are_their_integrals(m, s):
    x = np.linspace(-100, 100, 400_001)
    log_p = -(((x - m) / s) ** 2) / 2 - np.log(s * np.sqrt(2 * np.pi))
    log_q = -(x**2) / 2 - np.log(np.sqrt(2 * np.pi))
    squared = np.exp(2 * log_p - log_q) * (x[1] - x[0])
    assert importance.gaussian_weight_moment(m, s) == pytest.approx(squared.sum(), rel=1e-9)
    assert importance.gaussian_mean_moment(m, s) == pytest.approx(squared @ x**2, rel=1e-9)
    inverted = np.exp(2 * log_q - log_p).sum() * (x[1] - x[0]) if s > 0.8 else np.inf
    assert (m, s) == (0.0, 1.0) or s == 1.0 or abs(inverted / squared.sum() - 1) > 0.01


@pytest.mark.statement("importance_sampling")
@pytest.mark.parametrize("s", [np.sqrt(2.0) + 1e-12, 1.5, 3.0])
def test_the_gaussian_variance_is_infinite_where_the_target_is_too_wide(s):
    """The integrals over [-c, c] stay bounded just below s² = 2 and grow without end from it on."""

    def partial(s, c):
        x = np.linspace(-c, c, 20_001)
        log_w2q = -((x / s) ** 2) + x**2 / 2
        return np.exp(log_w2q).sum() * (x[1] - x[0])

    assert partial(s, 30) > 1.9 * partial(s, 15)
    assert partial(1.3, 30) == pytest.approx(partial(1.3, 15), rel=1e-3)
    assert importance.gaussian_weight_moment(0.0, s) == np.inf
    assert importance.gaussian_mean_moment(0.0, s) == np.inf
    assert np.isfinite(importance.gaussian_weight_moment(0.0, 1.4))


@pytest.mark.statement("importance_sampling")
def test_gaussian_estimates_scatter_as_the_exact_variance_says(rng):
    m, s, N, repeats = 0.5, 0.9, 100, 4_000

    def normal(mean, deviation):
        scale = deviation * np.sqrt(2 * np.pi)
        return lambda x: np.exp(-(((x - mean) / deviation) ** 2) / 2) / scale

    def estimate(target, proposal):
        x = rng.normal(size=N)
        return importance.estimate(np.asarray, target, proposal, x).mean

    p, q = normal(m, s), normal(0.0, 1.0)
    means = np.array([estimate(p, q) for _ in range(repeats)])
    variance = importance.gaussian_mean_moment(m, s) - m**2
    stderr = np.sqrt(variance / N / repeats)
    assert abs(means.mean() - m) < 5 * stderr
    assert means.var() == pytest.approx(variance / N, rel=5 * np.sqrt(2 / repeats))
    swapped = np.array([estimate(q, p) for _ in range(repeats)])
    assert abs(swapped.mean() - m) > 20 * stderr


# Trajectories


@pytest.fixture(params=["tabular", "linear"])
def policy(request, small, rng):
    if request.param == "tabular":
        return TabularSoftmax(small.S, small.A)
    return LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))


@pytest.fixture
def theta(policy, rng):
    return rng.normal(size=policy.p)


@pytest.fixture(params=[True, False], ids=["stationary", "time-dependent"])
def pi_old(request, small, rng):
    shape = (small.S,) if request.param else (small.H, small.S)
    return rng.dirichlet(3 * np.ones(small.A), size=shape)


@pytest.mark.statement("likelihood_ratio", "importance_sampling")
def test_initial_state_and_transitions_cancel_in_the_ratio(small, policy, theta, pi_old):
    tau = exact.trajectories(small)
    pi = policy.table(theta)
    log_ratio = exact.log_likelihood(small, pi, tau) - exact.log_likelihood(small, pi_old, tau)
    ratio = importance.trajectory_ratio(pi, pi_old, tau)
    np.testing.assert_allclose(ratio, np.exp(log_ratio), rtol=EXACT)
    steps = importance.per_step_ratios(pi, pi_old, tau)
    np.testing.assert_allclose(steps.prod(axis=1), ratio, rtol=EXACT)
    assert np.abs(steps[:, 0] - ratio).max() > 0.1


@pytest.mark.statement("likelihood_ratio")
def test_the_off_policy_gradient_has_mean_the_gradient(small, policy, theta, pi_old):
    tau = exact.trajectories(small)
    rho_old = np.exp(exact.log_likelihood(small, pi_old, tau))
    g = exact.gradient(small, policy, theta)

    def mean(psi):
        return rho_old @ policy_gradient(policy, theta, tau, psi, per_trajectory=True)

    each = importance.off_policy_gradient(policy, theta, pi_old, tau, per_trajectory=True)
    np.testing.assert_allclose(rho_old @ each, g, atol=EXACT)
    average = importance.off_policy_gradient(policy, theta, pi_old, tau)
    np.testing.assert_allclose(average, each.mean(axis=0), atol=EXACT)
    R = total_return(tau)
    inverted = R / importance.trajectory_ratio(policy.table(theta), pi_old, tau)[:, None]
    one_step_only = R * importance.per_step_ratios(policy.table(theta), pi_old, tau)
    for wrong in (R, inverted, one_step_only):
        assert np.abs(mean(wrong) - g).max() > 1e-2


@pytest.mark.statement("likelihood_ratio")
def test_the_behaviour_is_frozen_before_the_ratio_is_differentiated(small, policy, theta):
    """At pi_old = pi_theta the frozen ratio has slope grad J; the ratio pi_theta / pi_theta has none."""
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    R = tau.r.sum(axis=1)

    def slope(ratio):
        steps = 1e-30j * np.eye(policy.p)
        return np.array([(rho * R @ ratio(theta + step)).imag / 1e-30 for step in steps])

    frozen = policy.table(theta)
    g = exact.gradient(small, policy, theta)
    by_ratio = slope(lambda t: importance.trajectory_ratio(policy.table(t), frozen, tau))
    np.testing.assert_allclose(by_ratio, g, atol=EXACT)
    thawed = slope(lambda t: importance.trajectory_ratio(policy.table(t), policy.table(t), tau))
    np.testing.assert_allclose(thawed, 0, atol=EXACT)
    assert np.abs(g).max() > 1e-2
    on_policy = importance.off_policy_gradient(policy, theta, frozen, tau, per_trajectory=True)
    reinforce = policy_gradient(policy, theta, tau, total_return(tau), per_trajectory=True)
    np.testing.assert_allclose(on_policy, reinforce, atol=EXACT)


@pytest.mark.statement("importance_sampling")
def test_the_second_moment_of_the_trajectory_ratio_for_each_horizon(small, policy, theta, pi_old):
    pi = policy.table(theta)
    moments = importance.trajectory_second_moment(small, pi, pi_old)
    tau = exact.trajectories(small)
    rho_old = np.exp(exact.log_likelihood(small, pi_old, tau))
    ratios = importance.per_step_ratios(pi, pi_old, tau)
    for n in range(small.H + 1):
        by_enumeration = rho_old @ ratios[:, :n].prod(axis=1) ** 2
        assert moments[n] == pytest.approx(by_enumeration, abs=EXACT)
    each = importance.per_step_second_moment(small, pi, pi_old)
    np.testing.assert_allclose(each, rho_old @ ratios**2, atol=EXACT)
    assert (np.diff(moments) > 0).all()
    assert abs(moments[-1] - each.prod()) > 1e-4


@pytest.mark.statement("importance_sampling")
def test_the_trajectory_ratio_grows_exponentially_and_the_per_step_ratio_does_not(small, rng):
    long = MDP(small.P, small.r, small.mu0, H=60)
    pi, pi_old = rng.dirichlet(4 * np.ones(small.A), size=(2, small.S))
    growth = np.diff(np.log(importance.trajectory_second_moment(long, pi, pi_old)))
    assert growth[-1] > 0.01
    np.testing.assert_allclose(growth[30:], growth[-1], rtol=1e-3)
    each = importance.per_step_second_moment(long, pi, pi_old)
    np.testing.assert_allclose(each[30:], each[-1], rtol=1e-3)


@pytest.mark.statement("importance_sampling")
def test_a_time_augmented_mdp_has_the_second_moments_of_its_base(small, rng):
    timed = small.with_time()
    pi, pi_old = rng.dirichlet(4 * np.ones(small.A), size=(2, small.H, small.S))
    flat = pi.reshape(timed.S, -1), pi_old.reshape(timed.S, -1)
    for moment in (importance.trajectory_second_moment, importance.per_step_second_moment):
        np.testing.assert_allclose(moment(timed, *flat), moment(small, pi, pi_old), atol=EXACT)
    assert "P" not in vars(timed)


def test_steps_that_were_not_taken_have_ratio_one(small, rng):
    pi, pi_old = rng.dirichlet(4 * np.ones(small.A), size=(2, small.S))
    tau = exact.trajectories(small)
    cut = Trajectories(tau.s, tau.a, tau.r, mask=np.arange(small.H) < np.full((tau.N, 1), 2))
    full = importance.per_step_ratios(pi, pi_old, tau)
    ratios = importance.per_step_ratios(pi, pi_old, cut)
    np.testing.assert_array_equal(ratios[:, :2], full[:, :2])
    assert (ratios[:, 2] == 1).all()
    assert (full[:, 2] != 1).all()


# Support


@pytest.mark.statement("importance_sampling")
def test_a_point_out_of_the_proposals_reach_is_named():
    q = np.array([0.5, 0.5, 0.0])
    message = r"^q must be positive wherever p f is not 0, but q\[2\] is 0 and p\[2\] is 0\.2\.$"
    for call in (
        lambda: importance.estimate(F, P, q, [0, 1]),
        lambda: importance.self_normalised(F, P, q, [0, 1]),
        lambda: importance.variance(F, P, q),
        lambda: importance.estimate(F, P, q.__getitem__, [0, 1]),
        lambda: importance.estimate(F, P.__getitem__, q.__getitem__, [0, 1]),
        lambda: importance.self_normalised(F, P, q.__getitem__, [0, 1]),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    lost, _ = law(lambda x: np.mean(P[x] / q[x] * F[x]), 2, q[:2])
    assert abs(lost - F @ P) > 0.5


@pytest.mark.statement("importance_sampling")
@pytest.mark.parametrize("estimator", [importance.estimate, importance.self_normalised])
def test_points_beyond_the_end_of_the_proposal_are_out_of_its_reach(estimator):
    """They are missing, where others are 0: the samples look as if f never paid anything."""
    f, p, q = np.array([0.0, 0.0, 5.0, 5.0]), np.full(4, 0.25), np.full(2, 0.5)
    with pytest.raises(ValueError, match=r"^q has 2 values, but 4 are expected, as many as f has"):
        estimator(f, p, q, [0, 1])
    lost, variance = law(lambda x: np.mean(p[x] / q[x] * f[x]), 2, q)
    assert (lost, variance) == (0, 0)
    assert f @ p == 2.5


@pytest.mark.statement("importance_sampling")
def test_a_point_where_f_is_zero_needs_no_support():
    f, q = np.array([2.0, -1.0, 0.0]), np.array([0.5, 0.5, 0.0])
    mean, variance = law(lambda x: importance.estimate(f, P, q, x).mean, 2, q[:2])
    assert mean == pytest.approx(f @ P, abs=EXACT)
    assert variance == pytest.approx(importance.variance(f, P, q) / 2, abs=EXACT)


@pytest.mark.statement("likelihood_ratio")
def test_a_behaviour_that_never_takes_an_action_is_refused_since_it_would_bias(
    small, policy, theta
):
    greedy = np.tile([1.0, 0.0], (small.S, 1))
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, greedy, tau))
    possible = Trajectories(tau.s[rho > 0], tau.a[rho > 0], tau.r[rho > 0])
    message = r"^pi_old must be positive wherever pi or tau acts, but it gives 0 to action 1 in"
    with pytest.raises(ValueError, match=message):
        importance.off_policy_gradient(policy, theta, greedy, possible)
    with pytest.raises(
        ValueError, match=r"^pi_old must be positive wherever pi is, but it gives 0"
    ):
        importance.trajectory_second_moment(small, policy.table(theta), greedy)
    p = np.take_along_axis(policy.table(theta)[possible.s], possible.a[..., None], axis=-1)
    terms = p[..., 0].prod(axis=1)[:, None] * total_return(possible)
    each = policy_gradient(policy, theta, possible, terms, per_trajectory=True)
    bias = rho[rho > 0] @ each - exact.gradient(small, policy, theta)
    assert np.abs(bias).max() > 0.05


def test_a_gap_in_the_behaviour_where_nobody_goes_is_no_violation():
    """State 1 is never reached: the two policies may differ there as they like."""
    P = np.zeros((2, 2, 2))
    P[:, :, 0] = 1.0
    mdp = MDP(P, np.zeros((2, 2)), mu0=[1.0, 0.0], H=3)
    pi, pi_old = np.full((2, 2), 0.5), np.array([[0.5, 0.5], [1.0, 0.0]])
    np.testing.assert_array_equal(importance.trajectory_second_moment(mdp, pi, pi_old), 1.0)
    np.testing.assert_array_equal(importance.per_step_second_moment(mdp, pi, pi_old), 1.0)
    elsewhere = MDP(P, np.zeros((2, 2)), mu0=[0.5, 0.5], H=3)
    with pytest.raises(ValueError, match="in state 1 at step 0"):
        importance.trajectory_second_moment(elsewhere, pi, pi_old)


# The border

UNIFORM = np.full((1, 2), 0.5)
COIN = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
TAU = Trajectories(np.zeros((1, 2), int), np.zeros((1, 2), int), np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: importance.estimate(F, P + 0.1, Q, [0]), r"p must sum to 1, but it sums to 1\.3"),
        (
            lambda: importance.estimate(F, P, Q, [3]),
            "x must lie between 0 and 2, but it contains 3",
        ),
        (lambda: importance.estimate(F, P, Q, [0.5]), "x must hold integers, but its type is fl"),
        (lambda: importance.estimate(F, P, Q, []), "x must hold one sample at least, but it is em"),
        (
            lambda: importance.weights(np.ones_like, np.zeros_like, [1.0, 2.0]),
            r"q must be positive at its own samples, but it is 0 at x\[0\]",
        ),
        (
            lambda: importance.weights(np.negative, np.ones_like, [-1.0, 2.0]),
            r"p must not be negative, but it is -2 at x\[1\]",
        ),
        (
            lambda: importance.self_normalised(np.ones_like, np.zeros_like, np.ones_like, [1.0]),
            "p must be positive at one sample at least, but it is 0 at all of them",
        ),
        (lambda: importance.effective_sample_size([1.0, -1.0]), "w must not be negative, but it"),
        (lambda: importance.optimal_proposal([0.0, 1.0], [1.0, 0.0]), "f must differ from 0 at a"),
        (
            lambda: importance.variance(F, [0.25] * 4, Q),
            "p has 4 values, but 3 are expected, as ma",
        ),
        (
            lambda: importance.variance(F, P[:2], Q),
            "p has 2 values, but 3 are expected, as many as",
        ),
        (
            lambda: importance.variance(F[:2], P, Q),
            "p has 3 values, but 2 are expected, as many as",
        ),
        (
            lambda: importance.weights(P, Q[:2], [0]),
            "q has 2 values, but 3 are expected, as many as",
        ),
        (
            lambda: importance.optimal_proposal(F[:2], P),
            "p has 3 values, but 2 are expected, as many as f has",
        ),
        (
            lambda: importance.gaussian_weight_moment(0.0, 0.0),
            "s must be positive, but it contains",
        ),
        (
            lambda: importance.per_step_ratios(np.full((3, 1, 2), 0.5), UNIFORM, TAU),
            r"pi has shape \(3, 1, 2\), but \(S, A\) or \(H, S, A\) with H = 2 is expected",
        ),
        (
            lambda: importance.per_step_second_moment(COIN, UNIFORM, UNIFORM[:, :1]),
            r"pi_old has shape \(1, 1\), but \(1, 2\) or \(3, 1, 2\) is expected",
        ),
        (
            lambda: importance.trajectory_second_moment(
                COIN.with_time(), UNIFORM[[0] * 3], UNIFORM
            ),
            r"pi_old has shape \(1, 2\), but \(3, 2\) or \(3, 3, 2\) is expected",
        ),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
