"""Whole episodes from vector environments: one from each, begun afresh, and the batch that they make."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv
from scripted import (
    MODES,
    POLICY,
    THETA,
    Balance,
    length_and_end,
    scripted,
)

from pgcompanion import objectives
from pgcompanion.algorithms import reinforce
from pgcompanion.batches import Episodes, rollout
from pgcompanion.estimators import policy_gradient, reward_to_go, total_return
from pgcompanion.policies import NeuralGaussian, NeuralSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories

# --- Rollouts from start to end -------------------------------------------------------------------


def check_rows(tau: Trajectories) -> None:
    """Each row is one episode, with its own rewards, end and last observation."""
    for row in range(tau.N):
        taken = tau.mask[row]
        s, a, r = tau.s[row, taken], tau.a[row, taken], tau.r[row, taken]
        assert not taken[len(s) :].any()
        assert s.tolist() == list(range(s[0], s[0] + len(s)))
        assert a.tolist() == (s % 10).tolist()
        assert r.tolist() == (s + a / 10).tolist()
        assert tau.last[row] == s[-1] + 1
        length, terminated = length_and_end(s[0] // 10000, s[0] // 100 % 100)
        assert tau.terminated[row] == (terminated and tau.last[row] % 100 == length)


@pytest.mark.statement("trajectories")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("steps", [1, 3, 5, 9, 20])
def test_a_rollout_is_one_episode_from_each_environment(mode, steps, rng):
    """It stops when all have ended. With the mask of complete episodes, the control, the same check fails."""
    tau = rollout(scripted(mode), POLICY, THETA, steps, rng)
    check_rows(tau)
    H = min(steps, 9)
    assert tau.s.shape == tau.a.shape == tau.r.shape == tau.mask.shape == (3, H)
    assert tau.mask.sum(axis=1).tolist() == [min(3, steps), min(2, steps), H]
    assert tau.terminated.tolist() == [steps >= 3, False, False]
    assert tau.s[:, 0].tolist() == [0, 10000, 20000]
    if steps > 3:
        with pytest.raises(AssertionError):
            check_rows(Trajectories(tau.s, tau.a, tau.r, None, tau.terminated, tau.last))


@pytest.mark.parametrize("mode", MODES)
def test_an_environment_that_writes_to_the_same_arrays_changes_nothing(mode, rng):
    one, two = (rollout(scripted(mode, copy), POLICY, THETA, 12, rng) for copy in (True, False))
    for name in ("s", "a", "r", "last"):
        np.testing.assert_array_equal(
            getattr(one, name)[one.mask] if name != "last" else one.last,
            getattr(two, name)[two.mask] if name != "last" else two.last,
        )


def test_the_generator_decides_everything(rng):
    envs = gymnasium.make_vec("CartPole-v1", num_envs=5)
    one, two, other = (
        rollout(envs, Balance(), THETA, 50, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (one.s == two.s).all()
    assert (one.s != other.s).any()


def test_the_vectorised_cart_pole_moves_as_the_single_one(rng):
    """Step by step, from the observation: it is the state to within u = eps / 2 of single precision.

    One step of Euler's method has a Lipschitz constant below 2, as 0.02 times its steepest slope, that
    of the angular acceleration in the angle, is below 0.5. Hence 2 u from the state, and u from either
    observation after it.
    """
    envs = gymnasium.make_vec("CartPole-v1", num_envs=4)
    assert not isinstance(envs, SyncVectorEnv)
    tau = rollout(envs, Balance(), THETA, 100, rng)
    for n in range(tau.N):
        env = gymnasium.make("CartPole-v1")
        env.reset()

        def step(state: np.ndarray, a: int, env=env) -> tuple[np.ndarray, bool]:
            env.unwrapped.state = state.astype(float)
            return env.step(a)[0:3:2]

        taken = np.flatnonzero(tau.mask[n])
        after = [*tau.s[n, taken[1:]], tau.last[n]]
        for h, expected in zip(taken, after, strict=True):
            a = int(tau.a[n, h])
            other, _ = step(tau.s[n, h], 1 - a)
            s, terminated = step(tau.s[n, h], a)
            scale = max(np.abs(tau.s[n, h]).max(), np.abs(expected).max())
            bound = 2 * np.finfo(np.float32).eps * scale
            assert np.abs(s - expected).max() < bound < np.abs(other - expected).max() / 1000
        assert terminated == tau.terminated[n]


# --- The batch of episodes ------------------------------------------------------------------------

LENGTHS = (2, 3)  # of the episodes of either environment, over and over
ENDS = (True, False)


class Counting(gymnasium.Env):
    """Step i of every episode of environment n is seen as 4 n + i, or (i, n), and brings the reward 10 ** i."""

    def __init__(self, n: int, vectors: bool) -> None:
        box = gymnasium.spaces.Box(0, 10, (2,))
        self.observation_space = box if vectors else gymnasium.spaces.Discrete(8)
        self.action_space = gymnasium.spaces.Discrete(2)
        self.n, self.vectors = n, vectors

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        self.i = 0
        return self.observation, {}

    def step(self, action: int):
        self.i += 1
        over = self.i == LENGTHS[self.n]
        ends = over and ENDS[self.n], over and not ENDS[self.n]
        return self.observation, 10.0 ** (self.i - 1), *ends, {}

    @property
    def observation(self):
        return np.array([self.i, self.n], np.float32) if self.vectors else 4 * self.n + self.i


def counting(vectors: bool, mode) -> SyncVectorEnv:
    envs = [lambda n=n: Counting(n, vectors) for n in range(2)]
    return SyncVectorEnv(envs, autoreset_mode=mode)


NETWORK = NeuralSoftmax(inputs=2, A=2, hidden=(4,))
TABLE = TabularSoftmax(8, 2)


class Recorded:
    """A coefficient that keeps the trajectories it was asked about."""

    def __call__(self, tau):
        self.tau = tau
        return total_return(tau.r)


@pytest.mark.statement("reinforce_pg")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("vectors", "policy"), [(True, NETWORK), (False, TABLE)])
def test_reinforce_takes_whole_episodes_begun_afresh(mode, vectors, policy, rng):
    """Their returns are 11 and 111, cut after two steps 11 and 11; each score is weighed by the whole return.

    The negative control weighs it by the reward-to-go.
    """
    theta = 0.5 * rng.normal(size=policy.p)
    for steps, earned in ((9, [11, 111]), (2, [11, 11])):
        psi, generator = Recorded(), np.random.default_rng(3)
        source = Episodes(counting(vectors, mode), steps=steps, rng=generator, psi=psi)
        its = reinforce(source, policy, theta, eta=1e-3, K=1)
        start, tau = next(its), psi.tau
        after = next(its)
        assert np.mean(earned) == start.J == after.J
        assert tau.mask.sum(axis=1).tolist() == [2, min(3, steps)]
        g = policy_gradient(policy, theta, tau, total_return(tau.r))
        np.testing.assert_allclose(after.theta, theta + 1e-3 * g, atol=1e-10)
        kl = (policy.kl(theta, after.theta, tau.s) * tau.mask).sum() / tau.N
        assert after.kl == pytest.approx(kl, rel=1e-9)
        to_go = policy_gradient(policy, theta, tau, reward_to_go(tau.r))
        assert np.abs(to_go - g).max() > 1e-2


@pytest.mark.statement("trpo_implement")
def test_a_row_is_a_step_and_its_weight_one_over_the_episodes(rng):
    """So that the weights add up to the mean length. Steps that were not taken have no row."""
    batch = Episodes(counting(False, MODES[1]), steps=9, rng=rng)(TABLE, np.zeros(16))
    assert batch.B == 5
    np.testing.assert_allclose(batch.w, 1 / 2)
    assert sorted(batch.s) == [0, 1, 4, 5, 6]
    assert not batch.aggregated
    # By default the reward-to-go less the other environment's, as far as that went: nothing is taken from the last.
    np.testing.assert_allclose(
        batch.A[np.argsort(batch.s)], [11 - 111, 10 - 110, 111 - 11, 110 - 10, 100]
    )


@pytest.mark.statement("reinforce_pg")
def test_a_gaussian_has_episodes_too(rng):
    """At the parameters that drew them every ratio is 1; at others, the control, it is not."""
    policy = NeuralGaussian(inputs=3, n=1, hidden=(4,), sigma=None)
    theta = policy.init(rng)
    batch = Episodes(gymnasium.make_vec("Pendulum-v1", num_envs=3), steps=5, rng=rng)(policy, theta)
    assert batch.a.shape == (15, 1)
    assert batch.J < 0
    assert objectives.surrogate(policy, theta, batch) == pytest.approx(0.0, abs=1e-9)
    other = theta + 0.3 * rng.normal(size=policy.p)
    assert abs(objectives.surrogate(policy, other, batch)) > 1e-3


def test_an_episode_from_a_space_of_another_kind_is_refused(rng):
    source = Episodes(counting(False, MODES[1]), steps=9, rng=rng)
    with pytest.raises(ValueError, match=r"^policy expects actions in Discrete\(3\)"):
        source(TabularSoftmax(8, 3), np.zeros(24))
    with pytest.raises(ValueError, match=r"^policy expects observations in a Box of shape \(2,\)"):
        source(NETWORK, np.zeros(NETWORK.p))


@pytest.mark.parametrize("steps", [0, 2.5, True, None])
def test_a_number_of_steps_that_is_no_positive_integer_is_refused(steps, rng):
    for take in (
        lambda: rollout(scripted(MODES[0]), POLICY, THETA, steps, rng),
        lambda: Episodes(scripted(MODES[0]), steps=steps, rng=rng),
    ):
        with pytest.raises(ValueError, match=r"^steps must be a positive integer, but it is"):
            take()


def test_what_is_no_vector_environment_is_refused(rng):
    env, hidden = gymnasium.make("CartPole-v1"), scripted(MODES[0])
    hidden.metadata = {}
    for take in (
        lambda envs: rollout(envs, Balance(), THETA, 5, rng),
        lambda envs: Episodes(envs, steps=5, rng=rng),
    ):
        for wrong in (env, None, "CartPole-v1"):
            with pytest.raises(
                TypeError, match=r"^envs must be a vector environment, as gymnasium"
            ):
                take(wrong)
        with pytest.raises(ValueError, match=r"^envs must state its autoreset mode.*\.$"):
            take(hidden)
    for wrong in (0, None):
        with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator"):
            Episodes(scripted(MODES[0]), steps=5, rng=wrong)
    with pytest.raises(TypeError, match=r"^psi must be a function, but it is None\.$"):
        Episodes(scripted(MODES[0]), steps=5, rng=rng, psi=None)
