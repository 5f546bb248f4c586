"""Importance sampling of points and of trajectories, against exact laws."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pgcompanion import divergences, exact
from pgcompanion.derivatives import complex_step
from pgcompanion.estimators import (
    importance,
    per_trajectory_gradients,
    policy_gradient,
    total_return,
)
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
    mean, variance = law(lambda x: importance.importance_sampling_mean(F[x], P[x], Q[x]), N, Q)
    assert mean == pytest.approx(F @ P, abs=EXACT)
    assert variance == pytest.approx(importance.variance(F, P, Q) / N, abs=EXACT)
    inverted, _ = law(lambda x: importance.importance_sampling_mean(F[x], Q[x], P[x]), N, Q)
    assert abs(inverted - F @ P) > 0.1


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
    squared, _ = law(lambda x: importance.standard_error(F[x], P[x], Q[x]) ** 2, N, Q)
    variance = importance.variance(F, P, Q) / N
    assert squared == pytest.approx(variance, abs=EXACT)
    by_n, _ = law(lambda x: (P[x] / Q[x] * F[x]).var() / N, N, Q)
    assert variance > 1.4 * by_n


@pytest.mark.statement("optimal_proposal")
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
    w = importance.importance_weights(P, Q)
    np.testing.assert_allclose(w, P / Q, atol=EXACT)
    assert Q @ w == pytest.approx(1, abs=EXACT)
    assert abs(Q @ importance.importance_weights(Q, P) - 1) > 0.1


@pytest.mark.statement("importance_sampling")
def test_the_self_normalised_mean_needs_no_factors_and_its_bias_vanishes(rng):
    x = rng.choice(3, size=40, p=Q)
    f, p, q = F[x], P[x], Q[x]
    mean, error = importance.self_normalised_mean, importance.self_normalised_error
    assert mean(f, 7 * p, 3 * q) == pytest.approx(mean(f, p, q), abs=EXACT)
    assert error(f, 7 * p, 3 * q) == pytest.approx(error(f, p, q), abs=EXACT)
    assert mean(f + 10, p, q) == pytest.approx(mean(f, p, q) + 10, abs=EXACT)
    assert error(f + 10, p, q) == pytest.approx(error(f, p, q), abs=EXACT)
    plain = importance.importance_sampling_mean
    assert abs(plain(f, 7 * p, 3 * q) - plain(f, p, q)) > 0.1
    assert abs(plain(f + 10, p, q) - plain(f, p, q) - 10) > 1e-3

    def bias(N):
        expected, _ = law(lambda x: mean(F[x], P[x], Q[x]), N, Q)
        return abs(expected - F @ P)

    assert bias(2) > 1e-2
    assert bias(8) < bias(4) < bias(2)


@pytest.mark.statement("importance_sampling")
def test_the_standard_error_of_the_self_normalised_mean_is_first_order(rng):
    """Its square, times N, tends to E_q[w² (f - mean)²]; its scatter is by the delta method."""
    N = 200_000
    f, w = F + 10, P / Q
    centred = w * (f - f @ P)
    limit = Q @ centred**2
    influence = centred**2 - limit - 2 * (Q @ (w * centred)) * centred - 2 * limit * (w - 1)
    x = rng.choice(3, size=N, p=Q)
    stderr = importance.self_normalised_error(f[x], P[x], Q[x])
    tolerance = 5 * np.sqrt(Q @ influence**2 / N)
    assert abs(N * stderr**2 - limit) < tolerance
    assert abs(importance.variance(f, P, Q) - limit) > 50 * tolerance


@pytest.mark.statement("importance_sampling")
def test_one_weight_may_be_zero_as_long_as_not_all_are():
    """A sample that the target never gives counts as nothing, for each of the estimates."""
    f, p, q = np.array([4.0, 1.0, 7.0]), np.array([1.0, 0.0, 2.0]), np.ones(3)
    assert importance.importance_sampling_mean(f, p, q) == pytest.approx(6, abs=EXACT)
    assert importance.self_normalised_mean(f, p, q) == pytest.approx(6, abs=EXACT)
    assert importance.self_normalised_error(f, p, q) == pytest.approx(np.sqrt(8) / 3, abs=EXACT)
    assert importance.effective_sample_size(p) == pytest.approx(9 / 5, abs=EXACT)
    assert abs(np.mean(f) - 6) > 1


@pytest.mark.statement("effective_size")
def test_the_effective_sample_size_counts_equal_weights_fully_and_lone_ones_once(rng):
    assert importance.effective_sample_size(np.full(9, 0.3)) == pytest.approx(9, abs=EXACT)
    assert importance.effective_sample_size([0.0, 5.0, 0.0]) == pytest.approx(1, abs=EXACT)
    assert importance.effective_sample_size([0.0, 0.0]) == 0
    w = rng.exponential(size=50)
    size = importance.effective_sample_size(w)
    assert size == pytest.approx(w.sum() ** 2 / (w**2).sum(), abs=EXACT)
    assert 1 < size < 50
    assert importance.effective_sample_size(1e200 * w) == pytest.approx(size, rel=EXACT)


@pytest.mark.statement("effective_size")
def test_the_second_moment_of_a_weight_is_one_more_than_the_chi_squared_divergence(rng, measure):
    """It is the variance of a weight; the divergence with exchanged arguments, the control, is not."""
    found, other = [], []
    for _ in range(100):
        p, q = rng.dirichlet(np.ones(4), size=2)
        chi2, variance = divergences.chi_squared(p, q), importance.variance(np.ones(4), p, q)
        found.append((chi2 - variance) / (1 + chi2))
        other.append(abs(divergences.chi_squared(q, p) - variance))
        assert chi2 >= np.exp(divergences.kl_divergence(p, q)) - 1 - EXACT
    assert measure(found, over=100, of="pairs of distributions") < EXACT
    assert max(other) > 0.1
    assert divergences.chi_squared(P, np.array([0.5, 0.5, 0.0])) == np.inf


@pytest.mark.statement("effective_size")
def test_the_measured_size_tends_to_that_of_the_population_and_overstates_it_before(rng):
    """Where the weights are moderate they agree; where samples miss the target the measured one is far too large."""
    N = 20_000
    for m, s in [(0.5, 1.0), (0.0, 0.7)]:
        w = gaussian_weights(m, s, rng.normal(size=N))
        share = importance.effective_sample_size(w) / N
        assert share == pytest.approx(1 / importance.gaussian_weight_moment(m, s), rel=0.1)
    sizes = [
        importance.effective_sample_size(gaussian_weights(3.0, 1.0, rng.normal(size=1000)))
        for _ in range(200)
    ]
    assert min(sizes) >= 1
    assert np.median(sizes) > 10 * 1000 / importance.gaussian_weight_moment(3.0, 1.0)


def gaussian_weights(m, s, x):
    return np.exp(-(((x - m) / s) ** 2) / 2 + x**2 / 2) / s


@pytest.mark.statement("defensive_mixture")
def test_a_defensive_mixture_bounds_weight_and_second_moment(rng, measure):
    """By 1/alpha, and by 1/(1 - alpha) times the proposal's own; the plain proposal, the control, keeps to neither."""
    excess, plain = [], True
    for _ in range(100):
        f, alpha = rng.normal(size=5), rng.uniform(0.05, 0.95)
        p, q = rng.dirichlet(np.full(5, 0.3), size=2)
        mixture = importance.defensive_mixture(p, q, alpha)
        assert mixture.sum() == pytest.approx(1, abs=EXACT)
        excess.append((importance.importance_weights(p, mixture) - 1 / alpha).max())

        def second(proposal, p=p, f=f):
            return importance.variance(f, p, proposal) + (p @ f) ** 2

        on_target, alone = second(p), second(q)
        excess.append(second(mixture) / min(on_target / alpha, alone / (1 - alpha)) - 1)
        plain &= bool((importance.importance_weights(p, q) <= 1 / alpha).all())
        plain &= alone <= on_target / alpha
    assert measure(max(max(excess), 0.0), over=100, of="mixtures") < 1e-9
    assert not plain


