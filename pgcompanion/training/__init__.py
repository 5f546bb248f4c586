"""Training on Gymnasium's environments and on your own: from ``envs`` to a saved policy.

``policy_for`` and ``critic_for`` fit the spaces of a vector environment, `Settings` says how to train,
`train` does it, `evaluate`, `render`, `save` and `load` are for its result, a `Run`. `TASKS` is a
table of tasks with settings that solve them.
"""

from pgcompanion.training.builders import critic_for, policy_for
from pgcompanion.training.evaluation import evaluate, render
from pgcompanion.training.files import load, save
from pgcompanion.training.observations import NormalisedObservations, RunningMoments
from pgcompanion.training.run import Run
from pgcompanion.training.settings import Settings
from pgcompanion.training.tasks import TASKS, Task
from pgcompanion.training.train import train, training_iterates

__all__ = [
    "TASKS",
    "NormalisedObservations",
    "Run",
    "RunningMoments",
    "Settings",
    "Task",
    "critic_for",
    "evaluate",
    "load",
    "policy_for",
    "render",
    "save",
    "train",
    "training_iterates",
]
