r"""The local problem around :math:`\theta^k`: all that a policy update sees of the world.

It is made of weighted states and of advantages, exact or estimated from trajectories. The updates
of the natural gradient, TRPO and PPO take it as it is and never ask which: exact and sampled
algorithms share every line.
"""

from pgcompanion.algorithms.local.build import coefficients, exact_problem, sampled_problem
from pgcompanion.algorithms.local.problem import LocalProblem
from pgcompanion.algorithms.local.steps import StepProblem
from pgcompanion.algorithms.local.table import TableProblem

__all__ = [
    "LocalProblem",
    "StepProblem",
    "TableProblem",
    "coefficients",
    "exact_problem",
    "sampled_problem",
]
