r"""How far the natural gradient of a time-dependent table is from optimal after ``K`` steps."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks


def npg_bound(H: int, A: int, eta: float, K: int) -> float:
    r"""What exact natural steps promise: :math:`J^\star-J(\theta^K)\le\frac1K\Big(\frac{H\log A}\eta+\frac{H(H+1)}2\Big)`.

    Statement: `npg_convergence`. For a time-dependent softmax table that starts uniform, rewards in
    :math:`[0,1]` and any :math:`\eta>0`. The number of states does not occur in it.

    Args:
        H: steps of an episode.
        A: actions.
        eta: step size.
        K: steps taken.

    Raises:
        ValueError: ``H``, ``A`` or ``K`` is not a positive integer, or ``eta`` is not positive.

    Source: Agarwal et al. 2021, who prove the discounted case.

    Example:
        >>> round(npg_bound(H=4, A=2, eta=1.0, K=10), 4)
        1.2773
    """
    H, A = checks.positive_integer("H", H), checks.positive_integer("A", A)
    K, eta = checks.positive_integer("K", K), checks.positive("eta", eta)
    return float((H * np.log(A) / eta + H * (H + 1) / 2) / K)
