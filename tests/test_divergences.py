"""The KL divergence and its second derivative, the Fisher matrix."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import divergences, exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax

EXACT = 1e-10
DIFFERENCES = 1e-9


@pytest.fixture
def pair(rng):
    return rng.dirichlet(np.ones(5), size=20), rng.dirichlet(np.ones(5), size=20)


# Categorical distributions


@pytest.mark.statement("kld")
def test_kl_is_the_expected_log_ratio_under_its_first_argument(pair):
    p, q = pair
    by_hand = [
        sum(a * np.log(a / b) for a, b in zip(*row, strict=True)) for row in zip(p, q, strict=True)
    ]
    np.testing.assert_allclose(divergences.kl_divergence(p, q), by_hand, atol=EXACT)
    assert np.abs(divergences.kl_divergence(q, p) - by_hand).min() > 1e-4


@pytest.mark.statement("kld")
def test_kl_is_positive_and_zero_only_for_equal_distributions(pair):
    p, q = pair
    assert (divergences.kl_divergence(p, q) > 0).all()
    np.testing.assert_array_equal(divergences.kl_divergence(p, p), np.zeros(20))
    nearly = p + 1e-5 * (q - p)
    assert (divergences.kl_divergence(p, nearly) > 0).all()


@pytest.mark.statement("kld")
def test_kl_is_infinite_without_support_and_ignores_what_cannot_happen():
    assert divergences.kl_divergence([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert divergences.kl_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(np.log(2), abs=EXACT)
    assert divergences.kl_divergence([1.0, 0.0], [1.0, 0.0]) == 0
    assert divergences.kl_divergence([0.5, 0.5], [1.0 - 1e-320, 1e-320]) < 400
    assert divergences.kl_divergence([0.5, 0.5], [1.0 - 1e-320, 1e-320]) > 300


@pytest.mark.statement("pinsker")
def test_pinsker_bounds_the_total_variation(pair, rng):
    p, q = pair
    tv = divergences.total_variation(p, q)
    assert (tv <= np.sqrt(divergences.kl_divergence(p, q) / 2)).all()
    assert (2 * tv > np.sqrt(divergences.kl_divergence(p, q) / 2)).any()
    events = np.array([[(e >> i) & 1 for i in range(5)] for e in range(32)])
    np.testing.assert_allclose(tv, ((p - q) @ events.T).max(axis=1), atol=EXACT)


@pytest.mark.statement("pinsker")
def test_close_trajectories_have_close_objectives(rng, measure):
    """A fifth of the bound, the negative control, is exceeded; a fair coin comes as near to it as one likes."""
    excess, largest = [], 0.0
    for _ in range(100):
        P = rng.dirichlet(np.full(3, 0.3), size=(3, 2))
        mdp = MDP(P, rng.normal(size=(3, 2)), rng.dirichlet(np.ones(3)), H=3)
        old, new = rng.dirichlet(np.ones(2), size=(2, 3))
        spread = np.ptp(exact.trajectories(mdp).r.sum(axis=1))
        bound = spread * np.sqrt(exact.trajectory_kl(mdp, old, new) / 2)
        change = abs(exact.evaluate(mdp, new).J - exact.evaluate(mdp, old).J)
        excess.append(change - bound)
        largest = max(largest, change / bound)
    assert measure(max(max(excess), 0.0), over=100, of="pairs of policies") < EXACT
    assert largest > 0.2
    coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
    fair, bent = np.array([[0.5, 0.5]]), np.array([[0.49, 0.51]])
    bound = np.sqrt(exact.trajectory_kl(coin, fair, bent) / 2)
    assert 0.999 * bound < 0.01 <= bound


@pytest.mark.statement("pinsker", "kld")
def test_both_divergences_can_be_differentiated_by_a_complex_step(pair, rng):
    """The negative control takes the absolute value of complex numbers, which has no derivative."""
    p, q = pair[0][0], pair[1][0]
    d = rng.normal(size=5)
    d -= d.mean()
    h = 1e-30

    def along(f):
        return f(p + 1j * h * d, q).imag / h

    tv = along(divergences.total_variation)
    assert tv == pytest.approx(np.sign(p - q) @ d / 2, abs=EXACT)
    kl = along(divergences.kl_divergence)
    assert kl == pytest.approx(d @ (np.log(p / q) + 1), abs=EXACT)
    assert abs(along(lambda x, y: np.abs(x - y).sum().astype(complex) / 2) - tv) > 0.1


@pytest.mark.statement("kld")
def test_quotients_that_overflow_have_a_finite_divergence():
    """The ratio of the probabilities is not formed: it overflows where their logarithms do not."""
    p, q = np.array([0.5, 0.5]), np.array([1.0, 1e-310])
    by_hand = 0.5 * np.log(0.5) + 0.5 * (np.log(0.5) - np.log(1e-310))
    assert divergences.kl_divergence(p, q) == pytest.approx(by_hand, rel=EXACT)
    with np.errstate(over="ignore"):
        assert not np.isfinite(np.sum(p * np.log(p / q)))


@pytest.mark.statement("trajectory_kl")
def test_the_trajectory_kl_is_the_kl_of_the_enumerated_distributions(small, rng):
    tau = exact.trajectories(small)
    pi, pi_new = rng.dirichlet(np.ones(small.A), size=(2, small.H, small.S))
    p, q = (np.exp(exact.log_likelihood(small, x, tau)) for x in (pi, pi_new))
    by_dynamic_programming = exact.trajectory_kl(small, pi, pi_new)
    assert divergences.kl_divergence(p, q) == pytest.approx(by_dynamic_programming, abs=EXACT)
    assert abs(divergences.kl_divergence(q, p) - by_dynamic_programming) > 1e-3
    assert abs(divergences.kl_divergence(p, q) / small.H - by_dynamic_programming) > 1e-3


# Gaussians


@pytest.mark.statement("kld")
def test_the_gaussian_kl_is_the_integral_of_the_log_ratio():
    mu, sigma = np.array([0.3, -0.5]), np.array([0.8, 1.4])
    x = np.linspace(-20, 20, 40_001)

    def log_density(i):
        return -(((x - mu[i]) / sigma[i]) ** 2) / 2 - np.log(sigma[i] * np.sqrt(2 * np.pi))

    def integral(i, j):
        return np.sum(np.exp(log_density(i)) * (log_density(i) - log_density(j))) * (x[1] - x[0])

    def closed(i, j):
        return divergences.gaussian_kl(mu[[i]], sigma[i], mu[[j]], sigma[j])

    assert closed(0, 1) == pytest.approx(integral(0, 1), abs=EXACT)
    assert closed(1, 0) == pytest.approx(integral(1, 0), abs=EXACT)
    assert abs(closed(0, 1) - integral(1, 0)) > 0.1


@pytest.mark.statement("kld")
def test_independent_coordinates_add_and_equal_gaussians_have_divergence_zero(rng):
    mu_p, mu_q = rng.normal(size=(2, 7, 3))
    sigma_p, sigma_q = rng.uniform(0.5, 2.0, size=(2, 3))
    each = [
        divergences.gaussian_kl(mu_p[:, [i]], sigma_p[i], mu_q[:, [i]], sigma_q[i])
        for i in range(3)
    ]
    together = divergences.gaussian_kl(mu_p, sigma_p, mu_q, sigma_q)
    np.testing.assert_allclose(together, np.sum(each, axis=0), atol=EXACT)
    np.testing.assert_array_equal(divergences.gaussian_kl(mu_p, sigma_p, mu_p, sigma_p), 0)
    assert (together > 0).all()


@pytest.mark.statement("kld")
def test_with_one_sigma_the_gaussian_kl_is_the_squared_distance_of_the_means(rng):
    mu_p, mu_q = rng.normal(size=(2, 7, 3))
    short = divergences.gaussian_mean_kl(mu_p, mu_q, 0.7)
    general = divergences.gaussian_kl(mu_p, np.full(3, 0.7), mu_q, np.full(3, 0.7))
    np.testing.assert_allclose(short, general, atol=EXACT)
    sigma_not_squared = ((mu_p - mu_q) ** 2).sum(axis=1) / (2 * 0.7)
    assert np.abs(sigma_not_squared - general).max() > 0.1


@pytest.mark.statement("kld")
def test_the_gaussian_kl_takes_complex_numbers_and_single_precision(rng):
    """Its complex steps are the derivatives of the formula; the wrong way round they are not."""
    mu_p, mu_q = rng.normal(size=(2, 3))
    sigma_p, sigma_q = rng.uniform(0.5, 2.0, size=(2, 3))
    h = 1e-30

    def slope(i, *values):
        step = 1j * h * np.eye(3)[i]
        by_mean = divergences.gaussian_kl(values[0], values[1], values[2] + step, values[3])
        by_sigma = divergences.gaussian_kl(values[0], values[1], values[2], values[3] + step)
        return by_mean.imag / h, by_sigma.imag / h

    for i in range(3):
        in_mean, in_sigma = slope(i, mu_p, sigma_p, mu_q, sigma_q)
        z = (mu_q - mu_p)[i] / sigma_q[i]
        assert in_mean == pytest.approx(z / sigma_q[i], abs=EXACT)
        ratio = (sigma_p[i] / sigma_q[i]) ** 2
        assert in_sigma == pytest.approx((1 - ratio - z**2) / sigma_q[i], abs=EXACT)
        assert abs(slope(i, mu_q, sigma_q, mu_p, sigma_p)[0] - in_mean) > 1e-3
    double = divergences.gaussian_kl(mu_p, sigma_p, mu_q, sigma_q)
    arrays = [x.astype(np.float32) for x in (mu_p, sigma_p, mu_q, sigma_q)]
    single = divergences.gaussian_kl(*arrays)
    assert single.dtype == np.float32
    assert single == pytest.approx(double, rel=100 * float(np.finfo(np.float32).eps))


@pytest.mark.statement("kld")
def test_the_gaussian_kl_of_close_distributions_keeps_its_digits():
    """It is the squared relative change of sigma; the printed form loses it to round-off."""
    change = np.array([1e-9, 3e-9, 1e-8])
    kl = divergences.gaussian_kl(np.zeros((3, 1)), 1 + change[:, None], np.zeros((3, 1)), 1.0)
    np.testing.assert_allclose(kl, change**2, rtol=1e-6)
    by_the_letter = np.log(1 / (1 + change)) + (1 + change) ** 2 / 2 - 0.5
    assert np.abs(by_the_letter / change**2 - 1).max() > 0.1


# The Fisher matrix


@pytest.fixture(params=["tabular", "linear"])
def family(request, small, rng):
    """A policy of the small MDP, its parameters, and the log-probabilities of all trajectories."""
    policy = TabularSoftmax(small.S, small.A)
    if request.param == "linear":
        policy = LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))
    tau = exact.trajectories(small)

    def log_rho(theta):
        return exact.log_likelihood(small, policy.table(theta), tau)

    return policy, rng.normal(size=policy.p), log_rho


@pytest.mark.statement("fisher_matrix", "fisher_forms")
@pytest.mark.parametrize("form", ["score_covariance", "negative_hessian_mean", "kl_hessian"])
def test_three_forms_of_the_trajectory_fisher_are_the_sum_over_steps(small, family, form):
    policy, theta, log_rho = family
    F = getattr(divergences, form)(log_rho, theta)
    by_dynamic_programming = exact.fisher(small, policy, theta)
    np.testing.assert_allclose(F, by_dynamic_programming, atol=DIFFERENCES)
    np.testing.assert_allclose(F, F.T, atol=DIFFERENCES)
    assert np.linalg.eigvalsh((F + F.T) / 2).min() > -DIFFERENCES
    assert np.abs(F / small.H - by_dynamic_programming).max() > 1e-2


@pytest.mark.statement("fisher_matrix")
def test_gradients_of_the_logits_that_are_not_centred_give_another_matrix(small, family):
    """The score is the gradient of a logit minus its mean: the mean may not be forgotten."""
    policy, theta, log_rho = family
    n = exact.expected_visits(small, policy.table(theta))
    F = 0.0
    for a in range(small.A):
        w = np.broadcast_to(np.eye(small.A)[a], (small.S, small.A))
        rows = policy.logits_vjp_each(theta, policy.states, w)
        F += rows.T @ ((n * policy.table(theta)[:, a])[:, None] * rows)
    assert np.abs(F - divergences.score_covariance(log_rho, theta)).max() > 0.1


@pytest.mark.statement("fisher_matrix")
def test_scores_of_different_steps_are_uncorrelated(small, family):
    policy, theta, log_rho = family
    tau, rho = exact.trajectories(small), np.exp(log_rho(theta))
    g = policy.score(theta, tau.s, tau.a)
    cross = np.einsum("n,nhp,nkq->hkpq", rho, g, g)
    for h in range(small.H):
        for k in range(small.H):
            size = np.abs(cross[h, k]).max()
            assert size < EXACT if h != k else size > 1e-2


@pytest.mark.statement("fisher_matrix")
def test_the_tabular_fisher_has_rank_at_most_states_times_actions_minus_one(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    F = exact.fisher(small, policy, rng.normal(size=policy.p))
    assert np.linalg.matrix_rank(F, tol=DIFFERENCES) == small.S * (small.A - 1) < policy.p
    shift = np.repeat(rng.normal(size=small.S), small.A)
    np.testing.assert_allclose(F @ shift, 0, atol=EXACT)


@pytest.mark.statement("fisher_forms", "kld")
def test_the_kl_is_half_the_fisher_form_up_to_third_order(small, family, rng):
    policy, theta, _ = family
    d = rng.normal(size=policy.p)
    scales = np.array([0.02, 0.01])
    pi = policy.table(theta)

    def slope(F):
        remainder = [
            exact.trajectory_kl(small, pi, policy.table(theta + t * d)) - t**2 * (d @ F @ d) / 2
            for t in scales
        ]
        return np.diff(np.log(np.abs(remainder)))[0] / np.diff(np.log(scales))[0]

    F = exact.fisher(small, policy, theta)
    assert slope(F) == pytest.approx(3, abs=0.2)
    assert slope(F / small.H) == pytest.approx(2, abs=0.2)
    assert slope(F) > slope(F / small.H) + 0.5


# The border


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("K", [3, 1000])
def test_rows_normalised_in_their_own_precision_are_distributions(dtype, K, rng):
    p = rng.random((2000, K)).astype(dtype)
    p /= p.sum(axis=1, keepdims=True)
    assert np.abs(divergences.kl_divergence(p, p)).max() == 0
    if dtype != np.float64:
        assert (
            np.abs(p.sum(axis=1) - 1).max() > 1e-8
        )  # what is refused of a row in double precision


@pytest.mark.parametrize(("dtype", "off"), [(np.float64, 1e-6), (np.float32, 1e-3)])
def test_a_row_that_its_precision_does_not_explain_is_refused(dtype, off):
    p = np.array([0.2, 0.3, 0.5], dtype=dtype)
    assert divergences.kl_divergence(p, p) == 0
    p[1] += off
    with pytest.raises(ValueError, match=r"^p must sum to 1, but it sums to 1\.00"):
        divergences.kl_divergence(p, p)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: divergences.kl_divergence([0.5, 0.6], [0.5, 0.5]),
            r"p must sum to 1, but it sums to 1\.1",
        ),
        (
            lambda: divergences.kl_divergence([0.5, 0.5], [1.5, -0.5]),
            r"q must not be negative, but it cont",
        ),
        (
            lambda: divergences.kl_divergence([0.5, np.nan], [1.0, 0.0]),
            r"p must be finite, but it contains",
        ),
        (
            lambda: divergences.kl_divergence([1.0], [0.5, 0.5]),
            r"p and q have shapes \(1,\) and \(2,\): the",
        ),
        (
            lambda: divergences.kl_divergence(1.0, 1.0),
            r"p must be an array of probabilities, but it is 1\.0\.$",
        ),
        (
            lambda: divergences.total_variation([1.0], None),
            "q must be an array of probabilities, but it is None",
        ),
        (
            lambda: divergences.gaussian_kl(0.0, 1.0, 0.0, 1.0),
            "mu_p must be an array of coordinates, but it is",
        ),
        (
            lambda: divergences.gaussian_kl([0.0], 1.0, [np.nan], 1.0),
            "mu_q must be finite, but it contains",
        ),
        (
            lambda: divergences.score_covariance(lambda t: t, np.zeros(2)),
            r"exp\(log_p\(theta\)\) must sum to 1, but it sums to 2",
        ),
        (
            lambda: divergences.kl_hessian(lambda t: t, np.zeros((2, 2))),
            r"theta has shape \(2, 2\), but \(any\)",
        ),
        (lambda: divergences.gaussian_kl([0.0], 0.0, [0.0], 1.0), "sigma_p must be positive, but"),
        (lambda: divergences.gaussian_mean_kl([0.0], [1.0], -1.0), "sigma must be positive, but"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
