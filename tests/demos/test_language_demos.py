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


def test_sampled_groups_agree_with_the_weight():
    """Within four standard errors, of which no seed in a demo should know."""
    z = [
        (x["estimate"] - x["weight"]) / x["error"]
        for x in (groups.numbers(**values) for values in grid(groups))
        if x["error"] > 0
    ]
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
