"""Parameterizations of a stochastic policy (page: `parameterizations`)."""

from pgcompanion.policies.softmax import LinearSoftmax, Softmax, TabularSoftmax

__all__ = ["LinearSoftmax", "Softmax", "TabularSoftmax"]
