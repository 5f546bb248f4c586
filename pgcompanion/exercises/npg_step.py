"""Exercise: the natural gradient step of a given size."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
The natural policy gradient goes as far uphill as it can while the quadratic model of the KL
divergence stays within $\delta$:

$$\max_d \; g^\top d \quad \text{subject to} \quad \tfrac12 d^\top F d \le \delta .$$

Write `npg_step(g, F, delta)` for a gradient `g` of shape `(p,)`, an invertible Fisher matrix `F` of
shape `(p, p)` and a radius `delta`. Return the step $d$, of shape `(p,)`. Solve the problem on paper
first: in which direction, and how far?
"""


def npg_step(g: np.ndarray, F: np.ndarray, delta: float) -> np.ndarray:
    """The natural gradient step whose quadratic KL divergence is delta.

    g: (p,); F: (p, p), invertible; delta: a number. Returns (p,).
    """
    direction = np.linalg.solve(F, g)
    return np.sqrt(2 * delta / (g @ direction)) * direction


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([8.0]), np.array([[4.0]]), 0.5
    yield np.array([2.0, 4.0]), np.array([[2.0, 0.0], [0.0, 8.0]]), 0.5
    for p, delta in [(2, 0.1), (2, 0.01), (3, 0.5), (3, 0.02)]:
        root = np.eye(p) + rng.choice([-2.0, -1.0, 1.0, 2.0], (p, p))
        yield rng.integers(1, 5, p) + 0.5, root @ root.T + np.eye(p), delta


def _natural(g: np.ndarray, F: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.solve(F, g))


