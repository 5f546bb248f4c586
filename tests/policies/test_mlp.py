"""The network: its layers, its blocks, its room."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.policies import MLP, LinearMap, NeuralSoftmax
from pgcompanion.policies.neural import BLOCK

EXACT = 1e-10
A = 3


def test_the_layers_are_views_of_theta(rng):
    net = MLP(3, 2, (5, 4))
    theta = rng.normal(size=net.p)
    layers = net.layers(theta)
    assert all(np.shares_memory(layer, theta) for layer in layers)
    np.testing.assert_array_equal(np.concatenate([layer.ravel() for layer in layers]), theta)


def test_a_batch_is_the_sum_of_its_blocks(rng):
    net = MLP(3, 2, (5, 4))
    theta, v = rng.normal(size=(2, net.p))
    B = 2 * BLOCK + 3
    x, w = rng.normal(size=(B, 3)), rng.normal(size=(B, 2))
    trace = net.forward(theta, x, net.room(B, float))
    np.testing.assert_allclose(net.value(theta, x), trace[-1].T, atol=EXACT)
    np.testing.assert_allclose(net.jvp(theta, x, v), net._along(theta, trace, v).T, atol=EXACT)
    np.testing.assert_allclose(net.vjp(theta, x)[1](w), net.backward(theta, trace, w.T), atol=EXACT)
    first_block = net.vjp(theta, x[:BLOCK])[1](w[:BLOCK])
    assert np.abs(net.vjp(theta, x)[1](w) - first_block).max() > 1e-2
    assert net.value(theta, x[:0]).shape == (0, 2)
    np.testing.assert_array_equal(net.vjp(theta, x[:0])[1](w[:0]), np.zeros(net.p))


def test_a_slope_of_one_in_place_of_that_of_tanh_gives_another_derivative(monkeypatch, rng):
    policy = NeuralSoftmax(2, A, (5,))
    theta, s, w = rng.normal(size=policy.p), rng.normal(size=(7, 2)), rng.normal(size=(7, A))
    right = policy.logits_vjp(theta, s)[1](w)
    monkeypatch.setattr("pgcompanion.policies.neural._slope", np.ones_like)
    assert np.abs(policy.logits_vjp(theta, s)[1](w) - right).max() > 1e-2


@pytest.mark.parametrize("hidden", [(5, 4), ()])
def test_a_reused_room_changes_nothing_and_serves_fewer_rows(hidden, rng):
    net = MLP(3, 2, hidden)
    theta, other = rng.normal(size=(2, net.p))
    room = net.room(7, float)
    for B in (7, 4, 7, 1):
        x, w = rng.normal(size=(B, 3)), rng.normal(size=(B, 2))
        net.vjp(other, x[::-1], room)
        value, pull = net.vjp(theta, x, room)
        np.testing.assert_allclose(value, net.value(theta, x), atol=EXACT)
        np.testing.assert_allclose(pull(w), net.vjp(theta, x)[1](w), atol=EXACT)
        net.vjp(other, x, room)
        assert np.abs(pull(w) - net.vjp(theta, x)[1](w)).max() > 1e-2 or not hidden
        assert np.abs(value - net.value(theta, x)).max() > 1e-2  # it lay in the room
    with pytest.raises(ValueError, match=r"^room has space for 7 states, but s holds 8\.$"):
        net.vjp(theta, rng.normal(size=(8, 3)), room)


def test_a_room_is_in_single_precision(rng):
    net, x = MLP(3, 2, (5,)), rng.normal(size=(7, 3))
    theta = rng.normal(size=net.p)
    value, pull = net.vjp(theta, x, net.room(7))
    assert value.dtype == pull(np.ones((7, 2))).dtype == np.float32
    error = np.abs(value - net.value(theta, x)).max()
    assert 1e-10 < error < 1e-5


def test_a_network_on_features_is_the_same_in_a_room(rng):
    features = rng.normal(size=(4, 3))
    net, s, w = MLP(features, 2, (5,)), rng.integers(4, size=7), rng.normal(size=(7, 2))
    theta = rng.normal(size=net.p)
    value, pull = net.vjp(theta, s, net.room(7, float))
    np.testing.assert_allclose(value, net.value(theta, s), atol=EXACT)
    np.testing.assert_allclose(pull(w), net.vjp(theta, s)[1](w), atol=EXACT)
    assert np.abs(value - net.value(theta, s[::-1])).max() > 1e-2


def test_the_repr_is_one_short_line():
    assert repr(MLP(3, 2, (5, 4))) == "MLP(inputs=3, m=2, hidden=(5, 4))"
    assert repr(MLP(np.eye(3), 2)) == "MLP(inputs=(3, 3), m=2, hidden=(64, 64))"


def test_shapes_are_answered_in_a_room_too():
    net = MLP(3, 2, (5,))
    with pytest.raises(ValueError, match=r"^theta has shape \(4,\), but \(32\) is expected\.$"):
        net.vjp(np.zeros(4), np.zeros((7, 3)), net.room(7))
    with pytest.raises(
        ValueError, match=r"^s has shape \(7, 2\), but \(\.\.\., 3\) is expected\.$"
    ):
        net.vjp(np.zeros(32), np.zeros((7, 2)), net.room(7))
    trace = net.forward(np.zeros(32), np.zeros((7, 3)), net.room(7, np.float64))
    for w in (np.zeros(2), np.zeros((3, 7)), np.zeros((2, 7, 1))):
        with pytest.raises(ValueError, match=r"^w has shape .*, but \(2, any\) is expected\.$"):
            net.backward(np.zeros(32), trace, w)


def test_states_that_cannot_be_are_no_batch():
    observed, indexed = MLP(3, 2), MLP(np.eye(3), 2)
    assert observed.batch(np.zeros((7, 3))) == indexed.batch(np.zeros(7, int)) == (7,)
    with pytest.raises(
        ValueError, match=r"^s has shape \(7, 2\), but \(\.\.\., 3\) is expected\.$"
    ):
        observed.batch(np.zeros((7, 2)))
    with pytest.raises(ValueError, match=r"^s must hold integers, but its type is float64\.$"):
        indexed.batch(np.zeros(7))
    wide = MLP(300, 1, ())  # beyond the integers of which Python keeps one each
    assert wide.value(np.zeros(wide.p), np.zeros((2, 300))).shape == (2, 1)


@pytest.mark.parametrize("m", [0, -1, 2.0, True, None])
@pytest.mark.parametrize("function", [MLP, LinearMap])
def test_the_number_of_outputs_is_a_positive_integer(function, m):
    assert function(3, 2).m == 2
    with pytest.raises(ValueError, match=rf"^m must be a positive integer, but it is {m}\.$"):
        function(3, m)
