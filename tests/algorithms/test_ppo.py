"""PPO: the penalised maximum, its constant, the clipped objective, and the practical inner loop."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import (
    adapted,
    exact_problem,
    normalised,
    npg_step,
    penalty_argmax,
    penalty_constant,
    ppo,
    ppo_objective,
    ppo_update,
    sampled_problem,
    trpo_argmax,
)
from pgcompanion.algorithms.penalty import tilt
from pgcompanion.estimators import gae, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


def penalised_gradient(problem, theta, lam):
    return problem.surrogate_gradient(theta) - lam * problem.kl_gradient(theta)


# --- The penalty ----------------------------------------------------------------------------------


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("lam", [0.1, 1.0, 100.0])
def test_the_gradient_is_zero_at_the_maximum(problem, theta, lam, rng, complex_step, measure):
    new = penalty_argmax(problem, lam)
    scale = np.linalg.norm(problem.gradient)
    gradient = penalised_gradient(problem, new, lam) / scale
    assert measure(gradient, over=1, of="updates") < 1e-9
    derivative = complex_step(lambda t: problem.surrogate(t) - lam * problem.kl(t), new)
    np.testing.assert_allclose(derivative / scale, 0.0, atol=1e-9)
    value = problem.surrogate(new) - lam * problem.kl(new)
    for _ in range(200):
        other = new + 0.3 * rng.normal(size=len(theta))
        assert problem.surrogate(other) - lam * problem.kl(other) < value
    rewarded = problem.surrogate_gradient(new) + lam * problem.kl_gradient(new)
    assert np.linalg.norm(rewarded) > 0.1 * scale


@pytest.mark.statement("ppo")
def test_the_reversed_divergence_has_another_maximum(mdp, policy, theta, complex_step):
    problem, lam = exact_problem(mdp, policy, theta), 0.5
    new = penalty_argmax(problem, lam)

    def reversed_objective(t):
        d = exact.expected_visits(mdp, policy.table(theta))
        return problem.surrogate(t) - lam * (d @ policy.kl(t, theta, policy.states))

    assert np.abs(complex_step(reversed_objective, new)).max() > 1e-2


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("lam", [1e-6, 1e-2, 1.0, 1e6])
def test_the_step_per_state_sums_to_one_however_unequal_the_probabilities(rng, lam):
    """Weights from 1 to 1e-200, advantages of either sign: pi (nu - A) = lam pi_k in every state."""
    log_pi = np.log(rng.dirichlet(np.ones(4), size=50)) * rng.choice(
        [1.0, 10.0, 100.0], size=(50, 1)
    )
    log_pi -= np.log(np.exp(log_pi).sum(axis=1, keepdims=True))
    A = rng.normal(size=(50, 4))
    d = tilt(log_pi, A, lam)
    log_new = log_pi + d - np.log(np.exp(log_pi + d).sum(axis=1, keepdims=True))
    nu = A + lam * np.exp(log_pi - log_new)
    np.testing.assert_allclose(nu, np.broadcast_to(nu[:, :1], nu.shape), rtol=1e-8)
    assert (nu[:, 0] >= A.max(axis=1) - 1e-12).all()


@pytest.mark.statement("ppo", "npg")
def test_a_strong_penalty_gives_the_natural_step_with_an_error_of_second_order(
    mdp, policy, theta, slope
):
    problem = exact_problem(mdp, policy, theta)
    g, F = problem.gradient, exact.fisher(mdp, policy, theta)

    def error(eta):
        return np.linalg.norm(penalty_argmax(problem, 1 / eta) - theta - npg_step(g, F, eta=eta))

    assert slope(error, 1e-3, 1e-2) == pytest.approx(2.0, abs=0.1)

    def vanilla_error(eta):
        return np.linalg.norm(penalty_argmax(problem, 1 / eta) - theta - eta * g)

    assert slope(vanilla_error, 1e-3, 1e-2) == pytest.approx(1.0, abs=0.1)


@pytest.mark.statement("ppo", "trpo")
@pytest.mark.parametrize("delta", [1e-3, 0.1])
def test_with_the_multiplier_of_trpo_for_a_penalty_the_step_is_trpos(problem, theta, delta):
    constrained, alpha = trpo_argmax(problem, delta)
    penalised = penalty_argmax(problem, alpha)
    np.testing.assert_allclose(penalised, constrained, atol=1e-7)
    np.testing.assert_allclose(penalised_gradient(problem, constrained, alpha), 0.0, atol=1e-9)
    assert np.abs(penalty_argmax(problem, 2 * alpha) - constrained).max() > 1e-3


@pytest.mark.statement("ppo_objective")
def test_the_two_objectives_differ_by_the_constant_alone(mdp, policy, theta, rng, measure):
    problem, lam = exact_problem(mdp, policy, theta), 0.4
    c = penalty_constant(mdp, policy, theta)
    pi = policy.table(theta)
    entropy = -(pi * np.log(pi)).sum(axis=1)
    assert c == pytest.approx(-exact.expected_visits(mdp, pi) @ entropy, abs=EXACT)
    assert abs(lam * c) > 0.1
    flipped = []
    for new in theta + rng.normal(size=(20, policy.p)):
        penalised = exact.surrogate(mdp, policy, theta, new) - lam * problem.kl(new)
        value = ppo_objective(mdp, policy, theta, new, lam)
        assert measure(value - penalised - lam * c, over=20, of="policies") < EXACT
        flipped.append(ppo_objective(mdp, policy, theta, new, -lam) - penalised)
    assert np.ptp(flipped) > 0.1


@pytest.mark.statement("ppo_objective")
def test_the_gradient_of_the_objective_at_the_start_is_that_of_j(mdp, policy, theta, complex_step):
    def objective(t):
        n, W = exact.visits_and_advantages(mdp, policy.table(theta))
        log_pi = policy.log_probs(t, policy.states)
        return (W * np.exp(log_pi) + 0.4 * n[:, None] * policy.table(theta) * log_pi).sum()

    real = objective(theta)
    assert ppo_objective(mdp, policy, theta, theta, 0.4) == pytest.approx(real, abs=EXACT)
    g = exact.gradient(mdp, policy, theta)
    np.testing.assert_allclose(complex_step(objective, theta), g, atol=EXACT)


@pytest.mark.statement("ppo")
def test_the_penalty_follows_the_divergence(mdp, policy, theta):
    its = list(ppo(mdp, policy, theta, lam=1000.0, target=0.05, K=25))
    assert its[0].lam == 1000.0
    for before, after in pairwise(its):
        assert after.lam == adapted(before.lam, after.kl, 0.05)
    late = np.array([it.kl for it in its[-8:]])
    assert (late > 0.05 / 4).all()
    assert (late < 0.05 * 4).all()
    fixed = list(ppo(mdp, policy, theta, lam=1000.0, K=2))
    assert [it.lam for it in fixed] == [1000.0] * 3


# --- Clipping -------------------------------------------------------------------------------------


@pytest.mark.statement("ppo_clip")
def test_the_clipped_objective_is_the_mean_of_the_smaller_term(rng):
    """Step by step: early, going from the first state is bad, for the other costs; at the last step it is good."""
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, :, 1] = 1.0
    mdp = MDP(P, r=[[0.0, 1.0], [-1.5, -1.4]], mu0=[1.0, 0.0], H=3)
    policy, theta, eps = TabularSoftmax(2, 2), rng.normal(size=4), 0.2
    problem = exact_problem(mdp, policy, theta)
    v = exact.evaluate(mdp, policy.table(theta))
    assert v.A[0, 0, 1] < 0 < v.A[2, 0, 1]
    new = theta + np.array([0.0, 1.0, 0.5, 0.0])
    u = policy.table(new) / policy.table(theta)
    terms = np.minimum(u * v.A, u.clip(1 - eps, 1 + eps) * v.A)
    by_hand = np.einsum("hs,sa,hsa->", v.d, policy.table(theta), terms)
    assert problem.clipped(new, eps) == pytest.approx(by_hand, abs=EXACT)
    assert problem.clipped(new, eps) < problem.surrogate(new) - 1e-3
    summed_first = np.einsum("hs,hsa->sa", v.d, v.A)
    wrong = np.minimum(u * summed_first, u.clip(1 - eps, 1 + eps) * summed_first)
    assert abs((policy.table(theta) * wrong).sum() - by_hand) > 1e-4


@pytest.mark.statement("ppo_clip")
def test_the_clipped_gradient_is_a_derivative(problem, theta, rng):
    new = theta + 0.5 * rng.normal(size=len(theta))
    central = [
        (problem.clipped(new + 1e-6 * e, 0.2) - problem.clipped(new - 1e-6 * e, 0.2)) / 2e-6
        for e in np.eye(len(theta))
    ]
    np.testing.assert_allclose(problem.clipped_gradient(new, 0.2), central, atol=1e-6)
    assert np.abs(problem.surrogate_gradient(new) - central).max() > 1e-3


@pytest.mark.statement("ppo_clip")
def test_a_term_beyond_its_bound_pulls_no_more_and_one_on_the_wrong_side_still_does(rng):
    """One step at a time, of either sign, with the ratio below, inside and above the bounds."""
    policy, eps = TabularSoftmax(1, 2), 0.2
    theta_k = np.zeros(2)
    for a_up, psi in ((1.0, 1.0), (1.0, -1.0)):
        tau = Trajectories(np.array([[0]]), np.array([[1]]), np.array([[a_up]]))
        problem = sampled_problem(policy, theta_k, tau, np.array([[psi]]))
        for u in (0.5, 1.0, 1.5):
            theta = np.array([0.0, np.log(u / (2 - u))])
            assert policy.table(theta)[0, 1] / 0.5 == pytest.approx(u)
            pulls = np.abs(problem.clipped_gradient(theta, eps)).max() > 1e-12
            beyond = u > 1 + eps if psi > 0 else u < 1 - eps
            assert pulls == (not beyond)


@pytest.mark.statement("ppo_clip", "trpo", "ppo")
def test_every_surrogate_has_the_gradient_of_j_at_the_start(mdp, policy, theta, problem):
    g = exact.gradient(mdp, policy, theta)
    for gradient in (
        problem.surrogate_gradient(theta),
        penalised_gradient(problem, theta, 3.0),
        problem.clipped_gradient(theta, 0.2),
    ):
        np.testing.assert_allclose(gradient, g, atol=EXACT)
    elsewhere = problem.clipped_gradient(theta + 1.0 * np.arange(len(theta)), 0.2)
    assert np.abs(elsewhere - g).max() > 1e-3


# --- The practical update -------------------------------------------------------------------------


@pytest.mark.statement("ppo")
def test_adam_climbs_towards_the_maximum(problem, theta):
    lam = 1.0
    best = penalty_argmax(problem, lam)

    def value(t):
        return problem.surrogate(t) - lam * problem.kl(t)

    gains = [value(ppo_update(problem, lam=lam, eta=0.01, epochs=n)) for n in (10, 100, 1000)]
    assert 0 < gains[0] < gains[1] < gains[2]
    assert gains[2] == pytest.approx(value(best), rel=1e-3)
    clipped = ppo_update(problem, eps=0.2, eta=0.01, epochs=50)
    assert problem.clipped(clipped, 0.2) > 0


@pytest.mark.statement("ppo_clip")
def test_the_ratio_stops_near_its_bound(problem, policy, theta):
    clipped, free = (ppo_update(problem, eps=eps, eta=0.02, epochs=100) for eps in (0.1, 1e9))
    u, v = (policy.table(t) / policy.table(theta) for t in (clipped, free))
    assert np.abs(np.log(u)).max() < 0.5 * np.abs(np.log(v)).max()


@pytest.mark.statement("ppo", "ppo_clip")
@pytest.mark.parametrize("objective", [{"lam": 0.5}, {"eps": 0.2}])
def test_minibatches_improve_what_they_never_see_whole(rng, objective):
    policy = LinearGaussian(features=2, n=1, sigma=None)
    theta = 0.3 * rng.normal(size=policy.p)
    s = rng.normal(size=(40, 5, 2))
    a = policy.sample(theta, s, rng)
    tau = Trajectories(s, a, -((a[..., 0] - s[..., 0]) ** 2))
    problem = sampled_problem(policy, theta, tau, normalised(tau, tau.r))
    options = {"eta": 0.02, "epochs": 5, "minibatch": 32}
    new = ppo_update(problem, rng=np.random.default_rng(0), **objective, **options)
    again = ppo_update(problem, rng=np.random.default_rng(0), **objective, **options)
    np.testing.assert_array_equal(new, again)
    assert problem.surrogate(new) > 0.05
    with pytest.raises(ValueError, match=r"^rng must be given together with minibatch"):
        ppo_update(problem, **objective, **options)


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("objective", [{"lam": 0.3}, {"eps": 0.2}])
@pytest.mark.parametrize("N", [None, 500])
def test_the_generator_improves_exactly_and_sampled(small, objective, N):
    policy = TabularSoftmax(small.S, small.A)
    options = {"N": N, "rng": np.random.default_rng(0), "K": 30}
    its = list(ppo(small, policy, np.zeros(policy.p), **objective, **options))
    best = exact.optimal(small)[1].J
    assert its[0].J + 0.8 * (best - its[0].J) < its[-1].J


@pytest.mark.statement("ppo")
def test_the_exact_penalised_step_is_the_maximum(mdp, policy, theta):
    start, after = ppo(mdp, policy, theta, lam=2.0, K=1)
    np.testing.assert_array_equal(after.theta, penalty_argmax(start.problem, 2.0))


@pytest.mark.statement("ppo_clip")
def test_normalised_advantages_have_mean_zero_and_deviation_one_over_the_steps_taken(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    full = sample(small, policy.table(np.zeros(policy.p)), 50, rng)
    mask = np.arange(small.H) < rng.integers(1, small.H + 1, size=(50, 1))
    tau = Trajectories(full.s, full.a, full.r, mask)
    psi = reward_to_go(tau)
    scaled = normalised(tau, psi)
    assert scaled[mask].mean() == pytest.approx(0.0, abs=EXACT)
    assert scaled[mask].std() == pytest.approx(1.0, abs=1e-6)
    assert abs(((psi - psi.mean()) / psi.std())[mask].mean()) > 1e-3


@pytest.mark.statement("ppo_clip")
def test_normalisation_is_an_option(small):
    policy = TabularSoftmax(small.S, small.A)
    seen = []

    def coefficient(tau):
        psi = gae(tau, np.zeros((small.H, small.S)), lam=1.0)
        seen.append((tau, psi))
        return psi

    for normalise in (False, True):
        options = {"N": 50, "rng": np.random.default_rng(0), "coefficient": coefficient}
        it = next(ppo(small, policy, np.zeros(policy.p), eps=0.2, normalise=normalise, **options))
        tau, psi = (it.problem, seen[-1])[1]
        used = normalised(tau, psi) if normalise else psi
        by_hand = sampled_problem(policy, it.theta, tau, used)
        np.testing.assert_allclose(it.problem.gradient, by_hand.gradient, atol=EXACT)


def test_one_objective_is_asked_for(problem, mdp, policy, theta):
    for call in (ppo_update, lambda _, **kw: ppo(mdp, policy, theta, **kw)):
        with pytest.raises(
            ValueError, match=r"^Exactly one of lam and eps must be given, but found none\.$"
        ):
            call(problem)
        with pytest.raises(ValueError, match=r"but found lam and eps\.$"):
            call(problem, lam=1.0, eps=0.2)
    with pytest.raises(ValueError, match=r"^lam must be positive, but it is 0\.0\.$"):
        penalty_argmax(problem, 0.0)
