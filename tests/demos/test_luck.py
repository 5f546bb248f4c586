"""The demos that draw episodes and seeds: their luck is fair, and what they call exact is."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.demos import reinforce, returns, seeds
from pgcompanion.demos.engine import draws
from pgcompanion.demos.worlds import corridor
from pgcompanion.demos.worlds.episodes import drawn
from pgcompanion.mdp import MDP


def test_the_draws_are_uniform_and_their_streams_are_strangers():
    u = np.array([draws.uniform(20_000, stream) for stream in range(8)])
    counts = np.array([np.histogram(each, 50, (0, 1))[0] for each in u])
    z = (counts - 400) / np.sqrt(400 * 49 / 50)
    assert np.abs(z).max() < 5
    together = np.corrcoef([*u, np.roll(u[0], 1)])
    assert np.abs(together - np.eye(len(together))).max() < 5 / np.sqrt(20_000)
    assert np.abs(np.corrcoef(u[0], 0.1 * u[0] + u[1])[0, 1]) > 5 / np.sqrt(20_000)
    x = np.concatenate([draws.normal(5000, stream) for stream in range(4)])
    assert abs(x.mean()) < 5 / np.sqrt(len(x))
    assert abs((x**2).mean() - 1) < 5 * np.sqrt(2 / len(x))


@pytest.mark.statement("trajectories")
def test_episodes_visit_states_and_actions_as_often_as_they_should(measure):
    rng, n = np.random.default_rng(0), 20_000
    P, mu0 = rng.dirichlet(np.ones(4), size=(4, 3)), rng.dirichlet(np.ones(4))
    mdp, pi = MDP(P, rng.random((4, 3)), mu0, H=3), rng.dirichlet(np.ones(3), size=4)
    tau = drawn(mdp, pi, n, stream=2)
    seen = np.array([np.bincount(4 * tau.a[:, h] + tau.s[:, h], minlength=12) for h in range(3)])

    def z(pi: np.ndarray) -> np.ndarray:
        p = (exact.occupancies(mdp, pi)[:, :, None] * pi).transpose(0, 2, 1).reshape(3, 12)
        return (seen - n * p) / np.sqrt(n * p * (1 - p))

    assert measure(z(pi), over=3 * n, of="steps", kind="z-score") < 5
    assert np.abs(z(pi[:, ::-1])).max() > 5
    np.testing.assert_array_equal(drawn(mdp, pi, 10, stream=2).s, tau.s[:10])


@pytest.mark.statement("objective_fn")
@pytest.mark.parametrize("alpha", [0.0, 0.37, 1.0])
def test_the_returns_fall_into_their_exact_distribution_with_mean_J(alpha: float, measure):
    seen = returns.numbers(alpha, returns.MOST)
    assert seen["chance"].sum() == pytest.approx(1, abs=1e-12)
    z = (seen["mean"] - seen["J"]) / seen["stderr"]
    assert measure(np.array([z]), over=returns.MOST, of="episodes", kind="z-score") < 5
    p = seen["chance"]
    off = np.abs(seen["share"] - p) / np.sqrt(np.maximum(p * (1 - p), 1e-3) / returns.MOST)
    assert off.max() < 5
    other = returns.numbers(1 - alpha if alpha != 0.37 else 1.0, returns.MOST)
    assert abs(seen["mean"] - other["J"]) / seen["stderr"] > 5


@pytest.mark.statement("reinforce_pg")
@pytest.mark.parametrize("theta", [(0.0, 0.0), (0.5, -1.0), (-1.0, 0.5)])
@pytest.mark.parametrize("baseline", [0.0, 0.3])
def test_scores_times_returns_add_up_to_the_gradient(theta, baseline: float, measure):
    seen = reinforce.numbers(*theta, baseline, reinforce.MOST)
    z = (seen["mean"] - seen["gradient"]) / seen["stderr"]
    assert measure(z, over=reinforce.MOST, of="episodes", kind="z-score") < 5
    assert np.abs((seen["mean"] - seen["gradient"] - 1) / seen["stderr"]).min() > 5
    step = 1e-5 * np.eye(2)
    slopes = [(corridor.J(theta + d) - corridor.J(theta - d)) / 2e-5 for d in step]
    np.testing.assert_allclose(seen["gradient"], slopes, atol=1e-9)


@pytest.mark.parametrize("fail", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("n", [2, 7, 40])
def test_the_chance_that_the_other_looks_better_is_exact(fail: float, n: int):
    won = (np.diff(seeds.results(fail, n).mean(axis=-1), axis=1) > 0).mean()
    chance = seeds.looks_better(fail, n)
    noise = np.sqrt(max(chance * (1 - chance), 0.01) / seeds.COMPARISONS)
    assert abs(won - chance) / noise < 5
    assert abs(won - (1 - chance if abs(chance - 0.5) > 0.25 else 0.0)) / noise > 5
