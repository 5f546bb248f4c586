"""Divergence, entropy and Fisher matrix of a batch: means over trajectories, analytic in each state."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion.batches import Batch, Exact, trajectory_batch
from pgcompanion.derivatives import complex_step
from pgcompanion.policies import (
    Density,
    LinearGaussian,
    LinearSoftmax,
    NeuralGaussian,
    NeuralSoftmax,
    TabularSoftmax,
)
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


@pytest.fixture(params=["tabular", "network", "gaussian"])
def drawn(request, small, rng):
    """A policy, its parameters, trajectories of it, and a further point."""
    if request.param == "gaussian":
        policy = LinearGaussian(features=2, n=1, sigma=None)
        theta, s = 0.3 * rng.normal(size=policy.p), rng.normal(size=(60, 4, 2))
        tau = Trajectories(s, policy.sample(theta, s, rng), rng.normal(size=(60, 4)))
    else:
        policy = TabularSoftmax(small.S, small.A)
        if request.param == "network":
            policy = NeuralSoftmax(rng.normal(size=(small.S, 2)), small.A, hidden=(4,))
        theta = 0.3 * rng.normal(size=policy.p)
        tau = sample(small, policy.table(theta), 60, rng)
    return policy, theta, tau, theta + 0.3 * rng.normal(size=policy.p)


@pytest.mark.statement("kld", "trpo_implement")
def test_the_sampled_divergence_is_a_mean_over_trajectories_and_never_negative(drawn):
    """Twice the trajectories have the same mean; a sum, the negative control, is twice as large."""
    policy, theta_k, tau, theta = drawn
    kl = objectives.kl(policy, theta_k, theta, trajectory_batch(policy, theta_k, tau, tau.r))
    assert kl == pytest.approx(policy.kl(theta_k, theta, tau.s).sum() / tau.N, abs=EXACT)
    assert kl > 0
    twice = Trajectories(*(np.concatenate([x, x]) for x in (tau.s, tau.a, tau.r)))
    doubled = trajectory_batch(policy, theta_k, twice, twice.r)
    assert objectives.kl(policy, theta_k, theta, doubled) == pytest.approx(kl, abs=EXACT)
    sums = [policy.kl(theta_k, theta, t.s).sum() for t in (tau, twice)]
    assert sums[1] > 1.9 * sums[0]


@pytest.mark.statement("kld", "trajectory_kl")
def test_the_mean_per_state_is_the_trajectory_divergence_over_the_horizon(
    mdp, policy, theta, batch, rng
):
    """How the radius on environments, whose weights add up to 1, compares with that of `Exact`.

    Not divided, the negative control, it is H times as large.
    """
    per_state = Batch(batch.s, batch.a, batch.w / mdp.H, batch.A, batch.log_prob)
    assert per_state.w.sum() == pytest.approx(1.0)
    new = theta + rng.normal(size=policy.p)
    of_trajectory = exact.trajectory_kl(mdp, policy.table(theta), policy.table(new))
    mean = objectives.kl(policy, theta, new, per_state)
    assert mean == pytest.approx(of_trajectory / mdp.H, abs=EXACT)
    assert objectives.kl(policy, theta, new, batch) == pytest.approx(of_trajectory, abs=EXACT)
    assert of_trajectory > 2 * mean


@pytest.mark.statement("kld")
def test_the_order_of_the_two_policies_counts(batch, policy, theta, rng):
    """Weighted by the old one: the divergence the other way round, the negative control, is another number."""
    new = theta + rng.normal(size=policy.p)
    pi, pi_new = policy.probs(theta, batch.s), policy.probs(new, batch.s)
    by_hand = batch.w @ (pi * np.log(pi / pi_new)).sum(axis=1)
    assert objectives.kl(policy, theta, new, batch) == pytest.approx(by_hand, abs=EXACT)
    assert abs(objectives.kl(policy, new, theta, batch) - by_hand) > 1e-3


@pytest.mark.statement("trpo_implement", "kld")
def test_the_sampled_log_ratio_is_no_substitute_for_the_divergence(small, rng):
    """The negative control: on one trajectory it is below zero about every other time."""
    policy = TabularSoftmax(small.S, small.A)
    theta_k = rng.normal(size=policy.p)
    theta = theta_k + 0.5 * rng.normal(size=policy.p)
    tau = sample(small, policy.table(theta_k), 2000, rng)
    log_ratio = policy.log_prob(theta_k, tau.s, tau.a) - policy.log_prob(theta, tau.s, tau.a)
    assert (log_ratio.sum(axis=1) < 0).mean() > 0.2
    assert (policy.kl(theta_k, theta, tau.s) >= 0).all()


@pytest.mark.statement("kld")
@pytest.mark.parametrize("sigma", [0.7, None])
def test_the_gradient_of_the_gaussian_divergence(rng, sigma):
    """The negative control gives every state the same weight."""
    policy = NeuralGaussian(inputs=3, n=2, hidden=(5,), sigma=sigma)
    old, new = rng.normal(size=(2, policy.p))
    s, w = rng.normal(size=(6, 3)), rng.random(6)
    a = policy.sample(old, s, rng)
    batch = Batch(s, a, w, w, policy.log_prob(old, s, a))
    derivative = complex_step(lambda t: objectives.kl(policy, old, t, batch), new)
    np.testing.assert_allclose(
        objectives.kl_gradient(policy, old, new, batch), derivative, atol=1e-8
    )
    unweighted = policy.kl_gradient(old, new, s, np.full(6, w.mean()))
    assert np.abs(unweighted - derivative).max() > 1e-2


@pytest.mark.statement("fisher_matrix", "fisher_trajectory")
@pytest.mark.parametrize("kind", ["tabular", "network"])
def test_products_are_those_of_the_matrix_and_the_matrix_is_the_mean_of_scores(small, kind, rng):
    """Of a batch of trajectories, as a sum over the steps; a mean over the steps, the control, is smaller."""
    policy = TabularSoftmax(small.S, small.A)
    if kind == "network":
        policy = NeuralSoftmax(rng.normal(size=(small.S, 2)), small.A, hidden=(4,))
    theta = rng.normal(size=policy.p)
    tau = sample(small, policy.table(theta), 20, rng)
    batch = trajectory_batch(policy, theta, tau, tau.r)
    F = objectives.fisher(policy, theta, batch)
    by_hand = np.zeros((policy.p, policy.p))
    for s, w in zip(batch.s, batch.w, strict=True):
        for a, p in enumerate(policy.probs(theta, s)):
            score = policy.score(theta, s, np.array(a))
            by_hand += w * p * np.outer(score, score)
    np.testing.assert_allclose(F, by_hand, atol=EXACT)
    assert np.abs(F / tau.H - by_hand).max() > 1e-3
    v = rng.normal(size=policy.p)
    np.testing.assert_allclose(
        objectives.fisher_product(policy, theta, batch, v), F @ v, atol=EXACT
    )


@pytest.mark.statement("ppo_objective")
def test_the_entropy_is_weighted_as_the_rows_are(batch, policy, theta):
    """The negative control takes its mean over the rows."""
    pi = policy.probs(theta, batch.s)
    H = -(pi * np.log(pi)).sum(axis=1)
    assert objectives.entropy(policy, theta, batch) == pytest.approx(batch.w @ H, abs=EXACT)
    assert abs(objectives.entropy(policy, theta, batch) - H.mean()) > 1e-2


@pytest.mark.statement("kld", "trpo")
def test_a_constant_added_to_the_logits_of_a_state_changes_nothing(small, rng):
    """At |theta| of 1, 30, 100 and 700. The negative control adds it to one action alone."""
    policy = TabularSoftmax(small.S, small.A)
    for scale in (1, 30, 100, 700):
        theta, new = scale * rng.uniform(-1, 1, size=(2, policy.p))
        batch = Exact(small)(policy, theta)
        shift = np.repeat(rng.normal(size=small.S), small.A) * scale
        for f in (
            lambda b, t, new=new: objectives.kl(policy, t, new, b),
            lambda b, t: objectives.entropy(policy, t, b),
            lambda b, t: objectives.gradient(policy, t, b),
        ):
            before, after = f(batch, theta), f(Exact(small)(policy, theta + shift), theta + shift)
            np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)
        lone = np.zeros(policy.p)
        lone[0] = 3.0
        changed = objectives.kl(policy, theta, theta + lone, batch)
        assert changed > 1e-12 or policy.table(theta)[0, 0] in (0.0, 1.0) or scale > 1


def test_a_divergence_asks_for_parameters_and_a_policy_that_has_one(batch, policy, theta):
    for args, name in (((theta[:2], theta), "theta_k"), ((theta, theta[:2]), "theta")):
        with pytest.raises(ValueError, match=rf"^{name} has shape \(2,\), but"):
            objectives.kl(policy, *args, batch)
    with pytest.raises(ValueError, match=r"^v has shape \(2,\), but"):
        objectives.fisher_product(policy, theta, batch, np.zeros(2))
    for f in (objectives.entropy, objectives.fisher):
        for wrong in (None, LinearSoftmax, "policy"):
            with pytest.raises(TypeError, match=r"^policy must be a policy such as"):
                f(wrong, theta, batch)

    class Exponential(Density):
        p = 1

        def log_prob(self, theta, s, a):
            return theta[0] - np.exp(theta[0]) * a

    one = np.ones(1)
    lone = Batch(one, one, one, one, -one)
    with pytest.raises(NotImplementedError, match=r"kl\(theta_old, theta_new, s\)\.$"):
        objectives.kl(Exponential(), one, one, lone)
    assert objectives.gradient(Exponential(), one, lone) == pytest.approx(1 - np.e)
