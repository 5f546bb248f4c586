r"""Importance sampling: expectations under one distribution from samples of another.

First of points: ``p`` is the target, ``q`` the proposal that the samples come from, and arrays hold
the values of :math:`f`, :math:`p` and :math:`q` at the samples, or at all points of a finite space.
Then of trajectories: initial state and transitions cancel in
:math:`\rho_\pi(\tau)/\rho_{\rm old}(\tau)`, so trajectories can be reweighted as soon as the policy
that made them is known. Policies enter as tables ``(S, A)`` or ``(H, S, A)``.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.estimators.returns import total_return
from pgcompanion.estimators.score_gradient import policy_gradient
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.trajectories import Trajectories

# --- Points -------------------------------------------------------------------------------------


def importance_weights(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""The likelihood ratios :math:`w_n=p(x_n)/q(x_n)` at samples of ``q``, shape ``(N,)``.

    Statement: `importance_sampling`. Their mean under ``q`` is 1, where ``p`` and ``q`` are
    normalised and ``q`` is positive wherever ``p`` is.

    Raises:
        ValueError: ``p`` and ``q`` are not vectors of one length, ``p`` is negative, or ``q`` is
            not positive.

    Example:
        >>> importance_weights(p=[0.5, 0.5], q=[0.75, 0.25]).round(4)
        array([0.6667, 2.    ])
    """
    p = _values("p", p)
    q = _values("q", q, len(p))
    if (p < 0).any():
        n = int((p < 0).argmax())
        raise ValueError(f"p must not be negative, but p[{n}] is {p[n]:.6g}.")
    if (q <= 0).any():
        n = int((q <= 0).argmax())
        raise ValueError(f"q must be positive at its own samples, but q[{n}] is {q[n]:.6g}.")
    return np.asarray(p / q)


