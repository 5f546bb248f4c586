"""Exercise: the step of TRPO, with its line search."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
TRPO takes the natural gradient step $d = \sqrt{2 \delta / (g^\top F^{-1} g)} \, F^{-1} g$ and does not
trust it: the divergence is quadratic only nearby. It tries $\theta + d$, then $\theta + \frac12 d$,
$\theta + \frac14 d$ and so on, ten tries in all, and goes to the first where the true divergence is at
most $\delta$ **and** the surrogate is greater than at $\theta$. If there is none, it stays.

Write `trpo_step(g, fvp, surrogate, kl, theta, delta)`: the gradient `g` of shape `(p,)`, three functions,
and the parameters `theta` of shape `(p,)`. `fvp(v)` returns $F v$ (solve with conjugate gradients, $p$
iterations; or with a matrix of $p$ products), `surrogate(theta)` and `kl(theta)` return one number each;
`kl` is 0 at the old parameters. Return the new parameters, of shape `(p,)`.
"""

Vector = Callable[[np.ndarray], np.ndarray]
Number = Callable[[np.ndarray], float]


def trpo_step(
    g: np.ndarray, fvp: Vector, surrogate: Number, kl: Number, theta: np.ndarray, delta: float
) -> np.ndarray:
    """The parameters after one trust region step with a line search.

    g: (p,); theta: (p,); delta: the radius. Returns (p,).
    """
    F = np.array([fvp(e) for e in np.eye(len(g))])
    x = np.linalg.solve(F, g)
    step = np.sqrt(2 * delta / (g @ x)) * x
    for _ in range(10):
        new = theta + step
        if kl(new) <= delta and surrogate(new) > surrogate(theta):
            return new
        step = step / 2
    return theta


class Product:
    """`v -> F v`."""

    def __init__(self, F: np.ndarray) -> None:
        self.F = F

    def __repr__(self) -> str:
        return f"the product with F = {self.F.tolist()}"

    def __call__(self, v: np.ndarray) -> np.ndarray:
        return np.asarray(self.F @ np.asarray(v, dtype=float))


class Surrogate:
    """`x -> start + g . (x - theta) - bend ||x - theta||^2`."""

    def __init__(self, g: np.ndarray, theta: np.ndarray, bend: float, start: float) -> None:
        self.g, self.theta, self.bend, self.start = g, theta, bend, start

    def __repr__(self) -> str:
        return f"x -> {self.start:g} + g . (x - theta) - {self.bend:g} ||x - theta||^2"

    def __call__(self, x: np.ndarray) -> float:
        d = np.asarray(x) - self.theta
        return float(self.start + self.g @ d - self.bend * (d @ d))


class Divergence:
    """`x -> 1/2 d F d (1 + bend ||d||^2)` with `d = x - theta`."""

    def __init__(self, F: np.ndarray, theta: np.ndarray, bend: float) -> None:
        self.F, self.theta, self.bend = F, theta, bend

    def __repr__(self) -> str:
        return f"x -> 1/2 d F d (1 + {self.bend:g} ||d||^2) with d = x - theta"

    def __call__(self, x: np.ndarray) -> float:
        d = np.asarray(x) - self.theta
        return float(d @ self.F @ d / 2 * (1 + self.bend * (d @ d)))


