"""Training on any vector environment: what each setting does, and what a run holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import pgcompanion.training.loop  # noqa: F401, so that it can be patched by its name
from pgcompanion import objectives
from pgcompanion.batches import Rollouts
from pgcompanion.policies import NeuralSoftmax, TabularSoftmax
from pgcompanion.training import (
    NormalisedObservations,
    Run,
    RunningMoments,
    Settings,
    critic_for,
    evaluate,
    load,
    policy_for,
    render,
    save,
    train,
    training_iterates,
)

SHORT = Settings(updates=2, steps=16)

# As published. What has no name here: see `Settings`.
CLEANRL = Settings(
    updates=3, steps=128, minibatch=128, epochs=4, eta=2.5e-4, adam_eps=1e-5, keep_adam=True,
    anneal=True, value_anneal=True, gamma=0.99, lam=0.95, eps=0.2, bonus=0.01, max_norm=0.5,
)  # fmt: skip
ZOO_CARTPOLE = Settings(
    updates=3, steps=32, minibatch=256, epochs=20, eta=1e-3, adam_eps=1e-5, keep_adam=True,
    anneal=True, value_anneal=True, anneal_eps=True, gamma=0.98, lam=0.8, eps=0.2, max_norm=0.5,
)  # fmt: skip
SCHULMAN_2017_MUJOCO = Settings(
    updates=3, steps=2048, minibatch=64, epochs=10, eta=3e-4, adam_eps=1e-5, keep_adam=True,
    anneal=False, gamma=0.99, lam=0.95, eps=0.2, normalise_observations=True,
)  # fmt: skip


class Walk(gymnasium.Env):
    """Any spaces; an episode has ``length`` steps of reward 1."""

    def __init__(self, seen: gymnasium.Space, acts: gymnasium.Space, length: int = 5) -> None:
        self.observation_space, self.action_space, self.length = seen, acts, length

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.t = 0
        return self._seen(), {}

    def step(self, action):
        assert action in self.action_space
        self.t += 1
        return self._seen(), 1.0, self.t == self.length, False, {}

    def _seen(self):
        if isinstance(self.observation_space, Discrete):
            return self.t % int(self.observation_space.n)
        x = 100 + 50 * self.np_random.normal(size=self.observation_space.shape)
        return x.astype(np.float32)


def walks(seen: gymnasium.Space, acts: gymnasium.Space, n: int = 4, **options) -> SyncVectorEnv:
    return SyncVectorEnv([lambda: Walk(seen, acts)] * n, **options)


REALS = Box(-np.inf, np.inf, (3,), np.float32)


def cart_poles(n: int = 8):
    return gymnasium.make_vec("CartPole-v1", num_envs=n)


# --- Spaces ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [Discrete(7), REALS])
@pytest.mark.parametrize("acts", [Discrete(3), Discrete(3, start=-1), Box(-1, 1, (2,), np.float32)])
def test_every_pair_of_spaces_has_a_policy_and_a_critic_that_train(seen, acts):
    envs = walks(seen, acts)
    run = train(envs, SHORT, rng=np.random.default_rng(0))
    assert run.steps.tolist() == [64, 128]
    assert run.J.tolist() == [5.0, 5.0]
    assert (evaluate(envs, run, np.random.default_rng(1), episodes=3) == 5).all()


@pytest.mark.parametrize(
    ("seen", "acts", "said"),
    [
        (REALS, MultiDiscrete([2, 2]), r"envs must have actions in Discrete\(n\)"),
        (REALS, Box(-1, 1, (2, 2)), r"envs must have actions in Discrete\(n\)"),
        (Discrete(7, start=1), Discrete(2), "envs must have observations"),
        (Box(0, 255, (8, 8), np.uint8), Discrete(2), "envs must have observations"),
    ],
)
def test_other_spaces_are_answered_in_one_sentence(seen, acts, said):
    with pytest.raises(ValueError, match=said):
        policy_for(walks(seen, acts))


def test_what_is_no_vector_environment_is_named():
    env = gymnasium.make("CartPole-v1")
    for make in (policy_for, lambda e: critic_for(e, np.random.default_rng(0))):
        with pytest.raises(TypeError, match="envs must be a vector environment"):
            make(env)


# --- Settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [CLEANRL, ZOO_CARTPOLE, SCHULMAN_2017_MUJOCO])
def test_published_settings_can_be_written_down_and_run(settings):
    short = replace(settings, steps=32, minibatch=32)
    run = train(cart_poles(4), short, rng=np.random.default_rng(0))
    assert run.k == 3
    assert np.isfinite(run.theta).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"updates": 0}, {"steps": 1.5}, {"gamma": 1.1}, {"lam": -0.1}, {"eps": 0}, {"eta": np.nan},
        {"epochs": 0}, {"minibatch": None}, {"anneal": 1}, {"bonus": -1}, {"max_norm": 0},
        {"stop_kl": -1}, {"keep_adam": None}, {"method": "a2c"}, {"delta": 0}, {"damping": -1},
        {"weight_decay": 2}, {"hidden": 64}, {"hidden": (0,)}, {"value_eta": 0},
        {"value_epochs": 0}, {"adam_eps": "x"},
    ],
)  # fmt: skip
def test_a_setting_out_of_its_range_is_named(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must"):
        Settings(**wrong)


@pytest.mark.parametrize("falls", [True, False])
def test_rates_fall_linearly_to_0_where_they_are_asked_to(falls, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "pgcompanion.training.loop.ppo_step",
        lambda policy, theta, batch, *, eps, eta, **_: seen.append((eps, eta.eta)) or theta,
    )
    rates = []
    monkeypatch.setattr(
        "pgcompanion.estimators.value_function.Critic.fit",
        lambda self, s, target: rates.append(self.eta),
    )
    settings = Settings(
        updates=4, steps=4, eta=0.1, value_eta=0.4, eps=0.2,
        anneal=falls, anneal_eps=falls, value_anneal=falls,
    )  # fmt: skip
    train(cart_poles(2), settings, rng=np.random.default_rng(0))
    left = np.array([1, 0.75, 0.5, 0.25] if falls else [1, 1, 1, 1])
    np.testing.assert_allclose(seen, np.outer(left, [0.2, 0.1]))
    np.testing.assert_allclose(rates, 0.4 * left)


def ends(seed: int = 0, n: int = 8, **changes) -> np.ndarray:
    settings = replace(Settings(updates=3, steps=32, minibatch=64), **changes)
    return train(cart_poles(n), settings, rng=np.random.default_rng(seed)).theta


@pytest.mark.parametrize(
    "changes",
    [
        {"anneal": False}, {"anneal_eps": True}, {"bonus": 0.1}, {"max_norm": 0.01},
        {"keep_adam": True}, {"adam_eps": 1e-2}, {"normalise_advantages": False},
        {"normalise_observations": True}, {"value_eta": 1e-4}, {"value_epochs": 5},
        {"value_minibatch": 16}, {"value_anneal": True}, {"stop_kl": 1e-9}, {"method": "trpo"},
        {"weight_decay": 0.5}, {"gamma": 0.5}, {"lam": 0.5},
    ],
)  # fmt: skip
def test_each_setting_changes_the_run_and_an_idle_one_does_not(changes):
    assert (ends() != ends(**changes)).any()
    assert (ends() == ends(delta=1.0, damping=1.0)).all()  # TRPO's, without TRPO


@pytest.mark.parametrize(
    ("decay", "path"), [(0.5, [0.0, 0.5, 1.125, 2.125, 3.125]), (0.0, [0.0, 1.0, 2.0, 3.0, 4.0])]
)
@pytest.mark.parametrize("method", ["ppo", "trpo"])
def test_weight_decay_takes_a_part_of_each_update_until_half_of_them_are_done(
    method, decay, path, monkeypatch
):
    """A half, a quarter, nothing, and nothing, where each update adds 1 to all parameters."""
    for name in ("ppo_step", "trpo_step"):
        monkeypatch.setattr(
            f"pgcompanion.training.loop.{name}", lambda policy, theta, *_, **__: theta + 1
        )
    settings = Settings(method=method, updates=4, steps=4, weight_decay=decay)
    envs = gymnasium.make_vec("FrozenLake-v1", num_envs=2)
    found = [run.theta for run in training_iterates(envs, settings, rng=np.random.default_rng(0))]
    np.testing.assert_array_equal(found, np.tile(np.array(path)[:, None], 64))


def first_divergence(envs, **changes) -> float:
    """The mean divergence of a visited state, of the first update."""
    rng, policy = np.random.default_rng(0), policy_for(envs)
    batches = []
    call = Rollouts.__call__

    def remembered(self, policy, theta):
        batches.append(call(self, policy, theta))
        return batches[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rollouts, "__call__", remembered)
        settings = replace(Settings(updates=1, damping=1e-3), **changes)
        start, end = training_iterates(envs, settings, rng=rng, policy=policy)
    return objectives.kl(policy, start.theta, end.theta, batches[0])


@pytest.mark.statement("trpo_implement")
def test_trpo_bounds_the_mean_divergence_of_a_visited_state_and_ppo_does_not():
    assert 0 < first_divergence(cart_poles(), method="trpo", delta=1e-4) <= 1e-4
    assert first_divergence(cart_poles(), method="ppo", delta=1e-4) > 1e-4


def test_the_step_stops_after_the_epoch_in_which_the_divergence_exceeds_its_bound():
    early = first_divergence(cart_poles(), epochs=20, stop_kl=1e-3)
    assert 1e-3 < early < first_divergence(cart_poles(), epochs=20)


def test_the_seed_decides_the_result():
    assert (ends(3) == ends(3)).all()
    assert (ends(3) != ends(4)).any()


def test_a_given_critic_keeps_its_own_settings_and_one_that_is_made_takes_the_runs():
    envs, rng = cart_poles(), np.random.default_rng(0)
    critic = critic_for(envs, rng, eta=0.123)
    train(envs, replace(SHORT, value_anneal=True), rng=rng, critic=critic)
    assert critic.eta == 0.123
    assert critic.w.any()


# --- What a run holds -----------------------------------------------------------------------------


def test_the_curve_is_nan_before_an_episode_ends():
    run = train(cart_poles(2), Settings(updates=8, steps=4), rng=np.random.default_rng(0))
    known = ~np.isnan(run.J)
    assert not known[0]
    assert known[-1]
    assert (np.diff(known.astype(int)) >= 0).all()


def test_iterates_are_the_run_on_its_way_and_reading_them_draws_nothing():
    envs, rng = cart_poles(), np.random.default_rng(0)
    path = list(training_iterates(envs, SHORT, rng=rng))
    state = rng.bit_generator.state
    assert [(run.k, len(run.steps)) for run in path] == [(0, 0), (1, 1), (2, 2)]
    assert repr(path[-1]).count("\n") == 0
    assert rng.bit_generator.state == state
    again = train(cart_poles(), SHORT, rng=np.random.default_rng(0))
    assert (path[-1].theta == again.theta).all()
    assert (path[0].theta != again.theta).any()


def test_episodes_are_counted_by_their_number_and_not_by_their_length():
    """Long and short ones alternate: environments that only ran on would give more of the short."""

    class Alternating(Walk):
        def reset(self, **arguments):
            seen = super().reset(**arguments)
            self.length = 1 if self.np_random.random() < 0.5 else 99
            return seen

    envs = SyncVectorEnv([lambda: Alternating(REALS, Discrete(2))] * 10)
    policy = policy_for(envs)
    run = Run(policy, policy.init(np.random.default_rng(0)))
    returns = evaluate(envs, run, np.random.default_rng(1), episodes=400)
    assert returns.shape == (400,)
    assert abs(returns.mean() - 50) < 4 * returns.std() / 20
    assert evaluate(envs, run, np.random.default_rng(1), episodes=5, steps=7).max() == 7


# --- Observation normalisation --------------------------------------------------------------------


def test_running_moments_are_those_of_all_rows_at_once(rng):
    rows = 1e6 + rng.normal(size=(500, 3))
    moments = RunningMoments(3)
    for part in np.split(rows, [1, 7, 200]):
        moments.update(part)
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.var, rows.var(axis=0), rtol=1e-8)
    naive = (rows**2).mean(axis=0) - rows.mean(axis=0) ** 2
    assert not np.allclose(naive, rows.var(axis=0), rtol=1e-8)  # sums of squares cancel


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_observations_are_normalised_in_every_autoreset_mode(mode):
    rng = np.random.default_rng(0)
    envs = walks(REALS, Discrete(2), autoreset_mode=mode)
    moments = RunningMoments(3)
    seen = NormalisedObservations(envs, moments, learning=True)
    policy = NeuralSoftmax(3, 2)
    source = Rollouts(seen, steps=200, rng=rng, critic=critic_for(envs, rng))
    batch = source(policy, policy.init(rng))
    assert abs(moments.mean - 100).max() < 10
    assert abs(batch.s.mean()) < 0.2
    assert abs(batch.s.std() - 1) < 0.2
    assert seen.step(np.zeros(4, int))[0].dtype == np.float32


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_the_last_observation_of_a_cut_off_episode_is_normalised_too(mode):
    envs = walks(REALS, Discrete(2), autoreset_mode=mode)
    seen = NormalisedObservations(envs, moments := RunningMoments(3), learning=True)
    seen.reset(seed=0)
    final = [seen.step(np.zeros(4, int))[4].get("final_obs") for _ in range(5)][-1]
    if mode == AutoresetMode.SAME_STEP:
        assert abs(np.stack(list(final))).max() < 5 < moments.mean.min()
    else:
        assert final is None


def test_the_moments_are_frozen_in_evaluation_and_saved_with_the_run(tmp_path):
    envs, rng = walks(REALS, Discrete(2)), np.random.default_rng(0)
    run = train(envs, replace(SHORT, normalise_observations=True), rng=rng)
    before = run.moments.mean.copy(), run.moments.count
    evaluate(envs, run, rng, episodes=8)
    assert run.moments.count == before[1]
    assert (run.moments.mean == before[0]).all()
    save(tmp_path / "run.npz", run)
    again = load(tmp_path / "run.npz")
    np.testing.assert_array_equal(again.moments.mean, run.moments.mean)
    s = np.full((1000, 3), 100, np.float32)
    one, two = (r.sample(s, np.random.default_rng(3)) for r in (run, again))
    assert (one == two).all()
    raw = Run(run.policy, run.theta)
    assert (
        raw.policy.probs(raw.theta, s) != run.policy.probs(run.theta, run.moments.apply(s))
    ).any()


def test_indices_are_not_normalised():
    envs = walks(Discrete(7), Discrete(2))
    with pytest.raises(ValueError, match="envs must have vectors as observations"):
        train(envs, replace(SHORT, normalise_observations=True), rng=np.random.default_rng(0))


# --- Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [Discrete(7), REALS])
@pytest.mark.parametrize("acts", [Discrete(3), Box(-1, 1, (2,), np.float32)])
def test_a_saved_run_is_the_run(seen, acts, tmp_path):
    run = train(walks(seen, acts), SHORT, rng=np.random.default_rng(0))
    save(path := tmp_path / "run.npz", run)
    again = load(path)
    assert repr(again) == repr(run)
    assert again.settings == run.settings
    for name in ("theta", "steps", "J"):
        np.testing.assert_array_equal(getattr(again, name), getattr(run, name))
    assert again.theta.dtype == run.theta.dtype
    s = np.zeros(2, int) if isinstance(seen, Discrete) else np.ones((2, 3))
    a = run.policy.sample(run.theta, s, np.random.default_rng(0))
    np.testing.assert_array_equal(
        again.policy.log_prob(again.theta, s, a), run.policy.log_prob(run.theta, s, a)
    )


def test_a_policy_of_ones_own_is_handed_to_load(tmp_path):
    class Own(TabularSoftmax):
        pass

    save(path := tmp_path / "run.npz", Run(Own(2, 3), np.arange(6.0)))
    with pytest.raises(ValueError, match="policy must be given"):
        load(path)
    again = load(path, policy=Own(2, 3))
    assert again.theta.tolist() == list(range(6))


def test_a_file_that_is_no_run_is_refused_and_no_code_in_it_runs(tmp_path):
    np.savez(tmp_path / "other.npz", x=np.zeros(2))
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object))
    (tmp_path / "text.npz").write_text("nothing")
    for name in ("other.npz", "pickle.npy", "text.npz"):
        with pytest.raises(ValueError, match="path must be a file that save wrote"):
            load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing.npz")


class Drawn(Walk):
    """Draws its step: a picture that is lighter each time."""

    render_mode = "rgb_array"

    def render(self) -> np.ndarray:
        return np.full((4, 6, 3), 40 * self.t, np.uint8)


@pytest.mark.parametrize(("steps", "frames"), [(3, 4), (500, 6)])
def test_a_gif_has_a_frame_for_the_start_and_one_for_each_step_of_an_episode(
    steps, frames, tmp_path
):
    image = pytest.importorskip("PIL.Image")
    run = Run(TabularSoftmax(7, 2), np.zeros(14))
    env = Drawn(Discrete(7), Discrete(2))
    render(path := tmp_path / "walk.gif", env, run, np.random.default_rng(0), steps=steps)
    with image.open(path) as gif:
        assert gif.n_frames == frames
        assert gif.size == (6, 4)
        shades = []
        for i in range(frames):
            gif.seek(i)
            shades.append(gif.convert("L").getpixel((0, 0)))
    assert (np.diff(shades) > 30).all()


@pytest.mark.parametrize("env", [None, Walk(REALS, Discrete(2))])
def test_an_environment_that_does_not_draw_is_named(env, tmp_path):
    run = Run(TabularSoftmax(2, 2), np.zeros(4))
    with pytest.raises(ValueError, match="env must be an environment with render_mode"):
        render(tmp_path / "x.gif", env, run, np.random.default_rng(0))


def test_a_bar_is_shown_in_a_terminal_alone(monkeypatch, capsys):
    def run() -> str:
        train(cart_poles(), SHORT, rng=np.random.default_rng(0))
        return capsys.readouterr().err

    assert run() == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert "2/2" in run()
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    assert "update 2 of 2" in run()
    train(cart_poles(), SHORT, rng=np.random.default_rng(0), progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda e: train(e, rng=0), TypeError, "rng must be"),
        (
            lambda e: train(e, {"eta": 1}, rng=np.random.default_rng(0)),
            TypeError,
            "settings must be",
        ),
        (
            lambda e: train(e, rng=np.random.default_rng(0), policy=NeuralSoftmax(4, 3)),
            ValueError,
            "policy expects actions",
        ),
        (
            lambda e: train(e, rng=np.random.default_rng(0), critic=1),
            TypeError,
            "critic must be",
        ),
        (lambda e: evaluate(e, "run", np.random.default_rng(0)), TypeError, "run must be"),
        (lambda e: save("x.npz", None), TypeError, "run must be"),
    ],
)
def test_a_wrong_argument_is_named(call: Callable, error, said):
    with pytest.raises(error, match=said):
        call(cart_poles())
