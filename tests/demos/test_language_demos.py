"""The numbers of the three demos on language models are those of the theorems."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import language
from pgcompanion.demos import frontier, groups, kl_estimates
from pgcompanion.demos.engine.controls import grid
from pgcompanion.derivatives import complex_step
from pgcompanion.policies.softmax import log_softmax

EXACT = 1e-10


@pytest.mark.statement("group_std", "group_baselines")
def test_the_weight_of_the_group_explorer_is_that_of_the_theorem():
    """On the whole grid. Each advantage is the other's control, except that two responses weigh alike."""
    for values in grid(groups):
        x = groups.numbers(**values)
        exact = {
            groups.MEAN: lambda p, G: np.ones_like(p),
            groups.DIVIDED: language.group_weight,
        }
        G, p, kind = values["G"], values["p"], values["kind"]
        np.testing.assert_allclose(x["weight"], exact[kind](np.array(p), G), atol=EXACT)
        np.testing.assert_allclose(x["curve"], exact[kind](groups.RATES, G), atol=EXACT)
        assert x["chance"].sum() == pytest.approx(1.0)
        other = exact[groups.MEAN if kind == groups.DIVIDED else groups.DIVIDED](np.array(p), G)
        assert G == 2 or abs(x["weight"] - other) > 0.1


@pytest.mark.statement("group_std", "group_baselines")
def test_what_a_group_says_is_a_sum_over_its_responses():
    """A twin: advantages times scores of one logit, response by response. The control divides once more."""
    for kind, advantage in groups.ADVANTAGES.items():
        for k, p in ((1, 0.3), (3, 0.9)):
            r = np.arange(5) < k
            twin = (advantage(r * 1.0) * (r - p)).mean()
            says = groups.numbers(G=5, p=p, kind=kind, N=2)["says"][k]
            assert says == pytest.approx(twin, abs=EXACT)
            assert abs(says - twin / r.std()) > 1e-2


def test_sampled_groups_agree_with_the_weight():
    """All 200 of them, within four standard errors, of which no luck in a demo should know."""
    z = [
        (x["estimate"] - x["weight"]) / x["error"]
        for x in (
            groups.numbers(**values) for values in grid(groups) if values["N"] == groups.GROUPS
        )
        if x["error"] > 0
    ]
    assert len(z) > 20
    assert np.abs(z).max() < 4


@pytest.mark.statement("kl_samples", "kl_loss_gradient")
def test_the_steps_of_the_kl_explorer_are_derivatives():
    """By a complex step in the logits. The control is the step of k3 for that of k2."""
    told_apart = 0.0
    for values in grid(kl_estimates):
        x = kl_estimates.numbers(**values)
        z = np.array([values["za"], values["zb"], 0.0])
        log_ref = np.log(x["ref"])

        def kl(z, log_ref=log_ref):
            own = log_softmax(z)
            return (np.exp(own) * (own - log_ref)).sum()

        def other(z, log_ref=log_ref):
            return (np.exp(log_ref) * (log_ref - log_softmax(z))).sum()

        moves = complex_step(lambda z: np.exp(log_softmax(z)), z)
        for i, f in ((0, kl), (2, kl), (3, other), (4, other)):
            np.testing.assert_allclose(x["steps"][i], -moves @ complex_step(f, z), atol=EXACT)
        np.testing.assert_allclose(x["steps"][1], 0.0, atol=EXACT)
        np.testing.assert_allclose(x["values"][[0, 1, 3]], kl(z), atol=EXACT)
        told_apart = max(told_apart, np.abs(x["steps"][2] - x["steps"][3]).max())
    assert told_apart > 0.1


@pytest.mark.statement("kl_samples", "kl_loss_gradient")
def test_sampled_losses_agree_with_their_means():
    """The steps of all samples, within five standard errors. The control is the step of k3 for that of k2."""
    n, wrong = kl_estimates.MOST, 0.0
    for values in grid(kl_estimates):
        if values["n"] < n:
            continue
        x = kl_estimates.numbers(**values)
        each = np.array([kl_estimates_of(x, token) for token in x["drawn"]])
        error = each.std(axis=0, ddof=1) / np.sqrt(n) + 1e-12
        np.testing.assert_allclose(x["sampled"], each.mean(axis=0), atol=EXACT)
        # A token that is hardly ever drawn makes a standard error that knows nothing of it.
        if x["pi"].min() > 0.04:
            assert np.abs((x["sampled"] - x["steps"][1:4]) / error).max() < 5
            wrong = max(wrong, np.abs((x["sampled"][1] - x["steps"][3]) / error[1]).max())
    assert wrong > 5


def kl_estimates_of(x, token):
    """The steps (3, 3) that the three losses take for one token, from their definition."""
    pi, score = x["pi"], np.eye(3)[token] - x["pi"]
    q = x["ref"][token] / pi[token]
    moves = np.diag(pi) - np.outer(pi, pi)
    return -np.outer([1.0, -np.log(q), 1 - q], score) @ moves


@pytest.mark.statement("overoptimization", "best_of_n")
def test_the_frontier_is_above_everything():
    """The truth that was climbed through a proxy, and the best of n, too. The control is the proxy itself."""
    for values in grid(frontier):
        x = frontier.numbers(**values)
        for kl, reward in ((x["kl"], x["truth"]), (x["n_kl"], x["n_truth"])):
            inside = (kl > x["best_kl"][0]) & (kl < x["best_kl"][-1])
            gap = np.interp(kl, x["best_kl"], x["best"]) - reward
            assert gap[inside].min() > -2e-2  # between two points of a curve
        assert (np.diff(x["proxy"]) > -1e-12).all()
        if values["wrong"] >= 1:
            assert (x["proxy"] - np.interp(x["kl"], x["best_kl"], x["best"])).max() > 0.5
