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
    assert abs(exact.evaluate(mdp, pi).J - tau.r.sum(axis=1).mean()) > 1e-3


@pytest.mark.statement("objective_fn")
def test_objective_off_by_one_step_or_with_a_greedy_action_is_another_number(mdp, pi, everything):
    tau, rho = everything
    J = rho @ tau.r.sum(axis=1)
    shorter = MDP(mdp.P, mdp.r, mdp.mu0, mdp.H - 1)
    greedy = np.eye(mdp.A)[pi.argmax(axis=-1)]
    assert abs(exact.evaluate(shorter, pi[: mdp.H - 1] if pi.ndim == 3 else pi).J - J) > 1e-3
    assert abs(exact.evaluate(mdp, greedy).J - J) > 1e-3


@pytest.mark.statement("occupancy", "objective_forms", "recursions")
def test_occupancies_are_the_marginals_of_the_trajectory_distribution(mdp, pi, everything, measure):
    tau, rho = everything
    v = exact.evaluate(mdp, pi)
    for h in range(mdp.H):
        marginal = np.bincount(tau.s[:, h], rho, mdp.S)
        assert measure(v.d[h] - marginal, over=tau.N) < EXACT
    assert np.abs(v.d[0] - marginal).max() > 1e-3, "the marginals change with the step"
    np.testing.assert_allclose(exact.expected_visits(mdp, pi), v.d.sum(axis=0), atol=EXACT)
    joint = v.d[..., None] * np.broadcast_to(pi, v.Q.shape)
    assert measure((joint * mdp.r).sum() - v.J, over=tau.N) < EXACT


@pytest.mark.statement("values", "recursions")
def test_values_are_conditional_means_of_the_reward_to_go(mdp, pi, everything, measure):
    tau, rho = everything
    v = exact.evaluate(mdp, pi)
    to_go = tau.r[:, ::-1].cumsum(axis=1)[:, ::-1]
    for h in range(mdp.H):
        pair = tau.s[:, h] * mdp.A + tau.a[:, h]
        mass = np.bincount(pair, rho, mdp.S * mdp.A)
        Q = np.bincount(pair, rho * to_go[:, h], mdp.S * mdp.A) / mass
        assert measure(v.Q[h].ravel() - Q, over=tau.N) < EXACT
    assert np.abs(v.Q[0].ravel() - Q).max() > 1e-3, "and so do the values"
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
def test_a_time_dependent_policy_is_a_stationary_one_over_pairs_of_step_and_state(mdp, rng):
    """An MDP whose states are pairs (h, s), written down here, and the same table without its
    steps."""
    unrolled, pi = over_pairs(mdp), random_table(mdp, rng, False)
    v = exact.evaluate(mdp, pi)
    w = exact.evaluate(unrolled, pi.reshape(-1, mdp.A))
    assert pytest.approx(v.J, abs=EXACT) == w.J
    for h in range(mdp.H):
        layer = slice(h * mdp.S, (h + 1) * mdp.S)
        for x, y in zip(v[:4], w[:4], strict=True):
            np.testing.assert_allclose(x[h], y[h, layer], atol=EXACT)
    assert pytest.approx(exact.optimal(mdp)[1].J, abs=EXACT) == exact.optimal(unrolled)[1].J
    backwards = exact.evaluate(unrolled, pi[::-1].reshape(-1, mdp.A))
    assert abs(backwards.J - v.J) > 1e-3


def over_pairs(mdp: MDP) -> MDP:
    """The MDP over pairs ``h * S + s``; after the last step its states no longer matter."""
    H, S, A = mdp.H, mdp.S, mdp.A
    P = np.zeros((H, S, A, H, S))
    for h in range(H):
        P[h, :, :, min(h + 1, H - 1)] = mdp.P
    mu0 = np.append(mdp.mu0, np.zeros((H - 1) * S))
    return MDP(P.reshape(H * S, A, H * S), np.tile(mdp.r, (H, 1)), mu0, H)


@pytest.mark.statement("values")
@pytest.mark.parametrize("gamma", [1.0, 0.8])
def test_bellmans_loop_gives_the_conditional_means_of_the_reward_to_go(
    mdp, pi, everything, gamma, measure
):
    """The loop that the page prints, against enumeration and against `evaluate`'s powers."""
    tau, rho = everything
    V = exact.state_values(mdp, pi, gamma)
    discounted = tau.r * gamma ** np.arange(mdp.H)
    to_go = discounted[:, ::-1].cumsum(axis=1)[:, ::-1] / gamma ** np.arange(mdp.H)
    for h in range(mdp.H):
        mass = np.bincount(tau.s[:, h], rho, mdp.S)
        means = np.bincount(tau.s[:, h], rho * to_go[:, h], mdp.S) / mass
        assert measure(V[h] - means, over=tau.N) < EXACT
        one_step_late = np.bincount(tau.s[:, h], rho * (to_go[:, h] - tau.r[:, h]), mdp.S) / mass
        assert np.abs(V[h] - one_step_late).max() > 1e-3
    np.testing.assert_allclose(V, exact.evaluate(mdp, pi, gamma).V, atol=EXACT)