def importance_sampling_mean(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""Importance sampling: :math:`\frac1N\sum_n\frac{p(x_n)}{q(x_n)}f(x_n)` for :math:`x_n\sim q`.

    Statement: `importance_sampling`. Unbiased for :math:`\mathbb E_{x\sim p}f(x)` where ``q`` is
    positive wherever :math:`p f` is not 0; no sample shows a gap (`variance` looks for one).

    Args:
        f, p, q: values at the samples, shape ``(N,)``; the distributions are normalised.

    Raises:
        ValueError: arrays of different lengths, ``p`` is negative, or ``q`` is not positive.

    Example:
        >>> f, p, q = np.array([[1.0, 4.0], [0.5, 0.5], [0.75, 0.25]])
        >>> x = [0, 0, 0, 1]
        >>> importance_sampling_mean(f[x], p[x], q[x])
        2.5
    """
    w = importance_weights(p, q)
    f = _values("f", f, len(w))
    return float(np.mean(w * f))


def standard_error(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""The standard error of `importance_sampling_mean`.

    Statement: `importance_sampling`. :math:`\hat\sigma/\sqrt N` of the terms :math:`w_nf(x_n)`. Its
    square is unbiased for the variance of the estimate, which is `variance` divided by ``N``.
    Arguments as in `importance_sampling_mean`.

    Raises:
        ValueError: as in `importance_sampling_mean`, or there is one sample only.

    Example:
        >>> round(standard_error(f=[1.0, 4.0], p=[0.5, 0.5], q=[0.5, 0.5]), 4)
        1.5
    """
    w = importance_weights(p, q)
    f = _values("f", f, len(w))
    if len(w) < 2:
        raise ValueError("f must hold two samples at least, but it holds 1.")
    return float((w * f).std(ddof=1) / np.sqrt(len(w)))


def self_normalised_mean(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""Self-normalised importance sampling: :math:`\sum_nw_nf(x_n)\big/\sum_nw_n`.

    Statement: `importance_sampling`. :math:`w_n=p(x_n)/q(x_n)`. It asks for ``p`` and ``q`` up to a
    factor only, and has a bias of order :math:`1/N`. Arguments as in `importance_sampling_mean`.

    Raises:
        ValueError: as in `importance_sampling_mean`, or ``p`` is 0 at every sample.

    Example:
        >>> self_normalised_mean(f=[1.0, 1.0, 1.0, 4.0], p=[3, 3, 3, 3], q=[3, 3, 3, 1])
        2.5
    """
    w = _some_weight(importance_weights(p, q))
    f = _values("f", f, len(w))
    return float(w @ f / w.sum())


def self_normalised_error(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""The standard error of `self_normalised_mean`, of first order.

    Statement: `importance_sampling`. :math:`\sqrt{\sum_nw_n^2(f(x_n)-\hat\mu)^2}\big/\sum_nw_n`
    with the estimate :math:`\hat\mu`. Arguments and errors as in `self_normalised_mean`.

    Example:
        >>> round(self_normalised_error(f=[1.0, 3.0], p=[1, 1], q=[1, 1]), 4)
        0.7071
    """
    w = _some_weight(importance_weights(p, q))
    centred = _values("f", f, len(w)) - self_normalised_mean(f, p, q)
    return float(np.sqrt(((w * centred) ** 2).sum()) / w.sum())


def effective_sample_size(w: np.ndarray) -> float:
    r"""The effective sample size :math:`(\sum_nw_n)^2\big/\sum_nw_n^2`, between 1 and ``N``.

    Statement: `importance_sampling`. ``N`` equal weights count as ``N``, a single large one as 1;
    it is 0 where every weight is 0.

    Raises:
        ValueError: ``w`` is not a vector, or a weight is negative or not finite.

    Source: Kong 1992.

    Example:
        >>> effective_sample_size([1.0, 1.0, 2.0])
        2.6666666666666665
    """
    w = _values("w", w)
    if w.min() < 0:
        raise ValueError(f"w must not be negative, but it contains {w.min():.6g}.")
    if not w.any():
        return 0.0
    w = w / w.max()  # the scale cancels, and squares stay in range
    return float(w.sum() ** 2 / (w**2).sum())


def variance(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""Exact variance of one sample's term, on a finite space.

    Statement: `importance_sampling`.
    :math:`\mathbb E_q\big[\big(\tfrac pqf\big)^2\big]-(\mathbb E_pf)^2`. The estimate from ``N``
    samples has this variance divided by ``N``. With :math:`f\equiv1` it is the :math:`\chi^2`
    divergence.

    Args:
        f, p, q: values at all points of the space, shape ``(n,)``.

    Raises:
        ValueError: ``p`` or ``q`` is not a distribution, ``q`` is 0 where :math:`p f` is not, or
            arrays of different lengths.

    Example:
        >>> round(variance(f=[1.0, 4.0], p=[0.5, 0.5], q=[0.75, 0.25]), 4)
        10.0833
        >>> variance(f=[1.0, 4.0], p=[0.5, 0.5], q=optimal_proposal([1.0, 4.0], [0.5, 0.5]))
        0.0
    """
    f = _values("f", f)
    p = checks.distribution("p", _values("p", p, len(f)))
    q = checks.distribution("q", _values("q", q, len(f)))
    lost = (q == 0) & (p * f != 0)
    if lost.any():
        x = int(lost.argmax())
        raise ValueError(
            f"q must be positive wherever p f is not 0, but q[{x}] is 0 and p[{x}] is {p[x]:.6g}."
        )
    used = q > 0
    terms = p[used] * f[used] / q[used]
    return float(q[used] @ (terms - p @ f) ** 2)


def optimal_proposal(f: np.ndarray, p: np.ndarray) -> np.ndarray:
    r"""The proposal of least variance on a finite space, :math:`q(x)\propto p(x)|f(x)|`, ``(n,)``.

    Statement: `importance_sampling`. Where ``f`` never changes sign the variance is 0, but the
    normaliser is then the very expectation that was asked for.

    Raises:
        ValueError: ``p`` is not a distribution, ``f`` is 0 wherever ``p`` is positive, or arrays of
            different lengths.

    Example:
        >>> optimal_proposal(f=[1.0, 4.0], p=[0.5, 0.5])
        array([0.2, 0.8])
    """
    f = _values("f", f)
    q = checks.distribution("p", _values("p", p, len(f))) * np.abs(f)
    if not q.any():
        raise ValueError("f must differ from 0 at a point where p is positive, but it never does.")
    return np.asarray(q / q.sum())


# --- Gaussians ----------------------------------------------------------------------------------


def gaussian_weight_moment(m: np.ndarray, s: np.ndarray) -> np.ndarray:
    r"""Second moment :math:`\mathbb E_q w^2` of the weight from one Gaussian to another.

    Statement: `importance_sampling`. From the proposal :math:`q=\mathcal N(0,1)` to the target
    :math:`p=\mathcal N(m,s^2)` it is :math:`\dfrac{e^{m^2/(2-s^2)}}{s\sqrt{2-s^2}}` where
    :math:`s^2<2`, and infinite from there on: the tails of the target are then too wide for the
    proposal. The effective sample size divided by ``N`` tends to 1 over this number. Broadcasts.

    Raises:
        ValueError: ``s`` is not positive, or a number is not finite.

    Example:
        >>> gaussian_weight_moment(m=[0.0, 1.0, 0.0], s=[1.0, 1.0, 1.5]).round(4)
        array([1.    , 2.7183,    inf])
    """
    m, s = checks.finite("m", m), checks.finite("s", s)
    if not (s > 0).all():
        raise ValueError(f"s must be positive, but it contains {s.min():.6g}.")
    room = np.maximum(2 - s**2, 0.0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        moment = np.exp(m**2 / room) / (s * np.sqrt(room))
    return np.where(room > 0, moment, np.inf)[()]


def gaussian_mean_moment(m: np.ndarray, s: np.ndarray) -> np.ndarray:
    r"""Second moment :math:`\mathbb E_q(w\,x)^2` of the terms that estimate a Gaussian mean.

    Statement: `importance_sampling`. The target is :math:`\mathcal N(m,s^2)`, the proposal
    :math:`q=\mathcal N(0,1)`. Weighted by :math:`w^2`, the proposal becomes
    :math:`\mathcal N\big(\tfrac{2m}{2-s^2},\tfrac{s^2}{2-s^2}\big)`, whence
    :math:`\mathbb E_qw^2\cdot\Big[\big(\tfrac{2m}{2-s^2}\big)^2+\tfrac{s^2}{2-s^2}\Big]` where
    :math:`s^2<2`, and infinite from there on. Subtract :math:`m^2` for the variance. Broadcasts.

    Raises:
        ValueError: ``s`` is not positive, or a number is not finite.

    Example:
        >>> gaussian_mean_moment(m=[0.0, 0.0], s=[1.0, 1.5])
        array([ 1., inf])
    """
    moment = gaussian_weight_moment(m, s)
    m, s = np.asarray(m), np.asarray(s)
    room = np.where(s**2 < 2, 2 - s**2, 1.0)
    return np.asarray(moment * ((2 * m / room) ** 2 + s**2 / room))[()]


# --- Trajectories -------------------------------------------------------------------------------


def per_step_ratios(pi: np.ndarray, pi_old: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""The ratios :math:`\pi_h(a_h\mid s_h)/\pi^{\rm old}_h(a_h\mid s_h)`, shape ``(N, H)``.

    Statement: `importance_sampling`. They are 1 where no step was taken. A complex ``pi`` passes,
    for a derivative by a complex step.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that was taken, or that ``pi`` could take in a
            state that was visited; a table is not a policy over the states of ``tau``.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> per_step_ratios(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), tau).round(4)
        array([[2.    , 0.6667]])
    """
    tau = checks.trajectories(tau)
    new, old = _rows("pi", pi, tau), _rows("pi_old", pi_old, tau)
    if new.shape != old.shape:
        raise ValueError(
            f"pi_old has {old.shape[-1]} actions, but {new.shape[-1]} are expected, "
            f"as many as pi has."
        )
    a = checks.indices("tau.a", np.where(tau.mask, tau.a, 0), old.shape[-1])[..., None]
    taken = a == np.arange(old.shape[-1])
    lost = (old == 0) & (taken | (new != 0)) & tau.mask[..., None]
    if lost.any():
        n, h, action = (int(i[0]) for i in np.nonzero(lost))
        raise ValueError(
            f"pi_old must be positive wherever pi or tau acts, but it gives 0 to action {action} "
            f"in state {tau.s[n, h]} at step {h}."
        )
    p, q = (np.take_along_axis(x, a, axis=-1)[..., 0] for x in (new, old))
    return np.asarray(np.where(tau.mask, p, 1.0) / np.where(tau.mask, q, 1.0))


def trajectory_ratio(pi: np.ndarray, pi_old: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""The weights :math:`\rho_\pi(\tau)/\rho_{\rm old}(\tau)`, from `per_step_ratios`, ``(N,)``.

    Statement: `importance_sampling`.
    :math:`\prod_h\frac{\pi_h(a_h\mid s_h)}{\pi^{\rm old}_h(a_h\mid s_h)}`.

    Raises:
        ValueError: as in `per_step_ratios`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> trajectory_ratio(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), tau).round(4)
        array([1.3333])
    """
    return np.asarray(per_step_ratios(pi, pi_old, tau).prod(axis=1))


def off_policy_gradient(
    policy: Softmax, theta: np.ndarray, pi_old: np.ndarray, tau: Trajectories
) -> np.ndarray:
    r"""The policy gradient from another policy's trajectories, shape ``(p,)``.

    Statement: `likelihood_ratio`. In
    :math:`J(\theta)=\mathbb E_{\rho_{\rm old}}\big[\frac{\rho_\theta(\tau)}{\rho_{\rm old}(\tau)}R(\tau)\big]`
    the behaviour :math:`\rho_{\rm old}` is frozen, then the ratio is differentiated:
    :math:`\frac1N\sum_n\frac{\rho_\theta(\tau_n)}{\rho_{\rm old}(\tau_n)}R(\tau_n)\nabla\log\rho_\theta(\tau_n)`.

    Args:
        policy, theta: the policy whose gradient is asked for.
        pi_old: the table of the policy that made ``tau``.
        tau: trajectories.

    Raises:
        ValueError: as in `per_step_ratios`.
        TypeError: ``policy`` is no policy.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 1), int), np.array([[1]]), np.array([[3.0]]))
        >>> off_policy_gradient(TabularSoftmax(1, 2), np.zeros(2), np.array([[0.75, 0.25]]), tau)
        array([-3.,  3.])
    """
    pi = checks.policy(policy, "table", "score_sum").table(theta)
    ratio = trajectory_ratio(pi, pi_old, tau)
    return policy_gradient(policy, theta, tau, ratio[:, None] * total_return(tau.r))


def trajectory_second_moment(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r"""Exact second moment of the ratio of the first ``n`` steps, shape ``(H + 1,)``.

    Statement: `importance_sampling`.
    :math:`\mathbb E_{\rho_{\rm old}}\big[\prod_{h<n}(\pi_h/\pi_h^{\rm old})^2\big]`. The mean of
    the product is 1, so entry ``n`` less 1 is the variance of the weights of the first ``n`` steps;
    it grows exponentially with ``n`` where the policies keep differing. By dynamic programming:
    :math:`u_0=\mu_0`,
    :math:`u_{h+1}(s')=\sum_{s,a}u_h(s)\frac{\pi_h(a\mid s)^2}{\pi^{\rm old}_h(a\mid s)}P(s'\mid s,a)`,
    and entry ``n`` is :math:`\sum_su_n(s)`.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that both reach; a
            table is not a policy of ``mdp``.
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> pi, uniform = np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]])
        >>> trajectory_second_moment(coin, pi, uniform)
        array([1.      , 1.25    , 1.5625  , 1.953125])
    """
    pi, pi_old = _each_step(mdp, pi, "pi"), _each_step(mdp, pi_old, "pi_old")
    moments, u = np.ones(mdp.H + 1), mdp.mu0
    for h in range(mdp.H):
        pairs = u[:, None] * _squared_ratio(h, u > 0, pi[h], pi_old[h])
        moments[h + 1] = pairs.sum()
        u = pairs.ravel() @ mdp.P.reshape(-1, mdp.S)
    return moments


def per_step_second_moment(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r"""Exact second moment of the ratio of each step alone, shape ``(H,)``.

    Statement: `importance_sampling`.
    :math:`\mathbb E_{\rho_{\rm old}}\big[(\pi_h/\pi_h^{\rm old})^2\big]`. Unlike
    `trajectory_second_moment` it does not grow with the horizon; the price is that the states are
    still those of the old policy.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that ``pi_old``
            reaches; a table is not a policy of ``mdp``.
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> per_step_second_moment(coin, np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]]))
        array([1.25, 1.25, 1.25])
    """
    pi, pi_old = _each_step(mdp, pi, "pi"), _each_step(mdp, pi_old, "pi_old")
    d = exact.evaluate(mdp, pi_old).d
    squared = [_squared_ratio(h, d[h] > 0, pi[h], pi_old[h]) for h in range(mdp.H)]
    return np.asarray(np.einsum("hs,hsa->h", d, squared))


# --- The border ---------------------------------------------------------------------------------


def _values(name: str, x: np.ndarray, n: int | None = None) -> np.ndarray:
    """One finite number for each sample or point, ``(n,)``."""
    x = checks.finite(name, x, (n,))
    if len(x) == 0:
        raise ValueError(f"{name} must hold one value at least, but it is empty.")
    return x


def _some_weight(w: np.ndarray) -> np.ndarray:
    if not w.any():
        raise ValueError("p must be positive at one sample at least, but it is 0 at all of them.")
    return w


def _rows(name: str, pi: np.ndarray, tau: Trajectories) -> np.ndarray:
    """The distributions over actions met along the trajectories, shape ``(N, H, A)``."""
    pi = checks.array(name, pi)
    if pi.ndim not in (2, 3) or (pi.ndim == 3 and len(pi) != tau.H):
        raise ValueError(
            f"{name} has shape {pi.shape}, but (S, A) or (H, S, A) with H = {tau.H} is expected."
        )
    pi = checks.distribution(name, pi)
    s = checks.indices("tau.s", np.where(tau.mask, tau.s, 0), pi.shape[-2])
    return np.asarray(pi[s] if pi.ndim == 2 else pi[np.arange(tau.H), s])


def _each_step(mdp: MDP, pi: np.ndarray, name: str) -> np.ndarray:
    """A table of ``mdp`` as ``(H, S, A)``."""
    mdp = checks.mdp(mdp)
    return np.broadcast_to(checks.table(mdp, pi, name), (mdp.H, mdp.S, mdp.A))


def _squared_ratio(h: int, reached: np.ndarray, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r""":math:`\pi^2/\pi^{\rm old}` of one step where it is reached, 0 elsewhere, ``(S, A)``."""
    lost = reached[:, None] & (pi_old == 0) & (pi > 0)
    if lost.any():
        s, a = (int(i[0]) for i in np.nonzero(lost))
        raise ValueError(
            f"pi_old must be positive wherever pi is, but it gives 0 to action {a} in state {s} "
            f"at step {h}."
        )
    used = reached[:, None] & (pi > 0)
    return np.asarray(np.where(used, pi**2 / np.where(used, pi_old, 1.0), 0.0))
