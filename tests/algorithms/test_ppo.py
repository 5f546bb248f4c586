"""PPO: the clipped objective, the practical inner loop, and the generator."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import (
    adapted,
    exact_problem,
    normalised,
    penalty_argmax,
    ppo,
    ppo_objective,
    ppo_update,
    sampled_problem,
)
from pgcompanion.estimators import gae, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


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
        problem.surrogate_gradient(theta) - 3.0 * problem.kl_gradient(theta),
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
    missed = 1 - np.array(gains) / value(best)
    assert (missed[1:] < missed[:-1] / 10).all()  # each time ten times as many steps
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
    for call in (ppo_update, lambda _, **kw: ppo(mdp, policy, theta, **kw)):
        for options, message in (
            ({"lam": -1}, "lam must be positive, but it is -1"),
            ({"eps": np.inf}, "eps must be finite, but it is inf"),
            ({"eps": 0.2, "eta": -1}, "eta must be positive, but it is -1"),
            (
                {"eps": 0.2, "epochs": -1},
                "epochs must be an integer that is not negative, but it is -1",
            ),
            ({"eps": 0.2, "minibatch": 0}, "minibatch must be a positive integer, but it is 0"),
            ({"eps": 0.2, "minibatch": -3}, "minibatch must be a positive integer, but it is -3"),
            (
                {"eps": 0.2, "minibatch": 8},
                "rng must be given together with minibatch, but it is None",
            ),
            (
                {"eps": 0.2, "minibatch": 8, "rng": 0},
                r"rng must be a numpy\.random\.Generator, but it is 0",
            ),
        ):
            with pytest.raises(ValueError, match=rf"^{message}\.$"):
                call(problem, **options)


def test_a_target_is_for_a_penalty(mdp, policy, theta):
    with pytest.raises(
        ValueError, match=r"^target must come with the penalty lam, but it is 0\.1 beside eps\.$"
    ):
        ppo(mdp, policy, theta, eps=0.2, target=0.1)
    for call in (
        lambda target: ppo(mdp, policy, theta, lam=1.0, target=target),
        lambda target: adapted(1.0, 0.1, target),
    ):
        with pytest.raises(ValueError, match=r"^target must be positive, but it is -1\.$"):
            call(-1)
    with pytest.raises(ValueError, match=r"^lam must be positive, but it is -1\.$"):
        ppo_objective(mdp, policy, theta, theta, -1)


def test_without_a_pass_the_parameters_are_a_copy_of_the_old(problem):
    new = ppo_update(problem, eps=0.2, epochs=0)
    np.testing.assert_array_equal(new, problem.theta_k)
    assert not np.shares_memory(new, problem.theta_k)
    assert (ppo_update(problem, eps=0.2, epochs=1) != new).any()
