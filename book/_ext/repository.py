"""The public repository of the book: one setting, and the links that are made from it.

The setting is the address of the repository as a browser shows it, for a branch or tag other than
`main` with `/tree/` and its name. It stands in `_config.yml` (`pgbook_repository`); the environment
variable PGCOMPANION_REPOSITORY goes before it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml

VARIABLE = "PGCOMPANION_REPOSITORY"


@dataclass(frozen=True)
class Repository:
    """An address, and the branch or tag that the links name."""

    address: str
    ref: str = "main"

    @property
    def archive(self) -> str:
        """The whole repository at this branch or tag, as pip takes it."""
        return f"{self.address}/archive/{self.ref}.zip"

    @property
    def github(self) -> str | None:
        """`organisation/name`, where the repository is one that Colab and Binder open so."""
        url = urlsplit(self.address)
        return url.path.strip("/") if url.hostname == "github.com" else None

    def file(self, path: str) -> str:
        return f"{self.address}/blob/{self.ref}/{path}"

    def raw(self, path: str) -> str:
        """A file alone, as a picture needs it."""
        return f"{self.address}/raw/{self.ref}/{path}"

    def edit(self, path: str) -> str:
        return f"{self.address}/edit/{self.ref}/{path}"

    def colab(self, notebook: str) -> str | None:
        base = f"https://colab.research.google.com/github/{self.github}"
        return f"{base}/blob/{self.ref}/{notebook}" if self.github else None

    def binder(self, notebook: str) -> str | None:
        base = f"https://mybinder.org/v2/gh/{self.github}/{quote(self.ref, safe='')}"
        return f"{base}?urlpath=lab/tree/{notebook}" if self.github else None


def read(setting: str) -> Repository | None:
    """The repository that a setting names, if it names one."""
    address, _, ref = setting.strip().partition("/tree/")
    address = address.rstrip("/").removesuffix(".git")
    return Repository(address, ref.strip("/") or "main") if address else None


def setting(root: Path) -> str:
    """The setting of the book that stands in the folder `root`."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return os.environ.get(VARIABLE, config["sphinx"]["config"]["pgbook_repository"])
