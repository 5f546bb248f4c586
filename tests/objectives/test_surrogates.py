"""Surrogate, clip and penalty: gradients are derivatives, batches are arrays, precision is the room's."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion.batches import Batch, Exact, trajectory_batch
from pgcompanion.derivatives import central_difference, complex_step
from pgcompanion.estimators import at_states, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, NeuralGaussian, NeuralSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10
EPS = 0.2
NETWORKS = {
    "softmax": lambda: NeuralSoftmax(inputs=3, A=4, hidden=(6, 5)),
    "fixed-sigma": lambda: NeuralGaussian(inputs=3, n=2, hidden=(6, 5), sigma=0.5),
    "learned-sigma": lambda: NeuralGaussian(inputs=3, n=2, hidden=(6, 5), sigma=None),
}


@pytest.fixture(params=NETWORKS)
def network(request, rng):
    """A network, its parameters, a further point, and 42 steps with weights that differ."""
    policy = NETWORKS[request.param]()
    theta_k = 0.5 * rng.normal(size=policy.p)
    s = rng.normal(size=(42, 3))
    a = policy.sample(theta_k, s, rng)
    batch = Batch(s, a, rng.random(42), rng.normal(size=42), policy.log_prob(theta_k, s, a))
    return policy, theta_k, theta_k + 0.15 * rng.normal(size=policy.p), batch


# --- Gradients ------------------------------------------------------------------------------------


@pytest.mark.statement("trpo", "kld", "ppo")
def test_gradients_are_derivatives(batch, policy, theta, rng):
    """By a complex step. The negative control is the gradient at the start: elsewhere the ratio counts."""
    new = theta + 0.5 * rng.normal(size=policy.p)
    for value, gradient in (
        (
            lambda t: objectives.surrogate(policy, t, batch),
            objectives.surrogate_gradient(policy, new, batch),
        ),
        (
            lambda t: objectives.penalty(policy, theta, t, batch, 0.7),
            objectives.penalty_gradient(policy, theta, new, batch, 0.7),
        ),
        (
            lambda t: objectives.kl(policy, theta, t, batch),
            objectives.kl_gradient(policy, theta, new, batch),
        ),
        (
            lambda t: objectives.entropy(policy, t, batch),
            objectives.entropy_gradient(policy, new, batch),
        ),
    ):
        np.testing.assert_allclose(gradient, complex_step(value, new), atol=EXACT)
        assert np.abs(gradient - complex_step(value, theta)).max() > 1e-2
    np.testing.assert_allclose(objectives.kl_gradient(policy, theta, theta, batch), 0.0, atol=EXACT)


@pytest.mark.statement("trpo_implement", "ppo_clip")
def test_gradients_of_networks_are_derivatives(network):
    """The clip's too: at a point where no ratio lies at a bound. The control forgets the ratio."""
    policy, theta_k, theta, batch = network
    for value, gradient in (
        (
            lambda t: objectives.surrogate(policy, t, batch),
            objectives.surrogate_gradient(policy, theta, batch),
        ),
        (
            lambda t: objectives.kl(policy, theta_k, t, batch),
            objectives.kl_gradient(policy, theta_k, theta, batch),
        ),
    ):
        np.testing.assert_allclose(gradient, complex_step(value, theta), atol=EXACT)
        assert np.linalg.norm(gradient) > 1e-2
    clip = central_difference(lambda t: objectives.clip(policy, t, batch, EPS), theta)
    got = objectives.clip_gradient(policy, theta, batch, EPS)
    np.testing.assert_allclose(got, clip, atol=1e-7)
    assert np.abs(objectives.surrogate_gradient(policy, theta, batch) - clip).max() > 1e-2
    unweighted = policy.score_sum(theta, batch.s, batch.a, batch.w * batch.A)
    assert np.abs(objectives.surrogate_gradient(policy, theta, batch) - unweighted).max() > 1e-2


@pytest.mark.statement("ppo_clip")
def test_the_clipped_gradient_is_a_derivative(batch, policy, theta, rng):
    """The negative control is the gradient without a clip."""
    new = theta + 0.5 * rng.normal(size=policy.p)
    central = central_difference(lambda t: objectives.clip(policy, t, batch, EPS), new)
    np.testing.assert_allclose(
        objectives.clip_gradient(policy, new, batch, EPS), central, atol=1e-7
    )
    assert np.abs(objectives.surrogate_gradient(policy, new, batch) - central).max() > 1e-3


