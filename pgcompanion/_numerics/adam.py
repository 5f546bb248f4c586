r"""Adam: an adaptive step for each coordinate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from pgcompanion import checks


class Adam:
    r"""Adam: each coordinate's step is scaled by its own recent gradients.

    Statement: `adam`. With :math:`m_0=v_0=0`, at the :math:`t`-th call
    :math:`m_t=\beta_1m_{t-1}+(1-\beta_1)g`, :math:`v_t=\beta_2v_{t-1}+(1-\beta_2)g^2` and the step
    :math:`\eta\,\hat m/(\sqrt{\hat v}+\epsilon)` with :math:`\hat m=m_t/(1-\beta_1^t)`,
    :math:`\hat v=v_t/(1-\beta_2^t)`. The step is to be **added**: this is ascent.

    ``dtype`` is the precision in which it computes. ``m`` and ``v`` hold the moments without their
    factors :math:`1-\beta`.

    Source: Kingma and Ba 2015, algorithm 1.

    Example:
        >>> adam = Adam(p=2, eta=0.1)
        >>> adam.step(np.array([5.0, -0.01])).round(4)
        array([ 0.1, -0.1])
    """

    FLUSH = 100

    def __init__(
        self,
        p: int,
        eta: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        dtype: DTypeLike = float,
    ) -> None:
        checks.positive("eta", eta)
        checks.fraction("beta1", beta1)
        checks.fraction("beta2", beta2)
        checks.positive("eps", eps)
        self.eta, self.beta1, self.beta2, self.eps = eta, beta1, beta2, eps
        self.p, self.t = checks.positive_integer("p", p), 0
        self.m, self.v, self._work = np.zeros((3, self.p), checks.precision("dtype", dtype))

    def step(self, g: np.ndarray) -> np.ndarray:
        r"""The step for the gradient ``g (p,)``, a new array of that shape.

        The factors :math:`1-\beta` and the corrections of the bias are numbers, and all of them wait for
        the end: with :math:`m_t=(1-\beta_1)M_t`, :math:`v_t=(1-\beta_2)V_t` and
        :math:`c^2=(1-\beta_2^t)/(1-\beta_2)` the step is
        :math:`\eta\,c\,\frac{1-\beta_1}{1-\beta_1^t}\,M_t/(\sqrt{V_t}+c\,\epsilon)`.

        Raises:
            ValueError: ``g`` has another shape. A gradient that is not finite passes: the next batch
                refuses the parameters that it makes.
        """
        g = checks.shaped("g", g, (self.p,))
        self.t += 1
        m, v, work = self.m, self.v, self._work
        m *= self.beta1
        m += g
        v *= self.beta2
        v += np.multiply(g, g, out=work)
        if self.t % self.FLUSH == 0:
            self._drop_denormals()
        c = math.sqrt((1 - self.beta2**self.t) / (1 - self.beta2))
        np.sqrt(v, out=work)
        work += c * self.eps
        step = m / work
        step *= self.eta * c * (1 - self.beta1) / (1 - self.beta1**self.t)
        return step

    def _drop_denormals(self) -> None:
        """Where gradients stay 0 the moments decay into denormal numbers, which are slow to add."""
        for x in (self.m, self.v):
            x[np.abs(x) < np.finfo(x.dtype).tiny ** 0.75] = 0.0
