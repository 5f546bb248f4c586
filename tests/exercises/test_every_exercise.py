"""What must hold of each exercise: its solution, its starter, its mistakes and its texts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgcompanion.exercises import check
from pgcompanion.exercises.engine import catalogue, checking
from pgcompanion.exercises.engine.answer import Answer, agree
from pgcompanion.exercises.engine.attempt import case, outcome
from pgcompanion.exercises.engine.exercise import Exercise

SIGNATURES = {
    "reward_to_go": "r",
    "softmax_policy": "theta",
    "softmax_score": "theta s a",
    "trajectory_log_likelihood": "mu0 P pi s a",
    "reinforce_gradient": "scores r",
    "baseline_gradient": "scores r b",
    "discounted_gradient": "scores Q gamma",
    "linear_score": "phi pi a",
    "gaussian_score": "Theta psi a sigma",
    "performance_difference": "d_new pi_new A_old",
    "kl_divergence": "p q",
    "importance_sampling_mean": "f p q",
    "effective_sample_size": "w",
    "fisher_matrix": "scores",
    "npg_step": "g F delta",
    "bernoulli_natural_gradient": "theta",
    "trpo_surrogate": "logp_new logp_old A",
    "ppo_penalty_objective": "logp_new logp_old A lam",
    "ppo_clip_objective": "logp_new logp_old A eps",
    "gae": "r V gamma lam terminated",
    "tabular_npg_update": "pi A_bar eta",
    "lqr_values": "A B Q R Theta H",
    "lqr_gradient": "A B R Theta P M",
    "gaussian_fisher": "M sigma m",
    "squashed_gaussian_log_prob": "u mu sigma",
    "deterministic_gradient": "dQ s",
    "leave_one_out": "r",
    "group_advantage": "r std",
    "kl_estimates": "log_prob log_prob_ref",
    "kl_gradient": "scores log_prob log_prob_ref",
    "dpo_loss": "log_ratio_chosen log_ratio_rejected beta",
    "token_ratio_surrogate": "logp_new logp_old A mask",
}

BOOK = Path(__file__).resolve().parents[2] / "book"
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
LABEL = re.compile(r"^(?::label: (\w+)|\((\w+)\)=)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PAGES = [CODE.sub("", page.read_text(encoding="utf-8")) for page in BOOK.glob("*.md")]
LABELS = {one or other for page in PAGES for one, other in LABEL.findall(page)}

EXERCISES = [catalogue.find(id) for id in catalogue.IDS]
each = pytest.mark.parametrize("exercise", EXERCISES, ids=catalogue.IDS)
each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake"),
    [pytest.param(e, m, id=f"{e.id}-{m.id}") for e in EXERCISES for m in e.mistakes],
)


def built(source: str, name: str) -> Callable[..., Any]:
    """The function that a cell with this source defines."""
    cell: dict[str, Any] = {}
    exec(source, cell)
    return cell[name]


def test_all_exercises_are_there_with_their_signatures() -> None:
    assert {e.id: " ".join(e.names) for e in EXERCISES} == SIGNATURES


@each
def test_the_solution_passes_without_a_remark(exercise: Exercise) -> None:
    feedback = check(exercise.id, exercise.solution)
    assert feedback.passed
    assert feedback.mistake is None
    assert "remark" not in feedback.message


@each
def test_the_printed_solution_runs_in_an_empty_cell(
    exercise: Exercise, capsys: pytest.CaptureFixture[str]
) -> None:
    from pgcompanion.exercises import solution

    assert solution(exercise.id) is None
    printed = capsys.readouterr().out
    assert check(exercise.id, built(printed, exercise.id)).passed


@each
@pytest.mark.parametrize("body", ["...", "pass", "raise NotImplementedError", "return ..."])
def test_the_starter_is_not_started_yet(exercise: Exercise, body: str) -> None:
    assert exercise.starter.endswith("\n    ...\n")
    starter = exercise.starter.replace("\n    ...\n", f"\n    {body}\n")
    feedback = check(exercise.id, built(starter, exercise.id))
    assert not feedback.passed
    assert feedback.mistake is None
    assert "not started yet" in feedback.message


@each_mistake
def test_a_known_mistake_gets_its_own_message(exercise: Exercise, mistake: Any) -> None:
    feedback = check(exercise.id, mistake.function)
    assert not feedback.passed
    assert feedback.mistake == mistake.id
    assert feedback.message.startswith(mistake.message)
    assert f"`{mistake.label}`" in feedback.message


@each_mistake
def test_a_known_mistake_is_known_in_single_precision_too(exercise: Exercise, mistake: Any) -> None:
    def single(*arguments: Any) -> np.ndarray:
        return np.asarray(mistake.function(*arguments), dtype=np.float32)

    assert check(exercise.id, single).mistake == mistake.id


@each
def test_the_cases_tell_all_mistakes_apart(exercise: Exercise) -> None:
    cases = [*checking.cases(exercise), *(case(exercise, edge) for edge in exercise.edges)]
    answers = {
        known.id: [outcome(known.function, each.arguments) for each in cases]
        for known in exercise.mistakes
    }
    answers["the solution"] = [each.expected for each in cases]
    for (one, of_one), (other, of_other) in itertools.permutations(answers.items(), 2):
        same = all(agree(Answer(x, x.dtype), y) for x, y in zip(of_one, of_other, strict=True))
        assert not same, f"{one} and {other} cannot be told apart"


@each
def test_there_are_at_least_four_mistakes_with_ids_of_their_own(exercise: Exercise) -> None:
    ids = [mistake.id for mistake in exercise.mistakes]
    assert len(ids) == len(set(ids)) >= 4
    assert len({mistake.message for mistake in exercise.mistakes}) == len(ids)


@each
def test_the_first_case_is_small_enough_for_paper_and_the_rest_grow(exercise: Exercise) -> None:
    sizes = [sum(np.size(x) for x in each.arguments) for each in checking.cases(exercise)]
    assert sizes[0] == min(sizes)
    assert sizes[0] <= 20
    assert max(sizes) <= 100


@each
def test_the_cases_are_the_same_at_every_call(exercise: Exercise) -> None:
    for one, other in zip(checking.cases(exercise), checking.cases(exercise), strict=True):
        for x, y in zip(one.arguments, other.arguments, strict=True):
            np.testing.assert_array_equal(x, y)


@each
def test_the_texts_read_like_a_kind_expert(exercise: Exercise) -> None:
    said = [mistake.message for mistake in exercise.mistakes] + list(exercise.hints)
    said += [stress.remark for stress in exercise.stress]
    assert len(set(exercise.hints)) == 3
    for text in said:
        assert text.isascii(), text
        assert text.endswith((".", "?")), text
        assert "!" not in text
        assert not re.search(r"traceback|simply|clearly|obviously|just wrong", text, re.I), text
    for mistake in exercise.mistakes:
        assert mistake.message.endswith("."), mistake.message
        assert len(mistake.message.split()) >= 8, mistake.message


@each
def test_the_labels_are_those_of_the_book(exercise: Exercise) -> None:
    assert {exercise.label, *(mistake.label for mistake in exercise.mistakes)} <= LABELS


def test_the_labels_of_the_book_are_those_of_its_statements_and_pages() -> None:
    assert {"pg_with_q", "npg_optimization", "pg_chapter"} <= LABELS
    assert "pg_with_v" not in LABELS


def test_the_exercises_are_set_by_pages_of_the_book() -> None:
    titles = {HEADING.search(page)[1] for page in PAGES}
    assert set(catalogue.PAGES) <= titles


@each
def test_the_statement_names_the_function_its_arguments_and_a_formula_or_a_rule(
    exercise: Exercise,
) -> None:
    call = f"{exercise.id}({', '.join(exercise.names)})"
    assert call in exercise.statement.replace("\n", " ")
    assert exercise.statement == exercise.statement.strip()
    assert exercise.statement.count("$") % 2 == 0
    assert exercise.statement.endswith((".", "?"))
