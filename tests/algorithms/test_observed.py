"""Vector environments as algorithms see them, against environments whose every step is known beforehand."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from pgcompanion.algorithms import (
    StepProblem,
    TableProblem,
    policy_gradient_ascent,
    ppo,
    reinforce,
)
from pgcompanion.algorithms.network import NetworkProblem
from pgcompanion.algorithms.observed import pieces
from pgcompanion.estimators import policy_gradient, reward_to_go
from pgcompanion.policies import NeuralGaussian, NeuralSoftmax, TabularSoftmax

SINGLE = np.finfo(np.float32).eps
LENGTHS = (2, 3)  # of the episodes of either environment, over and over
TERMINATED = (True, False)
MODES = list(AutoresetMode)


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
        ends = over and TERMINATED[self.n], over and not TERMINATED[self.n]
        return self.observation, 10.0 ** (self.i - 1), *ends, {}

    @property
    def observation(self):
        return np.array([self.i, self.n], np.float32) if self.vectors else 4 * self.n + self.i


def counting(vectors: bool = True, mode: AutoresetMode = AutoresetMode.SAME_STEP) -> SyncVectorEnv:
    envs = [lambda n=n: Counting(n, vectors) for n in range(2)]
    return SyncVectorEnv(envs, autoreset_mode=mode)


NETWORK = NeuralSoftmax(inputs=2, A=2, hidden=(4,))
TABLE = TabularSoftmax(8, 2)


class Recorded:
    """A coefficient that keeps the trajectories it was asked about."""

    def __call__(self, tau):
        self.tau = tau
        return reward_to_go(tau) - 3.0


# --- Pieces ---------------------------------------------------------------------------------------


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize(("vectors", "policy"), [(True, NETWORK), (False, TABLE)])
def test_the_problem_is_a_mean_over_the_pieces(vectors, policy, rng):
    """In four steps the environments bring two and two pieces. One would count the environments instead."""
    theta, psi = 0.5 * rng.normal(size=policy.p), Recorded()
    problem = pieces(counting(vectors), policy, rng, H=4, coefficient=psi).problem(theta)
    assert isinstance(problem, NetworkProblem if vectors else TableProblem)
    tau = psi.tau
    assert tau.mask.sum(axis=1).tolist() == [2, 3, 2, 1]
    assert tau.terminated.tolist() == [True, False, True, False]
    last = tau.last[:, 0] if vectors else tau.last % 4
    assert last.tolist() == [2, 3, 2, 1]
    g = policy_gradient(policy, theta, tau, np.where(tau.mask, psi(tau), 0.0))
    tolerance = 100 * SINGLE * np.abs(g).max()
    np.testing.assert_allclose(problem.gradient, g, atol=tolerance)
    assert np.abs(problem.gradient - g * tau.N / 2).max() > 100 * tolerance
    new = theta + 0.5 * rng.normal(size=policy.p)
    kl = (policy.kl(theta, new, tau.s) * tau.mask).sum() / tau.N
    assert problem.kl(new) == pytest.approx(kl, rel=1e-10)
    assert kl > 1e-3


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("mode", MODES)
def test_the_objective_is_the_mean_return_of_the_episodes_that_ended(mode, rng):
    """11 and 111 are the returns; asked late, each problem remembers its own."""
    view = pieces(counting(mode=mode), NETWORK, rng, H=1, coefficient=reward_to_go)
    theta = np.zeros(NETWORK.p)
    problems = [view.problem(theta) for _ in range(3)]
    assert np.isnan(view.J(problems[0]))  # no episode ended in the first step
    assert view.J(problems[1]) == 11.0
    assert view.J(problems[2]) == 111.0
    both = pieces(counting(mode=mode), NETWORK, rng, H=3, coefficient=reward_to_go)
    assert both.J(both.problem(theta)) == (11 + 111) / 2


@pytest.mark.statement("trpo_implement")
def test_a_policy_of_another_kind_has_the_plain_problem(rng):
    envs = gymnasium.make_vec("Pendulum-v1", num_envs=3)
    gaussian = NeuralGaussian(inputs=3, n=1, hidden=(4,), sigma=None)
    view = pieces(envs, gaussian, rng, H=5)
    assert isinstance(view.problem(gaussian.init(rng)), NetworkProblem)

    class Wrapped:
        """The same policy, but no network that the package knows."""

        def __getattr__(self, name):
            return getattr(gaussian, name)

    problem = pieces(envs, Wrapped(), rng, H=5).problem(gaussian.init(rng))
    assert type(problem) is StepProblem


# --- Whole episodes -------------------------------------------------------------------------------


@pytest.mark.statement("reinforce_pg")
@pytest.mark.parametrize("mode", MODES)
def test_reinforce_takes_whole_episodes_begun_afresh(mode):
    """Their returns are 11 and 111, cut after two steps 11 and 11; each score is weighed by the whole return."""
    theta = np.linspace(-1.0, 1.0, TABLE.p) ** 2
    for H, returns in ((9, [11, 111]), (2, [11, 11])):
        envs, seed = counting(vectors=False, mode=mode), np.random.default_rng(3)
        start, after = reinforce(envs, TABLE, theta, eta=1e-3, H=H, rng=seed, K=1)
        assert np.mean(returns) == start.J == after.J
        tau = start_trajectories(theta, H, mode)
        psi = np.repeat([[float(R)] for R in returns], tau.H, axis=1) * tau.mask
        g = policy_gradient(TABLE, theta, tau, psi)
        np.testing.assert_allclose(after.theta, theta + 1e-3 * g, atol=1e-12)
        kl = (TABLE.kl(theta, after.theta, tau.s) * tau.mask).sum() / tau.N
        assert after.kl == pytest.approx(kl, rel=1e-9)
        to_go = policy_gradient(TABLE, theta, tau, reward_to_go(tau) * tau.mask)
        assert np.abs(to_go - g).max() > 1e-2


def start_trajectories(theta, H, mode):
    """The trajectories from which the same generator makes the first step."""
    psi, rng = Recorded(), np.random.default_rng(3)
    its = reinforce(counting(False, mode), TABLE, theta, eta=1.0, H=H, rng=rng, coefficient=psi)
    assert next(its).grad_norm > 0
    return psi.tau


@pytest.mark.statement("pg_baseline_algorithm")
def test_a_learned_baseline_is_fitted_to_episodes_of_their_own():
    """By default a table where states are finitely many, and a number for each step where they are not.

    Every return-to-go is certain given the state, so the table leaves nothing to learn. The mean over
    both environments is wrong by 50 either way until the one of them ends.
    """
    for vectors, policy in ((False, TABLE), (True, NETWORK)):
        theta, batches = policy.init(np.random.default_rng(0)), []

        def fit(tau, batches=batches):
            batches.append(tau)
            return np.array([5.0, 50.0, 500.0])

        def run(vectors=vectors, policy=policy, theta=theta, **options):
            rng = np.random.default_rng(0)
            options |= {"eta": 1.0, "H": 3, "K": 1, "rng": rng}
            return list(policy_gradient_ascent(counting(vectors), policy, theta, **options))

        start, _ = run(fit=fit)
        assert start.J == (11 + 111) / 2
        assert [tau.N for tau in batches] == [2]
        _, after = run()
        assert (np.abs(after.theta - theta).max() < 1e-12) == (not vectors)


# --- Advantages, normalised ------------------------------------------------------------------------


@pytest.mark.statement("ppo_clip")
def test_advantages_are_normalised_on_environments_too():
    theta = np.zeros(NETWORK.p)
    for normalise in (True, False):
        psi = Recorded()
        options = {"rng": np.random.default_rng(0), "coefficient": psi, "H": 4}
        it = next(ppo(counting(), NETWORK, theta, eps=0.2, normalise=normalise, **options))
        used = it.problem.psi
        assert (abs(used.mean()) < 1e-6 and abs(used.std() - 1) < 1e-6) == normalise
