"""Recipes side by side: what must be equal is, what the theorems say can be seen, and the command runs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from pgcompanion import exact, language
from pgcompanion.language import __main__ as command

SHORT = language.Setting(prompts=4, G=4, K=20, every=5, hidden=8)


@pytest.fixture
def task():
    return language.reverse(digits=2, n=2)


@pytest.mark.statement("group_baselines")
def test_adam_does_not_see_the_factor_between_leave_one_out_and_the_mean(task):
    """The same seeds give the same run. The control is a recipe that is another direction."""
    setting = SHORT._replace(G=16, K=30)
    loo, mean, divided = (
        language.learning_curve(task, name, 0.03, seed=0, setting=setting)[0]
        for name in ("leave one out", "group mean", "deviation")
    )
    np.testing.assert_allclose(loo, mean, atol=1e-3)
    assert np.abs(loo - divided).max() > 1e-3


@pytest.mark.statement("length_weights")
def test_dividing_by_the_length_makes_wrong_responses_longer():
    """Same step size, same seeds, by more than two standard errors; the control is the start, where they agree."""
    brackets = language.brackets(3)
    setting = language.Setting(K=20, every=10)
    without, divided = (
        language.curves(brackets, name, 0.01, range(50, 58), setting)[:, 1]
        for name in ("group mean", "group mean, over length")
    )
    np.testing.assert_allclose(without[:, 0], divided[:, 0])
    longer = (divided - without)[:, 1]
    assert longer.mean() > 2 * longer.std(ddof=1) / np.sqrt(len(longer)) > 0


def test_what_is_seen_along_a_run_is_exact(task):
    """The first look is at the start, whose success rate Bellman's recursion knows; tokens lie within their bounds."""
    policy = task.policy(SHORT.hidden)
    theta = policy.init(np.random.default_rng(3))
    J = exact.evaluate(task.world(), task.finite(policy).table(theta)).J
    success, tokens = language.learning_curve(task, "exact", 0.1, seed=3, setting=SHORT)
    assert success[0] == pytest.approx(J)
    assert success[-1] > 0.8 > success[0]
    assert ((tokens >= 1) & (tokens <= task.length)).all()


def test_the_step_size_with_the_best_run_is_chosen(task):
    """One that does nothing is not; and another order of the choices changes nothing."""
    for etas in ([1e-9, 0.05], [0.05, 1e-9]):
        assert language.tuned(task, "exact", etas, [0], SHORT) == 0.05


def test_the_command_prints_every_recipe_with_intervals(monkeypatch, capsys):
    options = "add --seeds 2 --tuning 1 --etas 0.05 --K 2 --every 1 --hidden 4"
    monkeypatch.setattr(sys, "argv", ["language", *options.split()])
    command.main()
    printed = capsys.readouterr().out
    assert all(f"  {name}, step size 0.05" in printed for name in (*language.RECIPES, "exact"))
    assert printed.count("success at the end") == len(language.RECIPES) + 1


def test_what_the_command_says_of_its_runs():
    """By hand, of two runs with three looks: means along the run, and the success at the last look."""
    success, tokens = [[0.1, 0.2, 0.6], [0.0, 0.3, 0.9]], [[4.0, 3.0, 2.0], [5.0, 4.0, 3.0]]
    seen = command._seen(np.stack([success, tokens], axis=1))
    along, end, length = seen.values()
    np.testing.assert_allclose(along, [0.3, 0.4])
    np.testing.assert_array_equal(end, [0.6, 0.9])
    np.testing.assert_allclose(length, [3.0, 4.0])
