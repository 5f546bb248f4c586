"""Preferences: Bradley-Terry, DPO and where it fails, over-optimisation, the best of n."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import language
from pgcompanion.derivatives import complex_step
from pgcompanion.policies.softmax import log_softmax

EXACT, BETA, R = 1e-11, 0.3, 6


@pytest.fixture
def pairs(rng):
    """A reference, rewards, a symmetric distribution of pairs, and who is preferred."""
    log_ref, r = np.log(rng.dirichlet(np.ones(R))), rng.normal(size=R)
    w = rng.random((R, R))
    w = (w + w.T) * (1 - np.eye(R))
    return log_ref, r, w / w.sum()


def population_loss(log_pi, log_ref, r, w, beta=BETA):
    """−E log σ(…) over pairs and preferences."""
    ratio = log_pi - log_ref
    preferred = w * language.preference_probability(r[:, None], r[None, :])
    return (preferred * language.dpo_loss(ratio[:, None], ratio[None, :], beta)).sum()


@pytest.mark.statement("bradley_terry")
def test_only_differences_count(rng):
    """The two probabilities of a pair add up to 1. The control is a ratio of rewards."""
    r, other = rng.normal(size=(2, 10))
    p = language.preference_probability(r, other)
    np.testing.assert_allclose(p + language.preference_probability(other, r), 1.0, atol=EXACT)
    np.testing.assert_allclose(language.preference_probability(r + 5, other + 5), p, atol=EXACT)
    np.testing.assert_allclose(p, np.exp(r) / (np.exp(r) + np.exp(other)), atol=EXACT)
    assert np.abs(np.abs(r) / (np.abs(r) + np.abs(other)) - p).max() > 0.1
    assert language.preference_probability(2000.0, 0.0) == 1.0


@pytest.mark.statement("dpo")
def test_the_population_loss_is_least_at_the_gibbs_policy(pairs, rng, measure):
    """Stationary in the logits, and below its neighbours. The control is the optimum of another price."""
    log_ref, r, _ = pairs
    best = language.gibbs(log_ref, r, BETA)

    def slope(log_pi):
        return complex_step(lambda z: population_loss(log_softmax(z), *pairs), log_pi)

    assert measure(slope(best), over=R * R, of="pairs") < 1e-14
    here = population_loss(best, *pairs)
    for _ in range(200):
        near = log_softmax(best + 0.1 * rng.normal(size=R))
        assert population_loss(near, *pairs) > here
    assert np.abs(slope(language.gibbs(log_ref, r, 2 * BETA))).max() > 1e-3


@pytest.mark.statement("dpo")
def test_nothing_is_said_about_what_was_never_compared(pairs):
    """Move mass to a response in no pair, with the others' ratios fixed: the loss stays. Compared, it does not."""
    log_ref, r, w = pairs
    partial = w.copy()
    partial[0], partial[:, 0] = 0.0, 0.0
    best = language.gibbs(log_ref, r, BETA)
    moved = log_softmax(np.append(np.log1p(-np.exp(best[0])) + 2.0, best[1:]))
    assert abs(np.exp(moved[0]) - np.exp(best[0])) > 0.05
    unseen = [population_loss(x, log_ref, r, partial) for x in (best, moved)]
    assert unseen[0] == pytest.approx(unseen[1], abs=EXACT)
    assert population_loss(moved, *pairs) > population_loss(best, *pairs) + 1e-3


@pytest.mark.statement("dpo")
def test_a_pair_that_is_seen_once_has_no_minimiser():
    """The loss falls for ever with the margin. The control: seen both ways, it has a minimum."""
    margins = np.array([0.0, 1.0, 10.0, 100.0, 1000.0])
    loss = language.dpo_loss(margins, 0.0, BETA)
    assert (np.diff(loss) < 0).all()
    assert loss[-1] == pytest.approx(0.0, abs=1e-12)
    both = loss + language.dpo_loss(0.0, margins, BETA)
    assert (np.diff(both) > 0).all()


@pytest.mark.statement("dpo")
def test_both_likelihoods_may_fall(rng):
    """One shared parameter: a third response takes from both. The control is a table, where the chosen one rises."""
    log_ref = np.full(3, -np.log(3))

    def after_a_step(features):
        def loss(theta):
            ratio = log_softmax(features @ theta) - log_ref
            return language.dpo_loss(ratio[0], ratio[1], BETA)

        theta = np.zeros(features.shape[1])
        theta = theta - complex_step(loss, theta)
        return loss(theta) - loss(0 * theta), log_softmax(features @ theta) - log_ref

    falls, ratio = after_a_step(np.array([[1.0], [0.0], [5.0]]))
    assert falls < 0
    assert ratio[0] < 0
    assert ratio[1] < ratio[0]
    falls, ratio = after_a_step(np.eye(3))
    assert falls < 0
    assert ratio[0] > 0 > ratio[1]


def test_the_loss_does_not_overflow():
    assert language.dpo_loss(-1e5, 1e5, 1.0) == pytest.approx(2e5)
    assert language.dpo_loss(1e5, -1e5, 1.0) == 0.0
    assert language.dpo_loss(np.zeros(3), np.zeros((2, 1)), 1.0).shape == (2, 3)


