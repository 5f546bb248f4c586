r"""The algorithms of the book: a source of batches and a step, repeated, as generators of iterates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from pgcompanion import checks, exact, objectives
from pgcompanion.batches import Batch
from pgcompanion.mdp import MDP
from pgcompanion.policies import Policy
from pgcompanion.steps import (
    Adam,
    Schedule,
    adapted,
    gradient_step,
    greedy,
    natural_step,
    penalty_argmax,
    ppo_step,
    trpo_argmax,
    trpo_step,
)

#: From a policy and its parameters to a batch: `Exact`, `Sampled`, `Rollouts`, `Episodes`, or your own.
Source = Callable[[Policy, np.ndarray], Batch]

#: From a policy table to action values ``(H, S, A)``.
ActionValues = Callable[[np.ndarray], np.ndarray]


@dataclass(eq=False, repr=False)
class Iterate:
    r"""One iterate :math:`\theta^k`, as an algorithm yields it. No attribute draws a random number.

    Statement: `gradient_ascent`.

    Attributes:
        k: the iteration, from 0.
        theta: parameters, shape ``(p,)``.
        batch: what the source brought at ``theta``, from which the next step is computed.
        J: the objective (`Batch`): exact of `Exact`; of `Sampled` the mean return of its trajectories; of
            `Rollouts` that of the last 100 finished episodes, ``None`` before the first.
        kl: divergence of the step that led here, in the units of the batch before; 0 for the start.
        grad_norm: norm of the gradient, or of its estimate, at ``theta``.
        lam: the penalty of the next step, where the algorithm has one.
    """

    k: int
    theta: np.ndarray
    batch: Batch
    policy: Policy
    before: tuple[np.ndarray, Batch] | None = None
    lam: float | None = None

    @property
    def J(self) -> float | None:
        """The objective, as the source knows it."""
        return self.batch.J

    @cached_property
    def kl(self) -> float:
        """Divergence of the step that led here."""
        if self.before is None:
            return 0.0
        theta, batch = self.before
        return objectives.kl(self.policy, theta, self.theta, batch)

    @cached_property
    def grad_norm(self) -> float:
        """Norm of the batch's gradient."""
        return float(np.linalg.norm(objectives.gradient(self.policy, self.theta, self.batch)))

    def __repr__(self) -> str:
        return f"Iterate(k={self.k}, J={self.J if self.J is None else format(self.J, '.6g')})"


def iterate(
    source: Source,
    policy: Policy,
    theta: np.ndarray,
    update: Callable[[Iterate], tuple[np.ndarray, float | None]],
    K: int | None = None,
    lam: float | None = None,
) -> Iterator[Iterate]:
    r"""Yield the start and then every iterate; after ``K`` of them it ends, without ``K`` it never does.

    Statement: `gradient_ascent`. ``update`` maps an iterate to the next parameters and the next penalty
    (``None`` where there is none).

    Raises:
        ValueError: ``theta`` is not ``p`` finite numbers, or ``K`` is not a natural number.
        TypeError: ``source`` is no source, ``update`` no function, or ``policy`` no policy.
    """
    checks.source(source)
    checks.function("update", update)
    if lam is not None:
        checks.positive("lam", lam)
    theta = checks.parameters(theta, checks.policy(policy, "log_prob").p).copy()
    return _loop(source, policy, theta, update, checks.iterations(K), lam)


def _loop(
    source: Source,
    policy: Policy,
    theta: np.ndarray,
    update: Callable[[Iterate], tuple[np.ndarray, float | None]],
    K: int | None,
    lam: float | None,
) -> Iterator[Iterate]:
    it = Iterate(0, theta, source(policy, theta), policy, lam=lam)
    yield it
    while it.k != K:
        theta, lam = update(it)
        before = it.theta, it.batch
        it = Iterate(it.k + 1, theta, source(policy, theta), policy, before, lam)
        yield it


