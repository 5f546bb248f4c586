"""The KL-regularised objective, its optimum and gradient; three estimates of the KL and their gradients."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact, language
from pgcompanion.derivatives import complex_step
from pgcompanion.estimators import per_trajectory_gradients
from pgcompanion.policies import TabularSoftmax

EXACT, BETA = 1e-11, 0.4


def kl_of(model, theta, reverse=False):
    """KL(π‖π_ref), or the other one, averaged over prompts; complex ``theta`` pass."""
    own, ref = model.log_p(theta), model.log_p(model.theta_ref)
    terms = np.exp(ref) * (ref - own) if reverse else np.exp(own) * (own - ref)
    return model.mu @ terms.sum(axis=1)


# --- The objective --------------------------------------------------------------------------------


@pytest.mark.statement("kl_regularised", "gibbs_optimum")
def test_climbing_the_objective_is_shrinking_one_divergence(graded, measure):
    """J_β = β E log Z − β E KL(π ‖ π*). The control has the divergence the other way round."""
    own, ref, r = graded.log_p(graded.theta), graded.log_p(graded.theta_ref), graded.r
    J = language.regularised_objective(own, ref, r, BETA)
    best = language.gibbs(ref, r, BETA)
    log_Z = np.log((np.exp(ref) * np.exp(r / BETA)).sum(axis=1))
    gap = BETA * (np.exp(own) * (own - best)).sum(axis=1)
    assert measure(J - (BETA * log_Z - gap), over=own.size, of="responses") < EXACT
    wrong = BETA * (np.exp(best) * (best - own)).sum(axis=1)
    assert np.abs(J - (BETA * log_Z - wrong)).max() > 1e-2
    top = language.regularised_objective(best, ref, r, BETA)
    np.testing.assert_allclose(top, BETA * log_Z, atol=EXACT)
    assert (top > J).all()


@pytest.mark.statement("gibbs_optimum")
def test_no_neighbour_of_the_optimum_is_better(graded, rng):
    """The control is the optimum of another price."""
    ref, r = graded.log_p(graded.theta_ref), graded.r

    def J(log_p):
        return language.regularised_objective(log_p, ref, r, BETA)

    best = language.gibbs(ref, r, BETA)
    for _ in range(100):
        other = language.gibbs(best, 0.1 * rng.normal(size=r.shape), 1.0)
        assert (J(other) <= J(best)).all()
    assert (J(best) - J(language.gibbs(ref, r, 2 * BETA)) > 1e-3).all()


@pytest.mark.statement("kl_regularised_gradient")
def test_the_gradient_holds_the_logarithm_constant(graded, measure):
    """Any baseline of the prompt may be taken off. The control has the sign of the penalty wrong."""
    own, ref = graded.log_p(graded.theta), graded.log_p(graded.theta_ref)

    def J(theta):
        own = graded.log_p(theta)
        return graded.mu @ (np.exp(own) * (graded.r - BETA * (own - ref))).sum(axis=1)

    truth = graded.derivative(J)
    c = language.regularised_reward(own, ref, graded.r, BETA)
    assert measure(graded.mean(c) - truth, over=own.size, of="responses") < EXACT
    np.testing.assert_allclose(graded.mean(c - np.array([[3.0], [-1.0]])), truth, atol=EXACT)
    wrong = language.regularised_reward(own, ref, graded.r, BETA) + 2 * BETA * (own - ref)
    assert np.abs(graded.mean(wrong) - truth).max() > 1e-2


@pytest.mark.statement("kl_regularised_gradient")
def test_differentiating_the_logarithm_adds_a_mean_of_0(graded):
    """−β E ∇log π = 0; with a weight, the control, it is not 0."""
    np.testing.assert_allclose(graded.mean(np.ones_like(graded.r)), 0.0, atol=EXACT)
    assert np.abs(graded.mean(graded.r)).max() > 1e-2


# --- Estimates ------------------------------------------------------------------------------------


@pytest.mark.statement("kl_samples")
def test_k1_and_k3_have_the_right_mean_and_k2_has_not(graded, measure):
    own, ref = graded.log_p(graded.theta), graded.log_p(graded.theta_ref)
    k1, k2, k3 = language.kl_estimates(own, ref)
    kl = kl_of(graded, graded.theta)
    means = [graded.mu @ (np.exp(own) * k).sum(axis=1) for k in (k1, k2, k3)]
    assert measure([means[0] - kl, means[2] - kl], over=own.size, of="responses") < EXACT
    assert abs(means[1] - kl) > 1e-2
    assert k3.min() >= 0 > k1.min()


@pytest.mark.statement("kl_loss_gradient")
def test_what_is_differentiated_is_not_what_is_estimated(graded, measure):
    """k1 as a loss has the gradient 0, k2 that of the KL, k3 that of the other KL: each by a complex step."""
    own, ref = graded.log_p(graded.theta), graded.log_p(graded.theta_ref)
    p = graded.mu[:, None] * np.exp(own)

    def loss(i):
        return graded.derivative(
            lambda theta: (p * language.kl_estimates(graded.log_p(theta), ref)[i]).sum()
        )

    forward = graded.derivative(lambda theta: kl_of(graded, theta))
    reverse = graded.derivative(lambda theta: kl_of(graded, theta, reverse=True))
    errors = [loss(0), loss(1) - forward, loss(2) - reverse]
    assert measure(errors, over=own.size, of="responses") < EXACT
    assert np.abs(loss(2) - forward).max() > 1e-2
    assert np.abs(loss(0) - forward).max() > 1e-2
    for i, c in enumerate(language.kl_loss_coefficients(own, ref)):
        np.testing.assert_allclose(graded.mean(c), loss(i), atol=EXACT)


@pytest.mark.statement("kl_loss_gradient")
def test_k1_as_a_reward_has_the_gradient_of_the_kl(graded):
    """`kl_gradient` of every response, repeated by its probability; the control uses k3 as a reward."""
    own, ref = graded.log_p(graded.theta), graded.log_p(graded.theta_ref)
    forward = graded.derivative(lambda theta: kl_of(graded, theta))
    weights = graded.mu[:, None] * np.exp(own)
    n = own.size
    # The mean over n rows of n times a weight is the sum with these weights.
    scaled = n * weights[..., None] * graded.scores
    got = language.kl_gradient(scaled.reshape(n, -1), own.ravel(), ref.ravel())
    np.testing.assert_allclose(got, forward, atol=EXACT)
    k3 = language.kl_estimates(own, ref)[2]
    assert np.abs(graded.mean(k3) - forward).max() > 1e-2


@pytest.mark.statement("kl_token_gradient")
def test_the_gradient_of_the_token_divergences_is_a_part(graded, measure):
    """The whole is the sum of two parts; the control is the first alone."""
    held, ref = (graded.policy.table(t) for t in (graded.theta, graded.theta_ref))
    ref[-1] = held[-1]  # what happens after the end is no part of a response
    own, later = language.kl_gradient_parts(graded.mdp, graded.policy, graded.theta, ref)
    log_ref = np.log(ref)[graded.tau.s, graded.tau.a]
    log_ref = graded.by_prompt(np.where(graded.tau.mask, log_ref, 0.0).sum(axis=1))

    def whole(theta):
        log_p = graded.log_p(theta)
        return graded.mu @ (np.exp(log_p) * (log_p - log_ref)).sum(axis=1)

    truth = graded.derivative(whole)
    assert measure(own + later - truth, over=graded.tau.N, of="responses") < EXACT
    visits = exact.expected_visits(graded.mdp, held)

    def fixed_prefixes(theta):
        pi = graded.policy.probs(theta, graded.policy.states)
        return (visits[:, None] * pi * (np.log(pi) - np.log(ref))).sum()

    np.testing.assert_allclose(own, graded.derivative(fixed_prefixes), atol=EXACT)
    assert np.abs(own - truth).max() > 1e-2


@pytest.mark.statement("kl_token_gradient", "kl_loss_gradient")
def test_the_estimates_of_tokens_are_partial_too(graded, measure):
    """k2 of each token as a loss has the mean of the first part; the control is k2 of the response."""
    held, ref = (graded.policy.table(t) for t in (graded.theta, graded.theta_ref))
    ref[-1] = held[-1]
    part, _ = language.kl_gradient_parts(graded.mdp, graded.policy, graded.theta, ref)
    tokens = [language.token_log_prob(graded.policy, t, graded.tau) for t in graded[2:4]]
    k1 = tokens[0] - tokens[1]
    terms = per_trajectory_gradients(graded.policy, graded.theta, graded.tau, k1)
    chance = (graded.mu[:, None] * graded.p(graded.theta)).ravel()
    assert measure(chance @ terms - part, over=graded.tau.N, of="responses") < EXACT
    assert np.abs(graded.mean(graded.by_prompt(k1.sum(axis=1))) - part).max() > 1e-3


@pytest.mark.statement("kl_token_gradient")
def test_the_parts_add_up_in_any_mdp(small, rng):
    """By a complex step through nothing but the definition of the trajectory divergence."""
    policy = TabularSoftmax(small.S, small.A)
    theta, ref = rng.normal(size=policy.p), policy.table(rng.normal(size=policy.p))
    tau = exact.trajectories(small)
    start = small.mu0[tau.s[:, 0]] * small.P[tau.s[:, :-1], tau.a[:, :-1], tau.s[:, 1:]].prod(1)

    def kl(theta):
        log_pi = policy.log_prob(theta, tau.s, tau.a)
        rho = start * np.exp(log_pi.sum(axis=1))
        return (rho * (log_pi - np.log(ref)[tau.s, tau.a]).sum(axis=1)).sum()

    own, later = language.kl_gradient_parts(small, policy, theta, ref)
    truth = complex_step(kl, theta)
    np.testing.assert_allclose(own + later, truth, atol=EXACT)
    assert np.abs(own - truth).max() > 1e-3


# --- Corners --------------------------------------------------------------------------------------


def test_minus_infinity_is_a_log_probability():
    """What the reference never says is never said, and costs infinitely much where it is."""
    log_ref = np.array([-np.inf, np.log(0.5), np.log(0.5)])
    star = language.gibbs(log_ref, np.array([9.0, 0.0, 1.0]), beta=1.0)
    assert star[0] == -np.inf
    assert np.exp(star).sum() == pytest.approx(1.0)
    assert star[2] - star[1] == pytest.approx(1.0)
    assert np.isfinite(language.regularised_objective(star, log_ref, np.array([9.0, 0, 1]), 1.0))
    k1, k2, k3 = language.kl_estimates(np.array([-1.0, -np.inf]), np.array([-np.inf, -np.inf]))
    assert (k1[0], k2[0], k3[0]) == (np.inf, np.inf, np.inf)
    assert (k1[1], k2[1], k3[1]) == (0.0, 0.0, 0.0)
    k1, k2, k3 = language.kl_estimates(-np.inf, -1.0)
    assert (k1, k2, k3) == (-np.inf, np.inf, np.inf)
    outside = language.regularised_objective(np.log([0.5, 0.5]), [-np.inf, 0.0], [0.0, 0.0], 1.0)
    assert outside == -np.inf
    with pytest.raises(ValueError, match="log_prob_ref"):
        language.gibbs(np.full(3, -np.inf), np.zeros(3), 1.0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_log_probability_is_refused(wrong):
    """One is enough. Minus infinity, the control, is one."""
    for f in (language.kl_estimates, lambda x, y: language.gibbs(x, y, 1.0)):
        with pytest.raises(ValueError, match="must hold log-probabilities"):
            f(np.array([wrong, -1.0]), np.zeros(2))
        f(np.array([-np.inf, -1.0]), np.zeros(2))


def test_gibbs_of_a_tiny_price_is_the_best_response():
    """No exponential overflows; an unnormalised reference is allowed."""
    star = language.gibbs(np.log([2.0, 1.0, 1.0]), np.array([0.0, 1.0, -1.0]), beta=1e-6)
    np.testing.assert_allclose(np.exp(star), [0.0, 1.0, 0.0])


def test_k3_keeps_its_digits_near_equality():
    """The control subtracts 1 from the ratio as the formula is written."""
    x = 1e-9
    k3 = language.kl_estimates(x, 0.0)[2]
    assert k3 == pytest.approx(x * x / 2, rel=1e-6, abs=1e-19)
