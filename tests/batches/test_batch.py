"""The batch is data: what it holds, what it refuses, and how it is cut into minibatches."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import objectives
from pgcompanion.batches import Batch
from pgcompanion.policies import LinearGaussian, TabularSoftmax

EXACT = 1e-10


@pytest.fixture
def drawn(rng):
    """50 steps of a Gaussian policy, with weights that differ from row to row."""
    policy = LinearGaussian(features=2, n=1, sigma=0.5)
    theta = rng.normal(size=policy.p)
    s = rng.normal(size=(50, 2))
    a, w, A = policy.sample(theta, s, rng), rng.random(50), rng.normal(size=50)
    return policy, theta, Batch(s, a, w, A, policy.log_prob(theta, s, a), J=1.5)


@pytest.mark.statement("trpo_implement", "ppo_clip")
def test_an_epoch_of_minibatches_adds_up_to_the_whole(drawn, rng):
    """Each part speaks for the whole; of 50 rows the last part has 2. The negative control averages the parts."""
    policy, theta, batch = drawn
    new = theta + 0.3 * rng.normal(size=policy.p)
    for f in (
        lambda b: objectives.gradient(policy, theta, b),
        lambda b: objectives.surrogate_gradient(policy, new, b),
        lambda b: objectives.clip_gradient(policy, new, b, 0.2),
        lambda b: objectives.kl_gradient(policy, theta, new, b),
        lambda b: objectives.surrogate(policy, new, b),
        lambda b: objectives.kl(policy, theta, new, b),
    ):
        parts = [(part.B, f(part)) for part in batch.minibatches(16, rng)]
        assert [B for B, _ in parts] == [16, 16, 16, 2]
        total = sum(B * x for B, x in parts) / batch.B
        np.testing.assert_allclose(total, f(batch), atol=EXACT)
        unweighted = np.mean([x for _, x in parts], axis=0)
        assert np.abs(unweighted - f(batch)).max() > 1e-4


@pytest.mark.statement("ppo_clip")
def test_every_row_is_seen_once_an_epoch_in_an_order_of_its_own(drawn, rng):
    _, _, batch = drawn
    rows = [x for part in batch.minibatches(16, rng) for x in part.A]
    assert sorted(rows) == sorted(batch.A)
    assert rows != list(batch.A)
    assert rows != [x for part in batch.minibatches(16, rng) for x in part.A]
    for part in batch.minibatches(16, rng):
        for i in range(part.B):  # the row is still one: its state, action and weight went along
            row = batch.A.tolist().index(part.A[i])
            np.testing.assert_array_equal(part.s[i], batch.s[row])
            assert part.a[i] == batch.a[row]
            assert part.log_prob[i] == batch.log_prob[row]
            assert part.w[i] == pytest.approx(batch.w[row] * batch.B / part.B)
        assert part.J == batch.J
    assert len(list(batch.minibatches(1000, rng))) == 1


@pytest.mark.statement("trpo_implement")
def test_single_precision_stays_single(rng):
    single = np.float32
    x = rng.random((4, 9)).astype(single)
    batch = Batch(rng.integers(3, size=9), rng.integers(2, size=9), x[0], x[1], x[2])
    for part in batch.minibatches(4, rng):
        assert part.w.dtype == part.A.dtype == part.log_prob.dtype == single


def test_an_aggregated_batch_has_no_minibatches(rng):
    one = np.ones(1)
    whole = {"s": np.array([0]), "a": np.array([1]), "w": one, "A": one, "log_prob": -one}
    batch = Batch(**whole, aggregated=True)
    with pytest.raises(ValueError, match=r"^minibatch needs a batch with a row for each step, but"):
        next(batch.minibatches(4, rng))
    assert next(Batch(**whole).minibatches(4, rng)).B == 1


def test_a_batch_is_equal_to_itself_alone(drawn):
    """Entry by entry an array has no answer; and what equals by its entries has no hash."""
    batch = drawn[2]
    again = Batch(batch.s, batch.a, batch.w, batch.A, batch.log_prob, batch.J)
    assert {batch, batch, again} == {again, batch}
    assert batch != again


def test_a_batch_says_itself_in_one_line(drawn):
    assert repr(drawn[2]) == "Batch(B=50, J=1.5)"
    one = np.ones(1)
    assert repr(Batch(one, one, one, one, one)) == "Batch(B=1, J=None)"


def test_what_is_given_as_a_list_is_kept_as_an_array():
    batch = Batch(s=[0, 1], a=[1, 0], w=[1.0, 1.0], A=[2.0, -1.0], log_prob=[-1.0, -1.0])
    kept = (batch.s, batch.a, batch.w, batch.A, batch.log_prob)
    assert all(isinstance(x, np.ndarray) and len(x) == 2 for x in kept)


def test_what_is_no_batch_is_refused(rng):
    one = np.ones(2)
    good = {"s": np.array([0, 0]), "a": np.array([1, 0]), "w": one, "A": one, "log_prob": -one}
    Batch(**good)
    for name, value, message in (
        ("s", [0, 1, 2], r"^s has shape \(3,\), but \(2, \.\.\.\) is expected\.$"),
        ("a", [1], r"^a has shape \(1,\), but \(2, \.\.\.\) is expected\.$"),
        ("w", [1.0, -1.0], r"^w must not be negative, but it contains -1\.$"),
        ("w", [], r"^w must hold at least one weight, but it is empty\.$"),
        ("w", [[1.0, 1.0]], r"^w has shape \(1, 2\), but \(any\) is expected\.$"),
        ("A", [1.0, np.nan], r"^A must be finite, but it contains NaN or infinity\.$"),
        ("A", ["x", "y"], r"^A must be an array of numbers, but its type is <U1\.$"),
        ("log_prob", [1.0], r"^log_prob has shape \(1,\), but \(2\) is expected\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            Batch(**good | {name: value})
    batch = Batch(**good)
    for size in (0, 2.5, None, True):
        with pytest.raises(ValueError, match=r"^size must be a positive integer, but it is"):
            next(batch.minibatches(size, rng))
    for not_rng in (0, None, np.random.RandomState(0)):
        with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator"):
            next(batch.minibatches(1, not_rng))


@pytest.mark.parametrize("name", ["gradient", "surrogate", "clip", "kl", "entropy", "fisher"])
def test_what_takes_a_batch_refuses_anything_else(name, rng):
    policy, theta = TabularSoftmax(1, 2), np.zeros(2)
    more = {"clip": (0.2,)}.get(name, ())
    for wrong in (None, np.zeros(3), "batch"):
        args = (theta, theta, wrong) if name == "kl" else (theta, wrong, *more)
        with pytest.raises(TypeError, match=r"^batch must be a Batch, but it is of type"):
            getattr(objectives, name)(policy, *args)
