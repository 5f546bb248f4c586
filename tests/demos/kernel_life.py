"""A notebook without a browser: it runs cells in a kernel, and moves widgets as a browser would."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from pgcompanion import demos
from pgcompanion.demos.engine.controls import defaults

NAMES = [module.name for module in pkgutil.iter_modules(demos.__path__) if not module.ispkg]
VIEW = "application/vnd.jupyter.widget-view+json"
SHOWN = {"display_data", "update_display_data", "execute_result", "stream", "error"}
PATIENCE = 600


class Notebook:
    """What a reader has before them: the outputs so far, and the state of every widget."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.models: dict[str, dict[str, Any]] = {}
        self.outputs: list[tuple[str, dict[str, Any]]] = []
        self.updates: list[tuple[str, dict[str, Any]]] = []

    def run(self, code: str) -> list[tuple[str, dict[str, Any]]]:
        """Execute a cell; what it put out."""
        before = len(self.outputs)
        self._listen(self.client.execute(code))
        return self.outputs[before:]

    def printed(self, code: str) -> str:
        return "".join(content["text"] for _, content in self.run(code))

    def move(self, model: str, state: dict[str, object]) -> None:
        """Set a widget's state from the reader's side, or click on it."""
        click = {"method": "custom", "content": {"event": "click"}}
        data = {"method": "update", "state": state, "buffer_paths": []} if state else click
        message = self.client.session.msg("comm_msg", {"comm_id": model, "data": data})
        self.client.shell_channel.send(message)
        self._listen(message["header"]["msg_id"])

    def show(self, name: str) -> str:
        """Show a demo; the widget that holds it."""
        ((kind, content),) = self.run(
            f"from pgcompanion.demos import show, {name} as demo\nshow(demo)"
        )
        assert (kind, VIEW in content.get("data", {})) == ("display_data", True), content
        return str(content["data"][VIEW]["model_id"])

    def below(self, model: str) -> dict[str, str]:
        """The widgets in a widget, by their tooltip, description or kind."""
        state, found = self.models[model], {}
        for child in state.get("children", []):
            found |= self.below(child.removeprefix("IPY_MODEL_"))
        name = state.get("tooltip") or state.get("description") or state["_model_name"]
        return found | {name: model}

    def _listen(self, parent: str) -> None:
        """Take in what follows from a message, until the kernel has done with it."""
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != parent:
                continue
            if kind == "status" and content["execution_state"] == "idle":
                return
            if kind == "comm_open":
                self.models[content["comm_id"]] = dict(content["data"]["state"])
            if kind == "comm_msg" and content["data"]["method"] == "update":
                self.models[content["comm_id"]].update(content["data"]["state"])
                self.updates.append((content["comm_id"], content["data"]["state"]))
            if kind in SHOWN:
                self.outputs.append((kind, content))


@contextmanager
def notebook(python: str, folder: Path) -> Iterator[Notebook]:
    """A notebook on a kernel of an interpreter, without the book's environment variables."""
    specification = folder / "tested" / "kernel.json"
    specification.parent.mkdir()
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    found = {"argv": argv, "display_name": "", "language": "", "env": {"PGCOMPANION_STATIC": ""}}
    specification.write_text(json.dumps(found))
    specs = KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)
    manager = KernelManager(kernel_name="tested", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(folder))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield Notebook(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class Move(NamedTuple):
    """What is done to a widget (a click where ``state`` is empty), and code for the picture to come."""

    widget: str
    state: dict[str, object]
    picture: str


def moves(demo: ModuleType) -> Iterator[Move]:
    """Each control to its ends and back, one after the other."""
    values = defaults(demo)
    for name, control in demo.controls.items():
        for place in (len(control.values) - 1, 0, control.start):
            if values[name] != control.values[place]:
                values[name] = control.values[place]
                code = f"paper(demo.frame(**{values!r}), demo.describe(**{values!r}))"
                yield Move(control.label, {"index": place}, code)


#: The gridworld demo has more than controls: a map to click on, and knobs without steps.
WORKBENCH = [
    Move("ε", {"value": 0.1}, "view(MAPS['4x4'], 'PPO clip', 0.1, 0)"),
    Move("ε", {"value": 0.5}, "view(MAPS['4x4'], 'PPO clip', 0.5, 0)"),
    Move("algorithm", {"index": 2}, "view(MAPS['4x4'], 'TRPO', 0.3, 0)"),
    Move("δ", {"value": 2.0}, "view(MAPS['4x4'], 'TRPO', 2.0, 0)"),
    Move("iteration k", {"index": 16}, "view(MAPS['4x4'], 'TRPO', 2.0, 16)"),
    Move("row 1, column 2: floor", {}, "view(painted(MAPS['4x4'], 0, 1, '#'), 'TRPO', 2.0, 16)"),
    Move("Restore the map", {}, "view(MAPS['4x4'], 'TRPO', 2.0, 16)"),
    Move("row 1, column 1: start", {}, "view(painted(MAPS['4x4'], 0, 0, '#'), 'TRPO', 2.0, 16)"),
    Move("map", {"index": 1}, "view(MAPS['cliff'], 'TRPO', 2.0, 16)"),
]
TOOLS = """from pgcompanion.demos.engine.live import paper
from pgcompanion.demos.training.board import painted
from pgcompanion.demos.training.workbench import view
from pgcompanion.gridworld import MAPS"""


def faults(book: Notebook, demo: ModuleType, after: str = "") -> list[str]:
    """Every move after which the notebook does not hold the one picture that belongs to it.

    ``after`` is code to run once the demo is shown.
    """
    book.run(TOOLS)
    shown, found = book.show(demo.__name__.rpartition(".")[2]), []
    page = book.below(shown)["HTMLModel"]
    book.run(after)
    for move in WORKBENCH if hasattr(demo, "live") else moves(demo):
        updates, outputs = len(book.updates), len(book.outputs)
        book.move(book.below(shown)[move.widget], move.state)
        drawn = [model for model, _ in book.updates[updates:]].count(page)
        if drawn != 1:
            found.append(f"{move}: drawn {drawn} times")
        if len(book.outputs) > outputs:
            found.append(f"{move}: {book.outputs[outputs:]}")
        if book.models[page]["value"] != book.printed(f"print({move.picture}, end='')"):
            found.append(f"{move}: another picture")
    return found
