"""The natural policy gradient: the step, its closed forms, and where improvement is and is not promised."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import compatible_regression, exact_problem, npg, npg_step
from pgcompanion.algorithms.conjugate_gradient import conjugate_gradient
from pgcompanion.algorithms.npg import natural_step
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax

EXACT = 1e-10


@pytest.fixture
def g_and_fisher(mdp, policy, theta):
    return exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)


def kl_of(mdp, policy, theta, step):
    return exact.trajectory_kl(mdp, policy.table(theta), policy.table(theta + step))


@pytest.mark.statement("fisher_matrix")
def test_the_divergence_is_half_the_fisher_form_to_third_order(problem, theta, policy, rng, slope):
    d = rng.normal(size=policy.p)
    d /= np.linalg.norm(d)
    half = d @ problem.fisher_product(d) / 2
    steps = problem.n.sum()
    assert slope(lambda t: abs(problem.kl(theta + t * d) - t**2 * half), 1e-3, 1e-2) > 2.8
    averaged = slope(lambda t: abs(problem.kl(theta + t * d) - t**2 * half / steps), 1e-3, 1e-2)
    assert averaged == pytest.approx(2.0, abs=0.1)


@pytest.mark.statement("npg_optimization")
def test_the_step_is_the_best_of_its_length(g_and_fisher, rng):
    """It lies on the boundary, the multiplier is 1 / eta, and no other point of the boundary gains more."""
    (g, F), delta = g_and_fisher, 0.01
    d = npg_step(g, F, delta=delta)
    assert d @ F @ d / 2 == pytest.approx(delta, rel=1e-9)
    eta = np.sqrt(2 * delta / (g @ np.linalg.pinv(F, hermitian=True) @ g))
    np.testing.assert_allclose(g, F @ d / eta, atol=1e-9)
    assert g @ d == pytest.approx(2 * delta / eta, rel=1e-9)
    others = rng.normal(size=(1000, len(g)))
    others *= np.sqrt(2 * delta / np.einsum("np,pq,nq->n", others, F, others))[:, None]
    assert (others @ g).max() < g @ d
    printed = np.sqrt(delta / (g @ F @ g)) * np.linalg.pinv(F, hermitian=True) @ g
    assert abs(printed @ F @ printed / 2 - delta) > 0.1 * delta


@pytest.mark.statement("npg_optimization")
def test_the_true_divergence_of_a_small_step_is_its_radius(mdp, policy, theta, g_and_fisher):
    ratios = [
        kl_of(mdp, policy, theta, npg_step(*g_and_fisher, delta=delta)) / delta
        for delta in (1e-2, 1e-4, 1e-6)
    ]
    assert abs(ratios[2] - 1) < abs(ratios[1] - 1) < abs(ratios[0] - 1)
    assert ratios[2] == pytest.approx(1.0, abs=0.01)


@pytest.mark.statement("npg_optimization")
def test_nothing_of_the_step_lies_in_the_null_space(mdp, rng):
    """The length :math:`d^T F d / 2` alone cannot tell: a step with a large useless part passes it."""
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
    assert np.linalg.matrix_rank(F) == mdp.S * (mdp.A - 1)
    constants = np.kron(np.eye(mdp.S), np.ones(mdp.A))
    np.testing.assert_allclose(constants @ F, 0.0, atol=EXACT)
    d = npg_step(g, F, delta=0.01)
    np.testing.assert_allclose(constants @ d, 0.0, atol=EXACT)
    solved = d + 1e3 * constants.T @ rng.normal(size=mdp.S)
    assert solved @ F @ solved / 2 == pytest.approx(0.01, rel=1e-6)
    assert np.abs(constants @ solved).max() > 1.0


@pytest.mark.statement("npg_optimization")
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_conjugate_gradient_finds_the_pseudo_inverse(mdp, policy, rng, scale):
    theta = scale * rng.normal(size=policy.p)
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
    x = np.linalg.pinv(F, hermitian=True) @ g
    tolerance = 1e-9 * np.abs(x).max()
    np.testing.assert_allclose(npg_step(g, F, eta=1.0), x, atol=tolerance)

    def product(v):
        return policy.fisher_product(theta, policy.states, weights, v)

    weights = exact.expected_visits(mdp, policy.table(theta))
    np.testing.assert_allclose(npg_step(g, product, eta=1.0), x, atol=tolerance)
    np.testing.assert_allclose(
        exact_problem(mdp, policy, theta).natural_gradient(), x, atol=tolerance
    )
    few = conjugate_gradient(product, g, steps=1)
    assert np.abs(few - x).max() > 100 * tolerance


@pytest.mark.statement("npg_optimization")
def test_damping_solves_the_damped_system(problem, mdp, policy, theta):
    F = exact.fisher(mdp, policy, theta) + 0.3 * np.eye(policy.p)
    x = np.linalg.solve(F, problem.gradient)
    np.testing.assert_allclose(problem.natural_gradient(damping=0.3), x, atol=EXACT)
    assert np.abs(problem.natural_gradient() - x).max() > 1e-3


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


@pytest.mark.statement("npg_optimization")
@pytest.mark.parametrize("delta", [1e-3, 1e-1])
def test_with_a_radius_every_step_has_that_length(mdp, policy, theta, delta):
    start, after = npg(mdp, policy, theta, delta=delta, K=1)
    d = after.theta - start.theta
    assert d @ start.problem.fisher_product(d) / 2 == pytest.approx(delta, rel=1e-8)
    assert after.kl == pytest.approx(kl_of(mdp, policy, theta, d), abs=EXACT)


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


@pytest.mark.statement("npg_optimization")
def test_where_the_quadratic_model_fails_damping_shortens_the_step():
    """A good action that is almost never taken: the model sees no cost in taking it. Hence TRPO's line search."""
    p, delta = 1e-4, 0.01
    bandit = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
    theta = np.array([0.0, np.log(p / (1 - p))])
    problem = exact_problem(bandit, TabularSoftmax(1, 2), theta)
    bare, damped = (natural_step(problem, delta=delta, damping=x) for x in (0.0, 0.1))
    assert bare @ problem.fisher_product(bare) / 2 == pytest.approx(delta, rel=1e-9)
    assert problem.kl(theta + bare) > 100 * delta
    assert problem.kl(theta + damped) < delta


def test_no_gradient_means_no_step():
    F = np.diag([1.0, 0.0])
    np.testing.assert_array_equal(npg_step(np.zeros(2), F, delta=0.1), 0.0)
    np.testing.assert_array_equal(npg_step(np.zeros(2), F, eta=0.1), 0.0)


def test_a_step_needs_one_size(mdp, policy, theta, g_and_fisher):
    for call in (npg_step, lambda g, F, **size: npg(mdp, policy, theta, **size)):
        with pytest.raises(
            ValueError, match=r"^Exactly one of eta and delta must be given, but found none\.$"
        ):
            call(*g_and_fisher)
        with pytest.raises(ValueError, match=r"but found eta and delta\.$"):
            call(*g_and_fisher, eta=1.0, delta=1.0)
        with pytest.raises(ValueError, match=r"^delta must be positive, but it is -1\.0\.$"):
            call(*g_and_fisher, delta=-1.0)
