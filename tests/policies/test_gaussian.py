"""Gaussian policies against their density: by complex steps, and by quadrature over the actions."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import estimators
from pgcompanion.policies import LinearGaussian, NeuralGaussian, gaussian_score
from pgcompanion.trajectories import Trajectories

EXACT = 1e-10
SINGLE = 1e-4
N_ACTION, D, B, SIGMA = 2, 3, 5, 0.7

MAKE = {
    "linear, observations": lambda x, sigma: LinearGaussian(D, N_ACTION, sigma),
    "linear, features": lambda x, sigma: LinearGaussian(x, N_ACTION, sigma),
    "neural, observations": lambda x, sigma: NeuralGaussian(D, N_ACTION, (5, 4), sigma),
    "neural, features": lambda x, sigma: NeuralGaussian(x, N_ACTION, (5,), sigma),
}


@pytest.fixture(params=[SIGMA, None], ids=["fixed", "learned"])
def sigma(request):
    return request.param


@pytest.fixture(params=MAKE)
def case(request, sigma, rng):
    """A policy, its parameters and a batch of five states."""
    features = rng.normal(size=(4, D))
    policy = MAKE[request.param](features, sigma)
    states = rng.integers(4, size=B) if "features" in request.param else rng.normal(size=(B, D))
    theta = 0.5 * rng.normal(size=policy.p)
    if sigma is None:
        theta[-N_ACTION:] = 0.2, -0.7
    return policy, theta, states


def sigmas(policy, theta):
    """By the definition, not by the policy's own method."""
    return np.exp(theta[-N_ACTION:]) if policy.sigma is None else np.full(N_ACTION, policy.sigma)


def quadrature(policy, theta, s):
    """Gauss-Hermite nodes: states and actions ``(B, K)``, weights ``(K,)``; exact to degree 39."""
    x, w = np.polynomial.hermite_e.hermegauss(20)
    z = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, N_ACTION)
    a = policy.mean(theta, s)[:, None] + sigmas(policy, theta) * z
    s = np.repeat(s[:, None], len(z), axis=1)
    return s, a, np.outer(w, w).ravel() / (2 * np.pi)


# The density


@pytest.mark.statement("gaussian_policy")
def test_the_density_integrates_to_one(case):
    policy, theta, s = case
    x, dx = np.linspace(-12, 12, 241, retstep=True)
    a = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, N_ACTION)
    for i in range(B):
        a_i = policy.mean(theta, s[i]) + a
        log_prob = policy.log_prob(theta, np.repeat(s[[i]], len(a), axis=0), a_i)
        assert np.exp(log_prob).sum() * dx**2 == pytest.approx(1, abs=EXACT)
        without_log_sigma = log_prob + np.log(sigmas(policy, theta)).sum()
        assert abs(np.exp(without_log_sigma).sum() * dx**2 - 1) > 1e-3


@pytest.mark.statement("gaussian_policy")
def test_the_log_density_is_that_of_the_definition(case, rng):
    policy, theta, s = case
    a = rng.normal(size=(B, N_ACTION))
    sigma, mu = sigmas(policy, theta), policy.mean(theta, s)

    def by_hand(variance):
        terms = -((a - mu) ** 2) / (2 * variance) - np.log(2 * np.pi * variance) / 2
        return terms.sum(axis=1)

    np.testing.assert_allclose(policy.log_prob(theta, s, a), by_hand(sigma**2), atol=EXACT)
    assert np.abs(policy.log_prob(theta, s, a) - by_hand(sigma)).max() > 1e-2


@pytest.mark.statement("gaussian_policy")
def test_the_linear_mean_is_a_matrix_times_the_features(rng):
    Theta, s = rng.normal(size=(N_ACTION, D)), rng.normal(size=D)
    policy = LinearGaussian(D, N_ACTION)
    np.testing.assert_allclose(policy.mean(Theta.ravel(), s), Theta @ s, atol=EXACT)
    in_column_order = policy.mean(Theta.T.ravel(), s)
    assert np.abs(in_column_order - Theta @ s).max() > 1e-2


