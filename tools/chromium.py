"""Find the Chromium that prints the book and that its tests drive, or fetch one, or say what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Its own letters are there, and the sections that are laid out later have been.
TYPESET = """async () => {
  await document.fonts.ready;
  while (document.documentElement.classList.contains("pg-later")) await new Promise(requestAnimationFrame);
}"""
MISSING = (
    "No Chromium was found, and playwright could not fetch one: install the package chromium"
    " (or Google Chrome), or set PGCOMPANION_CHROMIUM to its path."
)


def playwrights_own(running: Playwright | None = None) -> str | None:
    """Where playwright keeps the Chromium that it fetched itself, if it did."""
    from playwright.sync_api import sync_playwright

    with nullcontext(running) if running else sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find(running: Playwright | None = None) -> str | None:
    """The path of a Chromium on this machine. A playwright that runs is told, since there can be one only."""
    if given := os.environ.get("PGCOMPANION_CHROMIUM"):
        return given
    found = (shutil.which(name) for name in [*NAMES, MAC])
    return next((path for path in found if path), None) or playwrights_own(running)


def fetch() -> str | None:
    """Let playwright try its own download."""
    print("No Chromium on this machine: trying playwright's own download.", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    try:
        subprocess.run(command, timeout=300, check=True, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return playwrights_own()


def needed() -> str:
    """The path of a Chromium; who has none is told so, and the tool ends."""
    return find() or fetch() or sys.exit(MISSING)


def main() -> int:
    path = find() or fetch()
    if path:
        print(f"The browser tests use {path}.")
        return 0
    print(MISSING)
    if os.environ.get("CI") == "true":
        return 1
    print("The browser tests are left out.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
