"""Many runs of one task: over seeds and settings, on one machine or on a cluster, and what their spread says.

The packages for it come with ``pip install 'pgcompanion[experiments]'``.
"""

from pgcompanion.experiments.intervals import Interval, interval
from pgcompanion.experiments.sweeps import Failure, Sweep, sweep

__all__ = ["Failure", "Interval", "Sweep", "interval", "sweep"]
