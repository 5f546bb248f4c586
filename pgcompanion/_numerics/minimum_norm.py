"""The minimum-norm solution of a symmetric, positive semidefinite system, whose matrix may be singular."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.conjugate_gradient import conjugate_gradient

SOLVED = 1e-11  # a residual that conjugate gradient leaves where the system can be solved at all


def minimum_norm_solution(F: np.ndarray, g: np.ndarray) -> np.ndarray:
    r""":math:`F^+g`, shape ``(p,)``: of the :math:`x` that bring :math:`Fx` nearest to ``g``, the shortest.

    Statement: `npg_optimization`. An eigenvalue counts as 0 where it is at most
    :math:`p\,\epsilon\,\|F\|_F` with the machine's :math:`\epsilon`: round-off in ``F`` is as large.

    An eigendecomposition always has the answer and is slow, so two faster ways are tried first. If every
    eigenvalue is large, elimination finds it. (Of a singular system elimination returns a solution whose
    part in the null space is round-off.) If a few conjugate gradient steps from 0, which do not leave the
    range of ``F``, come to a solution, it is the shortest.

    Raises:
        ValueError: ``g`` or ``F`` does not have its shape, ``(p,)`` and ``(p, p)``, or is not finite.

    Example:
        >>> minimum_norm_solution(np.diag([2.0, 0.0]), np.array([1.0, 1.0]))
        array([0.5, 0. ])
    """
    g = checks.finite("g", g, (None,))
    F = checks.finite("F", F, (len(g), len(g)))
    zero = len(g) * np.finfo(float).eps * np.linalg.norm(F)
    if _exceeds(F, zero):
        return np.linalg.solve(F, g)
    x = conjugate_gradient(F.__matmul__, g, steps=len(g) // 3 + 1)
    if np.linalg.norm(F @ x - g) <= SOLVED * np.linalg.norm(g):
        return x
    size, U = np.linalg.eigh(F)
    return U @ np.divide(U.T @ g, size, out=np.zeros_like(size), where=size > zero)


def _exceeds(F: np.ndarray, bound: float) -> bool:
    """Whether every eigenvalue of ``F`` is larger than ``bound``: a Cholesky factor tells."""
    try:
        np.linalg.cholesky(F - bound * np.eye(len(F)))
    except np.linalg.LinAlgError:
        return False
    return True
