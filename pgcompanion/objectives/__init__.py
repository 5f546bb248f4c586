"""Surrogate, clip, penalty, divergences and Fisher products: on arrays as a page has them, and of a batch."""

from pgcompanion.objectives.entropy import entropy, entropy_gradient
from pgcompanion.objectives.fisher import fisher, fisher_product
from pgcompanion.objectives.kl import kl, kl_gradient
from pgcompanion.objectives.surrogates import (
    clip,
    clip_gradient,
    clipped,
    gradient,
    penalty,
    penalty_gradient,
    ppo_clip_objective,
    ppo_penalty_objective,
    ratio,
    surrogate,
    surrogate_gradient,
    trpo_surrogate,
)

__all__ = [
    "clip",
    "clip_gradient",
    "clipped",
    "entropy",
    "entropy_gradient",
    "fisher",
    "fisher_product",
    "gradient",
    "kl",
    "kl_gradient",
    "penalty",
    "penalty_gradient",
    "ppo_clip_objective",
    "ppo_penalty_objective",
    "ratio",
    "surrogate",
    "surrogate_gradient",
    "trpo_surrogate",
]
