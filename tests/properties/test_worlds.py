"""Identities and invariances of exact quantities, of any finite world and any policy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from drawn import TINY, distributions, generators, kinds, mdps, policies, tables, thirty
from hypothesis import given, settings
from hypothesis import strategies as st

from pgcompanion import algorithms, divergences, exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax


def close(x, y, size, digits=1e-12):
    """Equal to round-off, in units of the largest number that took part."""
    np.testing.assert_allclose(x, y, rtol=0, atol=digits * (np.abs(size).max() + TINY))


def relabelled(mdp: MDP, states, actions) -> MDP:
    P = mdp.P[states][:, actions][..., states]
    return MDP(P, mdp.r[states][:, actions], mdp.mu0[states], mdp.H)


@thirty
@given(st.data())
def test_names_of_states_and_actions_mean_nothing(data):
    """The negative control forgets to rename the rewards, and is caught wherever they differ."""
    mdp = data.draw(mdps())
    pi, rng = tables(data.draw, mdp), data.draw(generators)
    states, actions = rng.permutation(mdp.S), rng.permutation(mdp.A)
    other, scale = relabelled(mdp, states, actions), mdp.H * np.abs(mdp.r).max()
    renamed = pi[..., states, :][..., actions]
    one, two = exact.evaluate(mdp, pi), exact.evaluate(other, renamed)
    close(two.J, one.J, scale)
    close(two.V, one.V[:, states], scale)
    close(two.A, one.A[:, states][..., actions], scale)
    close(two.d, one.d[:, states], 1.0)
    forgotten = exact.evaluate(MDP(other.P, mdp.r, other.mu0, mdp.H), renamed)
    changed = np.abs(other.r - mdp.r).max() > 1e-9
    assert not changed or np.abs(forgotten.Q[-1] - two.Q[-1]).max() > 0


@thirty
@given(st.data())
def test_a_gradient_and_a_fisher_matrix_are_renamed_with_the_states_and_actions(data):
    mdp, rng = data.draw(mdps()), data.draw(generators)
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = data.draw(st.sampled_from([1.0, 30.0, 700.0])) * rng.uniform(-1, 1, policy.p)
    states, actions = rng.permutation(mdp.S), rng.permutation(mdp.A)
    other = relabelled(mdp, states, actions)
    order = (states[:, None] * mdp.A + actions).ravel()
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
    close(exact.gradient(other, policy, theta[order]), g[order], mdp.H**2 * np.abs(mdp.r).max())
    close(exact.fisher(other, policy, theta[order]), F[order][:, order], mdp.H)


@thirty
@given(st.data(), st.sampled_from([-3.0, 1.0, 1e3]), st.floats(0, 1))
def test_a_reward_for_every_step_is_worth_the_steps_and_teaches_nothing(data, c, gamma):
    """The negative control pays it for one action alone."""
    mdp = data.draw(mdps())
    policy, theta = policies(data.draw, mdp)
    pi = policy.table(theta)
    richer = MDP(mdp.P, mdp.r + c, mdp.mu0, mdp.H)
    scale = mdp.H**2 * (np.abs(mdp.r).max() + abs(c)) * (1 + np.abs(theta).max(initial=0))
    worth = c * (gamma ** np.arange(mdp.H)).sum()
    one, two = exact.evaluate(mdp, pi, gamma), exact.evaluate(richer, pi, gamma)
    close(two.J, one.J + worth, scale)
    close(two.A, one.A, scale)
    g = exact.gradient(mdp, policy, theta, gamma)
    close(exact.gradient(richer, policy, theta, gamma), g, scale)
    paid = mdp.r + c * (np.arange(mdp.A) == 0)
    alone = exact.evaluate(MDP(mdp.P, paid, mdp.mu0, mdp.H), pi, gamma)
    assert mdp.A == 1 or np.abs(alone.A - one.A).max() > 1e-3 * abs(c)


@thirty
@given(st.data())
def test_rewards_in_another_unit_change_the_unit_alone(data):
    mdp = data.draw(mdps())
    policy, theta = policies(data.draw, mdp)
    pi, unit = policy.table(theta), 2.0 ** data.draw(st.integers(-300, 300))
    other = MDP(mdp.P, unit * mdp.r, mdp.mu0, mdp.H)
    # Powers of two multiply without round-off, down to the smallest numbers with all their digits.
    assert unit * exact.evaluate(mdp, pi).J == exact.evaluate(other, pi).J
    g = exact.gradient(mdp, policy, theta)
    np.testing.assert_allclose(exact.gradient(other, policy, theta), unit * g, rtol=0, atol=TINY)


def with_time(mdp: MDP) -> MDP:
    """The same world, whose state is the pair of step and state."""
    H, S, A = mdp.H, mdp.S, mdp.A
    P = np.zeros((H, S, A, H, S))
    for h in range(H):
        P[h, :, :, (h + 1) % H] = mdp.P
    mu0 = np.concatenate([mdp.mu0, np.zeros((H - 1) * S)])
    return MDP(P.reshape(H * S, A, H * S), np.tile(mdp.r, (H, 1)), mu0, H)


@thirty
@given(st.data())
def test_a_policy_of_the_step_is_one_of_a_state_that_holds_the_step(data):
    """Objective, gradient, Fisher matrix and divergence; the negative control reads the steps backwards."""
    mdp, rng = data.draw(mdps()), data.draw(generators)
    timed, plain = TabularSoftmax(mdp.S, mdp.A, H=mdp.H), TabularSoftmax(mdp.S * mdp.H, mdp.A)
    size = data.draw(st.sampled_from([1.0, 30.0, 700.0]))
    theta, new = size * rng.uniform(-1, 1, size=(2, timed.p))
    other, scale = with_time(mdp), mdp.H**2 * np.abs(mdp.r).max()
    close(exact.gradient(other, plain, theta), exact.gradient(mdp, timed, theta), scale)
    close(exact.fisher(other, plain, theta), exact.fisher(mdp, timed, theta), mdp.H)
    J = exact.evaluate(other, plain.table(theta)).J
    close(J, exact.evaluate(mdp, timed.table(theta)).J, scale)
    backwards = exact.evaluate(mdp, timed.table(theta)[::-1]).J
    nothing_to_see = mdp.H == 1 or mdp.A == 1 or np.ptp(mdp.r) == 0
    assert nothing_to_see or size > 1 or abs(backwards - J) > 0
    kl = exact.trajectory_kl(mdp, timed.table(theta), timed.table(new))
    there = exact.trajectory_kl(other, plain.table(theta), plain.table(new))
    assert there == pytest.approx(kl, rel=1e-9)


@thirty
@given(st.data())
def test_two_policies_differ_by_the_advantages_of_one_along_the_other(data):
    """Of any two tables, with zeros and ones; along its own trajectories, the control, the sum is 0."""
    mdp = data.draw(mdps())
    new, old = tables(data.draw, mdp), tables(data.draw, mdp)
    one, two = exact.evaluate(mdp, old), exact.evaluate(mdp, new)
    scale = mdp.H * np.abs(mdp.r).max()
    close(exact.performance_difference(mdp, new, old), two.V[0] - one.V[0], scale)
    close(mdp.mu0 @ exact.performance_difference(mdp, new, old), two.J - one.J, scale)
    close(exact.performance_difference(mdp, old, old), 0.0, scale)
    assert (two.V - 1e-12 * scale <= exact.optimal(mdp)[1].V).all()


@thirty
@given(st.data())
def test_a_divergence_of_trajectories_is_a_divergence(data):
    """Never negative, 0 from itself, above Pinsker's bound, finite exactly where nothing new can happen."""
    mdp = data.draw(mdps())
    one, two = tables(data.draw, mdp), tables(data.draw, mdp)
    kl = exact.trajectory_kl(mdp, one, two)
    assert exact.trajectory_kl(mdp, one, one) == 0
    assert kl >= -1e-14 * mdp.H
    shape = (mdp.H, mdp.S, mdp.A)
    visited = exact.occupancies(mdp, one)[..., None] * np.broadcast_to(one, shape)
    assert np.isinf(kl) == bool(((visited > 0) & (np.broadcast_to(two, shape) == 0)).any())
    # The pairs of a step are a function of the trajectory: no divergence of theirs is larger.
    joint = exact.occupancies(mdp, two)[..., None] * np.broadcast_to(two, shape)
    for p, q in zip(visited.reshape(mdp.H, -1), joint.reshape(mdp.H, -1), strict=True):
        assert divergences.kl_divergence(p, q) <= kl * (1 + 1e-9) + 1e-12
        assert 2 * divergences.total_variation(p, q) ** 2 <= kl * (1 + 1e-9) + 1e-12


