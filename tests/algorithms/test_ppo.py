"""PPO as an algorithm: which step each solver takes, the penalty that adapts, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion.algorithms import ppo
from pgcompanion.batches import Exact, Sampled
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import Adam, adapted, penalty_argmax, ppo_step


@pytest.mark.statement("ppo", "ppo_clip")
@pytest.mark.parametrize("made", ["exact", "sampled"])
def test_the_caller_chooses_the_solver_for_either_source(mdp, policy, theta, made):
    """Nothing is decided by where the batch comes from. The negative control is the other solver's step."""

    def source():
        return Exact(mdp) if made == "exact" else Sampled(mdp, N=200, rng=np.random.default_rng(0))

    start, climbed = ppo(source(), policy, theta, lam=2.0, K=1)
    _, exactly = ppo(source(), policy, theta, lam=2.0, solver="exact", K=1)
    _, clipped = ppo(source(), policy, theta, eps=0.1, eta=0.02, epochs=3, K=1)
    np.testing.assert_array_equal(climbed.theta, ppo_step(policy, theta, start.batch, lam=2.0))
    np.testing.assert_array_equal(exactly.theta, penalty_argmax(policy, theta, start.batch, 2.0))
    by_hand = ppo_step(policy, theta, start.batch, eps=0.1, eta=0.02, epochs=3)
    np.testing.assert_array_equal(clipped.theta, by_hand)
    assert np.abs(climbed.theta - exactly.theta).max() > 1e-3


@pytest.mark.statement("ppo_clip", "adam")
def test_an_adam_that_is_handed_over_goes_on_from_update_to_update(mdp, policy, theta):
    """A step size, the negative control, begins every update with a new one."""
    adam, by_hand = Adam(policy.p, 0.02), Adam(policy.p, 0.02)
    its = list(ppo(Exact(mdp), policy, theta, eps=0.2, eta=adam, epochs=2, K=3))
    assert adam.t == 6
    anew = list(ppo(Exact(mdp), policy, theta, eps=0.2, eta=0.02, epochs=2, K=3))
    for before, after in pairwise(its):
        step = ppo_step(policy, before.theta, before.batch, eps=0.2, eta=by_hand, epochs=2)
        np.testing.assert_array_equal(after.theta, step)
    np.testing.assert_array_equal(anew[1].theta, its[1].theta)
    assert np.abs(anew[2].theta - its[2].theta).max() > 1e-5


@pytest.mark.statement("ppo", "ppo_clip")
@pytest.mark.parametrize(
    "options", [{"lam": 0.3}, {"lam": 0.3, "solver": "exact"}, {"eps": 0.2}], ids=str
)
@pytest.mark.parametrize("N", [None, 500])
def test_it_improves_exactly_and_sampled(small, options, N):
    """By 80% of what there is to gain. Paid for the opposite, the negative control, it loses."""
    policy = TabularSoftmax(small.S, small.A)
    costly = MDP(small.P, -small.r, small.mu0, small.H)

    def after(mdp, K):
        source = Exact(mdp) if N is None else Sampled(mdp, N, np.random.default_rng(0))
        *_, last = ppo(source, policy, np.zeros(policy.p), K=K, **options)
        return exact.evaluate(small, policy.table(last.theta)).J

    start, best = after(small, K=0), exact.optimal(small)[1].J
    enough = start + 0.8 * (best - start)
    assert after(costly, K=30) < start < enough < after(small, K=30)


@pytest.mark.statement("ppo_clip", "trpo_implement")
def test_minibatches_are_for_batches_with_a_row_for_each_step(small, rng):
    """Which `Sampled` makes if it is asked to; an aggregated batch answers in one sentence."""
    policy, theta = TabularSoftmax(small.S, small.A), np.zeros(6)
    options = {"eps": 0.2, "minibatch": 16, "rng": rng, "K": 5}
    source = Sampled(small, N=100, rng=np.random.default_rng(0), aggregate=False)
    start, *_, last = ppo(source, policy, theta, **options)
    before, after = (exact.evaluate(small, policy.table(it.theta)).J for it in (start, last))
    assert after > before + 0.1
    for aggregated in (Exact(small), Sampled(small, N=100, rng=rng)):
        its = ppo(aggregated, policy, theta, **options)
        next(its)
        with pytest.raises(
            ValueError, match=r"^minibatch needs a batch with a row for each step, but"
        ):
            next(its)


# --- The penalty that adapts ----------------------------------------------------------------------


def next_to_the_target(policy, its, target):
    """Whether each penalty is within a factor 2 of one whose step needs no change of it."""
    for it in its:
        halved, doubled = (
            objectives.kl(
                policy, it.theta, penalty_argmax(policy, it.theta, it.batch, f * it.lam), it.batch
            )
            for f in (0.5, 2.0)
        )
        if not (halved >= target / 1.5 and doubled <= 1.5 * target):
            return False
    return True


