r"""The tabular softmax policy: a logit for each state and action, and its closed forms."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.base import Pull, Room, cast, sum_by_state
from pgcompanion.policies.policy import Rows
from pgcompanion.policies.softmax import Softmax, log_softmax


def softmax_policy(theta: np.ndarray) -> np.ndarray:
    r"""The policy :math:`\pi_\theta(a\mid s)=e^{\theta_{s,a}}/\sum_{a'}e^{\theta_{s,a'}}` of a
    table ``(S, A)``.

    Statement: `tabular_softmax`. Each state has its own sum, over its actions alone. A constant
    that is added to all logits of a state changes nothing: the largest is taken away, so that no
    exponential overflows. The table may have axes in front, as ``(H, S, A)`` has.

    Raises:
        ValueError: ``theta`` is not finite, or a single number.

    Example:
        >>> softmax_policy(np.array([[0.0, 0.0], [0.0, np.log(3.0)]])).round(2)
        array([[0.5 , 0.5 ],
               [0.25, 0.75]])
    """
    theta = checks.finite("theta", theta, np.shape(theta) or (None, None))
    weights = np.exp(theta - theta.real.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def softmax_score(theta: np.ndarray, s: int | np.ndarray, a: int | np.ndarray) -> np.ndarray:
    r"""The score :math:`\frac{\partial\log\pi_\theta(a\mid s)}{\partial\theta_{s',a'}}=\mathbf
    1[s=s'](\mathbf 1[a=a']-\pi_\theta(a'\mid s))`.

    Statement: `tabular_softmax_score`. ``theta`` is the table ``(S, A)``, and so is the result for one
    state and one action; for arrays ``s`` and ``a`` of shape ``(...)`` it is ``(..., S, A)``.

    Raises:
        ValueError: ``theta`` is not finite or no table, ``s`` or ``a`` is out of range, or their
            shapes differ.

    Example:
        >>> softmax_score(np.zeros((2, 2)), s=1, a=0)
        array([[ 0. ,  0. ],
               [ 0.5, -0.5]])
    """
    S, A = checks.finite("theta", theta, (None, None)).shape
    s = checks.indices("s", s, S)
    a = checks.shaped("a", checks.indices("a", a, A), s.shape)
    pi = softmax_policy(np.asarray(theta)[s])
    same_action = np.arange(A) == a[..., None]
    score = np.zeros((*s.shape, S, A), pi.dtype)  # 0 in every other state
    np.put_along_axis(score, s[..., None, None], (same_action - pi)[..., None, :], axis=-2)
    return score


class TabularSoftmax(Softmax):
    r"""One logit :math:`\theta_{s,a}` for each state and action.

    Statement: `tabular_softmax`. :math:`\pi_\theta(a\mid s)=e^{\theta_{s,
    a}}/\sum_{a'}e^{\theta_{s,a'}}` with ``theta`` the table ``(S, A)`` in row order. With a
    horizon ``H`` the policy depends on time: there is a table for each step, ``theta`` is
    ``(H, S, A)`` in row order, and where other policies take a state it takes the row :math:`hS+s`
    of a state at a step (`row`).

    Raises:
        ValueError: ``S``, ``A`` or ``H`` is not a positive integer; otherwise as `Softmax`.

    Example:
        >>> policy = TabularSoftmax(S=1, A=2)
        >>> policy.score(np.zeros(2), s=0, a=1)
        array([-0.5,  0.5])
        >>> timed = TabularSoftmax(S=3, A=2, H=4)
        >>> timed.p, timed.row(h=2, s=1), timed.table(np.zeros(24)).shape
        (24, np.int64(7), (4, 3, 2))
    """

    S: int

    def __init__(self, S: int, A: int, H: int | None = None) -> None:
        self.S = checks.positive_integer("S", S)
        self.A = checks.positive_integer("A", A)
        self.H = None if H is None else checks.positive_integer("H", H)
        self._rows = self.S * (self.H or 1)
        self._shape = (self.S, self.A) if self.H is None else (self.H, self.S, self.A)
        self.p = self._rows * self.A

    @property
    def states(self) -> np.ndarray:
        """All rows in their order: the states, or the states of each step after the other."""
        return np.arange(self._rows)

    def row(self, h: int | np.ndarray, s: np.ndarray) -> np.ndarray:
        """The rows of the states ``s`` at the steps ``h``, shapes that broadcast.

        Raises:
            ValueError: ``s`` is out of range, or ``h`` is and the policy depends on time.
        """
        s = checks.indices("s", s, self.S)
        if self.H is None:
            return super().row(h, s)
        return checks.indices("h", h, self.H).astype(np.intp) * self.S + s

    def table(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\pi_\theta`, shape ``(S, A)``, or ``(H, S, A)`` if the policy depends on time."""
        return softmax_policy(checks.theta(theta, self.p).reshape(self._shape))

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return self._logits(theta)[self._indices(s)]

    def logits_jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        theta = checks.theta(theta, self.p)
        return self.logits(cast(theta, checks.theta(v, self.p, "v")), s)

    def logits_vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        f = self.logits(theta, s)
        return f, lambda w: sum_by_state(s, cast(theta, w), self._rows).ravel()

    def logits_vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        theta, s = checks.theta(theta, self.p), self._indices(s)
        w = cast(theta, checks.finite("w", w, (*s.shape, self.A)))
        each = np.zeros((*w.shape[:-1], self._rows, self.A), w.dtype)
        np.put_along_axis(each, s[..., None, None], w[..., None, :], axis=-2)
        return each.reshape(*w.shape[:-1], self.p)

    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r""":math:`\log\pi_\theta(a\mid s)`, shape ``(...)``. Statement: `tabular_softmax`."""
        s = self._indices(s)
        a = checks.shaped("a", checks.indices("a", a, self.A), s.shape)
        return log_softmax(self._logits(theta))[s, a]

    def log_prob_vjp(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        r"""`log_prob`, and the map :math:`w\mapsto\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`,
        which is `score_sum`.
        """
        return self.log_prob(theta, s, a), lambda w: self.score_sum(theta, s, a, w)

    def kl(self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""As `Softmax.kl`, computed once for each state and then looked up. Statement: `kld`."""
        old, new = self._two(theta_old, theta_new)
        log_old, log_new = log_softmax(self._logits(old)), log_softmax(self._logits(new))
        return (np.exp(log_old) * (log_old - log_new)).sum(axis=-1)[self._indices(s)]

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The `softmax_score`, shape ``(..., p)``. Statement: `tabular_softmax_score`."""
        score = softmax_score(self._logits(theta), s, a)
        return score.reshape(*score.shape[:-2], self.p)

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)` from weighted counts of (s, a),
        shape ``(p,)``.

        Statement: `tabular_softmax_score`. With the counts :math:`W(s,a)=\sum_{i:s_i=s,a_i=a}w_i` it is
        :math:`W(s,a)-\pi_\theta(a\mid s)\sum_{a'}W(s,a')`.
        """
        logits = self._logits(theta)
        W = weighted_counts(s, a, weights, self._rows, self.A)
        return cast(theta, W - W.sum(axis=1, keepdims=True) * softmax_policy(logits)).ravel()

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r"""A block :math:`\big(\sum_{i:s_i=s}w_i\big)(\mathrm{diag}(\pi)-\pi\pi^\top)` for each
        state.

        Statement: `fisher_matrix`. Shape ``(p, p)``.
        """
        pi = softmax_policy(self._logits(theta))
        n = self._visits(s, checks.weights("weights", weights))
        blocks = n[:, None, None] * pi[:, :, None] * (np.eye(self.A) - pi[:, None, :])
        F = np.zeros((self._rows, self.A, self._rows, self.A), pi.dtype)
        F[self.states, :, self.states] = blocks
        return F.reshape(self.p, self.p)

    def natural(
        self, theta: np.ndarray, batch: Rows, g: np.ndarray, damping: float = 0.0
    ) -> np.ndarray:
        r""":math:`F^+g`, or :math:`(F+\epsilon I)^{-1}g` with ``damping`` :math:`\epsilon`, shape
        ``(p,)``.

        Statement: `npg`. :math:`F` is the `fisher` of the batch, with a block
        :math:`n(s)(\mathrm{diag}(\pi)-\pi\pi^\top)` for each state and
        :math:`n(s)=\sum_{i:s_i=s}w_i`, and ``g`` a gradient: in each state its entries sum to 0,
        and it is 0 where :math:`n(s)\pi(a\mid s)` is. Then :math:`F^+g` is :math:`g/n\pi` less its
        mean over the actions with :math:`\pi>0`, and 0 at the others. For the gradient of the
        batch itself that is :math:`\bar A` less its mean, with the averaged advantage :math:`\bar
        A(s,a)=\sum_{i:s_i=s,a_i=a}w_iA_i/n(s)\pi(a\mid s)`.

        Example:
            >>> from types import SimpleNamespace
            >>> policy, theta = TabularSoftmax(S=1, A=2), np.array([0.0, np.log(3.0)])
            >>> batch = SimpleNamespace(s=np.array([0, 0]), w=policy.table(theta)[0])
            >>> g = policy.score_average(theta, [0], [[0.0, 2.0]])             # advantages 0 and 2
            >>> g.round(3), policy.natural(theta, batch, g).round(3)
            (array([-0.375,  0.375]), array([-1.,  1.]))
        """
        g = checks.theta(g, self.p, "g").reshape(self._rows, self.A)
        pi, batch = softmax_policy(self._logits(theta)), checks.rows(batch, "s", "w")
        n = self._visits(batch.s, batch.w)[:, None]
        if checks.not_negative("damping", damping):
            return _damped_solution(n, pi, damping, g).ravel()
        return _centred(_quotient(g, n * pi), n * pi > 0).ravel()

    def penalty_argmax(self, theta_k: np.ndarray, batch: Rows, lam: float) -> np.ndarray:
        r"""The maximiser of :math:`L_k(\theta)-\lambda\sum_iw_i\mathrm{KL}(\pi^k(\cdot\mid
        s_i)\,\|\,\pi_\theta(\cdot\mid s_i))`, shape ``(p,)``.

        Statement: `ppo`. The `penalised_tilt` of each state by its averaged advantage (see
        `natural`). An action that the batch lacks has advantage 0, and a state that it lacks keeps
        its logits.
        """
        logits, batch = self._logits(theta_k, "theta_k"), checks.rows(batch, "s", "a", "w", "A")
        n = self._visits(batch.s, batch.w)[:, None]
        pair = self._indices(batch.s) * self.A + checks.indices("a", batch.a, self.A)
        W = np.bincount(pair, batch.w * batch.A, self.p).reshape(logits.shape)
        A_bar = _quotient(W, n * softmax_policy(logits))
        tilt = penalised_tilt(log_softmax(logits), A_bar, lam)
        return (logits + np.where(n > 0, tilt, 0.0)).ravel()

    def _logits(self, theta: np.ndarray, name: str = "theta") -> np.ndarray:
        """All logits, shape ``(rows, A)``."""
        return checks.theta(theta, self.p, name).reshape(self._rows, self.A)

    def _indices(self, s: np.ndarray) -> np.ndarray:
        return checks.indices("s", s, self._rows)

    def _visits(self, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The sum of the weights of each row, shape ``(rows,)``."""
        s = self._indices(s)
        return np.bincount(
            s.ravel(), checks.finite("weights", weights, s.shape).ravel(), self._rows
        )

    def __repr__(self) -> str:
        time = "" if self.H is None else f", H={self.H}"
        return f"TabularSoftmax(S={self.S}, A={self.A}{time})"


def penalised_tilt(log_pi: np.ndarray, A: np.ndarray, lam: float) -> np.ndarray:
    r"""The change of the logits that maximises :math:`\sum_a\pi(a)A(a)
    -\lambda\,\mathrm{KL}(\pi^k\,\|\,\pi)` in each state.

    Statement: `three_tilts`, `ppo`. The maximiser is :math:`\pi(a)=\lambda\pi^k(a)/(\nu-A(a))` with the number
    :math:`\nu>\max_aA(a)` for which it sums to 1. ``log_pi``, :math:`\log\pi^k`, and ``A`` have
    shape ``(S, A)``, and so has the result, :math:`-\log(\nu-A(a))` less its mean over the actions.

    Probabilities may be too small for a number: everything is in logarithms, and the unknown is
    :math:`u=\log(\nu-\max_aA(a))`. It lies between :math:`\log\lambda+\log\pi^k(\text{best})` and
    :math:`\log\lambda`, and :math:`\log\sum_a\pi(a)` falls in it: Newton's method, and a bisection
    where a step would leave the bracket.

    Raises:
        ValueError: ``log_pi`` or ``A`` is not finite or no table, their shapes differ, or ``lam``
            is not a positive number.

    Example:
        >>> d = penalised_tilt(np.log([[0.5, 0.5]]), np.array([[-1.0, 1.0]]), lam=1.0)
        >>> softmax_policy(d).round(3)
        array([[0.191, 0.809]])
    """
    log_pi = checks.finite("log_pi", log_pi, (None, None))
    A = checks.finite("A", A, log_pi.shape)
    checks.positive("lam", lam)
    with np.errstate(divide="ignore"):  # the logarithm of 0 is the gap of the best action
        log_gap = np.log(A.max(axis=1, keepdims=True) - A)
    log_weight = np.log(lam) + log_pi
    best = np.where(np.isneginf(log_gap), log_weight, -np.inf)
    low, high = _logsumexp(best), _logsumexp(log_weight)
    round_off = 4 * np.finfo(float).eps * (1 + abs(log_weight).max(axis=1, keepdims=True))
    # A strong penalty has nu = lam + the mean advantage, up to second order.
    strong = 1 - np.exp(np.minimum(log_pi + log_gap - np.log(lam), 1.0)).sum(axis=1, keepdims=True)
    u = np.maximum(low, np.log(lam) + np.log(np.maximum(strong, TINY)))
    for _ in range(TILT_STEPS):
        log_nu = np.logaddexp(u, log_gap)  # log(nu - A)
        log_p = log_weight - log_nu
        total = _logsumexp(log_p)
        if np.all(abs(total) <= round_off):
            break
        low, high = np.where(total > 0, u, low), np.where(total > 0, high, u)
        slope = np.exp(log_p - total + u - log_nu).sum(axis=1, keepdims=True)
        step = u + total / np.maximum(slope, TINY)
        u = np.where((step >= low) & (step <= high), step, (low + high) / 2)
    d = -np.logaddexp(u, log_gap)
    return d - d.mean(axis=1, keepdims=True)


TILT_STEPS = 100  # of Newton's method: a bisection of [-1400, 0] down to round-off takes 60
CACHED = 2**16  # steps whose indices and weights stay in the cache
TINY = 1e-300  # where the sum does not react to u, bisect


def weighted_counts(
    s: np.ndarray, a: np.ndarray, weights: np.ndarray, S: int, A: int
) -> np.ndarray:
    """Add up the weights of each pair (s, a): shape ``(S, A)``.

    Statement: `tabular_softmax`. The arrays are met in parts that stay in the cache, in the order
    in which memory holds them.

    Raises:
        ValueError: a state or an action out of range, shapes that differ, weights that are not
            finite.

    Example:
        >>> weighted_counts([0, 1, 1], [1, 0, 0], [0.5, 1.0, 2.0], S=2, A=2)
        array([[0. , 0.5],
               [3. , 0. ]])
    """
    s = checks.array("s", s)
    if s.dtype.kind not in "iu":
        checks.indices("s", s, S)  # says what it holds; where each part is met, so is its range
    a = checks.shaped("a", a, s.shape)
    weights = checks.shaped("weights", weights, s.shape)
    if np.iscomplexobj(weights):
        real, imag = (weighted_counts(s, a, w, S, A) for w in (weights.real, weights.imag))
        return real + 1j * imag
    if s.size <= CACHED:
        pair = checks.indices("s", s, S).astype(np.intp) * A + checks.indices("a", a, A)
        counts = np.bincount(pair.ravel(), weights.ravel(), S * A)
        return checks.finite("weights", counts).reshape(S, A)
    total = np.zeros(S * A)
    parts = np.nditer(
        [s, a, weights], ["external_loop", "buffered", "zerosize_ok"], buffersize=CACHED
    )
    for s_part, a_part, w_part in parts:
        pair = checks.indices("s", s_part, S).astype(np.intp) * A
        pair += checks.indices("a", a_part, A)
        total += np.bincount(pair, w_part, S * A)
    return checks.finite("weights", total).reshape(S, A)


def _logsumexp(x: np.ndarray) -> np.ndarray:
    largest = x.max(axis=1, keepdims=True)
    return largest + np.log(np.exp(x - largest).sum(axis=1, keepdims=True))


def _quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``x / y``, and 0 where ``y`` is 0."""
    return np.divide(x, y, out=np.zeros_like(y), where=y > 0)


def _centred(x: np.ndarray, where: np.ndarray) -> np.ndarray:
    """``x`` less the mean of each row over the entries ``where``, 0 at the others."""
    count = np.maximum(where.sum(axis=1, keepdims=True), 1)
    mean = np.where(where, x, 0.0).sum(axis=1, keepdims=True) / count
    return np.where(where, x - mean, 0.0)


def _damped_solution(n: np.ndarray, pi: np.ndarray, damping: float, g: np.ndarray) -> np.ndarray:
    r"""Solve :math:`(n\,\mathrm{diag}\,\pi+\epsilon I-n\pi\pi^\top)x=g` in each state (Sherman and
    Morrison).
    """
    diagonal = n * pi + damping
    x, y = g / diagonal, pi / diagonal
    along_pi = (pi * x).sum(axis=1, keepdims=True)
    rest = damping * y.sum(axis=1, keepdims=True)  # 1 - n pi.y, without cancellation
    return x + n * along_pi / rest * y