@pytest.mark.statement("effective_size")
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
    """The integrals over [-c, c] are bounded just below s² = 2 and grow without end from it on."""

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
        return importance.importance_sampling_mean(x, target(x), proposal(x))

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


@pytest.mark.statement("likelihood_ratio", "trajectory_weights")
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
        return rho_old @ per_trajectory_gradients(policy, theta, tau, psi)

    R = total_return(tau.r)
    ratio = importance.trajectory_ratio(policy.table(theta), pi_old, tau)[:, None]
    np.testing.assert_allclose(mean(ratio * R), g, atol=EXACT)
    average = importance.off_policy_gradient(policy, theta, pi_old, tau)
    each = per_trajectory_gradients(policy, theta, tau, ratio * R)
    np.testing.assert_allclose(average, each.mean(axis=0), atol=EXACT)
    inverted = R / ratio
    one_step_only = R * importance.per_step_ratios(policy.table(theta), pi_old, tau)
    for wrong in (R, inverted, one_step_only):
        assert np.abs(mean(wrong) - g).max() > 1e-2


@pytest.mark.statement("likelihood_ratio")
def test_the_behaviour_is_frozen_before_the_ratio_is_differentiated(small, policy, theta):
    """At pi_old = pi_theta the frozen ratio has slope grad J; pi_theta / pi_theta has none."""
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    R = tau.r.sum(axis=1)

    def slope(ratio):
        return complex_step(lambda t: rho * R @ ratio(t), theta)

    frozen = policy.table(theta)
    g = exact.gradient(small, policy, theta)
    by_ratio = slope(lambda t: importance.trajectory_ratio(policy.table(t), frozen, tau))
    np.testing.assert_allclose(by_ratio, g, atol=EXACT)
    thawed = slope(lambda t: importance.trajectory_ratio(policy.table(t), policy.table(t), tau))
    np.testing.assert_allclose(thawed, 0, atol=EXACT)
    assert np.abs(g).max() > 1e-2
    on_policy = importance.off_policy_gradient(policy, theta, frozen, tau)
    reinforce = policy_gradient(policy, theta, tau, total_return(tau.r))
    np.testing.assert_allclose(on_policy, reinforce, atol=EXACT)


