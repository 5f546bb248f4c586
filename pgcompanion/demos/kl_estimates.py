"""A policy and its reference on a simplex: three estimates, three losses, two divergences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import language, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.draws import uniform
from pgcompanion.demos.engine.marks import key, say
from pgcompanion.policies.softmax import log_softmax

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Logits of the reference; in the page it may be anywhere, and is then three probabilities.
REFERENCES = {
    "even": (0.0, 0.0, 0.0),
    "mostly a": (2.0, 0.0, 0.0),
    "hardly c": (1.0, 1.0, -2.0),
}
Reference = str | tuple[float, ...]
MOST, STREAM = 200, 22
MOVES = (-3.0, -1.0, 0.0, 1.0, 3.0)
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])

controls = {
    "za": Control("logit of a", MOVES, default=1.0),
    "zb": Control("logit of b", MOVES, default=-1.0),
    "reference": Control("reference", tuple(REFERENCES), default="hardly c"),
    "n": Control("samples n", (2, MOST), default=2, time=True),
}

SIMPLEX = Panel("Steps downhill", "", (-0.45, 1.45), (-0.08, 1.0), numbers="", lines=2)
VALUES = Panel("Values in nats", "", (-0.6, 4.6), (0, 2.6), yticks=(0.0, 1.0, 2.0))
NAMES = ("KL", "k₁", "k₂", "k₃", "other")


def numbers(za: float, zb: float, reference: Reference, n: int) -> dict[str, np.ndarray]:
    r"""The picture as arrays, over the three tokens a, b, c.

    Statement: `kl_samples`, `kl_loss_gradient`. ``pi`` and ``ref``; ``values``: KL(π‖ref), the means of
    the three estimates, KL(ref‖π); ``steps (5, 3)``: the changes of π by one step of gradient descent
    in the logits, size 1, to first order: of KL(π‖ref), of the three losses on average, of KL(ref‖π).
    ``drawn``: the tokens of ``n`` samples, ``estimates`` and ``errors`` the means of the three estimates
    over these and their standard errors, ``sampled (3, 3)`` the steps that the three losses then take.
    """
    own = log_softmax(np.array([za, zb, 0.0]))
    ref = _log_reference(reference)
    pi, q = np.exp(own), np.exp(ref)
    scores = np.eye(3) - pi
    estimates = np.array(language.kl_estimates(own, ref))
    losses = np.array([c[:, None] * scores for c in language.kl_loss_coefficients(own, ref)])
    forward = pi @ ((own - ref)[:, None] * scores)
    reverse = -q @ scores
    # A change of the logits moves the probabilities by the derivative of the softmax.
    downhill = -(np.diag(pi) - np.outer(pi, pi))
    drawn = np.searchsorted(pi.cumsum()[:2], uniform(n, STREAM))
    means = np.stack([forward, *(pi @ loss for loss in losses), reverse])
    return {
        "pi": pi,
        "ref": q,
        "values": np.array([pi @ (own - ref), *(estimates @ pi), q @ (ref - own)]),
        "steps": means @ downhill,
        "drawn": drawn,
        "estimates": estimates[:, drawn].mean(axis=1),
        "errors": estimates[:, drawn].std(axis=1, ddof=1) / np.sqrt(n),
        "sampled": losses[:, drawn].mean(axis=1) @ downhill,
    }


def _log_reference(reference: Reference) -> np.ndarray:
    if isinstance(reference, str):
        return np.asarray(log_softmax(np.array(REFERENCES[reference])))
    return np.log(reference)


def constants() -> dict[str, Any]:
    """The references' logits, the most samples, and the luck."""
    return {"references": REFERENCES, "most": MOST, "stream": STREAM}


