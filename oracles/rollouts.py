"""Generalized advantages against Stable-Baselines3's buffer and CleanRL's loop, on the same rollout."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from stable_baselines3.common.buffers import RolloutBuffer

from oracles.registry import Answer, oracle
from pgcompanion.estimators import gae_steps

T, N, GAMMA, LAM = 200, 4, 0.97, 0.9
RNG = np.random.default_rng(3)

# Values and rewards that single precision holds exactly, since both libraries compute in it.
R, V = RNG.normal(size=(2, T + 1, N)).astype(np.float32).astype(float)
DONE = RNG.random((T, N)) < 0.1  # whether the episode ended with the step
TERMINATED = DONE & (RNG.random((T, N)) < 0.5)
V_LAST = RNG.normal(size=(T, N)).astype(np.float32).astype(float)  # where it was cut off


def ours(done: np.ndarray, terminated: np.ndarray) -> np.ndarray:
    V_next = np.where(done, V_LAST, V[1:])
    return gae_steps(R[:T], V[:T], np.where(terminated, 0.0, V_next), done, GAMMA, LAM)


@oracle("GAE, terminated and truncated episodes", "Stable-Baselines3 RolloutBuffer", 1e-5)
def _sb3(_: np.random.Generator) -> Answer:
    buffer = RolloutBuffer(T, Box(-1, 1, (1,)), Discrete(2), "cpu", LAM, GAMMA, N)
    starts = np.vstack([np.ones((1, N), bool), DONE[:-1]])
    for t in range(T):
        # A value that was cut off is added to the reward, as its on-policy loop does it.
        reward = R[t] + GAMMA * V_LAST[t] * (DONE[t] & ~TERMINATED[t])
        zeros = np.zeros((N, 1))
        value = torch.tensor(V[t], dtype=torch.float32)
        buffer.add(zeros, zeros, reward, starts[t], value, torch.zeros(N))
    buffer.compute_returns_and_advantage(torch.tensor(V[T], dtype=torch.float32), DONE[-1])
    slip = ours(DONE, DONE)  # a truncation counted as a termination
    return Answer(ours(DONE, TERMINATED), buffer.advantages, slip)


def cleanrl(
    rewards: torch.Tensor,
    values: torch.Tensor,
    dones: torch.Tensor,
    next_value: torch.Tensor,
    next_done: torch.Tensor,
) -> torch.Tensor:
    """The loop of CleanRL's ``ppo.py`` (MIT licence; Huang et al. 2022, JMLR 23(274)), with its names.

    ``dones[t]`` says that step ``t`` is the first of an episode; a truncation counts as an end.
    """
    advantages = torch.zeros_like(rewards)
    lastgaelam: torch.Tensor | float = 0
    for t in reversed(range(T)):
        if t == T - 1:
            nextnonterminal = 1.0 - next_done
            nextvalues = next_value
        else:
            nextnonterminal = 1.0 - dones[t + 1]
            nextvalues = values[t + 1]
        delta = rewards[t] + GAMMA * nextvalues * nextnonterminal - values[t]
        advantages[t] = lastgaelam = delta + GAMMA * LAM * nextnonterminal * lastgaelam
    return advantages


@oracle("GAE, terminated episodes", "CleanRL's loop", 1e-12)
def _cleanrl(_: np.random.Generator) -> Answer:
    starts = torch.tensor(np.vstack([np.ones((1, N)), DONE[:-1]]))
    r, values = torch.tensor(R[:T]), torch.tensor(V)
    theirs = cleanrl(r, values[:T], starts, values[T], torch.tensor(DONE[-1].astype(float)))
    late = np.vstack([np.zeros((1, N), bool), DONE[:-1]])  # the flags a step too late
    return Answer(ours(DONE, DONE), theirs, ours(late, late))
