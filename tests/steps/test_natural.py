"""The natural step: its length, its divergence, singular Fisher matrices, damping, and its closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion._numerics.conjugate_gradient import conjugate_gradient
from pgcompanion._numerics.minimum_norm import minimum_norm_solution
from pgcompanion.batches import Batch, Exact, Sampled
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, NeuralSoftmax, TabularSoftmax
from pgcompanion.steps import (
    compatible_regression,
    natural_gradient,
    natural_step,
    npg_step,
    step_size,
    tabular_npg_update,
)
from pgcompanion.steps.natural import CG_STEPS, DENSE

EXACT = 1e-10
ROUND_OFF = np.finfo(float).eps


@pytest.fixture
def g_and_fisher(mdp, policy, theta):
    return exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)


class Bare:
    """A policy without its closed forms: the defaults have to do."""

    def __init__(self, policy) -> None:
        self.policy = policy

    def __getattr__(self, name: str):
        if name in ("natural", "penalty_argmax"):
            raise AttributeError(name)
        return getattr(self.policy, name)


def kl_of(mdp, policy, theta, step):
    return exact.trajectory_kl(mdp, policy.table(theta), policy.table(theta + step))


def natural(g, F):
    return np.linalg.pinv(F, hermitian=True) @ g


# --- The divergence -------------------------------------------------------------------------------


@pytest.mark.statement("fisher_matrix", "npg_optimization")
def test_the_divergence_is_half_the_fisher_form_to_third_order(
    policy, theta, batch, mdp, rng, slope
):
    """With the Fisher matrix of a step in place of a trajectory's, the negative control, to second order only."""
    d = rng.normal(size=policy.p)
    d /= np.linalg.norm(d)
    half = d @ objectives.fisher_product(policy, theta, batch, d) / 2

    def off(factor):
        return lambda t: abs(
            objectives.kl(policy, theta, theta + t * d, batch) - factor * t**2 * half
        )

    assert slope(off(1.0), 1e-3, 1e-2) > 2.8
    assert slope(off(1 / mdp.H), 1e-3, 1e-2) == pytest.approx(2.0, abs=0.1)


# --- npg_step -------------------------------------------------------------------------------------


@pytest.mark.statement("npg_optimization")
def test_the_step_is_the_best_of_its_length(g_and_fisher, rng):
    """It lies on the boundary, the multiplier is 1 / eta, and no other point of the boundary gains more.

    The negative control has sqrt(delta / g^T F g) for the step size.
    """
    (g, F), delta = g_and_fisher, 0.01
    d = npg_step(g, F, delta)
    assert d @ F @ d / 2 == pytest.approx(delta, rel=1e-9)
    eta = np.sqrt(2 * delta / (g @ natural(g, F)))
    np.testing.assert_allclose(g, F @ d / eta, atol=1e-9)
    assert g @ d == pytest.approx(2 * delta / eta, rel=1e-9)
    others = rng.normal(size=(1000, len(g)))
    others *= np.sqrt(2 * delta / np.einsum("np,pq,nq->n", others, F, others))[:, None]
    assert (others @ g).max() < g @ d
    printed = np.sqrt(delta / (g @ F @ g)) * natural(g, F)
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

    def off(step):
        return lambda delta: abs(kl_of(mdp, policy, theta, step(delta)) / delta - 1)

    right = off(lambda delta: npg_step(g, F, delta))
    averaged = off(lambda delta: npg_step(g, F / mdp.H, delta))
    printed = off(lambda delta: np.sqrt(delta / (g @ F @ g)) * natural(g, F))
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
        right, wrong = npg_step(g, F, delta), step_size(g, solved, delta) * solved
        for d in (right, wrong):
            assert d @ F @ d / 2 == pytest.approx(delta, rel=1e-4)
        assert np.linalg.norm(null.T @ right) < 1e-6 * np.linalg.norm(right)
        assert kl_of(mdp, policy, theta, right) < 2 * delta
        broken += kl_of(mdp, policy, theta, wrong) > 2 * delta
        assert np.linalg.norm(null.T @ wrong) > 0.5 * np.linalg.norm(wrong)
    assert broken > 4


