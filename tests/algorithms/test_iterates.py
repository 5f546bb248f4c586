"""The record that every algorithm yields, and the loop behind it: no read of it draws."""

from __future__ import annotations

from itertools import islice, pairwise

import gymnasium
import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion.algorithms import Iterate, iterate, npg, ppo, reinforce, trpo
from pgcompanion.batches import Batch, Episodes, Exact, Rollouts, Sampled
from pgcompanion.estimators import Critic
from pgcompanion.mdp import MDP
from pgcompanion.policies import MLP, LinearSoftmax, NeuralSoftmax, TabularSoftmax
from pgcompanion.steps import Adam

EXACT = 1e-10

ALGORITHMS = {
    "reinforce": lambda *args, **kw: reinforce(*args, eta=0.3, **kw),
    "reinforce-adam": lambda source, policy, *args, **kw: reinforce(
        source, policy, *args, eta=Adam(policy.p, 0.1), **kw
    ),
    "npg": lambda *args, **kw: npg(*args, delta=0.05, **kw),
    "trpo": lambda *args, **kw: trpo(*args, delta=0.05, **kw),
    "trpo-exact": lambda *args, **kw: trpo(*args, delta=0.05, solver="exact", **kw),
    "ppo-penalty": lambda *args, **kw: ppo(*args, lam=1.0, **kw),
    "ppo-penalty-exact": lambda *args, **kw: ppo(*args, lam=1.0, solver="exact", **kw),
    "ppo-clip": lambda *args, **kw: ppo(*args, eps=0.2, **kw),
}
every_algorithm = pytest.mark.parametrize("run", ALGORITHMS.values(), ids=ALGORITHMS.keys())


@pytest.fixture(params=["tabular", "linear", "time-dependent"])
def policy(request, small, rng):
    if request.param == "linear":
        return LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))
    return TabularSoftmax(
        small.S, small.A, H=small.H if request.param == "time-dependent" else None
    )


@pytest.mark.statement("gradient_ascent")
@every_algorithm
def test_the_record_of_an_exact_run_is_exact(run, small, policy, rng):
    """J, divergence and gradient norm, at every iterate. The control: they differ from iterate to iterate."""
    theta = rng.normal(size=policy.p)
    its = list(run(Exact(small), policy, theta, K=3))
    assert [it.k for it in its] == [0, 1, 2, 3]
    np.testing.assert_array_equal(its[0].theta, theta)
    assert its[0].kl == 0.0
    for before, it in zip([None, *its], its, strict=False):
        pi = policy.table(it.theta)
        assert pytest.approx(exact.evaluate(small, pi).J, abs=EXACT) == it.J
        g = exact.gradient(small, policy, it.theta)
        assert it.grad_norm == pytest.approx(np.linalg.norm(g), abs=EXACT)
        if before is not None:
            kl = exact.trajectory_kl(small, policy.table(before.theta), pi)
            assert it.kl == pytest.approx(kl, abs=EXACT)
            assert it.kl > 0
            assert it.J != before.J


@pytest.mark.statement("gradient_ascent", "trpo_implement")
@every_algorithm
def test_the_record_of_a_sampled_run_is_that_of_its_trajectories(run, small, policy, rng):
    """J is their mean return and the divergence that of the batch before; the exact ones, the control, differ."""
    seen = []

    def psi(tau):
        seen.append(tau)
        return tau.r

    source = Sampled(small, N=50, rng=np.random.default_rng(0), psi=psi)
    its = list(run(source, policy, rng.normal(size=policy.p), K=2))
    assert len(seen) == 3
    for tau, it in zip(seen, its, strict=True):
        assert pytest.approx(tau.r.sum(axis=1).mean()) == it.J == it.batch.J
        assert abs(exact.evaluate(small, policy.table(it.theta)).J - it.J) > 1e-6
        g = objectives.gradient(policy, it.theta, it.batch)
        assert it.grad_norm == pytest.approx(np.linalg.norm(g))
    for before, after in pairwise(its):
        kl = objectives.kl(policy, before.theta, after.theta, before.batch)
        assert after.kl == pytest.approx(kl)


