"""Exercise: advantages of a group, divided by its deviation or not."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
GRPO compares each of $G$ responses with the mean $\bar r$ of its group, and divides by the group's
standard deviation:

$$A_i = \frac{r_i - \bar r}{\hat\sigma}, \qquad
  \hat\sigma^2 = \frac1G \sum_{j=1}^G (r_j - \bar r)^2 .$$

Later work leaves the division out. Write `group_advantage(r, std)`, which does either: `std` says
whether to divide. The rewards have shape `(..., G)`, the last axis a group, and so has the result.
What is to be returned for a group whose rewards are all equal? It says nothing about which response
was better, so every advantage is 0.
"""


def group_advantage(r: np.ndarray, std: bool) -> np.ndarray:
    """Rewards less their group's mean, over its deviation if std is True.

    r: (..., G); std: True or False. Returns (..., G).
    """
    A = r - r.mean(axis=-1, keepdims=True)
    if not std:
        return A
    sigma = A.std(axis=-1, keepdims=True)
    equal = r.max(axis=-1, keepdims=True) == r.min(axis=-1, keepdims=True)
    return np.where(equal, 0.0, A / np.where(equal, 1.0, sigma))


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([2.0, 0.0]), False
    yield np.array([[1.0, 0.0, 0.0], [4.0, 1.0, 1.0]]), True
    for shape, std in [((3, 4), False), ((3, 5), True), ((2, 2, 4), True)]:
        r = rng.integers(-3, 6, shape).astype(float)
        r[..., 0] = r[..., 1] + 1.0  # in each group somebody is better
        yield r, std


def _centred(r: np.ndarray) -> np.ndarray:
    return r - r.mean(axis=-1, keepdims=True)


def _over(A: np.ndarray, sigma: np.ndarray, std: bool) -> np.ndarray:
    return A / np.where(sigma > 0, sigma, 1.0) if std else A


MISTAKES = (
    Mistake(
        "zero_over_zero",
        lambda r, std: (
            _centred(r) / _centred(r).std(axis=-1, keepdims=True) if std else _centred(r)
        ),
        "Where all rewards of a group are equal you divide 0 by 0, and the result is `nan`: one such "
        "group, and the whole gradient is gone. Return 0 there, since nobody was better.",
        "group_std",
    ),
    Mistake(
        "one_deviation_for_all",
        lambda r, std: _over(_centred(r), np.full(r[..., :1].shape, r.std()), std),
        "You divided by the standard deviation over all groups. GRPO divides each group by its own; "
        "one number for all of them would be a step size.",
        "group_std",
    ),
    Mistake(
        "deviation_with_g_minus_1",
        lambda r, std: _over(_centred(r), r.std(axis=-1, ddof=1, keepdims=True), std),
        "You divided by G - 1 in the variance. The formula asks for 1/G. The two differ by a factor "
        "that depends on G, which matters when G is small.",
        "group_std",
    ),
    Mistake(
        "variance",
        lambda r, std: _over(_centred(r), r.var(axis=-1, keepdims=True), std),
        "You divided by the variance. The unit of the advantages would be 1 over that of the rewards; "
        "with the standard deviation they have none.",
        "group_std",
    ),
    Mistake(
        "not_centred",
        lambda r, std: _over(r.astype(float), r.std(axis=-1, keepdims=True), std),
        "You did not subtract the mean of the group. Then all of the responses that earned anything "
        "are made more likely, whether the others did better or not.",
        "group_baselines",
    ),
    Mistake(
        "leave_one_out",
        lambda r, std: _over(
            _centred(r) * r.shape[-1] / (r.shape[-1] - 1), r.std(axis=-1, keepdims=True), std
        ),
        "You left the own reward out of the mean. That is the unbiased form, and another exercise; "
        "here the mean is that of the whole group.",
        "group_baselines",
    ),
    Mistake(
        "always_divided",
        lambda r, std: _over(_centred(r), r.std(axis=-1, keepdims=True), True),
        "You divide by the standard deviation whatever `std` says.",
        "group_std",
    ),
    Mistake(
        "never_divided",
        lambda r, std: _centred(r),
        "You never divide. With `std=True` each group is divided by its own standard deviation.",
        "group_std",
    ),
)

exercise = Exercise(
    title="The advantage of a group",
    label="group_std",
    statement=STATEMENT.strip(),
    solution=group_advantage,
    hints=(
        "Everything happens along the last axis. `keepdims=True` keeps it, so that the shapes go "
        "together.",
        "Subtract the mean. If std is True, divide by `r.std(axis=-1, keepdims=True)`, whose default is "
        "1/G. Which groups make trouble?",
        "A group of equal rewards has the largest equal to the smallest. `np.where(equal, 0.0, A / "
        "np.where(equal, 1.0, sigma))` divides by 1 there and returns 0.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    edges=((np.array([[2.0, 2.0, 2.0], [1.0, 0.0, 1.0]]), True),),
)
