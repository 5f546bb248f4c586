"""The exhibits of the bug museum: beside each right function its wrong variant, to be found and repaired.

`museum.NAME` is the right one and `museum.NAME_slip` the wrong one; `check("NAME", f)` judges a repair.
"""

from pgcompanion.exercises.engine.exercise import Function
from pgcompanion.exercises.museum import advantages, estimates, language, policies, steps

EXHIBITS = {
    exercise.id: exercise
    for room in (estimates, advantages, policies, steps, language)
    for exercise in room.EXHIBITS
}


def __getattr__(name: str) -> Function:
    exhibit = EXHIBITS.get(name.removesuffix("_slip"))
    if exhibit is None or exhibit.shown is None:
        raise AttributeError(f"The museum has no exhibit {name!r}.")
    return exhibit.shown if name.endswith("_slip") else exhibit.solution
