r"""A tanh network with one flat parameter vector, and its derivatives in plain matrix products.

Columns are examples: a layer maps ``(n_in + 1, B)`` to ``(n_out, B)``. The last row of every input
is 1, so that a layer is one matrix :math:`[W\mid b]` and its bias costs no step of its own; and a
softmax over a few actions runs along whole rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.state_function import StateFunction, precision

# A block of so many rows keeps its activations in the cache; shorter ones pay more for each call.
BLOCK = 512


class MLP(StateFunction):
    r"""A network :math:`f_\theta(x)=W_Lh_L+b_L`, :math:`h_{l+1}=\tanh(W_lh_l+b_l)`, :math:`h_0=x`.

    Statement: `neural_softmax`. ``theta`` holds the matrices :math:`[W_l\mid b_l]`, shapes
    ``(n_{l+1}, n_l + 1)``, in row order one after the other. ``inputs`` is as in `StateFunction`,
    ``m`` the number of outputs, ``hidden`` the widths between them. The network computes in the
    precision of ``theta``.

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
        self.sizes = (self.d, *_widths(hidden), self.m)
        shapes = [(n_out, n_in + 1) for n_in, n_out in pairwise(self.sizes)]
        ends = np.cumsum([0] + [rows * columns for rows, columns in shapes]).tolist()
        self._parts = [(slice(*ends), n) for ends, n in zip(pairwise(ends), shapes, strict=True)]
        self.p = ends[-1]

    def layers(self, theta: np.ndarray) -> list[np.ndarray]:
        r"""The matrices :math:`[W_l\mid b_l]`: views of ``theta``, so that writing to one writes to it."""
        return [theta[i].reshape(n) for i, n in self._parts]

    def init(self, rng: np.random.Generator, gain: float = 0.01) -> np.ndarray:
        r"""Orthogonal weights times :math:`\sqrt2`, times ``gain`` in the last layer; biases 0.

        A small last gain starts a policy near the uniform one, or near mean action 0.
        Sources: Saxe, McClelland and Ganguli (2014) for orthogonal weights; Huang et al. (2022),
        "The 37 implementation details of proximal policy optimization", detail 2, for the gains.
        """
        theta = np.zeros(self.p)
        *hidden, last = self.layers(theta)
        for layer in hidden:
            layer[:, :-1] = np.sqrt(2.0) * _orthogonal(len(layer), layer.shape[1] - 1, rng)
        last[:, :-1] = gain * _orthogonal(len(last), last.shape[1] - 1, rng)
        return theta

    def buffers(self, B: int, dtype: np.dtype) -> list[np.ndarray]:
        """Room for a pass over ``B`` examples: what each layer takes, ones in its last row; the output."""
        rows = [n + 1 for n in self.sizes[:-1]] + [self.m]
        return [np.ones((n, B), dtype) for n in rows]

    def forward(
        self, theta: np.ndarray, x: np.ndarray, trace: list[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        """What each layer takes, and the output ``(m, B)`` at the end, for the rows ``x (B, d)``.

        The passes below take it back. ``trace``, from `buffers` or an earlier pass, is written over and
        returned if it has room for as many rows.
        """
        if trace is None or trace[0].shape[1] != len(x):
            trace = self.buffers(len(x), precision(theta))
        trace[0][:-1] = x.T
        *hidden, last = self.layers(theta)
        for layer, h, h_next in zip(hidden, trace, trace[1:], strict=False):
            z = layer.dot(h, out=h_next[:-1])
            np.tanh(z, out=z)
        last.dot(trace[-2], out=trace[-1])
        return trace

    def backward(
        self,
        theta: np.ndarray,
        trace: list[np.ndarray],
        w: np.ndarray,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        r"""The gradient :math:`\sum_b\sum_jw_{jb}\nabla f_{\theta,j}(x_b)`, shape ``(p,)``, into ``out`` if given.

        ``trace`` comes from `forward`; ``w (m, B)`` is the derivative of a loss in the outputs, and ``out``
        is in the precision of both.
        """
        if out is None:
            out = np.empty(self.p, precision(theta, w))
        gradients = self.layers(out)
        for k, delta in self._deltas(theta, trace, w):
            delta.dot(trace[k].T, out=gradients[k])
        return out

    def along(self, theta: np.ndarray, trace: list[np.ndarray], v: np.ndarray) -> np.ndarray:
        """The derivative of the outputs along ``v (p,)``, shape ``(m, B)``: forward mode."""
        dz = np.zeros(0)
        for k, (layer, d_layer) in enumerate(zip(self.layers(theta), self.layers(v), strict=True)):
            carried = layer[:, :-1] @ (dz * _slope(trace[k][:-1])) if k else 0.0
            dz = d_layer @ trace[k] + carried
        return dz

    def apply(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        y = np.empty((self.m, len(x)), precision(theta))
        for i, trace in self.passes(theta, x):
            y[:, i] = trace[-1]
        # Its columns stay contiguous: a softmax over a few of them takes a tenth of the time.
        return y.T

    def tangent(self, theta: np.ndarray, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        dy = np.empty((self.m, len(x)), precision(theta, v))
        for i, trace in self.passes(theta, x):
            dy[:, i] = self.along(theta, trace, v)
        return dy.T

    def cotangent_each(self, theta: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        each = np.empty((len(x), self.p), precision(theta, w))
        trace = self.forward(theta, x)
        for k, delta in self._deltas(theta, trace, w.T):
            terms = delta.T[:, :, None] * trace[k].T[:, None, :]
            each[:, self._parts[k][0]] = terms.reshape(len(x), -1)
        return each

    def cotangent(self, theta: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        total = np.zeros(self.p, precision(theta, w))
        for i, trace in self.passes(theta, x):
            total += self.backward(theta, trace, w[i].T)
        return total

    def passes(self, theta: np.ndarray, x: np.ndarray) -> Iterator[tuple[slice, list[np.ndarray]]]:
        """`forward` in blocks of the rows ``x (B, d)``: which rows, and their pass until the next one."""
        room = self.buffers(min(BLOCK, len(x)), precision(theta))
        for start in range(0, len(x), BLOCK):
            i = slice(start, start + BLOCK)
            yield i, self.forward(theta, x[i], room)

    def _deltas(
        self, theta: np.ndarray, trace: list[np.ndarray], w: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Backpropagation: the derivative in the pre-activations of each layer, the last layer first."""
        layers, delta = self.layers(theta), w
        for k in reversed(range(len(layers))):
            yield k, delta
            if k:
                W = layers[k][:, :-1]
                # An inner dimension of 1 does not reach the BLAS: five times slower than a plain product.
                delta = W.T * delta if len(W) == 1 else W.T @ delta
                delta *= _slope(trace[k][:-1])


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
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.sign(np.diag(r))
    return q if rows >= columns else q.T
