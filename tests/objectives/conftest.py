"""What the tests of the objectives share: the exact batch at a random point."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.batches import Batch, Exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax


@pytest.fixture
def batch(mdp: MDP, policy: Softmax, theta: np.ndarray) -> Batch:
    """The exact batch at a random point, for a tabular and for a linear policy."""
    return Exact(mdp)(policy, theta)
