"""Exercise: the divergence of two trajectory distributions."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.worlds import random_mdp
from pgcompanion.mdp import MDP

STATEMENT = r"""
Two policies share an MDP, and so their trajectory distributions share $\mu_0$ and $P$. How far are
these distributions apart?

Write `trajectory_kl(mdp, pi, pi_new)`, the divergence $\mathrm{KL}(\rho_\pi \,\|\, \rho_{\pi'})$ in
nats. The policies have shape `(S, A)` and no zeros; the MDP has `mdp.P` `(S, A, S)`, `mdp.mu0` `(S,)`
and `mdp.H`. Return one number. Do not enumerate the trajectories: write the likelihoods down and see
what cancels in their ratio.
"""


def trajectory_kl(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> float:
    """The divergence of the old from the new trajectory distribution.

    pi: (S, A); pi_new: (S, A). Returns a number.
    """
    per_state = (pi * np.log(pi / pi_new)).sum(axis=1)
    d, total = mdp.mu0, 0.0
    for _ in range(mdp.H):
        total += float(d @ per_state)
        d = np.einsum("s,sa,sat->t", d, pi, mdp.P)
    return total


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    still = MDP(np.ones((1, 2, 1)), np.zeros((1, 2)), np.ones(1), 2)
    yield still, np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])
    for S, A, H in [(2, 2, 2), (2, 3, 3), (3, 2, 4)]:
        yield random_mdp(rng, S, A, H), _policy(rng, S, A), _policy(rng, S, A)


def _policy(rng: np.random.Generator, S: int, A: int) -> np.ndarray:
    weights = rng.integers(1, 9, (S, A)) + np.arange(S)[:, None] * 3.0
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _per_state(pi: np.ndarray, pi_new: np.ndarray) -> np.ndarray:
    return np.asarray((pi * np.log(pi / pi_new)).sum(axis=1))


def _visits(mdp: MDP, pi: np.ndarray) -> np.ndarray:
    d = [mdp.mu0]
    for _ in range(mdp.H - 1):
        d.append(np.einsum("s,sa,sat->t", d[-1], pi, mdp.P))
    return np.array(d)


def _weighed(mdp: MDP, pi: np.ndarray, per_state: np.ndarray) -> float:
    return float((_visits(mdp, pi) @ per_state).sum())


K = "trajectory_kl"
MISTAKES = (
    Mistake(
        "swapped",
        lambda mdp, pi, pi_new: trajectory_kl(mdp, pi_new, pi),
        "You exchanged the policies. The trajectories come from the first, and the logarithm has the "
        "first above the second.",
        K,
    ),
    Mistake(
        "states_of_the_new_policy",
        lambda mdp, pi, pi_new: _weighed(mdp, pi_new, _per_state(pi, pi_new)),
        "You weighed the states by the new policy's visits. The expectation is under the old trajectory "
        "distribution: so are the states.",
        K,
    ),
    Mistake(
        "start_at_every_step",
        lambda mdp, pi, pi_new: mdp.H * mdp.mu0 @ _per_state(pi, pi_new),
        "You weighed the states by mu0 at every step. The states change as the episode goes on: step h "
        "has its own occupancy.",
        K,
    ),
    Mistake(
        "first_step_only",
        lambda mdp, pi, pi_new: mdp.mu0 @ _per_state(pi, pi_new),
        "You counted the first step alone. A trajectory has H actions, and each adds to the divergence.",
        K,
    ),
    Mistake(
        "mean_over_steps",
        lambda mdp, pi, pi_new: trajectory_kl(mdp, pi, pi_new) / mdp.H,
        "You averaged over the steps. The logarithm of a product is a sum: a longer trajectory tells the "
        "two policies apart better.",
        K,
    ),
    Mistake(
        "sum_over_states",
        lambda mdp, pi, pi_new: mdp.H * _per_state(pi, pi_new).sum(),
        "You summed over the states without weights. A state counts as often as the old policy visits it.",
        K,
    ),
    Mistake(
        "mean_over_states",
        lambda mdp, pi, pi_new: mdp.H * _per_state(pi, pi_new).mean(),
        "You averaged over the states with equal weights. A state counts as often as the old policy visits "
        "it.",
        K,
    ),
    Mistake(
        "actions_not_weighed",
        lambda mdp, pi, pi_new: _weighed(mdp, pi, np.log(pi / pi_new).sum(axis=1)),
        "You summed the log-ratios over the actions without weights. The old policy draws them: weigh by "
        "`pi`.",
        K,
    ),
    Mistake(
        "weighed_by_the_new_policy",
        lambda mdp, pi, pi_new: _weighed(mdp, pi, (pi_new * np.log(pi / pi_new)).sum(axis=1)),
        "You weighed the log-ratios by the new policy. The old one draws the actions: weigh by `pi`.",
        K,
    ),
    Mistake(
        "one_step_too_few",
        lambda mdp, pi, pi_new: (_visits(mdp, pi) @ _per_state(pi, pi_new))[:-1].sum(),
        "The last step is missing. There are H actions, one in the last state too.",
        K,
    ),
    Mistake(
        "one_step_too_many",
        lambda mdp, pi, pi_new: (_visits(_longer(mdp), pi) @ _per_state(pi, pi_new)).sum(),
        "You counted H + 1 actions. The steps are 0 to H - 1.",
        K,
    ),
    Mistake(
        "one_step_late",
        lambda mdp, pi, pi_new: (_visits(_longer(mdp), pi) @ _per_state(pi, pi_new))[1:].sum(),
        "You moved the states on before you counted: the first step has the start distribution itself.",
        K,
    ),
    Mistake(
        "negated",
        lambda mdp, pi, pi_new: -trajectory_kl(mdp, pi, pi_new),
        "Your result is right but for its sign. A divergence is never negative: the old policy stands "
        "above the new one in the logarithm.",
        K,
    ),
    Mistake(
        "total_variation",
        lambda mdp, pi, pi_new: _weighed(mdp, pi, np.abs(pi - pi_new).sum(axis=1) / 2),
        "You summed total variation distances. The divergence has a logarithm.",
        K,
    ),
    Mistake(
        "product_of_steps",
        lambda mdp, pi, pi_new: np.prod(_visits(mdp, pi) @ _per_state(pi, pi_new)),
        "You multiplied the divergences of the steps. Likelihoods multiply, and their logarithms add.",
        K,
    ),
    Mistake(
        "one_sum_over_states",
        lambda mdp, pi, pi_new: _per_state(pi, pi_new).sum(),
        "You summed the divergences of all states once. A state counts as often as the old policy visits it, over all H steps.",
        "trajectory_kl",
    ),
    Mistake(
        "one_mean_over_states",
        lambda mdp, pi, pi_new: _per_state(pi, pi_new).mean(),
        "You averaged the divergences of all states. A state counts as often as the old policy visits it, over all H steps.",
        "trajectory_kl",
    ),
    Mistake(
        "cross_entropy",
        lambda mdp, pi, pi_new: _weighed(mdp, pi, -(pi * np.log(pi_new)).sum(axis=1)),
        "You left the old policy out of the logarithm: this is a cross-entropy. It is log pi - log pi_new that is averaged.",
        "trajectory_kl",
    ),
    Mistake(
        "likeliest_action",
        lambda mdp, pi, pi_new: _weighed(
            mdp, pi, np.log(pi / pi_new)[np.arange(len(pi)), pi.argmax(axis=1)]
        ),
        "You took the log-ratio of the likeliest action alone. The old policy draws its actions: average over all.",
        "trajectory_kl",
    ),
    Mistake(
        "swapped_and_averaged",
        lambda mdp, pi, pi_new: trajectory_kl(mdp, pi_new, pi) / mdp.H,
        "Two things: the policies are exchanged, and the steps are averaged where they are summed.",
        "trajectory_kl",
    ),
)


def _longer(mdp: MDP) -> MDP:
    return MDP(mdp.P, mdp.r, mdp.mu0, mdp.H + 1)


exercise = Exercise(
    title="The divergence of trajectories",
    label=K,
    statement=STATEMENT.strip(),
    solution=trajectory_kl,
    hints=(
        "Write log rho(tau) for both policies and subtract. Which factors are the same in both?",
        "The start and the transitions cancel. What is left is a sum over the steps of log pi - log "
        "pi_new, averaged over the old policy's states and actions.",
        "Begin with `d = mdp.mu0`; at each step add `d @ per_state` with the divergence of each state's "
        "two rows, then move on: `d = np.einsum('s,sa,sat->t', d, pi, mdp.P)`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
