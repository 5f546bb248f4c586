"""The book's own markup: proofs, citations, and what the stock markup gets wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from docutils import nodes
from mathematics import END
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator
from sphinx_proof.directive import ProofDirective
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle


@dataclass
class AuthorYearRound(AuthorYearReferenceStyle):
    """Citations as a book prints them: Williams (1992), (Amari, 1998)."""

    bracket_textual: BracketStyle = field(default_factory=lambda: BracketStyle("(", ")"))
    bracket_parenthetical: BracketStyle = field(default_factory=lambda: BracketStyle("(", ")"))


class Disclosure(nodes.General, nodes.Element):
    """A proof that is closed at first: `<details>`, which needs no script."""


class Proof(ProofDirective):
    """`prf:proof` with a title of its own; the class `dropdown` closes it."""

    def run(self) -> list[nodes.Node]:
        proof = Disclosure(closed="dropdown" in self.options.get("class", []))
        self.state.nested_parse(self.content, self.content_offset, proof)
        return [proof]


def visit_disclosure(translator: HTML5Translator, node: Disclosure) -> None:
    state = "" if node["closed"] else " open"
    translator.body.append(f'<details class="pg-proof"{state}><summary>Proof</summary>\n<div>\n')


def depart_disclosure(translator: HTML5Translator, node: Disclosure) -> None:
    translator.body.append("</div>\n</details>\n")


# Inline mathematics with a bracket before it or punctuation after it.
TOUCHED = re.compile(rf'([(\[]?)(<span class="math [^"]*">.*?){END}([^\s<&]*)', re.DOTALL)
# A formula of few signs, whose line would break after its relation.
SHORT = re.compile(
    r'<span class="math (?=(?:(?!<annotation).)*<annotation[^>]*>[^<]{1,16}</annotation>)',
    re.DOTALL,
)


def together(match: re.Match[str]) -> str:
    before, formula, after = match.groups()
    formula = SHORT.sub('<span class="math pg-short ', formula)
    whole = before + formula + after
    return f'<span class="pg-together">{whole}</span>' if before or after else formula


# Code of a few words in a line of text, such as a shape.
LITERAL = re.compile(
    r'<code class="([^"]*literal[^"]*)">((?:<span class="pre">[^<]*</span> ?){2,})</code>'
)
FEW = 20  # signs


def short(match: re.Match[str]) -> str:
    classes, words = match.groups()
    few = len(re.sub("<[^>]*>", "", words)) <= FEW
    return f'<code class="{classes} pg-short">{words}</code>' if few else match[0]


# What a cell prints, and the mark of a line that stands in columns: that of a table, of an array, or of numbers.
PRINTED = re.compile(
    r'(<div class="output (?:stream|text_plain)[^>]*><div class="highlight"><pre><span></span>)'
    r"(.*?)(?=</pre>)",
    re.DOTALL,
)
COLUMNS = re.compile(r"\S {2,}\S|^\s*\[|(?: -?\d\S*){4}")
WHOLE = '<span class="pg-row">{}</span>'
POWER = re.compile(r"\b\d+(?:\.\d+)?e-\d+(?![^<]*>)")  # 1e-16, which a line may break at its hyphen


def rows(match: re.Match[str]) -> str:
    """Mark the lines that must not be broken; a page too narrow for the others breaks them."""
    lines = match[2].split("\n")
    return match[1] + "\n".join(line if "<" in line else row(line) for line in lines)


def row(line: str) -> str:
    return WHOLE.format(line) if COLUMNS.search(line) else POWER.sub(WHOLE.format(r"\g<0>"), line)


# The line under a statement, or their table; the names of functions there, and where such a name may break.
CHECKED = re.compile(
    r'<p class="pg-checked">.*?</p>|<table class="[^"]*pg-statements.*?</table>', re.DOTALL
)
NAME = re.compile(r'(?<=<span class="pre">)[\w.]+')
JOINT = re.compile(r"(?<=[._])(?=\w)")


def checked(match: re.Match[str]) -> str:
    line = NAME.sub(lambda name: JOINT.sub("<wbr>", name[0]), match[0])
    return POWER.sub(WHOLE.format(r"\g<0>"), line)


# The space before the name of an exercise belongs to no link.
SOLUTION = re.compile(r"Solution to(<a [^>]*>) ")


def mend(body: str) -> str:
    """Put right what the stock markup gets wrong."""
    body = TOUCHED.sub(together, body)
    body = LITERAL.sub(short, body)
    body = PRINTED.sub(rows, body)
    body = CHECKED.sub(checked, body)
    body = SOLUTION.sub(r"Solution to \1", body)
    # A list holds list items, and a disclosure is named by its own text.
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # One identifier, one element: these are written once for every statement of a page.
    return re.sub(r' id="(proof|exercise|solution)-content"', "", body)


def setup(app: Sphinx) -> None:
    register_plugin("sphinxcontrib.bibtex.style.referencing", "author_year_round", AuthorYearRound)
    app.add_node(Disclosure, html=(visit_disclosure, depart_disclosure))
    app.add_directive_to_domain("prf", "proof", Proof, override=True)
