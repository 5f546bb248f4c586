"""The package on every Python that this machine has, and the oldest with the oldest packages."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from elsewhere import ROOT, Environment, pythons

OLDEST = next(iter(pythons()))


def copied_tests(sdist: Path, folder: Path) -> Path:
    """The tests that the sdist holds, away from the checkout, so that they meet the installed package."""
    with tarfile.open(sdist) as packed:
        packed.extractall(folder, filter="data")
    (inside,) = folder.glob("pgcompanion-*/")
    (inside / "tests").rename(folder / "tests")
    shutil.copyfile(inside / "pyproject.toml", folder / "pyproject.toml")
    return folder


@pytest.mark.parametrize("version", pythons())
def test_every_example_of_the_installed_package_runs(
    version: str, distributions: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel, sdist = distributions
    environment = Environment(tmp_path, pythons()[version])
    environment.install(f"{wheel}[experiments]", "pytest")
    assert (
        environment.run("-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
        == version
    )
    folder = copied_tests(sdist, tmp_path)
    said = environment.run("-m", "pytest", "-q", "--pyargs", "pgcompanion", cwd=folder)
    assert "passed" in said


@pytest.fixture(scope="module")
def oldest(
    distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """The oldest Python with the oldest packages that the metadata allow, and the tests of the sdist."""
    wheel, sdist = distributions
    environment = Environment(tmp_path_factory.mktemp("oldest"), pythons()[OLDEST])
    metadata = ROOT / "pyproject.toml"
    lowest = ["--resolution", "lowest-direct", "--requirements", metadata]
    environment.install(*lowest, "--extra", "cluster")
    environment.install("--no-deps", wheel)
    floor = f"numpy>={environment.versions()['numpy'].removesuffix('.0')}"
    assert floor in metadata.read_text(encoding="utf-8")
    environment.install("pytest", "hypothesis", "ipykernel")
    copied_tests(sdist, environment.folder)
    return environment


def run_with_the_oldest(environment: Environment, *tests: str) -> str:
    # Old packages draw the deprecation warnings of newer ones that they use.
    command = ["-m", "pytest", "-q", "-W", "ignore::DeprecationWarning", *tests]
    return environment.run(*command, cwd=environment.folder)


def test_every_example_runs_with_the_oldest_packages(oldest: Environment) -> None:
    assert "passed" in run_with_the_oldest(oldest, "--pyargs", "pgcompanion")


@pytest.mark.weekly
def test_the_tests_pass_with_the_oldest_packages(oldest: Environment) -> None:
    assert "passed" in run_with_the_oldest(oldest, "-m", "not slow", "tests")
