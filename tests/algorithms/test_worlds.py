"""The algorithms on whole worlds: how near the optimum they come, with the settings that are written here.

"99% of the optimum" is J >= J* - 0.01 |J*|, where J* is the value of the best time-dependent policy, by
dynamic programming. It bounds every class of policies, so whoever reaches it has also reached 99% of
the best stationary policy. All runs start from the uniform policy. The negative control is mostly the
same run in as many iterations, paid for the opposite: it comes to nothing, see `both_ways`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice

import gymnasium
import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import Iterate, npg, policy_iteration, ppo, reinforce, trpo
from pgcompanion.batches import Exact, Sampled, advantage_estimate
from pgcompanion.estimators import at_states, baselines, fitted_baseline, gae_of
from pgcompanion.gridworld import MAPS, GridWorld
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import Adam
from pgcompanion.trajectories import Trajectories

WORLDS = [*MAPS, "lake"]
ONE_GOAL = [name for name in MAPS if name != "8x8"]


@cache
def world(name: str) -> MDP:
    """A gridworld for 50 steps, or Gymnasium's slippery 8x8 lake for 100."""
    if name != "lake":
        return GridWorld.named(name).mdp(H=50)
    env = gymnasium.make("FrozenLake-v1", map_name="8x8", is_slippery=True)
    return MDP.from_gymnasium(env, H=100)


@cache
def goal(mdp: MDP, part: float = 0.99) -> float:
    J = exact.optimal(mdp)[1].J
    return J - (1 - part) * abs(J)


Run = Callable[..., Iterator[Iterate]]


def from_uniform(run: Run, source: Callable, mdp: MDP, timed: bool = False) -> Iterator[Iterate]:
    policy = TabularSoftmax(mdp.S, mdp.A, H=mdp.H if timed else None)
    return run(source(mdp), policy, np.zeros(policy.p))


def earned(its: Iterator[Iterate], mdp: MDP) -> list[float]:
    """What a run's policies earn, until one has reached the goal.

    Of a sampled run, too: what its trajectories earned is an estimate.
    """
    J = []
    for it in its:
        J.append(exact.evaluate(mdp, it.policy.table(it.theta)).J)
        if J[-1] >= goal(mdp):
            break
    return J


def both_ways(run: Run, source: Callable, mdp: MDP, timed: bool = False) -> tuple[float, float]:
    """The most that a run earns, and the most in as many iterations with rewards of the other sign."""
    costly = MDP(mdp.P, -mdp.r, mdp.mu0, mdp.H)
    up = earned(from_uniform(run, source, mdp, timed), mdp)
    down = earned(islice(from_uniform(run, source, costly, timed), len(up)), mdp)
    return max(up), max(down)


@pytest.mark.parametrize("name", WORLDS)
def test_no_world_is_solved_by_chance(name):
    mdp = world(name)
    uniform = exact.evaluate(mdp, np.full((mdp.S, mdp.A), 1 / mdp.A)).J
    assert uniform < 0.2 * goal(mdp)


# --- Exact ----------------------------------------------------------------------------------------

EXACT = {
    "adam": lambda source, policy, theta: reinforce(
        source, policy, theta, eta=Adam(policy.p, eta=0.1), K=100
    ),
    "npg": lambda *args: npg(*args, eta=10.0, K=100),
    "npg-radius": lambda *args: npg(*args, delta=1.0, K=30),
    "trpo": lambda *args: trpo(*args, delta=1.0, solver="exact", K=30),
    "trpo-line-search": lambda *args: trpo(*args, delta=1.0, K=60),
    "ppo-penalty": lambda *args: ppo(*args, lam=0.1, solver="exact", K=100),
    "ppo-clip": lambda *args: ppo(*args, eps=0.2, K=30),
}


@pytest.mark.statement("adam", "npg", "trpo", "ppo", "ppo_clip")
@pytest.mark.parametrize("algorithm", EXACT)
@pytest.mark.parametrize("name", MAPS)
def test_exact_algorithms_reach_the_optimum_with_a_stationary_table(name, algorithm):
    mdp = world(name)
    up, down = both_ways(EXACT[algorithm], Exact, mdp)
    assert down < 0.2 * goal(mdp) < goal(mdp) <= up