@pytest.mark.statement("ppo_clip", "trpo", "ppo")
def test_every_surrogate_has_the_value_0_and_the_gradient_of_j_at_the_start(
    mdp, policy, theta, batch
):
    """Elsewhere, the negative control, none of them has."""
    g, away = exact.gradient(mdp, policy, theta), theta + 1.0 * np.arange(len(theta))
    for value, gradient in (
        (
            lambda t: objectives.surrogate(policy, t, batch),
            lambda t: objectives.surrogate_gradient(policy, t, batch),
        ),
        (
            lambda t: objectives.penalty(policy, theta, t, batch, 3.0),
            lambda t: objectives.penalty_gradient(policy, theta, t, batch, 3.0),
        ),
        (
            lambda t: objectives.clip(policy, t, batch, EPS),
            lambda t: objectives.clip_gradient(policy, t, batch, EPS),
        ),
    ):
        assert value(theta) == pytest.approx(0.0, abs=EXACT)
        np.testing.assert_allclose(gradient(theta), g, atol=EXACT)
        assert np.abs(gradient(away) - g).max() > 1e-3
        assert abs(value(away)) > 1e-3
    np.testing.assert_allclose(objectives.gradient(policy, theta, batch), g, atol=EXACT)


# --- The clip -------------------------------------------------------------------------------------


@pytest.mark.statement("ppo_clip")
def test_the_clip_is_the_mean_of_the_smaller_term(rng):
    """Step by step, by hand: early, going from the first state is bad, for the other costs; at the last step it is good.

    The negative control sums the advantages over the steps first.
    """
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, :, 1] = 1.0
    mdp = MDP(P, r=[[0.0, 1.0], [-1.5, -1.4]], mu0=[1.0, 0.0], H=3)
    policy, theta, eps = TabularSoftmax(2, 2), rng.normal(size=4), 0.2
    batch, v = Exact(mdp)(policy, theta), exact.evaluate(mdp, policy.table(theta))
    assert v.A[0, 0, 1] < 0 < v.A[2, 0, 1]
    new = theta + np.array([0.0, 1.0, 0.5, 0.0])
    u = policy.table(new) / policy.table(theta)
    gains = np.minimum(u * v.A, u.clip(1 - eps, 1 + eps) * v.A) - v.A
    by_hand = np.einsum("hs,sa,hsa->", v.d, policy.table(theta), gains)
    clip = objectives.clip(policy, new, batch, eps)
    assert clip == pytest.approx(by_hand, abs=EXACT)
    assert clip < objectives.surrogate(policy, new, batch) - 1e-3
    summed = np.einsum("hs,hsa->sa", v.d, v.A)
    wrong = np.minimum(u * summed, u.clip(1 - eps, 1 + eps) * summed) - summed
    assert abs((policy.table(theta) * wrong).sum() - by_hand) > 1e-4


@pytest.mark.statement("ppo_clip")
@pytest.mark.parametrize("psi", [1.0, -1.0])
@pytest.mark.parametrize("u", [0.5, 1.0, 1.5])
def test_a_term_beyond_its_bound_pulls_no_more_and_one_on_the_wrong_side_still_does(psi, u):
    """One step of either sign, with the ratio below, inside and above the bounds."""
    policy, one = TabularSoftmax(1, 2), np.ones(1)
    batch = Batch(np.array([0]), np.array([1]), one, psi * one, np.log(0.5) * one)
    theta = np.array([0.0, np.log(u / (2 - u))])
    assert policy.table(theta)[0, 1] / 0.5 == pytest.approx(u)
    pulls = np.abs(objectives.clip_gradient(policy, theta, batch, 0.2)).max() > 1e-12
    beyond = u > 1.2 if psi > 0 else u < 0.8
    assert pulls == (not beyond)
    value = min(u * psi, np.clip(u, 0.8, 1.2) * psi) - psi
    assert objectives.clip(policy, theta, batch, 0.2) == pytest.approx(value, abs=EXACT)


