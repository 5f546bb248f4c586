"""Action repeat: an environment in which each action counts for several steps."""

from __future__ import annotations

from typing import Any

import gymnasium

from pgcompanion import checks


class ActionRepeat(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Repeats an action for some steps, or until the episode is over, and adds up the rewards.

    Statement: `objective_fn`.

    Source: Mnih et al. 2013, where frames are skipped.

    Raises:
        ValueError: ``steps`` is not a positive integer.

    Example:
        >>> env = ActionRepeat(gymnasium.make("CartPole-v1"), steps=4)
        >>> _ = env.reset(seed=0)
        >>> env.step(0)[1]
        4.0
    """

    def __init__(self, env: gymnasium.Env[Any, Any], steps: int) -> None:
        super().__init__(env)
        self.steps = checks.positive_integer("steps", steps)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Up to ``steps`` steps with the same action."""
        total = 0.0
        for _ in range(self.steps):
            s, r, terminated, truncated, info = self.env.step(action)
            total += float(r)
            if terminated or truncated:
                break
        return s, total, terminated, truncated, info
