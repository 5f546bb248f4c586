"""Exercise: solve a linear system from products with its matrix."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Conjugate gradients solve $F x = b$ for a symmetric positive definite $F$ that is known only by its
products. From $x = 0$ and $q = r = b$ each iteration goes

$$\begin{gathered}
  \alpha = \frac{r^\top r}{q^\top F q} , \qquad x \leftarrow x + \alpha q , \qquad
  r' = r - \alpha F q , \\
  q \leftarrow r' + \frac{r'^\top r'}{r^\top r} \, q , \qquad r \leftarrow r' .
  \end{gathered}$$

Write `conjugate_gradient(fvp, b, iters, tol)`. The function `fvp(v)` returns $F v$; each call is dear,
and one an iteration is enough. Stop after `iters` iterations, or as soon as $\|r\| \le$ `tol`. Return
$x$, of shape `(p,)`.
"""

Product = Callable[[np.ndarray], np.ndarray]


def conjugate_gradient(fvp: Product, b: np.ndarray, iters: int, tol: float) -> np.ndarray:
    """The iterate of conjugate gradients after some products.

    b: (p,); iters: the most iterations; tol: where to stop. Returns (p,).
    """
    x, r, q = np.zeros_like(b), b.copy(), b.copy()
    for _ in range(iters):
        if np.sqrt(r @ r) <= tol:
            break
        Fq = fvp(q)
        alpha = r @ r / (q @ Fq)
        x = x + alpha * q
        r_new = r - alpha * Fq
        q = r_new + (r_new @ r_new) / (r @ r) * q
        r = r_new
    return x


class TooManyProductsError(Exception):
    """What `fvp` raises when it has been called too often."""


class Products:
    """`v -> F v`, as often as `most`."""

    def __init__(self, F: np.ndarray, most: int) -> None:
        self.F, self.left, self.most = F, most, most

    def __repr__(self) -> str:
        return f"the product with F = {self.F.tolist()}"

    def __call__(self, v: np.ndarray) -> np.ndarray:
        if self.left == 0:
            raise TooManyProductsError(
                f"fvp was called more than {self.most} times. One product an iteration is enough: "
                "compute F q once and keep it"
            )
        self.left -= 1
        return self.F @ np.asarray(v, dtype=float)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield Products(np.array([[2.0, 0.0], [0.0, 8.0]]), 3), np.array([2.0, 4.0]), 2, 1e-10
    yield Products(np.array([[2.0, 0.0], [0.0, 8.0]]), 2), np.array([2.0, 4.0]), 1, 1e-10
    for p, iters in [(3, 3), (3, 2), (4, 3)]:
        F = _matrix(rng, p)
        yield Products(F, iters + 1), rng.integers(1, 6, p) + 0.5, iters, 1e-10
    # One iteration is enough, and needed: with eigenvalues in [41, 121] it shrinks every residual.
    F, b = 40 * np.eye(3) + _matrix(rng, 3), rng.integers(1, 6, 3) + 0.5
    yield Products(F, 4), b, 3, _norm_after(F, b, 1) * 1.01


def _matrix(rng: np.random.Generator, p: int) -> np.ndarray:
    root = rng.choice([-1.0, 1.0, 2.0], (p, p)) + 2 * np.diag(np.arange(p))
    return np.eye(p) + root @ root.T


def _norm_after(F: np.ndarray, b: np.ndarray, n: int) -> float:
    return float(np.linalg.norm(b - F @ conjugate_gradient(lambda v: F @ v, b, n, 0.0)))


def _run(
    fvp: Product, b: np.ndarray, iters: int, tol: float, turn: str = "", scale: float = 1.0
) -> np.ndarray:
    """The loop with one line changed."""
    F = fvp.F if isinstance(fvp, Products) else np.array([fvp(e) for e in np.eye(len(b))])
    x, r, q = np.zeros_like(b), b.copy(), b.copy()
    for _ in range(iters):
        if turn != "no stop" and np.sqrt(r @ r) <= tol:
            break
        Fq = F @ q
        square = {"direction": q @ q, "no square": np.sqrt(r @ r)}.get(turn, r @ r)
        alpha = scale * square / (q @ q if turn == "no F" else q @ Fq)
        x = {"minus": x - alpha * q, "last step": alpha * q}.get(turn, x + alpha * q)
        new = r + alpha * Fq if turn == "residual" else r - alpha * Fq
        with np.errstate(all="ignore"):
            beta = (r @ r) / (new @ new) if turn == "upside down" else (new @ new) / (r @ r)
        beta = {"steepest": 0.0, "root": np.sqrt(beta), "one": 1.0, "negative": -beta}.get(
            turn, beta
        )
        q = (r if turn == "old residual" else new) + beta * (new if turn == "from residual" else q)
        r = new
    return q if turn == "returns q" else x


N = "npg_optimization"


def _turned(turn: str) -> Callable[..., np.ndarray]:
    return lambda fvp, b, iters, tol: _run(fvp, b, iters, tol, turn)


