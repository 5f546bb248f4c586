"""What runs before the cells of a page: it runs a cell and leaves its outputs on the desk as JSON.

An output is a pair of a kind and a text: `text` that was printed, `html`, `table`, `svg`,
`code` or `error`.
"""

import ast
import io
import json
import linecache
import re
import sys
import traceback
import types

sys.path.insert(0, "/book")
_pg_outputs = []
_pg_names = {"__name__": "__main__"}


_PG_MOST = 100_000  # letters that a cell may print: more would keep the page from moving


class _Printed(io.TextIOBase):
    """Standard output and error: what follows on each other is one output, joined at the end."""

    def __init__(self):
        self.left = _PG_MOST

    def write(self, text):
        kept = text[: max(self.left, 0)]
        self.left -= len(text)
        if kept and _pg_outputs and _pg_outputs[-1][0] == "text":
            _pg_outputs[-1].append(kept)
        elif kept:
            _pg_outputs.append(["text", kept])
        return len(text)

    def writable(self):
        return True


def _pg_seen(text):
    """What a terminal would show of a text: a progress bar writes over itself."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _pg_show(value):
    """Show a value as a notebook would."""
    if value is None:
        return
    html, markdown = (getattr(value, f"_repr_{x}_", str)() for x in ("html", "markdown"))
    if html:
        _pg_outputs.append(["html", html])
    elif markdown.startswith("```python\n"):
        _pg_outputs.append(["code", markdown[10:-4]])
    elif markdown.startswith("|"):
        _pg_outputs.append(["table", json.dumps(_pg_table(markdown))])
    elif hasattr(value, "savefig"):
        _pg_draw(value)
    else:
        _pg_outputs.append(["text", (markdown or repr(value)) + "\n"])


def _pg_table(markdown):
    """The rows of a table: of its formulas the letters, which are enough for those of the book."""
    lines = [line.strip(" |").split(" | ") for line in markdown.splitlines()]
    return [lines[0], *([_pg_letters(cell) for cell in line] for line in lines[2:])]


def _pg_letters(cell):
    from matplotlib._mathtext_data import tex2uni

    plain = re.sub(r"\\text{(.*?)}", r"\1", cell.replace("$", ""))
    return re.sub(r"\\([a-z]+)", lambda m: chr(tex2uni[m[1]]) if m[1] in tex2uni else m[0], plain)


def _pg_draw(figure):
    from pgcompanion.demos.engine.svg import in_page

    page = io.StringIO()
    figure.savefig(page, format="svg", metadata={"Date": None})
    _pg_outputs.append(["svg", in_page(page.getvalue(), "What this cell has drawn.")])


def _pg_figures(*_, **__):
    """Draw the open figures, and close them: what `plt.show()` does in a notebook."""
    if "matplotlib.pyplot" in sys.modules:
        plt = sys.modules["matplotlib.pyplot"]
        for number in plt.get_fignums():
            _pg_draw(plt.figure(number))
        plt.close("all")


def _pg_error(name):
    kind, error, trace = sys.exc_info()
    if isinstance(error, MemoryError) and not error.args:
        error = MemoryError("this is more than the memory of Python in a page")
    own = [frame for frame in traceback.extract_tb(trace) if frame.filename == name]
    lines = [f"line {frame.lineno}: {frame.line}" for frame in own[-1:]]
    if isinstance(error, SyntaxError) and error.filename == name:
        lines = [f"line {error.lineno}: {(error.text or '').strip()}"]
    what = "".join(traceback.format_exception_only(kind, error)).strip().splitlines()[-1]
    if isinstance(error, ModuleNotFoundError):  # without advice on how Python was started
        what = f"ModuleNotFoundError: {error.msg}"
    _pg_outputs.append(["error", "\n".join([*lines, what])])


def _pg_run(source):
    """Run a cell; its last expression is shown."""
    _pg_outputs.clear()
    name = f"<cell {len(linecache.cache)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    streams = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = printed = _Printed()
    try:
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), _pg_names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), _pg_names)
            if not source.rstrip().endswith(";"):
                _pg_show(value)
    except BaseException:
        _pg_error(name)
    try:  # what a cell had drawn before it raised is shown as well
        _pg_figures()
    except BaseException:
        _pg_error(name)
    finally:
        sys.stdout, sys.stderr = streams
    if printed.left < 0:
        _pg_outputs.append(
            ["text", f"… and {-printed.left:,} letters more, which are not shown.\n"]
        )
    with open("/desk/outputs.json", "w") as desk:
        json.dump([[kind, _pg_seen("".join(parts))] for kind, *parts in _pg_outputs], desk)


class _Backend(types.ModuleType):
    """What matplotlib draws with in a page: as SVG, and `plt.show()` puts it into the cell's outputs."""

    def __getattr__(self, name):
        if name != "FigureCanvas":
            raise AttributeError(name)
        from matplotlib.backends.backend_svg import FigureCanvas

        from pgcompanion import style

        style.use()  # before the first figure: its colours are those of the page, light or dark
        self.FigureCanvas = FigureCanvas
        return FigureCanvas


sys.modules["_pg_backend"] = _Backend("_pg_backend")
sys.modules["_pg_backend"].show = _pg_figures


class _Shown:
    def __init__(self, data=""):
        self.data = data


class _HTML(_Shown):
    def _repr_html_(self):
        return self.data


class _Markdown(_Shown):
    def _repr_markdown_(self):
        return self.data


_display = types.ModuleType("IPython.display")
_display.display = lambda *values: [_pg_show(value) for value in values] and None
_display.HTML, _display.Markdown = _HTML, _Markdown
_display.clear_output = lambda wait=False: _pg_outputs.clear()
sys.modules["IPython"] = types.ModuleType("IPython")
sys.modules["IPython"].display = _display
sys.modules["IPython"].get_ipython = lambda: None
sys.modules["IPython"].version_info = (9, 0)
sys.modules["IPython.display"] = _display


def _pg_refuse(*_, **__):
    raise ImportError("Python in a page has no other processes.")


class _Absent(types.ModuleType):
    """A module that this Python lacks and that others import without using it here."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": _pg_refuse})


for _name in ("", ".connection", ".queues", ".sharedctypes", ".shared_memory", ".synchronize"):
    sys.modules["multiprocessing" + _name] = _Absent("multiprocessing" + _name)
