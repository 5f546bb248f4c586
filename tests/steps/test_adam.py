"""Adam: algorithm 1 of the paper, its invariances, its precision, and the moments of silent coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.steps import Adam

EXACT = 1e-10


def adam_as_printed(gradients, eta=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, correct=True):
    """Algorithm 1 of the paper, a line at a time; yields the step that is added."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t) if correct else m
        v_hat = v / (1 - beta2**t) if correct else v
        yield eta * m_hat / (np.sqrt(v_hat) + eps)


@pytest.mark.statement("adam")
def test_adam_is_algorithm_1_of_the_paper(rng):
    gradients = rng.normal(size=(250, 4)) * [1.0, 1e3, 1e-7, 0.0]
    adam = Adam(p=4, eta=0.02, beta1=0.8, beta2=0.95, eps=1e-6)
    steps = np.array([adam.step(g) for g in gradients])
    settings = {"eta": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6}
    printed = np.array(list(adam_as_printed(gradients, **settings)))
    np.testing.assert_allclose(steps, printed, rtol=EXACT)
    uncorrected = np.array(list(adam_as_printed(gradients, **settings, correct=False)))
    assert np.abs(steps - uncorrected).max() > 1e-3


@pytest.mark.statement("adam")
def test_the_first_step_of_adam_has_the_size_of_eta_in_the_direction_of_the_gradient():
    """Whatever the gradient's size. With uncorrected moments, the control, it is thrice that."""
    g = np.array([1e-4, -1.0, 1e4])
    np.testing.assert_allclose(Adam(3, eta=0.1).step(g), 0.1 * np.sign(g), rtol=1e-3)
    uncorrected = next(adam_as_printed([g], eta=0.1, correct=False))
    assert (np.abs(uncorrected) > 0.3).all()


@pytest.mark.statement("adam")
def test_adam_leaves_its_argument_and_its_earlier_steps_alone():
    """The second step, which a shared array would hold, differs: it is the control."""
    adam, g = Adam(2), np.array([1.0, -2.0])
    first = adam.step(g)
    kept = first.copy()
    second = adam.step(-g)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(g, [1.0, -2.0])
    assert np.abs(second - kept).min() > adam.eta / 2


@pytest.mark.statement("adam")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_of_a_silent_coordinate_never_become_denormal(dtype):
    """They are set to 0 on the way down: denormal numbers are slow to add. Unflushed, the control, they get there.

    A coordinate whose gradients go on keeps its moments.
    """
    tiny = np.finfo(dtype).tiny

    def denormal(x):
        return ((x != 0) & (np.abs(x) < tiny)).any()

    adam, m, seen = Adam(p=2, dtype=dtype), dtype(1.0), False
    adam.step(np.ones(2, dtype))
    for _ in range(8_000):
        adam.step(np.array([1.0, 0.0], dtype))
        with np.errstate(under="ignore"):
            m *= dtype(0.9)
        seen |= bool(denormal(np.array([m])))
        assert not denormal(adam.m)
    assert adam.m[1] == 0
    assert adam.m[0] == pytest.approx(10.0)
    assert seen


@pytest.mark.statement("adam")
def test_moments_are_flushed_every_hundred_steps_below_the_three_quarter_power_of_the_smallest_number():
    """The threshold is what a hundred steps cannot cross: 0.9 ** 100 is 2.7e-5, and denormal is 1e77 below it.

    Just above the threshold a moment is kept; between flushes it is left alone.
    """
    threshold = np.finfo(float).tiny ** 0.75
    assert threshold * 0.9**Adam.FLUSH > np.finfo(float).tiny
    for size, kept in ((0.5, False), (2.0, True)):
        adam = Adam(p=1, beta1=1 - 1e-9)
        adam.m[:] = size * threshold
        for t in range(1, Adam.FLUSH + 1):
            adam.step(np.zeros(1))
            assert adam.m[0] != 0 or t == Adam.FLUSH
        assert (adam.m[0] != 0) == kept


@pytest.mark.statement("adam")
def test_adam_goes_on_from_where_it_was(rng):
    """Ten steps are five and five of one Adam; a new one for the second half, the control, begins anew."""
    gradients = rng.normal(size=(10, 3))
    whole, halves, fresh = Adam(3), Adam(3), Adam(3)
    steps = [whole.step(g) for g in gradients]
    again = [halves.step(g) for g in gradients[:5]] + [halves.step(g) for g in gradients[5:]]
    np.testing.assert_array_equal(steps, again)
    assert np.abs(np.array([fresh.step(g) for g in gradients[5:]]) - steps[5:]).max() > 1e-5


@pytest.mark.statement("adam")
def test_in_single_precision_it_is_the_same_to_single_precision(rng):
    """Ten thousand times nearer than the settings' own scale; the precision is the one that was asked for."""
    gradients = rng.normal(size=(60, 5))
    single, double = Adam(5, dtype=np.float32), Adam(5)
    for g in gradients:
        one, two = single.step(g.astype(np.float32)), double.step(g)
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, two, atol=1e-4 * double.eta)
    assert np.abs(one - two).max() > 0


def test_what_is_no_setting_is_refused():
    for eta in (0.0, -1, np.nan, "a", None):
        with pytest.raises(ValueError, match=r"^eta must be (positive|finite|a number), but it is"):
            Adam(2, eta=eta)
    with pytest.raises(ValueError, match=r"^g has shape \(3,\), but \(2\) is expected\.$"):
        Adam(2).step(np.ones(3))
    for p in (0, 2.5, None):
        with pytest.raises(ValueError, match=r"^p must be a positive integer, but it is"):
            Adam(p)
