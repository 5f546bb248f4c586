"""PPO in one file of PyTorch, in the manner of CleanRL: its defaults, and our settings.

Written from the published algorithm (Schulman et al. 2017) and the list of details in Huang et al.
(2022), "The 37 implementation details of proximal policy optimization": separate tanh networks with
orthogonal weights, generalized advantages, normalised in each minibatch, clipped value loss, entropy
bonus, gradient norm clipped at 0.5, Adam with eps 1e-5, step size that falls linearly to 0; returns of
the episodes and divergence and clipped fraction of every minibatch kept for the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from referee import Referee, serve, task
from torch import nn
from torch.distributions import Categorical


@dataclass
class Settings:
    n: int = 4
    steps: int = 128
    budget: int = 500_000
    eta: float = 2.5e-4
    anneal: bool = True
    gamma: float = 0.99
    lam: float = 0.95
    minibatch: int = 128
    epochs: int = 4
    eps: float = 0.2
    clip_value: bool = True
    entropy: float = 0.01
    value: float = 0.5
    max_norm: float = 0.5


def ours(given: dict[str, Any]) -> Settings:
    """The settings of a task of this package, by their names here."""
    batch = given["num_envs"] * given["H"]
    shared = {name: given[name] for name in ("eta", "gamma", "lam", "minibatch", "epochs", "eps")}
    return Settings(
        n=given["num_envs"],
        steps=given["H"],
        budget=given["K"] * batch,
        clip_value=False,
        entropy=0.0,
        **shared,
    )


def layer(n_in: int, n_out: int, gain: float = 2**0.5) -> nn.Linear:
    linear = nn.Linear(n_in, n_out)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


def network(outputs: int, gain: float) -> nn.Sequential:
    return nn.Sequential(
        layer(4, 64), nn.Tanh(), layer(64, 64), nn.Tanh(), layer(64, outputs, gain)
    )


def run(c: Settings, seed: int, referee: Referee) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    envs = gymnasium.make_vec(
        "CartPole-v1",
        num_envs=c.n,
        vectorization_mode="sync",
        wrappers=[gymnasium.wrappers.RecordEpisodeStatistics],
        vector_kwargs={"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP},
    )
    actor, critic = network(2, 0.01), network(1, 1.0)
    parameters = [*actor.parameters(), *critic.parameters()]
    adam = torch.optim.Adam(parameters, lr=c.eta, eps=1e-5)
    batch = c.n * c.steps
    s = torch.zeros((c.steps, c.n, 4))
    a, log_pi, r, done, v = torch.zeros((5, c.steps, c.n))
    s_next = torch.tensor(envs.reset(seed=seed)[0])
    done_next = torch.zeros(c.n)

    def act(observations: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return Categorical(logits=actor(torch.tensor(observations))).sample().numpy()

    log: list[tuple[float, float]] = []
    for k in range(c.budget // batch):
        if c.anneal:
            adam.param_groups[0]["lr"] = c.eta * (1 - k * batch / c.budget)
        for h in range(c.steps):
            s[h], done[h] = s_next, done_next
            with torch.no_grad():
                pi = Categorical(logits=actor(s_next))
                a[h] = pi.sample()
                log_pi[h], v[h] = pi.log_prob(a[h]), critic(s_next).squeeze(1)
            after, reward, terminated, truncated, _ = envs.step(a[h].long().numpy())
            r[h] = torch.tensor(reward)
            s_next, done_next = torch.tensor(after), torch.tensor(terminated | truncated).float()
        with torch.no_grad():
            advantage, carried = torch.zeros_like(r), torch.zeros(c.n)
            v_next, goes_on = critic(s_next).squeeze(1), 1 - done_next
            for h in reversed(range(c.steps)):
                surprise = r[h] + c.gamma * v_next * goes_on - v[h]
                advantage[h] = carried = surprise + c.gamma * c.lam * goes_on * carried
                v_next, goes_on = v[h], 1 - done[h]
        b_s, b_a, b_log_pi = s.reshape(-1, 4), a.reshape(-1), log_pi.reshape(-1)
        b_advantage, b_v = advantage.reshape(-1), v.reshape(-1)
        target = b_advantage + b_v
        for _ in range(c.epochs):
            for i in torch.randperm(batch).split(c.minibatch):
                pi, value = Categorical(logits=actor(b_s[i])), critic(b_s[i]).squeeze(1)
                log_u = pi.log_prob(b_a[i]) - b_log_pi[i]
                u = log_u.exp()
                with torch.no_grad():
                    kl = ((u - 1) - log_u).mean()
                    clipped = ((u - 1).abs() > c.eps).float().mean()
                    log.append((kl.item(), clipped.item()))
                psi = b_advantage[i]
                psi = (psi - psi.mean()) / (psi.std() + 1e-8)
                gain = torch.min(u * psi, u.clamp(1 - c.eps, 1 + c.eps) * psi).mean()
                error = (value - target[i]) ** 2
                if c.clip_value:
                    near = b_v[i] + (value - b_v[i]).clamp(-c.eps, c.eps)
                    error = torch.max(error, (near - target[i]) ** 2)
                loss = -gain - c.entropy * pi.entropy().mean() + c.value * 0.5 * error.mean()
                adam.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, c.max_norm)
                adam.step()
        if referee.look((k + 1) * batch, act):
            return


if __name__ == "__main__":
    same = ours(task())
    serve(
        {
            "own": lambda seed, referee: run(Settings(), seed, referee),
            "same": lambda seed, referee: run(same, seed, referee),
        }
    )
