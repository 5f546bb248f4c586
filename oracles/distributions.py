"""Divergences, entropies and log-densities against `torch.distributions`."""

from __future__ import annotations

import numpy as np
import torch
from torch import distributions as td

from oracles.registry import Answer, oracle
from pgcompanion import divergences
from pgcompanion.policies import NeuralGaussian, TabularSoftmax, squashed_gaussian_log_prob


def categorical(theta: np.ndarray, shape: tuple[int, int]) -> td.Categorical:
    return td.Categorical(logits=torch.tensor(theta.reshape(shape)))


def normal(mean: np.ndarray, sigma: np.ndarray) -> td.Independent:
    mean = torch.tensor(mean)
    return td.Independent(td.Normal(mean, torch.tensor(sigma).expand_as(mean)), 1)


@oracle("KL of two tables", "torch.distributions Categorical", 1e-13)
def _kl(rng: np.random.Generator) -> Answer:
    p, q = rng.dirichlet(np.ones(5), size=(2, 9))
    theirs = td.kl_divergence(*(td.Categorical(probs=torch.tensor(x)) for x in (p, q)))
    kl = divergences.kl_divergence
    return Answer(kl(p, q), theirs, kl(q, p))


@oracle("KL of softmax tables, logits to 300", "torch.distributions Categorical", 1e-12)
def _softmax_kl(rng: np.random.Generator) -> Answer:
    policy, states = TabularSoftmax(9, 5), np.arange(9)
    old, new = 100 * rng.normal(size=(2, policy.p))
    theirs = td.kl_divergence(categorical(old, (9, 5)), categorical(new, (9, 5)))
    return Answer(policy.kl(old, new, states), theirs, policy.kl(new, old, states))


@oracle("entropy of a softmax table", "torch.distributions Categorical", 1e-13)
def _entropy(rng: np.random.Generator) -> Answer:
    policy = TabularSoftmax(9, 5)
    theta = 3 * rng.normal(size=policy.p)
    ours = policy.entropy(theta, np.arange(9))
    return Answer(ours, categorical(theta, (9, 5)).entropy(), ours / np.log(2))


@oracle("log-probabilities of a softmax table", "torch.distributions Categorical", 1e-12)
def _log_prob(rng: np.random.Generator) -> Answer:
    policy, s, a = TabularSoftmax(9, 5), np.arange(9), rng.integers(5, size=9)
    theta = 100 * rng.normal(size=policy.p)
    theirs = categorical(theta, (9, 5)).log_prob(torch.tensor(a))
    return Answer(policy.log_prob(theta, s, a), theirs, theta.reshape(9, 5)[s, a])


@oracle("KL of Gaussian policies", "torch.distributions Normal", 1e-11)
def _gaussian_kl(rng: np.random.Generator) -> Answer:
    policy, x = NeuralGaussian(3, 2, hidden=(5,), sigma=None), rng.normal(size=(7, 3))
    old, new = rng.normal(size=(2, policy.p))
    two = [normal(policy.mean(t, x), np.exp(policy.log_sigma(t))) for t in (old, new)]
    return Answer(policy.kl(old, new, x), td.kl_divergence(*two), policy.kl(new, old, x))


@oracle("entropy and log-density of a Gaussian policy", "torch.distributions Normal", 1e-12)
def _gaussian(rng: np.random.Generator) -> Answer:
    policy, x, a = (
        NeuralGaussian(3, 2, hidden=(5,), sigma=None),
        rng.normal(size=(7, 3)),
        rng.normal(size=(7, 2)),
    )
    theta = rng.normal(size=policy.p)
    other = normal(policy.mean(theta, x), np.exp(policy.log_sigma(theta)))
    ours = np.stack([policy.entropy(theta, x), policy.log_prob(theta, x, a)])
    theirs = np.stack([other.entropy(), other.log_prob(torch.tensor(a))])
    return Answer(ours, theirs, ours + policy.log_sigma(theta).sum())


@oracle("log-density of a squashed Gaussian", "torch.distributions TanhTransform", 1e-11)
def _squashed(rng: np.random.Generator) -> Answer:
    mean, u, sigma = rng.normal(size=(7, 2)), 2 * rng.normal(size=(7, 2)), 0.7
    base = td.Normal(torch.tensor(mean), sigma)
    other = td.TransformedDistribution(base, [td.TanhTransform(cache_size=1)])
    action = other.transforms[0](torch.tensor(u))  # remembers u, from which the action came
    slip = base.log_prob(torch.tensor(u)).sum(-1)  # without the slope of tanh
    return Answer(squashed_gaussian_log_prob(u, mean, sigma), other.log_prob(action).sum(-1), slip)