@pytest.mark.statement("npg_optimization")
def test_of_a_vector_outside_the_range_the_part_inside_counts():
    """A vector without such a part gives no step. Damped, the control, it leaves the range."""
    F = [[1, -1], [-1, 1]]
    d = npg_step([2, 0], F, 0.1)
    assert d @ F @ d / 2 == pytest.approx(0.1, rel=8 * ROUND_OFF)
    assert d[0] == pytest.approx(-d[1], rel=1e-12)
    np.testing.assert_array_equal(npg_step([1.0, 1.0], F, 0.1), 0.0)
    damped = np.linalg.solve(F + 1e-6 * np.eye(2), [2, 0])
    assert abs(damped[0] + damped[1]) > 1e5 * abs(damped[0] - damped[1])


@pytest.mark.statement("npg_optimization")
@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e-20, 1e20, 1e160, 1e300])
def test_the_step_depends_on_the_direction_of_the_gradient_alone(g_and_fisher, size):
    """However long that is: its square may be too large or too small for a number, and the step is not.

    The formula as it is printed, the negative control, then gives no step or none that is a number.
    """
    (g, F), delta = g_and_fisher, 0.05
    d = npg_step(g, F, delta)
    np.testing.assert_allclose(npg_step(size * g, F, delta), d, rtol=1e-6)
    np.testing.assert_allclose(npg_step(g, F * 1e-100, delta), d * 1e50, rtol=1e-6)
    if abs(np.log10(size)) >= 160:
        with np.errstate(all="ignore"):
            x = natural(g, F) * size
            printed = np.sqrt(2 * delta / (size * g @ x)) * x
        assert not np.isfinite(printed).all() or not printed.any()


@pytest.mark.statement("npg_optimization")
def test_the_size_of_a_step_is_what_the_radius_says(rng):
    """Of vectors of any length. The negative control forgets the 2 of the quadratic form."""
    g, delta = rng.normal(size=5), 0.3
    F = np.diag(rng.random(5) + 0.1)
    for scale in (1e-200, 1e-8, 1.0, 1e8, 1e200):
        x = np.linalg.solve(F, scale * g)
        eta = step_size(scale * g, x, delta)
        d = eta * x
        assert d @ F @ d / 2 == pytest.approx(delta, rel=1e-9)
        assert abs((d / 2) @ F @ d / 2 - delta) > 0.1 * delta
    assert step_size(np.zeros(2), np.zeros(2), 1.0) == 0.0
    assert step_size(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 1.0) == 0.0


def test_no_gradient_means_no_step():
    np.testing.assert_array_equal(npg_step(np.zeros(2), np.diag([1.0, 0.0]), 0.1), 0.0)


