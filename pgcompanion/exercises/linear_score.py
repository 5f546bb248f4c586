"""Exercise: the score of a softmax policy that is linear in features."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Derive the score $\nabla \log \pi_\theta(a \mid s)$ of a softmax policy that is linear in features,
$\pi_\theta(a \mid s) \propto e^{\theta^\top \phi(s, a)}$: the features of the action that was chosen,
compared with what?

Write `linear_score(phi, pi, a)` for one state: `phi` of shape `(A, p)` holds the features of its
actions, `pi` of shape `(A,)` their probabilities, and the integer `a` is the chosen action.
Return an array of shape `(p,)`.
"""


def linear_score(phi: np.ndarray, pi: np.ndarray, a: int) -> np.ndarray:
    """The gradient of log pi(a | s) for a softmax of linear features.

    phi: (A, p); pi: (A,); a: an integer. Returns (p,).
    """
    return phi[a] - pi @ phi


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[2.0], [4.0]]), np.array([0.25, 0.75]), 0
    for A, p in [(2, 2), (3, 2), (4, 3)]:
        weights = rng.integers(1, 6, A)
        phi = rng.integers(-3, 5, (A, p)).astype(float)
        phi += weights @ phi == 0  # a mean of 0 would be round-off, which no answer should rest on
        yield phi, weights / weights.sum(), int(rng.integers(1, A))


