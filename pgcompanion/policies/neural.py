r"""A tanh network with one flat parameter vector, its derivatives, and the softmax policy on top of it.

Columns are examples: a layer maps ``(n_in + 1, B)`` to ``(n_out, B)``. The last row of every input
is 1, so that a layer is one matrix :math:`[W\mid b]` and its bias costs no step of its own; and a
softmax over a few actions runs along whole rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.base import Pull, Room, cast, precision
from pgcompanion.policies.softmax import Softmax
from pgcompanion.policies.state_function import StateFunction

# A block of so many rows keeps its activations in the cache; shorter ones pay more for each call.
BLOCK = 512


class MLP(StateFunction):
    r"""A network :math:`f_\theta(x)=W_Lh_L+b_L`, :math:`h_{l+1}=\tanh(W_lh_l+b_l)`, :math:`h_0=x`.

    Statement: `neural_softmax`. ``theta`` holds the matrices :math:`[W_l\mid b_l]`, shapes
    :math:`(n_{l+1},\,n_l+1)`, in row order one after the other. ``inputs`` is as in `StateFunction`,
    ``m`` the number of outputs, ``hidden`` the widths between them. The network computes in the
    precision of ``theta``, or in that of a `room`.

    Raises:
        ValueError: a width that is not a positive integer.

    Example:
        >>> net = MLP(inputs=1, m=1, hidden=(1,))
        >>> theta = np.array([1.0, 0.5, 2.0, -1.0])                # 2 tanh(x + 0.5) - 1
        >>> net.value(theta, np.array([[-0.5], [0.5]])).round(4)
        array([[-1.    ],
               [ 0.5232]])
    """

    def __init__(self, inputs: int | np.ndarray, m: int, hidden: Sequence[int] = (64, 64)) -> None:
        super().__init__(inputs, m)
        self.hidden = _widths(hidden)
        self.sizes = (self.d, *self.hidden, self.m)
        shapes = [(n_out, n_in + 1) for n_in, n_out in pairwise(self.sizes)]
        ends = np.cumsum([0] + [rows * columns for rows, columns in shapes]).tolist()
        self._parts = [(slice(*ends), n) for ends, n in zip(pairwise(ends), shapes, strict=True)]
        self.p = ends[-1]

    def layers(self, theta: np.ndarray) -> list[np.ndarray]:
        r"""The matrices :math:`[W_l\mid b_l]`: views of ``theta``, so that writing to one writes
        to it.
        """
        return self._layers(checks.shaped("theta", theta, (self.p,)))

    def init(self, rng: np.random.Generator, gain: float = 0.01) -> np.ndarray:
        r"""Orthogonal weights times :math:`\sqrt2`, times ``gain`` in the last layer; biases 0.

        A small last gain starts a policy near the uniform one, or near mean action 0.
        Sources: Saxe, McClelland and Ganguli (2014) for orthogonal weights; Huang et al. (2022),
        "The 37 implementation details of proximal policy optimization", detail 2, for the gains.
        """
        theta = np.zeros(self.p)
        checks.number("gain", gain)
        *hidden, last = self._layers(theta)
        for layer in hidden:
            layer[:, :-1] = np.sqrt(2.0) * _orthogonal(len(layer), layer.shape[1] - 1, rng)
        last[:, :-1] = gain * _orthogonal(len(last), last.shape[1] - 1, rng)
        return theta

    def room(self, n: int, dtype: np.dtype | type = np.float32) -> Room:
        """Arrays for passes over up to ``n`` examples: what each layer takes, and the output."""
        return Room([*(width + 1 for width in self.sizes[:-1]), self.m], n, dtype)

    def forward(self, theta: np.ndarray, x: np.ndarray, room: Room) -> list[np.ndarray]:
        """What each layer takes, and the output ``(m, B)`` at the end, for the rows ``x (B, d)``.

        `backward` takes it back. It lies in the ``room``, which is in the precision of ``theta``,
        and is lost in the next pass of as many rows. Shapes are checked, entries are not: this is
        the inner loop, and its caller has seen them.
        """
        if np.shape(theta) != (self.p,) or np.shape(x)[1:] != (self.d,):
            checks.theta(theta, self.p)
            checks.finite("x", x, (None, self.d))
        return self._forward(theta, x, checks.room(room))

    def _forward(self, theta: np.ndarray, x: np.ndarray, room: Room) -> list[np.ndarray]:
        trace = room.arrays(len(x))
        trace[0][:-1] = x.T
        *hidden, last = self._layers(theta)
        for layer, h, h_next in zip(hidden, trace, trace[1:], strict=False):
            z = layer.dot(h, out=h_next[:-1])
            np.tanh(z, out=z)
        last.dot(trace[-2], out=trace[-1])
        return trace

    def backward(self, theta: np.ndarray, trace: list[np.ndarray], w: np.ndarray) -> np.ndarray:
        r"""The gradient :math:`\sum_b\sum_jw_{jb}\nabla f_{\theta,j}(x_b)`, shape ``(p,)``.

        ``trace`` comes from `forward`; ``w (m, B)`` is the derivative of a loss in the outputs, in
        the precision of the trace or complex. As in `forward`, shapes alone are checked.
        """
        if np.shape(theta) != (self.p,) or np.shape(w)[:-1] != (self.m,):
            checks.theta(theta, self.p)
            checks.finite("w", w, (self.m, None))
        gradient = np.empty(self.p, np.result_type(theta, w))
        layers = self._layers(gradient)
        for k, delta in self._deltas(theta, trace, w):
            delta.dot(trace[k].T, out=layers[k])
        return gradient

    def value(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        theta, (x, spread, _) = checks.theta(theta, self.p), self.rows(s)
        y = np.empty((self.m, len(x)), precision(theta))
        for i, trace in self._passes(theta, x):
            y[:, i] = trace[-1]
        # Its columns stay contiguous: a softmax over a few of them takes a tenth of the time.
        return spread(y.T)

    def jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        theta, (x, spread, _) = checks.theta(theta, self.p), self.rows(s)
        v = cast(theta, checks.theta(v, self.p, "v"))
        dy = np.empty((self.m, len(x)), precision(theta, v))
        for i, trace in self._passes(theta, x):
            dy[:, i] = self._along(theta, trace, v)
        return spread(dy.T)

    def vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        if room is not None:
            return self._vjp_in(room, theta, s)
        theta, (x, _, collect) = checks.theta(theta, self.p), self.rows(s)

        def pull(w: np.ndarray) -> np.ndarray:
            rows = cast(theta, collect(np.asarray(w)))
            total = np.zeros(self.p, precision(theta, rows))
            for i, trace in self._passes(theta, x):
                total += self.backward(theta, trace, rows[i].T)
            return total

        return self.value(theta, s), pull

    def vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        theta, x = checks.theta(theta, self.p), self.vectors(s)
        w = cast(theta, checks.finite("w", w, (*x.shape[:-1], self.m)))
        rows, x = w.reshape(-1, self.m), x.reshape(-1, self.d)
        each = np.empty((len(x), self.p), precision(theta, w))
        trace = self._forward(theta, x, self.room(max(1, len(x)), precision(theta)))
        for k, delta in self._deltas(theta, trace, rows.T):
            terms = delta.T[:, :, None] * trace[k].T[:, None, :]
            each[:, self._parts[k][0]] = terms.reshape(len(x), -1)
        return each.reshape(*w.shape[:-1], self.p)

    def _layers(self, theta: np.ndarray) -> list[np.ndarray]:
        return [theta[i].reshape(n) for i, n in self._parts]

    def _forward_in(self, room: Room, theta: np.ndarray, s: np.ndarray) -> list[np.ndarray]:
        """`forward` for the states ``s (..., d)``, or indices, in a `room` and in its precision."""
        theta = np.asarray(theta, checks.room(room).dtype)
        x = np.asarray(s) if self.features is None else self.features[s]
        if theta.shape != (self.p,) or x.shape[-1:] != (self.d,):
            checks.theta(theta, self.p)
            self.vectors(s)
        return self._forward(theta, x.reshape(-1, self.d), room)

    def _vjp_in(self, room: Room, theta: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, Pull]:
        """One pass for the value and its transpose, in the precision of the ``room``."""
        theta = np.asarray(theta, checks.room(room).dtype)
        trace = self._forward_in(room, theta, s)

        def pull(w: np.ndarray) -> np.ndarray:
            return self.backward(theta, trace, np.asarray(w.reshape(-1, self.m).T, room.dtype))

        return trace[-1].T.reshape(*self.batch(s), self.m), pull

    def _along(self, theta: np.ndarray, trace: list[np.ndarray], v: np.ndarray) -> np.ndarray:
        """The derivative of the outputs along ``v (p,)``, shape ``(m, B)``: forward mode."""
        dz = np.zeros(0)
        for k, (layer, d_layer) in enumerate(
            zip(self._layers(theta), self._layers(v), strict=True)
        ):
            carried = layer[:, :-1] @ (dz * _slope(trace[k][:-1])) if k else 0.0
            dz = d_layer @ trace[k] + carried
        return dz

    def _passes(self, theta: np.ndarray, x: np.ndarray) -> Iterator[tuple[slice, list[np.ndarray]]]:
        """`forward` in blocks of the rows ``x``: which rows, and their pass until the next."""
        x = cast(theta, x)
        room = self.room(max(1, min(BLOCK, len(x))), precision(theta))
        for start in range(0, len(x), BLOCK):
            i = slice(start, start + BLOCK)
            yield i, self._forward(theta, x[i], room)

    def _deltas(
        self, theta: np.ndarray, trace: list[np.ndarray], w: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Backpropagation: the derivative in the pre-activations of each layer, last first."""
        layers, delta = self._layers(theta), w
        for k in reversed(range(len(layers))):
            yield k, delta
            if k:
                W = layers[k][:, :-1]
                # An inner dimension of 1 does not reach the BLAS: five times slower than `*`.
                delta = W.T * delta if len(W) == 1 else W.T @ delta
                delta *= _slope(trace[k][:-1])

    def __repr__(self) -> str:
        return f"MLP(inputs={self._inputs()}, m={self.m}, hidden={self.hidden})"