@pytest.mark.statement(
    "npg_optimization", no_control="every case is a refusal, beside one call that passes"
)
def test_what_is_no_gradient_or_no_fisher_matrix_is_refused():
    F = np.eye(2)
    npg_step([1.0, 2.0], F, 0.1)
    for g, matrix, message in (
        ([[1.0, 2.0]], F, r"^g has shape \(1, 2\), but \(any\) is expected\.$"),
        ([1.0, np.nan], F, r"^g must be finite, but it contains NaN or infinity\.$"),
        (None, F, r"^g must be an array of numbers, but its type is object\.$"),
        ([1.0, 2.0, 3.0], F, r"^F has shape \(2, 2\), but \(3, 3\) is expected\.$"),
        ([1.0, 2.0], F + np.inf, r"^F must be finite, but it contains NaN or infinity\.$"),
        ([1.0, 2.0], lambda v: v, r"^F must be an array of numbers, but its type is object\.$"),
        (
            [1.0, 2.0],
            [[1.0, 0.5], [0.0, 1.0]],
            r"^F must be symmetric, but it differs from its transpose\.$",
        ),
        ([1.0, 2.0], -F, r"^F must have no negative eigenvalue, but it has -1\.$"),
        (
            [1.0, 0.0],
            [[1.0, 0.0], [0.0, -0.5]],
            r"^F must have no negative eigenvalue, but it has -0\.5\.$",
        ),
        (
            [0.0, 0.0],
            [[0.0, 2.0], [2.0, 0.0]],
            r"^F must have no negative eigenvalue, but it has -2\.$",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            npg_step(g, matrix, 0.1)
    for x in (np.inf, np.nan, "a", True, -1.0, None):
        with pytest.raises(
            ValueError, match=r"^delta must be (finite|a number|positive), but it is"
        ):
            npg_step([1.0, 2.0], F, x)


@pytest.mark.statement("npg_optimization")
def test_round_off_in_the_matrix_is_no_negative_eigenvalue(rng):
    """Sums of outer products are semidefinite up to that; a thousandth, the control, is not round-off.

    A check that allows no negative eigenvalue at all, the other control, would refuse most of them.
    """
    negative = 0
    for _ in range(20):
        G = rng.normal(size=(30, 4)) * 10.0 ** rng.integers(-6, 7)
        F = G @ G.T
        negative += np.linalg.eigvalsh(F).min() < 0
        d = npg_step(G @ rng.normal(size=4), F, 0.1)
        assert d @ F @ d / 2 == pytest.approx(0.1, rel=1e-6)
        with pytest.raises(ValueError, match=r"^F must have no negative eigenvalue"):
            npg_step(G @ rng.normal(size=4), F - 1e-3 * np.abs(F).max() * np.eye(30), 0.1)
    assert negative > 10


# --- The natural gradient of a batch --------------------------------------------------------------


@pytest.mark.statement("npg", "npg_optimization")
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_it_is_the_pseudo_inverse_times_the_gradient(mdp, policy, rng, scale):
    """By eigenvectors, by conjugate gradient or by a closed form. One step of conjugate gradient is the control."""
    theta = scale * rng.normal(size=policy.p)
    batch = Exact(mdp)(policy, theta)
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
    x = natural(g, F)
    tolerance = 1e-9 * np.abs(x).max()
    np.testing.assert_allclose(minimum_norm_solution(F, g), x, atol=tolerance)
    np.testing.assert_allclose(natural_gradient(policy, theta, batch), x, atol=tolerance)
    few = conjugate_gradient(
        lambda v: objectives.fisher_product(policy, theta, batch, v), g, steps=1
    )
    assert np.abs(few - x).max() > 100 * tolerance


@pytest.mark.statement("npg")
@pytest.mark.parametrize("timed", [False, True], ids=["stationary", "time-dependent"])
@pytest.mark.parametrize("damping", [0.0, 1e-3, 0.3])
@pytest.mark.parametrize("made", ["exact", "sampled", "unseen"])
def test_the_closed_form_of_a_table_is_the_default(mdp, timed, damping, made, rng):
    """On exact batches, on few trajectories, with states that were never seen. The control is another damping."""
    policy = TabularSoftmax(mdp.S, mdp.A, H=mdp.H if timed else None)
    theta = rng.normal(size=policy.p)
    world = mdp
    if made == "unseen":
        P = mdp.P.copy()
        P[..., -1], P[..., 0] = 0.0, P[..., 0] + P[..., -1]
        world = MDP(P, mdp.r, np.eye(mdp.S)[0], mdp.H)
    source = Exact(mdp) if made == "exact" else Sampled(world, N=6, rng=rng)
    batch = source(policy, theta)
    assert made != "unseen" or len(set(batch.s % mdp.S)) < mdp.S
    closed = natural_gradient(policy, theta, batch, damping)
    default = natural_gradient(Bare(policy), theta, batch, damping)
    np.testing.assert_allclose(closed, default, atol=1e-8 * np.abs(default).max())
    other = natural_gradient(policy, theta, batch, damping + 0.1)
    assert np.abs(other - closed).max() > 1e-3 * np.abs(closed).max()


@pytest.mark.statement("npg_optimization")
def test_damping_solves_the_damped_system(mdp, policy, theta, batch):
    """Undamped, the negative control, it is another vector."""
    F = exact.fisher(mdp, policy, theta) + 0.3 * np.eye(policy.p)
    x = np.linalg.solve(F, objectives.gradient(policy, theta, batch))
    np.testing.assert_allclose(natural_gradient(policy, theta, batch, damping=0.3), x, atol=EXACT)
    assert np.abs(natural_gradient(policy, theta, batch) - x).max() > 1e-3


@pytest.mark.statement("npg_optimization", "fisher_matrix")
@pytest.mark.parametrize("p", [DENSE - 1, DENSE + 1])
def test_with_many_parameters_the_natural_gradient_is_the_same(small, rng, p):
    """Beyond `DENSE` parameters no Fisher matrix is formed: on either side of the line, both ways agree.

    The matrix has the rank of the scores, S (A - 1) = 3, so its pseudo-inverse is cheap: F = G G^T with
    the scores, weighted, as the columns of G, and F^+ g = G^+T G^+ g. The control is a damped system.
    """
    policy = LinearSoftmax(rng.normal(size=(small.S, small.A, p)) / np.sqrt(p))
    theta = rng.normal(size=p)
    batch = Exact(small)(policy, theta)
    g = objectives.gradient(policy, theta, batch)
    pairs = np.indices((small.S, small.A)).reshape(2, -1)
    n = exact.expected_visits(small, policy.table(theta))
    G = policy.score(theta, *pairs).T * np.sqrt(n[pairs[0]] * policy.table(theta).ravel())
    inverse = np.linalg.pinv(G, rcond=1e-10)
    x = inverse.T @ (inverse @ g)
    np.testing.assert_allclose(
        natural_gradient(policy, theta, batch), x, atol=1e-9 * np.abs(x).max()
    )
    damped = natural_gradient(policy, theta, batch, damping=0.5)
    residual = G @ (G.T @ damped) + 0.5 * damped - g
    assert np.abs(residual).max() < 1e-9 * np.abs(g).max()
    assert np.abs(damped - x).max() > 1e-3 * np.abs(x).max()


class CountedProducts(LinearSoftmax):
    """A policy that counts how often it is asked for a Fisher-vector product."""

    products = matrices = 0

    def fisher_product(self, theta, s, weights, v):
        self.products += 1
        return super().fisher_product(theta, s, weights, v)

    def fisher(self, theta, s, weights):
        self.matrices += 1
        return super().fisher(theta, s, weights)


@pytest.mark.statement("npg_optimization")
@pytest.mark.parametrize("damping", [0.0, 1e-4])
def test_beyond_a_thousand_parameters_it_takes_twenty_products(rng, damping):
    """Of a sampled system that needs more, by default exactly 20, or as many as are asked for.

    The controls: with one parameter fewer the matrix is formed in place of any product, and solved.
    """
    S, A = 40, 3
    P, r = rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A))
    mdp, features = MDP(P, r, np.full(S, 1 / S), H=5), rng.normal(size=(S, A, DENSE + 1))
    for p, cg_steps, products in ((DENSE + 1, None, 20), (DENSE + 1, 7, 7), (DENSE, None, 0)):
        policy = CountedProducts(features[..., :p] / np.sqrt(p))
        theta = rng.normal(size=p)
        batch = Sampled(mdp, N=100, rng=rng)(policy, theta)
        options = {} if cg_steps is None else {"cg_steps": cg_steps}
        d = natural_step(policy, theta, batch, eta=1.0, damping=damping, **options)
        assert (policy.products, policy.matrices) == (products, products == 0)
        g = objectives.gradient(policy, theta, batch)
        Fd = objectives.fisher_product(policy, theta, batch, d) + damping * d
        missed = np.linalg.norm(Fd - g) / np.linalg.norm(g)
        assert missed > 1e-6 if products else missed < 1e-9
    assert CG_STEPS == 20