@thirty
@given(generators, kinds, kinds, st.integers(1, 6))
def test_divergences_keep_their_order_down_to_the_rarest_outcome(rng, one, other, n):
    p, q = distributions(rng, one, (5,), n), distributions(rng, other, (5,), n)
    kl = divergences.kl_divergence(p, q)
    tv, chi = divergences.total_variation(p, q), divergences.chi_squared(p, q)
    assert (kl >= 0).all() or np.abs(kl.min()) < 1e-15
    assert (tv <= 1 + 1e-15).all()
    assert (2 * tv**2 <= kl + 1e-14).all()  # Pinsker
    assert (kl <= np.log1p(chi.clip(0)) + 1e-12).all()
    np.testing.assert_array_equal(divergences.kl_divergence(p, p), 0.0)


@thirty
@given(st.data())
def test_policy_iteration_never_loses_anywhere_and_ends_at_the_optimum(data):
    """The negative control pays the opposite: it ends at the lowest return, and no policy is below it."""
    mdp = data.draw(mdps())
    pi = tables(data.draw, mdp)
    steps = list(algorithms.policy_iteration(mdp, pi, K=mdp.H))
    scale = mdp.H * np.abs(mdp.r).max()
    for old, new in pairwise(steps):
        assert (old.values.V - 1e-12 * scale <= new.values.V).all()
    best = exact.optimal(mdp)[1]
    close(steps[-1].values.V, best.V, scale)
    opposite = MDP(mdp.P, -mdp.r, mdp.mu0, mdp.H)
    *_, worst = algorithms.policy_iteration(opposite, pi, K=mdp.H)
    for one in steps:
        assert one.J + 1e-12 * scale >= -worst.J