def reinforce(
    source: Source,
    policy: Policy,
    theta: np.ndarray,
    *,
    eta: float | Schedule | Adam,
    K: int | None = None,
) -> Iterator[Iterate]:
    r"""Gradient ascent :math:`\theta^{k+1}=\theta^k+\eta_kg_k` with the gradient of each batch.

    Statement: `reinforce_algorithm`, `reinforce_pg`, `pg_baseline_algorithm`. From `Exact` it is the
    policy gradient itself, from `Sampled` or `Episodes` its score estimate; with
    ``psi=lambda tau: total_return(tau.r)`` that is REINFORCE as first published, with
    `fitted_baseline` or `previous_baseline` the algorithm with a learned baseline.

    Args:
        source: makes the batches.
        policy, theta: where to start.
        eta: a step size, a schedule that maps :math:`k` to :math:`\eta_k`, or `Adam`, whose steps then take
            the place of :math:`\eta_k` times the gradient. It remembers: every run needs its own.
        K: number of steps; without it the iterates never end.

    Raises:
        ValueError: ``eta`` is not positive, or is for another number of parameters; otherwise as `iterate`.
        TypeError: as `iterate`.

    Source: Williams 1992.

    Example:
        >>> import pgcompanion as pg
        >>> coin = pg.MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> its = reinforce(pg.Exact(coin), pg.TabularSoftmax(1, 2), np.zeros(2), eta=1.0, K=3)
        >>> [round(it.J, 3) for it in its]
        [1.5, 2.453, 2.749, 2.837]
    """
    if isinstance(eta, Adam) and eta.p != checks.policy(policy).p:
        raise ValueError(f"eta must be Adam for p = {policy.p} parameters, but it is for {eta.p}.")
    if not (isinstance(eta, Adam) or callable(eta)):
        checks.positive("eta", eta)

    def update(it: Iterate) -> tuple[np.ndarray, None]:
        g = objectives.gradient(policy, it.theta, it.batch)
        return it.theta + gradient_step(eta, it.k, g), None

    return iterate(source, policy, theta, update, K)


def npg(
    source: Source,
    policy: Policy,
    theta: np.ndarray,
    *,
    eta: float | None = None,
    delta: float | None = None,
    damping: float = 0.0,
    K: int | None = None,
) -> Iterator[Iterate]:
    r"""The natural policy gradient :math:`\theta^{k+1}=\theta^k+\eta F_{\theta^k}^+\nabla J(\theta^k)`.

    Statement: `npg`. With ``eta`` every step has that size; with ``delta`` every step has the length
    :math:`\frac12d^\top(F+\epsilon I)d=\delta` with the ``damping`` :math:`\epsilon` (see `natural_step`).
    For a time-dependent table the exact step is :math:`\pi_h\propto\pi_h\,e^{\eta A_h}` and :math:`J` never
    decreases, whatever ``eta``. For a stationary one it can.

    Args:
        source, policy, theta, K: as in `reinforce`.
        eta, delta: step size or radius in the batch's units, one of the two.
        damping: added to the diagonal of the Fisher matrix. A network that has seen few rows needs it: their
            matrix has directions of almost no length, and along these a step is as long as it likes.

    Raises:
        ValueError: neither or both of ``eta`` and ``delta`` are given, a number out of range; otherwise as
            `iterate`.
        TypeError: as `iterate`.

    Source: Kakade 2002.

    Example:
        >>> import pgcompanion as pg
        >>> coin = pg.MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> its = npg(pg.Exact(coin), pg.TabularSoftmax(1, 2), np.zeros(2), eta=2.0, K=3)
        >>> [round(it.J, 3) for it in its]
        [1.5, 2.642, 2.946, 2.993]
    """
    checks.one_of(eta=eta, delta=delta)
    checks.not_negative("damping", damping)

    def update(it: Iterate) -> tuple[np.ndarray, None]:
        step = natural_step(policy, it.theta, it.batch, eta=eta, delta=delta, damping=damping)
        return it.theta + step, None

    return iterate(source, policy, theta, update, K)


