"""Gradients, scores and Fisher products against automatic differentiation.

What is differentiated is written anew, from the definitions: the objective as a sum of
:math:`\\mu_0P_\\pi^hr_\\pi`, a divergence by `torch.distributions`, a network as a loop over its layers.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import torch

from oracles import worlds
from oracles.registry import Answer, oracle
from pgcompanion import exact, lqr, objectives
from pgcompanion.batches import Exact
from pgcompanion.policies import LinearSoftmax, NeuralGaussian, NeuralSoftmax, TabularSoftmax

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

MDP = worlds.mdp()
GAMMA = 0.9
Function = Callable[[torch.Tensor], torch.Tensor]


def derivative(f: Function, x: np.ndarray) -> np.ndarray:
    at = torch.tensor(x, requires_grad=True)
    (g,) = torch.autograd.grad(f(at), at)
    return g.numpy()


def objective(pi: torch.Tensor, gamma: float) -> torch.Tensor:
    """The expected discounted rewards, forwards from the first state; ``pi`` of each step."""
    P, r, d = map(torch.tensor, (MDP.P, MDP.r, MDP.mu0))
    J = torch.zeros(())
    for h in range(MDP.H):
        visits = d[:, None] * pi[h]
        J = J + gamma**h * (visits * r).sum()
        d = torch.einsum("sa,sat->t", visits, P)
    return J


def stationary(pi: torch.Tensor, gamma: float) -> torch.Tensor:
    return objective(pi.expand(MDP.H, *pi.shape), gamma)


def network(theta: torch.Tensor, x: torch.Tensor, widths: tuple[int, ...]) -> torch.Tensor:
    """Layers ``[W | b]`` one after the other, with tanh between them."""
    start = 0
    for layer, (n_in, n_out) in enumerate(pairwise(widths)):
        W = theta[start : start + n_out * (n_in + 1)].reshape(n_out, n_in + 1)
        start += W.numel()
        x = torch.nn.functional.linear(x if layer == 0 else torch.tanh(x), W[:, :-1], W[:, -1])
    return x


@oracle("gradient, softmax table, discounted", "torch autograd of the objective", 1e-12)
def _table(rng: np.random.Generator) -> Answer:
    policy = TabularSoftmax(MDP.S, MDP.A)
    theta = rng.normal(size=policy.p)
    v = exact.evaluate(MDP, policy.table(theta), GAMMA)
    without = policy.score_average(  # the mistake of leaving out the discount of the step
        theta, policy.states, np.einsum("hs,hsa->sa", v.d, v.A)
    )
    theirs = derivative(
        lambda x: stationary(torch.softmax(x.reshape(MDP.S, MDP.A), 1), GAMMA), theta
    )
    return Answer(exact.gradient(MDP, policy, theta, GAMMA), theirs, without)


@oracle("gradient, a softmax table for each step", "torch autograd of the objective", 1e-12)
def _table_of_steps(rng: np.random.Generator) -> Answer:
    policy = TabularSoftmax(MDP.S, MDP.A, H=MDP.H)
    theta = rng.normal(size=policy.p)
    ours = exact.gradient(MDP, policy, theta)
    theirs = derivative(
        lambda x: objective(torch.softmax(x.reshape(MDP.H, MDP.S, MDP.A), 2), 1.0), theta
    )
    return Answer(ours, theirs, ours.reshape(MDP.H, -1)[::-1].ravel())


@oracle("gradient, softmax with linear logits", "torch autograd of the objective", 1e-12)
def _linear(rng: np.random.Generator) -> Answer:
    policy = LinearSoftmax(rng.normal(size=(MDP.S, MDP.A, 4)))
    theta, phi = rng.normal(size=policy.p), torch.tensor(policy.features)
    theirs = derivative(lambda x: stationary(torch.softmax(phi @ x, 1), 1.0), theta)
    _, W = exact.visits_and_advantages(MDP, policy.table(theta))
    without = np.einsum("sa,sap->p", W, policy.features)  # not weighted by the policy
    return Answer(exact.gradient(MDP, policy, theta), theirs, without)


@oracle("gradient, softmax of a network", "torch autograd of the objective", 1e-11)
def _network(rng: np.random.Generator) -> Answer:
    x = rng.normal(size=(MDP.S, 3))
    policy = NeuralSoftmax(x, MDP.A, hidden=(5, 4))
    theta = rng.normal(size=policy.p)

    def J(at: torch.Tensor) -> torch.Tensor:
        logits = network(at, torch.tensor(x), (3, 5, 4, MDP.A))
        return stationary(torch.softmax(logits, 1), 1.0)

    ours = exact.gradient(MDP, policy, theta)
    return Answer(ours, derivative(J, theta), np.roll(ours, 1))


@oracle("gradient without a horizon", "JAX through a linear system", 1e-11)
def _infinite(rng: np.random.Generator) -> Answer:
    policy = TabularSoftmax(MDP.S, MDP.A)
    theta = rng.normal(size=policy.p)

    def J(x: jax.Array) -> jax.Array:
        pi = jax.nn.softmax(x.reshape(MDP.S, MDP.A))
        P = jnp.einsum("sa,sat->st", pi, MDP.P)
        V = jnp.linalg.solve(jnp.eye(MDP.S) - GAMMA * P, (pi * MDP.r).sum(1))
        return MDP.mu0 @ V

    ours = exact.infinite_horizon_gradient(MDP, policy, theta, GAMMA)[1]
    return Answer(ours, jax.grad(J)(theta), exact.gradient(MDP, policy, theta, GAMMA))


def divergence(policy: TabularSoftmax, theta: np.ndarray) -> Callable[[jax.Array], jax.Array]:
    """Of the trajectories, as a function of the second policy: their log-ratio has no dynamics."""
    d = exact.occupancies(MDP, policy.table(theta)).sum(axis=0)
    old = jax.nn.log_softmax(jnp.asarray(theta).reshape(MDP.S, MDP.A))

    def kl(x: jax.Array) -> jax.Array:
        new = jax.nn.log_softmax(x.reshape(MDP.S, MDP.A))
        return (d[:, None] * jnp.exp(old) * (old - new)).sum()

    return kl


@oracle("Fisher matrix of the trajectories", "JAX, Hessian of their divergence", 1e-12)
def _fisher(rng: np.random.Generator) -> Answer:
    policy = TabularSoftmax(MDP.S, MDP.A)
    theta = rng.normal(size=policy.p)
    F = exact.fisher(MDP, policy, theta)
    return Answer(F, jax.hessian(divergence(policy, theta))(theta), F / MDP.H)


@oracle("Fisher-vector product of an exact batch", "JAX, forward over reverse", 1e-12)
def _product(rng: np.random.Generator) -> Answer:
    policy = TabularSoftmax(MDP.S, MDP.A)
    theta, v = rng.normal(size=(2, policy.p))
    batch = Exact(MDP)(policy, theta)
    ours = objectives.fisher_product(policy, theta, batch, v)
    theirs = jax.jvp(jax.grad(divergence(policy, theta)), (theta,), (v,))[1]
    return Answer(ours, theirs, ours + 0.1 * v)


def gaussian(theta: torch.Tensor, x: torch.Tensor, n: int = 2) -> torch.distributions.Distribution:
    mean = network(theta[:-n], x, (3, 5, n))
    scale = torch.exp(theta[-n:]).expand_as(mean)
    return torch.distributions.Independent(torch.distributions.Normal(mean, scale), 1)


@oracle("Fisher-vector product, Gaussian network", "torch, Hessian of its KL times v", 1e-11)
def _gaussian_product(rng: np.random.Generator) -> Answer:
    policy, x, w = (
        NeuralGaussian(3, 2, hidden=(5,), sigma=None),
        rng.normal(size=(7, 3)),
        rng.random(7),
    )
    theta, v = rng.normal(size=(2, policy.p))
    states, old = torch.tensor(x), gaussian(torch.tensor(theta), torch.tensor(x))

    def kl(at: torch.Tensor) -> torch.Tensor:
        new = gaussian(at, states)
        return (torch.tensor(w) * torch.distributions.kl_divergence(old, new)).sum()

    ours = policy.fisher_product(theta, x, w, v)
    _, theirs = torch.autograd.functional.hvp(kl, torch.tensor(theta), torch.tensor(v))
    return Answer(ours, theirs, policy.fisher_product(theta, x, np.ones(7), v))


@oracle("score sum, Gaussian network", "torch autograd of its log_prob", 1e-11)
def _score(rng: np.random.Generator) -> Answer:
    policy, x = NeuralGaussian(3, 2, hidden=(5,), sigma=None), rng.normal(size=(7, 3))
    theta, a, w = rng.normal(size=policy.p), rng.normal(size=(7, 2)), rng.normal(size=7)

    def f(at: torch.Tensor) -> torch.Tensor:
        return (torch.tensor(w) * gaussian(at, torch.tensor(x)).log_prob(torch.tensor(a))).sum()

    wrong = policy.score_sum(theta, x, -a, w)
    return Answer(policy.score_sum(theta, x, a, w), derivative(f, theta), wrong)


@oracle("gradient of the clipped objective", "torch autograd of min and clamp", 1e-12)
def _clip(rng: np.random.Generator) -> Answer:
    policy = TabularSoftmax(MDP.S, MDP.A)
    theta_k, step = rng.normal(size=(2, policy.p))
    theta, batch = theta_k + 0.3 * step, Exact(MDP)(policy, theta_k)
    w, A, old = map(torch.tensor, (batch.w, batch.A, batch.log_prob))

    def f(x: torch.Tensor) -> torch.Tensor:
        new = torch.log_softmax(x.reshape(MDP.S, MDP.A), 1)[batch.s, batch.a]
        u = torch.exp(new - old)
        return (w * torch.minimum(u * A, torch.clamp(u, 0.8, 1.2) * A)).sum()

    ours = objectives.clip_gradient(policy, theta, batch, eps=0.2)
    return Answer(ours, derivative(f, theta), objectives.surrogate_gradient(policy, theta, batch))


@oracle("LQR: gradients of the gain and of log sigma", "torch autograd of the moments' sum", 1e-11)
def _lqr(rng: np.random.Generator) -> Answer:
    world = worlds.lqr()
    Theta, sigma = 0.2 * rng.normal(size=(world.m, world.n)), np.array([0.3, 0.8])
    A, B, Q, R, W = map(torch.tensor, (world.A, world.B, world.Q, world.R, world.W))

    def J(x: torch.Tensor) -> torch.Tensor:
        """Forwards: what the states and the actions of each step cost on average."""
        K, noise = x[: Theta.size].reshape(Theta.shape), torch.diag(torch.exp(2 * x[Theta.size :]))
        M, cost = torch.tensor(world.M0), torch.zeros(())
        for _ in range(world.H):
            actions = K @ M @ K.T + noise
            cost = cost + torch.trace(Q @ M) + torch.trace(R @ actions)
            M = (A + B @ K) @ M @ (A + B @ K).T + W + B @ noise @ B.T
        return -cost

    theirs = derivative(J, np.concatenate([Theta.ravel(), np.log(sigma)]))
    of_sigma = lqr.log_sigma_gradient(world, Theta, sigma)
    ours, quiet = (
        np.concatenate([lqr.gradient(world, Theta, noise).ravel(), of_sigma])
        for noise in (sigma, 0.0)
    )
    return Answer(ours, theirs, quiet)
