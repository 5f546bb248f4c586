"""A finite-horizon Markov decision process with finitely many states and actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgcompanion import checks


@dataclass(frozen=True, eq=False)
class MDP:
    r"""A finite MDP :math:`(\mathcal S, \mathcal A, P, r, \mu_0, H)`, undiscounted.

    Statement: `objective_fn`. The process is
    :math:`s_0\sim\mu_0,\ a_h\sim\pi_h(\cdot\mid s_h),\ r_h=r(s_h,a_h),\
    s_{h+1}\sim P(\cdot\mid s_h,a_h)` for :math:`h=0,\dots,H-1`.

    Args:
        P: transition probabilities :math:`P(s'\mid s,a)`, shape ``(S, A, S)``.
        r: rewards :math:`r(s,a)`, shape ``(S, A)``. A random reward enters as its mean.
        mu0: distribution of the first state, shape ``(S,)``.
        H: number of steps of an episode, at least 1.

    Raises:
        ValueError: a wrong shape, a value that is not finite, a negative probability, or a row
            of ``P`` or ``mu0`` that does not sum to 1.

    Example:
        >>> P = np.zeros((2, 2, 2)); P[:, 0, 0] = P[:, 1, 1] = 1.0     # action a leads to state a
        >>> mdp = MDP(P, r=[[0, 1], [0, 2]], mu0=[1, 0], H=3)
        >>> mdp.S, mdp.A, mdp.H
        (2, 2, 3)
    """

    P: np.ndarray
    r: np.ndarray
    mu0: np.ndarray
    H: int

    def __post_init__(self) -> None:
        P = checks.finite("P", self.P)
        if P.ndim != 3 or P.shape[0] != P.shape[2] or P.size == 0:
            raise ValueError(
                f"P has shape {P.shape}, but (S, A, S) with S and A at least 1 is expected."
            )
        S, A = P.shape[:2]
        arrays = {
            "P": checks.distribution("P", P, (S, A, S)),
            "r": checks.finite("r", self.r, (S, A)),
            "mu0": checks.distribution("mu0", self.mu0, (S,)),
        }
        for name, x in arrays.items():
            object.__setattr__(self, name, checks.constant(name, x))
        object.__setattr__(self, "H", checks.positive_integer("H", self.H))

    @property
    def S(self) -> int:
        """Number of states."""
        return self.P.shape[0]

    @property
    def A(self) -> int:
        """Number of actions."""
        return int(self.r.shape[1])

    @classmethod
    def from_gymnasium(cls, env: Any, H: int) -> MDP:
        """Read the transition table ``env.P`` that FrozenLake, CliffWalking and Taxi publish.

        Gymnasium pays the reward of a transition; the MDP holds its mean :math:`r(s,a)`, so
        values, gradients and the law of the states and actions are those of the environment.
        A state that a terminating transition enters becomes absorbing, with reward 0; only the
        states that can be reached from ``mu0`` are promised to behave as the environment does.

        Raises:
            ValueError: the environment publishes no table or no initial distribution, or a state
                is entered both by a terminating transition and by one that goes on.

        Example:
            >>> import gymnasium
            >>> lake = MDP.from_gymnasium(gymnasium.make("FrozenLake-v1"), H=20)
            >>> lake.S, lake.A, round(float(lake.r[14].max()), 4)
            (16, 4, 0.3333)
        """
        table, mu0 = _gymnasium_table(env)
        S, A = len(table), len(table[0])
        P, r, enters = np.zeros((S, A, S)), np.zeros((S, A)), np.zeros((2, S, S))
        for s, actions in table.items():
            for a, outcomes in actions.items():
                for p, s_next, reward, terminated in outcomes:
                    P[s, a, s_next] += p
                    r[s, a] += p * reward
                    enters[int(terminated), s, s_next] += p
        ends = _ends(mu0, *enters)
        P[ends], r[ends] = 0.0, 0.0
        P[ends, :, ends] = 1.0
        return cls(P, r, mu0, H)

    def __repr__(self) -> str:
        return f"MDP(S={self.S}, A={self.A}, H={self.H})"


def _gymnasium_table(env: Any) -> tuple[dict[int, dict[int, list[Any]]], np.ndarray]:
    env = getattr(env, "unwrapped", env)
    table, mu0 = getattr(env, "P", None), getattr(env, "initial_state_distrib", None)
    if table is None or mu0 is None:
        raise ValueError(
            f"env must publish its transition table P and initial_state_distrib, "
            f"but {type(env).__name__} does not."
        )
    return table, mu0


def _ends(mu0: np.ndarray, goes_on: np.ndarray, terminates: np.ndarray) -> np.ndarray:
    """The states that end an episode, from the two matrices (state, next state) of a table."""
    ends: np.ndarray = np.logical_or.reduce(terminates)
    live = mu0 > 0
    for _ in range(len(mu0)):
        live |= (goes_on[live & ~ends] > 0).any(axis=0)
    if (live & ends).any():
        s_next = int((live & ends).argmax())
        raise ValueError(
            f"env must end the episode on every way into state {s_next}, "
            "but one transition goes on from it, or an episode begins there."
        )
    return ends
