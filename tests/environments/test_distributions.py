"""The wheel and the sdist hold the package alone, describe it rightly, and import fast."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
import repository
from elsewhere import ROOT, VERSIONS, Environment, pythons
from packaging.version import Version

import hatch_build

HEAVY = ["dask", "gymnasium", "ipywidgets", "joblib", "matplotlib", "scipy"]
# What draws, asks or wraps environments may need more.
FRAME = ["demos", "exercises", "experiments", "gridworld.env", "lqr.env", "training.action_repeat"]
TWINE = "twine@7.0.0"


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("/METADATA"))
        return Parser().parsestr(packed.read(name).decode())


def test_the_wheel_holds_the_package_and_its_types(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert {name.split("/")[0] for name in names} == {
        "pgcompanion",
        wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info",
    }
    assert "pgcompanion/py.typed" in names
    modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "pgcompanion").rglob("*.py")}
    assert modules <= set(names)


def test_the_sdist_holds_what_builds_the_wheel_and_the_tests_of_the_package(
    distributions: tuple,
) -> None:
    with tarfile.open(distributions[1]) as packed:
        names = {name.split("/", 1)[1] for name in packed.getnames()}
    assert (
        {name for name in names if name.partition("/")[0] not in ("pgcompanion", "tests")}
        == {
            *("LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff"),
            *("pyproject.toml", "hatch_build.py", "PKG-INFO"),
            ".gitignore",  # hatchling keeps it, to leave out the same files when it builds from the sdist
        }
    )
    assert {"pgcompanion/py.typed", "tests/conftest.py", "tests/exact/test_gradient.py"} <= names
    assert not [name for name in names if "__pycache__" in name]


LINK = re.compile(r"\]\(([^)]*)\)")


def test_the_description_has_no_link_that_is_dead_on_the_index(metadata: Message) -> None:
    links = LINK.findall(metadata.get_payload())
    assert links
    assert [link for link in links if not link.startswith("https://")] == []
    assert "](book/site/screenshot.png)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_with_a_repository_links_pictures_and_addresses_are_whole() -> None:
    public = repository.read("https://example.org/a/b/tree/v1")
    text = "![A page](book/p.png) of [a licence](LICENSE), [elsewhere](https://x.org)"
    assert hatch_build.readme(text, public) == (
        "![A page](https://example.org/a/b/raw/v1/book/p.png) of "
        "[a licence](https://example.org/a/b/blob/v1/LICENSE), [elsewhere](https://x.org)"
    )
    assert hatch_build.readme(text, None) == " of a licence, [elsewhere](https://x.org)"
    assert hatch_build.urls(None, "") == {}
    assert hatch_build.urls(public, "https://x.org")["Repository"] == "https://example.org/a/b"


def test_twine_finds_no_fault(distributions: tuple, tmp_path: Path) -> None:
    bad = tmp_path / "bad-1.0.tar.gz"
    with tarfile.open(bad, "w:gz") as packed:
        (tmp_path / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: bad\n")
        packed.add(tmp_path / "PKG-INFO", "bad-1.0/PKG-INFO")
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "tool", "run", "--quiet", "--python", sys.executable, TWINE, "check", "--strict"]
    good = subprocess.run([*command, *distributions], capture_output=True, text=True)
    assert good.returncode == 0, good.stdout + good.stderr
    assert subprocess.run([*command, bad], capture_output=True).returncode != 0


def test_the_metadata_are_of_a_version_that_uploaders_know(metadata: Message) -> None:
    assert metadata["Metadata-Version"] == "2.4"
    assert metadata["License-Expression"] == "MIT"


def test_the_metadata_name_the_pythons(metadata: Message) -> None:
    assert metadata["Requires-Python"] == f">={VERSIONS[0]}"
    language = "Programming Language :: Python :: "
    classifiers = metadata.get_all("Classifier")
    assert {c.removeprefix(language) for c in classifiers if c.startswith(f"{language}3.")} == set(
        VERSIONS
    )
    assert "Typing :: Typed" in classifiers


def test_dependencies_have_floors_and_no_ceilings(metadata: Message) -> None:
    needed = [line.split(";")[0] for line in metadata.get_all("Requires-Dist")]
    assert needed
    assert not [line for line in needed if "<" in line or "==" in line or "~=" in line]


def rooms() -> list[str]:
    """Every module of the package outside the rooms that draw, ask or run."""
    files = (ROOT / "pgcompanion").rglob("*.py")
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    names = [name.removesuffix(".__init__") for name in names]
    return sorted(name for name in names if not any(f".{room}" in name for room in FRAME))


def test_citation_and_changelog_tell_of_the_package_s_version(metadata: Message) -> None:
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    changed = re.search(r"^## (\S+) \((\S+)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert cited
    assert changed
    assert cited[1] == changed[1]
    assert Version(cited[1]) == Version(metadata["Version"])
    released = re.search(r"^date-released: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert (released[1] if released else "unreleased") == changed[2]
    assert (released is None) == Version(cited[1]).is_devrelease


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("fresh"), list(pythons().values())[-1])
    environment.install(f"{wheel}[experiments]")
    return environment


def loaded(environment: Environment, imports: str) -> set[str]:
    code = f"import sys\n{imports}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    return set(environment.run("-c", code).split())


def test_no_room_loads_what_it_may_not_need(fresh: Environment) -> None:
    every = "\n".join(f"import {name}" for name in rooms())
    assert not loaded(fresh, every) & set(HEAVY)
    assert loaded(fresh, "import matplotlib.pyplot") & set(HEAVY)
