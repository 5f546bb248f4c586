"""The sampled batch: the steps of trajectories, one by one or put together, and what it becomes as N grows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion.algorithms import npg, ppo, reinforce, trpo
from pgcompanion.batches import (
    Batch,
    Exact,
    Sampled,
    advantage_estimate,
    aggregated_batch,
    sampled,
    trajectory_batch,
)
from pgcompanion.estimators import at_pairs, moments, policy_gradient, reward_to_go, total_return
from pgcompanion.gridworld import GridWorld
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, LinearSoftmax, NeuralSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


def every_sum(policy, theta_k, theta):
    """Everything that an update asks of a batch."""
    return (
        lambda b: objectives.gradient(policy, theta_k, b),
        lambda b: objectives.surrogate(policy, theta, b),
        lambda b: objectives.surrogate_gradient(policy, theta, b),
        lambda b: objectives.clip(policy, theta, b, 0.1),
        lambda b: objectives.clip_gradient(policy, theta, b, 0.1),
        lambda b: objectives.kl(policy, theta_k, theta, b),
        lambda b: objectives.kl_gradient(policy, theta_k, theta, b),
        lambda b: objectives.entropy(policy, theta, b),
        lambda b: objectives.fisher_product(policy, theta_k, b, np.ones(policy.p)),
    )


# --- Sampled becomes exact ------------------------------------------------------------------------

SOLVERS = {
    "gradient": lambda *args: reinforce(*args, eta=10.0, K=4),
    "natural": lambda *args: npg(*args, delta=0.1, K=4),
    "trust region, arg max": lambda *args: trpo(*args, delta=0.1, solver="exact", K=4),
    "trust region, line search": lambda *args: trpo(*args, delta=0.4, K=4),
    "penalty, arg max": lambda *args: ppo(*args, lam=0.5, solver="exact", K=4),
    "penalty, Adam": lambda *args: ppo(*args, lam=0.5, K=4),
    "clip, Adam": lambda *args: ppo(*args, eps=0.2, K=4),
}
# The other solver of the same problem: its run differs by more than noise, and goes on doing so.
OTHER = {
    "gradient": "natural",
    "natural": "gradient",
    "trust region, arg max": "trust region, line search",
    "trust region, line search": "trust region, arg max",
    "penalty, arg max": "penalty, Adam",
    "penalty, Adam": "penalty, arg max",
}


@cache
def slippery() -> MDP:
    return GridWorld.named("4x4", slip=0.2).mdp(H=20)


def policy_of(kind: str):
    S, A = slippery().S, slippery().A
    if kind == "tabular":
        return TabularSoftmax(S, A)
    return LinearSoftmax(np.random.default_rng(0).normal(size=(S, A, 6)))


def objective(source, solver: str, kind: str) -> np.ndarray:
    """The exact objective of the five iterates: those of a sampled run say what their trajectories earned."""
    policy = policy_of(kind)
    its = SOLVERS[solver](source, policy, np.zeros(policy.p))
    return np.array([exact.evaluate(slippery(), policy.table(it.theta)).J for it in its])


@cache
def exactly(solver: str, kind: str) -> np.ndarray:
    return objective(Exact(slippery()), solver, kind)


def apart(
    solver: str, N: int, kind: str = "tabular", against: str | None = None, **options
) -> float:
    """How far a sampled run is from the exact one, of the same solver or of another, at the worst of 4 steps."""
    source = Sampled(slippery(), N=N, rng=np.random.default_rng(1), **options)
    return np.abs(objective(source, solver, kind) - exactly(against or solver, kind)).max()


def exact_advantages(tau: Trajectories) -> np.ndarray:
    return at_pairs(exact.evaluate(slippery(), tau.pi).A, tau)


@pytest.mark.statement("reinforce_pg", "npg", "trpo", "trpo_implement", "ppo")
@pytest.mark.parametrize("solver", OTHER)
def test_sampled_becomes_exact_solver_for_solver(solver, measure):
    """After four steps J agrees to .0055 with 200,000 trajectories, and worse with 2,000.

    The bound is the one that the design measured; noise of the gradient falls as one over the root of N.
    The negative control is the other solver of the same problem: that difference no sample removes.
    """
    few, many = apart(solver, 2_000), apart(solver, 200_000)
    assert measure(many, over=200_000) <= 0.0055
    assert many < few
    assert apart(solver, 20_000, against=OTHER[solver]) > 0.02


@pytest.mark.statement("trpo", "ppo")
@pytest.mark.parametrize("solver", ["natural", "trust region, arg max", "penalty, arg max"])
def test_sampled_becomes_exact_with_shared_parameters_too(solver):
    """A linear policy, on which Newton's method is the solver: within .0055 from 20,000 trajectories."""
    assert apart(solver, 20_000, "linear") <= 0.0055
    assert apart(solver, 20_000, "linear", against="gradient") > 0.02


