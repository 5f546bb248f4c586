r"""Verifiable tasks: prompts, and a checker that says 1 or 0 of a response.

A digit ``d`` is the token ``d + 1``, since token 0 ends a response. An answer counts only with its
end token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from pgcompanion import checks
from pgcompanion.language.policy import NOTHING, SequenceSoftmax
from pgcompanion.language.worlds import END, world
from pgcompanion.mdp import MDP
from pgcompanion.policies import NeuralSoftmax, Policy
from pgcompanion.trajectories import Trajectories

#: From prompts ``(N, n)`` and responses ``(N, length)``, 0 behind their end, to rewards ``(N,)``.
Checker = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Task:
    """Prompts, all equally likely, and a reward for what is written after them.

    Statement: `response_mdp`.

    Args:
        vocabulary: number of tokens; token 0 ends a response.
        prompts: the tokens of each prompt, shape ``(X, n)``.
        length: the most tokens of a response.
        reward: maps prompts ``(N, n)`` and responses ``(N, length)`` to numbers ``(N,)``.

    Raises:
        ValueError: ``vocabulary`` or ``length`` is no positive integer, or ``prompts`` holds something
            else than tokens.
        TypeError: ``reward`` is no function.

    Example:
        >>> task = reverse(digits=2, n=2)
        >>> task.prompts.tolist(), task.reward(task.prompts[1:2], np.array([[2, 1, 0]]))
        ([[1, 1], [1, 2], [2, 1], [2, 2]], array([1.]))
    """

    vocabulary: int
    prompts: np.ndarray
    length: int
    reward: Checker

    def __post_init__(self) -> None:
        checks.positive_integer("vocabulary", self.vocabulary)
        checks.positive_integer("length", self.length)
        checks.function("reward", self.reward)
        prompts = checks.indices("prompts", self.prompts, self.vocabulary)
        if prompts.ndim != 2 or not prompts.size:
            raise ValueError(f"prompts has shape {prompts.shape}, but (X, n) is expected.")
        object.__setattr__(self, "prompts", prompts)

    @property
    def places(self) -> int:
        """How far a policy must look back to see everything: prompt and response."""
        return self.prompts.shape[1] + self.length - 1

    def policy(self, *hidden: int) -> SequenceSoftmax:
        """A network that sees the whole context, with layers of these widths."""
        return SequenceSoftmax(self.vocabulary, self.places, self.length, hidden)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` prompts, as integers."""
        n, rng = checks.positive_integer("n", n), checks.generator(rng)
        return rng.integers(len(self.prompts), size=n)

    def respond(
        self, policy: Policy, theta: np.ndarray, x: np.ndarray, rng: np.random.Generator
    ) -> Trajectories:
        r"""A response :math:`y_n\sim\pi_\theta(\cdot\mid x_n)` to each of the prompts ``x (N,)``."""
        prompts = self.prompts[self._given(x)]

        def after(s: np.ndarray, a: np.ndarray) -> np.ndarray:
            return np.column_stack([s[:, 1:-1], a, s[:, -1] + 1])

        tau = speak(policy, theta, self.start(x), after, self.length, rng)
        last = np.arange(len(tau.r)), tau.mask.sum(axis=1) - 1
        tau.r[last] = self.reward(prompts, tau.a)
        return tau

    def start(self, x: np.ndarray) -> np.ndarray:
        """The contexts of prompts before the first token, shape ``(N, places + 1)``."""
        prompts = self.prompts[self._given(x)]
        return self._contexts(prompts, np.zeros((len(prompts), 0), int))

    def _given(self, x: np.ndarray) -> np.ndarray:
        x = checks.indices("x", x, len(self.prompts))
        return checks.shaped("x", x, (x.size,))

    def _contexts(self, prompts: np.ndarray, written: np.ndarray) -> np.ndarray:
        t = written.shape[1]
        before = np.full((len(prompts), self.length - 1 - t), NOTHING)
        return np.column_stack([before, prompts, written, np.full(len(prompts), t)])

    def world(self) -> MDP:
        """The same as a finite MDP, where it is small: for exact values.

        Raises:
            ValueError: it has too many responses.
        """

        def reward(x: int, y: tuple[int, ...]) -> float:
            row = np.array([[*y, *[END] * (self.length - len(y))]])
            return float(self.reward(self.prompts[x : x + 1], row)[0])

        X = len(self.prompts)
        return world(self.vocabulary, self.length, reward, np.full(X, 1 / X))

    def finite(self, policy: SequenceSoftmax) -> NeuralSoftmax:
        """The policy over the states of `world`: of the same parameters, for exact values."""
        if not isinstance(policy, SequenceSoftmax):
            raise TypeError(f"policy must be a SequenceSoftmax, but it is {checks.kind(policy)}.")
        digits = range(1, self.vocabulary)
        begun = [list(product(digits, repeat=t)) for t in range(self.length)]
        rows = [
            self._contexts(
                np.repeat(prompt[None], len(ys), axis=0), np.array(ys, int).reshape(len(ys), -1)
            )
            for prompt in self.prompts
            for ys in begun
        ]
        ended = np.full((1, self.places + 1), NOTHING)
        features = policy.embed(np.concatenate([*rows, ended]))
        return NeuralSoftmax(features, self.vocabulary, policy.network.hidden)


