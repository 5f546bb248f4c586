"""Exhibits about probabilities: scores, softmax, densities, entropies and divergences."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from pgcompanion.exercises.engine.exercise import Mistake
from pgcompanion.exercises.museum.exhibit import exhibit

# --- A clamped policy, an unclamped score -------------------------------------------------------


def clamped_score(theta, a, low):
    """The score of a policy with two actions, whose probabilities are kept above `low`.

    theta: (N,), logits of action 1; a: (N,), actions 0 and 1; low: a number. Returns (N,).
    """
    p = 1 / (1 + np.exp(-theta))
    inside = (p > low) & (p < 1 - low)
    return np.where(inside, a - p, 0.0)


def clamped_score_slip(theta, a, low):
    p = 1 / (1 + np.exp(-theta))
    return a - p


def _clamped(theta, a, low):
    return a - np.clip(1 / (1 + np.exp(-theta)), low, 1 - low)


def _logits_of_two(rng):
    yield np.array([-4.0, 0.0]), np.array([1, 1]), 0.1
    for N in (4, 5, 6):
        theta = np.append([-5.0, 6.0, 0.5], rng.integers(-6, 7, N - 3) / 2)
        yield theta, np.arange(N) % 2, 0.05


# --- One constant for all dimensions ------------------------------------------------------------


def entropy(log_sigma):
    """The entropy of a Gaussian policy with independent dimensions.

    log_sigma: (n,). Returns a number.
    """
    c = (1 + np.log(2 * np.pi)) / 2
    return (c + log_sigma).sum()


def entropy_slip(log_sigma):
    c = (1 + np.log(2 * np.pi)) / 2
    return c + log_sigma.sum()


def _log_sigmas(rng):
    yield (np.array([0.0, 0.0]),)
    for n in (3, 4, 6):
        yield (rng.integers(-4, 3, n) / 4,)


# --- Normalised over the states -----------------------------------------------------------------


def action_probabilities(x):
    """The probability of each action in each state of a batch.

    x: (N, A), the logits. Returns (N, A).
    """
    u = np.exp(x)
    total = u.sum(axis=1)
    return u / total[:, None]


def action_probabilities_slip(x):
    u = np.exp(x)
    total = u.sum(axis=0)
    return u / total


def _logits(rng):
    yield (np.log([[1.0, 3.0]]),)
    for shape in [(2, 3), (3, 4), (5, 2)]:
        yield (np.log(1.0 + rng.permutation(int(np.prod(shape)))).reshape(shape),)


# --- A divergence below zero --------------------------------------------------------------------


def estimated_kl(p, q, a):
    """An estimate of KL(p || q) from a batch, which is never negative.

    p, q: (N, A), the old and the new probabilities; a: (N,), actions from the old policy. Returns
    a number.
    """
    terms = p * np.log(p / q)
    return terms.sum(axis=1).mean()


def estimated_kl_slip(p, q, a):
    rows = np.arange(len(a))
    u = np.log(p / q)[rows, a]
    return u.mean()


def _tables(rng):
    yield np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), np.array([1])
    for N, A in [(2, 3), (3, 4), (4, 3)]:
        p, q = (rng.permuted(np.tile(np.arange(1.0, A + 1), (N, 1)), axis=1) for _ in range(2))
        p, q = p**2 / (p**2).sum(axis=1)[:, None], q / q.sum(axis=1)[:, None]
        yield p, q, rng.integers(0, A, N)


# --- A ratio that is never one ------------------------------------------------------------------


def dropout_ratio(w, w_new, x, masks):
    """The ratio of new and old likelihood of action 0, under dropout.

    w, w_new: (p,), old and new; x: (A, p), features of the actions; masks: (2, p), of the rollout and of a
    later pass. Returns a number.
    """

    def log_prob(v, mask):
        z = x @ (v * mask)
        total = np.exp(z).sum()
        return z[0] - np.log(total)

    old = log_prob(w, masks[0])
    new = log_prob(w_new, masks[0])
    return np.exp(new - old)


def dropout_ratio_slip(w, w_new, x, masks):
    def log_prob(v, mask):
        z = x @ (v * mask)
        total = np.exp(z).sum()
        return z[0] - np.log(total)

    old = log_prob(w, masks[0])
    new = log_prob(w_new, masks[1])
    return np.exp(new - old)


def _passes_with_dropout(rng):
    w = np.array([1.0, 2.0])
    yield w, w, np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1, 1], [1, 0]])
    for A, p in [(2, 3), (3, 4), (4, 5)]:
        x = rng.permutation(A * p).reshape(A, p) / 8
        masks = np.ones((2, p), dtype=int)
        masks[0, 0] = masks[1, -1] = 0
        yield rng.integers(1, 5, p) / 2, rng.integers(1, 5, p) / 2, x, masks


# --- A density without its Jacobian -------------------------------------------------------------


def log_density(x, m, sigma):
    """The logarithm of the density of the actions tanh(x), where x is Gaussian.

    x: (N,), before the tanh; m, sigma: numbers. Returns (N,).
    """
    z = (x - m) / sigma
    c = sigma * np.sqrt(2 * np.pi)
    gauss = -(z**2) / 2 - np.log(c)
    slope = 1 - np.tanh(x) ** 2
    return gauss - np.log(slope)


def log_density_slip(x, m, sigma):
    z = (x - m) / sigma
    c = sigma * np.sqrt(2 * np.pi)
    gauss = -(z**2) / 2 - np.log(c)
    return gauss


def _before_the_tanh(rng):
    yield np.array([0.5]), 0.0, 1.0
    for N, sigma in [(3, 0.5), (4, 0.8), (5, 1.5)]:
        yield (rng.permutation(2 * N)[:N] - N + 0.5) / 4, 0.25, sigma


EXHIBITS = (
    exhibit(
        clamped_score,
        clamped_score_slip,
        _logits_of_two,
        "tabular_softmax_score",
        "This is the score of the softmax, and the policy is another one: where the clamp is active it "
        "does not react to theta.",
        (
            "Change theta a little where the clamp is active. By how much does the probability change?",
            "Where p is below `low` or above `1 - low` the score is 0.",
        ),
        Mistake(
            "clamped_probability",
            _clamped,
            "You put the clamped probability into the formula of the softmax. Its derivative is 0 where the "
            "clamp is active, and so is the score.",
            "tabular_softmax_score",
        ),
    ),
    exhibit(
        entropy,
        entropy_slip,
        _log_sigmas,
        "gaussian_policy",
        "The constant is counted once for all dimensions. Each of them has one of its own.",
        (
            "Let all sigmas be 1. What is the entropy of two independent dimensions?",
            "Add the constant before the sum.",
        ),
    ),
    exhibit(
        action_probabilities,
        action_probabilities_slip,
        _logits,
        "tabular_softmax",
        "The batch is normalised over its states: the probability of an action depends on which other "
        "states are looked at.",
        (
            "Which sums have to be one, those of the rows or those of the columns?",
            "Sum over axis 1, and keep that axis for the division.",
        ),
        Mistake(
            "over_everything",
            lambda x: np.exp(x) / np.exp(x).sum(),
            "You normalise over the whole table. Each row is a distribution of its own.",
            "tabular_softmax",
        ),
    ),
    exhibit(
        estimated_kl,
        estimated_kl_slip,
        _tables,
        "trpo_implement",
        "The mean of a log-ratio at the sampled actions has the right mean, and near the old policy it is "
        "often negative.",
        (
            "In a state that is visited, which of the numbers of the divergence are unknown?",
            "Sum `p * np.log(p / q)` over the actions of each state.",
        ),
        Mistake(
            "other_direction",
            lambda p, q, a: (q * np.log(q / p)).sum(axis=1).mean(),
            "This is KL(q || p). The batch was drawn from p, and p stands first.",
            "kld",
        ),
    ),
    exhibit(
        dropout_ratio,
        dropout_ratio_slip,
        _passes_with_dropout,
        "trpo_implement",
        "The new likelihood is computed with another mask than the old one, so that the ratio is off "
        "before anything has been learned.",
        (
            "Let `w_new` be `w_old`. What should the ratio be?",
            "Both likelihoods need the mask of the rollout, `masks[0]`.",
        ),
    ),
    exhibit(
        log_density,
        log_density_slip,
        _before_the_tanh,
        "gaussian_policy",
        "This is the density of x. The density of a = tanh(x) is that one divided by the derivative, "
        "1 - a^2.",
        (
            "Which interval of actions does a small interval of x become?",
            "Subtract `np.log(1 - np.tanh(x)**2)`.",
        ),
        Mistake(
            "multiplied",
            lambda x, m, sigma: log_density_slip(x, m, sigma) + np.log(1 - np.tanh(x) ** 2),
            "You multiply by the derivative. The tanh presses the actions together, so that their density "
            "is larger: divide.",
            "gaussian_policy",
        ),
    ),
)
