r"""Gradient ascent, exact and stochastic: :math:`\theta^{k+1}=\theta^k+\eta_kg_k`.

The iterates are counted by ``k``; ``h`` is kept for the steps of an episode. Everything here goes
uphill: to minimise a loss, ascend its negative.
"""

from pgcompanion.ascent.adam import Adam
from pgcompanion.ascent.bound import constant_step, sgd_bound
from pgcompanion.ascent.steps import (
    Schedule,
    ascent,
    constant,
    inverse_sqrt,
    minibatch_gradient,
    sgd,
)

__all__ = [
    "Adam",
    "Schedule",
    "ascent",
    "constant",
    "constant_step",
    "inverse_sqrt",
    "minibatch_gradient",
    "sgd",
    "sgd_bound",
]
