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
    assert np.exp(exact.log_likelihood(small, pi, tau))[0] == pytest.approx(by_hand, abs=EXACT)


def test_only_possible_trajectories_are_listed():
    world = GridWorld(MAPS["4x4"]).mdp(H=4)
    tau = exact.trajectories(world)
    uniform = np.full((world.S, world.A), 1 / world.A)
    rho = np.exp(exact.log_likelihood(world, uniform, tau))
    assert (rho > 0).all()
    assert rho.sum() == pytest.approx(1.0, abs=EXACT)
    assert len(np.unique(np.hstack([tau.s, tau.a]), axis=0)) == tau.N


def test_an_mdp_that_is_too_large_is_refused_with_its_size():
    large = MDP(np.full((10, 4, 10), 0.1), np.zeros((10, 4)), np.full(10, 0.1), H=20)
    with pytest.raises(
        ValueError, match=r"^mdp has 1\.1e\+32 trajectories, but at most 1,000,000 can"
    ):
        exact.trajectories(large)


@pytest.mark.parametrize(
    ("s", "a", "message"),
    [
        (7, 0, r"tau\.s must lie between 0 and 2, but it contains 7\."),
        (0, -1, r"tau\.a must lie between 0 and 1, but it contains -1\."),
    ],
)
def test_a_state_or_action_out_of_range_is_refused(small, s, a, message):
    tau = Trajectories(np.full((1, 3), s), np.full((1, 3), a), np.zeros((1, 3)))
    with pytest.raises(ValueError, match=f"^{message}$"):
        exact.log_likelihood(small, np.full((3, 2), 0.5), tau)
