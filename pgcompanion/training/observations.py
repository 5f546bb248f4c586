"""Observations, shifted and scaled by their running mean and variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.batches.rollouts import autoreset_mode


class RunningMoments:
    r"""Mean and variance of all rows seen so far, one for each entry: shape ``(d,)``.

    Statement: `ppo_clip`. A batch of ``m`` rows is merged by the formula for the variance of two samples,
    so that no sum of squares cancels.

    Source: Chan, Golub and LeVeque 1979.

    Attributes:
        mean, var, count: the moments, and the number of rows.

    Example:
        >>> moments = RunningMoments(d=1)
        >>> moments.update(np.array([[1.0], [3.0]]))
        >>> moments.update(np.array([[8.0]]))
        >>> moments.mean, moments.var.round(4), moments.count
        (array([4.]), array([8.6667]), 3.0)
    """

    CLIP = 10.0

    def __init__(self, d: int) -> None:
        d = checks.positive_integer("d", d)
        self.mean, self.var, self.count = np.zeros(d), np.ones(d), 0.0

    def update(self, s: np.ndarray) -> None:
        """Take in the rows ``s (m, d)``."""
        s = checks.finite("s", s, (None, len(self.mean))).astype(float)
        if not len(s):
            return
        m, total = len(s), self.count + len(s)
        shift = s.mean(axis=0) - self.mean
        spread = self.var * self.count + s.var(axis=0) * m + shift**2 * self.count * m / total
        self.mean, self.var, self.count = self.mean + shift * m / total, spread / total, total

    def apply(self, s: np.ndarray) -> np.ndarray:
        r""":math:`(s-\mathrm{mean})/\sqrt{\mathrm{var}}`, clipped to [-10, 10], in single precision."""
        s = checks.finite("s", s)
        if s.shape[-1:] != self.mean.shape:
            raise ValueError(f"s has shape {s.shape}, but (..., {len(self.mean)}) is expected.")
        z = (s - self.mean) / np.sqrt(self.var + 1e-8)
        return z.clip(-self.CLIP, self.CLIP).astype(np.float32)

    def __repr__(self) -> str:
        return f"RunningMoments(d={len(self.mean)}, count={self.count:.0f})"


class NormalisedObservations:
    """A vector environment whose observations are normalised by `RunningMoments`.

    Statement: `ppo_clip`. While it is ``learning``, every observation that an environment gives is taken
    into the moments first, those before the start of an episode too; otherwise the moments are frozen.
    It works with every autoreset mode.

    Raises:
        ValueError: the observations of ``envs`` are not vectors of the length of ``moments``, or ``learning``
            is neither True nor False.
        TypeError: ``envs`` is no vector environment, or ``moments`` are no `RunningMoments`.

    Example:
        >>> import gymnasium
        >>> envs, moments = gymnasium.make_vec("CartPole-v1", num_envs=2), RunningMoments(d=4)
        >>> s, _ = NormalisedObservations(envs, moments, learning=True).reset(seed=0)
        >>> np.abs(s).round(4).max(), moments
        (np.float32(1.0), RunningMoments(d=4, count=2))
    """

    def __init__(self, envs: Any, moments: RunningMoments, learning: bool) -> None:
        autoreset_mode(envs)
        if not isinstance(moments, RunningMoments):
            raise TypeError(f"moments must be RunningMoments, but it is {checks.kind(moments)}.")
        self.envs, self.moments = envs, moments
        self.learning = checks.truth("learning", learning)
        if getattr(self.single_observation_space, "shape", None) != moments.mean.shape:
            raise ValueError(
                "envs must have vectors as observations to be normalised, with as many entries as the "
                f"moments, {len(moments.mean)}, but they are in {self.single_observation_space}."
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.envs, name)

    def reset(self, *, options: Any = None, **arguments: Any) -> tuple[np.ndarray, Any]:
        """Begin anew, all environments or those of ``options["reset_mask"]``."""
        if options is not None and not isinstance(options, Mapping):
            raise TypeError(f"options must be a dict or None, but it is {checks.kind(options)}.")
        s, info = self.envs.reset(options=options, **arguments)
        begun = (options or {}).get("reset_mask", np.ones(len(s), bool))
        self._learn(s[begun])
        return self.moments.apply(s), info

    def step(self, a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Any]:
        """One step; the last observation of an episode that began anew in it is normalised, too."""
        s, r, terminated, truncated, info = self.envs.step(a)
        self._learn(s)
        if "final_obs" in info:
            final = np.full(len(s), None, dtype=object)
            for i in np.flatnonzero(terminated | truncated):
                final[i] = self.moments.apply(info["final_obs"][i])
            info = {**info, "final_obs": final}
        return self.moments.apply(s), r, terminated, truncated, info

    def _learn(self, s: np.ndarray) -> None:
        if self.learning:
            self.moments.update(s)