@pytest.mark.statement("ppo_clip")
def test_the_clip_becomes_exact_with_exact_advantages_alone(measure):
    """It is not linear in psi: E[psi+] is not A+, so that noise which averages out elsewhere does not here.

    The negative control is the advantage estimate, whose every trajectory is right on average: its run
    stays away by .13, however many there are.
    """
    solver = "clip, Adam"
    few = apart(solver, 2_000, psi=exact_advantages)
    many = apart(solver, 200_000, psi=exact_advantages)
    assert measure(many, over=200_000) <= 0.0055
    assert many < few
    noisy = [apart(solver, N) for N in (2_000, 20_000)]
    assert min(noisy) > 0.1
    assert noisy[1] > 0.5 * noisy[0]


# --- Rows -----------------------------------------------------------------------------------------


@pytest.fixture(params=["tabular", "linear", "time-dependent"])
def case(request, small, rng):
    """A policy, its parameters, a further point, and trajectories that end early."""
    policy = TabularSoftmax(small.S, small.A)
    if request.param == "linear":
        policy = LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))
    elif request.param == "time-dependent":
        policy = TabularSoftmax(small.S, small.A, H=small.H)
    theta_k = rng.normal(size=policy.p)
    full = sample(small, policy.table(theta_k), 200, rng)
    mask = np.arange(small.H) < rng.integers(1, small.H + 1, size=(200, 1))
    tau = Trajectories(full.s, full.a, full.r, mask)
    return policy, theta_k, theta_k + 0.4 * rng.normal(size=policy.p), tau


@pytest.mark.statement("trpo_implement", "ppo_clip")
def test_rows_put_together_say_all_that_the_steps_do(case, rng):
    """Sums by state, action and sign, against the same steps one by one. The control mixes the signs."""
    policy, theta_k, theta, tau = case
    psi = rng.normal(size=tau.r.shape)
    together = aggregated_batch(policy, theta_k, tau, psi)
    one_by_one = trajectory_batch(policy, theta_k, tau, psi)
    assert together.B < one_by_one.B == tau.mask.sum()
    assert together.aggregated
    assert not one_by_one.aggregated
    for f in every_sum(policy, theta_k, theta):
        np.testing.assert_allclose(f(together), f(one_by_one), atol=EXACT)
    assert together.J == one_by_one.J == pytest.approx(tau.r.sum() / tau.N)
    mean = psi[tau.mask].mean() * np.ones_like(psi)
    unsigned = aggregated_batch(policy, theta_k, tau, mean)
    clips = [objectives.clip(policy, theta, b, 0.1) for b in (unsigned, together)]
    assert abs(clips[0] - clips[1]) > 1e-6


