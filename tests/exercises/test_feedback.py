"""What `check` says to each kind of answer. It raises nothing and it ends."""

from __future__ import annotations

import functools
import html.parser
import time
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from pgcompanion.exercises import Feedback, check
from pgcompanion.exercises.engine import cases, runner, show
from pgcompanion.exercises.engine.catalogue import IDS, find
from pgcompanion.exercises.reward_to_go import reward_to_go
from pgcompanion.exercises.softmax_policy import softmax_policy


def to_go(function: Any) -> Feedback:
    return check("reward_to_go", function)


class Foreign:
    """An array of another library: NumPy can read it, and it is no NumPy array."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self._array, dtype=dtype)


def by_loops(r):  # type: ignore[no-untyped-def]
    return [[sum(row[h:]) for h in range(len(row))] for row in r]


def by_einsum(r):  # type: ignore[no-untyped-def]
    return np.einsum("nk,kh->nh", r, np.tri(r.shape[1]))


def in_place_on_a_copy(r):  # type: ignore[no-untyped-def]
    r = r.copy()
    for h in range(r.shape[1] - 2, -1, -1):
        r[:, h] += r[:, h + 1]
    return r


def in_single_precision(r):  # type: ignore[no-untyped-def]
    return reward_to_go(r.astype(np.float32))


@pytest.mark.parametrize(
    "answer",
    [
        by_loops,
        by_einsum,
        in_place_on_a_copy,
        in_single_precision,
        lambda r: reward_to_go(r).astype(np.float16),
        lambda r: Foreign(reward_to_go(r)),
        lambda r: tuple(map(tuple, reward_to_go(r))),
        lambda r: [[Fraction(x) for x in row] for row in reward_to_go(r)],
        lambda r, axis=1: np.flip(np.cumsum(np.flip(r, axis), axis), axis),
        lambda *arguments: reward_to_go(*arguments),
        functools.partial(lambda axis, r: reward_to_go(r), 1),
        lambda r: reward_to_go(r) + 0j,
    ],
)
def test_a_right_answer_passes_in_any_style(answer: Any) -> None:
    feedback = to_go(answer)
    assert feedback.passed, feedback
    assert feedback.mistake is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_an_answer_that_is_off_by_more_than_rounding_fails_in_any_precision(dtype: Any) -> None:
    assert not to_go(lambda r: (reward_to_go(r) * 1.05).astype(dtype)).passed


def test_an_unknown_wrong_answer_sees_the_smallest_case_that_differs() -> None:
    feedback = to_go(lambda r: r**2)
    assert feedback.mistake is None
    assert "r        = [[1., 2., 4.]]" in feedback.message
    assert "returned = [[ 1.,  4., 16.]]" in feedback.message
    assert "expected = [[7., 6., 4.]]" in feedback.message


def test_the_case_shown_is_the_first_that_differs_and_not_one_that_agrees() -> None:
    def wrong_for_two_episodes(r):  # type: ignore[no-untyped-def]
        return reward_to_go(r) + (len(r) > 1)

    message = to_go(wrong_for_two_episodes).message
    assert "[[1., 2., 4.]]" not in message
    assert "The result differs" in message


def test_code_as_it_was_shown_is_not_started_and_sees_the_smallest_case_that_differs() -> None:
    exercise = find("find_the_bug_clip")
    feedback = check(exercise.id, exercise.shown)
    assert not feedback.passed
    assert not feedback.started
    assert check(exercise.id, lambda *arguments: 3 * exercise.shown(*arguments)).started
    blocks = []
    for case in cases.regular(exercise):
        returned = exercise.shown(*case.arguments)
        if not np.allclose(returned, case.expected):
            results = [("returned", returned), ("expected", case.expected)]
            blocks.append(show.rows([*case.rows, *results]))
    assert [block in feedback.message for block in blocks] == [True] + [False] * (len(blocks) - 1)
    assert len(blocks) > 1


def test_an_exception_names_the_line_and_its_plain_meaning() -> None:
    def answer(r):  # type: ignore[no-untyped-def]
        total = 0.0
        return total + r[0, 7]

    message = to_go(answer).message
    assert "line 3 of `answer`, `return total + r[0, 7]`, with `IndexError`" in message
    assert "An index points outside the array" in message
    assert "r = [[1., 2., 4.]]" in message
    assert "Above is the input that it was working on." in message.split("r = [[1., 2., 4.]]")[1]


@pytest.mark.parametrize(
    ("error", "words", "started"),
    [(KeyError("a"), "KeyError", True), (NotImplementedError(), "not started yet", False)],
)
def test_an_exception_on_a_later_case_alone_ends_the_tries_and_is_named(
    error: Exception, words: str, started: bool
) -> None:
    tries = []

    def stumbles(r):  # type: ignore[no-untyped-def]
        tries.append(r)
        if len(tries) == 2:
            raise error
        return reward_to_go(r)

    feedback = to_go(stumbles)
    assert words in feedback.message
    assert feedback.started == started
    assert len(tries) == 2


def test_an_exception_in_a_helper_names_the_helper() -> None:
    def helper(r):  # type: ignore[no-untyped-def]
        return r.nothing

    assert "line 2 of `helper`" in to_go(lambda r: helper(r)).message


def test_an_exception_below_numpy_names_the_line_of_the_reader() -> None:
    def answer(r):  # type: ignore[no-untyped-def]
        return np.linalg.inv(r)

    assert "line 2 of `answer`, `return np.linalg.inv(r)`" in to_go(answer).message


class SilentError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("undefined_name", "typing slip"),
        ("np.zeros(3)", "import numpy as np"),
        ("r['a']", "index"),
        ("r[0, 9]", "An index points outside"),
        ("r.sum(axis=2)", "axes are counted from 0"),
        ("r + r[:, :2]", "shapes do not fit"),
        ("r @ r", "inner lengths"),
        ("1 if r else 0", "`np.where` can"),
        ("math.exp(r)", "take single numbers"),
        ("math.log(0)", "outside its domain"),
        ("math.exp(1000)", "exponential of a large number"),
        ("r(0)", "indices take square"),
        ("r.shape[0][0]", "no entries"),
        ("1 / 0", "divided by zero"),
        ("{}['a']", "key"),
        ("answer()", "too few"),
        ("int('a')", "The first sentence above"),
        ("answer(r)", "without end"),
        ("quit()", "`exit` and `quit`"),
        ("throw(KeyboardInterrupt)", "KeyboardInterrupt"),
        ("throw(SilentError)", "with `SilentError`."),
        ("throw(GeneratorExit)", "GeneratorExit"),
        ("throw(StopIteration)", "StopIteration"),
        ("[1, 2] + 3", "The first sentence above|cannot work with"),
        ("np_.array([[1, 2], [3]])", "different lengths"),
    ],
)
def test_every_kind_of_exception_has_a_plain_meaning(statement: str, words: str) -> None:
    def throw(kind: type[BaseException]) -> None:
        raise kind

    cell: dict[str, Any] = {
        "throw": throw,
        "SilentError": SilentError,
        "np_": np,
        "quit": exit_python,
    }
    exec(f"import math\ndef answer(r):\n    return {statement}", cell)
    feedback = to_go(cell["answer"])
    assert not feedback.passed
    assert any(part in feedback.message for part in words.split("|")), feedback
    assert "line 2 of `answer`" in feedback.message
    assert "Traceback" not in feedback.message


def exit_python() -> None:
    raise SystemExit


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda r: print(r), "printed its result and returned `None`"),
        (lambda r: r.sort() and None, "returned `None`"),
        (lambda r: (reward_to_go(r), 1), "tuple of 2 things"),
        (lambda r: (reward_to_go(r),), "tuple of 1 thing,"),
        (lambda r: {"r": 1}, "type `dict`"),
        (lambda r: {1.0, 2.0}, "type `set`"),
        (lambda r: "seven", "returned text"),
        (lambda r: [["7", "6", "4"]], "returned text"),
        (lambda r: [[1.0], [1.0, 2.0]], "type `list`"),
        (lambda r: (x for x in r), "`yield`"),
        (lambda r: reward_to_go(r) + 1j, "complex"),
        (lambda r: np.datetime64("2020-01-01"), "dates"),
        (lambda r: object(), "type `object`"),
        (lambda r: type(r), "cannot be read"),
        (lambda r: r[0], "shape (3,) = (H,), where one array of shape (2, 3) = (N, H) is"),
        (lambda r: 7.0, "The result is one number, where one array"),
        (lambda r: reward_to_go(r) / 0, "contains `inf`"),
        (lambda r: reward_to_go(r) * np.nan, "contains `nan`"),
        (lambda r: np.round(reward_to_go(r) / 3).astype(int), "whole numbers"),
        (lambda: 0, "takes no arguments"),
        (lambda r, gamma: 0, "takes `(r, gamma)`"),
    ],
)
def test_every_odd_answer_is_named(answer: Any, words: str) -> None:
    feedback = to_go(answer)
    assert not feedback.passed
    assert feedback.mistake is None
    assert words in feedback.message, feedback


def test_a_scalar_exercise_wants_one_number() -> None:
    message = check("effective_sample_size", lambda w: w[:1]).message
    assert "shape (1,), where one number is asked for" in message


def test_a_coroutine_is_named_and_closed() -> None:
    async def answer(r):  # type: ignore[no-untyped-def]
        return r

    assert "`async`" in to_go(answer).message


def test_an_object_that_raises_when_it_is_read_is_named() -> None:
    class Angry:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            raise RuntimeError("detach me first")

    assert "type `Angry`" in to_go(lambda r: Angry()).message


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, RecursionError])
def test_reading_an_object_may_raise_anything(error: type[BaseException]) -> None:
    class Hostile:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            raise error

    message = to_go(lambda r: Hostile()).message
    assert "`Hostile`, which cannot be read" in message
    assert "5 seconds" not in message


@pytest.mark.parametrize("entries", [[None, None, None], [7.0, None, 4.0]])
def test_entries_none_are_named(entries: list[Any]) -> None:
    message = to_go(lambda r: [entries]).message
    assert "entries `None`" in message
    assert "nan" not in message


@pytest.mark.parametrize("name", ["exercise", "MISTAKES", "reward_to_go", "cases", "np"])
def test_an_answer_that_overwrites_the_exercise_gets_an_answer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgcompanion.exercises import reward_to_go as module  # type: ignore[attr-defined]

    monkeypatch.setattr(module, name, getattr(module, name))

    def vandal(r):  # type: ignore[no-untyped-def]
        setattr(module, name, None)
        return -r

    assert not to_go(vandal).passed
    assert not check("reward_to_go", vandal).passed


def test_a_broken_engine_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def vandal(r):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(np, "allclose", None)
        return -r

    feedback = to_go(vandal)
    monkeypatch.undo()
    assert not feedback.passed
    assert "The check itself broke down with `TypeError`" in feedback.message


def test_whole_numbers_do_not_pass_for_fractions() -> None:
    def filled(r):  # type: ignore[no-untyped-def]
        result = np.zeros(r.shape, dtype=int)
        result[:] = reward_to_go(r)
        return result

    feedback = to_go(filled)
    assert not feedback.passed
    assert "after the point" in feedback.message


def test_an_impossible_trajectory_has_no_finite_logarithm() -> None:
    def guarded(mu0, P, pi, s, a):  # type: ignore[no-untyped-def]
        factors = [mu0[s[0]], *pi[s, a], *P[s[:-1], a[:-1], s[1:]]]
        return np.log(np.array(factors) + 1e-8).sum()

    feedback = check("trajectory_log_likelihood", guarded)
    assert not feedback.passed
    assert "infinite here, and yours is finite" in feedback.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda r: reward_to_go(r) * 3, "times 3"),
        (lambda r: reward_to_go(r) / len(r), "divided by N"),
        (lambda r: -reward_to_go(r) / r.shape[1], "divided by H, and negated"),
        (lambda r: -reward_to_go(r), "the right one, negated"),
        (lambda r: reward_to_go(r).T, "transposed"),
        (lambda r: reward_to_go(r)[::-1], "axis 0 in reverse order"),
        (lambda r: np.roll(reward_to_go(r), 1, 1), "one place too late along axis 1"),
        (lambda r: reward_to_go(r).ravel(), "in another shape"),
        (lambda r: reward_to_go(r).sum(0), "summed over axis 0"),
        (lambda r: np.exp(reward_to_go(r)), "exponentiated"),
        (lambda r: reward_to_go(r) + 1, "plus 1"),
        (lambda r: reward_to_go(r) / np.linalg.norm(reward_to_go(r)), "divided by its length"),
        (lambda r: reward_to_go(np.hstack([r, r[:, :1]]))[:, 1:], "with `r` moved one place ahead"),
        (lambda r: reward_to_go(r) * (1 + 0.01 * np.arange(r.shape[1])), None),
    ],
)
def test_the_solution_in_disguise_is_recognised(answer: Any, words: str | None) -> None:
    feedback = to_go(answer)
    assert not feedback.passed
    if words is None:
        assert "the right one" not in feedback.message
    else:
        assert words in feedback.message, feedback


def test_a_known_mistake_in_disguise_is_named_with_its_twist() -> None:
    feedback = to_go(lambda r: np.cumsum(r, 1) / len(r))
    assert feedback.mistake == "from_the_start"
    assert not feedback.passed
    assert "There is a second thing: beside this mistake, your result is divided by N." in (
        feedback.message
    )


def test_the_solution_of_other_arguments_is_recognised() -> None:
    def first_as_ratio(logp_new, logp_old, A):  # type: ignore[no-untyped-def]
        A = A[:, ::-1]
        return (np.exp(logp_new - logp_old) * A).sum(axis=1).mean()

    feedback = check("trpo_surrogate", first_as_ratio)
    assert feedback.mistake == "other_arguments"
    assert not feedback.passed
    assert "the right one, with `A` in reverse order along axis 1." in feedback.message


def test_a_wrong_shape_is_shown_where_all_sizes_differ_and_in_letters() -> None:
    def all_actions(phi, pi, a):  # type: ignore[no-untyped-def]
        return phi * 2 - pi @ phi

    message = check("linear_score", all_actions).message
    assert "has shape (3, 2) = (A, p), where one array of shape (2,) = (p,) is" in message


def test_every_failure_offers_a_hint_and_a_named_one_shows_numbers() -> None:
    for answer in (lambda r: r, lambda r: 2 * r, lambda r: 1 / 0, lambda r: [None], lambda r: r[0]):
        assert "`hint('reward_to_go')` gives the next hint." in to_go(answer).message
    message = to_go(lambda r: np.cumsum(r, 1)).message
    assert "returned = [[1., 3., 7.]]" in message
    assert "expected = [[7., 6., 4.]]" in message


def test_a_statement_is_named_by_title_and_page_with_a_link() -> None:
    feedback = to_go(lambda r: np.cumsum(r, 1))
    words = 'the theorem "Policy gradient with reward-to-go and with Q" on the page'
    assert words in " ".join(repr(feedback).split())
    assert "](" not in repr(feedback)
    assert 'href="../reinforce.ipynb#pg_with_q"' in feedback._repr_html_()


def test_a_changed_argument_is_named_even_if_the_answer_is_right() -> None:
    def answer(r):  # type: ignore[no-untyped-def]
        for h in range(r.shape[1] - 2, -1, -1):
            r[:, h] += r[:, h + 1]
        return r

    feedback = to_go(answer)
    assert not feedback.passed
    assert "changed its argument `r`" in feedback.message


@pytest.mark.parametrize("thing", [None, 3, np.zeros(3), "reward_to_go", [reward_to_go]])
def test_something_that_is_no_function_is_named(thing: Any) -> None:
    feedback = to_go(thing)
    assert not feedback.passed
    assert f"`{type(thing).__name__}`" in feedback.message
    assert "without brackets" in feedback.message


def test_a_forgotten_or_swapped_argument_is_named() -> None:
    assert "is not a function" in check("reward_to_go").message
    swapped: Any = check(reward_to_go, "reward_to_go")  # type: ignore[arg-type]
    assert "The name of the exercise comes first" in swapped.message


def test_an_unknown_exercise_names_the_nearest_ones() -> None:
    assert "The nearest is `reward_to_go`." in check("Reward-to go", reward_to_go).message
    assert (
        "The nearest are `ppo_penalty_objective`, `ppo_clip_objective` and `ppo_epochs`."
        in check("ppo", reward_to_go).message
    )
    assert f"`{IDS[-1]}`." in check("zzzzzz", reward_to_go).message


def test_prints_are_shown_and_do_no_harm(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(r):  # type: ignore[no-untyped-def]
        print("shape", r.shape)
        return reward_to_go(r)

    feedback = to_go(answer)
    assert feedback.passed
    assert "    shape (1, 3)" in feedback.message
    assert feedback.message.count("shape") == 1
    assert capsys.readouterr().out == ""


def test_an_endless_print_is_cut() -> None:
    feedback = to_go(lambda r: [print("x" * 60) for _ in range(10_000)] and reward_to_go(r))
    assert feedback.passed
    assert len(feedback.message) < 1000


def test_warnings_of_the_answer_are_silent() -> None:
    def answer(r):  # type: ignore[no-untyped-def]
        warnings.warn("careful", stacklevel=1)
        np.log(np.zeros(1))
        return reward_to_go(r)

    assert to_go(answer).passed


NAIVE = {
    "dpo_loss": lambda chosen, rejected, beta: (
        -np.log(1 / (1 + np.exp(-beta * (chosen - rejected))))
    ),
    "softmax_policy": lambda theta: np.exp(theta) / np.exp(theta).sum(axis=1, keepdims=True),
    "softmax_score": lambda theta, s, a: (
        np.outer(np.arange(len(theta)) == s, np.arange(theta.shape[1]) == a)
        - np.outer(np.arange(len(theta)) == s, np.exp(theta[s]) / np.exp(theta[s]).sum())
    ),
    "trajectory_log_likelihood": lambda mu0, P, pi, s, a: np.log(
        mu0[s[0]] * np.prod(pi[s, a]) * np.prod(P[s[:-1], a[:-1], s[1:]])
    ),
    "effective_sample_size": lambda w: w.sum() ** 2 / (w**2).sum(),
    "bernoulli_natural_gradient": lambda theta: (
        (99 * (1 / (1 + np.exp(-theta))) * (1 - 1 / (1 + np.exp(-theta))))
        / ((1 / (1 + np.exp(-theta))) * (1 - 1 / (1 + np.exp(-theta))))
    ),
    "tabular_npg_update": lambda pi, A_bar, eta: (
        pi * np.exp(eta * A_bar) / (pi * np.exp(eta * A_bar)).sum(axis=1, keepdims=True)
    ),
    "squashed_gaussian_log_prob": lambda u, mu, sigma: (
        -(((u - mu) / sigma) ** 2) / 2
        - np.log(sigma)
        - np.log(2 * np.pi) / 2
        - np.log(1 - np.tanh(u) ** 2)
    ).sum(),
    "trpo_surrogate": lambda new, old, A: (np.exp(new) / np.exp(old) * A).sum(axis=1).mean(),
    "ppo_penalty_objective": lambda new, old, A, lam: (
        (np.exp(new) / np.exp(old) * A + lam * new).sum(axis=1).mean()
    ),
    "ppo_clip_objective": lambda new, old, A, eps: (
        np.minimum(
            np.exp(new) / np.exp(old) * A,
            np.clip(np.exp(new) / np.exp(old), 1 - eps, 1 + eps) * A,
        )
        .sum(axis=1)
        .mean()
    ),
}


@pytest.mark.parametrize("id", NAIVE)
def test_an_unstable_right_answer_passes_with_a_remark(id: str) -> None:
    feedback = check(id, NAIVE[id])
    assert feedback.passed
    assert feedback.message.count("One remark: ") == 1


def test_every_exercise_with_a_stress_case_has_its_naive_answer_above() -> None:
    from pgcompanion.exercises.engine import catalogue

    assert {id for id in catalogue.IDS if catalogue.find(id).stress} == set(NAIVE)


def test_the_remark_tells_which_overflow_it_was() -> None:
    def largest_of_the_table(theta):  # type: ignore[no-untyped-def]
        weights = np.exp(theta - theta.max())
        return weights / weights.sum(axis=1, keepdims=True)

    assert "not the largest of the whole table" in (
        check("softmax_policy", largest_of_the_table).message
    )
    assert "remark" not in check("softmax_policy", softmax_policy).message


def test_an_edge_is_judged_only_when_the_ordinary_cases_are_right() -> None:
    def raw(p, q):  # type: ignore[no-untyped-def]
        return np.sum(p * np.log(p / q))

    assert check("kl_divergence", raw).mistake == "nan_at_zero"
    assert check("kl_divergence", lambda p, q: raw(q, p)).mistake == "swapped"


def test_a_finite_answer_where_infinity_is_right_is_named() -> None:
    def smoothed(p, q):  # type: ignore[no-untyped-def]
        return np.sum(p * np.log((p + 1e-9) / (q + 1e-9)))

    assert "infinite here, and yours is finite" in check("kl_divergence", smoothed).message


def test_an_endless_loop_ends_after_five_seconds_and_names_its_line() -> None:
    def answer(r):  # type: ignore[no-untyped-def]
        h = 0
        while h < 3:
            r = r + 1
        return r

    start = time.monotonic()
    feedback = to_go(answer)
    assert runner.LIMIT == 5.0
    assert time.monotonic() - start > 4.9
    assert not feedback.passed
    assert "5 seconds" in feedback.message
    assert "of `answer`" in feedback.message
    assert "nothing is left running" in feedback.message


def test_each_call_has_the_limit_to_itself_and_all_together_have_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(r):  # type: ignore[no-untyped-def]
        time.sleep(0.2)
        return reward_to_go(r)

    monkeypatch.setattr(runner, "LIMIT", 0.6)
    assert to_go(slow).passed
    monkeypatch.setattr(runner, "TOTAL", 0.5)
    assert "had not finished" in to_go(slow).message


def test_a_check_inside_the_function_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LIMIT", 0.2)
    monkeypatch.setattr(runner, "GRACE", 0.2)
    assert not to_go(lambda r: to_go(reward_to_go)).passed
    assert to_go(reward_to_go).passed


class WellFormed(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_feedback_shows_itself_in_a_notebook_and_in_a_terminal() -> None:
    def answer(r):  # type: ignore[no-untyped-def]
        print("<b>&")
        return 2 * r

    feedback = to_go(answer)
    page = feedback._repr_html_()
    shown = WellFormed(page).text
    for part in ("Not yet.", "[[2., 4., 8.]]", "<b>&"):
        assert part in shown
        assert part in repr(feedback)
    assert "background: none; color: inherit" in page
    assert max(map(len, repr(feedback).splitlines())) <= 90
    assert repr(to_go(reward_to_go)).startswith("Passed.\n\nRight.")


@pytest.mark.parametrize(
    "answer", [reward_to_go, lambda r: 2 * r, lambda r: 1 / 0, lambda r: None, lambda: 1, 3]
)
def test_every_message_ends_with_a_full_stop_and_shouts_nowhere(answer: Any) -> None:
    message = to_go(answer).message
    assert message.endswith(".")
    assert "!" not in message
    assert "traceback" not in message.lower()