@pytest.mark.statement("gaussian_policy")
@pytest.mark.parametrize("kind", ["linear", "neural"])
def test_indices_mean_their_features(kind, sigma, rng):
    features = np.random.default_rng(1).normal(size=(4, D))
    finite = MAKE[f"{kind}, features"](features, sigma)
    vectors = LinearGaussian(D, N_ACTION, sigma)
    if kind == "neural":
        vectors = NeuralGaussian(D, N_ACTION, (5,), sigma)
    theta = rng.normal(size=finite.p)
    s, a, w = rng.integers(4, size=(6, 7)), rng.normal(size=(6, 7, N_ACTION)), np.ones((6, 7))
    for call in (
        lambda policy, s: policy.log_prob(theta, s, a),
        lambda policy, s: policy.score(theta, s, a),
        lambda policy, s: policy.score_sum(theta, s, a, w),
        lambda policy, s: policy.fisher_product(theta, s, w, theta),
        lambda policy, s: policy.entropy(theta, s),
    ):
        np.testing.assert_allclose(call(finite, s), call(vectors, features[s]), atol=EXACT)
    np.testing.assert_array_equal(finite.states, np.arange(4))
    of_another_state = vectors.log_prob(theta, features[(s + 1) % 4], a)
    assert np.abs(finite.log_prob(theta, s, a) - of_another_state).max() > 1e-2


def test_actions_are_drawn_with_their_mean_and_variance(case, rng):
    policy, theta, s = case
    n = 20_000
    a = policy.sample(theta, np.repeat(s[:1], n, axis=0), rng)
    variance = sigmas(policy, theta) ** 2
    error = a - policy.mean(theta, s[0])
    assert (np.abs(error.mean(axis=0)) < 5 * np.sqrt(variance / n)).all()

    def z(variance):
        return ((error**2).mean(axis=0) - variance) / (variance * np.sqrt(2 / n))

    assert (np.abs(z(variance)) < 5).all()
    assert (np.abs(z(np.sqrt(variance))) > 5).any()


# The score


@pytest.mark.statement("gaussian_policy_score")
def test_the_score_is_the_derivative_of_the_log_density(case, complex_step, rng):
    policy, theta, s = case
    a = rng.normal(size=(B, N_ACTION))
    score = policy.score(theta, s, a)
    by_step = complex_step(lambda t: policy.log_prob(t, s, a), theta)
    np.testing.assert_allclose(score, by_step, atol=EXACT)
    q = policy.mu.p
    divided_by_sigma = score[:, :q] * sigmas(policy, theta).mean()
    assert np.abs(divided_by_sigma - by_step[:, :q]).max() > 1e-2


@pytest.mark.statement("gaussian_policy_score")
def test_the_linear_score_is_the_printed_formula(rng):
    Theta, s, a = rng.normal(size=(N_ACTION, D)), rng.normal(size=D), rng.normal(size=N_ACTION)
    by_hand = np.outer(a - Theta @ s, s) / SIGMA**2
    score = LinearGaussian(D, N_ACTION, SIGMA).score(Theta.ravel(), s, a)
    np.testing.assert_allclose(score, by_hand.ravel(), atol=EXACT)
    log_sigma = np.full(N_ACTION, np.log(SIGMA))
    learned = LinearGaussian(D, N_ACTION, None).score(np.append(Theta, log_sigma), s, a)
    np.testing.assert_allclose(learned[:-N_ACTION], by_hand.ravel(), atol=EXACT)
    with_one_sigma = ((a - Theta @ s) ** 2).sum() / SIGMA**2 - N_ACTION
    assert learned[-N_ACTION:].sum() == pytest.approx(with_one_sigma, abs=EXACT)
    assert np.abs(score - by_hand.T.ravel()).max() > 1e-2
    assert np.abs(score - SIGMA * by_hand.ravel()).max() > 1e-2


@pytest.mark.statement("score_lemma", "gaussian_policy")
def test_the_expected_score_is_zero(case):
    policy, theta, s = case
    s_k, a, w = quadrature(policy, theta, s)
    expected = np.einsum("k,bkp->bp", w, policy.score(theta, s_k, a))
    np.testing.assert_allclose(expected, 0, atol=EXACT)
    not_centred = policy.mu.vjp_each(theta[: policy.mu.p], s_k, a)
    assert np.abs(np.einsum("k,bkp->bp", w, not_centred)).max() > 1e-2


