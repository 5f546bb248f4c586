r"""What a change of policy can cost, and what it gains at least: bounds that exact numbers are held against.

Throughout, :math:`f_h(s)=\mathbb E_{a\sim\pi'_h(\cdot\mid s)}A_h^\pi(s,a)` is the advantage, for the old
policy, of what the new one does in a state (`mean_advantages`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.exact.performance import step_kl
from pgcompanion.exact.values import evaluate
from pgcompanion.mdp import MDP


def mean_advantages(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> np.ndarray:
    r""":math:`f_h(s)=\sum_a\pi'_h(a\mid s)A_h^\pi(s,a)` for each step and state, shape ``(H, S)``.

    Statement: `pdl`. Summed along the new policy's states it is :math:`J(\pi')-J(\pi)`, along the old
    policy's the surrogate.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=2)
        >>> mean_advantages(coin, np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]))
        array([[0.5],
               [0.5]])
    """
    A = evaluate(mdp, pi).A
    return (checks.table(mdp, pi_new, "pi_new") * A).sum(axis=-1)


def worst_advantage(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> float:
    r""":math:`\Delta_\infty=\min_{h,s}\mathbb E_{a\sim\tilde\pi_h(\cdot\mid s)}A_h^\pi(s,a)`: the worst single choice of the new policy.

    Statement: `pdl_bound`. The minimum is over the steps as well as the states.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies.

    Example:
        >>> one = MDP(np.ones((1, 2, 1)), r=[[0.0, -1.0]], mu0=[1.0], H=6)
        >>> worst_advantage(one, np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
        -1.0
    """
    return float(mean_advantages(mdp, pi, pi_new).min())


def degradation_bound(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> np.ndarray:
    r"""The most that the new policy can lose at each step: :math:`(H-h)|\Delta_\infty|`, shape ``(H,)``.

    Statement: `pdl_bound`. :math:`V_h^{\tilde\pi}(s)\ge V_h^\pi(s)-(H-h)|\Delta_\infty|` for every step and
    state if :math:`\Delta_\infty<0`; otherwise nothing is lost. See `worst_advantage`.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies.

    Example:
        >>> one = MDP(np.ones((1, 2, 1)), r=[[0.0, -1.0]], mu0=[1.0], H=3)
        >>> degradation_bound(one, np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
        array([3., 2., 1.])
    """
    loss = max(-worst_advantage(mdp, pi, pi_new), 0.0)
    return (mdp.H - np.arange(mdp.H)) * loss


def wrong_table_bound(Q: np.ndarray, Q_hat: np.ndarray) -> np.ndarray:
    r"""The most that greed for a wrong table loses at each step: :math:`2(H-h)\|\hat Q-Q^\pi\|_\infty`, shape ``(H,)``.

    Statement: `wrong_table`. ``Q`` belongs to the policy that is to be improved.

    Args:
        Q, Q_hat: the action values and the table in their place, shape ``(H, S, A)``.

    Raises:
        ValueError: an array does not have its shape, or is not finite.

    Example:
        >>> wrong_table_bound(np.zeros((3, 1, 2)), np.full((3, 1, 2), 0.5))
        array([3., 2., 1.])
    """
    Q = checks.finite("Q", Q, (None, None, None))
    Q_hat = checks.finite("Q_hat", Q_hat, Q.shape)
    H = len(Q)
    return 2 * (H - np.arange(H)) * np.abs(Q_hat - Q).max()


class ConservativeStep(NamedTuple):
    """What `conservative_step` returns (statement: `conservative_policy_iteration`).

    The weight ``alpha`` of the new policy, and the ``gain`` that it guarantees.
    """

    alpha: float
    gain: float


def conservative_bound(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray, alpha: float) -> float:
    r"""The least that the mixture :math:`(1-\alpha)\pi+\alpha\tilde\pi` gains: :math:`\alpha\mathbb A-\alpha^2H(H-1)\varepsilon`.

    Statement: `conservative_policy_iteration`. :math:`\mathbb A=\sum_h\mathbb E_{s\sim d_h^\pi}f_h(s)` is the
    policy advantage and :math:`\varepsilon=\max_{h,s}|f_h(s)|`.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies, or ``alpha`` is not in [0, 1].

    Source: Kakade and Langford 2002, for discounted rewards.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> conservative_bound(coin, np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]), alpha=1.0)
        0.5
    """
    advantage, epsilon = _policy_advantage(mdp, pi, pi_new)
    alpha = checks.unit_interval("alpha", alpha)
    return alpha * advantage - alpha**2 * mdp.H * (mdp.H - 1) * epsilon


def conservative_step(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> ConservativeStep:
    r"""The mixture whose guaranteed gain is largest: :math:`\alpha^\star=\mathbb A/2H(H-1)\varepsilon`.

    Statement: `conservative_policy_iteration`. The guarantee is :math:`\mathbb A^2/4H(H-1)\varepsilon`
    (`conservative_bound`). With one step only nothing shifts, and :math:`\alpha^\star=1`; where
    :math:`\mathbb A\le0` nothing is promised, and :math:`\alpha^\star=0`.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies.

    Source: Kakade and Langford 2002, for discounted rewards.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=2)
        >>> conservative_step(coin, np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]))
        ConservativeStep(alpha=0.5, gain=0.25)
    """
    advantage, epsilon = _policy_advantage(mdp, pi, pi_new)
    shift = 2 * mdp.H * (mdp.H - 1) * epsilon
    alpha = max(0.0, advantage / shift) if shift > 0 else float(advantage > 0)
    return ConservativeStep(alpha, conservative_bound(mdp, pi, pi_new, alpha))


def surrogate_bound(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> float:
    r"""The most by which the surrogate is wrong: :math:`\sum_{h\ge1}\mathrm{span}(f_h)\min\big(1,\sqrt{\mathrm{KL}_{<h}/2}\big)`.

    Statement: `surrogate_bound`. It bounds :math:`|J(\pi')-J(\pi)-L(\pi')|`, where
    :math:`\mathrm{KL}_{<h}` is the divergence of the steps before :math:`h` (`step_kl`) and
    :math:`\mathrm{span}(f_h)=\max_sf_h(s)-\min_sf_h(s)`.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> surrogate_bound(coin, np.array([[0.5, 0.5]]), np.array([[0.1, 0.9]]))   # one state: no shift
        0.0
    """
    f = mean_advantages(mdp, pi, pi_new)
    before = np.cumsum(step_kl(mdp, pi, pi_new))[:-1]
    return float(np.ptp(f[1:], axis=1) @ np.minimum(1.0, np.sqrt(before / 2)))


def improvement_price(mdp: MDP, pi: np.ndarray) -> float:
    r"""The price :math:`C=H(H-1)\max_{h,s,a}|A_h^\pi(s,a)|` of the largest divergence of a state.

    Statement: `monotone_improvement`. :math:`J(\pi')\ge J(\pi)+L(\pi')-C\max_{h,s}\mathrm{KL}(\pi_h(\cdot\mid
    s)\,\|\,\pi'_h(\cdot\mid s))` for every policy :math:`\pi'`.

    Raises:
        ValueError: ``pi`` is not a table of the MDP's policies.

    Source: Schulman et al. 2015, theorem 1, for discounted rewards.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> improvement_price(coin, np.array([[0.5, 0.5]]))
        3.0
    """
    A = evaluate(mdp, pi).A
    return float(mdp.H * (mdp.H - 1) * np.abs(A).max())


def _policy_advantage(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> tuple[float, float]:
    r"""The policy advantage :math:`\mathbb A` and :math:`\varepsilon`, the largest :math:`|f_h(s)|`."""
    f, d = mean_advantages(mdp, pi, pi_new), evaluate(mdp, pi).d
    return float((d * f).sum()), float(np.abs(f).max())
