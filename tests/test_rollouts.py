"""Rollouts, against an environment whose every step is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from pgcompanion.estimators import gae
from pgcompanion.rollouts import Stream, rollout
from pgcompanion.trajectories import Trajectories

TERMINATED, TRUNCATED = True, False
# The lengths of the episodes of each environment in turn, and how they end. Later ones are endless.
SCRIPTS = [
    [(3, TERMINATED), (2, TRUNCATED), (4, TERMINATED), (1, TERMINATED)],
    [(2, TRUNCATED), (1, TRUNCATED), (6, TERMINATED)],
    [(9, TRUNCATED)],
]
ENDLESS = (10**6, TRUNCATED)
MODES = list(AutoresetMode)


class Scripted(gymnasium.Env):
    """Counts: step i of episode e of environment n is observed as 10000 n + 100 e + i.

    The reward of a step is its observation plus a tenth of the action.
    """

    def __init__(self, n: int) -> None:
        self.observation_space = gymnasium.spaces.Discrete(10**6)
        self.action_space = gymnasium.spaces.Discrete(10)
        self.n, self.episode = n, -1

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        self.episode, self.i = self.episode + 1, 0
        return self.observation, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        reward = self.observation + action / 10
        self.i += 1
        length, terminated = length_and_end(self.n, self.episode)
        over = self.i == length
        return self.observation, reward, over and terminated, over and not terminated, {}

    @property
    def observation(self) -> int:
        return 10000 * self.n + 100 * self.episode + self.i


class LastDigit:
    """The action is the last digit of the observation, so that a shift by one step would show."""

    def sample(self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return s % 10


POLICY, THETA = LastDigit(), np.zeros(0)


def length_and_end(n: int, episode: int) -> tuple[int, bool]:
    script = SCRIPTS[n]
    return script[episode] if episode < len(script) else ENDLESS


def scripted(mode: AutoresetMode, copy: bool = True, count: int = len(SCRIPTS)) -> SyncVectorEnv:
    envs = [lambda n=n: Scripted(n) for n in range(count)]
    return SyncVectorEnv(envs, autoreset_mode=mode, copy=copy)


def transitions(n: int, count: int) -> list[int]:
    """The observations at which environment ``n`` acts, in their order."""
    found: list[int] = []
    episode = 0
    while len(found) < count:
        length, _ = length_and_end(n, episode)
        found += [10000 * n + 100 * episode + i for i in range(min(length, count - len(found)))]
        episode += 1
    return found


def check_rows(tau: Trajectories) -> None:
    """Each row is one piece of one episode, with its own rewards, end and last observation."""
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


# --- A stream of pieces ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("H", [1, 2, 3, 7, 12])
def test_a_stream_brings_every_transition_once_and_nothing_else(mode, H, rng):
    stream = Stream(scripted(mode), rng)
    batches = [stream.take(POLICY, THETA, H, rng) for _ in range(4)]
    for tau in batches:
        check_rows(tau)
    seen = np.concatenate([tau.s[tau.mask] for tau in batches])
    for n in range(len(SCRIPTS)):
        own = seen[seen // 10000 == n].tolist()
        assert own == transitions(n, len(own))
        resets = 0 if mode is not AutoresetMode.NEXT_STEP else own[-1] // 100 % 100
        assert 4 * H - len(own) - resets in (0, 1)  # the last batch may close with a reset


def test_a_reset_step_that_is_counted_fails_the_same_check():
    envs = scripted(AutoresetMode.NEXT_STEP)
    s, _ = envs.reset()
    steps = []
    for _ in range(7):
        s_next, r, terminated, *_ = envs.step(s % 10)
        steps.append((s, s % 10, r, terminated, s_next))
        s = s_next
    s, a, r, terminated, after = (np.stack(x, axis=1) for x in zip(*steps, strict=True))
    naive = Trajectories(s, a, r, terminated=terminated[:, -1], last=after[:, -1])
    with pytest.raises(AssertionError):
        check_rows(naive)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("H", [1, 3, 12])
@pytest.mark.parametrize("count", [1, len(SCRIPTS)])
def test_a_stream_counts_the_returns_of_the_episodes_that_ended(mode, H, count, rng):
    """An episode may have its steps in several batches; a batch may have no step but a reset."""
    stream = Stream(scripted(mode, count=count), rng)
    ended: list[float] = []
    for _ in range(36 // H):
        stream.take(POLICY, THETA, H, rng)
        ended += stream.returns.tolist()
    expected = []
    for n, script in enumerate(SCRIPTS[:count]):
        for episode, (length, _) in enumerate(script):
            s = 10000 * n + 100 * episode + np.arange(length)
            expected.append(float((s + s % 10 / 10).sum()))
    assert sorted(ended) == pytest.approx(sorted(expected))


# --- Whole episodes -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("H", [1, 3, 5, 9, 20])
def test_a_rollout_is_one_episode_from_each_environment(mode, H, rng):
    tau = rollout(scripted(mode), POLICY, THETA, H, rng)
    check_rows(tau)
    assert tau.s.shape == tau.a.shape == tau.r.shape == tau.mask.shape == (3, H)
    assert tau.mask.sum(axis=1).tolist() == [min(3, H), min(2, H), min(9, H)]
    assert tau.terminated.tolist() == [H >= 3, False, False]
    assert tau.s[:, 0].tolist() == [0, 10000, 20000]


@pytest.mark.parametrize("mode", MODES)
def test_an_environment_that_writes_to_the_same_arrays_changes_nothing(mode, rng):
    fresh, reused = (Stream(scripted(mode, copy), rng) for copy in (True, False))
    one, two = (stream.take(POLICY, THETA, 12, rng) for stream in (fresh, reused))
    assert (one.s == two.s).all()
    assert (one.last == two.last).all()


def test_the_generator_decides_everything(rng):
    envs = gymnasium.make_vec("CartPole-v1", num_envs=5)
    one, two, other = (
        rollout(envs, Balance(), THETA, 50, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (one.s == two.s).all()
    assert (one.s != other.s).any()


class Balance:
    """Pushes to the side to which the pole falls."""

    def sample(self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return (s[:, 2] + 0.2 * s[:, 3] > 0).astype(int)


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


# --- What the estimate of the advantage makes of it -----------------------------------------------

GAMMA, LAM = 0.9, 0.8


def by_hand(tau: Trajectories, V, lam: float) -> np.ndarray:
    """Generalized advantages, term by term, from the script alone."""
    A = np.zeros(tau.r.shape)
    for row in range(tau.N):
        s = tau.s[row, tau.mask[row]]
        length, terminated = length_and_end(s[0] // 10000, s[0] // 100 % 100)
        ends = terminated and s[-1] % 100 + 1 == length
        v_next = [V(x + 1) for x in s]
        if ends:
            v_next[-1] = 0.0
        surprise = [x + x % 10 / 10 + GAMMA * w - V(x) for x, w in zip(s, v_next, strict=True)]
        for h in range(len(s)):
            A[row, h] = sum((GAMMA * lam) ** i * x for i, x in enumerate(surprise[h:]))
    return A


@pytest.mark.statement("gae")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("lam", [0.0, LAM, 1.0])
def test_gae_bootstraps_at_truncation_and_not_at_termination(mode, lam, rng, measure):
    def V(s):
        return 1.0 + s / 7

    tau = Stream(scripted(mode), rng).take(POLICY, THETA, 12, rng)
    expected = by_hand(tau, V, lam)
    scale = abs(expected).max()
    assert measure((gae(tau, V, lam, GAMMA) - expected) / scale, over=tau.N) < 1e-10
    # Bootstrapping over a terminal state, or not at all, is another number.
    for wrong in (np.zeros(tau.N, bool), np.ones(tau.N, bool)):
        error = gae(replace(tau, terminated=wrong), V, lam, GAMMA) - expected
        assert abs(error).max() / scale > 1e-3


# --- The border -----------------------------------------------------------------------------------


class Torque(gymnasium.Env):
    """Remembers the last action that it was given."""

    def __init__(self) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1.0, 2.0, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        return np.zeros(1), {}

    def step(self, action: np.ndarray):
        assert self.action_space.contains(action)
        return action.astype(float), 0.0, False, False, {}


class Far:
    """Draws actions that lie outside every box."""

    def sample(self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.array([[-5.0], [0.5], [5.0]])


def test_an_action_outside_the_box_is_replaced_for_the_environment_alone(rng):
    tau = rollout(SyncVectorEnv([Torque] * 3), Far(), THETA, 2, rng)
    assert tau.a[:, 0, 0].tolist() == [-5.0, 0.5, 5.0]
    assert tau.s[:, 1, 0].tolist() == [-1.0, 0.5, 2.0]


@pytest.mark.parametrize("H", [0, 2.5, True])
def test_a_horizon_that_is_no_positive_integer_is_refused(H, rng):
    with pytest.raises(ValueError, match=r"^H must be a positive integer"):
        rollout(scripted(AutoresetMode.NEXT_STEP), POLICY, THETA, H, rng)


@pytest.mark.parametrize("take", [rollout, lambda env, *rest: Stream(env, rest[-1])])
def test_a_single_environment_is_refused(take, rng):
    env = gymnasium.make("CartPole-v1")
    message = (
        r"^vector_env must be a vector environment, as gymnasium\.make_vec gives it, but it is of"
    )
    with pytest.raises(ValueError, match=message):
        take(env, Balance(), THETA, 5, rng)


def test_an_environment_that_hides_its_autoreset_mode_is_refused(rng):
    envs = scripted(AutoresetMode.NEXT_STEP)
    envs.metadata = {}
    with pytest.raises(ValueError, match=r"^vector_env must state its autoreset mode.*\.$"):
        rollout(envs, POLICY, THETA, 5, rng)
