"""The algorithms on Gymnasium's vector environments: the same updates, and what they learn there."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from pgcompanion.algorithms import (
    actor_critic,
    npg,
    policy_gradient_ascent,
    ppo,
    ppo_update,
    reinforce,
    trpo,
    trpo_update,
)
from pgcompanion.algorithms.npg import natural_step
from pgcompanion.estimators import reward_to_go
from pgcompanion.policies import NeuralSoftmax, TabularSoftmax
from pgcompanion.rollouts import rollout

# --- One update for all worlds --------------------------------------------------------------------

UPDATES = {
    "npg": (
        lambda *args, **kw: npg(*args, delta=0.05, damping=0.1, **kw),
        lambda problem, rng: problem.theta_k + natural_step(problem, delta=0.05, damping=0.1),
    ),
    "trpo": (
        lambda *args, **kw: trpo(*args, delta=0.05, damping=0.1, **kw),
        lambda problem, rng: trpo_update(problem, 0.05, damping=0.1),
    ),
    "ppo-penalty": (
        lambda *args, **kw: ppo(*args, lam=0.5, eta=0.01, **kw),
        lambda problem, rng: ppo_update(problem, lam=0.5, eta=0.01),
    ),
    "ppo-clip": (
        lambda *args, **kw: ppo(*args, eps=0.2, eta=0.01, epochs=2, minibatch=8, **kw),
        lambda problem, rng: ppo_update(problem, eps=0.2, eta=0.01, epochs=2, minibatch=8, rng=rng),
    ),
}


@pytest.mark.statement("npg", "trpo_implement", "ppo", "ppo_clip")
@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize(
    ("task", "policy"),
    [("CartPole-v1", NeuralSoftmax(4, 2, (8,))), ("FrozenLake-v1", TabularSoftmax(16, 4))],
)
def test_an_algorithm_on_environments_repeats_its_own_update(name, task, policy):
    algorithm, update = UPDATES[name]
    theta = policy.init(np.random.default_rng(0))

    def run(generator):
        rng = np.random.default_rng(1)
        return [(it.theta, it.J, it.kl, it.grad_norm) for it in generator(rng)]

    def by_hand(rng):
        envs = gymnasium.make_vec(task, num_envs=4)
        return actor_critic(
            envs, policy, theta, lambda problem, k: update(problem, rng), rng=rng, H=16, K=3
        )

    def itself(rng):
        return algorithm(gymnasium.make_vec(task, num_envs=4), policy, theta, H=16, rng=rng, K=3)

    one, other = run(itself), run(by_hand)
    assert len(one) == 4
    for here, there in zip(one, other, strict=True):
        for x, y in zip(here, there, strict=True):
            np.testing.assert_array_equal(x, y)
    assert max(kl for _, _, kl, _ in one) > 0


# --- They learn -----------------------------------------------------------------------------------


TASKS = {
    "lake": ("FrozenLake-v1", {"num_envs": 16, "is_slippery": False}, TabularSoftmax(16, 4)),
    "pole": ("CartPole-v1", {"num_envs": 16}, NeuralSoftmax(4, 2, (8,))),
}
LEARNERS = {
    "npg": lambda *args, **kw: npg(*args, damping=0.01, H=32, **kw),
    "trpo": lambda *args, **kw: trpo(*args, damping=0.01, H=32, **kw),
}


def returns(task, theta, rng) -> np.ndarray:
    """The returns of 48 independent episodes, of 100 steps at most."""
    name, options, policy = TASKS[task]
    envs = gymnasium.make_vec(name, **options | {"num_envs": 48})
    return rollout(envs, policy, theta, 100, rng).r.sum(axis=1)


def learns(task, learner, **options) -> bool:
    """Whether the last policy's mean return lies more than five standard errors above the first one's."""
    name, make, policy = TASKS[task]
    rng = np.random.default_rng(0)
    envs = gymnasium.make_vec(name, **make)
    start, *_, last = learner(envs, policy, policy.init(rng), rng=rng, delta=0.1, **options)
    before, after = (returns(task, it.theta, rng) for it in (start, last))
    error = np.sqrt((before.var() + after.var()) / len(before))
    return after.mean() - before.mean() > 5 * error


@pytest.mark.statement("npg", "trpo_implement")
@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS)
@pytest.mark.parametrize("task", TASKS)
def test_they_learn_on_environments(task, learner):
    """The negative control steps against the gradient, with as much room to move."""
    assert learns(task, learner, K=12)
    assert not learns(task, learner, K=12, coefficient=against())


def against():
    """The reward-to-go of each piece, with the sign of a cost."""
    return lambda tau: -reward_to_go(tau)


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("task", TASKS)
def test_every_step_of_trpo_on_environments_keeps_the_bound(task):
    """The negative control is the natural step: on the same tasks it goes beyond."""
    (name, make, policy), widest, delta = TASKS[task], {}, 3.0
    for algorithm, learner in LEARNERS.items():
        rng = np.random.default_rng(0)
        envs = gymnasium.make_vec(name, **make)
        its = list(learner(envs, policy, policy.init(rng), delta=delta, rng=rng, K=6))
        widest[algorithm] = max(it.kl for it in its)
    assert 0 < widest["trpo"] <= delta < widest["npg"]


# --- What is refused ------------------------------------------------------------------------------

TABLE, THETA = TabularSoftmax(16, 4), np.zeros(64)
ALGORITHMS = {
    "npg": lambda *args, **kw: npg(*args, delta=0.1, **kw),
    "trpo": lambda *args, **kw: trpo(*args, delta=0.1, **kw),
    "ppo": lambda *args, **kw: ppo(*args, eps=0.2, **kw),
    "reinforce": lambda *args, **kw: reinforce(*args, eta=0.1, **kw),
    "baseline": lambda *args, **kw: policy_gradient_ascent(*args, eta=0.1, **kw),
}


def lake():
    return gymnasium.make_vec("FrozenLake-v1", num_envs=2)


@pytest.mark.parametrize("run", ALGORITHMS.values(), ids=ALGORITHMS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"H": 3, "rng": None},
            r"^rng must be given together with a vector environment, but it is None",
        ),
        ({"H": 3, "rng": 0}, r"^rng must be a numpy\.random\.Generator, but it is 0\.$"),
        ({"H": 3, "N": 5}, r"^N must not be given for a vector environment, .* but it is 5\.$"),
        ({"H": 0}, r"^H must be a positive integer, but it is 0\.$"),
        ({"H": 3, "K": -1}, r"^K must be an integer that is not negative, but it is -1\.$"),
    ],
)
def test_what_environments_cannot_use_is_refused_at_once(run, rng, options, message):
    with pytest.raises(ValueError, match=message):
        run(lake(), TABLE, THETA, **{"rng": rng} | options)


@pytest.mark.parametrize("run", ALGORITHMS.values(), ids=ALGORITHMS)
def test_what_is_neither_kind_of_world_is_refused(run, small, rng):
    with pytest.raises(
        ValueError,
        match=r"^mdp must be a finite MDP or a vector environment .* of type TimeLimit\.$",
    ):
        run(gymnasium.make("FrozenLake-v1"), TABLE, THETA, rng=rng)
    with pytest.raises(
        ValueError, match=r"^H must not be given for a finite MDP, which has its own"
    ):
        run(small, TabularSoftmax(3, 2), np.zeros(6), H=3)


def test_whole_episodes_need_an_end_and_one_size(rng):
    with pytest.raises(ValueError, match=r"^H must be a positive integer, but it is None\.$"):
        reinforce(lake(), TABLE, THETA, eta=0.1, rng=rng)
    with pytest.raises(ValueError, match=r"^M must not be given for a vector environment"):
        policy_gradient_ascent(lake(), TABLE, THETA, eta=0.1, H=3, M=4, rng=rng)
    with pytest.raises(ValueError, match=r"^rng must be given together with a vector environment"):
        actor_critic(lake(), TABLE, THETA, None, rng=None)
