"""The algorithms on Gymnasium's vector environments: the same steps, the bound per state, and that they learn."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from pgcompanion.algorithms import npg, ppo, trpo
from pgcompanion.batches import Rollouts, rollout
from pgcompanion.estimators import Critic
from pgcompanion.policies import MLP, NeuralGaussian, NeuralSoftmax, TabularSoftmax
from pgcompanion.steps import natural_step, ppo_step, trpo_step


class Tabulated:
    """A critic over finitely many states: the mean of the targets that each has had."""

    def __init__(self, S: int) -> None:
        self.total, self.n = np.zeros(S), np.ones(S)

    def value(self, s: np.ndarray) -> np.ndarray:
        return (self.total / self.n)[s]

    def fit(self, s: np.ndarray, target: np.ndarray) -> None:
        self.total *= 0.9
        self.n *= 0.9
        np.add.at(self.total, s, target)
        np.add.at(self.n, s, 1.0)


class Turned(gymnasium.vector.VectorRewardWrapper):
    """The rewards with the sign of a cost."""

    def rewards(self, reward):
        return -reward


TASKS = {
    "lake": ("FrozenLake-v1", {"is_slippery": False}, TabularSoftmax(16, 4)),
    "pole": ("CartPole-v1", {}, NeuralSoftmax(4, 2, (8,))),
}


def source_of(task, rng, num_envs=16, steps=32, turned=False):
    name, options, policy = TASKS[task]
    envs = gymnasium.make_vec(name, num_envs=num_envs, **options)
    critic = Tabulated(16) if task == "lake" else Critic(MLP(4, 1, hidden=(8,)), rng)
    return Rollouts(Turned(envs) if turned else envs, steps=steps, rng=rng, critic=critic), policy


# --- One step for all worlds ----------------------------------------------------------------------

STEPS = {
    "npg": (
        lambda *args, rng, **kw: npg(*args, delta=0.05, damping=0.1, **kw),
        lambda *args, rng: args[1] + natural_step(*args, delta=0.05, damping=0.1),
    ),
    "trpo": (
        lambda *args, rng, **kw: trpo(*args, delta=0.05, damping=0.1, **kw),
        lambda *args, rng: trpo_step(*args, 0.05, damping=0.1),
    ),
    "ppo-penalty": (
        lambda *args, rng, **kw: ppo(*args, lam=0.5, eta=0.01, **kw),
        lambda *args, rng: ppo_step(*args, lam=0.5, eta=0.01),
    ),
    "ppo-clip": (
        lambda *args, rng, **kw: ppo(
            *args, eps=0.2, eta=0.01, epochs=2, minibatch=8, rng=rng, **kw
        ),
        lambda *args, rng: ppo_step(*args, eps=0.2, eta=0.01, epochs=2, minibatch=8, rng=rng),
    ),
}


@pytest.mark.statement("npg", "trpo_implement", "ppo", "ppo_clip")
@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("task", TASKS)
def test_an_algorithm_on_environments_is_its_source_and_its_step(name, task):
    """Repeated by hand. From another seed, the negative control, it is another run."""
    algorithm, step = STEPS[name]

    def itself(seed):
        rng = np.random.default_rng(seed)
        source, policy = source_of(task, rng, num_envs=4, steps=16)
        theta = policy.init(np.random.default_rng(0))
        return [(it.theta, it.J) for it in algorithm(source, policy, theta, rng=rng, K=3)]

    def by_hand(seed):
        rng = np.random.default_rng(seed)
        source, policy = source_of(task, rng, num_envs=4, steps=16)
        theta, its = policy.init(np.random.default_rng(0)), []
        for _ in range(4):
            batch = source(policy, theta)
            its.append((theta, batch.J))
            if len(its) < 4:
                theta = step(policy, theta, batch, rng=rng)
        return its

    one, other, elsewhere = itself(1), by_hand(1), itself(2)
    assert len(one) == 4
    for (theta, J), (again, J_again) in zip(one, other, strict=True):
        np.testing.assert_array_equal(theta, again)
        assert J_again == J
    assert np.abs(one[-1][0] - elsewhere[-1][0]).max() > 1e-6 or task == "lake"


# --- They learn -----------------------------------------------------------------------------------

LEARNERS = {
    "npg": lambda *args, **kw: npg(*args, delta=0.02, damping=1e-3, **kw),
    "trpo": lambda *args, **kw: trpo(*args, delta=0.02, damping=1e-3, **kw),
    "ppo": lambda *args, **kw: ppo(*args, eps=0.2, eta=0.02, epochs=5, **kw),
}


def returns(task, theta, rng) -> np.ndarray:
    """The returns of 48 independent episodes, of 100 steps at most."""
    name, options, policy = TASKS[task]
    envs = gymnasium.make_vec(name, num_envs=48, **options)
    return rollout(envs, policy, theta, 100, rng).r.sum(axis=1)


def learns(task, learner, turned=False, K=20) -> bool:
    """Whether the last policy's mean return lies more than five standard errors above the first one's."""
    rng = np.random.default_rng(0)
    source, policy = source_of(task, rng, turned=turned)
    start, *_, last = learner(source, policy, policy.init(rng), K=K)
    before, after = (returns(task, it.theta, rng) for it in (start, last))
    error = np.sqrt((before.var() + after.var()) / len(before))
    return after.mean() - before.mean() > 5 * error


@pytest.mark.statement("npg", "trpo_implement", "ppo_clip")
@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS)
@pytest.mark.parametrize("task", TASKS)
def test_they_learn_on_environments(task, learner):
    """The negative control is paid for the opposite, with as much room to move."""
    assert learns(task, learner)
    assert not learns(task, learner, turned=True)


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("task", TASKS)
def test_every_step_of_trpo_on_environments_keeps_the_bound_per_state(task):
    """Of the mean divergence of the visited states, whatever the length of the episodes.

    The negative control is the natural step of the same radius: it goes beyond.
    """
    widest, delta = {}, 0.3
    for name, algorithm in (("trpo", trpo), ("npg", npg)):
        rng = np.random.default_rng(0)
        source, policy = source_of(task, rng)
        its = algorithm(source, policy, policy.init(rng), delta=delta, damping=1e-3, K=6)
        widest[name] = max(it.kl for it in its)
    assert 0 < widest["trpo"] <= delta < widest["npg"]


@pytest.mark.statement("gaussian_policy", "ppo_clip")
def test_a_gaussian_is_updated_on_environments_too(rng):
    """By every algorithm: the divergence of each step is above 0. No control is needed: no step would be 0."""
    policy = NeuralGaussian(inputs=3, n=1, hidden=(4,), sigma=None)
    for name, (algorithm, _) in STEPS.items():
        envs = gymnasium.make_vec("Pendulum-v1", num_envs=4)
        source = Rollouts(envs, steps=8, rng=rng, critic=Critic(MLP(3, 1, hidden=(4,)), rng))
        start, after = algorithm(source, policy, policy.init(rng), rng=rng, K=1)
        assert start.J is None, name
        assert after.kl > 0, name