@pytest.mark.statement("gaussian_policy")
def test_a_quadratic_reward_pulls_the_mean_to_its_optimum(sigma, rng):
    r""":math:`r(a)=-\|a-a^\star\|^2` has the gradient -2 (mu - a*) psi^T, and -2 sigma_i^2 in log
    sigma_i.
    """
    policy = LinearGaussian(D, N_ACTION, sigma)
    theta, psi, best = rng.normal(size=policy.p), rng.normal(size=D), rng.normal(size=N_ACTION)
    s, a, w = quadrature(policy, theta, psi[None])
    r = -((a - best) ** 2).sum(axis=-1)
    gradient = policy.score_sum(theta, s, a, w * r)
    mu = theta[: N_ACTION * D].reshape(N_ACTION, D) @ psi
    of_mean = -2 * np.outer(mu - best, psi).ravel()
    np.testing.assert_allclose(gradient[: N_ACTION * D], of_mean, atol=EXACT)
    variance = sigmas(policy, theta) ** 2
    np.testing.assert_allclose(gradient[N_ACTION * D :], [] if sigma else -2 * variance, atol=EXACT)
    factor = np.repeat(np.sqrt(variance), D)
    assert np.abs(gradient[: N_ACTION * D] * factor - of_mean).max() > 1e-2


def test_a_weighted_sum_of_scores_is_that_sum(case, rng):
    policy, theta, s = case
    a, w = rng.normal(size=(B, N_ACTION)), rng.normal(size=B)
    by_hand = w @ policy.score(theta, s, a)
    np.testing.assert_allclose(policy.score_sum(theta, s, a, w), by_hand, atol=EXACT)
    assert np.abs(policy.score_sum(theta, s, a, np.ones(B)) - by_hand).max() > 1e-2


def test_the_mean_is_differentiated_in_both_modes(case, complex_step, rng):
    policy, theta, s = case
    mu, theta = policy.mu, theta[: policy.mu.p]
    v, w = rng.normal(size=mu.p), rng.normal(size=(B, N_ACTION))
    jacobian = complex_step(lambda t: mu.value(t, s), theta)
    np.testing.assert_allclose(mu.jvp(theta, s, v), jacobian @ v, atol=EXACT)
    each = mu.vjp_each(theta, s, w)
    np.testing.assert_allclose(each, np.einsum("bi,bip->bp", w, jacobian), atol=EXACT)
    np.testing.assert_allclose(mu.vjp(theta, s)[1](w), each.sum(axis=0), atol=EXACT)
    assert np.abs(mu.vjp(theta, s)[1](-w) - each.sum(axis=0)).max() > 1e-2


@pytest.mark.statement("reinforce_pg", "gaussian_policy")
def test_the_estimator_takes_trajectories_of_vectors(sigma, rng):
    policy = NeuralGaussian(D, N_ACTION, (5,), sigma)
    theta = rng.normal(size=policy.p)
    tau = Trajectories(
        rng.normal(size=(6, 4, D)), rng.normal(size=(6, 4, N_ACTION)), rng.normal(size=(6, 4))
    )
    psi = estimators.reward_to_go(tau.r)
    terms = estimators.per_trajectory_gradients(policy, theta, tau, psi)
    mean = estimators.policy_gradient(policy, theta, tau, psi)
    np.testing.assert_allclose(mean, terms.mean(axis=0), atol=EXACT)
    assert np.abs(mean - terms.sum(axis=0)).max() > 1e-2


# Divergence, entropy, Fisher matrix


@pytest.mark.statement("kld")
def test_the_kl_is_the_expected_log_ratio_under_the_old_policy(case, rng):
    policy, theta, s = case
    new = theta + 0.5 * rng.normal(size=policy.p)

    def by_quadrature(old, new):
        s_k, a, w = quadrature(policy, old, s)
        return (policy.log_prob(old, s_k, a) - policy.log_prob(new, s_k, a)) @ w

    kl = policy.kl(theta, new, s)
    np.testing.assert_allclose(kl, by_quadrature(theta, new), atol=EXACT)
    assert (kl > 0).all()
    np.testing.assert_array_equal(policy.kl(theta, theta, s), np.zeros(B))
    if policy.sigma is None:
        assert np.abs(kl - by_quadrature(new, theta)).max() > 1e-2
    else:
        distance = ((policy.mean(theta, s) - policy.mean(new, s)) ** 2).sum(axis=1)
        np.testing.assert_allclose(kl, distance / (2 * policy.sigma**2), atol=EXACT)
        assert np.abs(kl - distance / (2 * policy.sigma)).max() > 1e-2