@pytest.mark.statement("adam", "npg", "trpo", "ppo", "ppo_clip")
@pytest.mark.parametrize("algorithm", EXACT)
@pytest.mark.parametrize("name", [*MAPS, pytest.param("lake", marks=pytest.mark.slow)])
def test_exact_algorithms_reach_the_optimum_with_a_time_dependent_table(name, algorithm):
    """On the lake that is 25,600 parameters."""
    mdp = world(name)
    up, down = both_ways(EXACT[algorithm], Exact, mdp, timed=True)
    assert down < 0.2 * goal(mdp) < goal(mdp) <= up


@pytest.mark.statement("npg")
@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0, 3.0])
def test_on_slippery_ice_a_stationary_table_comes_to_rest_between_98_and_99_percent(scale):
    """From the uniform policy and from random ones: where the natural gradient comes to rest.

    The test above needs time-dependent tables there. That no stationary table is better is not proved
    here: J has many stationary points in theory, and these runs all find the same value.
    """
    mdp = world("lake")
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = scale * np.random.default_rng(0).normal(size=policy.p)
    start, *_, last = npg(Exact(mdp), policy, theta, eta=100.0, K=100)
    assert last.grad_norm < 1e-3 * start.grad_norm
    assert start.J < goal(mdp, 0.98) < last.J < goal(mdp, 0.99)


@pytest.mark.statement("policy_iteration")
@pytest.mark.parametrize("name", WORLDS)
def test_policy_iteration_reaches_the_optimum(name):
    """The negative control takes the worst actions in place of the best."""
    mdp = world(name)
    uniform = np.full((mdp.S, mdp.A), 1 / mdp.A)

    def best(sign):
        its = policy_iteration(mdp, uniform, q=lambda pi: sign * exact.evaluate(mdp, pi).Q, K=mdp.H)
        return max(it.J for it in its)

    assert best(-1) < 0.2 * goal(mdp) < goal(mdp, 1.0) - 1e-10 <= best(+1)


@pytest.mark.statement("gradient_ascent", "reinforce_pg", "pg_baseline_algorithm")
@pytest.mark.parametrize("name", ONE_GOAL)
def test_gradient_ascent_reaches_the_optimum(name):
    """With a constant step on every named world but `8x8`, which the test after the next one exempts."""
    mdp = world(name)
    up, down = both_ways(lambda *args: reinforce(*args, eta=10.0, K=200), Exact, mdp)
    assert down < 0.2 * goal(mdp) < goal(mdp) <= up


@pytest.mark.statement("gradient_ascent")
def test_gradient_ascent_reaches_the_optimum_of_the_lake():
    """With a thousandth of the step, the negative control, it is nowhere near yet."""
    mdp = world("lake")

    def best(eta):
        run = from_uniform(lambda *args: reinforce(*args, eta=eta, K=50), Exact, mdp, timed=True)
        return max(earned(run, mdp))

    assert best(1e2) < 0.5 * goal(mdp) < goal(mdp) <= best(1e5)


@pytest.mark.statement("npg", "gradient_ascent")
def test_the_nearer_goal_holds_gradient_ascent_and_not_the_natural_gradient():
    """`8x8` is exempt from the 99% that a constant step reaches elsewhere, and this is why.

    A nearer goal pays a fifth of the far one, which a uniform policy hardly ever sees. Once the policy
    prefers the near goal, the gradient towards the far one is the advantage times the probability of
    going there, and vanishes with that probability: a softmax plateau. The natural gradient divides the
    probability out and leaves at once; Adam, which divides each coordinate by the size that it has had,
    finds the far goal too, as the tests above show.
    """
    mdp = world("8x8")
    natural = from_uniform(lambda *args: npg(*args, eta=10.0, K=10), Exact, mdp)
    far = max(earned(natural, mdp))
    for eta in (1.0, 10.0, 100.0):
        plain = from_uniform(lambda *args, eta=eta: reinforce(*args, eta=eta, K=300), Exact, mdp)
        assert max(earned(plain, mdp)) < 0.25 * goal(mdp) < goal(mdp) <= far


