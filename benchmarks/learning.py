"""Learning on an 8x8 gridworld until 99% of the optimum, and what one natural step costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

from benchmarks import timing
from pgcompanion import exact
from pgcompanion.algorithms import Iterate, npg, ppo, reinforce
from pgcompanion.batches import Exact, Sampled
from pgcompanion.gridworld import GridWorld
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import natural_step, npg_step

MAP = """
S.......
........
..###...
....#...
....#...
..###...
........
.......G
"""
H = 50
SEEDS = range(20)

Run = Callable[[MDP, TabularSoftmax, np.ndarray, int], Iterator[Iterate]]

EXACT: dict[str, Run] = {
    "exact NPG": lambda mdp, policy, theta, seed: npg(Exact(mdp), policy, theta, eta=10.0),
    "exact PPO": lambda mdp, policy, theta, seed: ppo(
        Exact(mdp), policy, theta, lam=0.1, solver="exact"
    ),
}
SAMPLED: dict[str, Run] = {
    "NPG, 512 trajectories an iteration": lambda mdp, policy, theta, seed: npg(
        sampled(mdp, 512, seed), policy, theta, delta=3.0, damping=1e-3
    ),
    "PPO, 256 trajectories an iteration": lambda mdp, policy, theta, seed: ppo(
        sampled(mdp, 256, seed), policy, theta, lam=0.1, eta=0.3, epochs=4
    ),
}


def sampled(mdp: MDP, N: int, seed: int) -> Sampled:
    """The advantages are rewards-to-go less the mean of the other trajectories."""
    return Sampled(mdp, N=N, rng=np.random.default_rng(seed))


def tables() -> Iterator[str]:
    mdp = GridWorld(MAP).mdp(H)
    policy = TabularSoftmax(mdp.S, mdp.A)
    yield until_good(mdp, policy)
    yield iterations(mdp, policy)
    yield steps()


def until_good(mdp: MDP, policy: TabularSoftmax) -> str:
    """Every run is timed whole; the objective that ends it is exact, and in the price."""
    goal = 0.99 * exact.optimal(mdp)[1].J
    cases = {
        name: lambda name=name: [run_until(name, mdp, policy, goal, seed) for seed in SEEDS]
        for name in EXACT | SAMPLED
    }
    K = {name: case() for name, case in cases.items()}
    seconds = timing.medians(cases)
    return timing.table(
        f"An 8x8 gridworld, H = {H}, to 99% of the optimum from {len(SEEDS)} seeds",
        ["", "seeds", "iterations, mean", "ms"],
        [
            [
                name,
                f"{sum(k is not None for k in K[name])}/{len(SEEDS)}",
                f"{np.mean([k for k in K[name] if k is not None]):.1f}",
                f"{t / len(SEEDS) * 1e3:.2f}",
            ]
            for name, t in seconds.items()
        ],
    )


def run_until(name: str, mdp: MDP, policy: TabularSoftmax, goal: float, seed: int) -> int | None:
    """The first iteration whose exact objective is good enough, of at most 200."""

    def J(it: Iterate) -> float | None:
        # The objective of a sampled batch is the mean return of its trajectories.
        return it.J if name in EXACT else exact.evaluate(mdp, policy.table(it.theta)).J

    its = islice((EXACT | SAMPLED)[name](mdp, policy, np.zeros(policy.p), seed), 201)
    return next((it.k for it in its if goal <= J(it)), None)


def iterations(mdp: MDP, policy: TabularSoftmax) -> str:
    def ascent() -> None:
        for it in reinforce(Exact(mdp), policy, np.zeros(policy.p), eta=1.0, K=100):
            assert np.isfinite([it.J, it.kl, it.grad_norm]).all()

    (t,) = timing.medians({"": ascent}).values()
    return timing.table(
        "Gradient ascent on the same gridworld",
        ["", "ms"],
        [["100 exact iterations, with J, KL and gradient norm of each", f"{t * 1e3:.1f}"]],
    )


def steps(S: int = 100, A: int = 4) -> str:
    """One natural step with 400 parameters, the batch given."""
    rng = np.random.default_rng(0)
    P, r = rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A))
    mdp, policy = MDP(P, r, np.ones(S) / S, H=100), TabularSoftmax(S, A)
    theta = rng.normal(size=policy.p)
    batch = Exact(mdp)(policy, theta)
    g, F = exact.gradient(mdp, policy, theta), exact.fisher(mdp, policy, theta)
    seconds = timing.medians(
        {
            "tabular closed form": lambda: natural_step(policy, theta, batch, delta=0.01),
            "from the matrix F": lambda: npg_step(g, F, delta=0.01),
        }
    )
    return timing.table(
        f"An exact natural step, p = {policy.p}",
        ["", "ms"],
        [[name, f"{t * 1e3:.3f}"] for name, t in seconds.items()],
    )