@pytest.mark.statement("overoptimization")
def test_the_proxy_rises_by_its_variance(pairs, rng):
    """d E r̂ / d(1/β) = Var r̂, d E r / d(1/β) = Cov(r, r̂): the proxy rises as β falls, the truth may turn down."""
    log_ref, r, _ = pairs
    r_hat = r + rng.normal(size=R)
    for inverse in (0.5, 2.0):
        step = 1e-5
        ends = [language.frontier(log_ref, r_hat, r, [1 / (inverse + h)]) for h in (step, -step)]
        pi = np.exp(language.gibbs(log_ref, r_hat, 1 / inverse))
        variance = pi @ r_hat**2 - (pi @ r_hat) ** 2
        rise = (ends[0].proxy - ends[1].proxy) / (2 * step)
        np.testing.assert_allclose(rise, variance, rtol=1e-6)
        assert np.abs(rise - np.sqrt(variance)).max() > 1e-3
        covariance = pi @ (r * r_hat) - (pi @ r) * (pi @ r_hat)
        follows = (ends[0].truth - ends[1].truth) / (2 * step)
        np.testing.assert_allclose(follows, covariance, rtol=1e-6)
        assert np.abs(follows - variance).max() > 1e-3
        farther = (ends[0].kl - ends[1].kl) / (2 * step)
        np.testing.assert_allclose(farther, inverse * variance, rtol=1e-6)
    betas = 1 / np.linspace(0.01, 20, 50)
    kl, proxy, truth = language.frontier(
        np.log([0.69, 0.3, 0.01]), [0.0, 1.0, 1.5], [0.0, 1.0, -2.0], betas
    )
    assert (np.diff(kl) > 0).all()
    assert (np.diff(proxy) > 0).all()
    assert truth.max() > max(truth[0], truth[-1]) + 0.1


@pytest.mark.statement("overoptimization", "gibbs_optimum")
def test_no_policy_is_above_the_frontier(pairs, rng):
    """At its own divergence every policy has less reward. The control is a frontier of another reward."""
    log_ref, r, _ = pairs
    betas = 1 / np.geomspace(1e-3, 200, 4000)
    kl, best, _ = language.frontier(log_ref, r, r, betas)
    wrong_kl, _, wrong = language.frontier(log_ref, -r, r, betas)
    others = rng.dirichlet(np.ones(R), 300)
    distance = (others * (np.log(others) - log_ref)).sum(axis=1)
    reached = distance < kl[-1]
    above = others @ r - np.interp(distance, kl, best)
    assert reached.sum() > 100
    assert above[reached].max() < 1e-4
    assert (others @ r - np.interp(distance, wrong_kl, wrong))[reached].max() > 0.1


@pytest.mark.statement("best_of_n")
@pytest.mark.parametrize("n", [1, 2, 4, 16])
def test_the_best_of_n_is_what_listing_and_choosing_gives(pairs, n, rng):
    """Against draws, and its divergence against the bound. The control is the Gibbs law of that divergence."""
    log_ref, r, _ = pairs
    p = np.exp(log_ref)
    law = language.best_of_n(p, r, n)
    assert law.sum() == pytest.approx(1.0)
    N = 20_000
    drawn = rng.choice(R, size=(N, n), p=p)
    chosen = drawn[np.arange(N), r[drawn].argmax(axis=1)]
    seen = np.bincount(chosen, minlength=R) / N
    error = np.sqrt(law * (1 - law) / N) + 1e-9
    assert (np.abs(seen - law) / error).max() < 5
    kl = law @ np.log(np.where(law > 0, law / p, 1.0))
    assert kl <= np.log(n) - (n - 1) / n + EXACT
    if n > 1:
        assert (np.abs(seen - p) / error).max() > 5
        betas = 1 / np.geomspace(1e-3, 100, 2000)
        on_it = language.frontier(log_ref, r, r, betas)
        gap = np.interp(kl, on_it.kl, on_it.truth) - law @ r
        assert -1e-4 < gap < 0.2


@pytest.mark.statement("best_of_n")
def test_the_bound_is_reached_by_many_small_responses(measure):
    """With equal, ever smaller probabilities. The control has two responses, and ties."""
    n = 4
    bound = np.log(n) - (n - 1) / n

    def kl(R, r):
        p = np.full(R, 1 / R)
        law = language.best_of_n(p, r, n)
        return law @ np.log(np.where(law > 0, law / p, 1.0))

    gaps = [bound - kl(R, np.arange(R)) for R in (10, 100, 1000)]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert measure(gaps[2], over=1000, of="responses") < 1e-2
    assert bound - kl(2, np.arange(2)) > 0.05
    assert kl(10, np.zeros(10)) == pytest.approx(0.0, abs=EXACT)


def test_ties_and_prompts(rng):
    p, r = rng.dirichlet(np.ones(5), 3), rng.integers(0, 2, size=(3, 5))
    law = language.best_of_n(p, r, 3)
    np.testing.assert_allclose(law, [language.best_of_n(*x, 3) for x in zip(p, r, strict=True)])
    np.testing.assert_allclose(law.sum(axis=1), 1.0)
    succeeds = (p * r).sum(axis=1)
    np.testing.assert_allclose((law * r).sum(axis=1), 1 - (1 - succeeds) ** 3, atol=EXACT)
    np.testing.assert_allclose(language.best_of_n([0.0, 1.0], [1.0, 0.0], 3), [0.0, 1.0])
