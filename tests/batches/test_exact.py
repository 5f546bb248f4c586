"""The exact batch: its sums are the exact functions, and the enumeration of every trajectory."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion.batches import Batch, Exact
from pgcompanion.estimators import at_pairs
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearGaussian, LinearSoftmax, NeuralSoftmax, TabularSoftmax

EXACT = 1e-10
KINDS = ["tabular", "time-dependent", "linear", "network"]


def policy_of(kind: str, mdp: MDP, rng: np.random.Generator):
    if kind == "linear":
        return LinearSoftmax(rng.normal(size=(mdp.S, mdp.A, 4)))
    if kind == "network":
        return NeuralSoftmax(rng.normal(size=(mdp.S, 2)), mdp.A, hidden=(3,))
    return TabularSoftmax(mdp.S, mdp.A, H=mdp.H if kind == "time-dependent" else None)


def random_mdp(rng: np.random.Generator) -> MDP:
    """A random MDP in which some states are out of reach and some transitions impossible."""
    S, A, H = rng.integers(1, 6), rng.integers(1, 5), int(rng.integers(1, 25))
    P = rng.dirichlet(np.full(S, 0.3), size=(S, A))
    P[P < 1e-3] = 0.0
    mu0 = np.eye(S)[0] if rng.random() < 0.3 else rng.dirichlet(np.ones(S))
    return MDP(P / P.sum(axis=-1, keepdims=True), rng.normal(size=(S, A)), mu0, H)


def enumerated(mdp: MDP, policy, theta: np.ndarray) -> Batch:
    """The batch that has every trajectory in it, step by step, weighted by its probability."""
    pi, tau = policy.table(theta), exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    s, a = policy.row(np.arange(mdp.H), tau.s).ravel(), tau.a.ravel()
    A = at_pairs(exact.evaluate(mdp, pi).A, tau).ravel()
    return Batch(s, a, np.repeat(rho, mdp.H), A, policy.log_prob(theta, s, a))


@pytest.mark.statement("pg_advantage", "trpo", "kld", "fisher_matrix")
@pytest.mark.parametrize("kind", KINDS)
def test_its_sums_are_the_exact_functions_on_random_mdps(kind, measure):
    """The negative control: weights averaged over the steps, so that every sum is one over H of itself."""
    for seed in range(15):
        rng = np.random.default_rng(seed)
        mdp = random_mdp(rng)
        policy = policy_of(kind, mdp, rng)
        theta_k, theta, v = rng.normal(size=(3, policy.p))
        batch = Exact(mdp)(policy, theta_k)
        pi_k, pi = policy.table(theta_k), policy.table(theta)
        error = partial(measure, over=15, of="random MDPs")
        assert error(batch.J - exact.evaluate(mdp, pi_k).J) < EXACT
        assert error(batch.w.sum() - mdp.H) < EXACT
        g = objectives.gradient(policy, theta_k, batch)
        assert error(g - exact.gradient(mdp, policy, theta_k)) < EXACT
        L = objectives.surrogate(policy, theta, batch)
        assert error(L - exact.surrogate(mdp, policy, theta_k, theta)) < EXACT
        kl = objectives.kl(policy, theta_k, theta, batch)
        assert error(kl - exact.trajectory_kl(mdp, pi_k, pi)) < EXACT * (1 + kl)
        F = exact.fisher(mdp, policy, theta_k)
        assert error(objectives.fisher(policy, theta_k, batch) - F) < EXACT
        assert error(objectives.fisher_product(policy, theta_k, batch, v) - F @ v) < EXACT
        if mdp.H > 1 and mdp.A > 1:
            assert abs(kl / mdp.H - kl) > 1e-6
            assert np.abs(F / mdp.H - F).max() > 1e-6


@pytest.mark.statement("trpo", "trpo_implement", "ppo_clip")
@pytest.mark.parametrize("kind", KINDS)
def test_the_batch_of_all_trajectories_is_the_exact_batch(kind, small, rng, measure):
    """Every objective and every gradient, the clip among them. The controls are two: see below."""
    policy = policy_of(kind, small, rng)
    theta_k = rng.normal(size=policy.p)
    theta, v = theta_k + 0.4 * rng.normal(size=policy.p), np.linspace(-1, 1, policy.p)
    every, known = enumerated(small, policy, theta_k), Exact(small)(policy, theta_k)
    assert known.B < every.B
    N = exact.trajectories(small).N
    for f in (
        lambda b: objectives.surrogate(policy, theta, b),
        lambda b: objectives.surrogate_gradient(policy, theta, b),
        lambda b: objectives.clip(policy, theta, b, 0.1),
        lambda b: objectives.clip_gradient(policy, theta, b, 0.1),
        lambda b: objectives.kl(policy, theta_k, theta, b),
        lambda b: objectives.kl_gradient(policy, theta_k, theta, b),
        lambda b: objectives.entropy(policy, theta, b),
        lambda b: objectives.entropy_gradient(policy, theta, b),
        lambda b: objectives.fisher_product(policy, theta_k, b, v),
    ):
        assert measure(f(every) - f(known), over=N) < EXACT
    # Where the ratio is within the bounds the clip is the surrogate, and says nothing: here it is not.
    clipped = objectives.clip(policy, theta, known, 0.1)
    assert clipped < objectives.surrogate(policy, theta, known) - 1e-3
    # Fewer steps are another problem.
    shorter = MDP(small.P, small.r, small.mu0, small.H - 1)
    if policy.H is None:
        other = Exact(shorter)(policy, theta_k)
        assert abs(objectives.clip(policy, theta, other, 0.1) - clipped) > 1e-3


def mixed(batch: Batch) -> Batch:
    """The negative control: one row for each pair, whatever the sign of its advantage at each step."""
    pairs, row = np.unique(np.stack([batch.s, batch.a]), axis=1, return_inverse=True)
    row = row.ravel()
    w, wA = (np.bincount(row, x) for x in (batch.w, batch.w * batch.A))
    log_prob = np.bincount(row, batch.log_prob) / np.bincount(row)
    return Batch(pairs[0], pairs[1], w, wA / w, log_prob, batch.J, aggregated=True)


@pytest.mark.statement("ppo_clip")
def test_for_the_clip_the_signs_must_not_be_mixed(rng, measure):
    """A pair that is good at one step and bad at another: its sum over the steps is clipped as if it were one.

    Every other sum is blind to it, so nothing else would notice.
    """
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, :, 1] = 1.0
    mdp = MDP(P, r=[[0.0, 1.0], [-1.5, -1.4]], mu0=[1.0, 0.0], H=3)
    policy, theta_k = TabularSoftmax(2, 2), rng.normal(size=4)
    v = exact.evaluate(mdp, policy.table(theta_k))
    assert v.A[0, 0, 1] < 0 < v.A[2, 0, 1]
    theta = theta_k + np.array([0.0, 1.0, 0.5, 0.0])
    every, known = enumerated(mdp, policy, theta_k), Exact(mdp)(policy, theta_k)
    of_pairs = mixed(known)
    assert of_pairs.B < known.B
    for eps in (0.1, 0.2, 0.4):
        clip = objectives.clip(policy, theta, every, eps)
        assert measure(objectives.clip(policy, theta, known, eps) - clip, over=8) < EXACT
        assert abs(objectives.clip(policy, theta, of_pairs, eps) - clip) > 1e-4
    for f in (
        lambda b: objectives.surrogate(policy, theta, b),
        lambda b: objectives.kl(policy, theta_k, theta, b),
        lambda b: objectives.gradient(policy, theta_k, b),
    ):
        np.testing.assert_allclose(f(of_pairs), f(known), atol=EXACT)


@pytest.mark.statement("ppo_clip")
def test_a_row_is_a_state_an_action_and_a_sign(mdp, policy, theta):
    """And where the weight is 0 there is none. A time-dependent policy has rows for each step."""
    batch = Exact(mdp)(policy, theta)
    rows = set(zip(batch.s, batch.a, batch.A > 0, strict=True))
    assert len(rows) == batch.B <= 2 * mdp.S * mdp.A
    assert (batch.w > 0).all()
    assert batch.aggregated
    timed = TabularSoftmax(mdp.S, mdp.A, H=mdp.H)
    table = np.tile(policy.log_probs(theta, policy.states), (mdp.H, 1, 1)).ravel()
    by_step = Exact(mdp)(timed, table)
    assert by_step.B == mdp.H * mdp.S * mdp.A
    assert by_step.s.max() == mdp.H * mdp.S - 1
    assert pytest.approx(batch.J, abs=EXACT) == by_step.J


@pytest.mark.statement("occupancy")
def test_a_state_that_cannot_be_reached_has_no_row(rng):
    """Nothing leads to state 2. Where the episodes may begin there, the control, it has."""
    P = np.zeros((3, 2, 3))
    P[:, 0, 0] = P[:, 1, 1] = 1.0
    r, theta = rng.normal(size=(3, 2)), rng.normal(size=6)

    def states(mu0):
        return set(Exact(MDP(P, r, mu0, H=4))(TabularSoftmax(3, 2), theta).s)

    assert states([1.0, 0.0, 0.0]) == {0, 1}
    assert states([0.5, 0.0, 0.5]) > {0, 1}


@pytest.mark.statement("pg_advantage")
def test_the_batch_of_a_policy_that_always_does_the_same(small):
    """Logits so far apart that a probability is 0: its rows are gone, and no logarithm of 0 is taken.

    Where they are nearer, the control, the rows are there and the gradient is not 0.
    """
    policy = TabularSoftmax(small.S, small.A)
    theta = np.tile([0.0, 1000.0], small.S)
    batch = Exact(small)(policy, theta)
    assert set(batch.a) == {1}
    assert pytest.approx(exact.evaluate(small, policy.table(theta)).J, abs=EXACT) == batch.J
    np.testing.assert_allclose(objectives.gradient(policy, theta, batch), 0.0, atol=EXACT)
    near = Exact(small)(policy, theta / 1000)
    assert set(near.a) > {1}
    assert np.abs(objectives.gradient(policy, theta / 1000, near)).max() > 1e-2


def test_a_source_says_what_it_cannot_use(small, rng):
    for wrong in (None, small.P, "mdp", MDP):
        with pytest.raises(TypeError, match=r"^mdp must be an MDP, but it is"):
            Exact(wrong)
    source = Exact(small)
    for wrong in (None, np.zeros((3, 2)), TabularSoftmax, LinearGaussian(features=2, n=1)):
        with pytest.raises(TypeError, match=r"^policy must"):
            source(wrong, np.zeros(6))
    with pytest.raises(ValueError, match=r"^policy has S = 2 and A = 2, but S = 3 and A = 2"):
        source(TabularSoftmax(2, 2), np.zeros(4))
    with pytest.raises(
        ValueError, match=r"^policy depends on the step up to H = 4, but mdp has H = 3"
    ):
        source(TabularSoftmax(3, 2, H=4), np.zeros(24))
    for theta, message in (
        (np.zeros(5), r"^theta has shape \(5,\), but \(6\) is expected\.$"),
        (np.full(6, np.nan), r"^theta must be finite, but it contains NaN or infinity\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            source(TabularSoftmax(3, 2), theta)


def test_a_policy_over_vectors_is_of_a_wrong_type_for_a_finite_mdp(small):
    network = NeuralSoftmax(inputs=3, A=small.A)
    with pytest.raises(TypeError, match="policy must be over the states of a finite MDP"):
        Exact(small)(network, network.init(np.random.default_rng(0)))
