"""A value network: what a fit by least squares does, and the critic that keeps its result."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.estimators import Critic, fit_value, gae_steps
from pgcompanion.policies import MLP

SINGLE = np.finfo(np.float32).eps


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_first_step_of_a_fit_is_adams_along_the_gradient_of_the_square(rng):
    """Adam's first step is eta g / (|g| + eps): the sign of each derivative, downhill."""
    net, eta = MLP(inputs=2, m=1, hidden=(5,)), 1e-3
    w, s, y = net.init(rng, gain=1.0), rng.normal(size=(30, 2)), rng.normal(size=30)

    def half_mean_square(w):
        return 0.5 * ((net.value(w, s)[:, 0] - y) ** 2).mean()

    step = 1e-30
    g = np.array([half_mean_square(w + 1j * step * e).imag / step for e in np.eye(net.p)])
    options = {"eta": eta, "epochs": 1, "minibatch": 30, "rng": rng}
    moved = fit_value(net, w, s, y, **options) - w
    # In single precision a derivative that is smaller than its round-off has no sure sign.
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
    assert np.abs(shifted - kept).max() > 5e-3


@pytest.mark.statement("pg_baseline_algorithm")
def test_every_epoch_meets_every_step_once(rng):
    """With a small step size each step of Adam counts as one: B / minibatch of them an epoch."""
    net, w = MLP(np.ones((1, 1)), 1, ()), np.zeros(2)
    s, y = np.zeros(50, int), np.full(50, 1e6)
    for epochs, minibatch, steps in ((1, 50, 1), (1, 20, 3), (4, 25, 8), (2, 1000, 2)):
        options = {"eta": 1e-3, "epochs": epochs, "minibatch": minibatch, "rng": rng}
        moved = fit_value(net, w, s, y, **options) - w
        np.testing.assert_allclose(moved, 1e-3 * steps, rtol=1e-3)
        assert np.abs(moved - 1e-3 * (steps + 1)).min() > 5e-4
    np.testing.assert_array_equal(w, 0.0)


@pytest.mark.statement("pg_baseline_algorithm")
@pytest.mark.parametrize("inputs", [2, np.arange(8.0).reshape(4, 2)], ids=["vectors", "indices"])
def test_the_fit_is_a_loop_over_minibatches_of_the_networks_own_gradient(rng, inputs):
    """The passes in reused room against the plain form; without shuffling it ends elsewhere."""
    net = MLP(inputs=inputs, m=1, hidden=(5,))
    w, y = net.init(rng, gain=1.0), rng.normal(size=25)
    s = rng.normal(size=(25, 2)) if net.features is None else rng.integers(4, size=25)

    def plain(rng, shuffled=True):
        m, v, u = np.zeros(net.p), np.zeros(net.p), w.copy()
        order, batches = np.arange(25), []
        for _ in range(3):
            order = order[rng.permutation(25)] if shuffled else order
            batches += [order[i : i + 10] for i in range(0, 25, 10)]
        for t, i in enumerate(batches, start=1):
            values, pull = net.vjp(u, s[i])
            g = pull((y[i, None] - values) / len(i))
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            u = u + 1e-2 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return u

    seed = 7
    options = {"eta": 1e-2, "epochs": 3, "minibatch": 10}
    fitted = fit_value(net, w, s, y, rng=np.random.default_rng(seed), **options)
    wanted = plain(np.random.default_rng(seed))
    assert fitted.dtype == w.dtype
    # Nine steps of 0.01, whose direction single precision knows to about its round-off.
    np.testing.assert_allclose(fitted, wanted, atol=9 * 0.01 * 1e4 * SINGLE)
    assert np.abs(fitted - plain(np.random.default_rng(seed), shuffled=False)).max() > 1e-3


# The critic


def a_critic(**settings) -> Critic:
    """A table of values: a network without hidden layers on unit vectors, not 0 at the start."""
    critic = Critic(MLP(np.eye(4), 1, ()), np.random.default_rng(0), **settings)
    critic.w = np.array([3.0, -1.0, 10.0, 50.0, 0.5], np.float32)  # the last is the bias
    return critic


