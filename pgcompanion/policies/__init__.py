"""Parameterizations of a stochastic policy (page: `parameterizations`)."""

from pgcompanion.policies.density import Density
from pgcompanion.policies.gaussian import (
    Gaussian,
    LinearGaussian,
    NeuralGaussian,
    gaussian_score,
)
from pgcompanion.policies.linear import LinearSoftmax, linear_score
from pgcompanion.policies.neural import MLP, NeuralSoftmax
from pgcompanion.policies.policy import FinitePolicy, Policy
from pgcompanion.policies.softmax import Softmax
from pgcompanion.policies.squashed import squashed_gaussian_log_prob
from pgcompanion.policies.state_function import LinearMap, StateFunction
from pgcompanion.policies.tabular import (
    TabularSoftmax,
    penalised_tilt,
    softmax_policy,
    softmax_score,
)

__all__ = [
    "MLP",
    "Density",
    "FinitePolicy",
    "Gaussian",
    "LinearGaussian",
    "LinearMap",
    "LinearSoftmax",
    "NeuralGaussian",
    "NeuralSoftmax",
    "Policy",
    "Softmax",
    "StateFunction",
    "TabularSoftmax",
    "gaussian_score",
    "linear_score",
    "penalised_tilt",
    "softmax_policy",
    "softmax_score",
    "squashed_gaussian_log_prob",
]