@pytest.mark.statement("ppo_clip")
def test_the_side_that_is_clipped_depends_on_the_sign(network):
    """Steps of every kind occur; the negative control clips both sides of every step."""
    policy, _, theta, batch = network
    u = objectives.ratio(policy.log_prob(theta, batch.s, batch.a), batch.log_prob)
    for sign in (batch.A > 0, batch.A < 0):
        assert (sign & (u < 1 - EPS)).any()
        assert (sign & (u > 1 + EPS)).any()
    inside = np.abs(u - 1) < EPS
    both = policy.score_sum(theta, batch.s, batch.a, batch.w * batch.A * u * inside)
    assert np.abs(both - objectives.clip_gradient(policy, theta, batch, EPS)).max() > 1e-2


# --- Arrays and batches ---------------------------------------------------------------------------


@pytest.mark.statement("trpo_implement", "ppo_clip", "ppo_objective")
@pytest.mark.parametrize("kind", ["tabular", "gaussian"])
def test_the_functions_of_arrays_are_those_of_a_batch(small, rng, kind):
    """Of full episodes, up to the value at the start. The controls: a mean over steps, the ratio upside down."""
    if kind == "tabular":
        policy = TabularSoftmax(small.S, small.A)
        theta_k = rng.normal(size=policy.p)
        tau = sample(small, policy.table(theta_k), 30, rng)
    else:
        policy = LinearGaussian(features=2, n=1, sigma=None)
        theta_k, s = 0.3 * rng.normal(size=policy.p), rng.normal(size=(30, 4, 2))
        tau = Trajectories(s, policy.sample(theta_k, s, rng), rng.normal(size=(30, 4)))
    psi, theta = rng.normal(size=tau.r.shape), theta_k + 0.3 * rng.normal(size=policy.p)
    batch = trajectory_batch(policy, theta_k, tau, psi)
    old, new = (policy.log_prob(t, tau.s, tau.a) for t in (theta_k, theta))
    start = psi.sum(axis=1).mean()
    L = objectives.surrogate(policy, theta, batch)
    assert objectives.trpo_surrogate(new, old, psi) - start == pytest.approx(L, abs=EXACT)
    clip = objectives.ppo_clip_objective(new, old, psi, 0.1)
    assert clip - start == pytest.approx(objectives.clip(policy, theta, batch, 0.1), abs=EXACT)
    penalised = objectives.ppo_penalty_objective(new, old, psi, 0.3)
    assert penalised - start == pytest.approx(L + 0.3 * new.sum(axis=1).mean(), abs=EXACT)
    for wrong in (
        objectives.trpo_surrogate(new, old, psi) / tau.H,
        objectives.trpo_surrogate(old, new, psi),
    ):
        assert abs(wrong - start - L) > 1e-3


@pytest.mark.statement("trpo_implement")
def test_the_ratio_is_a_quotient_of_probabilities(rng):
    """Upside down, the control, it is another; and it stays a number where a probability is too small for one."""
    p, q = rng.random((2, 5))
    np.testing.assert_allclose(objectives.ratio(np.log(p), np.log(q)), p / q)
    assert np.abs(q / p - p / q).max() > 0.1
    assert objectives.ratio(-1000.0, -1000.5) == pytest.approx(np.exp(0.5))


@pytest.mark.statement("trpo_implement")
def test_the_objective_is_the_surrogate_plus_what_the_baseline_leaves(small, rng, measure):
    """All trajectories at once: reward-to-go less any baseline in the place of the advantage.

    The negative control leaves the offset out.
    """
    policy = TabularSoftmax(small.S, small.A)
    theta_k = rng.normal(size=policy.p)
    pi = policy.table(theta_k)
    tau, v = exact.trajectories(small), exact.evaluate(small, pi)
    rho = np.exp(exact.log_likelihood(small, pi, tau))
    b = rng.normal(size=(small.H, small.S))
    psi = reward_to_go(tau.r) - at_states(b, tau)
    offset = (v.d * (v.V[:-1] - b)).sum()
    old = policy.log_prob(theta_k, tau.s, tau.a)
    for theta in rng.normal(size=(5, policy.p)):
        u = objectives.ratio(policy.log_prob(theta, tau.s, tau.a), old)
        objective = rho @ (u * psi).sum(axis=1)
        error = objective - offset - exact.surrogate(small, policy, theta_k, theta)
        assert measure(error, over=tau.N) < EXACT
    assert abs(offset) > 0.1


