"""Exercise: three estimates of a divergence from samples."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Responses $y_1, \dots, y_N$ were sampled from the policy $\pi$, and the divergence
$\mathrm{KL}(\pi \,\|\, \pi_{\text{ref}})$ is wanted. With the ratio
$q = \pi_{\text{ref}}(y) / \pi(y)$ of each, the three numbers that one may average are

$$k_1 = -\log q , \qquad k_2 = \tfrac12 (\log q)^2 , \qquad k_3 = q - 1 - \log q .$$

Write `kl_estimates(log_prob, log_prob_ref)`, from $\log \pi(y_n)$ and $\log \pi_{\text{ref}}(y_n)$, both
of shape `(N,)`. Return the three arrays, one under the other, in one of shape `(3, N)`. Before you run
it: which of the three can be negative?
"""


def kl_estimates(log_prob: np.ndarray, log_prob_ref: np.ndarray) -> np.ndarray:
    """The estimates k1, k2, k3 of KL(pi || pi_ref), for each sample of pi.

    log_prob, log_prob_ref: (N,). Returns (3, N).
    """
    k1 = log_prob - log_prob_ref
    return np.stack([k1, k1**2 / 2, np.exp(-k1) - 1 + k1])


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.log([0.5]), np.log([0.25])
    yield np.log([0.5, 0.5]), np.log([0.25, 0.75])
    for N in (3, 5):
        own, ref = np.log(rng.integers(1, 10, (2, N)) / 10)
        ref[0] = own[0] - 0.7  # neither all equal nor all on one side
        ref[1] = own[1] + 0.4
        yield own, ref


def _three(k1: np.ndarray) -> np.ndarray:
    return np.stack([k1, k1**2 / 2, np.exp(-k1) - 1 + k1])


def _changed(own: np.ndarray, ref: np.ndarray, row: int, k: np.ndarray) -> np.ndarray:
    result = _three(own - ref)
    result[row] = k
    return result


MISTAKES = (
    Mistake(
        "other_direction",
        lambda own, ref: _three(ref - own),
        "Your ratio is upside down: q is the probability under the reference over that under the "
        "policy. As it stands you average the estimates of the other divergence, and over samples of the "
        "wrong distribution.",
        "kl_samples",
    ),
    Mistake(
        "k1_negated",
        lambda own, ref: _changed(own, ref, 0, ref - own),
        "The sign of k1 is turned: its mean would be minus the divergence. It is the logarithm of the "
        "policy less that of the reference.",
        "kl_samples",
    ),
    Mistake(
        "k3_with_the_ratio_inverted",
        lambda own, ref: _changed(own, ref, 2, np.exp(own - ref) - 1 - (own - ref)),
        "In k3 the ratio is upside down. The samples come from the policy, so it is the mean of "
        "reference over policy that is 1, and only then does q - 1 add nothing on average.",
        "kl_samples",
    ),
    Mistake(
        "k3_without_minus_1",
        lambda own, ref: _changed(own, ref, 2, np.exp(ref - own) - (ref - own)),
        "You left out the 1 in k3. The mean of q is 1, not 0; without it every estimate is 1 too large.",
        "kl_samples",
    ),
    Mistake(
        "k2_without_half",
        lambda own, ref: _changed(own, ref, 1, (own - ref) ** 2),
        "You left out the factor 1/2 in k2. Near the reference the divergence is half the mean square of "
        "the log-ratio.",
        "kl_samples",
    ),
    Mistake(
        "averaged",
        lambda own, ref: np.repeat(_three(own - ref).mean(axis=1, keepdims=True), len(own), axis=1),
        "You averaged over the samples. Return the number of each sample; what is done with them, an "
        "average or a sum over a mask, is decided by whoever calls.",
        "kl_samples",
    ),
    Mistake(
        "weighed_by_the_policy",
        lambda own, ref: np.exp(own) * _three(own - ref),
        "You multiplied by the probability of the response. The samples come from the policy: those that "
        "are likely occur more often already.",
        "kl_samples",
    ),
)

exercise = Exercise(
    title="Three estimates of the KL",
    label="kl_samples",
    statement=STATEMENT.strip(),
    solution=kl_estimates,
    hints=(
        "All three are functions of one array, the log-ratio. Which sign has it when the policy likes a "
        "response more than the reference does?",
        "With k1 = log_prob - log_prob_ref it is log q = -k1 and q = exp(-k1).",
        "`np.stack([k1, k1**2 / 2, np.exp(-k1) - 1 + k1])` has shape (3, N).",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
