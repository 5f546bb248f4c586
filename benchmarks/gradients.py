"""The exact gradient beside its matrix products alone, and the gradient from sampled
trajectories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import pgcompanion as pg
from benchmarks import timing
from benchmarks.peer import Peer
from pgcompanion import exact, objectives, steps
from pgcompanion.estimators import policy_gradient, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax
from pgcompanion.trajectories import sample

S, A, H = 100, 4, 100
N = 100_000
BLOCK = 4


def tables(peers: bool = False) -> Iterator[str]:
    rng = np.random.default_rng(0)
    mdp = MDP(rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A)), np.ones(S) / S, H)
    policy = TabularSoftmax(S, A)
    theta = rng.normal(size=policy.p)
    yield exact_gradient(mdp, policy, theta)
    if peers:
        yield against_peers(mdp, policy, theta)
    yield monte_carlo_gradient(mdp, policy, theta, rng)
    yield with_and_without_a_matrix(mdp, rng)


def exact_gradient(mdp: MDP, policy: TabularSoftmax, theta: np.ndarray) -> str:
    seconds = timing.medians(
        {
            "its matrix products alone": matrix_products(mdp, policy.table(theta)),
            "exact.gradient": lambda: exact.gradient(mdp, policy, theta),
        }
    )
    products, _ = seconds.values()
    return timing.table(
        f"Exact gradient, S = {S}, A = {A}, H = {H}, dense P",
        ["", "µs", "times the products"],
        [[name, f"{t * 1e6:.0f}", f"{t / products:.2f}"] for name, t in seconds.items()],
    )


def matrix_products(mdp: MDP, pi: np.ndarray) -> Callable[[], None]:
    """The products that an exact gradient cannot do without, into arrays that are already there.

    The chain of the policy; the states forwards and the rewards backwards through ``H`` steps, four
    at a time (the fourth power of the chain makes that cheaper than one at a time); the sum over
    the steps of occupancy times value; its contraction with ``P``. No softmax, no check, no sum, no
    copy.
    """
    P_pi, square, fourth, pairs = np.empty((4, S, S))
    d, V = np.empty((2, H, S))
    d[:BLOCK], V[:BLOCK] = mdp.mu0, 1.0
    Q = np.empty((S, A, 1))

    def run() -> None:
        np.matmul(pi[:, None, :], mdp.P, out=P_pi[:, None, :])
        np.dot(P_pi, P_pi, out=square)
        np.dot(square, square, out=fourth)
        for h in range(BLOCK, H, BLOCK):
            np.dot(d[h - BLOCK : h], fourth, out=d[h : h + BLOCK])
            np.dot(V[h - BLOCK : h], fourth.T, out=V[h : h + BLOCK])
        np.dot(d.T, V, out=pairs)
        np.matmul(mdp.P, pairs[:, :, None], out=Q)

    return run


def against_peers(mdp: MDP, policy: TabularSoftmax, theta: np.ndarray) -> str:
    """JAX with the same recursion, compiled, and PyTorch's autograd; all three must agree."""
    with TemporaryDirectory() as folder:
        given = Path(folder) / "mdp.npz"
        np.savez(given, P=mdp.P, r=mdp.r, mu0=mdp.mu0, H=mdp.H, theta=theta)
        with Peer("exact_gradient.py", given) as ask:
            for name in ("jax", "torch"):
                np.testing.assert_allclose(
                    ask(name, 1)["g"], exact.gradient(mdp, policy, theta), rtol=1e-8, atol=1e-12
                )
            seconds = timing.in_turns(
                {
                    "exact.gradient": timing.clock(lambda: exact.gradient(mdp, policy, theta)),
                    "JAX, jit of the recursion": lambda n: float(ask("jax", n)["seconds"]),
                    "PyTorch, autograd": lambda n: float(ask("torch", n)["seconds"]),
                }
            )
    ours = seconds["exact.gradient"]
    return timing.table(
        "The same against others, double precision",
        ["", "µs", "times ours"],
        [[name, f"{t * 1e6:.0f}", f"{t / ours:.2f}"] for name, t in seconds.items()],
    )


def monte_carlo_gradient(
    mdp: MDP, policy: TabularSoftmax, theta: np.ndarray, rng: np.random.Generator
) -> str:
    pi = policy.table(theta)
    tau = sample(mdp, pi, N, rng)
    psi = reward_to_go(tau.r)

    def gradient() -> np.ndarray:
        tau = sample(mdp, pi, N, rng)
        return policy_gradient(policy, theta, tau, reward_to_go(tau.r))

    seconds = timing.medians(
        {
            "the gradient": gradient,
            "of which sampling": lambda: sample(mdp, pi, N, rng),
            "of which reward-to-go": lambda: reward_to_go(tau.r),
            "of which scores": lambda: policy_gradient(policy, theta, tau, psi),
        }
    )
    whole = seconds["the gradient"]
    return timing.table(
        f"Gradient from {N:,} trajectories, S = {S}, A = {A}, H = {H}",
        ["", "ms", "share", "ns a step"],
        [
            [name, f"{t * 1e3:.0f}", f"{t / whole:.2f}", f"{t / N / H * 1e9:.1f}"]
            for name, t in seconds.items()
        ],
    )


def with_and_without_a_matrix(mdp: MDP, rng: np.random.Generator) -> str:
    """The natural gradient from the Fisher matrix, and twenty Fisher products, as p grows."""
    rows = []
    for p in (50, 100, 200, 400):
        policy = LinearSoftmax(rng.normal(size=(mdp.S, mdp.A, p)) / np.sqrt(p))
        seconds = timing.medians(natural_gradients(mdp, policy))
        rows.append([str(p), *(f"{t * 1e3:.1f}" for t in seconds.values())])
    return timing.table(
        f"Natural gradient of a linear softmax policy, S = {S}, A = {A}, H = {H}",
        ["p", "ms: matrix and its solution", "ms: 20 products"],
        rows,
    )


def natural_gradients(mdp: MDP, policy: LinearSoftmax) -> dict[str, Callable[[], object]]:
    """What is measured of one policy, at the uniform one."""
    theta = np.zeros(policy.p)
    batch = pg.Exact(mdp)(policy, theta)
    g = objectives.gradient(policy, theta, batch)

    def matrix() -> None:
        steps.minimum_norm_solution(objectives.fisher(policy, theta, batch), g)

    def products() -> None:
        for _ in range(20):
            objectives.fisher_product(policy, theta, batch, g)

    return {"matrix": matrix, "products": products}
