"""What the tests of the algorithms share: local problems, and the derivative of anything."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.algorithms import TableProblem, exact_problem
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax


@pytest.fixture
def problem(mdp: MDP, policy: Softmax, theta: np.ndarray) -> TableProblem:
    """The exact local problem at a random point, for a tabular and for a linear policy."""
    return exact_problem(mdp, policy, theta)


@pytest.fixture
def complex_step():
    """The derivative of a function to round-off: Im f(theta + i h e_j) / h."""

    def derivative(f, theta: np.ndarray, step: float = 1e-30) -> np.ndarray:
        return np.array([f(theta + 1j * step * e).imag / step for e in np.eye(len(theta))])

    return derivative


@pytest.fixture
def slope():
    """The exponent of a power law from its values at two sizes."""

    def exponent(f, small: float, large: float) -> float:
        return float(np.log(f(large) / f(small)) / np.log(large / small))

    return exponent
