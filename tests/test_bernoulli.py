"""`natural_simple`: one decision with two outcomes, where every quantity has a closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pgcompanion import bernoulli, exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax

pytestmark = pytest.mark.statement("natural_simple")

THETA = np.linspace(-6, 6, 25)
DX = 1e-5


def as_objective_of_a_probability(theta: np.ndarray) -> np.ndarray:
    """The known slip: ``theta`` itself taken as the probability of success."""
    return 100 * theta + 1 * (1 - theta)


def slope(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    return (f(x + DX) - f(x - DX)) / (2 * DX)


def test_the_objective_is_the_expected_reward():
    p = np.exp(THETA) / (1 + np.exp(THETA))
    np.testing.assert_allclose(bernoulli.probability(THETA), p, rtol=1e-12)
    np.testing.assert_allclose(bernoulli.J(THETA), 100 * p + 1 * (1 - p), rtol=1e-12)
    np.testing.assert_allclose(bernoulli.J(THETA, r1=2.0, r0=-3.0), 5 * p - 3, atol=1e-10)
    assert abs(as_objective_of_a_probability(THETA) - bernoulli.J(THETA)).min() > 1


def test_the_gradient_is_the_slope_of_the_objective():
    np.testing.assert_allclose(bernoulli.gradient(THETA), slope(bernoulli.J, THETA), rtol=1e-6)
    slip = slope(as_objective_of_a_probability, THETA)
    assert not np.isclose(slip, bernoulli.gradient(THETA), rtol=1e-1).any()


def test_the_fisher_information_is_the_mean_squared_score():
    p = bernoulli.probability(THETA)
    score_1 = slope(lambda theta: np.log(bernoulli.probability(theta)), THETA)
    score_0 = slope(lambda theta: np.log(bernoulli.probability(-theta)), THETA)
    expected = p * score_1**2 + (1 - p) * score_0**2
    np.testing.assert_allclose(bernoulli.fisher(THETA), expected, rtol=1e-6)
    of_a_probability = 1 / (p * (1 - p))
    assert not np.isclose(of_a_probability, expected, rtol=1e-1).any()


def test_the_natural_gradient_is_the_gradient_divided_by_the_fisher_information():
    quotient = bernoulli.gradient(THETA) / bernoulli.fisher(THETA)
    np.testing.assert_allclose(bernoulli.natural_gradient(THETA), quotient, rtol=1e-10)
    np.testing.assert_allclose(quotient, 99, rtol=1e-10)
    of_a_probability = 99 * THETA * (1 - THETA)
    assert not np.isclose(of_a_probability, quotient, rtol=1e-1).any()


def test_it_is_the_softmax_policy_of_a_one_step_mdp():
    mdp = MDP(np.ones((1, 2, 1)), np.array([[1.0, 100.0]]), np.ones(1), H=1)
    policy = LinearSoftmax(np.array([[[0.0], [1.0]]]))
    for theta in (-3.0, 0.5, 4.0):
        at = np.array([theta])
        values = exact.evaluate(mdp, policy.table(at))
        np.testing.assert_allclose(values.J, bernoulli.J(theta), rtol=1e-10)
        np.testing.assert_allclose(
            exact.gradient(mdp, policy, at), bernoulli.gradient(theta), rtol=1e-10
        )
        np.testing.assert_allclose(
            exact.fisher(mdp, policy, at), bernoulli.fisher(theta), rtol=1e-10
        )
        twice = MDP(mdp.P, mdp.r, mdp.mu0, H=2)  # of two decisions nothing is as of one
        assert exact.fisher(twice, policy, at).item() > 1.9 * bernoulli.fisher(theta)


def test_natural_steps_have_one_length_and_vanilla_steps_do_not():
    natural = bernoulli.path(-2.0, 0.003, 50, natural=True)
    vanilla = bernoulli.path(-2.0, 0.003, 50, natural=False)
    closed = -2 + 99 * 0.003 * np.arange(51)
    np.testing.assert_allclose(natural, closed, atol=1e-10)
    assert vanilla.shape == natural.shape == (51,)
    assert abs(vanilla - closed)[1:].min() > 0.1
    np.testing.assert_allclose(np.diff(vanilla), 0.003 * bernoulli.gradient(vanilla[:-1]))


def test_other_rewards_set_the_length_of_the_natural_step():
    steps = np.diff(bernoulli.path(0.0, 0.5, 4, natural=True, r1=3.0, r0=-1.0))
    np.testing.assert_allclose(steps, 0.5 * 4, atol=1e-10)
    assert not np.isclose(steps, 0.5 * 3).any(), "the reward of failure counts, too"


def test_the_vanilla_flow_keeps_its_identity():
    t = np.linspace(0, 300, 31)
    theta = bernoulli.flow(-1.0, t, natural=False)
    kept = 2 * np.sinh(theta) + 2 * theta - 99 * t
    np.testing.assert_allclose(kept, 2 * np.sinh(-1) - 2, atol=1e-10 * 99 * 300)
    slip = 2 * np.sinh(theta) - 99 * t
    assert abs(slip - slip[0])[1:].min() > 1


def test_the_flow_moves_along_the_gradient():
    t = np.linspace(0.01, 0.5, 8)
    for natural, g in ((False, bernoulli.gradient), (True, bernoulli.natural_gradient)):
        theta = bernoulli.flow(-1.0, t, natural)
        speed = slope(lambda t, natural=natural: bernoulli.flow(-1.0, t, natural), t)
        np.testing.assert_allclose(speed, g(theta), rtol=1e-6)
        assert not np.isclose(speed, g(theta + 1.0), rtol=1e-6).all() or natural


@pytest.mark.parametrize("t", [1e3, 1e10, 1e30, 1e40, 1e300])
@pytest.mark.parametrize("theta0", [-3.0, 0.0, 700.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_vanilla_flow_is_right_after_any_time(t, theta0, sign):
    """Far out 2 sinh(theta) + 2 theta is the way 99 t up to round-off; theta = arsinh of half of it
    is no such thing."""
    theta = float(bernoulli.flow(sign * theta0, sign * t))
    way = 99 * t + 2 * np.sinh(theta0) + 2 * theta0
    assert 2 * np.sinh(sign * theta) + 2 * sign * theta == pytest.approx(way, rel=1e-11)
    if theta0 == 0 and t >= 1e30:
        assert sign * theta == pytest.approx({1e30: 73.67267, 1e40: 96.69852}.get(t, theta * sign))
    twice_as_long = float(bernoulli.flow(sign * theta0, 2 * sign * t))
    assert sign * (twice_as_long - theta) > 0 or theta0 == 700


def test_after_a_short_time_the_vanilla_flow_has_gone_a_quarter_of_the_way():
    """At 0 the slope of 2 sinh(theta) + 2 theta is 4, its least: a closer bracket would cut the way
    off."""
    t = np.array([1e-300, 1e-12, 1e-6, -1e-6])
    np.testing.assert_allclose(bernoulli.flow(0.0, t), 99 * t / 4, rtol=1e-9)
    assert (abs(bernoulli.flow(1.0, t) - 1 - 99 * t / 4) > 0.1 * abs(99 * t / 4))[2:].all()


@pytest.mark.parametrize("natural", [True, False])
def test_small_steps_approach_the_flow(natural: bool):
    """Euler's method errs in proportion to the step: a quarter of it, a quarter of the error."""
    target = bernoulli.flow(-1.0, 0.2, natural)
    errors = [abs(bernoulli.path(-1.0, 0.2 / K, K, natural)[-1] - target) for K in (100, 400)]
    if natural:
        assert max(errors) < 1e-10
    else:
        assert min(errors) > 1e-4, "a step is no flow"
        assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_the_gap_closes_exponentially_against_as_one_over_time():
    """From 0: 100 - J is about 99 exp(-99 t) for the natural flow, 1 / t for the vanilla flow."""
    t = np.array([0.1, 0.2, 0.3])
    gap = 99 * bernoulli.probability(-bernoulli.flow(0.0, t, natural=True))
    np.testing.assert_allclose(gap, 99 * np.exp(-99 * t), rtol=2 * np.exp(-9.9))
    t = np.array([1e3, 1e4, 1e5])
    gap = 99 * bernoulli.probability(-bernoulli.flow(0.0, t, natural=False))
    assert (abs(gap * t - 1) < 2 * np.log(99 * t) / (99 * t)).all()
    assert (gap > 1e6 * 99 * np.exp(-99 * t)).all(), "one of the two rates is the other's"