@pytest.mark.statement("trajectory_weights")
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


@pytest.mark.statement("trajectory_weights")
def test_the_trajectory_ratio_grows_exponentially_and_the_per_step_ratio_does_not(small, rng):
    long = MDP(small.P, small.r, small.mu0, H=60)
    pi, pi_old = rng.dirichlet(4 * np.ones(small.A), size=(2, small.S))
    growth = np.diff(np.log(importance.trajectory_second_moment(long, pi, pi_old)))
    assert growth[-1] > 0.01
    np.testing.assert_allclose(growth[30:], growth[-1], rtol=1e-3)
    each = importance.per_step_second_moment(long, pi, pi_old)
    np.testing.assert_allclose(each[30:], each[-1], rtol=1e-3)


@pytest.mark.statement("likelihood_ratio", "trajectory_weights")
def test_a_time_dependent_policy_is_reweighted_by_the_row_of_each_step(small, pi_old, rng):
    """With the rows of step 0 at every step the mean is another."""
    policy = TabularSoftmax(small.S, small.A, H=small.H)
    theta = rng.normal(size=policy.p)
    pi, tau = policy.table(theta), exact.trajectories(small)
    rho_old = np.exp(exact.log_likelihood(small, pi_old, tau))
    g, R = exact.gradient(small, policy, theta), total_return(tau.r)

    def mean(pi):
        ratio = importance.trajectory_ratio(pi, pi_old, tau)
        return rho_old @ per_trajectory_gradients(policy, theta, tau, ratio[:, None] * R)

    np.testing.assert_allclose(mean(pi), g, atol=EXACT)
    assert np.abs(mean(pi[0]) - g).max() > 1e-2
    moments = importance.trajectory_second_moment(small, pi, pi_old)
    by_enumeration = rho_old @ importance.trajectory_ratio(pi, pi_old, tau) ** 2
    assert moments[-1] == pytest.approx(by_enumeration, abs=EXACT)