@pytest.mark.statement("gae")
def test_what_a_critic_learns_is_the_advantage_and_the_value_together():
    """At the least squares fit the value of a state is the mean target of the steps there.

    State 0, then state 1: one episode terminates there, the other is cut off and would go on in
    state 2. The negative control is a fit to the rewards alone.
    """
    critic = a_critic(eta=0.02, epochs=3000, minibatch=4)
    s = np.array([[0, 0], [1, 1]])
    V = critic.value(s)
    np.testing.assert_allclose(V, [[3.5, 3.5], [-0.5, -0.5]], atol=SINGLE)
    V_next = np.vstack([V[1:], [0.0, critic.value(2)]])
    A = gae_steps(np.array([[1.0, 1.0], [2.0, 2.0]]), V, V_next, np.eye(2) < 0, 0.9, 0.6)
    goal = (A + V).mean(axis=1)
    critic.fit(s.ravel(), (A + V).ravel())
    left = np.abs(critic.value(np.arange(2)) - goal)
    assert (left < 0.01 * np.abs([3.5, -0.5] - goal)).all()
    assert np.abs(goal - [1.0, 2.0]).max() > 1.0


@pytest.mark.statement("gae")
def test_a_critics_fit_is_fit_value_from_where_it_stands():
    critic, twin = (a_critic(eta=0.1, epochs=3, minibatch=2) for _ in range(2))
    s, y = np.arange(3), np.array([1.0, 2.0, 3.0])
    # The seed that drew the start goes on to draw the minibatches.
    wanted = fit_value(twin.net, twin.w, s, y, eta=0.1, epochs=3, minibatch=2, rng=twin.rng)
    critic.fit(s, y)
    np.testing.assert_array_equal(critic.w, wanted)
    assert critic.w.dtype == np.float32
    critic.fit(s, y)
    assert np.abs(critic.w - wanted).max() > 1e-2


def test_a_critic_starts_with_values_of_the_size_of_one_and_says_what_it_is(rng):
    critic = Critic(MLP(inputs=3, m=1, hidden=(8,)), rng)
    values = critic.value(rng.normal(size=(5, 2, 3)))
    assert values.shape == (5, 2)
    assert 1e-3 < np.abs(values).max() < 10
    assert repr(critic).startswith("Critic(MLP(inputs=3, m=1, hidden=(8,)), eta=0.005, ")


# The border

NET = MLP(inputs=np.eye(3), m=1, hidden=(2,))
W, S, Y = np.zeros(NET.p), np.array([0, 2]), np.ones(2)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fit_value(None, W, S, Y, rng=RNG), TypeError, "net must be an MLP with m=1, but"),
        (
            lambda: fit_value(MLP(3, 2), W, S, Y, rng=RNG),
            ValueError,
            "net must have one output, but it has m = 2",
        ),
        (lambda: fit_value(NET, W[:3], S, Y, rng=RNG), ValueError, r"w has shape \(3,\), but \(11"),
        (
            lambda: fit_value(NET, W + np.nan, S, Y, rng=RNG),
            ValueError,
            "w must be finite, but it contains NaN",
        ),
        (lambda: fit_value(NET, W, [0, 3], Y, rng=RNG), ValueError, "s must lie between 0 and 2"),
        (
            lambda: fit_value(NET, W, S[:1], Y, rng=RNG),
            ValueError,
            r"s must hold one state for each of the 2 targets, but its shape is \(1,\)",
        ),
        (
            lambda: fit_value(NET, W, S, Y[None], rng=RNG),
            ValueError,
            r"target has shape \(1, 2\), but \(any\)",
        ),
        (
            lambda: fit_value(NET, W, S, Y * np.inf, rng=RNG),
            ValueError,
            "target must be finite, but it contains",
        ),
        (
            lambda: fit_value(NET, W, S[:0], Y[:0], rng=RNG),
            ValueError,
            "target must hold one number at least, but it is empty",
        ),
        (
            lambda: fit_value(NET, W, S, Y, eta=0.0, rng=RNG),
            ValueError,
            "eta must be positive, but",
        ),
        (lambda: fit_value(NET, W, S, Y, eta=(), rng=RNG), ValueError, "eta must be a number, but"),
        (
            lambda: fit_value(NET, W, S, Y, epochs=-1, rng=RNG),
            ValueError,
            "epochs must be a positive integer, but it is -1",
        ),
        (
            lambda: fit_value(NET, W, S, Y, minibatch=0, rng=RNG),
            ValueError,
            "minibatch must be a positive integer, but it is 0",
        ),
        (
            lambda: fit_value(NET, W, S, Y, rng=0),
            TypeError,
            r"rng must be a numpy\.random\.Generator",
        ),
        (lambda: Critic(MLP(3, 2), RNG), ValueError, "net must have one output, but it has m = 2"),
        (lambda: Critic(NET, None), TypeError, r"rng must be a numpy\.random\.Generator"),
        (lambda: Critic(NET, RNG, eta=[]), ValueError, "eta must be a number, but it is"),
        (lambda: Critic(NET, RNG, epochs=0), ValueError, "epochs must be a positive integer, but"),
        (lambda: Critic(NET, RNG, minibatch=1.5), ValueError, "minibatch must be a positive int"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