@pytest.mark.statement("npg_optimization")
def test_a_network_over_finitely_many_states_takes_the_natural_step_too(rng):
    """Its Fisher matrix is so ill-conditioned that conjugate gradient, the negative control, does not arrive."""
    S, A = 100, 4
    policy = NeuralSoftmax(rng.normal(size=(S, 5)), A, hidden=(16, 8))
    P, r = rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A))
    theta = policy.init(rng) + 0.5 * rng.normal(size=policy.p)
    batch = Exact(MDP(P, r, np.full(S, 1 / S), H=20))(policy, theta)
    g, F = objectives.gradient(policy, theta, batch), objectives.fisher(policy, theta, batch)
    x = natural_gradient(policy, theta, batch)

    def residual(x):
        return np.linalg.norm(F @ x - g) / np.linalg.norm(g)

    cg = conjugate_gradient(lambda v: objectives.fisher_product(policy, theta, batch, v), g)
    assert residual(x) < 1e-9 < residual(cg)


@pytest.mark.statement("npg")
def test_the_step_does_not_depend_on_how_the_policy_is_written(mdp, rng):
    """Features times an invertible matrix: the same policies, another gradient, the same natural step.

    The negative control is the plain gradient.
    """
    features = rng.normal(size=(mdp.S, mdp.A, 4))
    M = rng.normal(size=(4, 4))
    theta = rng.normal(size=4)
    cases = (
        (LinearSoftmax(features), theta),
        (LinearSoftmax(features @ M), np.linalg.solve(M, theta)),
    )
    moved, plain = (
        [policy.table(t + step(policy, t)) for policy, t in cases]
        for step in (
            lambda policy, t: natural_step(policy, t, Exact(mdp)(policy, t), eta=0.5),
            lambda policy, t: exact.gradient(mdp, policy, t),
        )
    )
    np.testing.assert_allclose(moved[0], moved[1], atol=1e-9)
    assert np.abs(plain[0] - plain[1]).max() > 1e-3


