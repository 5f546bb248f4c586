"""Exercise: REINFORCE, the whole loop."""

from collections.abc import Callable, Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.worlds import Environment, objective, softmax, table
from pgcompanion.mdp import MDP

STATEMENT = r"""
Write the algorithm, from nothing. `reinforce(env, theta0, lr, steps, rng)` starts from the parameters
`theta0` of a tabular softmax, of shape `(S, A)`, and makes `steps` updates. Each plays one episode with
the present policy and adds `lr` times the REINFORCE estimate of the gradient from that one episode.
Return the last parameters, of shape `(S, A)`.

The environment tells its sizes, `env.S` and `env.A`. `s = env.reset(rng)` begins an episode and gives its
first state; `s, reward, done = env.step(a, rng)` takes an action and gives the next state, the reward,
and whether the episode is over. Draw all random numbers from `rng`. What you return is judged by its
exact $J$, which for these small worlds hardly depends on luck: any unbiased estimate of the gradient
will do.
"""


def reinforce(
    env: Environment, theta0: np.ndarray, lr: float, steps: int, rng: np.random.Generator
) -> np.ndarray:
    """The parameters after some episodes of REINFORCE.

    theta0: (S, A); lr: the step size; steps: how many episodes.
    Returns (S, A).
    """
    theta = theta0.copy()
    for _ in range(steps):
        s, done = env.reset(rng), False
        scores, total = np.zeros(theta.shape), 0.0
        while not done:
            weights = np.exp(theta[s] - theta[s].max())
            pi = weights / weights.sum()
            a = rng.choice(env.A, p=pi)
            scores[s] -= pi
            scores[s, a] += 1
            s, reward, done = env.step(a, rng)
            total += reward
        theta = theta + lr * total * scores
    return theta


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    bandit = MDP(np.ones((1, 2, 1)), np.array([[0.5, 1.5]]), np.ones(1), 1)
    # From state 0: action 0 pays .2 and leads to state 1, which pays at most .1; action 1 pays nothing
    # and leads to state 2, which pays 1.
    P = np.zeros((3, 2, 3))
    P[0, 0, 1] = P[0, 1, 2] = P[1, 0, 1] = P[1, 1, 1] = P[2, 0, 2] = P[2, 1, 2] = 1.0
    later = MDP(P, np.array([[0.2, 0.0], [0.0, 0.1], [0.0, 1.0]]), np.array([1.0, 0.0, 0.0]), 2)
    for mdp, start in ((bandit, [[1.8, 0.0]]), (later, [[0.0, 0.0]] * 3)):
        yield (
            Environment(mdp),
            np.array(start),
            0.06,
            1000,
            np.random.default_rng(rng.integers(2**32)),
        )