@pytest.mark.statement("trpo_implement")
def test_the_weights_add_up_to_the_steps_of_a_trajectory(small, rng):
    """So divergences are nats of a trajectory. Those of a state, the control, are a third."""
    policy = TabularSoftmax(small.S, small.A)
    theta, new = rng.normal(size=(2, policy.p))
    known = exact.trajectory_kl(small, policy.table(theta), policy.table(new))
    for aggregate in (True, False):
        batch = Sampled(small, N=2000, rng=rng, aggregate=aggregate)(policy, theta)
        assert batch.w.sum() == pytest.approx(small.H)
        kl = objectives.kl(policy, theta, new, batch)
        assert abs(kl / known - 1) < 0.1 < 0.5 < abs(kl / small.H / known - 1)
    tau = Trajectories(
        np.zeros((2, 3), int), np.zeros((2, 3), int), np.ones((2, 3)), [[1, 1, 0], [1, 0, 0]]
    )
    assert trajectory_batch(policy, theta, tau, tau.r).w.sum() == pytest.approx(1.5)


@pytest.mark.statement("reinforce_pg", "trpo_implement")
@pytest.mark.parametrize("kind", ["tabular", "gaussian", "network"])
def test_its_gradient_is_the_score_estimate(small, rng, kind):
    """The negative control forgets to divide by the trajectories."""
    if kind == "gaussian":
        policy = LinearGaussian(features=2, n=1, sigma=None)
        theta = rng.normal(size=policy.p)
        s = rng.normal(size=(50, 3, 2))
        tau = Trajectories(s, policy.sample(theta, s, rng), rng.normal(size=(50, 3)))
    else:
        policy = TabularSoftmax(small.S, small.A)
        if kind == "network":
            policy = NeuralSoftmax(rng.normal(size=(small.S, 2)), small.A, hidden=(4,))
        theta = rng.normal(size=policy.p)
        tau = sample(small, policy.table(theta), 50, rng)
    psi = reward_to_go(tau.r)
    g = objectives.gradient(policy, theta, trajectory_batch(policy, theta, tau, psi))
    np.testing.assert_allclose(g, policy_gradient(policy, theta, tau, psi), atol=EXACT)
    assert np.abs(tau.N * g - policy_gradient(policy, theta, tau, psi)).max() > 1e-2


@pytest.mark.statement("reinforce_pg")
def test_the_estimate_is_centred_on_the_gradient(small, measure):
    """z-scores of the mean of 20,000 trajectories, with the exact covariance. The control is twice the gradient."""
    policy, N = TabularSoftmax(small.S, small.A), 20_000
    theta = np.linspace(-1.0, 1.0, policy.p)
    source = Sampled(small, N=N, rng=np.random.default_rng(4), psi=lambda tau: total_return(tau.r))
    g = objectives.gradient(policy, theta, source(policy, theta))
    mean, cov = moments(small, policy, theta, lambda tau: total_return(tau.r))
    error = np.sqrt(np.diag(cov) / N)
    assert measure((g - mean) / error, over=N, kind="z-score") < 5
    assert np.abs((2 * g - mean) / error).max() > 5


@pytest.mark.statement("pg_baseline_algorithm")
def test_by_default_each_trajectory_is_compared_with_the_others(small, rng):
    """The reward-to-go less the others' mean; with its own in the mean, the control, it is shorter by 1 / N."""
    policy, N = TabularSoftmax(small.S, small.A), 5
    tau = sample(small, policy.table(np.zeros(6)), N, rng)
    R = reward_to_go(tau.r)
    by_hand = np.array([R[n] - np.delete(R, n, axis=0).mean(axis=0) for n in range(N)])
    np.testing.assert_allclose(advantage_estimate(tau), by_hand, atol=EXACT)
    own = R - R.mean(axis=0)
    np.testing.assert_allclose(own, (1 - 1 / N) * by_hand, atol=EXACT)
    assert np.abs(own - by_hand).max() > 1e-2
    batch = Sampled(small, N=N, rng=np.random.default_rng(7), aggregate=False)(policy, np.zeros(6))
    drawn = sample(small, policy.table(np.zeros(6)), N, np.random.default_rng(7))
    np.testing.assert_allclose(batch.A.reshape(N, -1), advantage_estimate(drawn), atol=EXACT)
    assert pytest.approx(drawn.r.sum(axis=1).mean()) == batch.J


