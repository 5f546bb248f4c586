"""Policy gradients, exact and sampled: the package behind the pgcompanion book.

``import pgcompanion as pg`` reaches everything: the worlds, policies, sources and algorithms by their
names, the rooms of equations as modules (``pg.exact.gradient``, ``pg.estimators.gae``). A room is
loaded when it is first used, so that the import itself costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgcompanion import (
        algorithms,
        batches,
        bernoulli,
        derivatives,
        divergences,
        estimators,
        exact,
        gridworld,
        language,
        lqr,
        mdp,
        objectives,
        policies,
        steps,
        training,
        trajectories,
    )
    from pgcompanion.algorithms import Iterate, npg, policy_iteration, ppo, reinforce, trpo
    from pgcompanion.batches import Batch, Episodes, Exact, Rollouts, Sampled, rollout
    from pgcompanion.derivatives import complex_step
    from pgcompanion.estimators import Critic
    from pgcompanion.gridworld import MAPS, GridWorld
    from pgcompanion.lqr import LQR
    from pgcompanion.mdp import MDP
    from pgcompanion.policies import (
        MLP,
        Density,
        Gaussian,
        LinearGaussian,
        LinearSoftmax,
        NeuralGaussian,
        NeuralSoftmax,
        Policy,
        Softmax,
        TabularSoftmax,
    )
    from pgcompanion.steps import Adam
    from pgcompanion.training import (
        TASKS,
        Run,
        Settings,
        Task,
        critic_for,
        evaluate,
        load,
        policy_for,
        render,
        save,
    )
    from pgcompanion.training.train import train
    from pgcompanion.trajectories import Trajectories, sample

__version__ = "0.2.0.dev0"

__all__ = [
    "LQR",
    "MAPS",
    "MDP",
    "MLP",
    "TASKS",
    "Adam",
    "Batch",
    "Critic",
    "Density",
    "Episodes",
    "Exact",
    "Gaussian",
    "GridWorld",
    "Iterate",
    "LinearGaussian",
    "LinearSoftmax",
    "NeuralGaussian",
    "NeuralSoftmax",
    "Policy",
    "Rollouts",
    "Run",
    "Sampled",
    "Settings",
    "Softmax",
    "TabularSoftmax",
    "Task",
    "Trajectories",
    "algorithms",
    "batches",
    "bernoulli",
    "complex_step",
    "critic_for",
    "derivatives",
    "divergences",
    "estimators",
    "evaluate",
    "exact",
    "gridworld",
    "language",
    "load",
    "lqr",
    "mdp",
    "npg",
    "objectives",
    "policies",
    "policy_for",
    "policy_iteration",
    "ppo",
    "reinforce",
    "render",
    "rollout",
    "sample",
    "save",
    "steps",
    "train",
    "training",
    "trajectories",
    "trpo",
]

_ROOMS = (
    *("algorithms", "batches", "bernoulli", "derivatives", "divergences", "estimators", "exact"),
    *("gridworld", "language", "lqr", "mdp", "objectives", "policies", "steps", "training"),
    "trajectories",
    *("demos", "exercises", "experiments", "grading", "notebook", "style"),
)

_LIFTED = {
    "algorithms": "Iterate npg policy_iteration ppo reinforce trpo",
    "batches": "Batch Episodes Exact Rollouts Sampled rollout",
    "derivatives": "complex_step",
    "estimators": "Critic",
    "gridworld": "MAPS GridWorld",
    "lqr": "LQR",
    "mdp": "MDP",
    "policies": "MLP Density Gaussian LinearGaussian LinearSoftmax NeuralGaussian NeuralSoftmax "
    "Policy Softmax TabularSoftmax",
    "steps": "Adam",
    "training": "TASKS Run Settings Task critic_for evaluate load policy_for render save train",
    "trajectories": "Trajectories sample",
}
_ROOM_OF = {name: room for room, names in _LIFTED.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"pgcompanion.{name}")
    if name in _ROOM_OF:
        return getattr(import_module(f"pgcompanion.{_ROOM_OF[name]}"), name)
    raise AttributeError(f"module 'pgcompanion' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_ROOM_OF})