@pytest.mark.statement("per_decision")
def test_a_reward_needs_only_the_ratios_of_the_steps_up_to_it(
    small, policy, theta, pi_old, measure
):
    """The mean is J; with the ratios of later steps alone, or of this step alone, it is not."""
    tau, pi = exact.trajectories(small), policy.table(theta)
    rho_old = np.exp(exact.log_likelihood(small, pi_old, tau))
    J = exact.evaluate(small, pi).J
    X = importance.per_decision_returns(pi, pi_old, tau)
    assert measure(rho_old @ X - J, over=tau.N) < EXACT
    u = importance.per_step_ratios(pi, pi_old, tau)
    later = np.cumprod(u[:, ::-1], axis=1)[:, ::-1]
    for wrong in (u, later, np.ones_like(u)):
        assert abs(rho_old @ (wrong * tau.r).sum(axis=1) - J) > 1e-3


@pytest.mark.statement("per_decision")
def test_the_exact_variances_of_the_whole_and_of_the_weight_per_decision(
    small, policy, theta, pi_old, measure
):
    """Against enumeration. The on-policy variance of the return, the control, is another."""
    tau, pi = exact.trajectories(small), policy.table(theta)
    rho_old = np.exp(exact.log_likelihood(small, pi_old, tau))
    J = exact.evaluate(small, pi).J
    whole = importance.trajectory_ratio(pi, pi_old, tau) * tau.r.sum(axis=1)
    per_decision = importance.per_decision_returns(pi, pi_old, tau)
    variances = importance.trajectory_variance, importance.per_decision_variance
    for f, X in zip(variances, (whole, per_decision), strict=True):
        by_enumeration = rho_old @ (X - J) ** 2
        assert measure(f(small, pi, pi_old) - by_enumeration, over=tau.N) < EXACT
        assert abs(f(small, pi, pi) - by_enumeration) > 1e-3


@pytest.mark.statement("per_decision")
def test_weights_per_decision_are_usually_better_and_not_always(rng):
    """A last reward that takes back the first: the whole return is always 0, and no weight can hurt it."""
    better = 0
    for _ in range(100):
        P = rng.dirichlet(np.ones(3), size=(3, 2))
        mdp = MDP(P, rng.normal(size=(3, 2)), rng.dirichlet(np.ones(3)), H=6)
        pi, old = rng.dirichlet(2 * np.ones(2), size=(2, 3))
        args = mdp, pi, old
        better += importance.per_decision_variance(*args) < importance.trajectory_variance(*args)
    assert better > 60
    P = np.zeros((2, 2, 2))
    P[:, :, 1] = 1
    zero = MDP(P, r=[[1.0, 1.0], [-1.0, -1.0]], mu0=[1.0, 0.0], H=2)
    args = zero, np.array([[0.9, 0.1]] * 2), np.array([[0.5, 0.5]] * 2)
    assert importance.trajectory_variance(*args) == pytest.approx(0, abs=EXACT)
    assert importance.per_decision_variance(*args) > 0.1