@pytest.mark.statement("npg", "npg_optimization")
@pytest.mark.parametrize("scale", [1, 30, 100, 700])
def test_metamorphic_of_a_table_at_every_size_of_theta(small, scale, rng):
    """Relabelled states, logits shifted in each state, shifted rewards: the same step, relabelled.

    At |theta| of 1, 30, 100 and 700. The negative control negates the rewards: the step turns round.
    """
    policy = TabularSoftmax(small.S, small.A)
    theta = scale * rng.uniform(-1, 1, size=policy.p)

    def step(mdp, theta):
        return natural_step(policy, theta, Exact(mdp)(policy, theta), eta=0.1)

    x = step(small, theta)
    size = np.abs(x).max()
    order = rng.permutation(small.S)
    relabelled = MDP(small.P[order][..., order], small.r[order], small.mu0[order], small.H)
    rows = (order[:, None] * small.A + np.arange(small.A)).ravel()
    np.testing.assert_allclose(step(relabelled, theta[rows]), x[rows], rtol=1e-6, atol=1e-8 * size)
    shift = np.repeat(scale * rng.normal(size=small.S), small.A)
    np.testing.assert_allclose(step(small, theta + shift), x, rtol=1e-6, atol=1e-8 * size)
    richer = MDP(small.P, small.r + 2.5, small.mu0, small.H)
    np.testing.assert_allclose(step(richer, theta), x, rtol=1e-6, atol=1e-8 * size)
    poorer = MDP(small.P, -small.r, small.mu0, small.H)
    np.testing.assert_allclose(step(poorer, theta), -x, rtol=1e-6, atol=1e-8 * size)
    assert size > 1e-3


# --- The step -------------------------------------------------------------------------------------


@pytest.mark.statement("npg_optimization")
def test_with_a_radius_every_step_has_that_length(policy, theta, batch):
    """And with damping the damped length; half d^T F d, the negative control, falls short of the radius."""
    for delta in (1e-3, 1e-1):
        d = natural_step(policy, theta, batch, delta=delta)
        Fd = objectives.fisher_product(policy, theta, batch, d)
        assert d @ Fd / 2 == pytest.approx(delta, rel=1e-8)
        x = natural_gradient(policy, theta, batch)
        np.testing.assert_allclose(natural_step(policy, theta, batch, eta=0.3), 0.3 * x, atol=EXACT)
        d = natural_step(policy, theta, batch, delta=delta, damping=1.0)
        Fd = objectives.fisher_product(policy, theta, batch, d)
        assert d @ (Fd + 1.0 * d) / 2 == pytest.approx(delta, rel=1e-9)
        assert abs(d @ Fd / 2 - delta) > 0.01 * delta


@pytest.mark.statement("npg_optimization")
def test_where_the_quadratic_model_fails_damping_shortens_the_step():
    """A good action that is almost never taken: the model sees no cost in taking it. Hence TRPO's line search."""
    p, delta = 1e-4, 0.01
    bandit = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
    policy, theta = TabularSoftmax(1, 2), np.array([0.0, np.log(p / (1 - p))])
    batch = Exact(bandit)(policy, theta)
    bare, damped = (natural_step(policy, theta, batch, delta=delta, damping=x) for x in (0.0, 0.1))
    assert bare @ objectives.fisher_product(policy, theta, batch, bare) / 2 == pytest.approx(delta)
    assert objectives.kl(policy, theta, theta + bare, batch) > 100 * delta
    assert objectives.kl(policy, theta, theta + damped, batch) < delta


@pytest.mark.statement("npg_optimization")
def test_a_batch_with_huge_rewards_moves_as_far(policy, theta, batch):
    """Within a radius only the direction counts. The control is a fixed step size: it grows with the rewards."""
    d = natural_step(policy, theta, batch, delta=0.1)
    huge = Batch(batch.s, batch.a, batch.w, 1e160 * batch.A, batch.log_prob)
    np.testing.assert_allclose(natural_step(policy, theta, huge, delta=0.1), d, rtol=1e-6)
    assert np.abs(natural_step(policy, theta, huge, eta=1.0)).max() > 1e100


