"""Exercise: the surrogate of old responses, with a ratio for each token."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
An old policy $\pi^k$ wrote $N$ responses, and each has an advantage $A_i$. For a new policy the surrogate
is

$$\frac1N \sum_{i=1}^N A_i \sum_{t \le |y_i|} u_{it} , \qquad
  u_{it} = \frac{\pi_\theta(y_{it} \mid x_i, y_{i,<t})}{\pi^k(y_{it} \mid x_i, y_{i,<t})} ,$$

a *sum* over the tokens of a response, the end token included, and a mean over the responses.

Write `token_ratio_surrogate(logp_new, logp_old, A, mask)`. The log-probabilities of the tokens have shape
`(N, T)`, the advantages `(N,)`. `mask` has shape `(N, T)` and is True up to the end of each response;
what stands behind is padding. Return one number.
"""


def token_ratio_surrogate(
    logp_new: np.ndarray,
    logp_old: np.ndarray,
    A: np.ndarray,
    mask: np.ndarray,
) -> float:
    """The surrogate of N old responses, with a ratio for each token.

    logp_new, logp_old: (N, T); A: (N,); mask: booleans, (N, T).
    Returns a number.
    """
    u = np.where(mask, np.exp(logp_new - logp_old), 0.0)
    return float((A * u.sum(axis=1)).mean())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    mask = np.array([[True, True], [True, False]])
    yield (
        np.log([[0.5, 0.5], [0.5, 0.5]]),
        np.log([[0.25, 0.5], [0.25, 0.25]]),
        np.array([1.0, -1.0]),
        mask,
    )
    for N, T in [(3, 3), (4, 5)]:
        new, old = np.log(rng.integers(1, 10, (2, N, T)) / 10)
        lengths = rng.integers(1, T, N)
        lengths[0], lengths[1] = T, 2
        A = rng.integers(1, 5, N) * rng.choice([-1.0, 1.0], N)
        A[:2] = 2.0, -3.0
        yield new, old, A, np.arange(T) < lengths[:, None]


def _ratio(new: np.ndarray, old: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(mask, np.exp(new - old), 0.0)


def _whole(new: np.ndarray, old: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(mask, new - old, 0.0).sum(axis=1)


def _without_the_end(mask: np.ndarray) -> np.ndarray:
    return mask & (np.cumsum(mask[:, ::-1], axis=1)[:, ::-1] > 1)


MISTAKES = (
    Mistake(
        "padding_counted",
        lambda new, old, A, mask: float((A * np.exp(new - old).sum(axis=1)).mean()),
        "You summed over the padding as well. What stands behind the end was never chosen by anybody: "
        "count the tokens where the mask is True.",
        "ratio_surrogates",
    ),
    Mistake(
        "mean_over_tokens",
        lambda new, old, A, mask: float(
            (A * _ratio(new, old, mask).sum(axis=1) / mask.sum(axis=1)).mean()
        ),
        "You took the mean over the tokens of each response. The log-likelihood of a response is a sum; "
        "divided by the length, long wrong responses become cheap, and what is climbed is no objective.",
        "length_weights",
    ),
    Mistake(
        "mean_over_all_tokens",
        lambda new, old, A, mask: float((A[:, None] * _ratio(new, old, mask)).sum() / mask.sum()),
        "You divided by the number of all tokens. The surrogate is a mean over the N responses; with the "
        "tokens in the denominator its size depends on how long they happen to be.",
        "length_weights",
    ),
    Mistake(
        "end_token_left_out",
        lambda new, old, A, mask: float(
            (A * _ratio(new, old, _without_the_end(mask)).sum(axis=1)).mean()
        ),
        "You left out the last token of each response. Ending is a choice of the policy like any other: "
        "without it, it never learns when to stop.",
        "response_score",
    ),
    Mistake(
        "inverted_ratio",
        lambda new, old, A, mask: float((A * _ratio(old, new, mask).sum(axis=1)).mean()),
        "Your ratio is upside down. The responses come from the old policy, so its likelihood divides.",
        "ratio_surrogates",
    ),
    Mistake(
        "ratio_of_the_response",
        lambda new, old, A, mask: float((A * np.exp(_whole(new, old, mask))).mean()),
        "You formed one ratio for the whole response, the product over its tokens. That is the exact one, "
        "with a variance that grows like a product; asked for is the sum of the ratios of the tokens.",
        "ratio_surrogates",
    ),
    Mistake(
        "root_of_the_ratio",
        lambda new, old, A, mask: float(
            (A * np.exp(_whole(new, old, mask) / mask.sum(axis=1))).mean()
        ),
        "You took the geometric mean of the ratios, one number for each response. At the old policy it "
        "has the gradient divided by the length.",
        "ratio_surrogates",
    ),
    Mistake(
        "log_ratios",
        lambda new, old, A, mask: float((A * _whole(new, old, mask)).mean()),
        "You summed the logarithms of the ratios. At the old policy the gradient is the same, but away "
        "from it the ratio itself is needed: take the exponential of each.",
        "ratio_surrogates",
    ),
    Mistake(
        "sum_over_responses",
        lambda new, old, A, mask: float((A * _ratio(new, old, mask).sum(axis=1)).sum()),
        "You summed over the responses. An expectation is estimated by their mean: divide by N.",
        "ratio_surrogates",
    ),
)

exercise = Exercise(
    title="Old responses, token by token",
    label="ratio_surrogates",
    statement=STATEMENT.strip(),
    solution=token_ratio_surrogate,
    hints=(
        "A response has one advantage, and each of its tokens one ratio. Which axis is summed, and which "
        "averaged?",
        "The ratios are exp(logp_new - logp_old), and 0 where the mask is False. Sum them along the tokens.",
        "`np.where(mask, np.exp(logp_new - logp_old), 0.0).sum(axis=1)` has shape (N,), as A has.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