def speak(
    policy: Policy,
    theta: np.ndarray,
    s: np.ndarray,
    after: Callable[[np.ndarray, np.ndarray], np.ndarray],
    length: int,
    rng: np.random.Generator,
) -> Trajectories:
    """One response from each of the states ``s``, token by token, without rewards.

    Statement: `response_mdp`. ``after`` maps states and tokens to the next states.

    Raises:
        ValueError: ``length`` is no positive integer, or the policy knows no such parameters or states.
        TypeError: ``policy`` is no policy, ``after`` no function, or ``rng`` no generator.
    """
    checks.policy(policy, "sample")
    checks.function("after", after)
    checks.generator(rng)
    states, tokens = [], []
    for _ in range(checks.positive_integer("length", length)):
        a = policy.sample(theta, s, rng)
        states.append(s)
        tokens.append(a)
        s = after(s, a)
    s, a = np.stack(states, axis=1), np.stack(tokens, axis=1)
    ended = np.cumsum(a == END, axis=1)
    mask = np.column_stack([np.ones(len(a), bool), ended[:, :-1] == 0])
    return Trajectories(s, np.where(mask, a, END), np.zeros(a.shape), mask)


def reverse(digits: int, n: int) -> Task:
    """Write ``n`` digits backwards.

    Statement: `response_mdp`.

    Example:
        >>> reverse(digits=3, n=3).prompts.shape
        (27, 3)
    """
    return _answered(digits, _strings(digits, n), lambda x: x[:, ::-1])


def sort(digits: int, n: int) -> Task:
    """Write ``n`` digits in their order.

    Statement: `response_mdp`.

    Example:
        >>> task = sort(digits=3, n=3)
        >>> task.reward(np.array([[3, 1, 2]]), np.array([[1, 2, 3, 0]]))
        array([1.])
    """
    return _answered(digits, _strings(digits, n), lambda x: np.sort(x, axis=1))


def add(base: int, n: int) -> Task:
    """Add two numbers of ``n`` digits, the lowest first: the carry goes from each to the next.

    Statement: `response_mdp`.

    Example:
        >>> task = add(base=2, n=1)                       # 1 + 1 = 10, written from its low end
        >>> task.reward(np.array([[2, 2]]), np.array([[1, 2, 0]]))
        array([1.])
    """
    base, n = checks.positive_integer("base", base), checks.positive_integer("n", n)
    power = base ** np.arange(n + 1)

    def total(x: np.ndarray) -> np.ndarray:
        value = (x - 1) @ np.tile(power[:n], 2)
        return np.asarray(value[:, None] // power % base + 1)

    return _answered(base, _strings(base, 2 * n), total)


def brackets(n: int) -> Task:
    """Close what ``n`` brackets have opened; any response that balances all of them counts.

    Statement: `response_mdp`. Token 1 opens, token 2 closes. A right response may be longer than the
    shortest one.

    Example:
        >>> task = brackets(n=2)                          # "((" and "()"
        >>> task.reward(np.array([[1, 1]]), np.array([[2, 2, 0, 0], [2, 1, 2, 2]]))
        array([1., 0.])
    """
    steps = np.array([0, 1, -1])
    prompts = _strings(2, checks.positive_integer("n", n))
    prompts = prompts[(steps[prompts].cumsum(axis=1) >= 0).all(axis=1)]

    def balanced(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x = np.broadcast_to(x, (len(y), x.shape[1]))
        depth = steps[np.column_stack([x, y])].cumsum(axis=1)
        return ((depth >= 0).all(axis=1) & (depth[:, -1] == 0) & (y[:, -1] == END)) * 1.0

    return Task(3, prompts, n + 2, balanced)


#: Small tasks by their names: all their responses can be listed.
TASKS: dict[str, Callable[[], Task]] = {
    "reverse": lambda: reverse(digits=2, n=3),
    "sort": lambda: sort(digits=3, n=2),
    "add": lambda: add(base=2, n=1),
    "brackets": lambda: brackets(n=3),
}


def _strings(digits: int, n: int) -> np.ndarray:
    checks.positive_integer("digits", digits)
    return np.array(list(product(range(1, digits + 1), repeat=checks.positive_integer("n", n))))


def _answered(digits: int, prompts: np.ndarray, answer: Callable[[np.ndarray], np.ndarray]) -> Task:
    """The task with one right answer to each prompt, and its end token."""
    length = answer(prompts).shape[1] + 1

    def right(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        expected = answer(np.asarray(x))
        return ((y[:, :-1] == expected).all(axis=1) & (y[:, -1] == END)) * 1.0

    return Task(digits + 1, prompts, length, right)
