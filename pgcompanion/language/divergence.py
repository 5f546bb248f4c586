r"""A reward with a price for leaving the reference: optimum, gradient, and three estimates of the KL.

Everything is of the log-probabilities of responses; the last axis runs over responses, or over samples.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.policies.softmax import log_softmax


def kl_estimates(
    log_prob: np.ndarray, log_prob_ref: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Three estimates of :math:`\mathrm{KL}(\pi\,\|\,\pi_{\rm ref})` from samples of :math:`\pi`, entry by entry.

    Statement: `kl_samples`. With :math:`q=\pi_{\rm ref}(y)/\pi(y)`: :math:`k_1=-\log q`,
    :math:`k_2=\frac12(\log q)^2`, :math:`k_3=q-1-\log q`. Complex numbers pass.

    Args:
        log_prob, log_prob_ref: :math:`\log\pi(y)` and :math:`\log\pi_{\rm ref}(y)` of the samples.
            Shapes broadcast; minus infinity is allowed, and two of them are equal likelihoods.

    Raises:
        ValueError: an argument that is no array of numbers, or NaN.

    Source: Schulman 2020.

    Example:
        >>> [k.round(4) for k in kl_estimates(np.log([0.5, 0.5]), np.log([0.25, 0.75]))]
        [array([ 0.6931, -0.4055]), array([0.2402, 0.0822]), array([0.1931, 0.0945])]
    """
    k1 = _log_ratio(log_prob, log_prob_ref)
    with np.errstate(over="ignore", invalid="ignore"):
        k3 = np.where(np.isneginf(k1.real), np.inf, np.expm1(-k1) + k1)
    return k1, k1 * k1 / 2, k3[()]


