"""A trained policy: its parameters, and how they were found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.batches.rollouts import autoreset_mode
from pgcompanion.policies import Policy
from pgcompanion.training.observations import NormalisedObservations, RunningMoments
from pgcompanion.training.settings import Settings
from pgcompanion.training.settings import checked as _settings


@dataclass(eq=False, repr=False)
class Run:
    """A policy with its parameters, and the curve along which `train` came to them.

    Statement: `ppo_clip`. ``Run(policy, theta)`` makes one of any policy, to be evaluated, drawn or saved.

    Args:
        policy: the policy.
        theta: its parameters, shape ``(p,)``.
        settings: how it was trained.
        steps: environment steps after each update, shape ``(k,)``.
        J: mean return of the last 100 episodes finished by then, NaN before the first, shape ``(k,)``.
        moments: mean and variance of the observations, where they were normalised.

    Raises:
        TypeError: ``policy`` is no policy, ``settings`` are no `Settings`, or ``moments`` no `RunningMoments`.
        ValueError: ``theta`` is not ``p`` finite numbers, or ``steps`` and ``J`` differ in length.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> Run(TabularSoftmax(16, 4), np.zeros(64))
        Run(TabularSoftmax(S=16, A=4), k=0, steps=0, J=None)
    """

    policy: Policy
    theta: np.ndarray
    settings: Settings | None = None
    steps: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    J: np.ndarray = field(default_factory=lambda: np.zeros(0))
    moments: RunningMoments | None = None

    def __post_init__(self) -> None:
        p = checks.policy(self.policy, "sample").p
        self.theta = checks.parameters(self.theta, p)
        self.steps = checks.finite("steps", self.steps, (None,))
        if self.settings is not None:
            _settings(self.settings)
        if self.moments is not None and not isinstance(self.moments, RunningMoments):
            raise TypeError(
                f"moments must be RunningMoments, but it is {checks.kind(self.moments)}."
            )
        self.J = checks.shaped("J", self.J, self.steps.shape)

    @property
    def k(self) -> int:
        """Number of updates."""
        return len(self.J)

    def sample(self, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Actions of the policy for observations ``s (n, ...)`` as the environment gives them."""
        s = s if self.moments is None else self.moments.apply(s)
        return np.asarray(self.policy.sample(self.theta, s, checks.generator(rng)))

    def seen_by(self, envs: Any) -> Any:
        """The vector environment ``envs`` as this policy sees it: its observations normalised, or not."""
        autoreset_mode(envs)
        if self.moments is None:
            return envs
        return NormalisedObservations(envs, self.moments, learning=False)

    def __repr__(self) -> str:
        steps = int(self.steps[-1]) if self.k else 0
        J = f"{self.J[-1]:.6g}" if self.k and not np.isnan(self.J[-1]) else "None"
        return f"Run({self.policy!r}, k={self.k}, steps={steps}, J={J})"


def checked(run: Run) -> Run:
    """Return ``run`` after checking that it is one."""
    if not isinstance(run, Run):
        raise TypeError(
            "run must be a Run, as train(...) returns it or Run(policy, theta) makes it, but it is of "
            f"type {type(run).__name__}."
        )
    return run