@pytest.mark.statement("ppo")
def test_the_penalty_follows_the_divergence(mdp, policy, theta):
    """The divergence falls with the penalty, which moves by factors of 2: it ends within one of the target.

    The negative controls are the same run before the penalty has arrived, and a run that keeps its penalty.
    """
    target, source = 0.05, Exact(mdp)
    its = list(ppo(source, policy, theta, lam=1000.0, target=target, solver="exact", K=25))
    assert its[0].lam == 1000.0
    for before, after in pairwise(its):
        assert after.lam == adapted(before.lam, after.kl, target)
    assert next_to_the_target(policy, its[-8:], target)
    assert not next_to_the_target(policy, its[:1], target)
    fixed = list(ppo(source, policy, theta, lam=1000.0, solver="exact", K=8))
    assert [it.lam for it in fixed] == [1000.0] * 9
    assert not next_to_the_target(policy, fixed, target)


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("solver", ["exact", "adam"])
def test_an_adaptive_penalty_goes_on_far_past_the_optimum(solver):
    """Each step stays too near, and the penalty is halved: 1,100 halvings of 1, the control, leave no number."""
    coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
    start, K = (Exact(coin), TabularSoftmax(1, 2), np.array([-40.0, 40.0])), 1100
    *_, last = ppo(*start, lam=1.0, target=0.05, solver=solver, eta=1e-12, epochs=1, K=K)
    assert 2.0**-K == 0 < last.lam == adapted(last.lam, 0.0, 0.05)
    assert 0.5 * last.lam > 0
    assert pytest.approx(3, abs=1e-12) == last.J


@pytest.mark.statement("ppo")
def test_sampled_the_penalty_follows_the_divergence_of_the_sample(small):
    """Exactly by `adapted`, from the batch that the step itself saw. The control keeps its penalty."""
    policy, target = TabularSoftmax(small.S, small.A), 0.01

    def run(**options):
        source = Sampled(small, N=200, rng=np.random.default_rng(0))
        return list(ppo(source, policy, np.zeros(policy.p), K=15, **options))

    def follows(its):
        return all(b.lam == adapted(a.lam, b.kl, target) for a, b in pairwise(its))

    strong, weak = run(lam=100.0, target=target), run(lam=1e-3, target=target, eta=0.5)
    assert follows(strong)
    assert follows(weak)
    assert min(it.lam for it in strong) < 100.0
    assert max(it.lam for it in weak) > 1e-3
    assert not follows(run(lam=100.0))
    assert all(it.lam is None for it in run(eps=0.2))


# --- The border -----------------------------------------------------------------------------------


def test_what_cannot_be_right_is_refused_at_once(mdp, policy, theta, rng):
    source = Exact(mdp)
    with pytest.raises(
        ValueError, match=r"^Exactly one of lam and eps must be given, but found none\.$"
    ):
        ppo(source, policy, theta)
    with pytest.raises(ValueError, match=r"but found lam and eps\.$"):
        ppo(source, policy, theta, lam=1.0, eps=0.2)
    for options, message in (
        ({"lam": -1}, r"lam must be positive, but it is -1"),
        ({"eps": np.inf}, r"eps must be finite, but it is inf"),
        ({"eps": 0.2, "eta": -1}, r"eta must be positive, but it is -1"),
        (
            {"eps": 0.2, "epochs": -1},
            r"epochs must be an integer that is not negative, but it is -1",
        ),
        (
            {"eps": 0.2, "minibatch": 0, "rng": rng},
            r"minibatch must be a positive integer, but it is 0",
        ),
        ({"lam": 1.0, "target": -1}, r"target must be positive, but it is -1"),
        ({"eps": 0.2, "target": 0.1}, r"target must come with lam, but it is 0\.1 beside eps"),
        (
            {"eps": 0.2, "solver": "exact"},
            r"solver must be 'adam' with eps, since the clipped objective has no unique maximiser, "
            r"but it is 'exact'",
        ),
        (
            {"lam": 0.2, "solver": "newton"},
            r"solver must be one of 'adam', 'exact', but it is 'newton'",
        ),
        ({"eps": 0.2, "solver": None}, r"solver must be one of 'adam', 'exact', but it is None"),
    ):
        with pytest.raises(ValueError, match=rf"^{message}\.$"):
            ppo(source, policy, theta, **options)
    for wrong in (None, 0, np.random.RandomState(0)):
        with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator"):
            ppo(source, policy, theta, eps=0.2, minibatch=8, rng=wrong)
