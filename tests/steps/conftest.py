"""What the tests of the steps share: the exact batch at a random point, and the exponent of a power law."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pgcompanion.batches import Batch, Exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax


@pytest.fixture
def batch(mdp: MDP, policy: Softmax, theta: np.ndarray) -> Batch:
    """The exact batch at a random point, for a tabular and for a linear policy."""
    return Exact(mdp)(policy, theta)


@pytest.fixture
def slope() -> Callable[..., float]:
    """The exponent of a power law from its values at two sizes."""

    def exponent(f: Callable[[float], float], small: float, large: float) -> float:
        return float(np.log(f(large) / f(small)) / np.log(large / small))

    return exponent