@pytest.mark.statement("trpo_implement")
def test_psi_is_asked_about_the_trajectories_themselves(small, rng):
    """Once a batch, with the table that drew them; and what it says is what the rows hold."""
    policy, theta, seen = TabularSoftmax(small.S, small.A), rng.normal(size=6), []

    def psi(tau):
        seen.append(tau)
        return tau.r

    source = Sampled(small, N=40, rng=rng, psi=psi)
    batch = source(policy, theta)
    (tau,) = seen
    assert tau.N == 40
    np.testing.assert_array_equal(tau.pi, policy.table(theta))
    assert pytest.approx(tau.r.sum(axis=1).mean()) == batch.J
    g = policy_gradient(policy, theta, tau, tau.r)
    np.testing.assert_allclose(objectives.gradient(policy, theta, batch), g, atol=EXACT)
    source(policy, theta)
    assert (seen[1].a != tau.a).any()


@pytest.mark.statement("trpo_implement")
def test_nothing_is_asked_of_what_stands_where_no_step_was_taken(rng):
    """Neither of states and actions nor, where rows are put together, of what psi says. The control has no mask."""
    policy, mask = TabularSoftmax(3, 2), np.array([[True, True, False]])
    theta = rng.normal(size=6)
    clean = Trajectories(np.array([[0, 1, 0]]), np.array([[1, 0, 0]]), np.ones((1, 3)), mask)
    filled = Trajectories(np.array([[0, 1, 99]]), np.array([[1, 0, -7]]), np.ones((1, 3)), mask)
    one, other = (
        aggregated_batch(policy, theta, tau, np.array([[1.0, -2.0, x]]))
        for tau, x in ((clean, 0.0), (filled, 55.0))
    )
    for name in ("s", "a", "w", "A", "log_prob"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    unmasked = aggregated_batch(
        policy, theta, Trajectories(clean.s, clean.a, clean.r), np.ones((1, 3))
    )
    assert unmasked.w.sum() - one.w.sum() == pytest.approx(1.0)
    assert unmasked.w[unmasked.s == 0].sum() > one.w[one.s == 0].sum() + 0.9


@pytest.mark.statement("trpo_implement")
def test_an_index_beyond_the_table_is_refused_and_not_counted_elsewhere(rng):
    """With A = 2, action 2 of state 1 has the place of action 0 of state 2: what the negative control counts."""
    policy, r = TabularSoftmax(3, 2), np.ones((1, 2))
    theta = rng.normal(size=6)
    for s, a, message in (
        ([0, 1], [0, 2], r"a must lie between 0 and 1, but it contains 2\.$"),
        ([0, 1], [-1, 0], r"a must lie between 0 and 1, but it contains -1\.$"),
        ([0, 3], [0, 1], r"s must lie between 0 and 2, but it contains 3\.$"),
        ([-1, 1], [0, 1], r"s must lie between 0 and 2, but it contains -1\.$"),
        ([0, 1], [0.0, 1.0], r"a must hold integers, but its type is float64\.$"),
    ):
        tau = Trajectories(np.array([s]), np.array([a]), r)
        for make in (aggregated_batch, trajectory_batch):
            with pytest.raises(ValueError, match=message):
                make(policy, theta, tau, r)
    counted = np.bincount([0 * policy.A + 0, 1 * policy.A + 2], minlength=policy.p)
    assert counted.reshape(policy.S, policy.A)[2, 0] > 0


@pytest.mark.statement("trpo_implement")
def test_a_time_dependent_policy_has_the_rows_of_each_step(small, rng):
    """The states of the trajectories are the MDP's, the rows the policy's. Control: a stationary policy's rows."""
    policy = TabularSoftmax(small.S, small.A, H=small.H)
    theta = rng.normal(size=policy.p)
    tau = sample(small, policy.table(theta), 30, rng)
    batch = trajectory_batch(policy, theta, tau, tau.r)
    h = np.tile(np.arange(small.H), 30)
    np.testing.assert_array_equal(batch.s, h * small.S + tau.s.ravel())
    table = policy.table(theta)
    np.testing.assert_allclose(batch.log_prob, np.log(table[h, tau.s.ravel(), tau.a.ravel()]))
    stationary = trajectory_batch(TabularSoftmax(small.S, small.A), np.zeros(6), tau, tau.r)
    assert stationary.s.max() < small.S < batch.s.max()


# --- The source -----------------------------------------------------------------------------------


@pytest.mark.statement("trpo_implement")
def test_every_batch_is_drawn_afresh_and_by_the_generator_alone(small):
    policy, theta = TabularSoftmax(small.S, small.A), np.zeros(6)
    one, same, other = (Sampled(small, N=30, rng=np.random.default_rng(i)) for i in (0, 0, 1))
    first, again = one(policy, theta), one(policy, theta)
    np.testing.assert_array_equal(first.A, same(policy, theta).A)
    assert first.J != again.J
    assert first.J != other(policy, theta).J


def test_a_source_says_what_it_cannot_use(small, rng):
    good = {"mdp": small, "N": 5, "rng": rng}
    Sampled(**good)
    for name, wrong, error, message in (
        ("mdp", None, TypeError, r"^mdp must be an MDP, but it is None\.$"),
        ("mdp", MDP, TypeError, r"^mdp must be an MDP, but it is the class MDP\.$"),
        ("N", 0, ValueError, r"^N must be a positive integer, but it is 0\.$"),
        ("N", 2.0, ValueError, r"^N must be a positive integer, but it is 2\.0\.$"),
        ("N", None, ValueError, r"^N must be a positive integer, but it is None\.$"),
        ("rng", 0, TypeError, r"^rng must be a numpy\.random\.Generator, .* but it is 0\.$"),
        ("rng", None, TypeError, r"^rng must be a numpy\.random\.Generator, .* but it is None\.$"),
        ("psi", "A", TypeError, r"^psi must be a function, but it is 'A'\.$"),
    ):
        with pytest.raises(error, match=message):
            Sampled(**good | {name: wrong})
    policy, theta = TabularSoftmax(3, 2), np.zeros(6)
    for psi, message in (
        (lambda tau: np.zeros(5), r"^psi has shape \(5,\), but \(5, 3\) is expected\.$"),
        (lambda tau: np.full((5, 3), np.nan), r"^psi must be finite, but it contains NaN"),
        (lambda tau: None, r"^psi must be an array of numbers, but its type is object\.$"),
    ):
        for aggregate in (True, False):
            with pytest.raises(ValueError, match=message):
                Sampled(**good, psi=psi, aggregate=aggregate)(policy, theta)
    with pytest.raises(ValueError, match=r"^policy has S = 2 and A = 2, but S = 3 and A = 2"):
        Sampled(**good)(TabularSoftmax(2, 2), np.zeros(4))
    with pytest.raises(TypeError, match=r"^policy must"):
        Sampled(**good)(LinearGaussian(features=2, n=1), np.zeros(3))


def test_a_batch_needs_two_trajectories_to_compare(small, rng):
    with pytest.raises(ValueError, match=r"^tau"):
        Sampled(small, N=1, rng=rng)(TabularSoftmax(3, 2), np.zeros(6))
    one = Sampled(small, N=1, rng=rng, psi=lambda tau: reward_to_go(tau.r))
    assert isinstance(one(TabularSoftmax(3, 2), np.zeros(6)), Batch)
    assert sampled.sample is sample
