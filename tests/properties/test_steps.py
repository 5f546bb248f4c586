"""What steps and estimates keep, whatever they are given."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import generators, mdps, policies, thirty, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from pgcompanion import estimators, exact, language, lqr, objectives, steps
from pgcompanion.batches import Exact, Sampled
from pgcompanion.lqr import LQR
from pgcompanion.mdp import MDP
from pgcompanion.policies import NeuralSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories

radii = st.sampled_from([1e-9, 1e-3, 0.5, 20.0])
lam01 = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


def batch_of(data, mdp, policy, theta):
    """An exact batch, or one of few trajectories."""
    if data.draw(st.booleans()):
        return Exact(mdp)(policy, theta)
    return Sampled(mdp, N=3, rng=data.draw(generators))(policy, theta)


@thirty
@given(st.data(), radii)
def test_no_trust_region_step_leaves_its_region(data, delta):
    """Of tables, tables of steps and linear logits, exact or sampled, with parameters up to 700."""
    mdp = data.draw(mdps())
    policy, theta = policies(data.draw, mdp)
    batch = batch_of(data, mdp, policy, theta)
    new = steps.trpo_step(policy, theta, batch, delta)
    assert np.isfinite(new).all()
    assert objectives.kl(policy, theta, new, batch) <= delta
    assert np.array_equal(new, theta) or objectives.surrogate(policy, new, batch) > 0
    new, alpha = steps.trpo_argmax(policy, theta, batch, delta)
    assert np.isfinite(new).all()
    assert alpha >= 0
    assert objectives.kl(policy, theta, new, batch) <= delta * (1 + 1e-6)
    scale = np.abs(batch.w * batch.A).sum()
    assert objectives.surrogate(policy, new, batch) >= -1e-12 * scale


@settings(thirty, max_examples=10)
@given(st.data(), radii)
def test_a_network_does_not_leave_the_region_either(data, delta):
    mdp, rng = data.draw(mdps()), data.draw(generators)
    policy = NeuralSoftmax(rng.normal(size=(mdp.S, 2)), mdp.A, hidden=(3,))
    theta = data.draw(st.sampled_from([0.0, 1.0, 30.0])) * rng.normal(size=policy.p)
    batch = batch_of(data, mdp, policy, theta)
    for new in (
        steps.trpo_step(policy, theta, batch, delta),
        steps.trpo_argmax(policy, theta, batch, delta)[0],
    ):
        assert np.isfinite(new).all()
        assert objectives.kl(policy, theta, new, batch) <= delta * (1 + 1e-6)


@thirty
@given(st.data(), st.integers(-200, 200))
def test_with_a_radius_the_unit_of_the_rewards_means_nothing(data, power):
    """Of the natural step and of the line search; with a step size, the control, the step has the unit."""
    mdp, unit = data.draw(mdps()), 2.0**power
    policy, theta = policies(data.draw, mdp)
    other = MDP(mdp.P, unit * mdp.r, mdp.mu0, mdp.H)
    one, two = Exact(mdp)(policy, theta), Exact(other)(policy, theta)
    x = steps.natural_step(policy, theta, one, delta=0.01)
    y = steps.natural_step(policy, theta, two, delta=0.01)
    size = np.abs(x).max(initial=0)
    if 0 < np.abs(objectives.gradient(policy, theta, one)).max() < 1e-200:
        return  # in the other unit it has fewer digits, or none
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-6 * size)
    with_size = steps.natural_step(policy, theta, two, eta=1.0)
    plain = steps.natural_step(policy, theta, one, eta=1.0)
    np.testing.assert_allclose(
        with_size, unit * plain, rtol=0, atol=1e-6 * unit * np.abs(plain).max()
    )


@thirty
@given(st.data(), st.sampled_from([1e-6, 1.0, 1e6]))
def test_the_maximiser_of_a_penalised_surrogate_is_no_worse_than_where_it_began(data, lam):
    """And of a table no other step is better: the control tries twenty."""
    mdp, rng = data.draw(mdps()), data.draw(generators)
    policy, theta = policies(data.draw, mdp)
    batch = batch_of(data, mdp, policy, theta)
    new = steps.penalty_argmax(policy, theta, batch, lam)
    assert np.isfinite(new).all()
    reached = objectives.penalty(policy, theta, new, batch, lam)
    size = np.abs(batch.w * batch.A).sum() + lam * 1e-3
    assert reached >= -1e-9 * size
    if isinstance(policy, TabularSoftmax):
        for _ in range(20):
            tried = new + rng.choice([1e-3, 1.0, 30.0]) * rng.normal(size=policy.p)
            assert objectives.penalty(policy, theta, tried, batch, lam) <= reached + 1e-9 * size


@thirty
@given(st.data(), st.sampled_from([1e-3, 1.0, 1e3]))
def test_a_tilted_table_of_steps_never_loses_anywhere(data, eta):
    """The natural step of a policy of the step; with the sign turned, the control, it never gains."""
    mdp = data.draw(mdps())
    policy = TabularSoftmax(mdp.S, mdp.A, H=mdp.H)
    theta = data.draw(st.sampled_from([0.0, 1.0, 30.0])) * data.draw(generators).normal(
        size=policy.p
    )
    batch, scale = Exact(mdp)(policy, theta), mdp.H * np.abs(mdp.r).max()
    step = steps.natural_step(policy, theta, batch, eta=eta / (scale or 1.0))
    J = exact.evaluate(mdp, policy.table(theta)).J
    assert J - 1e-12 * scale <= exact.evaluate(mdp, policy.table(theta + step)).J
    assert J + 1e-12 * scale >= exact.evaluate(mdp, policy.table(theta - step)).J


@thirty
@given(generators, st.integers(1, 300), st.integers(1, 3), lam01, lam01)
def test_advantages_of_joined_episodes_are_those_of_each(rng, T, n, gamma, lam):
    """Cut at any end of an episode, the parts are as if alone; the control forgets that it ended."""
    r, V, V_next = rng.normal(size=(3, T, n))
    done = rng.random((T, n)) < 0.2
    A = estimators.gae_steps(r, V, V_next, done, gamma, lam)
    for i in range(n):
        ends = [*(np.flatnonzero(done[:, i]) + 1), T]
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            part = (x[start:end, i : i + 1] for x in (r, V, V_next, done))
            alone = estimators.gae_steps(*part, gamma, lam)
            np.testing.assert_allclose(A[start:end, i : i + 1], alone, rtol=1e-12, atol=1e-12)
    if gamma * lam > 0.1 and done[:-1].any():
        forgotten = estimators.gae_steps(r, V, V_next, np.zeros_like(done), gamma, lam)
        assert np.abs(forgotten - A).max() > 1e-9


@thirty
@given(generators, st.integers(1, 200), st.integers(1, 3), lam01)
def test_the_two_ends_of_gae_are_the_reward_to_go_and_the_td_residual(rng, H, N, gamma):
    r, V = rng.normal(size=(N, H)), rng.normal(size=(N, H + 1))
    ended = np.ones(N, bool)
    whole = estimators.gae(r, V, gamma, 1.0, ended)
    # A reward-to-go counts the discount from the first step, an advantage from its own.
    less = estimators.reward_to_go(r, gamma) - estimators.discounted(V[:, :-1], gamma)
    np.testing.assert_allclose(estimators.discounted(whole, gamma), less, rtol=0, atol=1e-11)
    V[:, -1] = 0.0
    residual = r + gamma * V[:, 1:] - V[:, :-1]
    np.testing.assert_allclose(estimators.gae(r, V, gamma, 0.0, ended), residual, atol=1e-12)
    assert H == 1 or gamma < 1e-6 or np.abs(whole - residual).max() > 0


@thirty
@given(generators, st.integers(2, 9), st.floats(-1e3, 1e3))
def test_leaving_one_out_does_not_see_a_shift_and_an_advantage_of_a_group_no_unit(rng, G, shift):
    r = rng.normal(size=(3, G))
    one = language.leave_one_out(r)
    np.testing.assert_allclose(
        language.leave_one_out(r + shift), one, rtol=0, atol=1e-11 * (1 + abs(shift))
    )
    np.testing.assert_allclose(one.sum(axis=-1), 0.0, atol=1e-12)
    order = rng.permutation(G)
    np.testing.assert_allclose(language.leave_one_out(r[:, order]), one[:, order], atol=1e-12)
    tau = Trajectories(np.zeros((G, 1), int), np.zeros((G, 1), int), r[0][:, None])
    theirs = r[0][:, None] - estimators.baselines.leave_one_out(tau)
    np.testing.assert_allclose(theirs[:, 0], one[0], atol=1e-12)


@thirty
@given(generators, st.sampled_from([0.0, 1.0, 30.0, 700.0]))
def test_the_third_estimate_of_a_divergence_is_never_negative(rng, size):
    """Of one token after the other; the first, the control, is negative as often as not."""
    log_prob, log_prob_ref = -size * rng.random((2, 50))
    k1, _, k3 = language.kl_estimates(log_prob, log_prob_ref)
    assert (k3 >= 0).all()
    assert size == 0 or (k1 < 0).any()


@thirty
@given(worlds(), generators)
def test_a_linear_world_in_other_coordinates_is_the_same(drawn, rng):
    """Objective, gradient and divergence; the negative control forgets to turn the gain."""
    (world, Theta, sigma) = drawn
    U = np.linalg.qr(rng.normal(size=(world.n, world.n)))[0]

    def turned(X):
        Y = U @ X @ U.T
        return (Y + Y.T) / 2

    other = LQR(
        U @ world.A @ U.T, U @ world.B, turned(world.Q), world.R, turned(world.W), turned(world.M0), world.H
    )  # fmt: skip
    one, two = lqr.evaluate(world, Theta, sigma), lqr.evaluate(other, Theta @ U.T, sigma)
    assert pytest.approx(one.J, rel=1e-9) == two.J
    g, turned_g = lqr.gradient(world, Theta, sigma), lqr.gradient(other, Theta @ U.T, sigma)
    np.testing.assert_allclose(turned_g, g @ U.T, rtol=0, atol=1e-9 * np.abs(g).max())
    step = 0.1 * rng.normal(size=Theta.shape)
    kl = lqr.trajectory_kl(world, Theta, Theta + step, sigma)
    there = lqr.trajectory_kl(other, Theta @ U.T, (Theta + step) @ U.T, sigma)
    assert there == pytest.approx(kl, rel=1e-9)
    assert kl >= 0
    forgotten = lqr.evaluate(other, Theta, sigma).J
    assert np.allclose(U, np.eye(world.n)) or forgotten != pytest.approx(one.J, rel=1e-9)


@thirty
@given(worlds())
def test_policy_iteration_of_a_linear_world_never_loses_and_riccati_is_above_all(drawn):
    world, Theta, sigma = drawn
    _, best = lqr.optimal(world)
    each = np.broadcast_to(Theta, (world.H, world.m, world.n))
    J = lqr.evaluate(world, each, 0.0).J
    for _ in range(world.H):
        each = lqr.policy_iteration(world, each)
        better = lqr.evaluate(world, each, 0.0).J
        assert better >= J - 1e-9 * abs(J)
        J = better
    assert pytest.approx(best, rel=1e-9) == J
    assert best >= lqr.evaluate(world, Theta, sigma).J


@thirty
@given(worlds(), st.sampled_from([1e-6, 1e-2, 10.0]))
def test_the_trust_region_of_a_linear_world_is_kept(drawn, delta):
    world, Theta, sigma = drawn
    new = lqr.trust_region_argmax(world, Theta, sigma, delta)
    assert lqr.trajectory_kl(world, Theta, new, sigma) <= delta * (1 + 1e-6)
    assert lqr.surrogate(world, Theta, new, sigma) >= 0
