"""Every page is written in every build, in some three seconds more than those that changed.

What a page shows comes from elsewhere, too: from the site's files, from what the tests measured, from
the theorems and solutions of other pages. And the search knows what was written in this build: see
`search`.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def every_page(app: Sphinx, env: BuildEnvironment) -> set[str]:
    """The pages to write."""
    return env.found_docs


def setup(app: Sphinx) -> dict:
    app.connect("env-updated", every_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