def test_a_step_needs_one_size(policy, theta, batch):
    with pytest.raises(
        ValueError, match=r"^Exactly one of eta and delta must be given, but found none\.$"
    ):
        natural_step(policy, theta, batch)
    with pytest.raises(ValueError, match=r"but found eta and delta\.$"):
        natural_step(policy, theta, batch, eta=1.0, delta=1.0)
    for name in ("eta", "delta"):
        for size, message in (
            (-1.0, "positive"),
            ("a", "a number"),
            (np.inf, "finite"),
            (np.nan, "finite"),
        ):
            with pytest.raises(ValueError, match=rf"^{name} must be {message}, but it is"):
                natural_step(policy, theta, batch, **{name: size})
    for damping, message in ((-1, "not be negative"), (np.nan, "be finite"), ("a", "be a number")):
        with pytest.raises(ValueError, match=rf"^damping must {message}, but it is"):
            natural_step(policy, theta, batch, eta=1.0, damping=damping)
    with pytest.raises(ValueError, match=r"^cg_steps must be a positive integer, but it is 0\.$"):
        natural_step(policy, theta, batch, eta=1.0, cg_steps=0)


# --- Closed forms ---------------------------------------------------------------------------------


@pytest.mark.statement("compatible_regression")
def test_the_regression_of_advantages_on_scores_is_the_natural_gradient(mdp, policy, theta):
    """Unweighted, the negative control, it is another vector."""
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    s, a = np.meshgrid(np.arange(mdp.S), np.arange(mdp.A), indexing="ij")
    score = policy.score(theta, s, a).reshape(-1, policy.p)
    weights = (v.d[:, :, None] * pi).reshape(mdp.H, -1)
    w = compatible_regression(np.tile(score, (mdp.H, 1)), v.A.ravel(), weights.ravel())
    x = natural(exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta))
    np.testing.assert_allclose(w, x, atol=1e-9)
    unweighted = compatible_regression(
        np.tile(score, (mdp.H, 1)), v.A.ravel(), np.ones(weights.size)
    )
    assert np.abs(unweighted - x).max() > 1e-3
    for weights, message in (
        ([1.0, -1.0], r"^weights must not be negative, but it contains -1\.$"),
        ([1.0], r"^weights has shape \(1,\), but \(2\) is expected\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            compatible_regression(np.ones((2, 3)), np.ones(2), weights)


@pytest.mark.statement("natural_table")
def test_a_stationary_table_is_tilted_by_the_averaged_advantage(mdp, rng):
    """The negative controls: the advantage of the first step, and the sum in place of the average."""
    policy, eta = TabularSoftmax(mdp.S, mdp.A), 0.7
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    v = exact.evaluate(mdp, pi)
    averaged = np.einsum("hs,hsa->sa", v.d, v.A) / v.d.sum(axis=0)[:, None]
    got = policy.table(theta + natural_step(policy, theta, Exact(mdp)(policy, theta), eta=eta))
    np.testing.assert_allclose(got, tabular_npg_update(pi, averaged, eta), atol=EXACT)
    by_hand = pi * np.exp(eta * averaged)
    np.testing.assert_allclose(got, by_hand / by_hand.sum(axis=1, keepdims=True), atol=EXACT)
    for wrong in (v.A[0], mdp.H * averaged):
        assert np.abs(got - tabular_npg_update(pi, wrong, eta)).max() > 1e-3


@pytest.mark.statement("natural_table")
def test_the_update_of_a_table_does_not_overflow_and_keeps_what_is_0():
    """A shift of all advantages of a state changes nothing; of one action, the control, it does."""
    pi, A = np.array([[0.5, 0.5, 0.0]]), np.array([[0.0, 1.0, 9.0]])
    for eta in (1.0, 1e3, 1e300):
        new = tabular_npg_update(pi, A, eta)
        np.testing.assert_allclose(new, tabular_npg_update(pi, A + 7.0, eta), atol=EXACT)
        assert new[0, 2] == 0
        assert new.sum() == pytest.approx(1.0)
    assert (
        np.abs(
            tabular_npg_update(pi, A + np.array([1.0, 0, 0]), 1.0) - tabular_npg_update(pi, A, 1.0)
        ).max()
        > 0.1
    )
    for args, message in (
        (([[0.5, 0.6]], [[0.0, 0.0]], 1.0), r"^pi\[0\] must sum to 1, but it sums to 1\.1\.$"),
        (([[0.5, 0.5]], [0.0, 0.0], 1.0), r"^A_bar has shape \(2,\), but \(1, 2\) is expected\.$"),
        (([[0.5, 0.5]], [[0.0, 0.0]], -1.0), r"^eta must be positive, but it is -1\.0\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            tabular_npg_update(*args)