@pytest.mark.statement("ppo_objective")
def test_the_two_penalised_objectives_differ_by_the_constant_alone(
    mdp, policy, theta, batch, rng, measure
):
    """The negative control has the penalty with the other sign."""
    lam = 0.4
    c = exact.penalty_constant(mdp, policy, theta)
    assert abs(lam * c) > 0.1
    assert c == pytest.approx(-objectives.entropy(policy, theta, batch), abs=EXACT)
    flipped = []
    for new in theta + rng.normal(size=(20, policy.p)):
        penalised = objectives.penalty(policy, theta, new, batch, lam)
        value = exact.penalty_objective(mdp, policy, theta, new, lam)
        assert measure(value - penalised - lam * c, over=20, of="policies") < EXACT
        flipped.append(2 * objectives.surrogate(policy, new, batch) - value - penalised)
    assert np.ptp(flipped) > 0.1


@pytest.mark.statement("ppo_objective")
def test_the_gradient_of_the_objective_at_the_start_is_that_of_j(mdp, policy, theta, batch, rng):
    """At the start the penalty has no gradient, whatever its sign; elsewhere it has, and the sign counts.

    The negative controls: visits averaged over the steps, and the other sign of the penalty.
    """
    lam = 0.4

    def gradient(at):
        return complex_step(lambda t: exact.penalty_objective(mdp, policy, theta, t, lam), at)

    g = exact.gradient(mdp, policy, theta)
    np.testing.assert_allclose(gradient(theta), g, atol=EXACT)
    assert np.abs(gradient(theta) - g / mdp.H).max() > 1e-2
    new = theta + 0.5 * rng.normal(size=policy.p)
    right = objectives.penalty_gradient(policy, theta, new, batch, lam)
    np.testing.assert_allclose(gradient(new), right, atol=EXACT)
    rewarded = 2 * objectives.surrogate_gradient(policy, new, batch) - right
    assert np.abs(gradient(new) - rewarded).max() > 1e-2


# --- Precision ------------------------------------------------------------------------------------


@pytest.mark.statement("trpo_implement")
def test_with_a_room_a_pass_costs_single_precision_and_no_more(network):
    """A sum of B terms in float32, each from a few hundred operations, is right to B round-offs of the largest.

    Without the room, the negative control, the same sum is right to those of float64.
    """
    policy, _, theta, batch = network
    room, single = policy.room(batch.B), np.finfo(np.float32).eps
    for f in (
        lambda room: objectives.surrogate_gradient(policy, theta, batch, room),
        lambda room: objectives.clip_gradient(policy, theta, batch, EPS, room),
    ):
        double = f(None)
        assert double.dtype == np.float64
        error = np.abs(f(room) - double).max() / np.abs(double).max()
        assert np.finfo(np.float64).eps < error < batch.B * single
        np.testing.assert_array_equal(f(None), double)


# --- The border -----------------------------------------------------------------------------------


def test_what_cannot_be_right_is_refused(batch, policy, theta, rng):
    for eps in (0.0, -1, np.nan, np.inf, "a", None):
        for f in (objectives.clip, objectives.clip_gradient):
            with pytest.raises(
                ValueError, match=r"^eps must be (positive|finite|a number), but it is"
            ):
                f(policy, theta, batch, eps)
        for f in (objectives.penalty, objectives.penalty_gradient):
            with pytest.raises(
                ValueError, match=r"^lam must be (positive|finite|a number), but it is"
            ):
                f(policy, theta, theta, batch, eps)
        with pytest.raises(ValueError, match=r"^eps must be"):
            objectives.clipped(np.ones(2), np.ones(2), eps)
    one = np.ones((2, 3))
    for f, more in (
        (objectives.trpo_surrogate, ()),
        (objectives.ppo_clip_objective, (0.2,)),
        (objectives.ppo_penalty_objective, (1.0,)),
    ):
        for args, name in (((one[:1], one, one), "logp_new"), ((one, one[0], one), "logp_old")):
            with pytest.raises(ValueError, match=rf"^{name} has shape"):
                f(*args, *more)
        with pytest.raises(ValueError, match=r"^A must be finite"):
            f(one, one, np.nan * one, *more)
    for f in (objectives.surrogate, objectives.surrogate_gradient, objectives.gradient):
        with pytest.raises(ValueError, match=r"^theta has shape \(2,\), but"):
            f(policy, np.zeros(2), batch)
        for wrong in (None, TabularSoftmax, np.zeros(3)):
            with pytest.raises(TypeError, match=r"^policy must be a policy such as"):
                f(wrong, theta, batch)
