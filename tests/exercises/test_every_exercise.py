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
from pgcompanion.exercises.engine import cases, catalogue, dimensions
from pgcompanion.exercises.engine.answer import agree
from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.exercises.engine.titles import see

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
    "one_step_gain": "g eta beta sigma2",
    "sgd_bound": "beta Delta sigma2 eta",
    "reinforce": "env theta0 lr steps rng",
    "counterexample_no_gamma": "",
    "optimal_baseline": "scores R",
    "find_the_bug_baseline": "",
    "mixture_step": "pi Q alpha",
    "per_decision_is": "logp_new logp_old r",
    "trajectory_kl": "mdp pi pi_new",
    "derive_kl_gaussian": "mu1 s1 mu2 s2",
    "trpo_step": "g fvp surrogate kl theta delta",
    "fisher_vector_product": "scores v",
    "conjugate_gradient": "fvp b iters tol",
    "npg": "mdp theta0 delta steps",
    "ppo_epochs": "batch theta eps epochs lr",
    "paired_interval": "one other",
    "probability_of_improvement": "one other",
    "find_the_bug_gae": "r V V_next terminated truncated gamma lam",
    "find_the_bug_clip": "logp_new logp_old A eps",
}

TOO_LARGE = {"huge_for_infinite"}  # the largest double is infinite in single precision

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
    exec(compile(source, "<cell>", "exec", dont_inherit=True), cell)
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
    if exercise.shown is not None:
        return
    assert exercise.starter.endswith("\n    ...\n")
    starter = exercise.starter.replace("\n    ...\n", f"\n    {body}\n")
    feedback = check(exercise.id, built(starter, exercise.id))
    assert not feedback.passed
    assert feedback.mistake is None
    assert "not started yet" in feedback.message


def test_the_broken_code_of_a_repair_is_not_started_and_fails() -> None:
    repairs = [exercise for exercise in EXERCISES if exercise.shown is not None]
    assert len(repairs) >= 2
    for exercise in repairs:
        feedback = check(exercise.id, built(exercise.starter, exercise.id))
        assert not feedback.passed
        assert not feedback.started
        assert "not started yet: the code is as it was shown" in feedback.message


@each_mistake
def test_a_known_mistake_gets_its_own_message(exercise: Exercise, mistake: Any) -> None:
    feedback = check(exercise.id, mistake.function)
    if mistake.function is exercise.shown:
        assert not feedback.started
        return
    assert not feedback.passed
    assert feedback.mistake == mistake.id
    assert feedback.message.startswith(mistake.message)
    assert see(mistake.label) in feedback.message
    assert ("expected" in feedback.message) == (exercise.exhibit is None)
    assert f"`hint('{exercise.id}')` gives the next hint." in feedback.message


@each_mistake
def test_a_known_mistake_is_known_in_single_precision_too(exercise: Exercise, mistake: Any) -> None:
    def single(*arguments: Any) -> np.ndarray:
        return np.asarray(mistake.function(*arguments), dtype=np.float32)

    if mistake.id in TOO_LARGE or exercise.exhibit is not None or mistake.id == "as_shown":
        return
    assert check(exercise.id, single).mistake == mistake.id


def answers(exercise: Exercise, drawn: list[cases.Case]) -> dict[str, list[np.ndarray]]:
    """What the solution and each known mistake give on these cases."""
    given = {
        known.id: [cases.value(exercise, known.function, each.arguments) for each in drawn]
        for known in exercise.mistakes
    }
    return given | {"the solution": [each.expected for each in drawn]}


def alike(exercise: Exercise, ones: list[np.ndarray], others: list[np.ndarray]) -> bool:
    pairs = zip(ones, others, strict=True)
    return all(agree(x, y, tolerance=exercise.tolerance) for x, y in pairs)


@each
def test_the_cases_tell_all_mistakes_apart(exercise: Exercise) -> None:
    given = answers(exercise, [*cases.regular(exercise), *cases.edges(exercise)])
    for one, other in itertools.permutations(given, 2):
        assert not alike(exercise, given[one], given[other]), f"{one} looks like {other}"


@each
def test_there_are_at_least_four_mistakes_with_ids_of_their_own(exercise: Exercise) -> None:
    ids = [mistake.id for mistake in exercise.mistakes]
    assert len(ids) == len(set(ids)) >= 4
    assert len({mistake.message for mistake in exercise.mistakes}) == len(ids)


@each
def test_the_first_case_is_small_enough_for_paper_and_the_rest_grow(exercise: Exercise) -> None:
    sizes = [sum(np.size(x) for x in each.arguments) for each in cases.regular(exercise)]
    assert sizes[0] == min(sizes)
    assert sizes[0] <= 20
    assert max(sizes) <= 100


@each
def test_the_cases_are_the_same_at_every_call(exercise: Exercise) -> None:
    ones, others = (exercise.cases(np.random.default_rng(0)) for _ in range(2))
    for one, other in zip(ones, others, strict=True):
        for x, y in zip(one, other, strict=True):
            if isinstance(x, np.ndarray):
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
        assert mistake.message.endswith((".", "?")), mistake.message
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


@each
def test_a_wrong_shape_is_shown_on_a_case_whose_sizes_all_differ(exercise: Exercise) -> None:
    shown = max(cases.regular(exercise), key=dimensions.distinct)
    sizes = dimensions.sizes(exercise, shown)
    known = {axis for axes in dimensions.letters(exercise).values() for axis in axes}
    assert set(sizes) == {axis for axis in known if axis.isidentifier()}
    assert len(set(sizes.values())) == len(sizes)
    assert 1 not in sizes.values()