def frame(za: float, zb: float, reference: Reference, n: int) -> Figure:
    """The simplex with the steps of the two divergences and of the three losses, beside the values.

    Statement: `kl_loss_gradient`.
    """
    x = numbers(za, zb, reference, n)
    with style.within():
        fig, axes = panels(((SIMPLEX,), (VALUES,)), height=5.4, heights=(2.4, 1))
        _simplex(axes[0], x)
        colours = (style.SKY, style.MUTED, style.BLUE, style.VERMILLION, style.ORANGE)
        axes[1].bar(range(5), x["values"], color=colours)
        for i, (name, value) in enumerate(zip(NAMES, x["values"], strict=True)):
            at = min(float(value), 2.4) + 0.05
            axes[1].text(i, at, f"{value:.2f}", ha="center", size=style.FONT - 1)
            say(axes[1], (i + 0.6) / 5.2, -0.3, name, ha="center")
    return fig


def _simplex(ax: Axes, x: dict[str, np.ndarray]) -> None:
    edge = CORNERS[[0, 1, 2, 0]]
    ax.plot(*edge.T, color=style.MUTED, lw=1)
    for name, corner, ha in zip("abc", CORNERS, ("right", "left", "center"), strict=True):
        up = 0.05 if name == "c" else -0.03
        ax.text(corner[0], corner[1] + up, f" {name} ", ha=ha, va="center", size=style.FONT)
    at = x["pi"] @ CORNERS
    ax.plot(*(x["ref"] @ CORNERS), "s", color=style.INK, ms=7, mec=style.PAPER)
    looks = (
        (x["steps"][0], style.SKY, 7, "downhill KL"),
        (x["steps"][4], style.ORANGE, 7, "other KL"),
        (x["sampled"][1], style.BLUE, 2, "loss k₂"),
        (x["sampled"][2], style.VERMILLION, 2, "loss k₃"),
    )
    for place, (step, colour, lw, name) in enumerate(looks):
        end = at + 2 * (step @ CORNERS)
        ax.plot(*np.stack([at, end]).T, color=colour, lw=lw, solid_capstyle="round")
        key(ax, 0.02 + 0.5 * (place // 2), name, colour, line=place % 2, marker="o", ms=6)
    ax.plot(*at, "o", color=style.INK, ms=8, mec=style.PAPER)


def describe(za: float, zb: float, reference: Reference, n: int) -> str:
    """The policy, both divergences, the estimates, and the cosines of the losses with the two ways down.

    Statement: `kl_samples`, `kl_loss_gradient`.

    >>> print(describe(za=0.0, zb=0.0, reference="even", n=2))
    The policy (dot) gives a, b, c the probabilities 0.33, 0.33, 0.33, the reference (square, even)
    0.33, 0.33, 0.33. KL to the reference 0.000, the other KL 0.000; the estimates have the means 0.000,
    0.000, 0.000, and over 2 samples 0.000, 0.000, 0.000. Policy and reference agree: no loss pulls,
    except that samples of k₁ do.
    """
    x = numbers(za, zb, reference, n)

    def listed(values: np.ndarray, digits: int) -> str:
        return ", ".join(text(round(float(v), digits) + 0.0, f".{digits}f") for v in values)

    name = reference if isinstance(reference, str) else "your own"
    start = (
        f"The policy (dot) gives a, b, c the probabilities {listed(x['pi'], 2)}, the reference "
        f"(square, {name}) {listed(x['ref'], 2)}. KL to the reference {abs(x['values'][0]):.3f}, the "
        f"other KL {abs(x['values'][4]):.3f}; the estimates have the means {listed(x['values'][1:4], 3)}, "
        f"and over {n} samples {listed(x['estimates'], 3)}."
    )
    lengths = np.linalg.norm(x["steps"], axis=1)
    if lengths[0] < 1e-12:
        return f"{start} Policy and reference agree: no loss pulls, except that samples of k₁ do."
    cosine = x["steps"][3] @ x["steps"][0] / (lengths[3] * lengths[0])
    return (
        f"{start} As losses k₁ does nothing on average, k₂ takes the step down the KL, k₃ that down the "
        f"other one, at a cosine of {text(round(float(cosine), 3), '.3f')} with the first."
    )
