"""Exercise: the natural policy gradient, the whole loop."""

from collections.abc import Callable, Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.worlds import random_mdp, softmax, table
from pgcompanion.mdp import MDP

STATEMENT = r"""
Put the pieces together: gradient, Fisher matrix, step, loop. Write `npg(mdp, theta0, delta, steps)`,
which starts from the parameters `theta0` of a tabular softmax, of shape `(S, A)`, and makes `steps`
natural gradient steps of the exact $J$, each of which uses up the radius: $\frac12 d^\top F d =
\delta$. The Fisher matrix is that of whole trajectories, a sum over the steps. For a softmax table it
is singular, as a constant added to a row changes nothing: take the shortest solution (`np.linalg.pinv`,
or think first).

The MDP has `mdp.P` `(S, A, S)`, `mdp.r` `(S, A)`, `mdp.mu0` `(S,)` and the horizon `mdp.H`. Return the
last parameters, of shape `(S, A)`. They are judged by their policy.
"""


def npg(mdp: MDP, theta0: np.ndarray, delta: float, steps: int) -> np.ndarray:
    """The parameters after some natural gradient steps.

    theta0: (S, A); delta: the radius of a step; steps: how many.
    Returns (S, A).
    """
    theta = theta0.copy()
    for _ in range(steps):
        weights = np.exp(theta - theta.max(axis=1, keepdims=True))
        pi = weights / weights.sum(axis=1, keepdims=True)
        d = [mdp.mu0]
        for _ in range(mdp.H - 1):
            d.append(np.einsum("s,sa,sat->t", d[-1], pi, mdp.P))
        V, advantage = np.zeros(len(pi)), np.zeros(pi.shape)
        for h in reversed(range(mdp.H)):
            Q = mdp.r + mdp.P @ V
            V = (pi * Q).sum(axis=1)
            advantage += d[h][:, None] * (Q - V[:, None])
        g = pi * advantage
        # F^+ g is the mean advantage of each state and action: F has a block for each state,
        # and the block is sum_h d_h(s) times (diag(pi) - pi pi^T).
        x = advantage / np.sum(d, axis=0)[:, None]
        theta = theta + np.sqrt(2 * delta / (g * x).sum()) * x
    return theta


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    P = np.ones((1, 2, 1))
    yield MDP(P, np.array([[0.0, 1.0]]), np.ones(1), 2), np.zeros((1, 2)), 0.1, 1
    for S, A, H, delta, steps in [(2, 2, 3, 0.05, 1), (2, 3, 2, 0.1, 2), (3, 2, 3, 0.02, 3)]:
        theta0 = rng.permutation(S * A).reshape(S, A) / 4
        yield random_mdp(rng, S, A, H), theta0, delta, steps