def _case(
    F: np.ndarray, g: np.ndarray, theta: np.ndarray, delta: float, bends: tuple[float, float]
) -> Arguments:
    """Bends that are counted in full steps: the surrogate is back at its start after 1 / bends[0] of
    one, and the divergence of a full step is delta (1 + bends[1])."""
    x = np.linalg.solve(F, g)
    d = np.sqrt(2 * delta / (g @ x)) * x
    surrogate = Surrogate(g, theta, bends[0] * float(g @ d) / float(d @ d), 0.5)
    return g, Product(F), surrogate, Divergence(F, theta, bends[1] / float(d @ d)), theta, delta


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    one = np.array([[4.0]])
    yield _case(one, np.array([8.0]), np.array([1.0]), 0.5, (0.25, -0.1))  # the full step will do
    yield _case(one, np.array([8.0]), np.array([1.0]), 0.5, (0.25, 1.0))  # too far: halved once
    yield _case(one, np.array([8.0]), np.array([1.0]), 0.5, (3.0, -0.1))  # no gain: halved twice
    yield _case(one, np.array([8.0]), np.array([1.0]), 0.5, (5000.0, 1.0))  # nothing will do
    for p, bends in [(2, (0.25, -0.1)), (3, (0.25, 0.4)), (2, (1.5, -0.1)), (3, (5.0, 3.5))]:
        root = np.eye(p) + rng.choice([-2.0, -1.0, 1.0, 2.0], (p, p))
        g, theta = rng.integers(1, 5, p) + 0.5, rng.integers(-2, 3, p) / 2
        yield _case(root @ root.T + np.eye(p), g, theta, float(rng.choice([0.02, 0.1, 0.3])), bends)


def _step(g: np.ndarray, fvp: Vector, delta: float, turn: str) -> np.ndarray:
    F = np.array([fvp(e) for e in np.eye(len(g))])
    x = (
        g
        if turn in ("vanilla", "euclidean")
        else F @ g
        if turn == "fisher"
        else np.linalg.solve(F, g)
    )
    square = {"euclidean": g @ g, "g g": g @ g, "x x": x @ x}.get(turn, x @ F @ x)
    factor = {"no two": 1.0, "half": 0.5}.get(turn, 2.0)
    size = factor * delta / square
    return np.asarray((size if turn == "no root" else np.sqrt(size)) * x)


def _searched(turn: str = "", tries: int = 10, shrink: float = 0.5) -> Callable[..., np.ndarray]:
    def wrong(
        g: np.ndarray, fvp: Vector, surrogate: Number, kl: Number, theta: np.ndarray, delta: float
    ) -> np.ndarray:
        step = _step(g, fvp, delta, turn) * (-1 if turn == "minus" else 1)
        radius = {"loose": 1.5 * delta, "strict": delta / 2}.get(turn, delta)
        old = 0.0 if turn == "zero" else surrogate(theta)
        for _ in range(tries):
            new = theta + step
            near, better = kl(new) <= radius, surrogate(new) > old
            near, better = near or turn == "surrogate only", better or turn == "kl only"
            better = surrogate(new) < old if turn == "worse" else better
            if (near or better) if turn == "either" else (near and better):
                return np.asarray(step if turn == "step" else new)
            step = step * shrink
        taken = {"last": step / shrink, "last halved": step}.get(turn, 0 * step)
        return np.asarray(taken if turn == "step" else theta + taken)

    return wrong


