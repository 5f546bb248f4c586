"""Pendulum from its model and without it: plans, a policy that imitates them, and PPO from both starts.

``python -m pgcompanion.experiments.swing_up`` runs ten seeds and writes ``swing_up.json``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pgcompanion import lqr
from pgcompanion.estimators import fit_value
from pgcompanion.policies import NeuralGaussian
from pgcompanion.training import TASKS, Run, train

H, AHEAD, TAKEN, ITERATIONS = 200, 30, 10, 5
SCALE = np.array([1, 1, 8])  # of the observations, to [-1, 1]
SIGMA = 0.5  # of the policy that has imitated
UPDATES = 20
SEEDS = range(1, 11)
#: The starts of PPO: as everywhere; as everywhere but as calm as the imitator; and the imitator.
STARTS = ("scratch", "calm", "clone")


class Played(NamedTuple):
    """Plans as they were carried out (statement: `ilqr`).

    Attributes:
        s: states, shape ``(N, H, 2)``.
        a: actions, whose torques are :math:`2\\tanh a`, shape ``(N, H, 1)``.
        J: returns, shape ``(N,)``.
        steps: evaluations of the model, for each plan.
    """

    s: np.ndarray
    a: np.ndarray
    J: np.ndarray
    steps: int


def starts(N: int, rng: np.random.Generator) -> np.ndarray:
    """First states as Pendulum-v1 draws them: an angle and an angular velocity, shape ``(N, 2)``.

    Statement: `ilqr`.
    """
    return np.stack([rng.uniform(-np.pi, np.pi, N), rng.uniform(-1, 1, N)], axis=1)


def receding(s0: np.ndarray, rng: np.random.Generator) -> Played:
    """Plan thirty steps from the states ``s0 (N, 2)``, take ten of them, and plan anew. Statement: `ilqr`."""
    model = lqr.pendulum()
    s, a, plans = s0, 0.5 * rng.normal(size=(len(s0), AHEAD, 1)), []
    for _ in range(H // TAKEN):
        *_, plan = lqr.ilqr(model, s, a, K=ITERATIONS)
        plans.append(plan)
        s, rest = plan.s[:, TAKEN], plan.a[:, TAKEN:]
        a = np.concatenate([rest, np.zeros((len(s), TAKEN, 1))], axis=1)
    s = np.concatenate([plan.s[:, :TAKEN] for plan in plans], axis=1)
    a = np.concatenate([plan.a[:, :TAKEN] for plan in plans], axis=1)
    return Played(s, a, model.reward(s, a).sum(axis=1), sum(plan.steps for plan in plans))


def clone(played: Played, rng: np.random.Generator) -> NeuralGaussian:
    """A Gaussian policy whose network has learned the torques of plans, by least squares. Statement: `ilqr`."""
    s = played.s.reshape(-1, 2)
    seen = np.stack([np.cos(s[:, 0]), np.sin(s[:, 0]), s[:, 1]], axis=1) / SCALE
    policy = NeuralGaussian(3, n=1, sigma=None)
    net, torque = policy.network, 2 * np.tanh(played.a).ravel()
    w = fit_value(net, net.init(rng), seen, torque, rng=rng, eta=5e-3, epochs=60, minibatch=128)
    return beginning_at(policy, np.append(w, np.log(SIGMA)))


def beginning_at(policy: NeuralGaussian, theta: np.ndarray) -> NeuralGaussian:
    """The policy with ``theta`` for its first parameters, whatever the random numbers. Statement: `ppo_clip`."""
    theta = theta.astype(np.float32)
    policy.init = lambda rng: theta.copy()  # type: ignore[method-assign]
    return policy


def calm(rng: np.random.Generator) -> NeuralGaussian:
    """A policy that knows nothing, with the standard deviation of the imitator. Statement: `ppo_clip`."""
    policy = NeuralGaussian(3, n=1, sigma=None)
    return beginning_at(policy, np.append(policy.init(rng)[:-1], np.log(SIGMA)))


def ppo_from(policy: NeuralGaussian, seed: int) -> Run:
    """Half of PPO's training on Pendulum, with the settings of `TASKS`. Statement: `ppo_clip`."""
    envs = (task := TASKS["Pendulum-v1"]).envs()
    settings, rng = replace(task.settings, updates=UPDATES), np.random.default_rng(seed)
    run = train(envs, settings, rng=rng, policy=policy, progress=False)
    envs.close()
    return run


def mean_return(run: Run, seed: int) -> float:
    """Of 100 episodes. Statement: `objective_fn`."""
    rng = np.random.default_rng([seed, 1])
    return float(TASKS["Pendulum-v1"].evaluate(run, rng, episodes=100).mean())


def compare(seed: int) -> dict[str, float]:
    """The plans of sixteen starts, the policy that imitates them, and PPO from three starts: mean returns."""
    rng = np.random.default_rng(seed)
    played = receding(starts(16, rng), rng)
    cloned = clone(played, rng)
    first = Run(cloned, cloned.init(rng))
    policies = dict(
        zip(STARTS, (NeuralGaussian(3, n=1, sigma=None), calm(rng), cloned), strict=True)
    )
    found = {"plans": float(played.J.mean()), "imitation": mean_return(first, seed)}
    found |= {name: mean_return(ppo_from(each, seed), seed) for name, each in policies.items()}
    return {name: round(J, 1) for name, J in found.items()}


def found() -> dict[str, list[float]]:
    """What `compare` gave for each of ``SEEDS``, read from ``swing_up.json``.

    Example:
        >>> list(found())
        ['plans', 'imitation', 'scratch', 'calm', 'clone']
    """
    stored: dict[str, list[float]] = json.loads(STORED.read_text(encoding="utf-8"))
    return stored


STORED = Path(__file__).with_name("swing_up.json")


if __name__ == "__main__":
    runs = [compare(seed) for seed in SEEDS]
    lines = ",\n".join(f'"{name}": {[run[name] for run in runs]}' for name in runs[0])
    STORED.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