def test_far_out_it_neither_overflows_nor_loses_the_small_probability():
    theta = np.array([-1e4, -700.0, 700.0, 1e4])
    np.testing.assert_allclose(bernoulli.probability(theta), [0, np.exp(-700.0), 1, 1], rtol=1e-12)
    np.testing.assert_allclose(bernoulli.fisher(theta), [0, np.exp(-700), np.exp(-700), 0])
    np.testing.assert_allclose(bernoulli.J(theta), [1, 1, 100, 100])
    assert (bernoulli.natural_gradient(theta) == 99).all()
    with np.errstate(over="ignore", invalid="ignore"):
        plain = np.exp(theta) / (1 + np.exp(theta))
    assert not np.isfinite(plain).all(), "the formula as it is printed overflows"
    assert bernoulli.flow(800.0, np.array([0.0, 5.0]), natural=False).tolist() == [800, 800]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bernoulli.J(np.nan), r"theta must be finite, .*"),
        (lambda: bernoulli.fisher("0"), r"theta must be an array of numbers, .*"),
        (lambda: bernoulli.path([0.0, 1.0], 0.1, 3), r"theta0 has shape \(2,\), .*"),
        (lambda: bernoulli.path(0.0, np.inf, 3), r"eta must be finite, .*"),
        (lambda: bernoulli.path(0.0, 0.1, 0), r"K must be a positive integer, .*"),
        (lambda: bernoulli.flow(np.nan, 0.1), r"theta0 must be finite, .*"),
        (lambda: bernoulli.flow(0.0, np.nan), r"t must be finite, .*"),
        (lambda: bernoulli.flow(0.0, 1e308), r"\(r1 - r0\) t must be finite, .*"),
        (lambda: bernoulli.flow(0.0, 1.0, natural="no"), r"natural must be True or False, .*"),
        (lambda: bernoulli.path(0.0, 0.1, 3, natural=None), r"natural must be True or False, .*"),
        (lambda: bernoulli.path(0.0, 0.1, 3, r1=np.nan), r"r1 must be finite, .*"),
        (lambda: bernoulli.J(0.0, r1=None), r"r1 must be an array of numbers, .*"),
        (lambda: bernoulli.gradient(0.0, r0="1"), r"r0 must be an array of numbers, .*"),
        (lambda: bernoulli.natural_gradient(0.0, r0=[1.0, 2.0]), r"r0 has shape \(2,\), .*"),
        (lambda: bernoulli.probability(1j), r"theta must be real, but its type is complex128\."),
        (lambda: bernoulli.probability(None), r"theta must be an array of numbers, .*"),
    ],
)
@pytest.mark.statement("natural_simple", no_control="every case is a refusal")
def test_a_bad_argument_is_named(call: Callable[[], object], message: str):
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()
