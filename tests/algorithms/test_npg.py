"""The natural policy gradient: its closed forms, and where improvement is and is not promised."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import compatible_regression, exact_problem, npg, npg_step
from pgcompanion.algorithms.npg import natural_step
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax

EXACT = 1e-10


@pytest.mark.statement("npg")
def test_the_regression_of_advantages_on_scores_is_the_natural_gradient(mdp, policy, theta):
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    s, a = np.meshgrid(np.arange(mdp.S), np.arange(mdp.A), indexing="ij")
    score = policy.score(theta, s, a).reshape(-1, policy.p)
    weights = (v.d[:, :, None] * pi).reshape(mdp.H, -1)
    w = compatible_regression(np.tile(score, (mdp.H, 1)), v.A.ravel(), weights.ravel())
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
    natural = np.linalg.pinv(F, hermitian=True) @ g
    np.testing.assert_allclose(w, natural, atol=1e-9)
    unweighted = compatible_regression(
        np.tile(score, (mdp.H, 1)), v.A.ravel(), np.ones(weights.size)
    )
    assert np.abs(unweighted - natural).max() > 1e-3


@pytest.mark.statement("npg")
def test_a_stationary_table_is_tilted_by_the_averaged_advantage(mdp, rng):
    policy, eta = TabularSoftmax(mdp.S, mdp.A), 0.7
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    _, after = npg(mdp, policy, theta, eta=eta, K=1)

    def tilted(A):
        new = pi * np.exp(A)
        return new / new.sum(axis=1, keepdims=True)

    averaged = np.einsum("hs,hsa->sa", v.d, v.A) / v.d.sum(axis=0)[:, None]
    got = policy.table(after.theta)
    np.testing.assert_allclose(got, tilted(eta * averaged), atol=EXACT)
    step = npg_step(exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta), eta=eta)
    np.testing.assert_allclose(after.theta, theta + step, atol=EXACT)
    assert np.abs(got - tilted(eta * v.A[0])).max() > 1e-3
    assert np.abs(got - tilted(eta * mdp.H * averaged)).max() > 1e-3


@pytest.mark.statement("npg")
@pytest.mark.parametrize("eta", [0.1, 3.0, 100.0])
def test_a_time_dependent_table_is_tilted_step_by_step_and_never_gets_worse(mdp, rng, eta):
    timed = mdp.with_time()
    policy = TabularSoftmax(timed.S, timed.A)
    theta = rng.normal(size=policy.p)
    its = list(npg(timed, policy, theta, eta=eta, K=8))
    pi = timed.fold(policy.table(theta))
    tilted = pi * np.exp(eta * exact.evaluate(mdp, pi).A)
    tilted /= tilted.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(timed.fold(policy.table(its[1].theta)), tilted, atol=EXACT)
    J = np.array([it.J for it in its])
    assert (np.diff(J) >= -EXACT).all()
    assert J[-1] > J[0]


@pytest.mark.statement("npg")
def test_a_stationary_table_can_get_worse():
    """x -stay-> x, x -go, +1-> y, y pays -c; two steps. One number for both steps misleads the average."""
    c, p, eta = 1.5, 0.1, 30.0
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, :, 1] = 1.0
    mdp = MDP(P, r=[[0.0, 1.0], [-c, -c]], mu0=[1.0, 0.0], H=2)
    policy = TabularSoftmax(2, 2)
    theta = np.array([0.0, np.log(p / (1 - p)), 0.0, 0.0])
    start, after = npg(mdp, policy, theta, eta=eta, K=1)
    q = policy.table(after.theta)[0, 1]
    assert pytest.approx(p * (2 - c - p), abs=EXACT) == start.J
    assert pytest.approx(q * (2 - c - q), abs=EXACT) == after.J
    np.testing.assert_allclose([start.J, q, after.J], [0.040, 0.927, -0.396], atol=5e-4)
    timed = mdp.with_time()
    table = TabularSoftmax(timed.S, timed.A)
    *_, last = npg(timed, table, np.tile(theta, 2), eta=eta, K=5)
    assert pytest.approx(1.0, abs=1e-3) == last.J


@pytest.mark.statement("npg")
def test_the_step_does_not_depend_on_how_the_policy_is_written(mdp, rng):
    """Features times an invertible matrix: the same policies, another gradient, the same natural step."""
    features = rng.normal(size=(mdp.S, mdp.A, 4))
    M = rng.normal(size=(4, 4))
    one, other = LinearSoftmax(features), LinearSoftmax(features @ M)
    theta = rng.normal(size=4)
    same = np.linalg.solve(M, theta)

    def moved(policy, theta, step):
        return policy.table(theta + step)

    natural = [
        moved(policy, t, natural_step(exact_problem(mdp, policy, t), eta=0.5))
        for policy, t in ((one, theta), (other, same))
    ]
    np.testing.assert_allclose(natural[0], natural[1], atol=1e-9)
    vanilla = [
        moved(policy, t, exact.gradient(mdp, policy, t))
        for policy, t in ((one, theta), (other, same))
    ]
    assert np.abs(vanilla[0] - vanilla[1]).max() > 1e-3
