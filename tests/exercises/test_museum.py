"""The exhibits of the bug museum: the wrong variant is refused and named, the right one accepted."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from test_every_exercise import LABELS, built
from test_seeds import SEEDS, alike

from pgcompanion.exercises import check, hint
from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.exercises.museum import EXHIBITS

WIDTH = 39  # characters that a variant may take beside the other one

each = pytest.mark.parametrize("exhibit", EXHIBITS.values(), ids=list(EXHIBITS))


@each
def test_the_right_variant_passes(exhibit: Exercise) -> None:
    assert check(exhibit.id, exhibit.solution).passed
    assert check(exhibit.id, built(exhibit.source, exhibit.id)).passed


@each
def test_the_wrong_variant_is_refused_and_its_slip_named(exhibit: Exercise) -> None:
    feedback = check(exhibit.id, built(exhibit.starter, exhibit.id))
    assert not feedback.passed
    assert exhibit.mistakes[0].function is exhibit.shown
    assert exhibit.mistakes[0].message in feedback.message
    assert "expected" in feedback.message


@each
def test_a_repair_that_is_still_wrong_is_told_why(exhibit: Exercise) -> None:
    for known in exhibit.mistakes[1:]:
        feedback = check(exhibit.id, known.function)
        assert feedback.mistake == known.id
        assert feedback.message.startswith(known.message)


@each
def test_the_cases_of_any_seed_tell_all_variants_apart(exhibit: Exercise) -> None:
    for seed in SEEDS:
        drawn = list(exhibit.cases(np.random.default_rng(seed)))
        assert not alike(exhibit, drawn), f"seed {seed}"


@each
def test_both_variants_are_short_and_take_the_same_arguments(exhibit: Exercise) -> None:
    assert exhibit.shown is not None
    one, other = map(inspect.signature, (exhibit.solution, exhibit.shown))
    assert one == other
    assert exhibit.shown.__name__ == f"{exhibit.id}_slip"
    lines = exhibit.starter.splitlines()
    assert len(lines) <= 16
    assert max(map(len, lines)) <= WIDTH


@each
def test_the_texts_are_sentences_and_the_labels_those_of_the_book(exhibit: Exercise) -> None:
    told = [known.message for known in exhibit.mistakes]
    for text in [*told, *exhibit.hints]:
        assert text.isascii(), text
        assert text.endswith((".", "?")), text
        assert not re.search(r"simply|clearly|obviously", text), text
    assert {exhibit.label, *(known.label for known in exhibit.mistakes)} <= LABELS
    first = hint(exhibit.id)
    assert first.heading == f"Hint 1 of {len(exhibit.hints)}"


def test_no_exhibit_has_the_name_of_an_exercise() -> None:
    assert not set(EXHIBITS) & set(catalogue.IDS)
