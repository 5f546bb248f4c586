r"""Groups of sampled responses, as the package's batches: the same objectives, steps and loops serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import Batch, trajectory_batch
from pgcompanion.language.divergence import regularised_reward
from pgcompanion.language.groups import GroupAdvantage, leave_one_out
from pgcompanion.language.ratios import ResponseWeight, whole
from pgcompanion.language.tasks import speak
from pgcompanion.language.worlds import first_states, sequence_log_prob
from pgcompanion.mdp import MDP
from pgcompanion.policies import Policy
from pgcompanion.trajectories import Trajectories

#: What a response is paid, ``(N,)``, from the policy, its parameters and the responses.
Paid = Callable[[Policy, np.ndarray, Trajectories], np.ndarray]


class Prompts(Protocol):
    """Where responses come from: a `Task`, or a `Finite` world (statement: `response_mdp`)."""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` prompts from their distribution, as integers."""
        ...

    def respond(
        self, policy: Policy, theta: np.ndarray, x: np.ndarray, rng: np.random.Generator
    ) -> Trajectories:
        r"""A response :math:`y_n\sim\pi_\theta(\cdot\mid x_n)` to each of the prompts ``x (N,)``."""
        ...


class Finite:
    """A `world` of responses to sample from: its policies are over its states.

    Statement: `response_mdp`.

    Raises:
        ValueError: ``mdp`` has another number of states than a world of responses.
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> from pgcompanion.language.worlds import table, world
        >>> mdp = world(2, 2, reward=lambda x, y: float(len(y)), mu=[0.5, 0.5])
        >>> source = Finite(mdp)
        >>> tau = source.respond(table(mdp), np.zeros(8), np.array([0, 1]), np.random.default_rng(0))
        >>> tau.s[:, 0].tolist()
        [0, 2]
    """

    def __init__(self, mdp: MDP) -> None:
        self.mdp, self.first = checks.mdp(mdp), first_states(mdp)
        self.next = mdp.P.argmax(axis=2)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """``n`` prompts from their distribution, as integers."""
        n, rng = checks.positive_integer("n", n), checks.generator(rng)
        return rng.choice(len(self.first), size=n, p=self.mdp.mu0[self.first])

    def respond(
        self, policy: Policy, theta: np.ndarray, x: np.ndarray, rng: np.random.Generator
    ) -> Trajectories:
        r"""A response :math:`y_n\sim\pi_\theta(\cdot\mid x_n)` to each of the prompts ``x (N,)``."""

        def after(s: np.ndarray, a: np.ndarray) -> np.ndarray:
            return np.asarray(self.next[s, a])

        s = self.first[checks.indices("x", x, len(self.first))]
        tau = speak(policy, theta, s, after, self.mdp.H, rng)
        return Trajectories(tau.s, tau.a, self.mdp.r[tau.s, tau.a], tau.mask)


class Groups:
    r"""``G`` fresh responses to each of some prompts: the source of sampled batches for language models.

    Statement: `group_baselines`, `length_weights`. A row is a token, of weight :math:`1/N` with
    ``N = prompts * G``; its advantage is that of its response, times the weight of the response.
    ``batch.J`` is the mean reward.

    Args:
        source: gives prompts and responses: a `Task`, or a `Finite` world.
        prompts: prompts of a batch.
        G: responses to each, at least 2.
        rng: draws them.
        advantage: maps rewards ``(prompts, G)`` to advantages.
        weight: of each response, from the mask of its tokens: `whole`, `per_response` or `per_token`.
        paid: what a response is paid, ``(N,)``; by default its reward. `penalised` is another.

    Raises:
        ValueError: ``prompts`` is no positive integer, or ``G`` is less than 2.
        TypeError: ``source`` gives no responses, ``rng`` is no generator, or ``advantage``, ``weight`` or
            ``paid`` no function.

    Example:
        >>> from pgcompanion.language.tasks import reverse
        >>> task, rng = reverse(digits=2, n=2), np.random.default_rng(0)
        >>> policy = task.policy(16)
        >>> batch = Groups(task, prompts=4, G=8, rng=rng)(policy, policy.init(rng))
        >>> 32 <= batch.B <= 96, abs(float(batch.w[0] - 1 / 32)) < 1e-12
        (True, True)
    """

    def __init__(
        self,
        source: Prompts,
        *,
        prompts: int,
        G: int,
        rng: np.random.Generator,
        advantage: GroupAdvantage = leave_one_out,
        weight: ResponseWeight = whole,
        paid: Paid | None = None,
    ) -> None:
        if not (hasattr(source, "draw") and hasattr(source, "respond")):
            raise TypeError(f"source must be a Task or Finite, but it is {checks.kind(source)}.")
        if checks.positive_integer("G", G) < 2:
            raise ValueError(f"G must be at least 2, but it is {G}.")
        self.source, self.G, self.rng = source, G, checks.generator(rng)
        self.prompts = checks.positive_integer("prompts", prompts)
        self.advantage = checks.function("advantage", advantage)
        self.weight = checks.function("weight", weight)
        self.paid = _reward if paid is None else checks.function("paid", paid)

    def __call__(self, policy: Policy, theta: np.ndarray) -> Batch:
        """The batch of fresh groups at ``theta``."""
        x = np.repeat(self.source.draw(self.prompts, self.rng), self.G)
        tau = self.source.respond(policy, theta, x, self.rng)
        r = self.paid(policy, theta, tau).reshape(self.prompts, self.G)
        A = self.advantage(r).ravel() * self.weight(tau.mask)
        psi = np.broadcast_to(A[:, None], tau.r.shape)
        return trajectory_batch(policy, theta, tau, psi)


def penalised(theta_ref: np.ndarray, beta: float) -> Paid:
    r"""Pay :math:`r(x,y)-\beta\log\frac{\pi_\theta(y\mid x)}{\pi_{\rm ref}(y\mid x)}`: groups then climb :math:`J_\beta`.

    Statement: `kl_regularised_gradient`. The reference is the same policy with ``theta_ref``.

    Raises:
        ValueError: ``theta_ref`` is not finite, or ``beta`` is not a positive number.

    Example:
        >>> paid = penalised(np.zeros(2), beta=0.1)
    """
    theta_ref = checks.finite("theta_ref", theta_ref, (None,))
    checks.positive("beta", beta)

    def paid(policy: Policy, theta: np.ndarray, tau: Trajectories) -> np.ndarray:
        own, ref = (sequence_log_prob(policy, t, tau) for t in (theta, theta_ref))
        return regularised_reward(own, ref, _reward(policy, theta, tau), beta)

    return paid


def _reward(policy: Policy, theta: np.ndarray, tau: Trajectories) -> np.ndarray:
    return np.asarray(tau.r.sum(axis=1))