def test_steps_that_were_not_taken_have_ratio_one(small, rng):
    """Whatever stands there: here neither a state nor an action."""
    pi, pi_old = rng.dirichlet(4 * np.ones(small.A), size=(2, small.S))
    tau = exact.trajectories(small)
    mask = np.arange(small.H) < np.full((tau.N, 1), 2)
    s, a = np.where(mask, tau.s, 99), np.where(mask, tau.a, -1)
    full = importance.per_step_ratios(pi, pi_old, tau)
    ratios = importance.per_step_ratios(pi, pi_old, Trajectories(s, a, tau.r, mask))
    np.testing.assert_array_equal(ratios[:, :2], full[:, :2])
    assert (ratios[:, 2] == 1).all()
    assert (full[:, 2] != 1).all()


def test_a_step_that_was_not_taken_needs_no_support():
    """The behaviour never takes action 0: where no step was taken, that stands for nothing."""
    pi = np.array([[0.0, 1.0]])
    s, a, r = np.zeros((1, 2), int), np.array([[1, 0]]), np.zeros((1, 2))
    ended = Trajectories(s, a, r, mask=np.array([[True, False]]))
    np.testing.assert_array_equal(importance.per_step_ratios(pi, pi, ended), 1.0)
    with pytest.raises(ValueError, match="it gives 0 to action 0 in state 0 at step 1"):
        importance.per_step_ratios(pi, pi, Trajectories(s, a, r))


# Support


@pytest.mark.statement("importance_sampling")
def test_a_point_out_of_the_proposals_reach_is_named():
    q = np.array([0.5, 0.5, 0.0])
    message = r"^q must be positive wherever p f is not 0, but q\[2\] is 0 and p\[2\] is 0\.2\.$"
    with pytest.raises(ValueError, match=message):
        importance.variance(F, P, q)
    lost, _ = law(lambda x: importance.importance_sampling_mean(F[x], P[x], q[x]), 2, q[:2])
    assert abs(lost - F @ P) > 0.5
    with pytest.raises(
        ValueError, match=r"^q must be positive at its own samples, but q\[1\] is 0\.$"
    ):
        importance.importance_sampling_mean(F[[0, 2]], P[[0, 2]], q[[0, 2]])


@pytest.mark.statement("importance_sampling")
def test_a_point_where_f_is_zero_needs_no_support():
    f, q = np.array([2.0, -1.0, 0.0]), np.array([0.5, 0.5, 0.0])
    mean, variance = law(lambda x: importance.importance_sampling_mean(f[x], P[x], q[x]), 2, q[:2])
    assert mean == pytest.approx(f @ P, abs=EXACT)
    assert variance == pytest.approx(importance.variance(f, P, q) / 2, abs=EXACT)
    gap, _ = law(lambda x: importance.importance_sampling_mean(F[x], P[x], q[x]), 2, q[:2])
    assert abs(gap - F @ P) > 0.5  # where f is not 0 there, the support is needed


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
    terms = p[..., 0].prod(axis=1)[:, None] * total_return(possible.r)
    each = per_trajectory_gradients(policy, theta, possible, terms)
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
    with pytest.raises(ValueError, match="to action 1 in state 1 at step 0"):
        importance.trajectory_second_moment(elsewhere, pi, pi_old)
    with pytest.raises(ValueError, match="to action 1 in state 0 at step 0"):  # the first of two
        importance.trajectory_second_moment(elsewhere, pi, np.tile(pi_old[1], (2, 1)))


