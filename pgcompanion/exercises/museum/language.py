"""Exhibits from training code for language models."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from pgcompanion.exercises.engine.exercise import Mistake
from pgcompanion.exercises.museum.exhibit import exhibit

# --- The other divergence -----------------------------------------------------------------------


def kl_factors(logp, logq):
    """What the score of each response is multiplied with, for the gradient of KL(policy || reference).

    logp, logq: (N,), log-probabilities under policy and reference. Returns (N,).
    """
    log_ratio = logp - logq
    return log_ratio


def kl_factors_slip(logp, logq):
    ratio = np.exp(logq - logp)
    return 1 - ratio  # the slope of k3


def _log_probabilities(rng):
    yield np.log([0.5]), np.log([0.25])
    for N in (3, 4, 5):
        p, q = rng.permutation(8)[:N] + 1.0, rng.permutation(8)[:N] + 1.0
        q[0] = 10.0  # where the ratio is far from one
        yield np.log(p / 10), np.log(q / 10)


# --- A ratio to itself --------------------------------------------------------------------------


def response_ratios(logp, logp_writer):
    """What reweights the responses of a batch for the policy of today.

    logp: (N,), today's log-probabilities; logp_writer: (N,), those of the policy that wrote. Returns
    (N,).
    """
    old = logp_writer
    return np.exp(logp - old)


def response_ratios_slip(logp, logp_writer):
    old = logp.copy()  # detached
    return np.exp(logp - old)


# --- A million to one ---------------------------------------------------------------------------


def group_factors(r):
    """The rewards of a group, centred and in units of their deviation.

    r: (G,). Returns (G,).
    """
    A = np.zeros(len(r))
    for i in range(len(r)):
        others = np.delete(r, i)
        A[i] = r[i] - others.mean()
    return A / (r.std() + 1e-6)


def group_factors_slip(r):
    A = np.zeros(len(r))
    for i in range(len(r)):
        others = np.delete(r, i)
        A[i] = r[i] - others.mean()
        A[i] /= others.std() + 1e-6
    return A


def _groups(rng):
    yield (np.array([1.0, 0.0, 0.0]),)
    for G in (4, 5, 6):
        yield (rng.permutation(G) / 2.0,)


# --- Long wrong answers are cheap ---------------------------------------------------------------


def response_terms(logp, mask, A):
    """The term of each response in the objective.

    logp: (N, T), of the tokens; mask: (N, T), 1 for the tokens of a response; A: (N,), the
    advantages. Returns (N,).
    """
    logs = (logp * mask).sum(axis=1)
    return A * logs


def response_terms_slip(logp, mask, A):
    logs = (logp * mask).sum(axis=1)
    logs = logs / mask.sum(axis=1)
    return A * logs


def _responses(rng):
    yield np.array([[-1.0, -2.0]]), np.array([[1.0, 1.0]]), np.array([2.0])
    for N, T in [(2, 3), (3, 4), (5, 4)]:
        lengths = rng.permutation(N) % (T - 1) + 2
        mask = (np.arange(T) < lengths[:, None]) * 1.0
        yield -rng.integers(1, 9, (N, T)) / 4, mask, rng.integers(1, 6, N) / 2


# --- A mean of means ----------------------------------------------------------------------------


def accumulated(losses, tokens):
    """The mean loss of a token, over a batch that was cut into parts.

    losses: (K, M), the summed losses of the M responses of each part; tokens: (K, M), their
    lengths. Returns a number.
    """
    total = 0.0
    for k in range(len(losses)):
        n = tokens.sum()
        total += losses[k].sum() / n
    return total


def accumulated_slip(losses, tokens):
    total = 0.0
    for k in range(len(losses)):
        n = tokens[k].sum()
        total += losses[k].sum() / n
    return total / len(losses)


def _parts(rng):
    yield np.array([[2.0], [2.0]]), np.array([[1], [3]])
    for K, M in [(2, 3), (3, 2), (4, 3)]:
        tokens = rng.integers(1, 9, (K, M))
        tokens[0], tokens[1] = 1, 9
        yield rng.integers(1, 9, (K, M)) * np.where(tokens == 1, 0.5, 2.0), tokens


# --- A group of one -----------------------------------------------------------------------------


def group_advantages(r):
    """Rewards less the mean of the others in their group; a response alone keeps its reward.

    r: (X, G), for X prompts and G responses to each. Returns (X, G).
    """
    G = r.shape[1]
    if G == 1:
        return r
    b = r.mean(axis=1, keepdims=True)
    return (r - b) * G / (G - 1)


def group_advantages_slip(r):
    G = r.shape[1]
    b = r.mean(axis=1, keepdims=True)
    return (r - b) * G / max(G - 1, 1)


def _prompts(rng):
    yield (np.array([[1.0], [0.0]]),)
    yield (np.array([[1.0, 0.0]]),)
    for X, G in [(3, 1), (2, 4), (3, 4)]:
        yield (rng.permutation(X * G).reshape(X, G) / 2 + 1.0,)


# --- The end that is not learned ----------------------------------------------------------------


def label_mask(tokens, end):
    """Which tokens the model is taught: the response, and that it ends there.

    tokens: (N, T), with `end` after each response and as its padding; end: a token. Returns (N, T).
    """
    ends = tokens == end
    before = ends.cumsum(axis=1) - ends
    return before == 0


def label_mask_slip(tokens, end):
    padding = tokens == end
    return ~padding


def _padded(rng):
    yield np.array([[5, 0, 0]]), 0
    for N, T in [(2, 3), (3, 4), (4, 5)]:
        lengths = rng.permutation(N) % (T - 1) + 1
        yield rng.integers(1, 9, (N, T)) * (np.arange(T) < lengths[:, None]), 0


EXHIBITS = (
    exhibit(
        kl_factors,
        kl_factors_slip,
        _log_probabilities,
        "kl_loss_gradient",
        "This is the derivative of k3. In the mean it is the gradient of the other divergence, KL(reference "
        "|| policy).",
        (
            "In the mean over the policy's responses, which divergence has the score times `1 - q/p` as its "
            "gradient?",
            "The gradient of KL(policy || reference) is the mean of the log-ratio times the score.",
        ),
        Mistake(
            "negated",
            lambda logp, logq: logq - logp,
            "The sign is the wrong way round: this is the gradient of minus the divergence.",
            "kl_loss_gradient",
        ),
    ),
    exhibit(
        response_ratios,
        response_ratios_slip,
        _log_probabilities,
        "ratio_surrogates",
        "The ratio of a likelihood to itself is 1. From the second update on, the responses of an older "
        "policy are not reweighted.",
        (
            "Which policy has drawn the responses?",
            "The denominator is the likelihood under the policy that wrote them.",
        ),
        Mistake(
            "upside_down",
            lambda logp, logp_writer: np.exp(logp_writer - logp),
            "The ratio is upside down: today's likelihood stands above that of the policy that wrote.",
            "ratio_surrogates",
        ),
    ),
    exhibit(
        group_factors,
        group_factors_slip,
        _groups,
        "group_std",
        "The deviation of the others is 0 where they are all alike, and the reward is divided by the "
        "little number that guards against it.",
        (
            "One response of a group is right. What is the deviation of the others, seen from that one?",
            "Divide all by the deviation of the whole group, once.",
        ),
    ),
    exhibit(
        response_terms,
        response_terms_slip,
        _responses,
        "length_weights",
        "The log-likelihood is divided by the length of the response: a long wrong answer is held against "
        "each of its tokens less than a short one.",
        (
            "Two wrong responses, one twice as long. Compare how strongly one of their tokens is pushed.",
            "The log-likelihood of a response is the sum of those of its tokens.",
        ),
    ),
    exhibit(
        accumulated,
        accumulated_slip,
        _parts,
        "length_weights",
        "Each part divides by its own number of tokens. A token in a part with short responses counts more, "
        "and the result depends on how the batch was cut.",
        (
            "Put all short responses into one part. Does the result change?",
            "Divide by the tokens of the whole batch, and add up.",
        ),
        Mistake(
            "mean_over_the_responses",
            lambda losses, tokens: (losses / tokens).mean(),
            "You average the mean losses of the responses. What is asked for is the mean over all tokens.",
            "length_weights",
        ),
    ),
    exhibit(
        group_advantages,
        group_advantages_slip,
        _prompts,
        "group_baselines",
        "A group of one is compared with itself: every advantage is 0, and nothing is learned.",
        (
            "What is the mean of a group with one response?",
            "With `G == 1` there are no others to compare with. A baseline of 0 has no bias.",
        ),
    ),
    exhibit(
        label_mask,
        label_mask_slip,
        _padded,
        "response_score",
        "The end goes with the padding, since both are the same token. The model is never told when to "
        "stop.",
        (
            "How many tokens equal to `end` follow a response, and which of them has a meaning?",
            "Keep every token that has no `end` before it.",
        ),
        Mistake(
            "everything",
            lambda tokens, end: np.ones(tokens.shape),
            "Now the padding is taught as well. After the first end nothing is to be learned.",
            "response_score",
        ),
    ),
)
