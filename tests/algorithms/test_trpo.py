"""TRPO as an algorithm: which step each solver takes, the bound of every iterate, and silence at the end."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import objectives
from pgcompanion.algorithms import npg, trpo
from pgcompanion.batches import Exact, Sampled
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import trpo_argmax, trpo_step

EXACT = 1e-10


@pytest.mark.statement("trpo", "trpo_implement")
@pytest.mark.parametrize("made", ["exact", "sampled"])
def test_the_caller_chooses_the_solver_for_either_source(mdp, policy, theta, made):
    """Nothing is decided by where the batch comes from. The negative control is the other solver's step."""

    def source():
        return Exact(mdp) if made == "exact" else Sampled(mdp, N=200, rng=np.random.default_rng(0))

    start, searched = trpo(source(), policy, theta, delta=0.3, K=1)
    _, exactly = trpo(source(), policy, theta, delta=0.3, solver="exact", K=1)
    step = trpo_step(policy, theta, start.batch, 0.3)
    best, _ = trpo_argmax(policy, theta, start.batch, 0.3)
    np.testing.assert_array_equal(searched.theta, step)
    np.testing.assert_array_equal(exactly.theta, best)
    assert np.abs(step - best).max() > 1e-3
    gains = [objectives.surrogate(policy, t, start.batch) for t in (step, best)]
    assert 0 < gains[0] < gains[1]


@pytest.mark.statement("trpo")
def test_the_generator_takes_exact_steps_of_the_given_divergence(mdp, policy, theta):
    """Natural steps of the same radius, the negative control, take others."""
    its = list(trpo(Exact(mdp), policy, theta, delta=0.05, solver="exact", K=3))
    np.testing.assert_allclose([it.kl for it in its], [0, 0.05, 0.05, 0.05], rtol=1e-6)
    assert its[3].J > its[0].J
    natural = [it.kl for it in npg(Exact(mdp), policy, theta, delta=0.05, K=3)]
    assert np.abs(np.array(natural[1:]) / 0.05 - 1).max() > 1e-2


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("solver", ["line search", "exact"])
def test_every_sampled_step_keeps_the_bound(mdp, policy, theta, solver):
    """Of the divergence of its own batch. Natural steps, the negative control, do not."""
    delta = 3.0

    def run(algorithm, **options):
        source = Sampled(mdp, N=100, rng=np.random.default_rng(0))
        return max(it.kl for it in algorithm(source, policy, theta, delta=delta, K=5, **options))

    assert 0 < run(trpo, solver=solver) <= delta * (1 + 1e-6)
    assert run(npg) > delta


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("solver", ["line search", "exact"])
def test_it_goes_on_in_silence_where_nothing_is_left_to_gain(solver):
    """Round-off can then make a divergence of 0 negative, and its logarithm a warning. The start is the control."""
    world = GridWorld.named("corridor").mdp(H=50)
    policy = TabularSoftmax(world.S, world.A)
    start, *_, last = trpo(Exact(world), policy, np.zeros(policy.p), delta=1.0, solver=solver, K=20)
    assert abs(last.J - 1.0) < 1e-12 if solver == "exact" else last.J > 0.99
    assert start.J < 0.9


@pytest.mark.statement("trpo_implement")
def test_damping_is_of_the_line_search(mdp, policy, theta):
    """It changes that step; to the arg max it is nothing."""
    steps = {}
    for solver in ("line search", "exact"):
        for damping in (0.0, 1.0):
            _, it = trpo(Exact(mdp), policy, theta, delta=0.01, damping=damping, solver=solver, K=1)
            steps[solver, damping] = it.theta
    assert np.abs(steps["line search", 0.0] - steps["line search", 1.0]).max() > 1e-4
    np.testing.assert_array_equal(steps["exact", 0.0], steps["exact", 1.0])


def test_what_cannot_be_right_is_refused_at_once(mdp, policy, theta):
    for delta, message in (
        (0.0, "positive"),
        (np.inf, "finite"),
        ("a", "a number"),
        (None, "a number"),
    ):
        with pytest.raises(ValueError, match=rf"^delta must be {message}, but it is"):
            trpo(Exact(mdp), policy, theta, delta=delta)
    with pytest.raises(ValueError, match=r"^damping must not be negative, but it is -1\.$"):
        trpo(Exact(mdp), policy, theta, delta=0.1, damping=-1)
    for solver in ("adam", "", None):
        with pytest.raises(
            ValueError, match=r"^solver must be one of 'line search', 'exact', but it is"
        ):
            trpo(Exact(mdp), policy, theta, delta=0.1, solver=solver)