def kl_loss_coefficients(
    log_prob: np.ndarray, log_prob_ref: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""The :math:`c_i(y)` with :math:`\nabla k_i(y)=c_i(y)\nabla\log\pi_\theta(y)`: what a program differentiates.

    Statement: `kl_loss_gradient`. The samples are held fixed: :math:`c_1=1`,
    :math:`c_2=\log\frac{\pi}{\pi_{\rm ref}}`, :math:`c_3=1-q`. Arguments and errors as in
    `kl_estimates`.

    Example:
        >>> [c.round(4) for c in kl_loss_coefficients(np.log([0.5]), np.log([0.25]))]
        [array([1.]), array([0.6931]), array([0.5])]
    """
    k1 = _log_ratio(log_prob, log_prob_ref)
    with np.errstate(over="ignore"):
        return np.ones_like(k1), k1, -np.expm1(-k1)


def kl_gradient(
    scores: np.ndarray,
    log_prob: np.ndarray,
    log_prob_ref: np.ndarray,
) -> np.ndarray:
    r"""The estimate :math:`\frac1N\sum_n\log\frac{\pi_\theta(y_n)}{\pi_{\rm ref}(y_n)}\nabla\log\pi_\theta(y_n)`, shape ``(p,)``.

    Statement: `kl_loss_gradient`. Its mean over :math:`y\sim\pi_\theta` is
    :math:`\nabla\mathrm{KL}(\pi_\theta\,\|\,\pi_{\rm ref})`: the logarithm is a coefficient, as a reward
    is, and is not differentiated.

    Args:
        scores: the scores of ``N`` responses, shape ``(N, p)``.
        log_prob, log_prob_ref: their log-probabilities, shape ``(N,)``.

    Raises:
        ValueError: an array of another shape or not finite.

    Example:
        >>> kl_gradient(np.array([[1.0], [-3.0]]), np.log([0.75, 0.25]), np.log([0.5, 0.5])).round(4)
        array([1.2425])
    """
    scores = checks.finite("scores", scores, (None, None))
    log_prob = checks.finite("log_prob", log_prob, scores.shape[:1])
    log_prob_ref = checks.finite("log_prob_ref", log_prob_ref, scores.shape[:1])
    if not len(scores):
        raise ValueError("scores must hold a sample, but it is empty.")
    k1 = log_prob - log_prob_ref
    return (k1[:, None] * scores).mean(axis=0)


def kl_gradient_parts(
    mdp: MDP, policy: Softmax, theta: np.ndarray, pi_ref: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""The gradient of :math:`\mathrm{KL}(\rho_\theta\,\|\,\rho_{\rm ref})`, exact, in two parts ``(p,)``: of each token, and of what follows it.

    Statement: `kl_token_gradient`. With :math:`D(s)=\mathrm{KL}(\pi_\theta(\cdot\mid
    s)\,\|\,\pi_{\rm ref}(\cdot\mid s))` the first is :math:`\mathbb E\sum_h\nabla D(s_h)` with the
    prefixes held fixed, the second
    :math:`\mathbb E\sum_h\nabla\log\pi_\theta(a_h\mid s_h)\sum_{h'>h}D(s_{h'})`.

    Raises:
        ValueError: ``policy`` is not over the states and actions of ``mdp`` or depends on the step,
            ``theta`` is none of its parameters, or ``pi_ref`` is no table ``(S, A)`` of positive
            probabilities.
        TypeError: ``mdp`` is no MDP, or ``policy`` no policy over finitely many states.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> theta = np.array([0.0, 1.0])
        >>> own, later = kl_gradient_parts(coin, TabularSoftmax(1, 2), theta, np.array([[0.5, 0.5]]))
        >>> own.round(3), later.round(3)
        (array([-0.59,  0.59]), array([0., 0.]))
    """
    pi = checks.table_of(mdp, policy, theta)
    pi_ref = checks.finite("pi_ref", pi_ref, (mdp.S, mdp.A))
    if policy.H is not None:
        raise ValueError(f"policy must not depend on the step, but it does up to H = {policy.H}.")
    if (checks.distribution("pi_ref", pi_ref) <= 0).any():
        raise ValueError("pi_ref must be positive everywhere, but it contains 0.")
    log_ratio = policy.log_probs(theta, policy.states) - np.log(pi_ref)
    visits = exact.expected_visits(mdp, pi)
    own = policy.score_average(theta, policy.states, visits[:, None] * log_ratio)
    # Paid like a reward, the divergence of a state is a baseline of its own token.
    D = (pi * log_ratio).sum(axis=1, keepdims=True)
    paid = MDP(mdp.P, np.broadcast_to(D, pi.shape), mdp.mu0, mdp.H)
    return own, exact.gradient(paid, policy, theta)


def regularised_reward(
    log_prob: np.ndarray, log_prob_ref: np.ndarray, r: np.ndarray, beta: float
) -> np.ndarray:
    r""":math:`r(x,y)-\beta\log\frac{\pi_\theta(y\mid x)}{\pi_{\rm ref}(y\mid x)}`, entry by entry.

    Statement: `kl_regularised_gradient`. The coefficient of the score in :math:`\nabla J_\beta`.

    Raises:
        ValueError: ``beta`` is not a positive number, ``r`` is not finite, or a log-probability is NaN.

    Example:
        >>> regularised_reward(np.log([0.5]), np.log([0.25]), [1.0], beta=1.0).round(4)
        array([0.3069])
    """
    beta, r = checks.positive("beta", beta), checks.finite("r", r)
    return np.asarray(r - beta * _log_ratio(log_prob, log_prob_ref))[()]


def regularised_objective(
    log_prob: np.ndarray, log_prob_ref: np.ndarray, r: np.ndarray, beta: float
) -> np.ndarray:
    r""":math:`\mathbb E_{y\sim\pi}r(y)-\beta\,\mathrm{KL}(\pi\,\|\,\pi_{\rm ref})` of each prompt, shape ``(...)``.

    Statement: `kl_regularised`. All responses stand along the last axis, ``(..., R)``.

    Raises:
        ValueError: as `regularised_reward`; or ``log_prob`` is not that of distributions.

    Example:
        >>> float(regularised_objective(np.log([0.5, 0.5]), np.log([0.25, 0.75]), [1.0, 0.0], 1.0).round(4))
        0.3562
    """
    p = checks.distribution("exp(log_prob)", np.exp(_log("log_prob", log_prob)))
    terms = regularised_reward(log_prob, log_prob_ref, r, beta)
    return np.where(p == 0, 0.0, p * np.where(p == 0, 0.0, terms)).sum(axis=-1)


def gibbs(log_prob_ref: np.ndarray, r: np.ndarray, beta: float) -> np.ndarray:
    r""":math:`\log\pi^\star(y)=\log\pi_{\rm ref}(y)+r(y)/\beta-\log Z`, the optimum of `regularised_objective`.

    Statement: `gibbs_optimum`. Over the last axis; shapes broadcast. What the reference never says
    (minus infinity) is never said.

    Raises:
        ValueError: ``beta`` is not a positive number, ``r`` is not finite, or ``log_prob_ref`` holds NaN,
            plus infinity, or nothing but minus infinity.

    Example:
        >>> np.exp(gibbs(np.log([0.25, 0.75]), np.log([3.0, 1.0]), beta=1.0))
        array([0.5, 0.5])
    """
    log_prob_ref, r = _log("log_prob_ref", log_prob_ref), checks.finite("r", r)
    z = log_prob_ref + r / checks.positive("beta", beta)
    if z.ndim == 0 or np.isneginf(z.real).all(axis=-1).any():
        raise ValueError(
            f"log_prob_ref has shape {log_prob_ref.shape}, but (..., R) is "
            "expected, with a response that is possible."
        )
    return log_softmax(z)


def _log_ratio(log_prob: np.ndarray, log_prob_ref: np.ndarray) -> np.ndarray:
    log_prob, log_prob_ref = _log("log_prob", log_prob), _log("log_prob_ref", log_prob_ref)
    with np.errstate(invalid="ignore"):
        return np.where(log_prob == log_prob_ref, 0.0, log_prob - log_prob_ref)[()]


def _log(name: str, x: np.ndarray) -> np.ndarray:
    """Log-probabilities, or densities: minus infinity is one, NaN and plus infinity are none."""
    x = checks.numbers(name, x)
    if np.isnan(x).any() or np.isposinf(x.real).any():
        raise ValueError(f"{name} must hold log-probabilities, but it contains NaN or infinity.")
    return x