def _pieces(mdp: MDP, pi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The summed visits `(H, S)`, the values `Q` `(H, S, A)` and the advantages `(H, S, A)`."""
    d = [mdp.mu0]
    for _ in range(mdp.H - 1):
        d.append(np.einsum("s,sa,sat->t", d[-1], pi, mdp.P))
    V = np.zeros(len(pi))
    Q: list[np.ndarray] = []
    for _ in range(mdp.H):
        Q.insert(0, mdp.r + mdp.P @ V)
        V = (pi * Q[0]).sum(axis=1)
    values = np.array(Q)
    return np.array(d), values, values - (pi * values).sum(axis=2, keepdims=True)


def _quadratic(d: np.ndarray, pi: np.ndarray, g: np.ndarray) -> float:
    """The form g F g."""
    F_g = d.sum(axis=0)[:, None] * pi * (g - (pi * g).sum(axis=1, keepdims=True))
    return float((g * F_g).sum())


def _step(mdp: MDP, pi: np.ndarray, delta: float, turn: str) -> np.ndarray:
    """One step with one thing changed."""
    d, Q, A = _pieces(mdp, pi)
    if turn == "rewards":
        A = mdp.r - (pi * mdp.r).sum(axis=1, keepdims=True) + 0 * A
    if turn == "uniform":
        d = np.full(d.shape, 1 / len(pi))
    if turn == "first occupancy":
        d = np.repeat(d[:1], mdp.H, axis=0)
    if turn == "values":
        A = Q
    advantage = (d[:, :, None] * A).sum(axis=0)
    g, x = pi * advantage, advantage / d.sum(axis=0)[:, None]
    product = (g * x).sum()
    sizes = {
        "no two": np.sqrt(delta / product),
        "four": np.sqrt(4 * delta / product),
        "delta as size": delta,
        "no root": 2 * delta / product,
        "per step": np.sqrt(2 * delta * mdp.H / product),
        "euclidean": np.sqrt(2 * delta) / np.linalg.norm(x - x.mean(axis=1, keepdims=True)),
        "printed": np.sqrt(delta / _quadratic(d, pi, g)),
        "upside down": np.sqrt(product / (2 * delta)),
        "vanilla": delta,
        "times fisher": np.sqrt(2 * delta / product),
    }
    size = sizes.get(turn, np.sqrt(2 * delta / product))
    if turn == "plain direction":
        return np.asarray(np.sqrt(2 * delta / _quadratic(d, pi, g)) * g)
    if turn in ("vanilla", "times fisher"):
        x = g
    return np.asarray(-size * x if turn == "minus" else size * x)


def _loop(turn: str, of_step: Callable[[int], int] = lambda n: n) -> Callable[..., np.ndarray]:
    def wrong(mdp: MDP, theta0: np.ndarray, delta: float, steps: int) -> np.ndarray:
        theta = theta0.copy()
        for _ in range(of_step(steps)):
            pi = softmax(theta0 if turn == "stale" else theta)
            theta = theta + _step(mdp, pi, delta, turn)
        return theta

    return wrong


def measure(
    theta: np.ndarray, mdp: MDP, theta0: np.ndarray, delta: float, steps: int
) -> np.ndarray:
    return softmax(table(theta, theta0.shape))


N = "npg"
MISTAKES = (
    Mistake(
        "no_two",
        _loop("no two"),
        "Each of your steps uses up half of delta: the factor 2 is missing under the root. The constraint "
        "is 1/2 d F d = delta.",
        "npg_optimization",
    ),
    Mistake(
        "radius_as_step_size",
        _loop("delta as size"),
        "You used delta as a step size. It is a radius: the size of each step follows from "
        "1/2 d F d = delta, and changes from step to step.",
        "npg_optimization",
    ),
    Mistake(
        "no_root",
        _loop("no root"),
        "The square root is missing from the step size: the divergence grows with the square of the step.",
        "npg_optimization",
    ),
    Mistake(
        "step_size_upside_down",
        _loop("upside down"),
        "Your step size is upside down: the root of 2 delta over g F^-1 g.",
        "npg_optimization",
    ),
    Mistake(
        "fisher_per_step",
        _loop("per step"),
        "You averaged the Fisher matrix over the steps, so that your steps are too long by the root of H. "
        "The divergence is that of whole trajectories: a sum over the steps.",
        "fisher_trajectory",
    ),
    Mistake(
        "euclidean_length",
        _loop("euclidean"),
        "You fixed the length of the steps in parameters. It is their divergence that is fixed: "
        "1/2 d F d = delta.",
        "npg_optimization",
    ),
    Mistake(
        "gradient_ascent",
        _loop("vanilla"),
        "You climbed along the plain gradient, with delta as step size. The natural direction is F^-1 g, "
        "and its length follows from the radius.",
        N,
    ),
    Mistake(
        "plain_direction",
        _loop("plain direction"),
        "You scaled the plain gradient to the right divergence. Of all steps with this divergence, F^-1 g "
        "climbs most.",
        N,
    ),
    Mistake(
        "natural_size_plain_direction",
        _loop("times fisher"),
        "The step size is right, and the direction is the plain gradient: F^-1 belongs there as well.",
        N,
    ),
    Mistake(
        "downhill",
        _loop("minus"),
        "Your steps go downhill. J is to grow: the step is added.",
        N,
    ),
    Mistake(
        "stale_gradient",
        _loop("stale"),
        "You computed gradient and Fisher matrix once, at theta0. Every step changes the policy, its "
        "visits and its advantages: compute them anew inside the loop.",
        N,
    ),
    Mistake(
        "one_step_too_few",
        _loop("", lambda n: n - 1),
        "You made one step less than `steps`: `range(steps)` has that many rounds.",
        N,
    ),
    Mistake(
        "one_step_too_many",
        _loop("", lambda n: n + 1),
        "You made one step more than `steps`: `range(steps)` has that many rounds.",
        N,
    ),
    Mistake(
        "one_step",
        _loop("", lambda n: 1),
        "You made one step alone. Does a `return` stand inside your loop?",
        N,
    ),
    Mistake(
        "rewards_for_advantages",
        _loop("rewards"),
        "You used the rewards where action values belong. An action also decides about the states that "
        "follow: compute Q backwards from the last step.",
        "pg_with_q",
    ),
    Mistake(
        "states_equally_often",
        _loop("uniform"),
        "You counted all states equally often. The gradient weighs each by how often the policy comes "
        "there, at every step.",
        "pg_with_q",
    ),
    Mistake(
        "start_at_every_step",
        _loop("first occupancy"),
        "You used the start distribution at every step. Move it on with the policy and the transitions.",
        "pg_with_q",
    ),
    Mistake(
        "step_returned",
        lambda mdp, theta0, delta, steps: npg(mdp, theta0, delta, steps) - theta0,
        "You returned the way that was gone and not where it ends: add theta0.",
        N,
    ),
    Mistake(
        "printed_formula",
        _loop("printed"),
        "Your step size is the root of delta / (g F g). F has to be inverted there too, and delta comes with a 2. This very formula has been printed in lecture notes.",
        "npg_optimization",
    ),
    Mistake(
        "unchanged",
        lambda mdp, theta0, delta, steps: theta0.copy(),
        "You returned the policy of the start. Is the update kept, and does the loop go round?",
        "npg",
    ),
    Mistake(
        "policy_returned",
        lambda mdp, theta0, delta, steps: softmax(npg(mdp, theta0, delta, steps)),
        "You returned the policy. The parameters are asked for: as parameters, your probabilities are a policy much closer to uniform.",
        "npg",
    ),
)

exercise = Exercise(
    title="The natural policy gradient",
    label=N,
    statement=STATEMENT.strip(),
    solution=npg,
    hints=(
        "Make three functions of theta first: the policy, the visits d[h] (forwards from mu0), and the "
        "advantages (backwards from the last step). Gradient and Fisher matrix are sums over them.",
        "g[s, a] is the sum over h of d[h][s] pi(a|s) A[h][s, a]. The Fisher matrix has a block for each "
        "state, the sum of d[h][s] times diag(pi) - pi pi^T. Then x = F^+ g and the size is the root of "
        "2 delta / (g . x).",
        "For a softmax table F^+ g is, up to a constant in each row, the mean advantage: the sum of "
        "d[h][s] A[h][s, a] over h, divided by the sum of d[h][s]. No matrix is needed.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    measure=measure,
    measured="policy",
)
