"""What an update sees, as data: the batch, and the sources that make it from a world."""

from pgcompanion.batches.batch import Batch
from pgcompanion.batches.episodes import Episodes, rollout
from pgcompanion.batches.exact import Exact
from pgcompanion.batches.rollouts import Rollouts
from pgcompanion.batches.sampled import (
    Psi,
    Sampled,
    advantage_estimate,
    aggregated_batch,
    trajectory_batch,
)

__all__ = [
    "Batch",
    "Episodes",
    "Exact",
    "Psi",
    "Rollouts",
    "Sampled",
    "advantage_estimate",
    "aggregated_batch",
    "rollout",
    "trajectory_batch",
]
