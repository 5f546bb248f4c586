"""What Binder does, as far as it can be done without containers.

The same commands install into a fresh environment, the same kind of server starts in a copy of the
repository, and a chapter is opened and run in a browser, as notebook and as text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import binder_list
import pytest
from elsewhere import ROOT, Environment, pythons
from playwright.sync_api import Browser, Page, expect

BINDER = ROOT / "binder"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab")
# A clone's times are arbitrary; a notebook that looks a day older than its text must open, too.
A_DAY = 86_400
STARTING = 300  # seconds
PATIENCE = 300_000  # milliseconds


def pins(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {re.split(r"[;\\]", line)[0].strip() for line in lines if re.match(r"\w", line)}


def test_the_short_list_is_part_of_the_lock() -> None:
    short = pins(BINDER / "requirements.txt")
    assert short <= pins(ROOT / "requirements.txt")
    assert len(short) < 12


def test_the_lock_renews_the_short_list() -> None:
    lock = 'a==2 ; python_full_version < "3.12" \\\n    --hash=sha256:0\na==3 \\\n    --hash=sha256:1\n'
    assert binder_list.renewed("# Few.\na==1\n", lock) == "# Few.\na==3\n"
    with pytest.raises(KeyError, match="b"):
        binder_list.renewed("b==1\n", lock)


def clone(folder: Path) -> Path:
    """A copy of what the repository keeps."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).is_file(), listed.splitlines()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for text in (folder / "book").rglob("*.md"):
        os.utime(text, (time.time() - A_DAY, time.time() - A_DAY))
    return folder


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of JupyterLab in an environment that was made as Binder makes it."""
    environment = Environment(tmp_path_factory.mktemp("binder"), list(pythons().values())[-1])
    repository = clone(environment.folder / "repository")
    environment.install("jupyterlab", "--requirements", BINDER / "requirements.txt")
    commands = str(Path(environment.python).parent)
    settings = os.environ | {
        "HOME": str(environment.folder),
        "PATH": f"{commands}:{os.environ['PATH']}",
    }
    subprocess.run([repository / "binder" / "postBuild"], cwd=repository, env=settings, check=True)
    command = [f"{commands}/jupyter-lab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += ["--port=0", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
    log = environment.folder / "server.log"
    with (
        log.open("w") as said,
        subprocess.Popen(command, cwd=repository, env=settings, stderr=said) as server,
    ):
        yield address(server, log)
        server.terminate()


def address(server: subprocess.Popen, log: Path) -> str:
    """Where a server says that it is, once it does."""
    for _ in range(STARTING * 10):
        if found := ADDRESS.search(log.read_text(encoding="utf-8")):
            return found.group()
        if server.poll() is not None:
            break
        time.sleep(0.1)
    server.kill()
    return pytest.fail(f"the server did not start:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    yield page
    page.close()


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


@pytest.mark.parametrize("name", ["index.ipynb", "index.md"])
def test_a_chapter_opens_as_a_notebook_and_runs(name: str, lab: str, page: Page) -> None:
    page.goto(f"{lab}/tree/book/{name}?reset")
    expect(page.locator(".jp-Notebook:visible")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=PATIENCE)
    run_all(page)
    outputs = page.locator(".jp-OutputArea-output")
    expect(outputs.filter(has_text="exact gradient, length")).to_be_visible(timeout=PATIENCE)
    assert not outputs.filter(has_text="Error").count()