@pytest.mark.statement("likelihood_ratio", "importance_sampling")
def test_an_action_that_neither_policy_takes_is_no_violation():
    """Its 0 / 0 enters nothing. Once the new policy takes it, or tau does, something is lost."""
    P = np.full((2, 3, 2), 0.5)
    mdp = MDP(P, np.zeros((2, 3)), mu0=[0.5, 0.5], H=2)
    pi, pi_old = np.array([[0.25, 0.75, 0.0]] * 2), np.array([[0.5, 0.5, 0.0]] * 2)
    second = 0.25**2 / 0.5 + 0.75**2 / 0.5
    np.testing.assert_allclose(
        importance.trajectory_second_moment(mdp, pi, pi_old), second ** np.arange(3), rtol=EXACT
    )
    np.testing.assert_allclose(
        importance.per_step_second_moment(mdp, pi, pi_old), [second] * 2, rtol=EXACT
    )
    tau = Trajectories([[0, 1]], [[0, 1]], [[0.0, 0.0]])
    np.testing.assert_allclose(
        importance.per_step_ratios(pi, pi_old, tau), [[0.5, 1.5]], rtol=EXACT
    )
    assert abs(second - 0.5**2 / 0.5 - 0.5**2 / 0.5) > 0.1
    message = (
        r"^pi_old must be positive wherever pi or tau acts, but it gives 0 to action 2 in state"
    )
    with pytest.raises(ValueError, match=message + " 1 at step 1"):
        importance.per_step_ratios(pi, pi_old, Trajectories([[0, 1]], [[0, 2]], [[0.0, 0.0]]))
    with pytest.raises(ValueError, match=message + " 0 at step 0"):
        importance.per_step_ratios(np.array([[0.2, 0.7, 0.1]] * 2), pi_old, tau)


# The border

