"""The natural step: its length, its divergence, singular Fisher matrices, and damping."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import exact_problem, npg, npg_step
from pgcompanion.algorithms.conjugate_gradient import conjugate_gradient
from pgcompanion.algorithms.npg import natural_step
from pgcompanion.mdp import MDP
from pgcompanion.policies import NeuralSoftmax, TabularSoftmax

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
def test_the_true_divergence_of_a_small_step_approaches_its_radius(
    mdp, policy, theta, g_and_fisher, slope
):
    """KL = d^T F d / 2 + O(|d|^3) and |d| is of order sqrt(delta): KL / delta - 1 vanishes as sqrt(delta).

    The negative controls: the Fisher matrix of a step instead of a trajectory, whose ratio goes to H,
    and sqrt(delta / g^T F g) for the step size. Both ratios settle elsewhere, so the slope is 0.
    """
    g, F = g_and_fisher
    natural = npg_step(g, F, eta=1.0)

    def off(step):
        return lambda delta: abs(kl_of(mdp, policy, theta, step(delta)) / delta - 1)

    right = off(lambda delta: npg_step(g, F, delta=delta))
    averaged = off(lambda delta: npg_step(g, F / mdp.H, delta=delta))
    printed = off(lambda delta: np.sqrt(delta / (g @ F @ g)) * natural)
    assert slope(right, 1e-6, 1e-4) == pytest.approx(0.5, abs=0.05)
    assert right(1e-6) < 1e-3 < 0.1 < min(averaged(1e-6), printed(1e-6))
    assert averaged(1e-6) == pytest.approx(mdp.H - 1, rel=1e-2)
    for wrong in (averaged, printed):
        assert slope(wrong, 1e-6, 1e-4) == pytest.approx(0.0, abs=0.05)


@pytest.mark.statement("npg_optimization")
def test_nothing_of_the_step_lies_in_the_null_space(mdp, rng):
    """The length :math:`d^T F d / 2` alone cannot tell, but the policy can.

    99 parameters, of which 8 directions change the policy. Elimination finds *something* that solves
    F x = g, with a part in the null space that is as large as round-off makes it. Its length is right and
    its divergence is not: what costs nothing to second order costs much where the step is long.
    """
    delta, broken = 0.01, 0
    for _ in range(8):
        policy = NeuralSoftmax(rng.normal(size=(mdp.S, 2)), mdp.A, hidden=(16,))
        theta = rng.normal(size=policy.p)
        g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
        rank = mdp.S * (mdp.A - 1)
        assert np.linalg.matrix_rank(F, hermitian=True) == rank
        null = np.linalg.eigh(F)[1][:, :-rank]
        solved = np.linalg.solve(F + np.finfo(float).tiny * np.eye(policy.p), g)
        right, wrong = (np.sqrt(2 * delta / (g @ x)) * x for x in (npg_step(g, F, eta=1.0), solved))
        for d in (right, wrong):
            assert d @ F @ d / 2 == pytest.approx(delta, rel=1e-4)
        assert np.linalg.norm(null.T @ right) < 1e-6 * np.linalg.norm(right)
        assert kl_of(mdp, policy, theta, right) < 2 * delta
        broken += kl_of(mdp, policy, theta, wrong) > 2 * delta
        assert np.linalg.norm(null.T @ wrong) > 0.5 * np.linalg.norm(wrong)
    assert broken > 4


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


@pytest.mark.statement("npg_optimization")
def test_with_damping_and_a_radius_the_damped_length_is_fixed(problem, mdp, policy, theta):
    """And half d^T F d, the negative control, falls short of the radius."""
    delta, damping = 0.05, 1.0
    d = natural_step(problem, delta=delta, damping=damping)
    assert d @ (problem.fisher_product(d) + damping * d) / 2 == pytest.approx(delta, rel=1e-9)
    assert d @ problem.fisher_product(d) / 2 < 0.99 * delta
    start, after = npg(mdp, policy, theta, delta=delta, damping=damping, K=1)
    np.testing.assert_array_equal(after.theta, start.theta + d)


@pytest.mark.statement("npg_optimization")
def test_a_network_over_finitely_many_states_takes_the_natural_step_too(mdp, rng):
    """Its Fisher matrix is so ill-conditioned that conjugate gradient, the negative control, does not arrive."""
    S, A = 100, 4
    policy = NeuralSoftmax(rng.normal(size=(S, 5)), A, hidden=(16, 8))
    P, r = rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A))
    theta = policy.init(rng) + 0.5 * rng.normal(size=policy.p)
    problem = exact_problem(MDP(P, r, np.full(S, 1 / S), H=20), policy, theta)
    g = problem.gradient
    x = problem.natural_gradient()
    np.testing.assert_allclose(x, npg_step(g, problem.F, eta=1.0), rtol=1e-12)

    def residual(x):
        return np.linalg.norm(problem.F @ x - g) / np.linalg.norm(g)

    assert residual(x) < 1e-9 < residual(conjugate_gradient(problem.fisher_product, g))


@pytest.mark.statement("npg_optimization")
@pytest.mark.parametrize("delta", [1e-3, 1e-1])
def test_with_a_radius_every_step_has_that_length(mdp, policy, theta, delta):
    start, after = npg(mdp, policy, theta, delta=delta, K=1)
    d = after.theta - start.theta
    assert d @ start.problem.fisher_product(d) / 2 == pytest.approx(delta, rel=1e-8)
    assert after.kl == pytest.approx(kl_of(mdp, policy, theta, d), abs=EXACT)


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


def test_a_damping_must_not_be_negative(problem, mdp, policy, theta):
    for call in (
        lambda **kw: natural_step(problem, **kw),
        lambda **kw: npg(mdp, policy, theta, **kw),
    ):
        with pytest.raises(ValueError, match=r"^damping must not be negative, but it is -1\.$"):
            call(eta=1.0, damping=-1)
        with pytest.raises(ValueError, match=r"^damping must be finite, but it is nan\.$"):
            call(eta=1.0, damping=np.nan)
        for size, message in (("a", "a number"), (np.inf, "finite"), (np.nan, "finite")):
            with pytest.raises(ValueError, match=rf"^delta must be {message}, but it is"):
                call(delta=size)
