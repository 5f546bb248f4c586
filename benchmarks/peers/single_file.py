"""PPO in one file of PyTorch, in the manner of CleanRL: its defaults, and our settings.

Written from the published algorithm (Schulman et al. 2017) and the list of details in Huang et al.
(2022), "The 37 implementation details of proximal policy optimization": separate tanh networks with
orthogonal weights, generalized advantages, normalised in each minibatch, clipped value loss, entropy
bonus, gradient norm clipped at 0.5, Adam with eps 1e-5, step size that falls linearly to 0; returns of
the episodes and divergence and clipped fraction of every minibatch kept for the log.

With our settings all that falls away which our run does without: it has Gymnasium's own vectorised
CartPole, advantages normalised over the whole batch, no gradient clipping and no log. What is left is
the loop of this file: one pass over minibatches for policy and critic together, where ours has two.
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
    adam_eps: float = 1e-5
    gamma: float = 0.99
    lam: float = 0.95
    minibatch: int = 128
    epochs: int = 4
    eps: float = 0.2
    clip_value: bool = True
    entropy: float = 0.01
    value: float = 0.5
    max_norm: float | None = 0.5
    vectorised: bool = False  # Gymnasium's own vectorised CartPole, or environments one by one
    normalise_minibatch: bool = True  # or the whole batch
    keep_adam: bool = True  # or begin anew in each update
    anneal_critic: bool = True
    log: bool = True


def ours(given: dict[str, Any]) -> Settings:
    """The settings of a task of this package, by their names here."""
    shared = ("eta", "adam_eps", "gamma", "lam", "minibatch", "epochs", "eps", "keep_adam")
    return Settings(
        n=given["num_envs"],
        steps=given["steps"],
        budget=given["updates"] * given["num_envs"] * given["steps"],
        clip_value=False,
        entropy=given["bonus"],
        max_norm=given["max_norm"],
        vectorised=True,
        normalise_minibatch=False,
        anneal_critic=given["value_anneal"],
        log=False,
        **{name: given[name] for name in shared},
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


def environments(c: Settings) -> gymnasium.vector.VectorEnv:
    """Gymnasium's vectorised CartPole, which spends a step on starting anew; or ``n`` single ones."""
    if c.vectorised:
        return gymnasium.make_vec("CartPole-v1", num_envs=c.n)
    return gymnasium.make_vec(
        "CartPole-v1",
        num_envs=c.n,
        vectorization_mode="sync",
        wrappers=[gymnasium.wrappers.RecordEpisodeStatistics],
        vector_kwargs={"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP},
    )


def normalised(x: torch.Tensor) -> torch.Tensor:
    return (x - x.mean()) / (x.std() + 1e-8)


def run(c: Settings, seed: int, referee: Referee) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    envs = environments(c)
    actor, critic = network(2, 0.01), network(1, 1.0)
    parameters = [*actor.parameters(), *critic.parameters()]

    def new_adam() -> torch.optim.Adam:
        groups = [{"params": actor.parameters()}, {"params": critic.parameters()}]
        return torch.optim.Adam(groups, lr=c.eta, eps=c.adam_eps)

    adam, batch = new_adam(), c.n * c.steps
    s = torch.zeros((c.steps, c.n, 4))
    a, log_pi, r, goes_on, future, taken, v = torch.zeros((7, c.steps, c.n))
    s_next = torch.tensor(envs.reset(seed=seed)[0])
    live = torch.ones(c.n)

    def act(observations: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return Categorical(logits=actor(torch.tensor(observations))).sample().numpy()

    log: list[tuple[float, float]] = []
    for k in range(c.budget // batch):
        adam = adam if c.keep_adam else new_adam()
        adam.param_groups[0]["lr"] = c.eta * (1 - k * batch / c.budget)
        if c.anneal_critic:
            adam.param_groups[1]["lr"] = adam.param_groups[0]["lr"]
        for h in range(c.steps):
            s[h], taken[h] = s_next, live
            with torch.no_grad():
                pi = Categorical(logits=actor(s_next))
                a[h] = pi.sample()
                log_pi[h], v[h] = pi.log_prob(a[h]), critic(s_next).squeeze(1)
            after, reward, terminated, truncated, _ = envs.step(a[h].long().numpy())
            done = torch.tensor(terminated | truncated).float()
            # An environment that spends a step on starting anew shows the last observation first.
            over = torch.tensor(terminated).float() if c.vectorised else done
            r[h], goes_on[h], future[h] = torch.tensor(reward), 1 - done, 1 - over
            s_next, live = torch.tensor(after), 1 - done if c.vectorised else torch.ones(c.n)
        with torch.no_grad():
            advantage, carried = torch.zeros_like(r), torch.zeros(c.n)
            v_next = critic(s_next).squeeze(1)
            for h in reversed(range(c.steps)):
                residual = r[h] + c.gamma * v_next * future[h] - v[h]
                carried = residual + c.gamma * c.lam * goes_on[h] * taken[h] * carried
                advantage[h], v_next = carried, v[h]
        rows = taken.reshape(-1).nonzero().squeeze(1)
        b_s, b_a, b_log_pi = s.reshape(-1, 4)[rows], a.reshape(-1)[rows], log_pi.reshape(-1)[rows]
        b_advantage, b_v = advantage.reshape(-1)[rows], v.reshape(-1)[rows]
        target = b_advantage + b_v
        if not c.normalise_minibatch:
            b_advantage = normalised(b_advantage)
        for _ in range(c.epochs):
            for i in torch.randperm(len(rows)).split(c.minibatch):
                pi, value = Categorical(logits=actor(b_s[i])), critic(b_s[i]).squeeze(1)
                log_u = pi.log_prob(b_a[i]) - b_log_pi[i]
                u = log_u.exp()
                if c.log:
                    with torch.no_grad():
                        kl = ((u - 1) - log_u).mean()
                        clipped = ((u - 1).abs() > c.eps).float().mean()
                        log.append((kl.item(), clipped.item()))
                psi = normalised(b_advantage[i]) if c.normalise_minibatch else b_advantage[i]
                gain = torch.min(u * psi, u.clamp(1 - c.eps, 1 + c.eps) * psi).mean()
                error = (value - target[i]) ** 2
                if c.clip_value:
                    near = b_v[i] + (value - b_v[i]).clamp(-c.eps, c.eps)
                    error = torch.max(error, (near - target[i]) ** 2)
                loss = -gain + c.value * 0.5 * error.mean()
                if c.entropy:
                    loss = loss - c.entropy * pi.entropy().mean()
                adam.zero_grad()
                loss.backward()
                if c.max_norm is not None:
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
