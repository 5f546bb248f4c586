"""Exercise: the log-likelihood of a trajectory."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
A trajectory is drawn one factor at a time: a first state, an action, a next state, an action, and so on,
up to the last action. How many factors of each kind does it have?

Write `trajectory_log_likelihood(mu0, P, pi, s, a)` for one trajectory of $H$ steps: its states `s` and
its actions `a`, two integer arrays of shape `(H,)`. The start distribution `mu0` has shape `(S,)`, the
transitions `P` `(S, A, S)` and the policy `pi` `(S, A)`. Return the natural logarithm of the
trajectory's probability as one number: $-\infty$ for a trajectory that cannot happen.
"""


def trajectory_log_likelihood(
    mu0: np.ndarray,
    P: np.ndarray,
    pi: np.ndarray,
    s: np.ndarray,
    a: np.ndarray,
) -> float:
    """The log-probability of the trajectory (s[0], a[0], s[1], ...).

    mu0: (S,); P: (S, A, S); pi: (S, A); s and a: integers, (H,).
    Returns a number.
    """
    start = np.log(mu0[s[0]])
    actions = np.log(pi[s, a]).sum()
    moves = np.log(P[s[:-1], a[:-1], s[1:]]).sum()
    return float(start + actions + moves)


def _problem(rng: np.random.Generator, S: int, A: int) -> tuple[np.ndarray, ...]:
    def distribution(*shape: int) -> np.ndarray:
        weights = rng.integers(1, 6, shape)
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

    mu0 = (rng.permutation(S) + 1.0) / (S * (S + 1) / 2)
    return mu0, distribution(S, A, S), distribution(S, A)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    P = np.array([[[0.5, 0.5], [0.2, 0.8]], [[0.25, 0.75], [1.0, 0.0]]])
    pi = np.array([[0.4, 0.6], [0.1, 0.9]])
    yield np.array([0.75, 0.25]), P, pi, np.array([0, 1]), np.array([1, 0])
    for S, A, H in [(2, 2, 3), (2, 3, 4), (3, 2, 6)]:
        s = np.concatenate([[S - 1], rng.integers(S, size=H - 1)])  # state 0 is no start
        yield *_problem(rng, S, A), s, rng.integers(A, size=H)


def _actions(pi: np.ndarray, s: np.ndarray, a: np.ndarray) -> float:
    return float(np.log(pi[s, a]).sum())


