"""Exhibits about what is climbed, and how far: backups, surrogates, step sizes and ratios."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from pgcompanion.exercises.engine.exercise import Mistake
from pgcompanion.exercises.museum.exhibit import exhibit

# --- The maximum outside the expectation --------------------------------------------------------


def backup(P, r, Q, gamma):
    """One round of value iteration.

    P: (S, A, S); r: (S, A); Q: (S, A); gamma: a number. Returns (S, A).
    """
    best = Q.max(axis=1)
    return r + gamma * P @ best


def backup_slip(P, r, Q, gamma):
    next_Q = P @ Q
    best = next_Q.max(axis=2)
    return r + gamma * best


def _worlds(rng):
    P = np.array([[[0.5, 0.5]], [[0.0, 1.0]]])
    yield P, np.array([[1.0], [0.0]]), np.array([[2.0], [4.0]]), 0.5
    for S, A in [(3, 2), (4, 3), (3, 4)]:
        P = rng.integers(1, 5, (S, A, S)).astype(float)
        Q = np.array([rng.permutation(A) * 1.0 for _ in range(S)])
        Q[0], Q[1] = np.arange(A), np.arange(A)[::-1]  # the best action depends on the state
        yield P / P.sum(axis=2, keepdims=True), rng.integers(0, 4, (S, A)) / 2, Q, 0.9


# --- An objective that does not move ------------------------------------------------------------


def surrogate(d, pi_old, pi_new, A):
    """The surrogate objective: states and advantages of the old policy, actions of the new one.

    d: (H, S), old visits; pi_old, pi_new: (S, A); A: (H, S, A), old advantages. Returns a number.
    """
    states = d[:, :, None]
    return (states * pi_new * A).sum()


def surrogate_slip(d, pi_old, pi_new, A):
    states = d[:, :, None]
    return (states * pi_old * A).sum()


def _policies(rng):
    yield np.ones((1, 1)), np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), np.array([[[-1, 1]]])
    for H, S, A in [(2, 3, 2), (3, 2, 4)]:
        old, new = (rng.permuted(np.tile(np.arange(1.0, A + 1), (S, 1)), axis=1) for _ in range(2))
        new[0] = old[0, ::-1]
        old, new = old / old.sum(axis=1)[:, None], new**2 / (new**2).sum(axis=1)[:, None]
        d, Q = rng.integers(1, 9, (H, S)) / 8, 2.0 * rng.permutation(H * S * A).reshape(H, S, A)
        yield d, old, new, Q - (old * Q).sum(axis=2, keepdims=True)


# --- A step size with the wrong units -----------------------------------------------------------


def step_size(g, F, delta):
    """How far to go along the natural direction, so that the divergence is delta.

    g: (p,); F: (p, p); delta: a number. Returns a number.
    """
    x = np.linalg.solve(F, g)
    return np.sqrt(2 * delta / (g @ x))


def step_size_slip(g, F, delta):
    x = F @ g
    return np.sqrt(delta / (g @ x))


def _matrices(rng):
    yield np.array([1.0]), np.array([[4.0]]), 0.5
    for p in (2, 3, 4):
        half = np.tril(rng.integers(1, 5, (p, p))) / 2.0
        yield rng.integers(1, 6, p) * 1.0, half @ half.T + np.eye(p), 0.1


# --- A ratio that is always one -----------------------------------------------------------------


def passes(theta, log_prob, step, n):
    """The parameters after n passes of PPO over one batch.

    `log_prob(theta)` gives the log-probabilities of the batch, and `step(theta, old)` the change of
    theta in a pass. Returns theta.
    """
    old = log_prob(theta)
    for _ in range(n):
        change = step(theta, old)
        theta = theta + change
    return theta


def passes_slip(theta, log_prob, step, n):
    for _ in range(n):
        old = log_prob(theta)
        change = step(theta, old)
        theta = theta + change
    return theta


def _linear(theta):
    return 2.0 * theta


def _less_far(theta, old):
    return 1.0 - (2.0 * theta - old) / 4


def _batches(rng):
    yield 0.0, _linear, _less_far, 2
    for n in (3, 4):
        yield rng.integers(-3, 4, 3) * 1.0, _linear, _less_far, n


EXHIBITS = (
    exhibit(
        backup,
        backup_slip,
        _worlds,
        "pg_chapter",
        "The maximum stands outside the expectation: this is the value of a player who must announce the "
        "next action before seeing the next state.",
        (
            "When is the next action chosen: before the next state is seen, or after?",
            "First the best value of each state, `Q.max(axis=1)`, then its mean.",
        ),
    ),
    exhibit(
        surrogate,
        surrogate_slip,
        _policies,
        "trpo",
        "The actions are drawn from the old policy too. Its mean advantage is zero, whatever theta is.",
        (
            "On which of its arguments does your result not depend?",
            "The states and the advantages are old, the actions new.",
        ),
        Mistake(
            "ratio_without_the_old_policy",
            lambda d, pi_old, pi_new, A: (d[:, :, None] * pi_new / pi_old * A).sum(),
            "You divide by the old policy, and nothing is drawn from it here: the sum runs over all actions.",
            "trpo",
        ),
    ),
    exhibit(
        step_size,
        step_size_slip,
        _matrices,
        "npg_optimization",
        "Here stand g F g and no factor 2. Measure theta in other units, and the share of delta that is "
        "used changes with the fourth power of the unit.",
        (
            "The step is eta times the solution x of F x = g. What is its divergence, half of step F step?",
            "With F x = g that is eta^2 (g x) / 2. Solve for eta.",
        ),
        Mistake(
            "no_two",
            lambda g, F, delta: step_size(g, F, delta) / np.sqrt(2),
            "The factor 2 is missing: the divergence is half of the quadratic form.",
            "npg_optimization",
        ),
        Mistake(
            "matrix_in_place_of_its_inverse",
            lambda g, F, delta: np.sqrt(2 * delta / (g @ F @ g)),
            "The matrix stands where its inverse belongs: solve F x = g.",
            "npg_optimization",
        ),
    ),
    exhibit(
        passes,
        passes_slip,
        _batches,
        "ppo_clip",
        "The old log-probabilities are computed anew in each pass: the ratio is 1 whatever has happened, "
        "and nothing is clipped.",
        (
            "In the third pass, how far from the policy that collected the batch may theta be?",
            "The old log-probabilities are computed once, before the loop.",
        ),
    ),
)