def trpo(
    source: Source,
    policy: Policy,
    theta: np.ndarray,
    *,
    delta: float,
    damping: float = 0.0,
    solver: str = "line search",
    K: int | None = None,
) -> Iterator[Iterate]:
    r"""Trust region policy optimization.

    Statement: `trpo`, `trpo_implement`. The step is `trpo_step` with ``solver="line search"``, as in
    practice, and the arg max itself, `trpo_argmax`, with ``solver="exact"``: from either source, so that
    exact and sampled runs of one solver differ by noise alone.

    Args:
        source, policy, theta, K: as in `reinforce`.
        delta: radius in the batch's units: nats of a trajectory for `Exact` and `Sampled`, mean nats of a
            visited state for `Rollouts`.
        damping: of the line search's natural step.
        solver: ``"line search"`` or ``"exact"``.

    Raises:
        ValueError: ``delta`` is not a positive number, ``damping`` is negative, ``solver`` is neither;
            otherwise as `iterate`.
        TypeError: as `iterate`.

    Source: Schulman et al. 2015.

    Example:
        >>> import pgcompanion as pg
        >>> coin = pg.MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> its = trpo(pg.Exact(coin), pg.TabularSoftmax(1, 2), np.zeros(2), delta=0.1, K=1)
        >>> [round(it.kl, 3) <= 0.1 for it in its]
        [True, True]
    """
    checks.positive("delta", delta)
    checks.not_negative("damping", damping)
    checks.choice("solver", solver, ("line search", "exact"))

    def update(it: Iterate) -> tuple[np.ndarray, None]:
        if solver == "exact":
            return trpo_argmax(policy, it.theta, it.batch, delta)[0], None
        return trpo_step(policy, it.theta, it.batch, delta, damping=damping), None

    return iterate(source, policy, theta, update, K)


def ppo(
    source: Source,
    policy: Policy,
    theta: np.ndarray,
    *,
    lam: float | None = None,
    eps: float | None = None,
    target: float | None = None,
    solver: str = "adam",
    eta: float | Adam = 0.05,
    epochs: int = 10,
    minibatch: int | None = None,
    rng: np.random.Generator | None = None,
    K: int | None = None,
) -> Iterator[Iterate]:
    r"""Proximal policy optimization with a penalty ``lam`` or a clip range ``eps``.

    Statement: `ppo`, `ppo_clip`, `ppo_practice`. The step is `ppo_step` with ``solver="adam"``, as in practice; with
    ``solver="exact"`` it is the arg max of the penalised objective, `penalty_argmax`. The clipped
    objective has no unique maximiser.

    Args:
        source, policy, theta, K: as in `reinforce`.
        lam, eps: penalty or clip range, one of the two.
        target: a divergence in the batch's units; then the penalty is `adapted` to it after every step,
            and ``it.lam`` is the penalty that the next step will use.
        solver: ``"adam"`` or ``"exact"``.
        eta, epochs, minibatch, rng: of `ppo_step`.

    Raises:
        ValueError: neither or both of ``lam`` and ``eps`` are given; ``target`` or ``solver="exact"`` comes
            with ``eps``; a number out of range; otherwise as `iterate`.
        TypeError: ``minibatch`` comes without a generator; otherwise as `iterate`.

    Source: Schulman et al. 2017.

    Example:
        >>> import pgcompanion as pg
        >>> coin = pg.MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> start = pg.Exact(coin), pg.TabularSoftmax(1, 2), np.zeros(2)
        >>> [round(it.J, 3) for it in ppo(*start, lam=0.5, solver="exact", K=3)]
        [1.5, 2.427, 2.8, 2.932]
    """
    name, _ = checks.one_of(lam=lam, eps=eps)
    if checks.choice("solver", solver, ("adam", "exact")) == "exact" and name == "eps":
        raise ValueError(
            "solver must be 'adam' with eps, since the clipped objective has no unique maximiser, "
            "but it is 'exact'."
        )
    if not isinstance(eta, Adam):
        checks.positive("eta", eta)
    checks.natural_number("epochs", epochs)
    if minibatch is not None:
        checks.positive_integer("minibatch", minibatch)
        checks.generator(rng)
    if target is not None:
        checks.positive("target", target)
        if name == "eps":
            raise ValueError(f"target must come with lam, but it is {target} beside eps.")

    def adam(it: Iterate) -> np.ndarray:
        return ppo_step(
            policy,
            it.theta,
            it.batch,
            lam=it.lam,
            eps=eps,
            eta=eta,
            epochs=epochs,
            minibatch=minibatch,
            rng=rng,
        )

    def update(it: Iterate) -> tuple[np.ndarray, float | None]:
        if it.lam is None:
            return adam(it), None
        by_argmax = solver == "exact"
        new = penalty_argmax(policy, it.theta, it.batch, it.lam) if by_argmax else adam(it)
        if target is None:
            return new, it.lam
        return new, adapted(it.lam, objectives.kl(policy, it.theta, new, it.batch), target)

    return iterate(source, policy, theta, update, K, lam)