def _weighed(
    mdp: MDP, pi: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """For each step: the visits, the mean of the earlier rewards times the visits, and Q."""
    d, past = [mdp.mu0], [np.zeros(mdp.S)]
    for _ in range(mdp.H - 1):
        move = pi[:, :, None] * mdp.P
        past.append(
            np.einsum("s,sat->t", past[-1], move) + np.einsum("s,sa,sat->t", d[-1], mdp.r, move)
        )
        d.append(np.einsum("s,sat->t", d[-1], move))
    V = np.zeros(mdp.S)
    Q: list[np.ndarray] = []
    for _ in range(mdp.H):
        Q.insert(0, mdp.r + mdp.P @ V)
        V = (pi * Q[0]).sum(axis=1)
    return d, past, Q


def _mean_estimate(mdp: MDP, theta: np.ndarray, turn: str) -> np.ndarray:
    """The exact mean of a wrong estimate of the gradient."""
    pi = softmax(theta)
    d, past, Q = _weighed(mdp, pi)
    total = np.zeros(pi.shape)
    for h in range(mdp.H):
        if (turn == "last" and h < mdp.H - 1) or (turn == "first" and h > 0):
            continue
        value = {"own": mdp.r, "later": Q[h] - mdp.r}.get(turn, Q[h])
        psi = d[h][:, None] * value + (past[h][:, None] if turn not in ("own", "later") else 0.0)
        weights = pi * psi * (pi if turn == "likelihood" else 1.0)
        total += weights
        if turn != "not centred":
            total -= pi * weights.sum(axis=1, keepdims=True)
    return total * {"minus": -1.0, "mean": 1 / mdp.H}.get(turn, 1.0)


def _flow(turn: str, slowed: int = 200) -> Callable[..., np.ndarray]:
    """The way that the wrong estimate takes on average, in long strides."""

    def wrong(
        env: Environment, theta0: np.ndarray, lr: float, steps: int, rng: np.random.Generator
    ) -> np.ndarray:
        theta = theta0.copy()
        for _ in range(slowed):
            theta = theta + lr * steps / slowed * _mean_estimate(env.mdp, theta, turn)
        return theta

    return wrong


def measure(
    theta: np.ndarray,
    env: Environment,
    theta0: np.ndarray,
    lr: float,
    steps: int,
    rng: np.random.Generator,
) -> float:
    return objective(table(theta, theta0.shape), env.mdp)


R = "reinforce_pg"
MISTAKES = (
    Mistake(
        "own_reward_only",
        _flow("own"),
        "Your policy is greedy for the next reward: each score is weighed by the reward of its own step, "
        "or by the rewards so far, which has the same mean. An action also decides about what comes "
        "later: weigh it by the whole return, or by the reward-to-go.",
        "pg_with_q",
    ),
    Mistake(
        "later_rewards_only",
        _flow("later"),
        "Each score is weighed by the rewards that come after its step, without its own. The action earns "
        "that one first of all.",
        "pg_with_q",
    ),
    Mistake(
        "descent",
        _flow("minus"),
        "Your policy gets worse: the step goes downhill. The score times the return is the gradient of J, "
        "which is to be climbed.",
        R,
    ),
    Mistake(
        "last_step_only",
        _flow("last"),
        "Only the last action of each episode learns. The scores of all steps are added up: is the sum "
        "overwritten in each round of the inner loop?",
        R,
    ),
    Mistake(
        "first_step_only",
        _flow("first"),
        "Only the first action of each episode learns. The scores of all steps are added up.",
        R,
    ),
    Mistake(
        "not_centred",
        _flow("not centred"),
        "Your policy clings to whatever it did first, if only that was paid for. The score is 1 for the "
        "action that was taken, minus the probabilities of all: without the second part a positive reward "
        "makes any action more likely.",
        "tabular_softmax",
    ),
    Mistake(
        "likelihood_for_score",
        _flow("likelihood"),
        "You followed the gradient of the probability, which is pi times the score. Likely actions come "
        "more often already, so this counts them twice: the logarithm divides by pi.",
        "likelihood_ratio",
    ),
    Mistake(
        "mean_over_steps",
        _flow("mean"),
        "Where episodes are long, your policy learns too slowly: scores or rewards were averaged over the "
        "steps of the episode. Both are summed.",
        R,
    ),
    Mistake(
        "unchanged",
        lambda env, theta0, lr, steps, rng: theta0.copy(),
        "Your policy has hardly moved from the start, or not at all. Is the update kept, and does the loop go "
        "round? A `return` inside it ends it after one episode.",
        R,
    ),
    Mistake(
        "policy_returned",
        lambda env, theta0, lr, steps, rng: softmax(_flow("")(env, theta0, lr, steps, rng)),
        "You returned the policy. The parameters are asked for: as parameters, your probabilities are a policy much closer to uniform.",
        "reinforce_pg",
    ),
)

exercise = Exercise(
    title="REINFORCE, the whole loop",
    label=R,
    statement=STATEMENT.strip(),
    solution=reinforce,
    hints=(
        "Two loops, one inside the other: updates, and the steps of an episode. What has to be remembered "
        "during the episode, so that the update can be made at its end?",
        "During the episode add up the scores (a table like theta) and the rewards. The score of a step has "
        "one row that is not zero: minus pi, plus 1 at the action that was taken.",
        "`scores[s] -= pi`, `scores[s, a] += 1`, `total += reward`, and after the episode `theta = theta + "
        "lr * total * scores`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    measure=measure,
    measured="J",
    # Of J, and of max(1, |J|) on top. Two right answers differ by .002 (one standard deviation), one with a noisy
    # baseline by .003: five of these make .016. The nearest mistake, a mean over the steps, loses .025.
    tolerance=0.008,
)