MISTAKES = (
    Mistake(
        "fisher_not_inverted_and_no_two",
        lambda g, F, delta: np.sqrt(delta / (g @ F @ g)) * _natural(g, F),
        "Your step size is the root of delta / (g F g). Two things are missing: F has to be "
        "inverted there too, and the constraint has a factor 1/2, so delta comes with a 2. This "
        "very formula has been printed in lecture notes. Check: 1/2 d F d should equal delta.",
        "npg_optimization",
    ),
    Mistake(
        "no_two",
        lambda g, F, delta: npg_step(g, F, delta / 2),
        "The factor 2 is missing under the root. The constraint is 1/2 d F d = delta; your step "
        "uses up only half of delta.",
        "npg_optimization",
    ),
    Mistake(
        "fisher_not_inverted_in_the_size",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ F @ g)) * _natural(g, F),
        "The direction is right, and in the step size F is not inverted: it is g F^-1 g that "
        "stands under the root. Check: 1/2 d F d should equal delta.",
        "npg_optimization",
    ),
    Mistake(
        "multiplied_by_fisher",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ F @ g)) * (F @ g),
        "You multiplied by F where its inverse is needed. Directions that change the policy "
        "strongly are the ones to go along cautiously, so F divides: `np.linalg.solve(F, g)`.",
        "npg_optimization",
    ),
    Mistake(
        "no_root",
        lambda g, F, delta: 2 * delta / (g @ _natural(g, F)) * _natural(g, F),
        "The square root is missing. The divergence grows with the square of the step, so the "
        "step grows with the root of delta.",
        "npg_optimization",
    ),
    Mistake(
        "vanilla_direction",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ F @ g)) * g,
        "You scaled the plain gradient to the right divergence. It is the direction that makes "
        "the step natural: of all steps with this divergence, F^-1 g climbs most.",
        "npg_optimization",
    ),
    Mistake(
        "direction_only",
        lambda g, F, delta: _natural(g, F),
        "You returned the natural direction without its length. Scale it so that 1/2 d F d equals "
        "delta.",
        "npg_optimization",
    ),
    Mistake(
        "multiplier_for_step",
        lambda g, F, delta: np.sqrt(g @ _natural(g, F) / (2 * delta)) * _natural(g, F),
        "Your step size is upside down. The Lagrange multiplier is the root of g F^-1 g / "
        "(2 delta), and the step size is 1 over the multiplier.",
        "npg_optimization",
    ),
    Mistake(
        "euclidean_length",
        lambda g, F, delta: np.sqrt(2 * delta) * _natural(g, F) / np.linalg.norm(_natural(g, F)),
        "You measured the length of the step in parameters. The radius is a divergence: the "
        "length to fix is d F d, not d d.",
        "npg_optimization",
    ),
    Mistake(
        "diagonal_only",
        lambda g, F, delta: npg_step(g, np.diag(np.diag(F)), delta),
        "You divided by the diagonal of F alone. The inverse of a matrix is not the inverse of "
        "its entries: solve the linear system F x = g.",
        "npg_optimization",
    ),
    Mistake(
        "negated",
        lambda g, F, delta: -npg_step(g, F, delta),
        "Your step goes downhill. It has the right size and the right line; for ascent it is "
        "added with a plus.",
        "npg_optimization",
    ),
    Mistake(
        "natural_size_plain_direction",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ _natural(g, F))) * g,
        "The step size is right, and the direction is the plain gradient. F^-1 belongs in both places: `np.linalg.solve(F, g)`.",
        "npg_optimization",
    ),
    Mistake(
        "fisher_in_the_direction",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ _natural(g, F))) * (F @ g),
        "The step size is right, and the direction is multiplied by F where its inverse belongs: `np.linalg.solve(F, g)`.",
        "npg_optimization",
    ),
    Mistake(
        "gradient_times_radius",
        lambda g, F, delta: delta * g,
        "You multiplied the gradient by delta. The radius bounds a divergence: it sets the length of the step in the metric F, and F^-1 its direction.",
        "npg_optimization",
    ),
    Mistake(
        "radius_as_step_size",
        lambda g, F, delta: delta * _natural(g, F),
        "You used delta as a step size. It bounds the divergence of the step: the size that makes 1/2 d F d equal delta is a root.",
        "npg_optimization",
    ),
    Mistake(
        "euclidean_gradient",
        lambda g, F, delta: np.sqrt(2 * delta) * g / np.linalg.norm(g),
        "You went along the plain gradient, with a length measured in parameters. Both belong in the metric F: direction F^-1 g, length d F d.",
        "npg_optimization",
    ),
    Mistake(
        "unit_direction_times_radius",
        lambda g, F, delta: delta * _natural(g, F) / np.linalg.norm(_natural(g, F)),
        "You gave the direction the length delta, measured in parameters. The radius is a divergence: 1/2 d F d = delta.",
        "npg_optimization",
    ),
    Mistake(
        "euclidean_norm_in_the_root",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ g)) * _natural(g, F),
        "Under the root stands g g, the plain length of the gradient. It is g F^-1 g: insert d = eta F^-1 g into the constraint.",
        "npg_optimization",
    ),
    Mistake(
        "radius_squared",
        lambda g, F, delta: np.sqrt(2) * delta / np.sqrt(g @ _natural(g, F)) * _natural(g, F),
        "Here delta stands outside the root, or squared inside. The divergence grows with the square of the step, so the step grows with the root of delta.",
        "npg_optimization",
    ),
    Mistake(
        "two_below",
        lambda g, F, delta: np.sqrt(delta / (2 * (g @ _natural(g, F)))) * _natural(g, F),
        "The 2 stands on the wrong side: the constraint is 1/2 d F d = delta, so it is 2 delta that stands under the root.",
        "npg_optimization",
    ),
    Mistake(
        "step_size_only",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ _natural(g, F))),
        "You returned the step size. The step is this number times the direction F^-1 g.",
        "npg_optimization",
    ),
    Mistake(
        "ascent_in_the_objective",
        lambda g, F, delta: np.sqrt(2 * delta * (g @ _natural(g, F))) * _natural(g, F),
        "You multiplied by g F^-1 g under the root where it divides. The root of 2 delta g F^-1 g is what the step gains; its size has the quotient.",
        "npg_optimization",
    ),
    Mistake(
        "no_root_in_the_quadratic_form",
        lambda g, F, delta: np.sqrt(2 * delta) * _natural(g, F) / (g @ _natural(g, F)),
        "The quadratic form g F^-1 g stands under the root too: the root of the whole quotient.",
        "npg_optimization",
    ),
    Mistake(
        "no_gradient_in_the_size",
        lambda g, F, delta: np.sqrt(2 * delta) * g,
        "You multiplied the gradient by the root of 2 delta. Direction and size both need F: F^-1 g, and g F^-1 g under the root.",
        "npg_optimization",
    ),
    Mistake(
        "natural_times_root",
        lambda g, F, delta: np.sqrt(2 * delta) * _natural(g, F),
        "You multiplied the natural direction by the root of 2 delta. Its own length still has to be divided out: the root of 2 delta / (g F^-1 g).",
        "npg_optimization",
    ),
    Mistake(
        "sign_of_the_direction",
        lambda g, F, delta: np.sqrt(2 * delta / (g @ _natural(g, F))) * np.sign(_natural(g, F)),
        "You kept the signs of the direction alone. Its entries count.",
        "npg_optimization",
    ),
    Mistake(
        "damped",
        lambda g, F, delta: npg_step(g, F + 0.1 * np.eye(len(g)), delta),
        "You added 0.1 to the diagonal of F. F is invertible here: no damping.",
        "npg_optimization",
    ),
    Mistake(
        "damped_slightly",
        lambda g, F, delta: npg_step(g, F + 0.01 * np.eye(len(g)), delta),
        "You added 0.01 to the diagonal of F. F is invertible here: no damping.",
        "npg_optimization",
    ),
    Mistake(
        "vanilla_and_no_two",
        lambda g, F, delta: np.sqrt(delta / (g @ F @ g)) * g,
        "Two things: the direction is the plain gradient, where F^-1 g belongs, and the 2 is missing under the root.",
        "npg_optimization",
    ),
    Mistake(
        "inverse_twice",
        lambda g, F, delta: (
            np.sqrt(2 * delta / (g @ _natural(g, F))) * np.linalg.solve(F, _natural(g, F))
        ),
        "You divided by F twice. The direction is F^-1 g, once.",
        "npg_optimization",
    ),
)

exercise = Exercise(
    title="The natural gradient step",
    label="npg_optimization",
    statement=STATEMENT.strip(),
    solution=npg_step,
    hints=(
        "Solve two problems one after the other: in which direction, and how far? The constraint "
        "alone answers the second.",
        "The direction x solves F x = g. Insert d = eta x into 1/2 d F d = delta and solve for "
        "eta; since F x = g, what is left under the root is g x.",
        "`x = np.linalg.solve(F, g)` is the direction, and `g @ x` is g F^-1 g.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
