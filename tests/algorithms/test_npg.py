"""The natural policy gradient: what its iterates are, and where improvement is and is not promised."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import npg
from pgcompanion.batches import Exact, Sampled
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import natural_step, tabular_npg_update

EXACT = 1e-10


@pytest.mark.statement("npg", "npg_optimization")
@pytest.mark.parametrize("made", ["exact", "sampled"])
@pytest.mark.parametrize(
    "options", [{"eta": 0.3}, {"delta": 0.05}, {"delta": 0.05, "damping": 1.0}], ids=str
)
def test_every_iterate_is_the_last_one_and_its_natural_step(mdp, policy, theta, made, options):
    """Of the batch that the iterate carries. The exact batch's step, the control, is not a sampled one's."""
    rng = np.random.default_rng(0)
    source = Exact(mdp) if made == "exact" else Sampled(mdp, N=100, rng=rng)
    its = list(npg(source, policy, theta, K=3, **options))
    for before, after in pairwise(its):
        step = natural_step(policy, before.theta, before.batch, **options)
        np.testing.assert_array_equal(after.theta, before.theta + step)
        known = natural_step(policy, before.theta, Exact(mdp)(policy, before.theta), **options)
        apart = np.abs(step - known).max()
        assert apart < 1e-9 if made == "exact" else apart > 1e-3


@pytest.mark.statement("natural_table", "npg_convergence")
@pytest.mark.parametrize("eta", [0.1, 3.0, 100.0])
def test_a_time_dependent_table_is_tilted_step_by_step_and_never_gets_worse(mdp, rng, eta):
    """The negative control is a stationary table, in the next test: it can."""
    policy = TabularSoftmax(mdp.S, mdp.A, H=mdp.H)
    theta = rng.normal(size=policy.p)
    its = list(npg(Exact(mdp), policy, theta, eta=eta, K=8))
    pi = policy.table(theta)
    A = exact.evaluate(mdp, pi).A
    new = policy.table(its[1].theta)
    for h in range(mdp.H):
        np.testing.assert_allclose(new[h], tabular_npg_update(pi[h], A[h], eta), atol=EXACT)
    J = np.array([it.J for it in its])
    assert (np.diff(J) >= -EXACT).all()
    assert J[-1] > J[0]


@pytest.mark.statement("natural_table", "npg_convergence")
def test_a_stationary_table_can_get_worse():
    """x -stay-> x, x -go, +1-> y, y pays -c; two steps. One number for both steps misleads the average.

    A time-dependent table, the control, reaches the optimum.
    """
    c, p, eta = 1.5, 0.1, 30.0
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, :, 1] = 1.0
    mdp = MDP(P, r=[[0.0, 1.0], [-c, -c]], mu0=[1.0, 0.0], H=2)
    policy = TabularSoftmax(2, 2)
    theta = np.array([0.0, np.log(p / (1 - p)), 0.0, 0.0])
    start, after = npg(Exact(mdp), policy, theta, eta=eta, K=1)
    q = policy.table(after.theta)[0, 1]
    assert pytest.approx(p * (2 - c - p), abs=EXACT) == start.J
    assert pytest.approx(q * (2 - c - q), abs=EXACT) == after.J
    np.testing.assert_allclose([start.J, q, after.J], [0.040, 0.927, -0.396], atol=5e-4)
    *_, last = npg(Exact(mdp), TabularSoftmax(2, 2, H=2), np.tile(theta, 2), eta=eta, K=5)
    assert pytest.approx(1.0, abs=1e-3) == last.J
    assert after.J < start.J - 0.4 < start.J < last.J


def test_one_size_is_asked_for_at_once(mdp, policy, theta):
    source = Exact(mdp)
    with pytest.raises(
        ValueError, match=r"^Exactly one of eta and delta must be given, but found none\.$"
    ):
        npg(source, policy, theta)
    with pytest.raises(ValueError, match=r"but found eta and delta\.$"):
        npg(source, policy, theta, eta=1.0, delta=1.0)
    for name in ("eta", "delta"):
        for size, message in (
            (-1.0, "positive"),
            ("a", "a number"),
            (np.inf, "finite"),
            (np.nan, "finite"),
        ):
            with pytest.raises(ValueError, match=rf"^{name} must be {message}, but it is"):
                npg(source, policy, theta, **{name: size})
    for damping, message in ((-1, "not be negative"), (np.nan, "be finite"), ("a", "be a number")):
        with pytest.raises(ValueError, match=rf"^damping must {message}, but it is"):
            npg(source, policy, theta, eta=1.0, damping=damping)
