"""The exact gradient of a softmax table in JAX, compiled from the hand-derived recursion, and by PyTorch's autograd.

Answers each line ``name calls`` of the standard input with the CPU seconds of that many calls and the
gradient itself, one JSON line.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from time import process_time

# Before JAX is imported: it reads this once.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)


def in_jax(P: np.ndarray, r: np.ndarray, mu0: np.ndarray, H: int) -> Callable[..., np.ndarray]:
    P, r, mu0 = jnp.asarray(P), jnp.asarray(r), jnp.asarray(mu0)

    @jax.jit
    def gradient(theta: jax.Array) -> jax.Array:
        pi = jax.nn.softmax(theta.reshape(r.shape))
        P_pi = jnp.einsum("sa,sat->st", pi, P)
        r_pi = (pi * r).sum(axis=1)
        _, d = jax.lax.scan(lambda d, _: (d @ P_pi, d), mu0, length=H)
        _, V = jax.lax.scan(lambda V, _: (r_pi + P_pi @ V, V), jnp.zeros_like(mu0), length=H)
        pairs = d.T @ V[::-1]  # sum over h of d_h(s) V_{h+1}(t)
        Q = jnp.einsum("sat,st->sa", P, pairs) + d.sum(axis=0)[:, None] * r
        return (pi * (Q - (pi * Q).sum(axis=1, keepdims=True))).ravel()

    return lambda theta: np.asarray(gradient(theta))


def in_torch(P: np.ndarray, r: np.ndarray, mu0: np.ndarray, H: int) -> Callable[..., np.ndarray]:
    P, r, mu0 = map(torch.tensor, (P, r, mu0))

    def gradient(theta: np.ndarray) -> np.ndarray:
        x = torch.tensor(theta, requires_grad=True)
        pi = torch.softmax(x.reshape(r.shape), dim=1)
        P_pi, r_pi = torch.einsum("sa,sat->st", pi, P), (pi * r).sum(dim=1)
        V = torch.zeros_like(mu0)
        for _ in range(H):
            V = r_pi + P_pi @ V
        (mu0 @ V).backward()
        return x.grad.numpy()

    return gradient


if __name__ == "__main__":
    with np.load(sys.argv[1]) as given:
        mdp, theta = (given["P"], given["r"], given["mu0"], int(given["H"])), given["theta"]
    gradients = {"jax": in_jax(*mdp), "torch": in_torch(*mdp)}
    for line in sys.stdin:
        name, calls = line.split()
        start = process_time()
        for _ in range(int(calls)):
            g = gradients[name](theta)
        print(json.dumps({"seconds": process_time() - start, "g": g.tolist()}), flush=True)
