"""What the natural gradient of a table is, how fast it climbs, and the three prices of a step."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import divergences, exact
from pgcompanion.algorithms import npg, reinforce
from pgcompanion.batches import Exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax, penalised_tilt
from pgcompanion.steps import (
    compatible_regression,
    natural_gradient,
    npg_bound,
    tabular_npg_update,
)

EXACT = 1e-10


def paying(rng: np.random.Generator, S: int = 4, A: int = 3, H: int = 5) -> MDP:
    """A random MDP whose rewards lie in [0, 1]."""
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.random((S, A)), rng.dirichlet(np.ones(S)), H)


def chain(H: int, A: int) -> MDP:
    """One of the actions leads on, H times in a row; the last one pays 1. All others end in a sink."""
    P, r = np.zeros((H + 1, A, H + 1)), np.zeros((H + 1, A))
    P[:, :, H] = 1.0
    for s in range(H):
        P[s, 0] = np.eye(H + 1)[s + 1]
    r[H - 1, 0] = 1.0
    return MDP(P, r, np.eye(H + 1)[0], H)


def gaps(algorithm, mdp: MDP, policy: TabularSoftmax, eta: float, K: int) -> np.ndarray:
    J = [it.J for it in algorithm(Exact(mdp), policy, np.zeros(policy.p), eta=eta, K=K)]
    return exact.optimal(mdp)[1].J - np.array(J)


# --- The closed form ------------------------------------------------------------------------------


@pytest.mark.statement("natural_table")
@pytest.mark.parametrize("timed", [False, True], ids=["stationary", "time-dependent"])
def test_the_natural_gradient_is_the_advantage_less_a_constant_in_each_state(
    mdp, rng, timed, measure
):
    """The pseudo-inverse takes the plain mean over the actions off. The controls: nothing taken off, and visits left in."""
    policy = TabularSoftmax(mdp.S, mdp.A, H=mdp.H if timed else None)
    theta = rng.normal(size=policy.p)
    v = exact.evaluate(mdp, policy.table(theta))
    n = v.d if timed else v.d.sum(axis=0)
    W = v.d[..., None] * v.A if timed else (v.d[..., None] * v.A).sum(axis=0)
    A_bar = W / n[..., None]
    F = exact.fisher(mdp, policy, theta)
    x = np.linalg.pinv(F, hermitian=True) @ exact.gradient(mdp, policy, theta)
    centred = A_bar - A_bar.mean(axis=-1, keepdims=True)
    assert measure(x - centred.ravel(), over=policy.p, of="parameters") < 1e-9
    np.testing.assert_allclose(
        natural_gradient(policy, theta, Exact(mdp)(policy, theta)), x, atol=1e-9
    )
    for wrong in (A_bar, W - W.mean(axis=-1, keepdims=True)):
        assert np.abs(x - wrong.ravel()).max() > 1e-3


# --- Monotone, and how fast -----------------------------------------------------------------------


@pytest.mark.statement("npg_convergence")
@pytest.mark.parametrize("eta", [0.1, 1.0, 10.0, 1000.0])
def test_natural_steps_never_get_worse_and_keep_their_bound(rng, eta, measure):
    """On random MDPs with rewards in [0, 1]. The ratio of gap and bound is recorded.

    The negative control is the bound without its second term, for long steps: the first step breaks it.
    """
    K, ratios = 40, []
    for _ in range(5):
        mdp = paying(rng)
        gap = gaps(npg, mdp, TabularSoftmax(mdp.S, mdp.A, H=mdp.H), eta, K)
        assert (np.diff(gap) <= EXACT).all()
        ratios.append(gap[1:] / [npg_bound(mdp.H, mdp.A, eta, k) for k in range(1, K + 1)])
    assert measure(np.max(ratios), over=5, of="MDPs") < 1
    first = gaps(npg, chain(10, 4), TabularSoftmax(11, 4, H=10), eta, 1)[1]
    assert first <= npg_bound(10, 4, eta, 1)
    if eta == 1000.0:
        assert first > 0.9 > 10 * np.log(4) / eta


@pytest.mark.statement("npg_convergence")
@pytest.mark.parametrize("eta", [1.0, 10.0, 100.0])
def test_the_plain_gradient_does_not_keep_the_bound(eta):
    """The control: on a chain of ten steps its gradient is of the order of 4 to the -10, and it does not move."""
    mdp, K = chain(10, 4), 200
    policy = TabularSoftmax(mdp.S, mdp.A, H=mdp.H)
    bound = npg_bound(mdp.H, mdp.A, eta, K)
    assert gaps(npg, mdp, policy, eta, K)[-1] < 1e-3 < bound < 0.5
    assert gaps(reinforce, mdp, policy, eta, K)[-1] > 0.99 > bound


@pytest.mark.statement("npg_convergence")
def test_each_step_of_the_proof_holds(rng, measure):
    """Advantage of the optimum = divergences + log Z, log Z >= 0, and values rise by log Z / eta at least.

    The negative control has the divergence turned round.
    """
    mdp, eta = paying(rng), 0.7
    policy = TabularSoftmax(mdp.S, mdp.A, H=mdp.H)
    theta = rng.normal(size=policy.p)
    pi, pi_star = policy.table(theta), exact.optimal(mdp)[0]
    new = np.stack(
        [tabular_npg_update(p, A, eta) for p, A in zip(pi, exact.evaluate(mdp, pi).A, strict=True)]
    )
    v, after = exact.evaluate(mdp, pi), exact.evaluate(mdp, new)
    log_Z = np.log((pi * np.exp(eta * v.A)).sum(axis=-1))
    kl = divergences.kl_divergence
    left = (pi_star * v.A).sum(axis=-1)
    right = (kl(pi_star, pi) - kl(pi_star, new) + log_Z) / eta
    assert measure(left - right, over=mdp.H * mdp.S, of="states and steps") < EXACT
    assert (log_Z >= 0).all()
    assert (after.V[:-1] - v.V[:-1] >= log_Z / eta - EXACT).all()
    mixed = 0.9 * pi_star + 0.1 / mdp.A
    turned = (kl(pi, mixed) - kl(new, mixed) + log_Z) / eta
    assert np.abs((mixed * v.A).sum(axis=-1) - turned).max() > 1e-3


# --- Compatible functions -------------------------------------------------------------------------


@pytest.mark.statement("compatible_regression")
def test_the_fit_replaces_the_advantage_without_bias(mdp, policy, theta):
    """Its error is uncorrelated with the score. The fit to other features, the negative control, bends the gradient."""
    pi, v = policy.table(theta), exact.evaluate(mdp, policy.table(theta))
    score = policy.score(theta, *np.indices((mdp.S, mdp.A)))
    scores = np.broadcast_to(score, (*v.A.shape, policy.p)).reshape(-1, policy.p)
    weights = (v.d[..., None] * pi).ravel()
    w = compatible_regression(scores, v.A.ravel(), weights)
    g = exact.gradient(mdp, policy, theta)
    np.testing.assert_allclose(scores.T @ (weights * (scores @ w)), g, atol=EXACT)
    np.testing.assert_allclose(scores.T @ (weights * (v.A.ravel() - scores @ w)), 0, atol=EXACT)
    other = np.random.default_rng(1).normal(size=(scores.shape[0], 3))
    coefficients = compatible_regression(other, v.A.ravel(), weights)
    assert np.abs(scores.T @ (weights * (other @ coefficients)) - g).max() > 1e-3


# --- Three prices ---------------------------------------------------------------------------------


def spread(x: np.ndarray) -> float:
    """How far the entries of each row are from being equal."""
    return float(np.ptp(x, axis=-1).max())


@pytest.mark.statement("three_tilts")
@pytest.mark.parametrize("lam", [0.1, 1.0, 10.0])
def test_each_price_has_its_tilt(rng, lam):
    """At the maximum the derivative is the same for all actions, and no other distribution is worth more.

    The negative control: under the other price neither is the case.
    """
    pi, A = rng.dirichlet(np.ones(4), size=3), rng.normal(size=(3, 4))
    A -= (pi * A).sum(axis=1, keepdims=True)
    exponential = tabular_npg_update(pi, A, 1 / lam)
    rational = np.exp(np.log(pi) + penalised_tilt(np.log(pi), A, lam))
    rational /= rational.sum(axis=1, keepdims=True)
    others = rng.dirichlet(np.ones(4), size=(2000, 3))
    kl = divergences.kl_divergence

    def worth(new, price):
        return (new * A).sum(axis=-1) - lam * price(new)

    def reverse(new):
        return kl(new, np.broadcast_to(pi, new.shape))

    def forward(new):
        return kl(np.broadcast_to(pi, new.shape), new)

    near = 0.99 * exponential + 0.01 * others, 0.99 * rational + 0.01 * others
    for new, other, price, nearby in (
        (exponential, rational, reverse, near[0]),
        (rational, exponential, forward, near[1]),
    ):
        for rivals in (others, nearby, other):
            assert (worth(new, price) > worth(rivals, price)).all()
    by_reverse = [A - lam * np.log(x / pi) for x in (exponential, rational)]
    by_forward = [A + lam * pi / x for x in (exponential, rational)]
    assert spread(by_reverse[0]) < 1e-8 < 1e-4 < spread(by_reverse[1])
    assert spread(by_forward[1]) < 1e-6 < 1e-4 < spread(by_forward[0])


@pytest.mark.statement("three_tilts")
def test_with_the_length_of_the_logits_as_the_price_a_rare_action_stays_rare(rng):
    """The step is n pi A / lam. Of an action 1,000 times as rare it is as much shorter; the tilts, the control, are not."""
    bandit = MDP(np.ones((1, 3, 1)), r=[[1.0, 0.8, 0.0]], mu0=[1.0], H=1)
    policy, lam = TabularSoftmax(1, 3), 0.5
    moves = []
    for rare in (1e-2, 1e-5):
        theta = np.log([rare, 1 - 2 * rare, rare])
        A = exact.evaluate(bandit, policy.table(theta)).A[0, 0]
        g = exact.gradient(bandit, policy, theta)
        np.testing.assert_allclose(g, policy.table(theta)[0] * A, atol=EXACT)
        d = rng.normal(size=(1000, 3))
        assert (g @ g / lam / 2 >= d @ g - lam * (d**2).sum(axis=1) / 2).all()
        new = tabular_npg_update(policy.table(theta), A[None], 1 / lam)
        exponential = np.log(new / policy.table(theta))[0, 0]
        rational = penalised_tilt(theta[None], A[None], lam)[0]
        moves.append([g[0] / lam, exponential, rational[0] - rational[1]])
    ratio = np.divide(*moves)
    assert ratio[0] == pytest.approx(1000, rel=0.1)
    assert 0.9 < ratio[1] < 1.2
    assert 0.9 < ratio[2] < 1.2
