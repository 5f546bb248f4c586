r"""A response as a trajectory: every response listed, the finite world that they live in, their likelihood."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, Policy
from pgcompanion.trajectories import Trajectories

#: The token that ends a response.
END = 0

#: What a response to prompt ``x`` is worth: ``reward(x, y)``, with its tokens ``y`` as a tuple.
Reward = Callable[[int, tuple[int, ...]], float]

LIMIT = 20_000_000  # entries of a transition table


def responses(vocabulary: int, length: int) -> list[tuple[int, ...]]:
    """Every response, as the tuple of its tokens.

    Statement: `response_mdp`. Token 0 ends a response and is its last token; a response of full
    length ends without it. Short ones come first.

    Args:
        vocabulary: number of tokens, the end token among them.
        length: the most tokens that a response may have.

    Raises:
        ValueError: an argument is no positive integer.

    Example:
        >>> responses(vocabulary=2, length=2)
        [(0,), (1, 0), (1, 1)]
    """
    begun = _prefixes(vocabulary, length)
    longest = [y for y in begun if len(y) == length - 1]
    ended = [(*y, END) for y in begun]
    return ended + [(*y, a) for y in longest for a in range(1, vocabulary)]


def _prefixes(vocabulary: int, length: int) -> list[tuple[int, ...]]:
    """What may stand before a token: fewer than ``length`` tokens, none of which is the end."""
    words = range(1, checks.positive_integer("vocabulary", vocabulary))
    length = checks.positive_integer("length", length)
    return [y for t in range(length) for y in product(words, repeat=t)]


def world(vocabulary: int, length: int, reward: Reward, mu: np.ndarray) -> MDP:
    r"""The finite MDP in which a policy writes responses to prompts.

    Statement: `response_mdp`. A state is a prompt and what has been written so far, an action the
    next token, a step appends it. :math:`r(x,y)` is paid with the last token. The states of prompt
    ``x`` stand together, in the order of the prompts; the last state of all is that of every
    response that has ended. ``mdp.A`` is the vocabulary, ``mdp.H`` the length.

    Args:
        vocabulary, length: as in `responses`.
        reward: maps a prompt, an integer, and a response, a tuple of tokens, to a number.
        mu: distribution of the prompts, shape ``(X,)``.

    Raises:
        ValueError: ``vocabulary`` or ``length`` is no positive integer, ``mu`` no distribution,
            ``reward`` gives something else than finite numbers, or the world is too large a table.
        TypeError: ``reward`` is no function.

    Example:
        >>> world(vocabulary=3, length=2, reward=lambda x, y: float(y == (1, 2)), mu=[1.0])
        MDP(S=4, A=3, H=2)
    """
    begun = _prefixes(vocabulary, length)
    reward, mu = checks.function("reward", reward), checks.distribution("mu", mu, (None,))
    place, n, S = {y: i for i, y in enumerate(begun)}, len(begun), len(mu) * len(begun) + 1
    if S * S * vocabulary > LIMIT:
        raise ValueError(
            f"length = {length} with a vocabulary of {vocabulary} and {len(mu)} prompts makes {S:,} "
            "states, which is too large a table: use fewer of them, or sample from a `Task`."
        )
    P, r, mu0 = np.zeros((S, vocabulary, S)), np.zeros((S, vocabulary)), np.zeros(S)
    mu0[:-1:n], P[-1, :, -1] = mu, 1.0
    for x, y, a in product(range(len(mu)), begun, range(vocabulary)):
        s, longer = x * n + place[y], (*y, a)
        if a == END or len(longer) == length:
            P[s, a, -1], r[s, a] = 1.0, checks.finite("reward(x, y)", reward(x, longer), ())
        else:
            P[s, a, x * n + place[longer]] = 1.0
    return MDP(P, r, mu0, length)


def every_response(mdp: MDP) -> Trajectories:
    r"""Every response to every prompt of a `world`, each once: the prompts in order, ``(X R, length)``.

    Statement: `response_mdp`. The rows of a prompt are in the order of `responses`. Where a response
    has ended ``tau.mask`` is False. ``x.reshape(X, R)`` brings numbers of the rows into the shape
    prompt by response.

    Raises:
        ValueError: ``mdp`` has another number of states than a world of responses.
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> tau = every_response(world(2, 2, reward=lambda x, y: float(len(y)), mu=[1.0]))
        >>> tau.a.tolist(), tau.r.sum(axis=1).tolist()
        ([[0, 0], [1, 0], [1, 1]], [1.0, 2.0, 2.0])
    """
    first = first_states(mdp)
    place = {y: i for i, y in enumerate(_prefixes(mdp.A, mdp.H))}
    ys = responses(mdp.A, mdp.H)
    s, a = np.full((len(ys), mdp.H), mdp.S - 1), np.zeros((len(ys), mdp.H), int)
    for i, y in enumerate(ys):
        s[i, : len(y)] = [place[y[:t]] for t in range(len(y))]
        a[i, : len(y)] = y
    mask = s < mdp.S - 1
    s = np.where(mask, s + first[:, None, None], s).reshape(-1, mdp.H)
    a, mask = np.tile(a, (len(first), 1)), np.tile(mask, (len(first), 1))
    return Trajectories(s, a, mdp.r[s, a], mask)


def first_states(mdp: MDP) -> np.ndarray:
    """The states of a `world` in which nothing has been written, one for each prompt, ``(X,)``.

    Statement: `response_mdp`. Raises as `every_response`.

    Example:
        >>> first_states(world(2, 3, reward=lambda x, y: 0.0, mu=[0.5, 0.5]))
        array([0, 3])
    """
    checks.mdp(mdp)
    n = sum((mdp.A - 1) ** t for t in range(mdp.H))
    if (mdp.S - 1) % n or mdp.S == 1:
        raise ValueError(
            f"mdp must be a world of responses, as `world` makes it, but it has S = {mdp.S} states."
        )
    return np.arange(0, mdp.S - 1, n)


def table(mdp: MDP) -> LinearSoftmax:
    r"""A softmax table for a `world`: one parameter for each prompt, prefix and token.

    Statement: `response_mdp`. The state of the responses that have ended has no parameter, so that
    nothing which happens after the end counts in a divergence or a Fisher matrix.

    Raises:
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> mdp = world(3, 2, reward=lambda x, y: 0.0, mu=[1.0])
        >>> policy = table(mdp)
        >>> policy.p, policy.table(np.arange(9.0))[-1].round(2)
        (9, array([0.33, 0.33, 0.33]))
    """
    S, A = checks.mdp(mdp).S, mdp.A
    features = np.zeros((S, A, (S - 1) * A))
    features[:-1] = np.eye((S - 1) * A).reshape(S - 1, A, -1)
    return LinearSoftmax(features)


def sequence_log_prob(
    policy: Policy,
    theta: np.ndarray,
    tau: Trajectories,
) -> np.ndarray:
    r""":math:`\log\pi_\theta(y\mid x)=\sum_t\log\pi_\theta(y_t\mid x,y_{<t})` of responses, shape ``(N,)``.

    Statement: `response_score`. The end token counts, what follows it does not. A complex ``theta``
    passes, for a complex step.

    Raises:
        ValueError: ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, or ``tau`` no trajectories.

    Example:
        >>> mdp = world(2, 2, reward=lambda x, y: 0.0, mu=[1.0])
        >>> np.exp(sequence_log_prob(table(mdp), np.zeros(4), every_response(mdp))).round(3)
        array([0.5 , 0.25, 0.25])
    """
    return token_log_prob(policy, theta, tau).sum(axis=1)


def token_log_prob(
    policy: Policy,
    theta: np.ndarray,
    tau: Trajectories,
) -> np.ndarray:
    r""":math:`\log\pi_\theta(y_t\mid x,y_{<t})` of every token, shape ``(N, T)``; 0 after the end.

    Statement: `response_score`. Arguments and errors are those of `sequence_log_prob`.
    """
    checks.policy(policy, "row", "log_prob")
    checks.trajectories(tau)
    s = policy.row(np.arange(tau.H), tau.s)
    return np.where(tau.mask, policy.log_prob(theta, s, tau.a), 0.0)
