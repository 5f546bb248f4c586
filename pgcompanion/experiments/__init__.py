"""Many runs of one task: over seeds and settings, on one machine or on a cluster, and what their spread says.

The packages for it come with ``pip install 'pgcompanion[experiments]'``.
"""

from pgcompanion.experiments.aggregates import (
    interquartile_mean,
    performance_profile,
    probability_of_improvement,
    stratified_interval,
)
from pgcompanion.experiments.intervals import Interval, interval
from pgcompanion.experiments.sweeps import Failure, Sweep, sweep
from pgcompanion.experiments.tuning import LogUniform, OneOf, Tuned, run_off, tune

__all__ = [
    "Failure",
    "Interval",
    "LogUniform",
    "OneOf",
    "Sweep",
    "Tuned",
    "interquartile_mean",
    "interval",
    "performance_profile",
    "probability_of_improvement",
    "run_off",
    "stratified_interval",
    "sweep",
    "tune",
]
