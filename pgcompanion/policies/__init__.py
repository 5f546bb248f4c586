"""Parameterizations of a stochastic policy (page: `parameterizations`)."""

from pgcompanion.policies.finite import LinearSoftmax, TabularSoftmax
from pgcompanion.policies.gaussian import Gaussian, LinearGaussian
from pgcompanion.policies.network import MLP
from pgcompanion.policies.neural import NeuralGaussian, NeuralSoftmax
from pgcompanion.policies.softmax import Softmax

__all__ = [
    "MLP",
    "Gaussian",
    "LinearGaussian",
    "LinearSoftmax",
    "NeuralGaussian",
    "NeuralSoftmax",
    "Softmax",
    "TabularSoftmax",
]
