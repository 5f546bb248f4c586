"""What came of one call, in plain data that can travel between processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Value = Array | tuple[Array, ...]


@dataclass(frozen=True)
class Answer:
    """A returned value in double precision, and the type it came in.

    `things` is the number of entries if it came as a tuple, and 0 otherwise.
    """

    value: Value
    dtype: str = "float64"
    things: int = 0


@dataclass(frozen=True)
class Outcome:
    """What came of a call: an answer, or a problem told in whole sentences.

    `kind` is one of "answer", "error", "unreadable", "changed", "printed", "late", "unwritten".
    `meaning` says what an error means, and `printed` is what the function printed.
    """

    kind: str
    answer: Answer | None = None
    text: str = ""
    meaning: str = ""
    printed: str = ""


def to_plain(outcome: Outcome) -> dict[str, Any]:
    """An outcome as texts, numbers and lists.

    >>> to_plain(Outcome("late", text="Too late."))["kind"]
    'late'
    """
    plain: dict[str, Any] = {
        "kind": outcome.kind,
        "text": outcome.text,
        "meaning": outcome.meaning,
        "printed": outcome.printed,
    }
    if (answer := outcome.answer) is not None:
        several = isinstance(answer.value, tuple)
        parts = answer.value if isinstance(answer.value, tuple) else (answer.value,)
        plain["answer"] = {
            "parts": [
                [list(part.shape), [repr(x) for x in part.ravel().tolist()]] for part in parts
            ],
            "several": several,
            "dtype": answer.dtype,
            "things": answer.things,
        }
    return plain


def from_plain(plain: dict[str, Any]) -> Outcome:
    """The outcome that `to_plain` wrote.

    >>> answer = Answer(np.array([1.0, np.inf]), "float32")
    >>> from_plain(to_plain(Outcome("answer", answer))).answer.value
    array([ 1., inf])
    """
    answer = None
    if (given := plain.get("answer")) is not None:
        parts = tuple(
            np.array([float(x) for x in xs]).reshape(shape) for shape, xs in given["parts"]
        )
        value = parts if given["several"] else parts[0]
        answer = Answer(value, str(given["dtype"]), int(given["things"]))
    texts = {name: str(plain.get(name, "")) for name in ("text", "meaning", "printed")}
    return Outcome(str(plain["kind"]), answer, **texts)
