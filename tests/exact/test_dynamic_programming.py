"""Values, occupancies and the objective, against enumeration of every trajectory."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.mdp import MDP

EXACT = 1e-10


def random_table(mdp: MDP, rng: np.random.Generator, stationary: bool) -> np.ndarray:
    shape = (mdp.S,) if stationary else (mdp.H, mdp.S)
    return rng.dirichlet(np.ones(mdp.A), size=shape)


@pytest.fixture(params=[True, False], ids=["stationary", "time-dependent"])
def pi(request: pytest.FixtureRequest, mdp: MDP, rng: np.random.Generator) -> np.ndarray:
    return random_table(mdp, rng, request.param)


@pytest.fixture
def everything(mdp: MDP, pi: np.ndarray):
    tau = exact.trajectories(mdp)
    return tau, np.exp(exact.log_likelihood(mdp, pi, tau))


@pytest.mark.statement("objective_fn", "objective_forms")
def test_objective_is_the_mean_return_over_all_trajectories(mdp, pi, everything, measure):
    tau, rho = everything
    J = rho @ tau.r.sum(axis=1)
    assert measure(exact.evaluate(mdp, pi).J - J, over=tau.N) < EXACT


@pytest.mark.statement("objective_fn")
def test_objective_off_by_one_step_or_with_a_greedy_action_is_another_number(mdp, pi, everything):
    tau, rho = everything
    J = rho @ tau.r.sum(axis=1)
    shorter = MDP(mdp.P, mdp.r, mdp.mu0, mdp.H - 1)
    greedy = np.eye(mdp.A)[pi.argmax(axis=-1)]
    assert abs(exact.evaluate(shorter, pi[: mdp.H - 1] if pi.ndim == 3 else pi).J - J) > 1e-3
    assert abs(exact.evaluate(mdp, greedy).J - J) > 1e-3


@pytest.mark.statement("occupancy", "objective_forms")
def test_occupancies_are_the_marginals_of_the_trajectory_distribution(mdp, pi, everything, measure):
    tau, rho = everything
    v = exact.evaluate(mdp, pi)
    for h in range(mdp.H):
        marginal = np.bincount(tau.s[:, h], rho, mdp.S)
        assert measure(v.d[h] - marginal, over=tau.N) < EXACT
    np.testing.assert_allclose(exact.expected_visits(mdp, pi), v.d.sum(axis=0), atol=EXACT)
    joint = v.d[..., None] * np.broadcast_to(pi, v.Q.shape)
    assert measure((joint * mdp.r).sum() - v.J, over=tau.N) < EXACT


@pytest.mark.statement("values")
def test_values_are_conditional_means_of_the_reward_to_go(mdp, pi, everything, measure):
    tau, rho = everything
    v = exact.evaluate(mdp, pi)
    to_go = tau.r[:, ::-1].cumsum(axis=1)[:, ::-1]
    for h in range(mdp.H):
        pair = tau.s[:, h] * mdp.A + tau.a[:, h]
        mass = np.bincount(pair, rho, mdp.S * mdp.A)
        Q = np.bincount(pair, rho * to_go[:, h], mdp.S * mdp.A) / mass
        assert measure(v.Q[h].ravel() - Q, over=tau.N) < EXACT
    assert (v.V[mdp.H] == 0).all()
    np.testing.assert_allclose(v.A, v.Q - v.V[:-1, :, None], atol=EXACT)


@pytest.mark.statement("pg_advantage")
def test_the_advantage_has_mean_zero_under_its_own_policy(mdp, pi, rng):
    v = exact.evaluate(mdp, pi)
    np.testing.assert_allclose((pi * v.A).sum(axis=-1), 0.0, atol=EXACT)
    assert np.abs((random_table(mdp, rng, True) * v.A).sum(axis=-1)).max() > 1e-3


@pytest.mark.statement("pg_advantage")
def test_an_optimal_policy_has_no_positive_advantage_anywhere(mdp):
    pi, v = exact.optimal(mdp)
    np.testing.assert_allclose(v.A.max(axis=-1), 0.0, atol=EXACT)
    uniform = exact.evaluate(mdp, np.full((mdp.S, mdp.A), 1 / mdp.A))
    assert uniform.A.max() > 1e-3
    assert (v.V >= uniform.V - EXACT).all()
    assert pi.shape == (mdp.H, mdp.S, mdp.A)


@pytest.mark.statement("pg_advantage")
def test_a_policy_that_is_best_among_stationary_ones_can_have_a_positive_advantage():
    """x: stay 0, go +1 to y; y pays -c. The best stationary policy goes with probability 1/4."""
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, :, 1] = 1.0
    two = MDP(P, r=[[0.0, 1.0], [-1.5, -1.5]], mu0=[1.0, 0.0], H=2)

    def J(p: float) -> float:
        return exact.evaluate(two, np.array([[1 - p, p], [0.5, 0.5]])).J

    grid = np.linspace(0, 1, 2001)
    best = grid[np.argmax([J(p) for p in grid])]
    assert best == pytest.approx(0.25, abs=1e-3)
    assert J(0.25) == pytest.approx(0.0625, abs=EXACT)
    assert pytest.approx(1.0, abs=EXACT) == exact.optimal(two)[1].J
    assert exact.evaluate(two, np.array([[0.75, 0.25], [0.5, 0.5]])).A.max() > 0.1


def test_optimal_value_is_the_best_over_all_deterministic_policies(small):
    codes = np.indices((small.A,) * (small.H * small.S)).reshape(small.H * small.S, -1).T
    tables = np.eye(small.A)[codes].reshape(-1, small.H, small.S, small.A)
    best = max(exact.evaluate(small, pi).J for pi in tables)
    assert pytest.approx(best, abs=EXACT) == exact.optimal(small)[1].J


def test_a_stationary_table_and_its_copy_at_every_step_agree(mdp, rng):
    pi = random_table(mdp, rng, True)
    for x, y in zip(
        exact.evaluate(mdp, pi, gamma=0.9),
        exact.evaluate(mdp, np.broadcast_to(pi, (mdp.H, *pi.shape)), gamma=0.9),
        strict=True,
    ):
        np.testing.assert_allclose(x, y, atol=EXACT)


@pytest.mark.parametrize("H", [1, 2, 3, 4, 5, 9, 16, 17])
def test_blocks_of_steps_give_what_single_steps_give(rng, H):
    P = rng.dirichlet(np.ones(3), size=(3, 2))
    world = MDP(P, rng.normal(size=(3, 2)), rng.dirichlet(np.ones(3)), H)
    pi = random_table(world, rng, True)
    stepwise = np.broadcast_to(pi, (H, *pi.shape))
    for x, y in zip(exact.evaluate(world, pi), exact.evaluate(world, stepwise), strict=True):
        np.testing.assert_allclose(x, y, atol=EXACT)


@pytest.mark.statement("objective_fn")
def test_time_augmentation_makes_a_time_dependent_policy_stationary(mdp, rng):
    timed, pi = mdp.with_time(), random_table(mdp, rng, False)
    v, w = exact.evaluate(mdp, pi), exact.evaluate(timed, pi.reshape(timed.S, mdp.A))
    dense = exact.evaluate(MDP(timed.P, timed.r, timed.mu0, timed.H), pi.reshape(timed.S, mdp.A))
    assert pytest.approx(v.J, abs=EXACT) == w.J
    np.testing.assert_allclose(w.d, dense.d, atol=EXACT)
    for h in range(mdp.H):
        layer = slice(h * mdp.S, (h + 1) * mdp.S)
        for x, y in zip(w[:3], dense[:3], strict=True):
            np.testing.assert_allclose(x[h, layer], y[h, layer], atol=EXACT)
    assert pytest.approx(exact.optimal(mdp)[1].J, abs=EXACT) == exact.optimal(timed)[1].J


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.full((4, 2), 0.5), r"pi has shape \(4, 2\), but \(4, 3\) or \(5, 4, 3\) is expected\."),
        (np.full((4, 3), 0.5), r"pi\[0\] must sum to 1, but it sums to 1\.5\."),
        (np.tile([2.0, -1.0, 0.0], (4, 1)), r"pi must not be negative, but it contains -1\."),
        (np.full((4, 3), np.nan), r"pi must be finite, but it contains NaN or infinity\."),
    ],
)
def test_a_table_that_is_no_policy_is_refused_in_one_sentence(mdp, wrong, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        exact.evaluate(mdp, wrong)