MISTAKES = (
    Mistake(
        "not_centred",
        lambda phi, pi, a: phi[a],
        "You returned the features of the chosen action alone. The normaliser depends on theta "
        "too, and its derivative takes away the mean feature under the policy. The term may be "
        "dropped only where the score is multiplied by a coefficient whose mean in the state is 0, "
        "as an advantage is, and only in the mean.",
        "linear_softmax",
    ),
    Mistake(
        "uniform_mean",
        lambda phi, pi, a: phi[a] - phi.mean(axis=0),
        "You took away the plain mean of the features. The expectation is over actions drawn from "
        "the policy: weigh each row by its probability in `pi`.",
        "linear_softmax",
    ),
    Mistake(
        "sum_of_features",
        lambda phi, pi, a: phi[a] - phi.sum(axis=0),
        "You took away the sum of all features. An expectation weighs each action by its "
        "probability, and the weights add up to 1.",
        "linear_softmax",
    ),
    Mistake(
        "negated",
        lambda phi, pi, a: pi @ phi - phi[a],
        "The sign is the wrong way round: you have the mean minus the chosen features. Moving "
        "theta towards phi(s, a) makes the action a more likely.",
        "linear_softmax",
    ),
    Mistake(
        "likelihood",
        lambda phi, pi, a: pi[a] * linear_score(phi, pi, a),
        "You returned the gradient of the probability. The score is the gradient of its "
        "logarithm: divide by pi(a | s).",
        "reinforce_pg",
    ),
    Mistake(
        "own_share_only",
        lambda phi, pi, a: (1 - pi[a]) * phi[a],
        "You took away the chosen action's own share of the mean and forgot the others. The "
        "expectation runs over all actions, each with its own features.",
        "linear_softmax",
    ),
    Mistake(
        "mean_only",
        lambda phi, pi, a: pi @ phi,
        "You returned the mean feature alone. The score tells how the chosen action differs from "
        "it.",
        "linear_softmax",
    ),
    Mistake(
        "mean_added",
        lambda phi, pi, a: phi[a] + pi @ phi,
        "You added the mean features. The logarithm of the normaliser is subtracted, and so is its gradient: what is left is how the chosen action's features differ from the mean.",
        "linear_softmax",
    ),
    Mistake(
        "divided_by_the_probability",
        lambda phi, pi, a: (phi[a] - pi @ phi) / pi[a],
        "You divided by pi(a | s) once too often. phi[a] minus the mean is the gradient of the logarithm already.",
        "linear_softmax",
    ),
    Mistake(
        "mean_of_the_weighted",
        lambda phi, pi, a: phi[a] - (pi[:, None] * phi).mean(axis=0),
        "You weighed the features by the probabilities and then averaged, which divides by the number of actions once more. With weights that add up to 1, a weighted mean is a sum.",
        "linear_softmax",
    ),
    Mistake(
        "probability_subtracted",
        lambda phi, pi, a: phi[a] - pi[a],
        "You subtracted a probability from the features. It is the mean of the features under the policy that is subtracted: `pi @ phi`.",
        "linear_softmax",
    ),
    Mistake(
        "likeliest_action",
        lambda phi, pi, a: phi[a] - phi[pi.argmax()],
        "You subtracted the features of the likeliest action. The expectation weighs all actions by their probabilities.",
        "linear_softmax",
    ),
    Mistake(
        "first_action",
        lambda phi, pi, a: phi[0] - pi @ phi,
        "You used the features of action 0. The score is that of the action a that was chosen: `phi[a]`.",
        "linear_softmax",
    ),
    Mistake(
        "others_only",
        lambda phi, pi, a: phi[a] - (pi @ phi - pi[a] * phi[a]),
        "You left the chosen action out of the mean. The expectation runs over all actions, the chosen one too.",
        "linear_softmax",
    ),
    Mistake(
        "others_renormalised",
        lambda phi, pi, a: phi[a] - (pi @ phi - pi[a] * phi[a]) / (1 - pi[a]),
        "You compared with the mean over the other actions. The expectation runs over all actions, the chosen one too.",
        "linear_softmax",
    ),
    Mistake(
        "log_probabilities_as_weights",
        lambda phi, pi, a: phi[a] - np.log(pi) @ phi,
        "You weighed the features by log-probabilities. An expectation has the probabilities themselves as weights.",
        "linear_softmax",
    ),
    Mistake(
        "softmax_of_probabilities",
        lambda phi, pi, a: phi[a] - (np.exp(pi) / np.exp(pi).sum()) @ phi,
        "You took a softmax of pi. It holds probabilities already: use them as they are.",
        "linear_softmax",
    ),
    Mistake(
        "chosen_one_weighed",
        lambda phi, pi, a: pi[a] * phi[a] - pi @ phi,
        "You weighed the features of the chosen action by its probability. It was chosen: its features count in full, and only the mean has weights.",
        "linear_softmax",
    ),
    Mistake(
        "own_features_weighed",
        lambda phi, pi, a: pi[a] * phi[a],
        "You weighed the features of the chosen action by its probability and subtracted nothing. They count in full, less the mean features.",
        "linear_softmax",
    ),
    Mistake(
        "wrong_weights",
        lambda phi, pi, a: phi[a] - (1 - pi) @ phi,
        "You weighed the features by 1 - pi. An expectation under the policy has the weights pi.",
        "linear_softmax",
    ),
    Mistake(
        "last_action",
        lambda phi, pi, a: phi[-1] - pi @ phi,
        "You used the features of the last action. The score is that of the action a that was chosen: `phi[a]`.",
        "linear_softmax",
    ),
    Mistake(
        "divided_by_the_mean",
        lambda phi, pi, a: phi[a] / (pi @ phi),
        "You divided by the mean features. They are subtracted.",
        "linear_softmax",
    ),
    Mistake(
        "logarithm_times_features",
        lambda phi, pi, a: np.log(pi[a]) * phi[a],
        "You multiplied the features by the log-probability. The score is the gradient of the log-probability: features less mean features.",
        "linear_softmax",
    ),
    Mistake(
        "every_action",
        lambda phi, pi, a: (phi - pi @ phi).sum(axis=0),
        "You summed the scores of all actions. Only the chosen one is asked for: `phi[a]`.",
        "linear_softmax",
    ),
    Mistake(
        "mean_over_actions_of_scores",
        lambda phi, pi, a: pi @ (phi - pi @ phi),
        "You averaged the scores of all actions, which is 0. Only the chosen one is asked for.",
        "linear_softmax",
    ),
    Mistake(
        "mean_of_all_numbers",
        lambda phi, pi, a: phi[a] - phi.mean(),
        "You subtracted the mean of all numbers in `phi`. It is the mean of its rows, weighed by pi, that is subtracted.",
        "linear_softmax",
    ),
    Mistake(
        "others_weighed",
        lambda phi, pi, a: (1 - pi) @ phi,
        "You weighed every action by 1 minus its probability. The 1 belongs to the chosen action alone: its features, less the mean under pi.",
        "linear_softmax",
    ),
    Mistake(
        "last_action_left",
        lambda phi, pi, a: phi[a] - pi[-1] * phi[-1],
        "Only the last action is left of your mean. Add up over the actions: `=` inside a loop keeps what came last, and `+=` keeps them all.",
        "linear_softmax",
    ),
)

exercise = Exercise(
    title="The score of a linear softmax policy",
    label="linear_softmax",
    statement=STATEMENT.strip(),
    solution=linear_score,
    hints=(
        "log pi(a | s) is theta @ phi[a] minus the logarithm of a sum over all actions. "
        "Differentiate the two parts one after the other.",
        "The second part gives the mean of the features, each action weighed by its probability.",
        "A weighted mean of the rows of `phi` is the product `pi @ phi`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