SOURCES = {
    "exact": lambda small, rng: (Exact(small), TabularSoftmax(small.S, small.A)),
    "sampled": lambda small, rng: (Sampled(small, N=30, rng=rng), TabularSoftmax(small.S, small.A)),
    "rollouts": lambda small, rng: (
        Rollouts(
            gymnasium.make_vec("CartPole-v1", num_envs=2),
            steps=8,
            rng=rng,
            critic=Critic(MLP(4, 1, hidden=(4,)), rng),
        ),
        NeuralSoftmax(4, 2, hidden=(4,)),
    ),
    "episodes": lambda small, rng: (
        Episodes(gymnasium.make_vec("CartPole-v1", num_envs=2), steps=8, rng=rng),
        NeuralSoftmax(4, 2, hidden=(4,)),
    ),
}


@pytest.mark.statement("gradient_ascent")
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["reinforce", "npg", "trpo", "ppo-penalty", "ppo-clip"])
def test_no_read_of_an_iterate_draws(source, name, small):
    """The generator's state before and after, at the last iterate too; the next iterate, the control, draws."""
    rng = np.random.default_rng(0)
    made, policy = SOURCES[source](small, rng)
    damped = {"damping": 0.1} if name in ("npg", "trpo") else {}
    its = ALGORITHMS[name](made, policy, policy.init(np.random.default_rng(1)), K=2, **damped)
    states = []
    for k in range(3):
        it = next(its)
        assert it.k == k
        state = rng.bit_generator.state
        first = it.J, it.kl, it.grad_norm, it.lam, repr(it), repr(it.batch)
        assert rng.bit_generator.state == state
        assert (it.J, it.kl, it.grad_norm, it.lam, repr(it), repr(it.batch)) == first
        states.append(state)
    with pytest.raises(StopIteration):
        next(its)
    assert rng.bit_generator.state == state
    assert (states[1] != states[2]) == (source != "exact")


@pytest.mark.statement("gradient_ascent")
@every_algorithm
def test_what_is_read_and_when_changes_nothing(run, small, policy):
    """Trajectories are drawn once an iterate, whether the reader asks early, late or not at all."""

    def its(seed):
        source = Sampled(small, N=30, rng=np.random.default_rng(seed))
        return run(source, policy, np.zeros(policy.p), K=3)

    silent = list(its(0))
    asked = [(it.grad_norm, it.J, it.kl) for it in its(0)]
    for it, (grad_norm, J, kl) in zip(silent, asked, strict=True):
        assert (it.grad_norm, it.J, it.kl) == (grad_norm, J, kl)
    assert not np.array_equal(list(its(1))[-1].theta, silent[-1].theta)


