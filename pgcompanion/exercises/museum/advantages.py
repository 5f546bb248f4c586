"""Exhibits about advantages and values: where an episode ends, and whose policy they belong to."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from pgcompanion.exercises.engine.exercise import Mistake
from pgcompanion.exercises.museum.exhibit import exhibit

# --- An advantage that runs on after the end ----------------------------------------------------


def gae_stream(r, V, live, gamma, lam):
    """Generalized advantage estimates along a stream in which episodes follow each other.

    r: (T,); V: (T + 1,); live: (T,), 0 where an episode ends and 1 elsewhere; gamma, lam: numbers.
    Returns (T,).
    """
    A = np.zeros(len(r) + 1)
    for t in reversed(range(len(r))):
        d = r[t] - V[t]
        d += gamma * live[t] * V[t + 1]
        rest = gamma * lam * A[t + 1]
        A[t] = d + live[t] * rest
    return A[:-1]


def gae_stream_slip(r, V, live, gamma, lam):
    A = np.zeros(len(r) + 1)
    for t in reversed(range(len(r))):
        d = r[t] - V[t]
        d += gamma * live[t] * V[t + 1]
        rest = gamma * lam * A[t + 1]
        A[t] = d + rest
    return A[:-1]


def _only_in_the_recursion(r, V, live, gamma, lam):
    A = np.zeros(len(r) + 1)
    for t in reversed(range(len(r))):
        A[t] = r[t] + gamma * V[t + 1] - V[t] + gamma * lam * live[t] * A[t + 1]
    return A[:-1]


def _streams(rng):
    yield np.array([-1.0, 1.0]), np.array([1.0, 2.0, 3.0]), np.array([0, 1]), 0.5, 0.5
    for T in (4, 5, 6):
        r, V = rng.integers(1, 6, T) * 1.0, rng.integers(1, 6, T + 1) / 2
        live = np.ones(T, dtype=int)
        live[rng.integers(1, T - 1)] = 0
        yield r + 6, V, live, 0.9, 0.8


# --- Weights that do not add up to one ----------------------------------------------------------


def averaged(A_k, lam):
    """The average over k of the k-step estimates of an advantage; those beyond K count as 0.

    A_k: (K,), for k from 1 to K; lam: a number. Returns a number.
    """
    k = np.arange(len(A_k))
    weights = (1 - lam) * lam**k
    return weights @ A_k


def averaged_slip(A_k, lam):
    k = np.arange(len(A_k))
    weights = lam**k
    return weights @ A_k


def _estimates(rng):
    yield np.array([2.0, 4.0]), 0.5
    for K, lam in [(3, 0.8), (4, 0.9), (6, 0.6)]:
        yield rng.integers(1, 9, K) / 2, lam


# --- Out of time is not the end -----------------------------------------------------------------


def value(r, V, terminated, truncated):
    """The reward of each step, and the value of what follows.

    r: (T,); V: (T,), the discounted values of the next states; terminated, truncated: (T,), of
    booleans. Returns (T,).
    """
    over = terminated
    return r + V * ~over


def value_slip(r, V, terminated, truncated):
    over = terminated | truncated
    return r + V * ~over


def _ends(rng):
    no, yes = np.array([False, False]), np.array([False, True])
    yield np.array([1.0, 1.0]), np.array([10.0, 8.0]), no, yes
    for T in (4, 5, 6):
        kinds = rng.permutation(np.arange(T) % 3)
        yield rng.integers(1, 9, T) / 2, rng.integers(1, 9, T) / 2, kinds == 1, kinds == 2


# --- The critic's gradient in the policy's objective --------------------------------------------


def push_on_values(logp, R, V):
    """What the training step does to each value, up to the step size.

    logp: (N,), of the actions; R: (N,), the returns; V: (N,), the values. Returns (N,).
    """
    fit = R - V
    policy = 0.0 * logp  # detached
    return fit + policy


def push_on_values_slip(logp, R, V):
    fit = R - V
    policy = -logp
    return fit + policy


def _fits(rng):
    yield np.array([-1.0]), np.array([2.0]), np.array([1.0])
    for N in (3, 4, 5):
        yield -rng.integers(1, 9, N) / 4, rng.integers(-5, 6, N) / 2, rng.integers(-5, 6, N) / 2


# --- Stale advantages ---------------------------------------------------------------------------


def train(theta, advantages, step, n):
    """The parameters after n updates, each with the advantages of its own policy.

    `advantages(theta)` gives them, and `step(theta, A)` the change of theta. Returns theta.
    """
    for _ in range(n):
        A = advantages(theta)
        theta = theta + step(theta, A)
    return theta


def train_slip(theta, advantages, step, n):
    A = advantages(theta)
    for _ in range(n):
        theta = theta + step(theta, A)
    return theta


def _to_the_target(theta):
    return 4.0 - theta


def _half_of(theta, A):
    return A / 2


def _starts(rng):
    yield 0.0, _to_the_target, _half_of, 2
    for n in (3, 4):
        yield rng.integers(-4, 3, 3) * 1.0, _to_the_target, _half_of, n


EXHIBITS = (
    exhibit(
        gae_stream,
        gae_stream_slip,
        _streams,
        "gae",
        "The recursion runs on after the end: the last action of an episode is praised or blamed for the "
        "advantages of the next one.",
        (
            "Follow `A[t + 1]` where `live[t]` is 0: whose advantage is it?",
            "The last line of the loop needs `live[t]` too.",
        ),
        Mistake(
            "only_in_the_recursion",
            _only_in_the_recursion,
            "Now the recursion stops, and the residual at the end contains the value of a state in which "
            "the next episode begins.",
            "gae",
        ),
    ),
    exhibit(
        averaged,
        averaged_slip,
        _estimates,
        "gae",
        "Your weights do not add up to one: the powers of lam alone add up to 1 / (1 - lam).",
        (
            "Let all estimates be 1, and K large. What should their average be?",
            "Multiply the weights by `1 - lam`.",
        ),
        Mistake(
            "normalised_over_K",
            lambda A_k, lam: averaged(A_k, lam) / (1 - lam ** len(A_k)),
            "You divide by the sum of the first K weights. The estimates beyond K count as 0, and their "
            "weights belong to the whole.",
            "gae",
        ),
    ),
    exhibit(
        value,
        value_slip,
        _ends,
        "gae",
        "A time limit is treated as an end: the value of the last observation is left out although the "
        "task would have gone on.",
        (
            "After which of the two flags is the value of what follows zero?",
            "Only `terminated` says that nothing follows.",
        ),
        Mistake(
            "never_over",
            lambda r, V, terminated, truncated: r + V,
            "Now a true end is followed by a value as well. After `terminated` nothing follows.",
            "gae",
        ),
    ),
    exhibit(
        push_on_values,
        push_on_values_slip,
        _fits,
        "pg_baseline",
        "The critic is moved by the policy's objective as well: it is raised by minus log p of every action, "
        "whatever that action earned.",
        (
            "Which of the two terms would still be there if every prediction were right?",
            "The policy's objective is differentiated in theta alone. To the values it adds nothing.",
        ),
    ),
    exhibit(
        train,
        train_slip,
        _starts,
        "pg_advantage",
        "The advantages are computed once and used for all updates: after the first they belong to an "
        "older policy.",
        (
            "In the second round, which policy do the advantages belong to?",
            "The line that computes `A` belongs inside the loop.",
        ),
    ),
)
