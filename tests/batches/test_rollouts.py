"""Rollouts, against environments whose every step is known beforehand: streams, advantages, critic, J."""

from __future__ import annotations

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from scripted import (
    MODES,
    POLICY,
    SCRIPTS,
    THETA,
    Player,
    Scripted,
    length_and_end,
    returns,
    scripted,
    transitions,
)

from pgcompanion import objectives
from pgcompanion.batches import Rollouts
from pgcompanion.batches.rollouts import EPISODES, Steps, Stream
from pgcompanion.estimators import Critic, normalised
from pgcompanion.policies import (
    MLP,
    LinearGaussian,
    LinearSoftmax,
    NeuralGaussian,
    NeuralSoftmax,
    TabularSoftmax,
)

GAMMA, LAM = 0.9, 0.8


class Values:
    """A critic whose values are known, and which notes when it is asked and when it is fitted."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fitted: list[tuple[np.ndarray, np.ndarray]] = []

    def value(self, s: np.ndarray) -> np.ndarray:
        self.calls.append("value")
        return 1.0 + s / 7

    def fit(self, s: np.ndarray, target: np.ndarray) -> None:
        self.calls.append("fit")
        self.fitted.append((s, target))


def V(s: int) -> float:
    return 1.0 + s / 7


# --- A stream of steps ----------------------------------------------------------------------------


def check_steps(x: Steps) -> None:
    """Every step that was taken has its own action, reward and end, and leads where it leads."""
    for t, n in np.argwhere(x.taken):
        s = x.s[t, n]
        assert x.a[t, n] == s % 10
        assert x.r[t, n] == s + s % 10 / 10
        assert x.after[t, n] == s + 1
        length, terminated = length_and_end(s // 10000, s // 100 % 100)
        over = s % 100 + 1 == length
        assert x.done[t, n] == over
        assert x.terminated[t, n] == (over and terminated)


@pytest.mark.statement("trajectories")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("T", [1, 2, 3, 7, 12])
def test_a_stream_brings_every_transition_once_and_nothing_else(mode, T, rng):
    """The negative control is the test after the next: a step that begins an episode anew, counted."""
    stream = Stream(scripted(mode), rng)
    parts = [stream.take(POLICY, THETA, T, rng) for _ in range(4)]
    for x in parts:
        assert x.s.shape == x.a.shape == x.r.shape == x.taken.shape == (T, len(SCRIPTS))
        check_steps(x)
    for n in range(len(SCRIPTS)):
        own = np.concatenate([x.s[x.taken[:, n], n] for x in parts]).tolist()
        assert own == transitions(n, len(own))
        resets = 0 if mode is not AutoresetMode.NEXT_STEP else own[-1] // 100 % 100
        assert 4 * T - len(own) - resets in (0, 1)  # the last part may close with a reset


def test_the_seeds_of_the_environments_fill_their_range():
    """Of 1,000 numbers below 2**31 some have their highest bit set, and none is there twice."""
    seeds: list[int] = []

    def reset(seed: int) -> tuple[np.ndarray, dict]:
        seeds.append(seed)
        return np.zeros(1), {}

    metadata, rng = {"autoreset_mode": AutoresetMode.NEXT_STEP}, np.random.default_rng(0)
    for _ in range(1000):
        Stream(SimpleNamespace(num_envs=1, metadata=metadata, reset=reset), rng)
    assert len(set(seeds)) == 1000
    assert 2**30 < max(seeds) < 2**31


def test_a_reset_step_that_is_counted_fails_the_same_check(rng):
    stream = Stream(scripted(AutoresetMode.NEXT_STEP), rng)
    x = stream.take(POLICY, THETA, 7, rng)
    check_steps(x)
    assert not x.taken.all()
    with pytest.raises(AssertionError):
        check_steps(x._replace(taken=np.ones_like(x.taken)))


@pytest.mark.parametrize("mode", MODES)
def test_an_environment_that_writes_to_the_same_arrays_changes_nothing(mode, rng):
    fresh, reused = (Stream(scripted(mode, copy), rng) for copy in (True, False))
    one, two = (stream.take(POLICY, THETA, 12, rng) for stream in (fresh, reused))
    for x, y in zip(one, two, strict=True):
        np.testing.assert_array_equal(x, y)


# --- J --------------------------------------------------------------------------------------------


@pytest.mark.statement("objective_fn")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("T", [1, 3, 12])
@pytest.mark.parametrize("count", [1, len(SCRIPTS)])
def test_the_objective_is_the_mean_return_of_the_episodes_that_ended(mode, T, count, rng):
    """None before the first. An episode may have its steps in several parts; a part may have no step but a reset.

    The negative control is the mean of the rewards that were met, whether their episode ended or not.
    """
    stream = Stream(scripted(mode, count=count), rng)
    assert stream.mean_return is None
    rewards = 0.0
    for _ in range(36 // T):
        x = stream.take(POLICY, THETA, T, rng)
        rewards += float((x.r * x.taken).sum())
    expected = returns(count)
    assert stream.mean_return == pytest.approx(np.mean(expected))
    assert abs(rewards / len(expected) - np.mean(expected)) > 1


class Rising(gymnasium.Env):
    """Episodes of one step; the i-th earns i."""

    observation_space = gymnasium.spaces.Discrete(1)
    action_space = gymnasium.spaces.Discrete(2)
    i = 0

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        self.i += 1
        return 0, float(self.i), True, False, {}


@pytest.mark.statement("objective_fn")
def test_only_the_last_hundred_episodes_count(rng):
    """So that an old policy is forgotten. The negative control is the mean of all."""
    envs = SyncVectorEnv([Rising], autoreset_mode=AutoresetMode.SAME_STEP)
    stream = Stream(envs, rng)
    stream.take(TabularSoftmax(1, 2), np.zeros(2), 40, rng)
    assert stream.mean_return == pytest.approx(20.5)
    stream.take(TabularSoftmax(1, 2), np.zeros(2), 210, rng)
    assert stream.mean_return == pytest.approx(np.arange(151, 251).mean())
    assert EPISODES == 100
    assert abs(stream.mean_return - np.arange(1, 251).mean()) > 50


@pytest.mark.parametrize("mode", MODES)
def test_a_batch_carries_the_objective_of_its_moment(mode, rng):
    """None first; asked late, each batch remembers its own."""
    source = Rollouts(scripted(mode), steps=1, rng=rng, critic=Values())
    batches = [source(POLICY, THETA) for _ in range(4)]
    assert batches[0].J is None
    first = {
        (1, 0): 2,
        (0, 0): 3,
    }  # the second environment ends after two steps, the first after three

    def score(n, e):
        s = 10000 * n + 100 * e + np.arange(first[n, e])
        return float((s + s % 10 / 10).sum())

    assert pytest.approx(score(1, 0)) == batches[1].J
    later = [score(1, 0), score(0, 0)]
    if mode is not AutoresetMode.NEXT_STEP:  # otherwise the second is just being reset
        later.append(10100.0)
    assert pytest.approx(np.mean(later)) == batches[2].J


# --- Advantages -----------------------------------------------------------------------------------


def advantages_by_hand(s: np.ndarray, lam: float) -> np.ndarray:
    """Generalized advantages of one environment's steps in a row, term by term, from the script alone."""
    A = np.zeros(len(s))
    for t in range(len(s)):
        weight = 1.0
        for x in s[t:].tolist():
            length, terminated = length_and_end(x // 10000, x // 100 % 100)
            over = x % 100 + 1 == length
            v_next = 0.0 if over and terminated else V(x + 1)
            A[t] += weight * (x + x % 10 / 10 + GAMMA * v_next - V(x))
            weight *= GAMMA * lam
            if over:
                break
    return A


def batch_of(mode, steps, lam=LAM, envs=None, **options):
    critic = Values()
    options |= {"rng": np.random.default_rng(0), "critic": critic, "gamma": GAMMA, "lam": lam}
    source = Rollouts(scripted(mode) if envs is None else envs, steps=steps, **options)
    return source(POLICY, THETA), critic


@pytest.mark.statement("gae")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 12])
@pytest.mark.parametrize("lam", [0.0, LAM, 1.0])
def test_gae_bootstraps_at_truncation_and_not_at_termination(mode, steps, lam, measure):
    """In each mode what follows the last step of an episode is its own, not the next one's first observation.

    The negative controls: every end is terminal, and no end is.
    """
    batch, _ = batch_of(mode, steps, lam)
    assert set(batch.s // 10000) == {0, 1, 2}
    worst, seen = 0.0, []
    for n in range(len(SCRIPTS)):
        own = batch.s // 10000 == n
        s, A = batch.s[own], batch.A[own]
        expected = advantages_by_hand(s, lam)
        worst = max(worst, np.abs((A - expected) / np.abs(expected).max()).max())
        seen += s.tolist()
    assert measure(worst, over=len(seen), of="steps") < 1e-10
    for n in range(len(SCRIPTS)):
        own = [s for s in seen if s // 10000 == n]
        assert own == transitions(n, len(own))
    if steps == 12:
        for wrong in (True, False):
            assert np.abs(ends_as(wrong, mode, lam).A - batch.A).max() > 1.0


def ends_as(terminated: bool, mode, lam):
    """The same steps from environments that give every end the same name."""

    class Named(Scripted):
        def step(self, action):
            s, r, ended, cut, info = super().step(action)
            over = ended or cut
            return s, r, over and terminated, over and not terminated, info

    envs = SyncVectorEnv([lambda n=n: Named(n) for n in range(3)], autoreset_mode=mode)
    return batch_of(mode, 12, lam, envs)[0]


@pytest.mark.statement("gae")
@pytest.mark.parametrize("mode", MODES)
def test_what_follows_the_rollout_is_left_to_the_critic(mode):
    """A rollout cut within an episode: its last step is followed by the value of what the stream waits at."""
    batch, _ = batch_of(mode, steps=1)
    s = batch.s
    np.testing.assert_allclose(batch.A, s + s % 10 / 10 + GAMMA * V(s + 1) - V(s))
    without = s + s % 10 / 10 - V(s)
    assert np.abs(batch.A - without).min() > 0.5


@pytest.mark.statement("gae", "pg_baseline_algorithm")
@pytest.mark.parametrize("mode", MODES)
def test_the_critic_is_fitted_after_its_values_are_used(mode):
    """To A + V of the steps that were taken, before A is normalised. Fitted first, it would know the answers."""
    for normalise in (False, True):
        batch, critic = batch_of(mode, 12, normalise=normalise)
        assert critic.calls[-1] == "fit"
        assert critic.calls.count("fit") == 1
        ((s, target),) = critic.fitted
        np.testing.assert_array_equal(s, batch.s)
        A = np.concatenate([advantages_by_hand(s[s // 10000 == n], LAM) for n in range(3)])
        order = np.argsort(np.concatenate([np.flatnonzero(s // 10000 == n) for n in range(3)]))
        np.testing.assert_allclose(target, A[order] + V(s), rtol=1e-10)
        assert (np.abs(batch.A - A[order]).max() > 1) == normalise


@pytest.mark.statement("gae")
def test_a_real_critic_learns_and_the_next_rollout_profits(rng):
    """On steps whose reward is 1 and whose discount is 0 the value is 1: TD residuals vanish as it learns."""

    class Paying(Rising):
        observation_space = gymnasium.spaces.Box(0, 1, (1,))

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, np.float32), {}

        def step(self, action):
            return np.zeros(1, np.float32), 1.0, False, False, {}

    envs = SyncVectorEnv([Paying] * 4, autoreset_mode=AutoresetMode.SAME_STEP)
    critic = Critic(MLP(1, 1, hidden=(4,)), rng, eta=0.05, epochs=20)
    source = Rollouts(envs, steps=8, rng=rng, critic=critic, gamma=0.0)
    policy = NeuralSoftmax(inputs=1, A=2, hidden=(4,))
    sizes = [np.abs(source(policy, policy.init(rng)).A).max() for _ in range(10)]
    assert sizes[-1] < 0.1 < 0.5 < sizes[0]


# --- Rows -----------------------------------------------------------------------------------------


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("mode", MODES)
def test_a_row_is_a_step_and_their_weights_add_up_to_one(mode):
    """So that divergences are mean nats of a visited state, however many steps there are."""
    for steps in (3, 12):
        batch, _ = batch_of(mode, steps)
        assert not batch.aggregated
        np.testing.assert_allclose(batch.w, 1 / batch.B)
        fewer = mode is AutoresetMode.NEXT_STEP  # a step that begins an episode anew is no row
        assert (3 * steps > batch.B) == fewer


@pytest.mark.parametrize("steps", [1, 2])
def test_a_single_environment_that_only_began_anew_waits_for_a_step(steps, rng):
    """In the mode that spends a step on it, a rollout of one step may have none: then the next is taken."""
    envs = scripted(AutoresetMode.NEXT_STEP, count=1)
    source = Rollouts(envs, steps=steps, rng=rng, critic=Values())
    seen = np.concatenate([source(POLICY, THETA).s for _ in range(12)]).tolist()
    assert seen == transitions(0, len(seen))


@pytest.mark.statement("ppo_clip")
def test_normalised_advantages_have_mean_zero_and_deviation_one(rng):
    """Shift and scale alone: the order stays. The negative control is the batch as it comes."""
    plain, scaled = (batch_of(MODES[0], 12, normalise=n)[0] for n in (False, True))
    assert scaled.A.mean() == pytest.approx(0.0, abs=1e-10)
    assert scaled.A.std() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(scaled.A, (plain.A - plain.A.mean()) / plain.A.std(), rtol=1e-6)
    assert abs(plain.A.mean()) > 1
    A = rng.normal(size=20)
    np.testing.assert_allclose(normalised(3 * A + 5), normalised(A), atol=1e-6)
    with pytest.raises(ValueError, match=r"^A must be finite"):
        normalised(np.array([1.0, np.nan]))


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("kind", ["softmax", "gaussian"])
def test_the_likelihoods_are_those_of_the_policy_that_acted(kind, rng):
    """At the batch's own parameters every ratio is 1; at others, the negative control, it is not."""
    task, policy = {
        "softmax": ("CartPole-v1", NeuralSoftmax(inputs=4, A=2, hidden=(8,))),
        "gaussian": ("Pendulum-v1", NeuralGaussian(inputs=3, n=1, hidden=(8,), sigma=None)),
    }[kind]
    envs = gymnasium.make_vec(task, num_envs=4)
    critic = Critic(MLP(policy.network.d, 1, hidden=(8,)), rng)
    source = Rollouts(envs, steps=16, rng=rng, critic=critic)
    theta = policy.init(rng)
    batch = source(policy, theta)
    assert 50 < batch.B <= 64
    assert objectives.surrogate(policy, theta, batch) == pytest.approx(0.0, abs=1e-6)
    assert objectives.kl(policy, theta, theta, batch) == pytest.approx(0.0, abs=1e-6)
    other = theta + 0.3 * rng.normal(size=policy.p)
    assert abs(objectives.surrogate(policy, other, batch)) > 1e-4
    assert objectives.kl(policy, theta, other, batch) > 1e-4


def test_the_generator_decides_everything(rng):
    policy = NeuralSoftmax(inputs=4, A=2, hidden=(8,))
    theta = policy.init(rng)

    def run(seed):
        rng = np.random.default_rng(seed)
        envs = gymnasium.make_vec("CartPole-v1", num_envs=4)
        source = Rollouts(envs, steps=16, rng=rng, critic=Critic(MLP(4, 1, hidden=(8,)), rng))
        return [source(policy, theta) for _ in range(2)][1]

    one, two, other = run(1), run(1), run(2)
    for name in ("s", "a", "A", "log_prob"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert other.B != one.B or (other.s != one.s).any()


# --- Actions and observations as the environment numbers them --------------------------------------


class Numbered(gymnasium.Env):
    """Three actions that it numbers from ``start``; remembers what it was told."""

    def __init__(self, start: int = 1) -> None:
        self.observation_space = gymnasium.spaces.Discrete(3)
        self.action_space = gymnasium.spaces.Discrete(3, start=start)
        self.start = start

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        assert self.action_space.contains(action)
        return int(action) - self.start, float(action), False, False, {}


@pytest.mark.parametrize("start", [0, 1, -2])
def test_a_discrete_action_is_numbered_as_the_environment_numbers_it(start, rng):
    """The policy's actions are 0, 1, 2, whatever the first is called. Unshifted, the control, some are none."""
    envs = SyncVectorEnv([lambda: Numbered(start)] * 5, autoreset_mode=AutoresetMode.SAME_STEP)
    stream = Stream(envs, rng)
    x = stream.take(TabularSoftmax(3, 3), np.zeros(9), 20, rng)
    assert set(x.a.ravel()) == {0, 1, 2}
    np.testing.assert_array_equal(x.r, x.a + start)
    np.testing.assert_array_equal(x.after, x.a)
    assert start == 0 or not envs.single_action_space.contains(
        x.a.min() if start > 0 else x.a.max()
    )


class Torque(gymnasium.Env):
    """Its observation is the last action that it was given."""

    def __init__(self) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1.0, 2.0, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        return np.zeros(1), {}

    def step(self, action: np.ndarray):
        assert self.action_space.contains(action)
        return action.astype(float), 0.0, False, False, {}


class Far(Player):
    """Draws actions that lie outside every box."""

    def sample(self, theta, s, rng, room=None) -> np.ndarray:
        return np.array([[-5.0], [0.5], [5.0]])


def test_an_action_outside_the_box_is_replaced_for_the_environment_alone(rng):
    envs = SyncVectorEnv([Torque] * 3, autoreset_mode=AutoresetMode.SAME_STEP)
    x = Stream(envs, rng).take(Far(), THETA, 2, rng)
    assert x.a[0, :, 0].tolist() == [-5.0, 0.5, 5.0]
    assert x.s[1, :, 0].tolist() == [-1.0, 0.5, 2.0]


# --- The border -----------------------------------------------------------------------------------


def wrong_pairs():
    """Policies and environments that do not fit, and what is said about them."""
    pole, lake = "CartPole-v1", "FrozenLake-v1"
    features = LinearSoftmax(np.ones((16, 3, 2)))
    return [
        (
            pole,
            NeuralSoftmax(inputs=4, A=3),
            r"policy expects actions in Discrete\(3\), but .* Discrete\(2\)",
        ),
        (
            pole,
            NeuralSoftmax(inputs=3, A=2),
            r"policy expects observations in a Box of shape \(3,\)",
        ),
        (pole, TabularSoftmax(16, 2), r"policy expects observations in Discrete\(16\), but .* Box"),
        (
            pole,
            NeuralGaussian(inputs=4, n=1),
            r"policy expects actions in a Box of shape \(1,\) of real numbers, but .* Discrete",
        ),
        (
            "Pendulum-v1",
            NeuralSoftmax(inputs=3, A=2),
            r"policy expects actions in Discrete\(2\), but .* Box",
        ),
        (
            "Pendulum-v1",
            NeuralGaussian(inputs=3, n=2),
            r"policy expects actions in a Box of shape \(2,\) of real numbers",
        ),
        (lake, features, r"policy expects actions in Discrete\(3\), but .* Discrete\(4\)"),
        (lake, TabularSoftmax(15, 4), r"policy expects observations in Discrete\(15\), but"),
        (
            lake,
            NeuralSoftmax(inputs=16, A=4),
            r"policy expects observations in a Box of shape \(16,\)",
        ),
    ]


@pytest.mark.parametrize(("task", "policy", "message"), wrong_pairs())
def test_a_policy_for_other_spaces_is_answered_in_one_sentence(task, policy, message, rng):
    source = Rollouts(gymnasium.make_vec(task, num_envs=2), steps=2, rng=rng, critic=Values())
    with pytest.raises(ValueError, match=rf"^{message}[^.]*\.?.*\.$"):
        source(policy, policy.init(rng))


@pytest.mark.parametrize(
    ("observations", "actions"),
    [
        (gymnasium.spaces.Discrete(3), gymnasium.spaces.MultiDiscrete([3, 3])),
        (gymnasium.spaces.Discrete(3), gymnasium.spaces.MultiBinary(3)),
        (gymnasium.spaces.Discrete(3), gymnasium.spaces.Box(0, 5, (2,), dtype=np.int64)),
        (gymnasium.spaces.Discrete(3, start=1), gymnasium.spaces.Discrete(3)),
        (gymnasium.spaces.MultiDiscrete([3]), gymnasium.spaces.Discrete(3)),
    ],
)
def test_spaces_that_no_policy_fits_are_refused(observations, actions, rng):
    class Odd(Numbered):
        def __init__(self):
            self.observation_space, self.action_space = observations, actions

        def reset(self, *, seed=None, options=None):
            return self.observation_space.sample(), {}

    envs = SyncVectorEnv([Odd] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    source = Rollouts(envs, steps=2, rng=rng, critic=Values())
    with pytest.raises(
        ValueError, match=r"^policy expects (actions|observations) in Discrete\(3\), but"
    ):
        source(TabularSoftmax(3, 3), np.zeros(9))
    with pytest.raises(ValueError, match=r"^policy expects (actions|observations) in"):
        source(LinearGaussian(np.eye(3), n=2), np.zeros(6))


def test_another_policy_is_checked_too(rng):
    source = Rollouts(
        gymnasium.make_vec("FrozenLake-v1", num_envs=2), steps=2, rng=rng, critic=Values()
    )
    source(TabularSoftmax(16, 4), np.zeros(64))
    with pytest.raises(ValueError, match=r"^policy expects actions in Discrete\(3\)"):
        source(TabularSoftmax(16, 3), np.zeros(48))
    for wrong in (None, TabularSoftmax, np.zeros(3)):
        with pytest.raises(TypeError, match=r"^policy must be a policy such as"):
            source(wrong, np.zeros(64))


def test_a_source_says_what_it_cannot_use(rng):
    envs = scripted(MODES[0])
    good = {"envs": envs, "steps": 3, "rng": rng, "critic": Values()}
    Rollouts(**good)
    for name, wrong, error, message in (
        (
            "envs",
            gymnasium.make("CartPole-v1"),
            TypeError,
            r"^envs must be a vector environment, .* TimeLimit\.$",
        ),
        ("envs", None, TypeError, r"^envs must be a vector environment, .* NoneType\.$"),
        ("steps", 0, ValueError, r"^steps must be a positive integer, but it is 0\.$"),
        ("steps", 2.5, ValueError, r"^steps must be a positive integer, but it is 2\.5\.$"),
        ("rng", 0, TypeError, r"^rng must be a numpy\.random\.Generator, .* but it is 0\.$"),
        ("rng", None, TypeError, r"^rng must be a numpy\.random\.Generator, .* but it is None\.$"),
        ("critic", None, TypeError, r"^critic must be a Critic, but it is of type NoneType\.$"),
        ("critic", MLP(1, 1), TypeError, r"^critic must be a Critic, but it is of type MLP\.$"),
        ("gamma", 1.5, ValueError, r"^gamma must be a number in \[0, 1\], but it is 1\.5\.$"),
        ("lam", -0.1, ValueError, r"^lam must be a number in \[0, 1\], but it is -0\.1\.$"),
        ("gamma", np.nan, ValueError, r"^gamma must be a number in \[0, 1\], but it is nan\.$"),
    ):
        with pytest.raises(error, match=message):
            Rollouts(**good | {name: wrong})
    hidden = scripted(MODES[0])
    hidden.metadata = {}
    with pytest.raises(ValueError, match=r"^envs must state its autoreset mode.*\.$"):
        Rollouts(**good | {"envs": hidden})
