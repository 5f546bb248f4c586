"""What can be said of an answer before anything runs: no function, a stub, wrong arguments."""

from __future__ import annotations

import dis
import inspect
from typing import Any

from pgcompanion.exercises.engine import explain
from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.exercises.engine.feedback import Feedback


def not_a_try(exercise: Exercise, function: Any) -> Feedback | None:
    """What is wrong with the function as it stands, or `None` if it can be run."""
    if not callable(function):
        return Feedback(
            False,
            None,
            f"The second argument is not a function but an object of type "
            f"`{type(function).__name__}`. Hand over the function itself, without brackets: "
            f"`check('{exercise.id}', {exercise.id})`.",
            started=False,
        )
    if is_stub(function):
        return unwritten(exercise)
    try:
        signature = inspect.signature(function)
    except Exception:  # some functions written in C do not tell their arguments
        return None
    try:
        signature.bind(*exercise.names)
    except TypeError:
        return Feedback(False, None, _arguments(exercise, signature))
    return None


def is_stub(function: Any) -> bool:
    """Whether the body is empty: `...`, `pass`, or a docstring alone.

    >>> def reward_to_go(r):
    ...     "The rewards-to-go."
    ...     ...
    >>> is_stub(reward_to_go)
    True
    """
    code = explain.code_of(function)
    if code is None:
        return False
    steps = [step for step in dis.get_instructions(code) if step.opname not in {"RESUME", "NOP"}]
    loads = {"LOAD_CONST", "RETURN_CONST", "LOAD_COMMON_CONSTANT"}  # the last since Python 3.15
    values = [step.argrepr for step in steps if step.opname in loads]
    return values in (["None"], ["Ellipsis"]) and {x.opname for x in steps} <= loads | {
        "RETURN_VALUE"
    }


def unwritten(exercise: Exercise) -> Feedback:
    """The answer to a stub."""
    return Feedback(
        False,
        None,
        f"This exercise is not started yet: `{exercise.id}` has no body of its own. Write your "
        f"lines in the place of the `...` and run the cell again. `hint('{exercise.id}')` gives a "
        "first hint.",
        started=False,
    )


def _arguments(exercise: Exercise, signature: inspect.Signature) -> str:
    parameters = signature.parameters
    has = f"takes `({', '.join(parameters)})`" if parameters else "takes no arguments"
    return (
        f"Your function {has}, and this exercise calls it with `({', '.join(exercise.names)})`, "
        f"in this order. Begin it with `def {exercise.id}({', '.join(exercise.names)}):`."
    )