UNIFORM = np.full((1, 2), 0.5)
COIN = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
TAU = Trajectories(np.zeros((1, 2), int), np.zeros((1, 2), int), np.zeros((1, 2)))
ELSEWHERE = Trajectories(np.array([[0, -1]]), np.zeros((1, 2), int), np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: importance.importance_sampling_mean(F[:2], P, Q),
            r"f has shape \(2,\), but \(3\) is expected",
        ),
        (
            lambda: importance.importance_weights(P, Q[:2]),
            r"q has shape \(2,\), but \(3\) is expected",
        ),
        (
            lambda: importance.importance_weights([], []),
            "p must hold one value at least, but it is",
        ),
        (lambda: importance.importance_weights(P, None), "q must be an array of numbers, but its"),
        (
            lambda: importance.importance_weights(P[None], Q),
            r"p has shape \(1, 3\), but \(any\) is expected",
        ),
        (
            lambda: importance.importance_weights([1.0, 1.0], [1.0, 0.0]),
            r"q must be positive at its own samples, but q\[1\] is 0\.$",
        ),
        (
            lambda: importance.importance_weights([1.0, -0.5], [1.0, 1.0]),
            r"p must not be negative, but p\[1\] is -0\.5\.$",
        ),
        (
            lambda: importance.self_normalised_mean([1.0], [0.0], [1.0]),
            "p must be positive at one sample at least, but it is 0 at all of them",
        ),
        (
            lambda: importance.self_normalised_error([1.0], [0.0], [1.0]),
            "p must be positive at one sample at least, but it is 0 at all of them",
        ),
        (
            lambda: importance.standard_error([1.0], [1.0], [1.0]),
            "f must hold two samples at least, but it holds 1",
        ),
        (lambda: importance.effective_sample_size([1.0, -1.0]), "w must not be negative, but it"),
        (lambda: importance.effective_sample_size([-1.0, -0.0]), "w must not be negative, but it"),
        (lambda: importance.effective_sample_size([]), "w must hold one value at least, but it is"),
        (lambda: importance.effective_sample_size([np.nan]), "w must be finite, but it contains"),
        (lambda: importance.optimal_proposal([0.0, 1.0], [1.0, 0.0]), "f must differ from 0 at a"),
        (
            lambda: importance.optimal_proposal(F[:2], P),
            r"p has shape \(3,\), but \(2\) is expected",
        ),
        (lambda: importance.optimal_proposal(F, P + 0.1), r"p must sum to 1, but it sums to 1\.3"),
        (
            lambda: importance.variance(F, [0.25] * 4, Q),
            r"p has shape \(4,\), but \(3\) is expected",
        ),
        (lambda: importance.variance(F, P, Q[:2]), r"q has shape \(2,\), but \(3\) is expected"),
        (lambda: importance.variance(F, P + 0.1, Q), r"p must sum to 1, but it sums to 1\.3"),
        (lambda: importance.variance(F, P, Q / 2), r"q must sum to 1, but it sums to 0\.5"),
        (
            lambda: importance.gaussian_weight_moment(0.0, 0.0),
            "s must be positive, but it contains",
        ),
        (
            lambda: importance.gaussian_weight_moment(np.nan, 1.0),
            "m must be finite, but it contains",
        ),
        (
            lambda: importance.gaussian_weight_moment(np.inf, 1.0),
            "m must be finite, but it contains",
        ),
        (
            lambda: importance.gaussian_weight_moment(0.0, np.nan),
            "s must be finite, but it contains",
        ),
        (lambda: importance.gaussian_mean_moment(0.0, np.inf), "s must be finite, but it contains"),
        (
            lambda: importance.gaussian_mean_moment(-np.inf, 1.0),
            "m must be finite, but it contains",
        ),
        (
            lambda: importance.per_step_ratios(np.full((3, 1, 2), 0.5), UNIFORM, TAU),
            r"pi has shape \(3, 1, 2\), but \(S, A\) or \(H, S, A\) with H = 2 is expected",
        ),
        (
            lambda: importance.per_step_ratios(UNIFORM, UNIFORM[0], TAU),
            r"pi_old has shape \(2,\), but \(S, A\) or \(H, S, A\) with H = 2 is expected",
        ),
        (
            lambda: importance.per_step_ratios(UNIFORM + 0.1, UNIFORM, TAU),
            r"pi\[0\] must sum to 1, but it sums to 1\.2",
        ),
        (
            lambda: importance.per_step_ratios(UNIFORM, np.array([[1.5, -0.5]]), TAU),
            r"pi_old must not be negative, but it contains -0\.5",
        ),
        (
            lambda: importance.per_step_ratios(UNIFORM, np.full((1, 4), 0.25), TAU),
            r"pi_old has shape \(1, 4\), but S and A of pi, \(1, 2\), are expected",
        ),
        (
            lambda: importance.per_step_ratios(UNIFORM[[0, 0]], UNIFORM, TAU),
            r"pi_old has shape \(1, 2\), but S and A of pi, \(2, 2\), are expected",
        ),
        (
            lambda: importance.per_step_ratios(UNIFORM[[0, 0]], UNIFORM[[0, 0]], ELSEWHERE),
            r"tau\.s must lie between 0 and 1, but it contains -1",
        ),
        (
            lambda: importance.trajectory_ratio(UNIFORM, UNIFORM[:, ::-1], ELSEWHERE),
            r"tau\.s must lie between 0 and 0, but it contains -1",
        ),
        (
            lambda: importance.per_step_second_moment(COIN, UNIFORM, UNIFORM[:, :1]),
            r"pi_old has shape \(1, 1\), but \(1, 2\) or \(3, 1, 2\) is expected",
        ),
        (
            lambda: importance.trajectory_second_moment(COIN, UNIFORM + 0.1, UNIFORM),
            r"pi\[0\] must sum to 1, but it sums to 1\.2",
        ),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_what_is_no_mdp_no_policy_and_no_trajectories_is_refused():
    with pytest.raises(TypeError, match=r"^mdp must be an MDP, but it is None\.$"):
        importance.trajectory_second_moment(None, UNIFORM, UNIFORM)
    with pytest.raises(TypeError, match=r"^policy must be a policy such as TabularSoftmax"):
        importance.off_policy_gradient(UNIFORM, np.zeros(2), UNIFORM, TAU)
    with pytest.raises(TypeError, match=r"^tau must be Trajectories, but it is of type ndarray\.$"):
        importance.trajectory_ratio(UNIFORM, UNIFORM, TAU.a)