# --- Sampled --------------------------------------------------------------------------------------


def sampled(N: int, seed: int, **options) -> Callable[[MDP], Sampled]:
    return lambda mdp: Sampled(mdp, N=N, rng=np.random.default_rng(seed), **options)


SAMPLED = {
    "npg": lambda *args: npg(*args, delta=0.3, damping=1e-3, K=40),
    "trpo": lambda *args: trpo(*args, delta=0.3, K=40),
    "ppo-penalty": lambda *args: ppo(*args, lam=0.5, K=40),
    "ppo-clip": lambda *args: ppo(*args, eps=0.2, K=40),
}


@pytest.mark.slow
@pytest.mark.statement("npg", "trpo_implement", "ppo", "ppo_clip")
@pytest.mark.parametrize("algorithm", SAMPLED)
@pytest.mark.parametrize("name", ONE_GOAL)
def test_sampled_algorithms_reach_the_optimum_from_every_seed(name, algorithm):
    """1,024 trajectories an iteration."""
    mdp = world(name)
    for seed in range(5):
        up, down = both_ways(SAMPLED[algorithm], sampled(1024, seed), mdp)
        assert down < 0.2 * goal(mdp) < goal(mdp) <= up, seed


@pytest.mark.slow
@pytest.mark.statement("npg", "trpo_implement", "ppo", "ppo_clip")
@pytest.mark.parametrize("algorithm", SAMPLED)
def test_sampled_algorithms_find_the_far_goal_from_every_seed(algorithm):
    """By chance 1 trajectory of 465 gets there in 100 steps, hence 4,096 an iteration."""
    mdp = GridWorld.named("8x8").mdp(H=100)
    for seed in range(5):
        up, down = both_ways(SAMPLED[algorithm], sampled(4096, seed), mdp)
        assert down < 0.2 * goal(mdp) < goal(mdp) <= up, seed


@pytest.mark.statement("pg_baseline_algorithm", "reinforce_pg")
def test_sampled_gradient_ascent_reaches_the_optimum_with_a_baseline_of_either_kind():
    """Leave-one-out, or fitted to trajectories of its own. Against the reward, the control, it does not."""
    mdp = world("4x4")

    def best(psi):
        source = sampled(1024, 0, psi=psi)
        run = from_uniform(lambda *args: reinforce(*args, eta=10.0, K=100), source, mdp)
        return max(earned(run, mdp))

    against = best(lambda tau: -advantage_estimate(tau))
    for psi in (advantage_estimate, fitted_baseline(mdp, 1024, np.random.default_rng(1))):
        assert against < 0.2 * goal(mdp) < goal(mdp) <= best(psi)


LAKE = {
    "npg": lambda *args: npg(*args, eta=30.0, damping=0.01, K=50),
    "trpo": lambda *args: trpo(*args, delta=0.3, damping=0.03, K=50),
    "ppo-penalty": lambda *args: ppo(*args, lam=0.03, eta=0.03, K=50),
    "ppo-clip": lambda *args: ppo(*args, eps=0.2, eta=0.03, K=50),
}


@pytest.mark.slow
@pytest.mark.statement("npg", "trpo_implement", "ppo", "ppo_clip", "gae")
@pytest.mark.parametrize("algorithm", LAKE)
def test_sampled_algorithms_come_to_ninety_percent_on_slippery_ice(algorithm):
    """2,048 trajectories an iteration, with GAE from a table of values fitted to the same trajectories.

    From every seed, and it is the last policy that has come so far.
    """
    mdp = world("lake")

    def psi(tau: Trajectories) -> np.ndarray:
        return gae_of(tau, at_states(baselines.tabular(tau, mdp.S), tau), gamma=1.0, lam=0.5)

    for seed in range(5):
        start, *_, last = from_uniform(LAKE[algorithm], sampled(2048, seed, psi=psi), mdp)
        J = [exact.evaluate(mdp, it.policy.table(it.theta)).J for it in (start, last)]
        assert J[0] < goal(mdp, 0.9) <= J[1], seed
