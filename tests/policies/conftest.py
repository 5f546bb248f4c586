"""Derivatives to round-off, against which every score is checked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

STEP = 1e-30


@pytest.fixture
def complex_step() -> Callable[..., np.ndarray]:
    """The derivative of ``f`` in all its parameters, shape ``(..., p)``: Im f(theta + i h e_j) /
    h.
    """

    def derivative(f: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
        steps = 1j * STEP * np.eye(len(theta))
        return np.stack([np.imag(f(theta + step)) / STEP for step in steps], axis=-1)

    return derivative
