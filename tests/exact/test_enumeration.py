"""Enumeration itself: the likelihood of a trajectory and the list of all of them."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.gridworld import MAPS, GridWorld
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories

EXACT = 1e-10


@pytest.mark.statement("trajectories", "autoregressive_trajectories")
def test_the_likelihoods_of_all_trajectories_sum_to_one(mdp, rng, measure):
    tau = exact.trajectories(mdp)
    assert tau.N == (mdp.S * mdp.A) ** mdp.H == exact.count_trajectories(mdp)
    pi = rng.dirichlet(np.ones(mdp.A), size=(mdp.H, mdp.S))
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    assert measure(rho.sum() - 1.0, over=tau.N) < EXACT


@pytest.mark.statement("autoregressive_trajectories")
def test_one_transition_factor_too_many_breaks_the_sum(mdp, rng):
    """The common slip: a factor for a state that the trajectory does not contain."""
    tau = exact.trajectories(mdp)
    pi = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
    slip = np.log(mdp.P[tau.s[:, -1], tau.a[:, -1], 0])
    assert abs(np.exp(exact.log_likelihood(mdp, pi, tau) + slip).sum() - 1.0) > 0.1


@pytest.mark.statement("autoregressive_trajectories")
def test_the_likelihood_of_one_trajectory_is_the_product_by_hand(small, rng):
    pi = rng.dirichlet(np.ones(small.A), size=small.S)
    s, a = [2, 0, 1], [1, 1, 0]
    by_hand = small.mu0[2]
    by_hand *= pi[2, 1] * small.P[2, 1, 0] * pi[0, 1] * small.P[0, 1, 1] * pi[1, 0]
    tau = Trajectories(np.array([s]), np.array([a]), small.r[[s], [a]])
    found = np.exp(exact.log_likelihood(small, pi, tau))[0]
    assert found == pytest.approx(by_hand, abs=EXACT)
    assert abs(found - by_hand * small.P[1, 0, 0]) > 1e-4, "a factor for a state that is not there"


@pytest.mark.statement("autoregressive_trajectories")
def test_what_stands_after_the_end_of_an_episode_has_no_part_in_its_likelihood():
    """Three quarters once: log(3/4) = -.288. Read on to the end it would be log(1/16 * 3/4) =
    -3.060."""
    coin, pi = MDP(np.ones((1, 2, 1)), [[0.0, 1.0]], [1.0], H=3), np.array([[0.25, 0.75]])
    s, a, r = np.zeros((2, 3), int), np.array([[1, 0, 0], [1, 1, 0]]), np.zeros((2, 3))
    mask = np.array([[True, False, False], [True, True, True]])
    found = exact.log_likelihood(coin, pi, Trajectories(s, a, r, mask))
    np.testing.assert_allclose(found, np.log([3 / 4, 9 / 64]), atol=EXACT)
    read_on = exact.log_likelihood(coin, pi, Trajectories(s, a, r))
    assert read_on[0] == pytest.approx(-3.060, abs=5e-4)
    assert found[0] == pytest.approx(-0.288, abs=5e-4)
    assert abs(read_on[0] - found[0]) > 1


@pytest.mark.statement("autoregressive_trajectories")
def test_a_stationary_policy_has_its_row_for_every_state_however_short_the_episode(small):
    """One step in each state: mu0(s) pi(a | s). The row of the first state, the control, is another."""
    pi = np.array([[0.25, 0.75], [0.5, 0.5], [0.875, 0.125]])
    s, a = np.arange(3)[:, None] + np.zeros(small.H, int), np.zeros((3, small.H), int)
    tau = Trajectories(s, a, np.zeros(s.shape), mask=np.arange(small.H) < np.ones((3, 1)))
    found = exact.log_likelihood(small, pi, tau)
    np.testing.assert_allclose(found, np.log(small.mu0 * pi[:, 0]), atol=EXACT)
    assert np.abs(found - np.log(small.mu0 * pi[0, 0]))[1:].min() > 0.5


@pytest.mark.statement("autoregressive_trajectories")
def test_an_episode_that_ends_early_is_followed_by_its_own_steps_of_a_time_dependent_policy(
    small, rng
):
    """States and actions of steps that were not taken need be none: here they are out of range."""
    pi = rng.dirichlet(np.ones(small.A), size=(small.H, small.S))
    mask = np.array([[True, True, False]])
    tau = Trajectories(np.array([[2, 0, 99]]), np.array([[1, 1, -1]]), np.zeros((1, 3)), mask)
    by_hand = small.mu0[2] * pi[0, 2, 1] * small.P[2, 1, 0] * pi[1, 0, 1]
    found = np.exp(exact.log_likelihood(small, pi, tau))[0]
    assert found == pytest.approx(by_hand, abs=EXACT)
    one_step_late = small.mu0[2] * pi[1, 2, 1] * small.P[2, 1, 0] * pi[2, 0, 1]
    assert abs(found - one_step_late) > 1e-4


def test_trajectories_of_another_number_of_steps_are_refused(small):
    tau = Trajectories(np.zeros((1, 2), int), np.zeros((1, 2), int), np.zeros((1, 2)))
    with pytest.raises(
        ValueError, match=r"^tau must have H = 3 steps, as mdp has, but it has 2\.$"
    ):
        exact.log_likelihood(small, np.full((3, 2), 0.5), tau)


def test_only_possible_trajectories_are_listed():
    world = GridWorld(MAPS["4x4"]).mdp(H=4)
    tau = exact.trajectories(world)
    uniform = np.full((world.S, world.A), 1 / world.A)
    rho = np.exp(exact.log_likelihood(world, uniform, tau))
    assert (rho > 0).all()
    assert rho.sum() == pytest.approx(1.0, abs=EXACT)
    assert (
        len(np.unique(np.hstack([tau.s, tau.a]), axis=0))
        == tau.N
        == exact.count_trajectories(world)
    )


def test_an_mdp_that_is_too_large_is_refused_with_its_size():
    large = MDP(np.full((10, 4, 10), 0.1), np.zeros((10, 4)), np.full(10, 0.1), H=20)
    with pytest.raises(
        ValueError, match=r"^mdp has 1\.1e\+32 trajectories, but at most 1,000,000 can"
    ):
        exact.trajectories(large)


@pytest.mark.parametrize(
    ("s", "a", "message"),
    [
        (7, 0, r"s must lie between 0 and 2, but it contains 7\."),
        (0, -1, r"a must lie between 0 and 1, but it contains -1\."),
    ],
)
def test_a_state_or_action_out_of_range_is_refused(small, s, a, message):
    tau = Trajectories(np.full((1, 3), s), np.full((1, 3), a), np.zeros((1, 3)))
    with pytest.raises(ValueError, match=f"^{message}$"):
        exact.log_likelihood(small, np.full((3, 2), 0.5), tau)