@pytest.mark.statement("objective_fn")
def test_on_environments_j_is_none_before_the_first_episode_and_then_the_mean_of_the_last_hundred(
    rng,
):
    """The n-th episode of each environment earns n. The control is the mean of all episodes."""

    class Ten(gymnasium.Env):
        observation_space = gymnasium.spaces.Discrete(1)
        action_space = gymnasium.spaces.Discrete(2)

        n = 0

        def reset(self, *, seed=None, options=None):
            self.i, self.n = 0, self.n + 1
            return 0, {}

        def step(self, action):
            self.i += 1
            return 0, self.n / 10, self.i == 10, False, {}

    class Zero:
        def value(self, s):
            return np.zeros(np.shape(s))

        def fit(self, s, target):
            pass

    envs = gymnasium.vector.SyncVectorEnv(
        [Ten] * 3, autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP
    )
    source = Rollouts(envs, steps=4, rng=rng, critic=Zero())
    its = list(reinforce(source, TabularSoftmax(1, 2), np.zeros(2), eta=0.1, K=150))
    assert its[0].J is its[1].J is None
    assert repr(its[2]) == "Iterate(k=2, J=1)"
    earned = [np.repeat(np.arange(1, 1 + 4 * (it.k + 1) // 10), 3) for it in its]
    for it, of_all in zip(its[2:], earned[2:], strict=True):
        assert pytest.approx(of_all[-100:].mean()) == it.J
    assert earned[-1].mean() + 10 < its[-1].J < 61


@every_algorithm
def test_without_k_it_goes_on(run, small, policy):
    its = islice(run(Exact(small), policy, np.zeros(policy.p)), 12)
    assert [it.k for it in its] == list(range(12))


@every_algorithm
def test_a_state_that_cannot_be_reached_is_left_alone(run, rng):
    """Of the others, the control, every logit moves."""
    P = np.zeros((3, 2, 3))
    P[:, 0, 0] = P[:, 1, 1] = 1.0
    mdp = MDP(P, rng.normal(size=(3, 2)), [1.0, 0.0, 0.0], H=4)
    policy, theta = TabularSoftmax(3, 2), rng.normal(size=6)
    for source in (Exact(mdp), Sampled(mdp, N=20, rng=np.random.default_rng(0))):
        *_, last = run(source, policy, theta, K=5)
        np.testing.assert_allclose(last.theta[4:], theta[4:], atol=EXACT)
        assert np.abs(last.theta[:4] - theta[:4]).max() > 1e-2


@every_algorithm
def test_it_can_run_long_after_the_optimum(run, small):
    """Probabilities underflow on the way; nothing warns and the value stays."""
    policy = TabularSoftmax(small.S, small.A)
    *_, last = run(Exact(small), policy, np.zeros(policy.p), K=400)
    assert np.isfinite(last.theta).all()
    assert np.isfinite([last.J, last.kl, last.grad_norm]).all()
    *_, npg_last = npg(Exact(small), policy, np.zeros(policy.p), eta=1.0, K=200)
    assert last.J > npg_last.J - 0.1


@pytest.mark.statement("gradient_ascent")
def test_your_own_source_and_your_own_step_are_enough(rng):
    """A source is a function from a policy and its parameters to a batch, and a step one from an iterate."""
    policy, one = TabularSoftmax(1, 2), np.ones(1)
    seen = []

    def source(policy, theta):
        seen.append(theta.copy())
        s, a = np.array([0]), np.array([1])
        return Batch(s, a, one, one, policy.log_prob(theta, s, a), J=len(seen))

    def update(it):
        return it.theta + np.array([0.0, 1.0]), 2.0 * it.lam

    its = list(iterate(source, policy, np.zeros(2), update, K=3, lam=0.5))
    assert [it.theta[1] for it in its] == [0.0, 1.0, 2.0, 3.0]
    assert [it.J for it in its] == [1, 2, 3, 4]
    assert [it.lam for it in its] == [0.5, 1.0, 2.0, 4.0]
    assert all(isinstance(it, Iterate) for it in its)
    kl = policy.kl(its[0].theta, its[1].theta, np.array([0]))[0]
    assert its[1].kl == pytest.approx(kl)
    assert its[2].kl != its[1].kl


# --- The border -----------------------------------------------------------------------------------


@every_algorithm
def test_a_start_that_cannot_be_right_is_refused_at_once(run, small):
    """When the generator is made, not when it is first asked."""
    policy, source = TabularSoftmax(small.S, small.A), Exact(small)
    for theta, message in (
        (np.zeros(2), r"^theta has shape \(2,\), but \(6\) is expected\.$"),
        (np.full(6, np.nan), r"^theta must be finite, but it contains NaN"),
        ("theta", r"^theta must be an array of numbers, but its type is <U5\.$"),
        (None, r"^theta must be an array of numbers, but its type is object\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            run(source, policy, theta)
    for wrong in (None, small, "source", Exact):
        with pytest.raises(
            TypeError, match=r"^source must be a source such as Exact\(mdp\), but it is"
        ):
            run(wrong, policy, np.zeros(6))
    for K in (-1, 2.5, "3", True):
        with pytest.raises(
            ValueError, match=r"^K must be an integer that is not negative, but it is"
        ):
            run(source, policy, np.zeros(6), K=K)


@pytest.mark.parametrize("wrong", [None, TabularSoftmax, "policy"], ids=["none", "class", "string"])
@pytest.mark.parametrize("name", [name for name in ALGORITHMS if name != "reinforce-adam"])
def test_what_is_no_policy_is_refused_at_once(name, wrong, small):
    with pytest.raises(TypeError, match=r"^policy must be a policy such as TabularSoftmax"):
        ALGORITHMS[name](Exact(small), wrong, np.zeros(6))


@every_algorithm
def test_no_iteration_leaves_the_start_and_a_list_is_a_start_too(run, small, policy):
    theta = [0] * policy.p
    (it,) = run(Exact(small), policy, theta, K=0)
    np.testing.assert_array_equal(it.theta, theta)
    *_, last = run(Exact(small), policy, theta, K=1)
    assert np.abs(last.theta).max() > 0
    start = np.zeros(policy.p)
    (it,) = run(Exact(small), policy, start, K=0)
    it.theta[0] = 1.0
    assert start[0] == 0.0
