"""What the picture and the sentence of the demo of stochastic gradient ascent claim is so."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pgcompanion import estimators, exact, style
from pgcompanion.demos import sgd as demo
from pgcompanion.demos.engine.controls import grid
from pgcompanion.demos.worlds import corridor
from pgcompanion.demos.worlds.corridor import hill
from pgcompanion.estimators import reward_to_go, total_return
from pgcompanion.steps import sgd_bound

POINTS = np.array([(0.0, 0.0), demo.START, (0.7, 0.2), (2.0, -1.0)])
SETTINGS = [(eta, N) for eta in demo.controls["eta"].values for N in demo.controls["N"].values]
ALLOWED = [(eta, N) for eta, N in SETTINGS if eta * hill().beta <= 1]


def lines(ax, colour):
    return [line for line in ax.lines if line.get_color() == colour]


# --- The corridor -------------------------------------------------------------------------------


@pytest.mark.statement("reinforce_pg")
def test_objective_gradient_and_noise_of_the_corridor_are_those_of_its_episodes(measure):
    mdp, policy = corridor.world()
    for theta in POINTS:
        g, covariance = estimators.moments(mdp, policy, theta, lambda tau: reward_to_go(tau.r))
        deviations = [
            corridor.J(theta) - exact.evaluate(mdp, policy.table(theta)).J,
            corridor.gradient(theta) - exact.gradient(mdp, policy, theta),
            corridor.gradient(theta) - g,
            corridor.covariance(theta) - covariance,
        ]
        assert measure(np.hstack([x.ravel() for x in deviations]), over=3**corridor.H) < 1e-10
        _, other = estimators.moments(mdp, policy, theta, lambda tau: total_return(tau.r))
        assert np.abs(other - covariance).max() > 1e-3  # moves after the arrival would add noise


def test_the_curvature_is_that_of_the_exact_gradient():
    mdp, policy = corridor.world()
    for theta in POINTS:
        up, down = (
            np.array([exact.gradient(mdp, policy, theta + h * e) for e in np.eye(2)])
            for h in (1e-4, -1e-4)
        )
        np.testing.assert_allclose(corridor.curvature(theta), (up - down) / 2e-4, atol=1e-6)


def test_each_uniform_number_chooses_its_way_to_the_goal():
    theta = POINTS[2]
    scores, p = corridor.law(theta)
    u = np.append(p.cumsum() - p / 2, (1 + p.sum()) / 2)
    found = corridor.estimate(np.tile(theta, (len(u), 1)), u[:, None])
    np.testing.assert_allclose(found, [*scores, (0, 0)], atol=1e-10)
    together = corridor.estimate(theta[None], u[None])
    np.testing.assert_allclose(together[0], found.mean(axis=0), atol=1e-10)
    assert not np.allclose(found[0], found[1])


def test_the_top_is_a_maximum_and_no_point_is_steeper_or_noisier_than_the_constants_say():
    top, theta = hill(), np.random.default_rng(0).uniform(-12, 12, size=(20_000, 2))
    np.testing.assert_allclose(corridor.gradient(top.top), 0, atol=1e-10)
    assert (np.linalg.eigvalsh(corridor.curvature(top.top)) < 0).all()
    curvature = np.linalg.norm(corridor.curvature(theta), 2, axis=(-2, -1))
    noise = np.trace(corridor.covariance(theta), axis1=-2, axis2=-1)
    for x, constant in ((curvature, top.beta), (noise, top.sigma2), (corridor.J(theta), top.best)):
        assert 0.9 * constant < x.max() < 1.001 * constant


def test_the_hill_has_a_single_top():
    side = np.linspace(-6, 6, 121)
    J = corridor.J(np.stack(np.meshgrid(side, side), axis=-1))
    inner, shifts = J[1:-1, 1:-1], [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    higher = np.all([inner > J[i : i + 119, j : j + 119] for i, j in shifts], axis=0)
    assert higher.sum() == 1


# --- The runs -----------------------------------------------------------------------------------


@pytest.mark.statement("sgd")
def test_the_steps_are_unbiased_with_the_exact_noise_divided_by_the_episodes(measure):
    for eta, N in ((0.3, 1), (1.0, 4), (1.0, 64)):
        theta = demo.runs(eta, N)
        noise = np.diff(theta, axis=0) / eta - corridor.gradient(theta[:-1])
        exact_covariance = corridor.covariance(theta[:-1]) / N
        variance = np.einsum("kmii->i", exact_covariance)
        z = noise.sum(axis=(0, 1)) / np.sqrt(variance)
        assert measure(z, over=noise.shape[0] * demo.M, of="steps", kind="z-score") < 5
        bias = 0.5 * np.abs(corridor.gradient(theta[:-1]))
        biased = (noise + bias).sum(axis=(0, 1)) / np.sqrt(variance)
        assert np.abs(biased).max() > 5
        ratio = (noise**2).sum() / variance.sum()
        assert 0.9 < ratio < 1.1


def test_every_step_size_meets_the_same_random_numbers():
    for N in demo.controls["N"].values:
        first = [(demo.runs(eta, N)[1] - demo.START) / eta for eta in (0.1, 1.0, 10.0)]
        np.testing.assert_allclose(first[1:], [first[0], first[0]], atol=1e-4)
    assert not np.allclose(demo.runs(1.0, 4)[1], demo.runs(1.0, 16)[1])


@pytest.mark.statement("sgd_rate")
def test_the_mean_of_the_squared_gradients_is_below_the_bound_wherever_there_is_one(measure):
    steps = np.arange(1, demo.K + 1)
    for eta, N in ALLOWED:
        mean, promised = demo.squares(eta, N), demo.bound(eta, N, steps)
        assert (mean <= promised).all()
        assert (np.diff(promised) < 0).all()
        assert demo._limit(eta, N) < promised[-1]
    assert len(ALLOWED) < len(SETTINGS)
    assert all(demo.bound(eta, N, steps) is None for eta, N in SETTINGS if eta * hill().beta > 1)
    misquoted = hill().beta * hill().sigma2 / 4 / demo.K  # the wrong law, 1/K, with |J| at most 1
    assert demo.squares(1.0, 4)[-1] > misquoted


def test_the_noise_ball_is_in_balance_and_proportional_to_the_step_and_to_one_over_the_episodes():
    J2, C = corridor.curvature(hill().top), corridor.covariance(hill().top)
    for eta, N in ((0.1, 1), (1.0, 16), (3.0, 4)):
        spread, shrink = demo.ball(eta, N), np.eye(2) + eta * J2
        np.testing.assert_allclose(shrink @ spread @ shrink + eta**2 * C / N, spread, atol=1e-10)
        np.testing.assert_allclose(demo.ball(eta, 4 * N), spread / 4, atol=1e-10)
    np.testing.assert_allclose(demo.ball(0.002, 4), 2 * demo.ball(0.001, 4), rtol=1e-3)
    assert not np.allclose(demo.ball(3.0, 4), 3 * demo.ball(1.0, 4), rtol=0.05)
    assert demo.ball(10.0, 64) is None


@pytest.mark.parametrize("values", [(1.0, 16), (1.0, 64), (3.0, 64)])
def test_runs_that_have_settled_fill_the_noise_ball_and_not_that_of_other_controls(values):
    eta, N = values
    settled = demo.runs(eta, N)[demo.K // 2 :].reshape(-1, 2) - hill().top
    found = np.trace(settled.T @ settled / len(settled))
    assert 0.7 < found / np.trace(demo.ball(eta, N)) < 1.5
    for other in (demo.ball(eta, 4 * N), demo.ball(eta / 3, N)):
        assert found / np.trace(other) > 1.5


def test_a_small_gradient_need_not_mean_a_large_objective():
    eta, N = 3.0, 1
    assert demo.squares(eta, N)[-1] < demo.squares(1.0, 4)[-1]
    assert corridor.J(demo.runs(eta, N)[-1]).mean() < 0.01 * hill().best


# --- The picture and the sentence ---------------------------------------------------------------


@pytest.mark.parametrize("k", [0, 1, 16, demo.K])
@pytest.mark.parametrize(("eta", "N"), [(0.1, 1), (1.0, 4), (3.0, 64), (10.0, 1)])
def test_dots_ellipse_and_curves_are_the_runs_the_ball_and_the_bound(eta, N, k):
    landscape, means = demo.frame(eta, N, k).axes
    path, now = lines(landscape, style.VERMILLION)
    np.testing.assert_allclose(path.get_xydata(), demo.runs(eta, N)[: k + 1, 0], atol=1e-10)
    np.testing.assert_allclose(now.get_xydata()[0], demo.runs(eta, N)[k, 0], atol=1e-10)
    (dots,) = lines(landscape, style.BLUE)
    np.testing.assert_allclose(dots.get_xydata(), demo.runs(eta, N)[k], atol=1e-10)

    mean = lines(means, style.BLUE)[1].get_xydata()
    assert (mean[-1, 0] if k else len(mean)) == k
    np.testing.assert_allclose(
        mean[:, 1], demo.squares(eta, N)[mean[:, 0].astype(int) - 1], atol=1e-10
    )
    ball, promised = lines(landscape, style.GREEN), lines(means, style.INK)
    if eta * hill().beta > 1:
        assert ball == promised == []
        return
    x = ball[0].get_xydata() - hill().top
    distance = np.einsum("ni,ij,nj->n", x, np.linalg.inv(demo.ball(eta, N)), x)
    np.testing.assert_allclose(distance, 4, atol=1e-10)
    Delta = hill().best - corridor.J(np.array(demo.START))
    for steps, drawn in promised[0].get_xydata():
        sigma2 = hill().sigma2 / N
        formula = (2 * Delta + hill().beta * sigma2 * steps * eta**2) / (steps * eta)
        assert abs(drawn - formula) < 1e-10
        same = sgd_bound(hill().beta, Delta, sigma2, np.full(int(steps), eta))
        assert abs(drawn - same) < 1e-10


def test_no_mean_and_no_bound_leaves_the_panel():
    low, high = demo.MEANS.ylim
    for eta, N in SETTINGS:
        for curve in (demo.squares(eta, N), demo.bound(eta, N, np.array([1, demo.K]))):
            assert curve is None or (low < curve.min() and curve.max() < high)


def test_the_sentence_counts_the_runs_and_states_both_sides_of_the_bound():
    for values in grid(demo):
        eta, N, k = values.values()
        theta, words = demo.runs(eta, N)[k], demo.describe(**values)
        J = corridor.J(theta)
        assert f"J = {J.mean():.3f} on average" in words
        outside = (np.abs(theta - (0.0, 0.2)) > (4.0, 2.8)).any(axis=1).sum()
        assert int((re.findall(r"(\d+) of them off", words) or [0])[0]) == outside
        if demo.ball(eta, N) is not None and k == demo.K:
            x = np.linalg.solve(np.linalg.cholesky(demo.ball(eta, N)), (theta - hill().top).T)
            assert f"holds {(np.hypot(*x) <= 2).sum()} runs" in words
        if k and eta * hill().beta <= 1:
            stated = (r"so far is (\S+);", r"the bound is (\S+),", r"never falls below (\S+)\.$")
            found = [float(re.search(pattern, words)[1]) for pattern in stated]
            bound = demo.bound(eta, N, np.array([k]))[0]
            expected = [demo.squares(eta, N)[k - 1], bound, demo._limit(eta, N)]
            np.testing.assert_allclose(found, expected, rtol=0.05)
