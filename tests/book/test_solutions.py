"""The page of solutions: nothing that the book asks is missing from it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import exercise_notebooks
import notebooks
import pytest
from docutils import nodes
from sphinx_proof.nodes import theorem_node

from pgcompanion.exercises.engine import catalogue

sys.path.append(str(notebooks.ROOT / "book" / "_ext"))

import solutions
from pgbook_markup import Disclosure

TEXTS = {page.stem: page.read_text("utf-8") for page in sorted(notebooks.BOOK.glob("*.md"))}
ASKED = re.compile(r"^:::\{exercise\}.*\n:label: (\w+)$", re.M)
SOLVED = re.compile(r"^:::\{solution\} (\w+)$", re.M)
# What texts on policy gradients ask or announce without a proof.
EXERCISES = ["ex_pg_with_q", "ex_pg_discounted", "ex_linear_gaussian", "ex_npg_from_trpo"]
PROOFS = [
    "score_lemma",
    "pg_baseline",
    "pg_advantage",
    "likelihood_ratio",
    "reinforce_pg",
    "pdl",
    "surrogate",
    "fisher_forms",
    "fisher_trajectory",
    "npg_optimization",
    "ppo_objective",
]


@pytest.fixture(scope="module")
def page(site: Path) -> str:
    return (site / "solutions.html").read_text(encoding="utf-8")


def section(page: str, start: str, end: str) -> str:
    return page[page.index(start) : page.index(end)]


def linked(page: str) -> list[str]:
    """What the titles of the solutions link to."""
    titles = re.findall(r'<div class="[^"]*\bsolution\b[^"]*".*?</p>', page, re.DOTALL)
    return [href for title in titles for href in re.findall(r'href="([^"]*)"', title)]


def test_every_exercise_is_solved_in_its_chapter() -> None:
    for name, text in TEXTS.items():
        assert ASKED.findall(text) == SOLVED.findall(text), name
    assert set(EXERCISES) <= {label for text in TEXTS.values() for label in SOLVED.findall(text)}


def test_the_solutions_of_all_chapters_are_gathered_in_order(page: str) -> None:
    notes = exercise_notebooks.chapters()
    coded = {chapter: catalogue.PAGES[title] for title, chapter in notes.items()}
    order = [
        name for name in notebooks.contents() if SOLVED.search(TEXTS.get(name, "")) or name in coded
    ]
    wanted = []
    for name in order:
        wanted += [f"{name}.html#{label}" for label in SOLVED.findall(TEXTS[name])]
        anchors = [nodes.make_id(catalogue.find(id).title) for id in coded.get(name, ())]
        wanted += [f"exercises/{name}.html#{anchor}" for anchor in anchors]
    assert linked(page) == wanted


def test_the_links_lead_somewhere(page: str, site: Path) -> None:
    for path, anchor in (href.split("#") for href in linked(page)):
        assert f'id="{anchor}"' in (site / path).read_text(encoding="utf-8"), (path, anchor)


def test_the_proofs_that_are_often_left_out_are_there(page: str) -> None:
    proofs = section(page, 'id="proofs-that-are-often-left-out"', 'id="the-objective"')
    named = re.findall(r'<p class="pg-gathered"><a class="[^"]*" href="\w+\.html#(\w+)"', proofs)
    assert named == PROOFS
    assert proofs.count('<details class="pg-proof"') == len(PROOFS)


def test_the_code_of_each_solution_is_there(page: str) -> None:
    text = re.sub(r"<[^>]*>", "", page)
    for id in catalogue.IDS:
        assert text.count(f"def {id}(") == 1


def doctree(*below: nodes.Node) -> nodes.document:
    document = nodes.document(None, None)
    document += nodes.section("", theorem_node("", label="one"), *below)
    return document


def test_a_proof_belongs_to_the_theorem_above_it() -> None:
    proof, other = Disclosure(), theorem_node("", label="other")
    assert solutions.proof_below(doctree(nodes.paragraph(), proof), "one") is proof
    assert solutions.proof_below(doctree(other, proof), "one") is None
    assert solutions.proof_below(doctree(), "one") is None
