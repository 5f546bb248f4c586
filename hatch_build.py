"""What the package's metadata say of the public repository: its addresses, and the README's links.

The package index shows README.md away from the files that it links to. Where the repository has an
address (see book/_ext/repository.py), links and pictures become whole; where it has none, they go, so
that no dead one is shown. A sdist holds the outcome and is not asked again.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.metadata.plugin.interface import MetadataHookInterface

if TYPE_CHECKING:
    from repository import Repository

RELATIVE = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")


def readme(text: str, public: Repository | None) -> str:
    """The README with whole addresses in place of relative ones, or none."""

    def whole(match: re.Match[str]) -> str:
        picture, said, path = match.groups()
        if public is None:
            return "" if picture else said
        return f"{picture}[{said}]({public.raw(path) if picture else public.file(path)})"

    return re.sub(r"\n{3,}", "\n\n", RELATIVE.sub(whole, text))


def urls(public: Repository | None, site: str) -> dict[str, str]:
    """The links that the package index shows beside the README."""
    found = {"Documentation": site} if site else {}
    if public is not None:
        found["Repository"] = public.address
        found["Issues"] = f"{public.address}/issues"
        found["Changelog"] = public.file("CHANGELOG.md")
    return found


class CustomMetadataHook(MetadataHookInterface):
    def update(self, metadata: dict) -> None:
        root = Path(self.root)
        if (root / "PKG-INFO").exists():
            return
        sys.path.insert(0, str(root / "book" / "_ext"))
        import repository

        public = repository.read(repository.setting(root))
        text = readme((root / "README.md").read_text(encoding="utf-8"), public)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        if found := urls(public, os.environ.get("PGCOMPANION_SITE", "")):
            metadata["urls"] = found
