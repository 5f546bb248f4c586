"""Pages are executed side by side before Sphinx reads them one after another.

Sphinx reads with one process, since the cache of executed pages bears no more; and a page is executed
when it is read. Most of a cold build is spent in kernels, though, and those are processes of their own:
here every page that is to be read and is not in the cache is executed first, as many at once as there
are cores. What myst-nb finds in the cache it takes from there.

The first page, in the order of the reading, whose code raises ends the build.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.execute import ExecutionError
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from traitlets.config import Config

LOGGER = logging.getLogger(__name__)
MOST = 4  # kernels at once: each takes some hundred megabytes
# What pages say to their kernels is enciphered; ipykernel would warn of each that is not.
ENCIPHERED = Config({"KernelManager": {"transport_encryption": "auto"}})


def read(env: BuildEnvironment, path: Path) -> NotebookNode | None:
    """A page as myst-nb reads it; nothing for a page without a kernel."""
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    return reader and reader.read(text)


def is_known(cache: JupyterCacheAbstract, notebook: NotebookNode) -> bool:
    try:
        return cache.match_cache_notebook(notebook) is not None
    except KeyError:
        return False


def execute(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Execute the pages to read that are not in the cache, and put them there."""
    config = env.mystnb_config
    cache = get_cache(config.execution_cache_path)
    paths = [Path(env.doc2path(name)) for name in names]
    found = [(path, notebook) for path in paths if (notebook := read(env, path))]
    new = [(path, notebook) for path, notebook in found if not is_known(cache, notebook)]
    if not new:
        return
    at_once = min(os.cpu_count() or 1, MOST)
    LOGGER.info("Executing notebooks: %d, at most %d at once", len(new), at_once)

    def run(page: tuple[Path, NotebookNode]) -> ExecutionResult:
        path, notebook = page
        folder, patience = str(path.parent.absolute()), config.execution_timeout
        lenient = config.execution_allow_errors
        return single_nb_execution(notebook, folder, patience, lenient, config=ENCIPHERED)

    pool = ThreadPoolExecutor(at_once)
    try:
        for (path, notebook), result in zip(new, pool.map(run, new), strict=True):
            if result.err:
                raise ExecutionError(str(path)) from result.err
            data = {"execution_seconds": result.time}
            bundle = CacheBundleIn(notebook, str(path), data=data)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            LOGGER.info("Executed %s in %.1f seconds", env.path2doc(str(path)), result.time)
    except BaseException:  # an interrupt, too: nobody waits for what is still at work
        pool.shutdown(wait=False, cancel_futures=True)
        for kernel in psutil.Process().children(recursive=True):
            kernel.kill()
        raise
    pool.shutdown()


def setup(app: Sphinx) -> dict:
    app.connect("env-before-read-docs", execute)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