@thirty
@given(st.data())
def test_a_conservative_step_gains_at_least_what_it_promises(data):
    mdp = data.draw(mdps())
    pi = np.broadcast_to(tables(data.draw, mdp), (mdp.H, mdp.S, mdp.A))
    new = np.broadcast_to(tables(data.draw, mdp), pi.shape)
    J, scale = exact.evaluate(mdp, pi).J, mdp.H * np.abs(mdp.r).max()
    for alpha in (0.0, 0.1, 1.0):
        mixed = exact.evaluate(mdp, (1 - alpha) * pi + alpha * new).J
        assert mixed - J >= exact.conservative_bound(mdp, pi, new, alpha) - 1e-12 * scale
    step = exact.conservative_step(mdp, pi, new)
    assert 0 <= step.alpha <= 1
    taken = exact.evaluate(mdp, (1 - step.alpha) * pi + step.alpha * new).J
    assert taken >= J - 1e-12 * scale


@pytest.mark.parametrize("H", [1, 1000, 20_000])
@settings(thirty, max_examples=5)
@given(generators, kinds)
def test_a_long_horizon_keeps_probabilities_and_the_scale_of_values(H, rng, kind):
    """The visits add up to H, and a reward of 1 in every step to H: to a part in 10^9."""
    S, A = 3, 2
    mdp = MDP(distributions(rng, kind, (S, A), S), np.ones((S, A)), np.eye(S)[0], H)
    pi = distributions(rng, "positive", (S,), A)
    assert exact.expected_visits(mdp, pi).sum() == pytest.approx(H, rel=1e-9)
    v = exact.evaluate(mdp, pi)
    assert pytest.approx(H, rel=1e-9) == v.J
    assert np.abs(v.A).max() <= 1e-9 * H
    assert np.abs(v.d.sum(axis=1) - 1).max() < 1e-9