@dataclass(eq=False, repr=False)
class PolicyIterate:
    r"""One iterate of policy iteration (statement: `policy_iteration`).

    Attributes:
        k: the iteration, from 0.
        pi: the policy, shape ``(H, S, A)`` or, for the start, ``(S, A)``.
        values: its `exact.Values`.
        kl: trajectory divergence of the step that led here, in nats: usually infinite, since a greedy
            policy never takes most actions. 0 for the start.
    """

    k: int
    pi: np.ndarray
    values: exact.Values
    kl: float = field(default=0.0)

    @property
    def J(self) -> float:
        """The objective."""
        return float(self.values.J)

    def __repr__(self) -> str:
        return f"PolicyIterate(k={self.k}, J={self.J:.6g})"


def policy_iteration(
    mdp: MDP, pi: np.ndarray, *, q: ActionValues | None = None, K: int | None = None
) -> Iterator[PolicyIterate]:
    r"""Yield :math:`\pi^0` and then every :math:`\pi^{k+1}_h(s)=\arg\max_a\hat Q_h(s,a)`.

    Statement: `policy_iteration`, `policy_iteration_ends`. With the exact :math:`Q^{\pi^k}` no value ever
    falls, and after ``k`` iterations the last ``k`` steps are optimal: after ``H`` of them the policy is. It
    has ended when the *policy* no longer changes; :math:`J` can stand still before. With wrong values it can
    fall, by `degradation_bound` at most, and by `wrong_table_bound`. After ``K`` iterates it ends, without ``K`` it never does.

    Args:
        mdp: the MDP.
        pi: the start, ``(S, A)`` or ``(H, S, A)``.
        q: maps a policy to the action values ``(H, S, A)`` to be greedy for; exact by default.
        K: number of steps.

    Raises:
        ValueError: ``pi`` is not a table of the MDP's policies, ``K`` is not a natural number, or ``q``
            gives something else than finite action values.
        TypeError: ``mdp`` is no MDP, or ``q`` no function.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> [it.J for it in policy_iteration(coin, np.array([[0.5, 0.5]]), K=1)]
        [1.5, 3.0]
    """
    pi = checks.table(checks.mdp(mdp), pi)
    q = (lambda pi: exact.evaluate(mdp, pi).Q) if q is None else checks.function("q", q)
    return _greedy_loop(mdp, pi, q, checks.iterations(K))


def _greedy_loop(
    mdp: MDP, pi: np.ndarray, q: ActionValues, K: int | None
) -> Iterator[PolicyIterate]:
    it = PolicyIterate(0, pi, exact.evaluate(mdp, pi))
    yield it
    while it.k != K:
        new = greedy(checks.finite("q(pi)", q(it.pi), (mdp.H, mdp.S, mdp.A)))
        kl = exact.trajectory_kl(mdp, it.pi, new)
        it = PolicyIterate(it.k + 1, new, exact.evaluate(mdp, new), kl)
        yield it
