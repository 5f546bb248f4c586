"""The worlds themselves: what they refuse, the named ones, the environment, and the edges of numbers."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import pgcompanion as pg
from pgcompanion import lqr
from pgcompanion.lqr import LQR, SYSTEMS
from pgcompanion.lqr.env import ID
from pgcompanion.lqr.systems import sampled_data

GOOD = LQR.named("double integrator", H=5)


def changed(**changes):
    matrices = {x: getattr(GOOD, x) for x in ("A", "B", "Q", "R", "W", "M0", "H")}
    return LQR(**matrices | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"A": np.eye(3)}, "A has shape"),
        ({"B": np.zeros((2, 0))}, "B has shape"),
        ({"Q": -np.eye(2)}, "Q must have no negative eigenvalue"),
        ({"Q": np.array([[1.0, 1.0], [0.0, 1.0]])}, "Q must be symmetric"),
        ({"R": np.zeros((1, 1))}, "R must have positive eigenvalues"),
        ({"W": -np.eye(2)}, "W must have no negative"),
        ({"M0": np.eye(3)}, "M0 has shape"),
        ({"H": 0}, "H must be a positive integer"),
    ],
)
def test_what_cannot_be_is_answered_in_a_sentence(changes, words):
    with pytest.raises(ValueError, match=words):
        changed(**changes)


@pytest.mark.statement("lqr")
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_named_systems(name):
    """They can be held, and left alone they cannot. The negative control is the unheld loop."""
    world = LQR.named(name, H=2000)
    best = lqr.optimal(world)[0][0]
    held, free = (np.abs(np.linalg.eigvals(world.A + world.B @ x)).max() for x in (best, 0 * best))
    assert held < 1 - 1e-4 < free
    assert free > 1.01 or name in ("double integrator", "two masses")
    with pytest.raises(ValueError, match="name must be one of"):
        LQR.named("a bicycle")


def test_a_force_that_is_held_moves_as_it_does_in_continuous_time():
    A, B = sampled_data(np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[0.0], [1.0]]), 0.2)
    np.testing.assert_allclose(A, [[1, 0.2], [0, 1]])
    np.testing.assert_allclose(B, [[0.02], [0.2]])
    A, _ = sampled_data(np.array([[0.0, 1.0], [-1.0, 0.0]]), np.zeros((2, 1)), 2 * np.pi)
    np.testing.assert_allclose(A, np.eye(2), atol=1e-8)


def faults_of_two_carts(A: np.ndarray, B: np.ndarray) -> list[str]:
    """Which laws two carts of one kilogram each break, joined by a spring of one newton a metre."""
    swing, t = np.sqrt(2), 0.2
    c, s = np.cos(swing * t), swing * np.sin(swing * t)
    laws = {
        "both moved, nothing pulls": (A @ [1, 1, 0, 0], [1, 1, 0, 0]),
        "both drift on": (A @ [0, 0, 1, 1], [t, t, 1, 1]),
        "apart, they swing": (A @ [1, -1, 0, 0], [c, -c, -s, s]),
        "a force gives them momentum": (B[2] + B[3], [t]),
        "and moves their middle": (B[0] + B[1], [t**2 / 2]),
        "it parts them by a swing": (B[0] - B[1], [(1 - c) / swing**2]),
    }
    return [law for law, (found, wanted) in laws.items() if not np.allclose(found, wanted)]


def test_the_two_masses_obey_newton():
    world = LQR.named("two masses")
    assert faults_of_two_carts(world.A, world.B) == []
    assert np.argmax(world.B) == 2  # the force acts on the first cart
    for i, j in np.ndindex(2, 2):
        A = np.zeros((4, 4))
        A[:2, 2:], A[2:, :2] = np.eye(2), [[-1.0, 1.0], [1.0, -1.0]]
        A[2 + i, j] *= -1  # a spring that pushes where it should pull
        assert (
            len(faults_of_two_carts(*sampled_data(A, world.B * 0 + [[0], [0], [1], [0]], 0.2))) > 1
        )


def test_what_the_carts_pay_and_where_they_begin():
    """By hand. One cart pays for where it is and, a tenth, for its speed; of two, where the second is.

    A force costs a tenth of its square. Positions begin at random, and so does the speed of the one.
    """
    one, two = LQR.named("double integrator"), LQR.named("two masses")
    wanted = {
        "Q": ([1.0, 0.1], [0.0, 1.0, 0.0, 0.0]),
        "R": ([0.1], [0.1]),
        "W": ([1e-3] * 2, [1e-3] * 4),
        "M0": ([1.0, 1.0], [1.0, 1.0, 0.0, 0.0]),
    }
    for name, squares in wanted.items():
        for world, square in zip((one, two), squares, strict=True):
            np.testing.assert_array_equal(getattr(world, name), np.diag(square))
    assert (one.H, two.H) == (30, 60)  # six seconds and twelve


def test_the_unstable_system_is_that_of_dean_et_al():
    """*On the sample complexity of the linear quadratic regulator* (2020), in its experiments."""
    world = LQR.named("unstable")
    drifting = [[1.01, 0.01, 0.0], [0.01, 1.01, 0.01], [0.0, 0.01, 1.01]]
    wanted = {"A": drifting, "B": np.eye(3), "Q": 1e-3 * np.eye(3), "R": np.eye(3), "W": np.eye(3)}
    for name, matrix in wanted.items():
        np.testing.assert_allclose(getattr(world, name), matrix)


@pytest.mark.statement("lqr")
def test_the_pendulum_is_gymnasiums_near_its_top():
    """One step of the environment from a small angle. The negative control has the gravity of the bottom."""
    world, env = LQR.named("pendulum"), gymnasium.make("Pendulum-v1").unwrapped
    env.reset(seed=0)
    for s, a in (([1e-4, 2e-4], 3e-4), ([-2e-4, 1e-4], -1e-4)):
        env.state = np.array(s)
        _, r, *_ = env.step(np.array([a]))
        s_next = world.A @ s + world.B @ [a]
        np.testing.assert_allclose(env.state, s_next, atol=1e-9)
        assert r == pytest.approx(-(s @ world.Q @ s + world.R[0, 0] * a**2), rel=1e-4)
        fallen = world.A * np.array([[1, 1], [-1, 1]]) @ s + world.B @ [a]
        assert np.abs(env.state - fallen).max() > 1e-5


@pytest.mark.filterwarnings("ignore:.*A Box (action|observation) space m..imum value")
@pytest.mark.filterwarnings("ignore:.*For Box action spaces, we recommend")
@pytest.mark.parametrize("name", SYSTEMS)
def test_gymnasiums_checker_passes(name):
    check_env(LQR.named(name).env())


@pytest.mark.statement("lqr")
def test_an_episode_of_the_environment():
    """A step of it, its end, and its name. The negative control pays for the next state."""
    env = GOOD.env()
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(1))
    s, _ = env.reset(seed=3)
    for h in range(GOOD.H):
        a = np.array([0.3 * h])
        s_next, r, terminated, truncated, _ = env.step(a)
        assert r == pytest.approx(-(s @ GOOD.Q @ s + a @ GOOD.R @ a))
        assert r != pytest.approx(-(s_next @ GOOD.Q @ s_next + a @ GOOD.R @ a))
        assert (terminated, truncated) == (h == GOOD.H - 1, False)
        s = s_next
    with pytest.raises(ValueError, match="action"):
        env.step(np.zeros(2))
    again = gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json())
    assert again.id == ID
    np.testing.assert_array_equal(gymnasium.make(again).unwrapped.world.A, GOOD.A)


def test_the_horizon_ends_an_episode_without_a_future():
    """So a rollout of the package continues no value past it."""
    envs = gymnasium.vector.SyncVectorEnv([GOOD.env] * 2)
    tau = pg.rollout(envs, pg.LinearGaussian(2, 1, 0.1), np.zeros(2), 50, np.random.default_rng(0))
    assert tau.H == GOOD.H
    assert tau.terminated.all()


# --- The edges of numbers -------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [1.0, 1e-4, 1e-8, 1e-100, 1e-300])
def test_a_small_sigma_and_singular_noise_give_finite_numbers(sigma):
    """No noise in the world, one possible first state: the limits are those without noise."""
    world = changed(W=np.zeros((2, 2)), M0=np.outer([1.0, 2], [1.0, 2]))
    Theta = np.array([[-1.0, -1.0]])
    quiet = lqr.evaluate(world, Theta, 0.0)
    assert pytest.approx(quiet.J, abs=20 * sigma**2) == lqr.evaluate(world, Theta, sigma).J
    g = lqr.gradient(world, Theta, sigma)
    np.testing.assert_allclose(g, lqr.gradient(world, Theta, 0.0), atol=100 * sigma**2)
    for new in (
        lqr.trust_region_argmax(world, Theta, sigma, 0.1),
        lqr.penalty_argmax(world, Theta, sigma, 0.0),
        Theta + lqr.natural_gradient(world, Theta, sigma),
    ):
        assert np.isfinite(new).all()
    summit = lqr.penalty_argmax(world, Theta, sigma, 0.0)
    assert lqr.surrogate(world, Theta, summit, sigma) > 0
    if sigma > 1e-150:
        kl = lqr.trajectory_kl(
            world, Theta, lqr.trust_region_argmax(world, Theta, sigma, 0.1), sigma
        )
        assert kl == pytest.approx(0.1, rel=1e-6) or sigma < 1e-12  # below, a step is round-off


@pytest.mark.parametrize(
    "call", [lqr.fisher, lqr.natural_gradient, lambda *x: lqr.penalty_argmax(*x, 1.0)]
)
def test_without_noise_there_is_no_density(call):
    with pytest.raises(ValueError, match="sigma must be positive"):
        call(GOOD, np.zeros((1, 2)), 0.0)
    with pytest.raises(ValueError, match="sigma must not be negative"):
        lqr.evaluate(GOOD, np.zeros((1, 2)), -1.0)


def test_a_matrix_beyond_all_numbers_is_a_sentence():
    with pytest.raises(ValueError, match="sigma is 1e-200, so small"):
        lqr.fisher(GOOD, np.zeros((1, 2)), 1e-200)


def test_an_unstable_loop_is_right_until_it_is_a_sentence():
    """Against extended precision while the numbers last: values of 1e31 to 13 digits."""
    world, Theta = LQR.named("pendulum"), np.array([[-5.0, 0.0]])
    A, B = world.A.astype(np.longdouble), world.B.astype(np.longdouble)
    C, P = A + B @ Theta, np.zeros((2, 2), np.longdouble)
    for _ in range(world.H):
        P = world.Q + Theta.T @ world.R @ Theta + C.T @ P @ C
    J = lqr.evaluate(world, Theta, 0.0).J
    assert pytest.approx(float(-np.sum(P * world.M0)), rel=1e-12) == J
    kicked = LQR.named("pendulum", H=20_000)
    with pytest.raises(ValueError, match=r"spectral radius of A [+] B Theta is 1.213"):
        lqr.evaluate(kicked, np.zeros((1, 2)), 0.1)
    with pytest.raises(ValueError, match="world is so unstable"):
        lqr.optimal(changed(A=10 * np.eye(2), B=np.array([[0.0], [1.0]]), H=1000))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("H", [800, 1800, 3000])
def test_every_function_of_a_falling_pendulum_gives_numbers_or_one_sentence(H):
    """Up to 1e300 they are numbers, beyond it is said why there are none; never infinity or a warning."""
    world, Theta = LQR.named("pendulum", H=H), np.zeros((1, 2))
    calls = [
        *(
            lambda f=f: f(world, Theta, 0.1)
            for f in (lqr.gradient, lqr.natural_gradient, lqr.fisher)
        ),
        *(
            lambda f=f: f(world, Theta, 0.1, 1.0)
            for f in (lqr.penalty_argmax, lqr.trust_region_argmax)
        ),
        *(lambda f=f: f(world, Theta, Theta + 1, 0.1) for f in (lqr.trajectory_kl, lqr.surrogate)),
        lambda: lqr.policy_iteration(world, Theta),
        lambda: lqr.second_moments(world, Theta, 0.1),
    ]
    for call in calls:
        if H < 2000:
            assert np.isfinite(call()).all()
        else:
            with pytest.raises(ValueError, match="spectral radius"):
                call()


def test_a_long_horizon_has_the_values_of_a_steady_state():
    """Per step the cost tends to what scipy's Lyapunov solver says."""
    from scipy.linalg import solve_discrete_lyapunov

    world, sigma = LQR.named("pendulum", H=20_000, W=1e-4 * np.eye(2)), 0.1
    Theta = np.array([[-19.0, -5.0]])
    C = world.A + world.B @ Theta
    M = solve_discrete_lyapunov(C, world.W + sigma**2 * world.B @ world.B.T)
    each = np.sum((world.Q + Theta.T @ world.R @ Theta) * M) + sigma**2 * world.R[0, 0]
    J = lqr.evaluate(world, Theta, sigma).J
    assert pytest.approx(each, rel=1e-2) == -J / world.H


def test_a_world_is_the_same_as_itself_alone_and_can_be_a_key():
    """Equality of arrays would have no single answer."""
    assert changed() != GOOD
    assert {GOOD: 1}[GOOD] == 1
