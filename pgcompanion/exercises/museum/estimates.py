"""Exhibits about the estimate of a gradient: what is summed, divided by, and multiplied with."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from pgcompanion.exercises.engine.exercise import Mistake
from pgcompanion.exercises.museum.exhibit import exhibit


def _integers(rng, shape, low=-4, high=7):
    """Rewards or scores that no two entries of a small table share."""
    return low + (high - low) * rng.permutation(int(np.prod(shape))).reshape(shape) / np.prod(shape)


# --- The sum over the steps ---------------------------------------------------------------------


def reinforce_estimate(scores, r):
    """The estimate of the gradient from N episodes.

    scores: (N, H, p); r: (N, H). Returns (p,).
    """
    H, p = scores.shape[1:]
    R = r.sum(axis=1, keepdims=True)
    g = np.zeros(p)
    for h in range(H):
        term = scores[:, h] * R
        g += term.mean(axis=0)
    return g


def reinforce_estimate_slip(scores, r):
    H, p = scores.shape[1:]
    R = r.sum(axis=1, keepdims=True)
    g = np.zeros(p)
    for h in range(H):
        term = scores[:, h] * R
        g = term.mean(axis=0)
    return g


def _scores_and_rewards(rng):
    yield np.array([[[1.0], [2.0]]]), np.array([[1.0, 2.0]])
    for N, H, p in [(2, 3, 2), (3, 4, 2), (4, 3, 2)]:
        yield _integers(rng, (N, H, p)), _integers(rng, (N, H))


# --- A division by the length of the episode ----------------------------------------------------


def return_factors(r, mask):
    """What the score of each step is multiplied with, from rewards and a mask of the steps.

    r: (N, H); mask: (N, H), 1 for the steps of the episode and 0 after its end. Returns (N, H).
    """
    G = (r * mask).sum(axis=1)
    return mask * G[:, None]


def return_factors_slip(r, mask):
    G = (r * mask).sum(axis=1)
    T = mask.sum(axis=1)
    return mask * (G / T)[:, None]


def _masked_rewards(rng):
    yield np.array([[2.0, 4.0]]), np.array([[1.0, 1.0]])
    for N, H in [(2, 3), (3, 4), (5, 4)]:
        lengths = rng.permutation(N) % (H - 1) + 2
        yield _integers(rng, (N, H)), (np.arange(H) < lengths[:, None]) * 1.0


# --- What each action is credited with ----------------------------------------------------------


def credit(r):
    """What the action of each step is credited with.

    r: (N, H). Returns (N, H).
    """
    psi, H = r.copy(), r.shape[1]
    for h in reversed(range(H - 1)):
        psi[:, h] += psi[:, h + 1]
    return psi


def credit_slip(r):
    psi, H = r.copy(), r.shape[1]
    for h in range(1, H):
        psi[:, h] += psi[:, h - 1]
    return psi


def _rewards(rng):
    yield (np.array([[1.0, 2.0, 4.0]]),)
    for shape in [(2, 3), (3, 4), (4, 5)]:
        yield (_integers(rng, shape),)


# --- The policy in place of its logarithm -------------------------------------------------------


def objective(prob, G):
    """A number whose derivative in theta, through the probabilities, is the estimate.

    prob: (N, H), of the actions taken; G: (N, H), the rewards-to-go. Returns a number.
    """
    terms = np.log(prob) * G
    return terms.sum(axis=1).mean()


def objective_slip(prob, G):
    terms = prob * G
    return terms.sum(axis=1).mean()


def _probabilities(rng):
    yield np.array([[0.5, 0.25]]), np.array([[3.0, 2.0]])
    for shape in [(2, 3), (3, 4), (4, 5)]:
        yield rng.integers(1, 10, shape) / 10, _integers(rng, shape, 1, 6)


# --- A baseline from the same batch -------------------------------------------------------------


def compared(R):
    """The return of each episode of a batch, compared with a baseline that is independent of it.

    R: (M,). Returns (M,).
    """
    M = len(R)
    b = (R.sum() - R) / (M - 1)
    return R - b


def compared_slip(R):
    M = len(R)
    b = R.sum() / M
    return R - b


def _returns(rng):
    yield (np.array([1.0, 3.0]),)
    for M in (3, 4, 6):
        yield (_integers(rng, (M,)),)


# --- The discount that is dropped ---------------------------------------------------------------


def discounted_factors(A, gamma):
    """What the score of each step is multiplied with, for the gradient of the discounted objective.

    A: (N, H), the advantages with discounted values; gamma: a number. Returns (N, H).
    """
    h = np.arange(A.shape[1])
    return gamma**h * A


def discounted_factors_slip(A, gamma):
    return A


def _advantages(rng):
    yield np.array([[2.0, 4.0]]), 0.5
    for shape, gamma in [((2, 3), 0.9), ((3, 4), 0.5), ((4, 5), 0.8)]:
        yield _integers(rng, shape), gamma


# --- A broadcast --------------------------------------------------------------------------------


def mean_of_products(logp, R, V):
    """A number whose derivative in theta is the estimate: each episode with its own advantage.

    logp: (N,), of the episodes; R: (N, 1), their returns; V: (N,), baselines. Returns a number.
    """
    A = R[:, 0] - V
    return (logp * A).mean()


def mean_of_products_slip(logp, R, V):
    A = R - V
    return (logp * A).mean()


def _columns(rng):
    yield np.array([1.0, 2.0]), np.array([[3.0], [5.0]]), np.array([1.0, 2.0])
    for N in (3, 4, 5):
        order = np.sort(_integers(rng, (N,)))  # a batch in which all pairs together say less
        yield order, 2 * order[:, None] + 1, _integers(rng, (N,), 0, 1)


EXHIBITS = (
    exhibit(
        reinforce_estimate,
        reinforce_estimate_slip,
        _scores_and_rewards,
        "reinforce_pg",
        "Each round of the loop overwrites `g`, so that one step alone is left of the sum over the steps.",
        (
            "What is `g` after the last round of the loop, and what has become of the first?",
            "Each step adds its term: `g += ...`.",
        ),
        Mistake(
            "mean_over_the_steps",
            lambda scores, r: reinforce_estimate(scores, r) / r.shape[1],
            "You average over the steps. The logarithm of the likelihood is a sum over them.",
            "reinforce_pg",
        ),
    ),
    exhibit(
        return_factors,
        return_factors_slip,
        _masked_rewards,
        "reinforce_pg",
        "The return is divided by the length of the episode, so that the step of a long one counts less.",
        (
            "Two episodes earn the same, the one in two steps and the other in four. Compare their factors.",
            "The mask keeps the steps after the end out. Nothing is left for a division to do.",
        ),
        Mistake(
            "divided_by_the_horizon",
            lambda r, mask: return_factors(r, mask) / r.shape[1],
            "You divide by the horizon. That is one number for all episodes, and still no part of the "
            "gradient: it changes the step size.",
            "reinforce_pg",
        ),
    ),
    exhibit(
        credit,
        credit_slip,
        _rewards,
        "pg_with_q",
        "Your sum runs forwards: an action is credited with the rewards that were paid before it.",
        (
            "What is the last action credited with, and which of these rewards did it bring about?",
            "Begin at the last step and go back: the reward of the step, plus the credit of the next.",
        ),
        Mistake(
            "strictly_later",
            lambda r: credit(r) - r,
            "An action's own reward is missing. It is paid after the action: the sum starts with it.",
            "pg_with_q",
        ),
    ),
    exhibit(
        objective,
        objective_slip,
        _probabilities,
        "reinforce_pg",
        "The probability stands where its logarithm belongs. Its derivative is the score times the "
        "probability, and the samples have been drawn with that probability already.",
        (
            "The derivative of `prob` is `prob` times the score. How often is each action weighted then?",
            "The derivative of `np.log(prob)` is the score itself.",
        ),
    ),
    exhibit(
        compared,
        compared_slip,
        _returns,
        "reused_baseline",
        "The mean contains the episode that is compared with it. In the mean this shortens the gradient "
        "by the factor 1 - 1/M.",
        (
            "Which of the returns in the mean are independent of the episode's own actions?",
            "The sum of the others is `R.sum() - R`. How many are they?",
        ),
        Mistake(
            "others_over_all",
            lambda R: R - (R.sum() - R) / len(R),
            "You leave the episode out of the sum and still divide by the number of all episodes.",
            "reused_baseline",
        ),
    ),
    exhibit(
        discounted_factors,
        discounted_factors_slip,
        _advantages,
        "pg_discounted",
        "The factor gamma to the h is missing in front of the advantage. In general what is left is the "
        "gradient of nothing.",
        (
            "The discounted objective values a step at its beginning. How much is an advantage at step h "
            "worth there?",
            "Multiply column h by `gamma**h`.",
        ),
        Mistake(
            "one_step_late",
            lambda A, gamma: gamma * discounted_factors(A, gamma),
            "Your powers of gamma begin at 1. Step 0 is not discounted.",
            "pg_discounted",
        ),
    ),
    exhibit(
        mean_of_products,
        mean_of_products_slip,
        _columns,
        "pg_baseline",
        "A column less a row is a table of all pairs: each score is multiplied by everybody's return.",
        (
            "Print the shape of `A`.",
            "`R[:, 0]` has the shape of `V`.",
        ),
    ),
)