MISTAKES = (
    Mistake(
        "likelihood",
        lambda mu0, P, pi, s, a: np.exp(trajectory_log_likelihood(mu0, P, pi, s, a)),
        "You returned the likelihood itself. Its logarithm is asked for: add logarithms instead "
        "of multiplying probabilities, which also keeps a long trajectory from rounding to 0.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "sum_without_logarithms",
        lambda mu0, P, pi, s, a: mu0[s[0]] + pi[s, a].sum() + P[s[:-1], a[:-1], s[1:]].sum(),
        "You added the probabilities. Conditional probabilities multiply, each given what came "
        "before, and it is their logarithms that add: take the log of each factor before the sum.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "no_start",
        lambda mu0, P, pi, s, a: trajectory_log_likelihood(mu0, P, pi, s, a) - np.log(mu0[s[0]]),
        "The first factor is missing: the trajectory begins in s[0] with probability mu0[s[0]].",
        "autoregressive_trajectories",
    ),
    Mistake(
        "policy_only",
        lambda mu0, P, pi, s, a: _actions(pi, s, a),
        "You kept the factors of the policy alone. They are all that is left of the gradient in "
        "theta, since the rest does not depend on theta; the likelihood has the start and the "
        "transitions too.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "no_transitions",
        lambda mu0, P, pi, s, a: np.log(mu0[s[0]]) + _actions(pi, s, a),
        "The transitions are missing. After each action but the last, the world moves to the next "
        "state with probability P[s[h], a[h], s[h+1]], and the likelihood has that factor too.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "dynamics_only",
        lambda mu0, P, pi, s, a: trajectory_log_likelihood(mu0, P, pi, s, a) - _actions(pi, s, a),
        "The factors of the policy are missing. At every step the agent draws its action with "
        "probability pi[s[h], a[h]], and the world answers only then.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "last_action_missing",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) - np.log(pi[s[-1], a[-1]])
        ),
        "You count H - 1 actions. There are H of them, one at every step: after the last state "
        "there is no transition any more, but there is an action.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "wrapped_transition",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + _actions(pi, s, a) + np.log(P[s, a, np.roll(s, -1)]).sum()
        ),
        "You count H transitions, the last of them from the final state back to the first. The "
        "trajectory ends with the action in s[H-1]: there are H - 1 transitions.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "next_action_moves",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + _actions(pi, s, a) + np.log(P[s[:-1], a[1:], s[1:]]).sum()
        ),
        "Your transitions use the action of the step after. The move from s[h] to s[h+1] is "
        "caused by a[h]: `P[s[h], a[h], s[h+1]]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "negated",
        lambda mu0, P, pi, s, a: -trajectory_log_likelihood(mu0, P, pi, s, a),
        "Your result has the opposite sign. The negative log-likelihood is the loss that "
        "classifiers minimise; the log-likelihood itself is at most 0 for probabilities.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "logarithm_of_the_sum",
        lambda mu0, P, pi, s, a: np.log(
            mu0[s[0]] + pi[s, a].sum() + P[s[:-1], a[:-1], s[1:]].sum()
        ),
        "You took the logarithm of a sum of probabilities. The factors multiply, and the logarithm of a product is the sum of the logarithms: take each logarithm first.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "start_of_state_zero",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) - np.log(mu0[s[0]]) + np.log(mu0[0])
        ),
        "You used `mu0[0]`, the probability to begin in state number 0. This trajectory begins in the state s[0]: the factor is `mu0[s[0]]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "start_at_every_step",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) + np.log(mu0[s[1:]]).sum()
        ),
        "You counted mu0 at every state of the trajectory. The start distribution draws the first state alone; the later ones are drawn by the transitions.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "start_without_logarithm",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) - np.log(mu0[s[0]]) + mu0[s[0]]
        ),
        "The first factor enters without its logarithm. Every factor of the product needs one, mu0[s[0]] too.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "transitions_backwards",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + _actions(pi, s, a) + np.log(P[s[1:], a[:-1], s[:-1]]).sum()
        ),
        "Your transitions go from the later state to the earlier one. The axes of P are state, action, next state: `P[s[h], a[h], s[h+1]]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "first_action_missing",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) - np.log(pi[s[0], a[0]])
        ),
        "The first action is missing. The agent acts in s[0] already: there are H factors of the policy, from h = 0 on.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "averaged",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a]).mean() + np.log(P[s[:-1], a[:-1], s[1:]]).mean()
        ),
        "You averaged the logarithms. The logarithm of a product is a sum: a longer trajectory is a less likely one.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "every_state_with_every_action",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a)
            - _actions(pi, s, a)
            + np.log(pi[s][:, a]).sum()
        ),
        "`pi[s][:, a]` pairs every state of the trajectory with every action of it, which makes a table of shape (H, H). Step h pairs s[h] with a[h]: `pi[s, a]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "next_state_for_the_action",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a)
            - _actions(pi, s, a)
            + np.log(pi[np.roll(s, -1), a]).sum()
        ),
        "You looked the actions up in the state after them. The agent chooses a[h] while it is in s[h]: `pi[s[h], a[h]]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "logarithms_of_the_sums",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a].sum()) + np.log(P[s[:-1], a[:-1], s[1:]].sum())
        ),
        "You summed the probabilities of each kind before the logarithm. The factors multiply: take the logarithm of each, and sum those.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "policy_without_logarithm",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) - _actions(pi, s, a) + pi[s, a].sum()
        ),
        "The factors of the policy enter without their logarithms. Every factor of the product needs one.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "transitions_without_logarithm",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + _actions(pi, s, a) + P[s[:-1], a[:-1], s[1:]].sum()
        ),
        "The transitions enter without their logarithms. Every factor of the product needs one.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "logarithms_multiplied",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) * np.log(pi[s, a]).prod() * np.log(P[s[:-1], a[:-1], s[1:]]).prod()
        ),
        "You multiplied the logarithms. Probabilities multiply, and so their logarithms add.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "transitions_of_the_policy",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]])
            + _actions(pi, s, a)
            + np.log(np.einsum("sat,sa->st", P, pi)[s[:-1], s[1:]]).sum()
        ),
        "Your transitions are averaged over the policy's actions. The trajectory tells which action was taken: the move has the probability P[s[h], a[h], s[h+1]].",
        "autoregressive_trajectories",
    ),
    Mistake(
        "no_start_and_last_action_missing",
        lambda mu0, P, pi, s, a: (
            np.log(pi[s[:-1], a[:-1]]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "Two things: the first factor, mu0[s[0]], is missing, and so is the last action.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "no_start_and_no_transitions_of_the_last",
        lambda mu0, P, pi, s, a: np.log(mu0[s[0]]) + np.log(pi[s[:-1], a[:-1]]).sum(),
        "Two things: the transitions are missing, and so is the last action.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "transitions_to_the_same_state",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + _actions(pi, s, a) + np.log(P[s[:-1], a[:-1], s[:-1]]).sum()
        ),
        "Your transitions lead from s[h] to s[h]. The next state is s[h+1]: `P[s[:-1], a[:-1], s[1:]]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "start_in_the_last_state",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) - np.log(mu0[s[0]]) + np.log(mu0[s[-1]])
        ),
        "You used the probability to begin in the last state. The trajectory begins in s[0].",
        "autoregressive_trajectories",
    ),
    Mistake(
        "every_start",
        lambda mu0, P, pi, s, a: (
            trajectory_log_likelihood(mu0, P, pi, s, a) - np.log(mu0[s[0]]) + np.log(mu0).sum()
        ),
        "You summed the logarithms of all entries of mu0. The trajectory begins in one state: `mu0[s[0]]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "last_step_only",
        lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s[-1], a[-1]]) + np.log(P[s[-2], a[-2], s[-1]])
        ),
        "Only the last action and the last transition are left. Add up over the steps, with `+=`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "policy_of_the_next_state",
        lambda mu0, P, pi, s, a: float(
            np.log(mu0[s[0]])
            + np.log(pi[s[1:], a[:-1]]).sum()
            + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "Your policy looks at the state after the action, s[h+1]. An action is chosen in the state before it: `pi[s[h], a[h]]`, for every h.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "all_actions_of_the_state",
        lambda mu0, P, pi, s, a: float(
            np.log(mu0[s[0]]) + np.log(pi[s]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "You multiplied the probabilities of all actions of each state. Only the one that was taken is a factor: `pi[s[h], a[h]]`.",
        "autoregressive_trajectories",
    ),
    Mistake(
        "actions_averaged_out",
        lambda mu0, P, pi, s, a: float(
            np.log(mu0[s[0]]) + np.log(np.einsum("sa,sat->st", pi, P)[s[:-1], s[1:]]).sum()
        ),
        "You averaged over the actions, which gives the likelihood of the states alone. The actions belong to the trajectory: each has a factor of its own.",
        "autoregressive_trajectories",
    ),
)


def _impossible() -> Arguments:
    P = np.array([[[1.0, 0.0]], [[0.5, 0.5]]])
    return np.array([0.5, 0.5]), P, np.ones((2, 1)), np.array([0, 1]), np.array([0, 0])


def _long() -> Arguments:
    steps = np.arange(2000)
    half = np.full((2, 2), 0.5)
    return np.array([0.5, 0.5]), np.full((2, 2, 2), 0.5), half, steps % 2, steps % 2


exercise = Exercise(
    title="The likelihood of a trajectory",
    label="autoregressive_trajectories",
    statement=STATEMENT.strip(),
    solution=trajectory_log_likelihood,
    hints=(
        "Tell the episode as a story: a state is drawn, an action is chosen, the world moves, an "
        "action is chosen, and so on. How many factors of each kind does it have?",
        "One factor mu0, H factors pi and H - 1 factors P. Take the logarithm of each, and add.",
        "Index with whole arrays: `pi[s, a]` holds the H factors of the policy, and "
        "`P[s[:-1], a[:-1], s[1:]]` the H - 1 transitions.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    edges=(_impossible(),),
    stress=(
        Stress(
            _long(),
            "with 2000 steps of probability 1/2 your function no longer gives the right number: "
            "the product of so many probabilities underflows to 0, and its logarithm is `-inf`. A "
            "sum of logarithms has no such limit.",
        ),
    ),
)