@pytest.mark.statement("kld")
def test_the_kl_stays_accurate_and_positive_between_close_policies(case, rng):
    policy, theta, s = case
    d = rng.normal(size=policy.p)
    for t in (1e-5, 1e-7, 1e-9):
        half_fisher = [
            0.5 * t**2 * (d @ policy.fisher_product(theta, s[[i]], np.ones(1), d)) for i in range(B)
        ]
        kl = policy.kl(theta, theta + t * d, s)
        np.testing.assert_allclose(kl, half_fisher, rtol=max(100 * t, 1e-5))
    if policy.sigma is None:
        old, new = sigmas(policy, theta), sigmas(policy, theta + t * d)
        shift = policy.mean(theta, s) - policy.mean(theta + t * d, s)
        textbook = np.log(new / old) + (old**2 + shift**2) / (2 * new**2) - 0.5
        assert np.abs(textbook.sum(axis=1) / kl - 1).max() > 0.1


@pytest.mark.statement("gaussian_policy")
def test_the_entropy_is_the_expected_negative_log_density(case):
    policy, theta, s = case
    s_k, a, w = quadrature(policy, theta, s)
    by_quadrature = -policy.log_prob(theta, s_k, a) @ w
    np.testing.assert_allclose(policy.entropy(theta, s), by_quadrature, atol=EXACT)
    without_log_sigma = policy.entropy(theta, s) - np.log(sigmas(policy, theta)).sum()
    assert np.abs(without_log_sigma - by_quadrature).max() > 1e-2


@pytest.mark.statement("fisher_matrix")
def test_the_fisher_matrix_is_the_covariance_of_the_score(case, rng):
    policy, theta, s = case
    weights, v = rng.random(B), rng.normal(size=policy.p)
    s_k, a, w = quadrature(policy, theta, s)
    score = policy.score(theta, s_k, a)
    covariance = np.einsum("b,k,bkp,bkq->pq", weights, w, score, score, optimize=True)
    F = policy.fisher(theta, s, weights)
    np.testing.assert_allclose(F, covariance, atol=EXACT)
    np.testing.assert_array_equal(F, F.T)
    product = policy.fisher_product(theta, s, weights, v)
    np.testing.assert_allclose(product, covariance @ v, atol=EXACT)
    assert np.abs(product / weights.sum() - covariance @ v).max() > 1e-2


@pytest.mark.statement("fisher_matrix", "gaussian_policy")
def test_the_linear_fisher_matrix_is_a_kronecker_product(rng):
    psi, weights = rng.normal(size=(B, D)), rng.random(B)
    policy = LinearGaussian(D, N_ACTION, SIGMA)
    F = policy.fisher(rng.normal(size=policy.p), psi, weights)
    M = (weights[:, None] * psi).T @ psi
    np.testing.assert_allclose(F, np.kron(np.eye(N_ACTION), M) / SIGMA**2, atol=EXACT)
    assert np.abs(F - np.kron(np.eye(N_ACTION), M) / SIGMA).max() > 1e-2
    assert np.abs(F - np.kron(M, np.eye(N_ACTION)) / SIGMA**2).max() > 1e-2


# Starting points and number types


def test_the_starting_noise_is_one_and_the_starting_mean_is_small(case, rng):
    policy, _, s = case
    theta = policy.init(rng)
    assert theta.shape == (policy.p,)
    expected = 0.0 if policy.sigma is None else np.log(policy.sigma)
    np.testing.assert_allclose(policy.log_sigma(theta), expected, atol=EXACT)
    assert np.abs(policy.mean(theta, s)).max() < 0.1
    assert np.abs(policy.mean(theta + 0.5, s)).max() > 0.1


