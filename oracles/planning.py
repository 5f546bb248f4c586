"""Values and optima against a linear program and two public planners."""

from __future__ import annotations

import contextlib
import io
import warnings

import mdptoolbox.mdp
import numpy as np
import quantecon
from scipy.linalg import solve_discrete_are
from scipy.optimize import linprog

import pgcompanion as pg
from oracles import worlds
from oracles.registry import Answer, oracle
from pgcompanion import exact, lqr

MDP = worlds.mdp()


def occupancy_program(mdp: pg.MDP) -> tuple[float, np.ndarray]:
    r"""The largest :math:`\sum_hd_h(s,a)r(s,a)` of all flows :math:`d_h(s,a)\ge0` that obey the dynamics."""
    H, S, A = mdp.H, mdp.S, mdp.A
    out = np.repeat(np.eye(S), A, axis=1)  # sum over the actions of a state
    into = mdp.P.reshape(S * A, S).T
    flow = np.kron(np.eye(H), out) - np.kron(np.eye(H, k=-1), into)
    first = np.zeros(H * S)
    first[:S] = mdp.mu0
    found = linprog(-np.tile(mdp.r.ravel(), H), A_eq=flow, b_eq=first, method="highs")
    assert found.success, found.message
    return -found.fun, found.x.reshape(H, S, A)


def shorter(mdp: pg.MDP) -> pg.MDP:
    return pg.MDP(mdp.P, mdp.r, mdp.mu0, mdp.H - 1)


@oracle("optimal J", "scipy linprog over occupancies", 1e-9)
def _optimum(_: np.random.Generator) -> Answer:
    ours, slip = (exact.optimal(m)[1].J for m in (MDP, shorter(MDP)))
    return Answer(ours, occupancy_program(MDP)[0], slip)


@oracle("occupancies of the optimal policy", "scipy linprog over occupancies", 1e-9)
def _flow(_: np.random.Generator) -> Answer:
    pi, values = exact.optimal(MDP)
    theirs = occupancy_program(MDP)[1]
    return Answer(values.d[..., None] * pi, theirs, values.d[::-1, :, None] * pi)


@oracle("optimum of a gridworld, 4x4, H = 20", "scipy linprog over occupancies", 1e-9)
def _gridworld(_: np.random.Generator) -> Answer:
    slippery, sure = (pg.GridWorld.named("4x4", slip=p).mdp(20) for p in (0.1, 0.0))
    ours, slip = (exact.optimal(m)[1].J for m in (slippery, sure))
    return Answer(ours, occupancy_program(slippery)[0], slip)


@oracle("optimal values of every step", "pymdptoolbox FiniteHorizon", 1e-12)
def _backward(_: np.random.Generator) -> Answer:
    with contextlib.redirect_stdout(io.StringIO()):  # it remarks upon a discount of 1
        planner = mdptoolbox.mdp.FiniteHorizon(MDP.P.swapaxes(0, 1), MDP.r, 1, MDP.H)
        planner.run()
    V = exact.optimal(MDP)[1].V
    return Answer(V, planner.V.T, V[::-1])


@oracle("optimal values of every step", "quantecon backward_induction", 1e-12)
def _induction(_: np.random.Generator) -> Answer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        planner = quantecon.markov.DiscreteDP(MDP.r, MDP.P, 1.0)
    theirs, _ = quantecon.markov.backward_induction(planner, MDP.H)
    V = exact.optimal(MDP)[1].V
    return Answer(V, theirs, V[::-1])


@oracle("J of a policy without a horizon", "quantecon evaluate_policy", 1e-11)
def _discounted(_: np.random.Generator) -> Answer:
    policy, gamma = pg.TabularSoftmax(MDP.S, MDP.A), 0.9
    best = np.arange(MDP.S) % MDP.A
    theta = 700.0 * np.eye(MDP.A)[best].ravel()
    values = quantecon.markov.DiscreteDP(MDP.r, MDP.P, gamma).evaluate_policy(best)
    ours = exact.infinite_horizon_gradient(MDP, policy, theta, gamma)[0]
    slip = exact.evaluate(MDP, policy.table(theta), gamma).J
    return Answer(ours, MDP.mu0 @ values, slip)


@oracle("where policy iteration ends", "scipy linprog over occupancies", 1e-9)
def _iteration(_: np.random.Generator) -> Answer:
    uniform = np.full((MDP.H, MDP.S, MDP.A), 1 / MDP.A)
    steps = [it.J for it in pg.policy_iteration(MDP, uniform, K=MDP.H + 1)]
    return Answer(steps[-1], occupancy_program(MDP)[0], steps[0])


@oracle("LQR: the first optimal gain, H = 200", "scipy solve_discrete_are", 1e-9)
def _riccati(_: np.random.Generator) -> Answer:
    world = pg.LQR.named("double integrator", H=200)
    P = solve_discrete_are(world.A, world.B, world.Q, world.R)
    theirs = -np.linalg.solve(world.R + world.B.T @ P @ world.B, world.B.T @ P @ world.A)
    gains, _ = lqr.optimal(world)
    return Answer(gains[0], theirs, gains[-2])