@pytest.mark.statement("occupancy")
def test_the_loop_of_the_occupancies_gives_the_marginals(mdp, pi, everything, measure):
    """The loop that the page prints, against enumeration and against `evaluate`'s powers."""
    tau, rho = everything
    d = exact.occupancies(mdp, pi)
    marginals = np.array([np.bincount(s, rho, mdp.S) for s in tau.s.T])
    assert measure(d - marginals, over=tau.N) < EXACT
    assert np.abs(d[:-1] - marginals[1:]).max() > 1e-3
    np.testing.assert_allclose(d, exact.evaluate(mdp, pi).d, atol=EXACT)


@pytest.mark.statement("pg_advantage")
@pytest.mark.parametrize("gamma", [1.0, 0.8])
def test_visits_and_advantages_are_sums_over_the_steps_of_a_stationary_policy_alone(mdp, pi, gamma):
    v = exact.evaluate(mdp, pi, gamma)
    weights = gamma ** np.arange(mdp.H)[:, None] * v.d
    terms = weights[..., None] * v.A
    n, W = exact.visits_and_advantages(mdp, pi, gamma)
    if pi.ndim == 3:
        np.testing.assert_allclose(n, weights, atol=EXACT)
        np.testing.assert_allclose(W, terms, atol=EXACT)
        assert np.abs(W - np.roll(terms, 1, axis=0)).max() > 1e-3
    else:
        np.testing.assert_allclose(n, weights.sum(axis=0), atol=EXACT)
        np.testing.assert_allclose(W, terms.sum(axis=0), atol=EXACT)
        assert np.abs(W - n[:, None] * v.A[0]).max() > 1e-3


def test_values_are_shown_in_one_short_line(mdp, pi):
    shown = repr(exact.evaluate(mdp, pi))
    assert shown.startswith("Values(S=4, A=3, H=5, J=")
    assert len(shown) < 60


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


@pytest.mark.parametrize(
    "call", [exact.evaluate, exact.state_values, exact.occupancies, exact.expected_visits]
)
def test_every_exact_function_names_the_mdp_and_the_table_that_are_none(mdp, call):
    uniform = np.full((mdp.S, mdp.A), 1 / mdp.A)
    with pytest.raises(TypeError, match=r"^mdp must be an MDP, but it is None\.$"):
        call(None, uniform)
    with pytest.raises(ValueError, match=r"^pi has shape \(4, 2\), but"):
        call(mdp, uniform[:, :2])
    with pytest.raises(ValueError, match=r"^pi must be an array of numbers, but its type is"):
        call(mdp, "uniform")


@pytest.mark.parametrize("gamma", [-0.1, 1.5, np.nan, None, "1", [0.5]])
def test_a_discount_out_of_range_is_refused(mdp, gamma):
    uniform = np.full((mdp.S, mdp.A), 1 / mdp.A)
    for call in (exact.evaluate, exact.state_values, exact.visits_and_advantages):
        with pytest.raises(ValueError, match=r"^gamma must be a number in \[0, 1\], but it is "):
            call(mdp, uniform, gamma)


@pytest.mark.statement("baseline_limits")
@pytest.mark.parametrize("timed", [False, True])
def test_the_variance_after_an_action_is_that_over_all_trajectories(small, rng, timed):
    """The variance from a state, whose action is not known, is another number."""
    pi = rng.dirichlet(np.ones(small.A), size=(small.H, small.S) if timed else small.S)
    variance = exact.return_variance(small, pi)
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, pi, tau))
    R = tau.r[:, ::-1].cumsum(axis=1)[:, ::-1]

    def spread(at, h):
        p = rho * at / (rho @ at)
        return p @ (R[:, h] - p @ R[:, h]) ** 2

    for h, s, a in np.ndindex(variance.shape):
        there = tau.s[:, h] == s
        assert spread(there & (tau.a[:, h] == a), h) == pytest.approx(variance[h, s, a], abs=1e-10)
        assert h < small.H - 1 or abs(spread(there, h) - variance[h, s, a]) > 1e-3