def test_single_precision_stays_single(case, rng):
    policy, theta, s = case
    a, w, v = rng.normal(size=(B, N_ACTION)), rng.random(B), rng.normal(size=policy.p)
    single = theta.astype(np.float32)
    for call in (
        lambda theta: policy.log_prob(theta, s, a),
        lambda theta: policy.score(theta, s, a),
        lambda theta: policy.score_sum(theta, s, a, w),
        lambda theta: policy.fisher(theta, s, w),
        lambda theta: policy.fisher_product(theta, s, w, v),
        lambda theta: policy.kl(theta, 1.1 * theta, s),
        lambda theta: policy.entropy(theta, s),
    ):
        assert call(single).dtype == np.float32
        np.testing.assert_allclose(call(single), call(theta), rtol=SINGLE, atol=SINGLE)
        assert call(theta).dtype == np.float64
    assert policy.sample(single, s, rng).dtype == np.float32


def test_lists_are_as_good_as_arrays(case, rng):
    policy, theta, s = case
    a, w, v = rng.normal(size=(B, N_ACTION)), rng.random(B), rng.normal(size=policy.p)
    for call in (
        lambda x: policy.mean(x(theta), x(s)),
        lambda x: policy.log_sigma(x(theta)),
        lambda x: policy.log_prob(x(theta), x(s), x(a)),
        lambda x: policy.score(x(theta), x(s), x(a)),
        lambda x: policy.score_sum(x(theta), x(s), x(a), x(w)),
        lambda x: policy.kl(x(theta), x(v), x(s)),
        lambda x: policy.kl_gradient(x(theta), x(v), x(s), x(w)),
        lambda x: policy.entropy(x(theta), x(s)),
        lambda x: policy.fisher(x(theta), x(s), x(w)),
        lambda x: policy.fisher_product(x(theta), x(s), x(w), x(v)),
    ):
        np.testing.assert_array_equal(call(np.ndarray.tolist), call(np.asarray))


# The border


def test_sums_with_another_number_of_weights_than_of_states_are_refused(case, rng):
    policy, theta, s = case
    a, w = rng.normal(size=(B, N_ACTION)), np.ones(B - 1)
    for call in (
        lambda: policy.score_sum(theta, s, a, w),
        lambda: policy.kl_gradient(theta, theta, s, w),
        lambda: policy.fisher(theta, s, w),
        lambda: policy.fisher_product(theta, s, w, theta),
    ):
        with pytest.raises(
            ValueError, match=r"^weights has shape \(4,\), but \(5\) is expected\.$"
        ):
            call()


FIXED = LinearGaussian(3, 2, sigma=0.5)
LEARNED = NeuralGaussian(np.eye(4), 2, (5,), sigma=None)
VECTOR = np.zeros(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: LinearGaussian(3, 2, sigma=0.0),
            "sigma must be a positive number or None, but it",
        ),
        (lambda: LinearGaussian(3, 2, sigma=-1), "sigma must be a positive number or None, but it"),
        (
            lambda: NeuralGaussian(3, 2, sigma=np.nan),
            "sigma must be a positive number or None, but",
        ),
        (
            lambda: NeuralGaussian(3, 2, sigma=[1, 1]),
            "sigma must be a positive number or None, but",
        ),
        (lambda: LinearGaussian(3, 0), "n must be a positive integer, but it is 0"),
        (
            lambda: LinearGaussian(np.zeros(3), 1),
            r"features has shape \(3,\), but \(any, any\) is exp",
        ),
        (
            lambda: NeuralGaussian(3, 2, (-1,)),
            "each width in hidden must be a positive integer, but",
        ),
        (lambda: FIXED.mean(np.zeros(8), VECTOR), r"theta has shape \(8,\), but \(6\) is expected"),
        (lambda: LEARNED.mean(np.zeros(37), 0), r"theta has shape \(37,\), but \(39\) is expected"),
        (
            lambda: FIXED.kl(np.zeros(8), np.zeros(6), VECTOR),
            r"theta_old has shape \(8,\), but \(6\) is expected",
        ),
        (
            lambda: LEARNED.kl(np.zeros(39), np.full(39, np.nan), 0),
            "theta_new must be finite, but it contains",
        ),
        (
            lambda: FIXED.kl_gradient(np.zeros(6), np.zeros(7), VECTOR[None], [1.0]),
            r"theta_new has shape \(7,\), but \(6\) is expected",
        ),
        (
            lambda: FIXED.sample(np.full(6, np.nan), VECTOR, None),
            "theta must be finite, but it cont",
        ),
        (lambda: FIXED.score(np.zeros(6), VECTOR, VECTOR), r"a has shape \(3,\), but \(2\) is exp"),
        (
            lambda: LEARNED.log_prob(np.zeros(39), [0, 1], np.zeros(2)),
            r"a has shape \(2,\), but \(",
        ),
        (
            lambda: FIXED.score(np.zeros(6), VECTOR, [0, np.inf]),
            "a must be finite, but it contains",
        ),
        (lambda: FIXED.mean(np.zeros(6), np.zeros(4)), r"s has shape \(4,\), but \(\.\.\., 3\) is"),
        (
            lambda: LEARNED.entropy(np.zeros(39), [4]),
            "s must lie between 0 and 3, but it contains 4",
        ),
        (
            lambda: FIXED.fisher_product(np.zeros(6), VECTOR[None], np.ones(1), np.zeros(5)),
            r"v has shape \(5,\), but \(6\) is expected",
        ),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.statement("gaussian_policy")
