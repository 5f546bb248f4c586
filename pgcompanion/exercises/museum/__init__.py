"""The exhibits of the bug museum: beside each right function its wrong variant, to be found and repaired.

`NAME` is the right one and `NAME_slip` the wrong one; `check("NAME", f)` judges a repair.
"""

from pgcompanion.exercises.museum import advantages, estimates, language, policies, updates

EXHIBITS = {
    exercise.id: exercise
    for room in (estimates, advantages, policies, updates, language)
    for exercise in room.EXHIBITS
}
