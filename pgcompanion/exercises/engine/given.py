"""What readers hand in where a world of their own is asked for, checked in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np

LARGEST = 4  # states and actions: small enough to print


def world(returned: Any, names: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """The arrays that were returned, the first of them transitions `(S, A, S)`, or `ValueError`."""
    if not isinstance(returned, tuple) or len(returned) != len(names):
        raise ValueError(
            f"Return {len(names)} arrays, `{', '.join(names)}`, in this order and with commas between "
            "them. Convert nested lists with `np.array`."
        )
    P, r, *rest = (np.asarray(each, dtype=float) for each in returned)
    if P.ndim != 3 or P.shape[0] != P.shape[2] or max(P.shape) > LARGEST:
        raise ValueError(
            f"`P` has shape {P.shape}. It holds P[s, a, s'], so its shape is (S, A, S), with at most "
            f"{LARGEST} states and {LARGEST} actions."
        )
    if not (np.isfinite(P).all() and (P >= 0).all() and np.allclose(P.sum(axis=2), 1)):
        raise ValueError(
            "`P` is no table of transitions: for every state and action, the probabilities of the next "
            "states are not negative and add up to 1."
        )
    if r.shape != P.shape[:2] or not np.isfinite(r).all():
        raise ValueError(
            f"`r` has shape {r.shape}. It holds r[s, a], so its shape is {P.shape[:2]}."
        )
    return (P, r, *rest)
