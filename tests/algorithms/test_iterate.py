"""The record that every algorithm yields, and the loop behind it."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import npg, policy_gradient_ascent, ppo, reinforce, trpo
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax

EXACT = 1e-10

ALGORITHMS = {
    "reinforce": lambda *args, **kw: reinforce(*args, eta=0.3, **kw),
    "baseline": lambda *args, **kw: policy_gradient_ascent(*args, eta=0.3, **kw),
    "npg": lambda *args, **kw: npg(*args, delta=0.05, **kw),
    "trpo": lambda *args, **kw: trpo(*args, delta=0.05, **kw),
    "ppo-penalty": lambda *args, **kw: ppo(*args, lam=1.0, **kw),
    "ppo-clip": lambda *args, **kw: ppo(*args, eps=0.2, **kw),
}

pytestmark = pytest.mark.parametrize("run", ALGORITHMS.values(), ids=ALGORITHMS.keys())


@pytest.fixture(params=["tabular", "linear"])
def policy(request, small, rng):
    if request.param == "tabular":
        return TabularSoftmax(small.S, small.A)
    return LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))


@pytest.mark.statement("gradient_ascent")
@pytest.mark.parametrize("N", [None, 100])
def test_the_record_begins_with_the_start_and_is_exact_in_either_mode(run, small, policy, N, rng):
    theta = rng.normal(size=policy.p)
    its = list(run(small, policy, theta, N=N, rng=np.random.default_rng(0), K=3))
    assert [it.k for it in its] == [0, 1, 2, 3]
    np.testing.assert_array_equal(its[0].theta, theta)
    assert its[0].kl == 0.0
    for before, it in zip([None, *its], its, strict=False):
        pi = policy.table(it.theta)
        assert pytest.approx(exact.evaluate(small, pi).J, abs=EXACT) == it.J
        assert it.grad_norm == pytest.approx(np.linalg.norm(it.problem.gradient), abs=EXACT)
        if before is not None:
            kl = exact.trajectory_kl(small, policy.table(before.theta), pi)
            assert it.kl == pytest.approx(kl, abs=EXACT)
            assert it.kl > 0
    if N is None:
        g = np.linalg.norm(exact.gradient(small, policy, theta))
        assert its[0].grad_norm == pytest.approx(g, abs=EXACT)


@pytest.mark.statement("gradient_ascent")
def test_what_is_read_and_when_changes_nothing(run, small, policy):
    """Trajectories are drawn once an iterate, whether the reader asks early, late or not at all."""
    options = {"N": 30, "K": 3}
    silent = list(run(small, policy, np.zeros(policy.p), rng=np.random.default_rng(0), **options))
    asked = []
    for it in run(small, policy, np.zeros(policy.p), rng=np.random.default_rng(0), **options):
        asked.append((it.grad_norm, it.J, it.kl))
    for it, (grad_norm, J, kl) in zip(silent, asked, strict=True):
        assert (it.grad_norm, it.J, it.kl) == (grad_norm, J, kl)
    other = list(run(small, policy, np.zeros(policy.p), rng=np.random.default_rng(1), **options))
    assert not np.array_equal(other[-1].theta, silent[-1].theta)


def test_without_k_it_goes_on(run, small, policy):
    assert [it.k for it in islice(run(small, policy, np.zeros(policy.p)), 12)] == list(range(12))


def test_a_time_dependent_table_is_a_table_over_the_timed_mdp(run, small):
    timed = small.with_time()
    policy = TabularSoftmax(timed.S, timed.A)
    for N in (None, 50):
        start, after = run(
            timed, policy, np.zeros(policy.p), N=N, rng=np.random.default_rng(0), K=1
        )
        for it in (start, after):
            pi = timed.fold(policy.table(it.theta))
            assert pytest.approx(exact.evaluate(small, pi).J, abs=EXACT) == it.J
        assert after.J > start.J


def test_a_state_that_cannot_be_reached_is_left_alone(run, rng):
    P = np.zeros((3, 2, 3))
    P[:, 0, 0] = P[:, 1, 1] = 1.0
    mdp = MDP(P, rng.normal(size=(3, 2)), [1.0, 0.0, 0.0], H=4)
    policy, theta = TabularSoftmax(3, 2), rng.normal(size=6)
    for N in (None, 20):
        *_, last = run(mdp, policy, theta, N=N, rng=np.random.default_rng(0), K=5)
        np.testing.assert_allclose(last.theta[4:], theta[4:], atol=EXACT)
        assert np.abs(last.theta[:4] - theta[:4]).max() > 1e-2


def test_it_can_run_long_after_the_optimum(run, small):
    """Probabilities underflow on the way; nothing warns and the value stays."""
    policy = TabularSoftmax(small.S, small.A)
    *_, last = run(small, policy, np.zeros(policy.p), K=400)
    assert np.isfinite(last.theta).all()
    assert np.isfinite([last.J, last.kl, last.grad_norm]).all()
    *_, npg_last = npg(small, policy, np.zeros(policy.p), eta=1.0, K=200)
    assert last.J > npg_last.J - 0.1


def test_a_start_of_the_wrong_shape_is_refused_at_once(run, small, policy):
    with pytest.raises(ValueError, match=r"^theta has shape \(2,\), but"):
        run(small, policy, np.zeros(2))
    with pytest.raises(ValueError, match=r"^rng must be given together with N, but it is None\.$"):
        run(small, policy, np.zeros(policy.p), N=10)
    with pytest.raises(ValueError, match=r"^N must be a positive integer, but it is 0\.$"):
        run(small, policy, np.zeros(policy.p), N=0, rng=np.random.default_rng(0))
    with pytest.raises(
        ValueError, match=r"^rng must be a numpy\.random\.Generator, but it is 0\.$"
    ):
        run(small, policy, np.zeros(policy.p), N=10, rng=0)


@pytest.mark.parametrize("K", [-1, 2.5, "3", True])
def test_a_number_of_iterations_that_is_never_met_is_refused_at_once(run, small, policy, K):
    with pytest.raises(ValueError, match=r"^K must be an integer that is not negative, but it is"):
        run(small, policy, np.zeros(policy.p), K=K)


def test_no_iteration_leaves_the_start_and_a_list_is_a_start_too(run, small, policy):
    theta = [0] * policy.p
    (it,) = run(small, policy, theta, K=0)
    np.testing.assert_array_equal(it.theta, theta)
    *_, last = run(small, policy, theta, K=1)
    assert np.abs(last.theta).max() > 0
    start = np.zeros(policy.p)
    (it,) = run(small, policy, start, K=0)
    it.theta[0] = 1.0
    assert start[0] == 0.0