def test_the_formula_is_the_score_of_the_class(rng):
    Theta, psi, a = rng.normal(size=(N_ACTION, D)), rng.normal(size=(B, D)), rng.normal(size=(B, 2))
    by_class = LinearGaussian(D, N_ACTION, SIGMA).score(Theta.ravel(), psi, a)
    by_formula = gaussian_score(Theta, psi, a, SIGMA).reshape(B, -1)
    np.testing.assert_allclose(by_formula, by_class, atol=EXACT)
    one = gaussian_score(Theta, psi[0], a[0], SIGMA)
    np.testing.assert_allclose(one, np.outer(a[0] - Theta @ psi[0], psi[0]) / SIGMA**2, atol=EXACT)
    assert np.abs(gaussian_score(Theta, psi, a, 1.0).reshape(B, -1) - by_class).max() > 1e-2


@pytest.mark.statement("gaussian_policy")
def test_a_value_and_its_pull_back_are_the_log_density_and_its_derivative(case, complex_step, rng):
    policy, theta, s = case
    a, w = rng.normal(size=(B, N_ACTION)), rng.normal(size=B)
    log_pi, pull = policy.log_prob_vjp(theta, s, a)
    np.testing.assert_allclose(log_pi, policy.log_prob(theta, s, a), atol=EXACT)
    derivative = complex_step(lambda t: w @ policy.log_prob(t, s, a), theta)
    np.testing.assert_allclose(pull(w), derivative, atol=EXACT)
    assert np.abs(pull(-w) - derivative).max() > 1e-2


@pytest.mark.statement("kld")
def test_the_gradients_of_divergence_and_entropy_are_derivatives(case, complex_step, rng):
    policy, theta, s = case
    new, w = theta + 0.5 * rng.normal(size=policy.p), rng.normal(size=B)
    derivative = complex_step(lambda t: w @ policy.kl(theta, t, s), new)
    np.testing.assert_allclose(policy.kl_gradient(theta, new, s, w), derivative, atol=EXACT)
    assert np.abs(policy.kl_gradient(theta, new, s, -w) - derivative).max() > 1e-2
    derivative = complex_step(lambda t: w @ policy.entropy(t, s), theta)
    np.testing.assert_allclose(policy.entropy_gradient(theta, s, w), derivative, atol=EXACT)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussian_score(np.ones((1, 2)), [1.0], [1.0], 1.0), r"psi has shape \(1,\), but"),
        (lambda: gaussian_score(np.ones((1, 2)), [1.0, 1.0], [1.0, 2.0], 1.0), r"a has shape \(2,"),
        (lambda: gaussian_score(np.ones((1, 2)), [1.0, 1.0], [1.0], 0.0), "sigma must be positive"),
        (
            lambda: gaussian_score(np.ones(2), [1.0, 1.0], [1.0], 1.0),
            r"Theta has shape \(2,\), but",
        ),
        (
            lambda: FIXED.score_sum(np.zeros(6), VECTOR[None], np.zeros((1, 2)), [np.nan]),
            "weights must be finite, but it contains NaN",
        ),
    ],
)
def test_a_wrong_argument_of_the_formulas_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_the_repr_is_one_short_line():
    assert repr(LinearGaussian(np.eye(3), 2, 0.5)) == (
        "LinearGaussian(features=(3, 3), n=2, sigma=0.5)"
    )
