"""Exercise: several epochs of PPO on one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.worlds import softmax

STATEMENT = r"""
PPO uses a batch several times. Write `ppo_epochs(batch, theta, eps, epochs, lr)`, which makes `epochs`
steps of gradient ascent, of size `lr`, on the clipped objective of the whole batch,

$$\frac1n \sum_{i=0}^{n-1} \min \bigl( u_i A_i , \; {\mathrm{clip}(u_i, 1 - \epsilon, 1 + \epsilon)} A_i
  \bigr) , \qquad u_i = \frac{\pi_\theta(a_i \mid s_i)}{\pi^k(a_i \mid s_i)} ,$$

for a tabular softmax with parameters `theta` of shape `(S, A)`. The batch has four arrays of shape
`(n,)`: the integers `batch.s` and `batch.a`, the advantages `batch.A`, and `batch.logp_old`, the
logarithms of $\pi^k(a_i \mid s_i)$. Return the parameters after the last step, of shape `(S, A)`. What is
the gradient of a term that is clipped?
"""


class Batch(NamedTuple):
    """Steps of the old policy."""

    s: np.ndarray
    a: np.ndarray
    A: np.ndarray
    logp_old: np.ndarray


def ppo_epochs(batch: Batch, theta: np.ndarray, eps: float, epochs: int, lr: float) -> np.ndarray:
    """The parameters after some epochs on the clipped objective.

    theta: (S, A); eps: the clip range; epochs: how many; lr: the step size.
    Returns (S, A).
    """
    rows = np.arange(len(batch.s))
    for _ in range(epochs):
        pi = np.exp(theta - theta.max(axis=1, keepdims=True))
        pi = pi / pi.sum(axis=1, keepdims=True)
        u = pi[batch.s, batch.a] / np.exp(batch.logp_old)
        # A clipped term is constant: its gradient is zero.
        active = u * batch.A <= np.clip(u, 1 - eps, 1 + eps) * batch.A
        weights = active * u * batch.A / len(rows)
        score = -pi[batch.s]  # the score's row of state s
        score[rows, batch.a] += 1
        gradient = np.zeros(theta.shape)
        np.add.at(gradient, batch.s, weights[:, None] * score)
        theta = theta + lr * gradient
    return theta


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    s, a = np.array([0, 0]), np.array([0, 1])
    yield Batch(s, a, np.array([2.0, -1.0]), np.log([0.5, 0.5])), np.zeros((1, 2)), 0.2, 2, 0.5
    yield Batch(s, a, np.array([1.0, -2.0]), np.log([0.25, 0.8])), np.zeros((1, 2)), 0.2, 1, 1.0
    for S, A, eps, epochs, lr in [(2, 2, 0.2, 3, 1.5), (2, 3, 0.1, 4, 2.0), (3, 2, 0.3, 5, 3.0)]:
        s, a = (x.ravel() for x in np.indices((S, A)))
        s, a = np.concatenate([s, s[::-1]]), np.concatenate([a, a[::-1]])
        theta = rng.permutation(S * A).reshape(S, A) / 5
        shift = np.resize([-0.6, 0.5, 0.1, -0.1], len(s))[rng.permutation(len(s))]
        advantages = (rng.permutation(2 * len(s))[: len(s)] - len(s) + 0.5) / 2
        yield Batch(s, a, advantages, np.log(softmax(theta))[s, a] + shift), theta, eps, epochs, lr


def _gradient(
    batch: Batch, theta: np.ndarray, eps: float, first: np.ndarray, turn: str
) -> np.ndarray:
    """The gradient of one epoch with one thing changed."""
    s, a, A, n = batch.s, batch.a, batch.A, len(batch.s)
    pi = softmax(first if turn == "stale" else theta)
    old = pi[s, a] if turn == "own old" else np.exp(batch.logp_old)
    u = old / pi[s, a] if turn == "inverted" else pi[s, a] / old
    u = np.log(u) if turn == "log ratio" else u
    if turn == "standardised":
        A = (A - A.mean()) / (A.std() + 1e-8)
    clipped = np.clip(u, 1 - eps, 1 + eps)
    active = {
        "no clip": np.ones(n),
        "outside": clipped == u,
        "max": u * A >= clipped * A,
        "ratio": u <= clipped,
        "upper": (u <= 1 + eps) | (A < 0),
    }.get(turn, u * A <= clipped * A)
    weights = active * A * {"no ratio": 1.0, "clipped ratio": clipped}.get(turn, u)
    weights = weights if turn == "sum" else weights / n
    score = np.zeros_like(pi[s]) if turn == "not centred" else -pi[s]
    score[np.arange(n), a] += 1
    gradient = np.zeros(theta.shape)
    if turn == "all rows":
        gradient += (weights[:, None] * score).sum(axis=0)
    elif turn == "fancy":
        gradient[s] += weights[:, None] * score
    else:
        np.add.at(gradient, s, weights[:, None] * score)
    return gradient


def _run(
    turn: str = "", of_epochs: Callable[[int], int] = lambda n: n
) -> Callable[..., np.ndarray]:
    def wrong(batch: Batch, theta: np.ndarray, eps: float, epochs: int, lr: float) -> np.ndarray:
        first, size = theta, {"minus": -lr, "shared": lr / epochs}.get(turn, lr)
        for _ in range(of_epochs(epochs)):
            theta = theta + size * _gradient(batch, theta, eps, first, turn)
        return theta

    return wrong


C = "ppo_clip"
MISTAKES = (
    Mistake(
        "ratio_always_one",
        _run("own old"),
        "You computed the old probabilities from the new parameters in every epoch, so that the ratio is "
        "always 1 and nothing is ever clipped. `batch.logp_old` stays fixed.",
        C,
    ),
    Mistake(
        "no_clip",
        _run("no clip"),
        "You climbed the unclipped surrogate. Where the clipped product is the smaller one, the term is "
        "constant and has no gradient.",
        C,
    ),
    Mistake(
        "no_gradient_outside",
        _run("outside"),
        "You dropped the gradient wherever the ratio lies outside the clip range. It stays where the "
        "unclipped product is the smaller one: there the objective pulls the ratio back.",
        C,
    ),
    Mistake(
        "max_for_min",
        _run("max"),
        "You kept the terms in which the unclipped product is the larger one. The minimum counts.",
        C,
    ),
    Mistake(
        "min_of_the_ratios",
        _run("ratio"),
        "You compared the ratios without the advantages. For a negative advantage the smaller ratio is "
        "the larger product.",
        C,
    ),
    Mistake(
        "upper_bound_only",
        _run("upper"),
        "You clipped for positive advantages alone. For negative ones the gain ends at 1 - eps.",
        C,
    ),
    Mistake(
        "sum_over_the_batch",
        _run("sum"),
        "You summed over the batch. The objective is a mean over its n steps.",
        C,
    ),
    Mistake(
        "descent",
        _run("minus"),
        "You went downhill. The clipped objective is to be climbed; its negative is the loss that "
        "frameworks minimise.",
        C,
    ),
    Mistake(
        "one_epoch",
        _run("", lambda n: 1),
        "You made one step alone. Does a `return` stand inside your loop?",
        C,
    ),
    Mistake(
        "one_epoch_too_many",
        _run("", lambda n: n + 1),
        "You made one step more than `epochs`: `range(epochs)` has that many rounds.",
        C,
    ),
    Mistake(
        "ratio_missing_in_the_gradient",
        _run("no ratio"),
        "The gradient of u is u times the score. You left the ratio out, which is right in the first epoch "
        "alone, where it is 1.",
        C,
    ),
    Mistake(
        "clipped_ratio_as_weight",
        _run("clipped ratio"),
        "You weighed the scores by the clipped ratio. Where the term is not constant, its gradient is the "
        "ratio itself times score and advantage.",
        C,
    ),
    Mistake(
        "stale_policy",
        _run("stale"),
        "You computed policy and ratio once, before the loop. They change with every step: compute them "
        "anew inside.",
        C,
    ),
    Mistake(
        "not_centred",
        _run("not centred"),
        "Your score is 1 for the action that was taken and 0 elsewhere. The probabilities of all actions of "
        "the state are subtracted.",
        "tabular_softmax",
    ),
    Mistake(
        "inverted_ratio",
        _run("inverted"),
        "Your ratio is upside down: new over old.",
        C,
    ),
    Mistake(
        "standardised",
        _run("standardised"),
        "You standardised the advantages. Implementations do; here they are taken as they are.",
        C,
    ),
    Mistake(
        "repeated_states_overwritten",
        _run("fancy"),
        "`gradient[s] += ...` with an array of indices keeps only the last of several entries for the same "
        "state. Use `np.add.at`, or a loop.",
        C,
    ),
    Mistake(
        "step_shared",
        _run("shared"),
        "You divided the step size by the number of epochs. Every epoch has a step of size lr.",
        C,
    ),
    Mistake(
        "step_returned",
        lambda batch, theta, eps, epochs, lr: ppo_epochs(batch, theta, eps, epochs, lr) - theta,
        "You returned the way that was gone and not where it ends: add the parameters.",
        C,
    ),
    Mistake(
        "every_state_moved",
        _run("all rows"),
        "You added each score to every row of theta. The policy in state s depends on row s alone.",
        "tabular_softmax",
    ),
    Mistake(
        "log_ratio",
        _run("log ratio"),
        "You compared the difference of the logarithms with 1 - eps and 1 + eps, and weighed by it. The ratio is its exponential.",
        "ppo_clip",
    ),
    Mistake(
        "policy_returned",
        lambda batch, theta, eps, epochs, lr: softmax(ppo_epochs(batch, theta, eps, epochs, lr)),
        "You returned the policy. The parameters are asked for.",
        "ppo_clip",
    ),
)

exercise = Exercise(
    title="Epochs of PPO",
    label=C,
    statement=STATEMENT.strip(),
    solution=ppo_epochs,
    hints=(
        "Which of the two products is the smaller one? If it is the clipped one, and the ratio lies outside "
        "the range, the term is constant. What is the gradient of the other?",
        "The gradient of u A is u A times the score, for all the terms with u A <= clip(u) A. Average over "
        "the batch, step, and compute the policy anew.",
        "The score of step i has one row that is not zero, that of its state: minus the probabilities, plus 1 "
        "at the action. `np.add.at(gradient, batch.s, weights[:, None] * score)` adds them up.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
