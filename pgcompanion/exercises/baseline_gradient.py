"""Exercise: the policy gradient with a baseline."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import mean_over_steps, negated, sum_over_episodes

STATEMENT = r"""
A baseline may be taken from the reward-to-go without changing the mean of the estimator:

$$\nabla J(\theta) = \mathbb E_{\tau \sim \rho_\theta} \Bigl[ \sum_{h=0}^{H-1}
  \nabla \log \pi_\theta(a_h \mid s_h)
  \Bigl( \sum_{h'=h}^{H-1} r_{h'} - b_h(s_h) \Bigr) \Bigr] .$$

Write `baseline_gradient(scores, r, b)`, which estimates it from $N$ episodes. The arrays are
`scores` `(N, H, p)`, the rewards `r` `(N, H)`, and `b` `(N, H)`: the value of the baseline at the
states that were visited. Return an array of shape `(p,)`.
"""


def baseline_gradient(scores: np.ndarray, r: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The policy gradient estimated with rewards-to-go and a baseline.

    scores: (N, H, p); r: (N, H); b: (N, H). Returns (p,).
    """
    to_go = np.cumsum(r[:, ::-1], axis=1)[:, ::-1]
    return ((to_go - b)[:, :, None] * scores).sum(axis=1).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[[1.0], [2.0]]]), np.array([[3.0, 1.0]]), np.array([[2.0, 0.5]])
    for N, H, p in [(2, 2, 1), (2, 3, 2), (3, 4, 2)]:
        scores = rng.integers(-4, 5, (N, H, p)) / 2
        yield scores, rng.integers(-3, 6, (N, H)).astype(float), rng.integers(-4, 9, (N, H)) / 2


def _weighted(scores: np.ndarray, psi: np.ndarray) -> np.ndarray:
    return np.einsum("nhp,nh->p", scores, psi) / len(scores)


def _to_go(r: np.ndarray) -> np.ndarray:
    return np.cumsum(r[:, ::-1], axis=1)[:, ::-1]


MISTAKES = (
    Mistake(
        "baseline_added",
        lambda scores, r, b: _weighted(scores, _to_go(r) + b),
        "You added the baseline. It is what was to be expected in that state, and the score is "
        "weighed by how much better things went than expected: subtract it.",
        "pg_baseline",
    ),
    Mistake(
        "no_baseline",
        lambda scores, r, b: _weighted(scores, _to_go(r)),
        "You left the baseline out. The mean would be the same, but for these N episodes the "
        "estimate is another number, and usually a noisier one.",
        "pg_baseline",
    ),
    Mistake(
        "whole_return",
        lambda scores, r, b: _weighted(scores, r.sum(axis=1, keepdims=True) - b),
        "You took the baseline from the whole return of the episode. The baseline b[h] predicts "
        "what comes from step h on, so it is to be compared with the reward-to-go of step h.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_inside_the_sum",
        lambda scores, r, b: _weighted(scores, _to_go(r - b)),
        "You took the baseline from each reward before summing, so that step h loses the "
        "baselines of all later steps as well. The baseline of step h is subtracted once, from "
        "the finished sum. The later ones depend on later states, and so on the action at h.",
        "pg_baseline",
    ),
    Mistake(
        "own_reward_only",
        lambda scores, r, b: _weighted(scores, r - b),
        "You compared the baseline with the reward of step h alone. The sum runs over all the "
        "rewards from step h to the end.",
        "pg_baseline",
    ),
    Mistake(
        "own_reward_repeated",
        lambda scores, r, b: _weighted(scores, r * np.arange(r.shape[1], 0, -1) - b),
        "You added the same reward r[h] once for every step that is left. The index of the inner "
        "sum has to move: r[h] + r[h+1] + ... + r[H-1]. This slip has been printed in lecture "
        "notes, and it biases the gradient.",
        "pg_baseline",
    ),
    Mistake(
        "from_the_start",
        lambda scores, r, b: _weighted(scores, np.cumsum(r, axis=1) - b),
        "You summed the rewards from the start up to step h. The action at step h cannot change "
        "what came before it: sum from step h to the end.",
        "pg_with_q",
    ),
    mean_over_steps(baseline_gradient, "pg_baseline"),
    sum_over_episodes(baseline_gradient, "pg_baseline"),
    negated(baseline_gradient, "pg_baseline"),
)

exercise = Exercise(
    title="A baseline",
    label="pg_baseline",
    statement=STATEMENT.strip(),
    solution=baseline_gradient,
    hints=(
        "Each score is weighed by an estimate of the advantage: what came from this step on, less "
        "what was expected here. Build the array of estimates first. Which shape has it?",
        "The estimates are the rewards-to-go minus b, of shape (N, H). Then multiply, sum over "
        "the steps, average over the episodes.",
        "With `psi` for the estimates, `psi[:, :, None] * scores` has shape (N, H, p).",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