MISTAKES = (
    Mistake(
        "steepest_descent",
        _turned("steepest"),
        "You go along the residual every time. That is steepest descent, which undoes part of its earlier "
        "steps: the direction also keeps a part of the one before.",
        N,
    ),
    Mistake(
        "beta_upside_down",
        _turned("upside down"),
        "The factor of the old direction is upside down: the new squared residual over the old one.",
        N,
    ),
    Mistake(
        "beta_not_squared",
        _turned("root"),
        "You took the ratio of the lengths of the residuals. It is the ratio of their squares, r' r' over "
        "r r, that makes the directions conjugate.",
        N,
    ),
    Mistake(
        "beta_is_one",
        _turned("one"),
        "You kept the old direction in full, with a factor 1. The usual slip: `r` is overwritten before "
        "the ratio of the new and the old residual is formed.",
        N,
    ),
    Mistake(
        "direction_in_the_numerator",
        _turned("direction"),
        "The numerator of alpha is r r, the squared residual, and not q q.",
        N,
    ),
    Mistake(
        "direction_from_the_old_residual",
        _turned("old residual"),
        "The new direction starts from the old residual. Update r first: q is the new residual plus a "
        "part of the old direction.",
        N,
    ),
    Mistake(
        "wrong_sign_of_the_step",
        _turned("minus"),
        "You subtracted alpha q from x. The residual b - F x is to shrink: x goes along q.",
        N,
    ),
    Mistake(
        "wrong_sign_of_the_residual",
        _turned("residual"),
        "You added alpha F q to the residual. With x growing by alpha q, the residual b - F x loses "
        "alpha F q.",
        N,
    ),
    Mistake(
        "no_tolerance",
        _turned("no stop"),
        "You ignored `tol`: on one of the cases the residual is small enough after one iteration, and the "
        "products after it are wasted.",
        N,
    ),
    Mistake(
        "one_iteration_too_few",
        lambda fvp, b, iters, tol: _run(fvp, b, iters - 1, tol),
        "You made one iteration less than `iters`: `range(iters)` has that many rounds.",
        N,
    ),
    Mistake(
        "one_iteration_too_many",
        lambda fvp, b, iters, tol: _run(fvp, b, iters + 1, tol),
        "You made one iteration more than `iters`: `range(iters)` has that many rounds.",
        N,
    ),
    Mistake(
        "exact_solution",
        lambda fvp, b, iters, tol: _run(fvp, b, 50, 1e-12),
        "You solved the system to the end. The iterate after `iters` iterations is asked for: with a "
        "million parameters ten products have to do.",
        N,
    ),
    Mistake(
        "residual_returned",
        lambda fvp, b, iters, tol: (
            b - np.asarray(_matrix_of(fvp, len(b)) @ _run(fvp, b, iters, tol))
        ),
        "You returned the residual. The solution x is asked for.",
        N,
    ),
    Mistake(
        "right_hand_side",
        lambda fvp, b, iters, tol: b.copy(),
        "You returned b itself: the loop has not changed x, or it started from b instead of 0.",
        N,
    ),
    Mistake(
        "started_at_b",
        lambda fvp, b, iters, tol: b + _run(fvp, b, iters, tol),
        "You began with x = b and the residual b. The residual of x is b - F x: it is b for x = 0.",
        N,
    ),
    Mistake(
        "richardson",
        lambda fvp, b, iters, tol: _run(fvp, b, iters, tol, "steepest", 0.1),
        "You took a fixed fraction of the step. alpha makes the residual orthogonal to the direction: "
        "r r over q F q.",
        N,
    ),
    Mistake(
        "direction_returned",
        _turned("returns q"),
        "You returned the direction. The solution x is asked for.",
        "npg_optimization",
    ),
    Mistake(
        "step_not_added",
        _turned("last step"),
        "You kept the last step alone: x is the sum of all of them, `x = x + alpha * q`.",
        "npg_optimization",
    ),
    Mistake(
        "no_product_in_alpha",
        _turned("no F"),
        "The denominator of alpha is q q. It is q F q: how far to go depends on the curvature along q.",
        "npg_optimization",
    ),
    Mistake(
        "beta_negative",
        _turned("negative"),
        "The factor of the old direction has the wrong sign: it is the ratio of two squares, and positive.",
        "npg_optimization",
    ),
    Mistake(
        "alpha_not_squared",
        _turned("no square"),
        "The numerator of alpha is the length of the residual. It is its square, r r.",
        "npg_optimization",
    ),
    Mistake(
        "never_moves",
        lambda fvp, b, iters, tol: np.zeros_like(b),
        "You returned 0, where x begins. Is the loop left before its first step, or the update thrown away?",
        "npg_optimization",
    ),
)


def _matrix_of(fvp: Product, p: int) -> np.ndarray:
    return fvp.F if isinstance(fvp, Products) else np.array([fvp(e) for e in np.eye(p)])


exercise = Exercise(
    title="Conjugate gradients",
    label=N,
    statement=STATEMENT.strip(),
    solution=conjugate_gradient,
    hints=(
        "Four vectors live in the loop: x, r, q and the product F q. Which of them are needed after they "
        "have been overwritten?",
        "Compute F q once. Keep the old r until the new direction is made, since its square is the "
        "denominator there.",
        "`Fq = fvp(q)`, `alpha = r @ r / (q @ Fq)`, `x = x + alpha * q`, `r_new = r - alpha * Fq`, "
        "`q = r_new + (r_new @ r_new) / (r @ r) * q`, `r = r_new`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
