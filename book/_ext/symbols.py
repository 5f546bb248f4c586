r"""The symbols in the displayed formulas of a page, for the notation table to be held against."""

from __future__ import annotations

import re

# What every reader knows from elsewhere, and what only arranges a formula.
STANDARD = """
    Big Bigg Biggl Biggr Bigl Bigr Vert approx arg artanh big binom bigg biggl biggr bigl bigr bmod cdot cdots cos
    dfrac displaystyle dots e equiv exp forall frac ge geq gg in inf infty int lVert land langle ldots
    le left leftarrow leq lfloor lim limits ll log longrightarrow lor lvert mapsto max mid middle min mp
    nabla ne neq notin odot otimes partial pm prime prod propto qquad quad rVert rangle rfloor right
    rightarrow rvert sim simeq sin sqrt subset subseteq succ sum sup tanh textstyle tr tfrac times to underbrace vert
"""
KNOWN = frozenset(STANDARD.split())
MACROS = {"hi": "h", "hor": "H", "kl": "KL", "R": "mathbb R"}  # of `_config.yml`

DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
SILENT = re.compile(r"\\(?:begin|end|label|text|tag|math(?:open|close|rel))\{[^{}]*\}")
SYMBOL = re.compile(
    r"\\(?:mathrm|operatorname\*?)\{([^{}]*)\}"  # a name: KL, clip
    r"|\\(math(?:cal|bb|bf))\W*(\w)"  # a letter of an alphabet
    r"|\\([A-Za-z]+)"  # a Greek letter, a mark, a macro
    r"|([A-Za-z])"
)


def symbols(latex: str) -> set[str]:
    r"""The symbols of a formula: letters, marks over them, and named functions.

    >>> sorted(symbols(r"\hat J(\theta) = \sum_\hi \mathrm{KL}(\pi, \mathcal{N})"))
    ['J', 'KL', 'h', 'hat', 'mathcal N', 'pi', 'theta']
    """
    found = set()
    for name, alphabet, member, command, letter in SYMBOL.findall(SILENT.sub(" ", latex)):
        found.add(
            f"{alphabet} {member}" if alphabet else MACROS.get(command, name + command + letter)
        )
    return found - KNOWN


def unlisted(notation: dict, page: str) -> set[str]:
    """The symbols in the displayed formulas of a page that no row of the table has."""
    rows = [row["symbol"] for group in notation["group"] for row in group["symbols"]]
    return set().union(*map(symbols, DISPLAY.findall(page))).difference(*map(symbols, rows))