def _slope(h: np.ndarray) -> np.ndarray:
    r""":math:`\tanh'(z)=1-h^2` where :math:`h=\tanh z`."""
    slope = np.square(h)
    return np.subtract(1, slope, out=slope)


def _widths(hidden: Sequence[int]) -> tuple[int, ...]:
    if not np.iterable(hidden):
        raise ValueError(f"hidden must be a sequence of positive integers, but it is {hidden!r}.")
    return tuple(checks.positive_integer("each width in hidden", n) for n in hidden)


def _orthogonal(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """A matrix with orthonormal rows or columns, whichever are fewer, uniformly distributed."""
    shape = max(rows, columns), min(rows, columns)
    q, r = np.linalg.qr(checks.generator(rng).standard_normal(shape))
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T


class NeuralSoftmax(Softmax):
    r"""Logits from a tanh network with one output for each action.

    Statement: `neural_softmax`. :math:`\pi_\theta(a\mid s)\propto e^{f_\theta(s,a)}` with score
    :math:`\nabla f_\theta(s,a)-\mathbb E_{a'\sim\pi_\theta(\cdot\mid s)}\nabla f_\theta(s,a')`, by
    backpropagation. ``inputs`` is the number ``d`` of entries of an observation, or an array
    ``(S, d)`` of features of the states of a finite MDP, which are then given as indices.

    Raises:
        ValueError: ``inputs``, ``A`` or ``hidden`` of a wrong kind; otherwise as `Softmax`.

    Example:
        >>> policy = NeuralSoftmax(inputs=4, A=2, hidden=(64, 64))
        >>> theta = policy.init(np.random.default_rng(0))
        >>> policy.p, policy.probs(theta, np.zeros((3, 4)))[0]
        (4610, array([0.5, 0.5]))
    """

    def __init__(self, inputs: int | np.ndarray, A: int, hidden: Sequence[int] = (64, 64)) -> None:
        self.A = checks.positive_integer("A", A)
        self.network = MLP(inputs, self.A, hidden)
        self.p, self.S, self.d = self.network.p, self.network.S, self.network.d

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """Orthogonal weights, as `MLP.init`: the policy starts close to the uniform one."""
        return self.network.init(rng)

    def room(self, n: int) -> Room:
        """Arrays in single precision for passes over up to ``n`` states, as `MLP.room`."""
        return self.network.room(n)

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return self.network.value(theta, s)

    def logits_jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self.network.jvp(theta, s, v)

    def logits_vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        return self.network.vjp(theta, s, room)

    def logits_vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        return self.network.vjp_each(theta, s, w)

    def sample(
        self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator, room: Room | None = None
    ) -> np.ndarray:
        r"""Actions :math:`a\sim\pi_\theta(\cdot\mid s)`, shape ``(...)``.

        Statement: `neural_softmax`. With a ``room`` by an exponential race: with independent
        exponential times :math:`E_a`, the action :math:`\arg\min_aE_ae^{-f_\theta(s,a)}` has the
        distribution :math:`\pi_\theta(\cdot\mid s)`, and no probability is computed.
        """
        if room is None:
            return super().sample(theta, s, rng)
        f = self.network._forward_in(room, theta, s)[-1]
        times = np.log(checks.generator(rng).standard_exponential(f.shape))
        return (f - times).argmax(axis=0).reshape(self.network.batch(s))

    def __repr__(self) -> str:
        net = self.network
        return f"NeuralSoftmax(inputs={net._inputs()}, A={self.A}, hidden={net.hidden})"
