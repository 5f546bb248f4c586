"""The critic: what it says of a batch before it has learned from it, and what it then learns."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from pgcompanion.algorithms.critic import Critic, fit_value, network_inputs
from pgcompanion.estimators import gae
from pgcompanion.policies import MLP
from pgcompanion.trajectories import Trajectories

SINGLE = np.finfo(np.float32).eps
GAMMA, LAM = 0.9, 0.6


@pytest.fixture
def tau() -> Trajectories:
    """State 0, then state 1: one episode terminates there, the other is cut off and would go on in state 2."""
    nowhere = 3  # a state in which no step is taken
    return Trajectories(
        s=np.array([[0, 1, nowhere], [0, 1, nowhere]]),
        a=np.zeros((2, 3), int),
        r=np.array([[1.0, 2.0, 77.0], [1.0, 2.0, 77.0]]),
        mask=np.array([[True, True, False], [True, True, False]]),
        terminated=np.array([True, False]),
        last=np.array([2, 2]),
    )


def a_critic(**settings) -> Critic:
    """A table of values: a network without hidden layers on unit vectors, with a start that is not 0."""
    options = {"gamma": GAMMA, "lam": LAM} | settings
    critic = Critic(MLP(np.eye(4), 1, ()), np.random.default_rng(0), **options)
    critic.w = np.array([3.0, -1.0, 10.0, 50.0, 0.5], np.float32)  # the last is the bias
    return critic


@pytest.mark.statement("gae")
def test_after_a_cut_the_value_of_the_last_observation_follows_and_after_an_end_nothing(tau):
    critic = a_critic()
    V = np.array([3.5, -0.5, 10.5])
    delta = np.array([1.0 + GAMMA * V[1] - V[0], 2.0 - V[1]])
    ended = [delta[0] + GAMMA * LAM * delta[1], delta[1]]
    bootstrap = GAMMA * V[2]
    cut = [ended[0] + GAMMA * LAM * bootstrap, ended[1] + bootstrap]
    psi = critic(tau)
    tolerance = 8 * SINGLE * np.abs(V).max()
    np.testing.assert_allclose(psi[:, :2], [ended, cut], atol=tolerance)
    np.testing.assert_array_equal(psi[:, 2], 0.0)
    assert np.abs(psi[0, :2] - cut).max() > 1.0  # the same rewards, another future


@pytest.mark.statement("gae")
def test_the_advantages_are_from_before_the_fit(tau):
    """The negative control fits first: its advantages know the rewards that they are meant to judge."""
    critic = a_critic(eta=0.1, epochs=20)
    before = gae(tau, critic.value, LAM, GAMMA)
    psi = critic(tau)
    np.testing.assert_allclose(psi, before, atol=8 * SINGLE * 10.5)
    assert np.abs(psi - gae(tau, critic.value, LAM, GAMMA)).max() > 0.1


@pytest.mark.statement("gae")
def test_what_it_learns_is_the_advantage_and_the_value_together(tau):
    """At the least squares fit the value of a state is the mean target of the steps there; others stay unknown."""
    critic = a_critic(eta=0.02, epochs=3000, minibatch=4)
    targets = gae(tau, critic.value, LAM, GAMMA) + critic.value(tau.s)
    goal = targets[:, :2].mean(axis=0)
    start = critic.value(np.arange(2))
    critic(tau)
    left = np.abs(critic.value(np.arange(2)) - goal)
    assert (left < 0.01 * np.abs(start - goal)).all()
    to_the_rewards = np.array([1.0, 2.0])
    assert np.abs(goal - to_the_rewards).max() > 1.0


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_first_step_of_a_fit_is_adams_along_the_gradient_of_the_square(rng):
    """Adam's first step is eta g / (|g| + eps): the sign of each derivative of the mean square, downhill."""
    net, eta = MLP(inputs=2, m=1, hidden=(5,)), 1e-3
    w, s, y = net.init(rng, gain=1.0), rng.normal(size=(30, 2)), rng.normal(size=30)

    def half_mean_square(w):
        return 0.5 * ((net.value(w, s)[:, 0] - y) ** 2).mean()

    step = 1e-30
    g = np.array([half_mean_square(w + 1j * step * e).imag / step for e in np.eye(net.p)])
    options = {"eta": eta, "epochs": 1, "minibatch": 30, "rng": rng}
    moved = fit_value(net, w, s, y, **options) - w
    # The passes are in single precision: a derivative that is smaller than its round-off has no sure sign.
    sure = np.abs(g) > 100 * SINGLE * np.abs(g).max()
    assert sure.sum() > 0.9 * net.p
    np.testing.assert_allclose(moved[sure], -eta * np.sign(g[sure]), rtol=1e-3)
    assert (
        np.abs(moved + eta * np.sign(g))[sure].max() < np.abs(moved - eta * np.sign(g))[sure].min()
    )


@pytest.mark.statement("pg_baseline_algorithm")
def test_a_fit_that_is_right_already_stays_and_one_to_other_targets_does_not(rng):
    net = MLP(inputs=2, m=1, hidden=(5,))
    w = net.init(rng, gain=1.0).astype(np.float32)
    s = rng.normal(size=(32, 2)).astype(np.float32)
    options = {"eta": 1e-2, "epochs": 1, "minibatch": 32}
    value = net.value(w, s)[:, 0]
    # Shuffled rows may round otherwise, and Adam scales up whatever is not 0: so one row, repeated.
    s[:], value[:] = s[0], value[0]
    kept = fit_value(net, w, s, net.value(w, s)[:, 0], rng=rng, **options)
    np.testing.assert_array_equal(kept, w)
    shifted = fit_value(net, w, s, value + 1, rng=rng, **options)
    assert np.abs(shifted - w).max() == pytest.approx(1e-2, rel=1e-3)


@pytest.mark.statement("pg_baseline_algorithm")
def test_every_epoch_meets_every_step_once(rng):
    """With one unknown and a small step size each step of Adam counts as one: B / minibatch of them an epoch."""
    net, w = MLP(np.ones((1, 1)), 1, ()), np.zeros(2)
    s, y = np.zeros(50, int), np.full(50, 1e6)
    for epochs, minibatch, steps in ((1, 50, 1), (1, 20, 3), (4, 25, 8), (2, 1000, 2)):
        options = {"eta": 1e-3, "epochs": epochs, "minibatch": minibatch, "rng": rng}
        moved = fit_value(net, w, s, y, **options) - w
        np.testing.assert_allclose(moved, 1e-3 * steps, rtol=1e-3)
    np.testing.assert_array_equal(w, 0.0)


@pytest.mark.statement("neural_softmax")
def test_a_network_takes_vectors_and_finitely_many_states():
    spaces = gymnasium.spaces
    assert network_inputs(spaces.Box(-1, 1, (3,))) == 3
    np.testing.assert_array_equal(network_inputs(spaces.Discrete(3)), np.eye(3))
    for space in (spaces.Box(0, 1, (2, 2)), spaces.Discrete(3, start=1), spaces.MultiBinary(2)):
        with pytest.raises(ValueError, match=r"^space must be a box of vectors or discrete from 0"):
            network_inputs(space)
