"""The Gymnasium environment of a linear world. Importing this module registers it under `ID`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded

from pgcompanion import checks
from pgcompanion.lqr.world import LQR, root

ID = "pgcompanion/LQR-v0"
ENTRY_POINT = "pgcompanion.lqr.env:LQREnv"


class LQREnv(gymnasium.Env[np.ndarray, np.ndarray]):
    r"""A linear world with quadratic rewards as a Gymnasium environment.

    Statement: `lqr`. Observations are states and actions are real numbers, both without bounds, which
    Gymnasium's checker remarks upon. The horizon belongs to the task: the last step *terminates* the
    episode, since nothing follows it. Arguments and errors are those of `LQR`; in ``step``, an action
    that is not ``m`` finite numbers is a `ValueError`.

    Example:
        >>> env = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=1).env()
        >>> s, _ = env.reset(seed=0)
        >>> s_next, r, terminated, *_ = env.step(-s)
        >>> s_next, bool(np.isclose(r, -2 * s[0] ** 2)), terminated
        (array([0.]), True, True)
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(self, A: Any, B: Any, Q: Any, R: Any, W: Any, M0: Any, H: int) -> None:
        self.world = world = LQR(A, B, Q, R, W, M0, H)
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (world.n,), np.float64)
        self.action_space = gymnasium.spaces.Box(-np.inf, np.inf, (world.m,), np.float64)
        matrices = {name: getattr(world, name).tolist() for name in ("A", "B", "Q", "R", "W", "M0")}
        self.spec = EnvSpec(ID, ENTRY_POINT, kwargs=matrices | {"H": world.H})
        self._first, self._noise = root(world.M0), root(world.W)
        self._s: np.ndarray | None = None
        self._h = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        r"""Draw the first state from :math:`\mathcal N(0,M_0)`."""
        super().reset(seed=seed)
        self._s, self._h = self._first @ self.np_random.standard_normal(self.world.n), 0
        return self._s.copy(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Pay for the state and the action, then move."""
        if self._s is None:
            raise ResetNeeded("Call reset() before step().")
        world, s = self.world, self._s
        a = checks.finite("action", action, (world.m,))
        r = -float(s @ world.Q @ s + a @ world.R @ a)
        w = self._noise @ self.np_random.standard_normal(world.n)
        self._s = world.A @ s + world.B @ a + w
        self._h += 1
        return self._s.copy(), r, self._h >= world.H, False, {}


gymnasium.register(ID, ENTRY_POINT)