T = "trpo_implement"
MISTAKES = (
    Mistake(
        "no_line_search",
        lambda g, fvp, surrogate, kl, theta, delta: theta + _step(g, fvp, delta, ""),
        "You took the full step without trying it. The divergence is quadratic only nearby: check the true "
        "one, and whether the surrogate grew, and halve the step until both hold.",
        T,
    ),
    Mistake(
        "only_the_divergence_checked",
        _searched("kl only"),
        "You checked the divergence alone. A step inside the trust region may still lower the surrogate: "
        "both have to hold.",
        T,
    ),
    Mistake(
        "only_the_surrogate_checked",
        _searched("surrogate only"),
        "You checked the surrogate alone. A step that gains may still leave the trust region: both have to "
        "hold.",
        T,
    ),
    Mistake(
        "one_of_the_two_is_enough",
        _searched("either"),
        "You accept a step if one of the two conditions holds. Both have to: `and`, not `or`.",
        T,
    ),
    Mistake(
        "compared_with_zero",
        _searched("zero"),
        "You asked whether the surrogate is positive. It has to be greater than at the old parameters, "
        "`surrogate(theta)`, which here is not 0.",
        T,
    ),
    Mistake(
        "last_try_taken",
        _searched("last"),
        "Where no try will do you take the last one. Then the parameters stay as they are.",
        T,
    ),
    Mistake(
        "no_two",
        _searched("no two"),
        "The factor 2 is missing under the root: the quadratic model of the divergence is 1/2 d F d.",
        "npg_optimization",
    ),
    Mistake(
        "no_root",
        _searched("no root"),
        "The square root is missing from the step size: the divergence grows with the square of the step.",
        "npg_optimization",
    ),
    Mistake(
        "vanilla_direction",
        _searched("vanilla"),
        "You went along the plain gradient, scaled to the right divergence. The direction is F^-1 g.",
        "npg_optimization",
    ),
    Mistake(
        "euclidean_gradient",
        _searched("euclidean"),
        "You went along the plain gradient, with a length measured in parameters. Direction and length "
        "both need F: F^-1 g, and d F d = 2 delta.",
        "npg_optimization",
    ),
    Mistake(
        "multiplied_by_fisher",
        _searched("fisher"),
        "You multiplied by F where its inverse belongs: solve F x = g.",
        "npg_optimization",
    ),
    Mistake(
        "loose_radius",
        _searched("loose"),
        "You accept divergences up to 1.5 delta. Some implementations do; here the bound is delta.",
        T,
    ),
    Mistake(
        "shrunk_otherwise",
        _searched("", 10, 0.8),
        "You shrank the step by 0.8. Asked for are halves.",
        T,
    ),
    Mistake(
        "one_halving",
        _searched("", 2),
        "You tried twice only. Ten tries are allowed.",
        T,
    ),
    Mistake(
        "never_moves",
        lambda g, fvp, surrogate, kl, theta, delta: theta.copy(),
        "You returned the old parameters in every case. Is a condition reversed, does the step go downhill, "
        "or does a `return` stand inside the loop?",
        T,
    ),
    Mistake(
        "full_step_or_none",
        _searched("", 1),
        "You tried the full step alone. If it will not do, a half or a quarter of it may.",
        T,
    ),
    Mistake(
        "step_returned",
        _searched("step"),
        "You returned the step. The new parameters are asked for: theta plus the step.",
        "trpo_implement",
    ),
    Mistake(
        "last_try_halved_and_taken",
        _searched("last halved"),
        "Where no try will do you take one more half of the last step. Then the parameters stay as they are.",
        "trpo_implement",
    ),
    Mistake(
        "two_below",
        _searched("half"),
        "The 2 stands on the wrong side of the quotient: it is 2 delta over g F^-1 g.",
        "npg_optimization",
    ),
    Mistake(
        "gradient_norm_in_the_root",
        _searched("g g"),
        "Under the root stands g g, the plain length of the gradient. It is g F^-1 g.",
        "npg_optimization",
    ),
    Mistake(
        "direction_norm_in_the_root",
        _searched("x x"),
        "You measured the direction in parameters. Under the root stands x F x, which is g F^-1 g.",
        "npg_optimization",
    ),
    Mistake(
        "smaller_surrogate_wanted",
        _searched("worse"),
        "You accept steps that lower the surrogate. It is to grow.",
        "trpo_implement",
    ),
    Mistake(
        "gradient_ascent",
        lambda g, fvp, surrogate, kl, theta, delta: theta + delta * g,
        "You made a plain gradient step of size delta. delta bounds a divergence: the direction is F^-1 g, and a line search follows.",
        "trpo_implement",
    ),
)

exercise = Exercise(
    title="The step of TRPO",
    label=T,
    statement=STATEMENT.strip(),
    solution=trpo_step,
    hints=(
        "Two parts that know nothing of each other: the step of the natural gradient, and a search along "
        "it. What is to happen when all tries fail?",
        "The matrix F is `np.array([fvp(e) for e in np.eye(p)])`. Then x = F^-1 g and the step is "
        "sqrt(2 delta / (g @ x)) x.",
        "In a loop of ten: `new = theta + step`; if `kl(new) <= delta and surrogate(new) > "
        "surrogate(theta)`, return it; otherwise `step = step / 2`. After the loop return theta.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
