"""Policy iteration: exact improvement, and what a wrong Q can cost."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import policy_iteration
from pgcompanion.exact import degradation_bound, worst_advantage
from pgcompanion.mdp import MDP
from pgcompanion.steps import greedy

EXACT = 1e-10


def uniform(mdp: MDP) -> np.ndarray:
    return np.full((mdp.S, mdp.A), 1 / mdp.A)


@pytest.mark.statement("policy_iteration")
def test_no_value_ever_falls_and_the_optimum_is_reached_in_as_many_iterations_as_steps(mdp):
    its = list(policy_iteration(mdp, uniform(mdp), K=mdp.H))
    for before, after in pairwise(its):
        assert (after.values.V >= before.values.V - EXACT).all()
    _, best = exact.optimal(mdp)
    np.testing.assert_allclose(its[-1].values.V, best.V, atol=EXACT)
    assert its[0].J < best.J - 0.1
    worst = exact.evaluate(mdp, greedy(-its[0].values.Q))  # the least in place of the largest
    assert not (worst.V >= its[0].values.V - EXACT).all()
    assert [repr(it)[:18] for it in its[:2]] == ["PolicyIterate(k=0,", "PolicyIterate(k=1,"]


@pytest.mark.statement("policy_iteration")
def test_without_a_number_of_iterations_it_never_ends(small):
    its = list(islice(policy_iteration(small, uniform(small)), 9))
    assert [it.k for it in its] == list(range(9))
    np.testing.assert_array_equal(its[-1].pi, its[-2].pi)
    assert its[0].kl == its[-1].kl == 0.0
    assert its[1].kl == np.inf or its[1].kl > 0


@pytest.mark.statement("policy_iteration", "pdl_bound")
def test_a_wrong_q_costs_at_most_the_bound_and_the_exact_q_costs_nothing(mdp, rng, measure):
    excess, degraded = [], 0
    for _ in range(100):
        old = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
        wrong = rng.normal(size=(mdp.H, mdp.S, mdp.A))
        start, new = policy_iteration(mdp, old, q=lambda pi, Q=wrong: Q, K=1)
        drop = start.values.V[:-1] - new.values.V[:-1]
        excess.append((drop - degradation_bound(mdp, old, new.pi)[:, None]).max())
        degraded += new.J < start.J
        assert degradation_bound(mdp, old, greedy(start.values.Q)).max() <= EXACT
    assert measure(max(max(excess), 0.0), over=100, of="wrong Q") < EXACT
    assert degraded > 50


@pytest.mark.statement("pdl_bound")
def test_the_worst_choice_is_sought_over_the_steps_too(mdp, rng):
    """The minimum over the states of the first step alone promises more than can be kept."""
    broken = 0
    for _ in range(100):
        old = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
        new = greedy(rng.normal(size=(mdp.H, mdp.S, mdp.A)))
        v = exact.evaluate(mdp, old)
        drop = v.V[:-1] - exact.evaluate(mdp, new).V[:-1]
        first = (new[0] * v.A[0]).sum(axis=-1).min()
        assert worst_advantage(mdp, old, new) <= first + EXACT
        bound = (mdp.H - np.arange(mdp.H)) * max(-first, 0.0)
        broken += bool((drop > bound[:, None] + EXACT).any())
    assert broken > 0


@pytest.mark.statement("pdl_bound")
def test_the_bound_is_attained_in_one_state():
    """Of a step less, the negative control, the bound is broken."""
    H = 7
    one = MDP(np.ones((1, 2, 1)), r=[[0.0, -1.0]], mu0=[1.0], H=H)
    good = np.array([[1.0, 0.0]])
    wrong = np.tile([[[0.0, 1.0]]], (H, 1, 1))
    start, new = policy_iteration(one, good, q=lambda pi: wrong, K=1)
    drop = start.values.V[:-1, 0] - new.values.V[:-1, 0]
    bound = degradation_bound(one, good, new.pi)
    np.testing.assert_allclose(drop, bound, atol=EXACT)
    assert drop[0] == pytest.approx(H, abs=EXACT)
    assert (drop[:-1] > bound[1:] + 0.9).all()


def test_what_cannot_be_right_is_refused_when_the_generator_is_made(small):
    """And not at the first iterate: a K that is never met would make an endless loop of a finite one."""
    for K in (-1, 2.5, "3", True):
        with pytest.raises(
            ValueError, match=r"^K must be an integer that is not negative, but it is"
        ):
            policy_iteration(small, uniform(small), K=K)
    with pytest.raises(ValueError, match=r"^pi\[0\] must sum to 1, but it sums to"):
        policy_iteration(small, 2 * uniform(small), K=1)
    with pytest.raises(ValueError, match=r"^pi has shape \(2,\), but"):
        policy_iteration(small, [0.5, 0.5], K=1)
    stationary = policy_iteration(small, uniform(small), q=lambda pi: np.zeros((3, 2)), K=1)
    with pytest.raises(
        ValueError, match=r"^q\(pi\) has shape \(3, 2\), but \(3, 3, 2\) is expected\.$"
    ):
        list(stationary)
    assert [it.k for it in policy_iteration(small, uniform(small).tolist(), K=0)] == [0]
    for wrong in (None, MDP, uniform(small)):
        with pytest.raises(TypeError, match=r"^mdp must be an MDP, but it is"):
            policy_iteration(wrong, uniform(small))
    with pytest.raises(TypeError, match=r"^q must be a function, but it is 3\.$"):
        policy_iteration(small, uniform(small), q=3)
