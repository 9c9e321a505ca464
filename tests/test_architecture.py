"""The rules of the house, read from the source: who imports whom, and how large things grow."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent

FILE_LINES = 400
FUNCTION_LINES = 40

# Each layer imports itself and the layers before it. What lies beside them (app, cli) is the last.
LAYERS = ("compute", "session", "ui", "labs")

# What only some modules may import.
CONFINED = {
    "PyQt6": r"(?!compute\b).*",
    "superqt": r"(ui|labs)\..+|app",
    "qtawesome": r"(ui|labs)\..+|app",
    "pyqtgraph": r"ui\.canvas|ui\.widgets\.\w*plot\w*",
    "cv2": r"compute\..+|app",
}
# All that session takes of PyQt6.
SESSION_QT = r"(QtCore|sip)\b|QtGui\.QUndo(Stack|Command)$"

# Made of pieces, so that this file contains none of them.
UNFINISHED = re.compile(rf"\b({'TO'}DO|{'FIX'}ME|{'X' * 3})\b")
OF_A_MACHINE = re.compile(
    r"(?<![\w.})/-])/(opt/(venv|wheels|pypi)|work/|root\b)"
    r"|pypi[.]org|pythonhosted[.]org|deb[.]debian[.]org|registry[.]npmjs[.]org|localhost:\d{4}"
)


@dataclass(frozen=True)
class Source:
    """A Python file. `name` is dotted; modules of pyrviewer go without that first word."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> list[str]:
        """What is imported, in full: `from a import b` gives `a.b`."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = ["pyrviewer", *self.name.split(".")] if node.level else []
                above = above[: len(above) - node.level + self.is_package]
                start = ".".join([*above, *filter(None, [node.module])])
                found += [f"{start}.{alias.name}" for alias in node.names]
        return found

    @property
    def own_imports(self) -> list[str]:
        """What is imported of pyrviewer, without that word."""
        start = "pyrviewer."
        return [name.removeprefix(start) for name in self.imports if name.startswith(start)]


def read(path: Path, root: Path) -> Source:
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Source(name, path.read_text(encoding="utf-8"), is_package)


def read_folder(folder: str, root: Path) -> list[Source]:
    return [read(path, root) for path in sorted((ROOT / folder).rglob("*.py"))]


PACKAGE = read_folder("pyrviewer", ROOT / "pyrviewer")
EVERYTHING = [
    *PACKAGE,
    *(source for folder in ("tests", "resources", ".ci") for source in read_folder(folder, ROOT)),
]


# Rules: each yields what is wrong in a source


def layer(name: str) -> int:
    first = name.partition(".")[0]
    return LAYERS.index(first) if first in LAYERS else len(LAYERS)


def lab_of(name: str) -> str | None:
    match = re.match(r"labs\.(?!registry\b)(\w+)", name)
    return match and match[1]


def upward(source: Source) -> Iterator[str]:
    """Find imports that run up the layers."""
    for name in source.own_imports:
        if layer(name) > layer(source.name):
            yield f"imports {name}"


def another_lab(source: Source) -> Iterator[str]:
    """Find imports of a lab by another lab, or by the registry."""
    for name in source.own_imports:
        if layer(source.name) < len(LAYERS) and lab_of(name) not in (None, lab_of(source.name)):
            yield f"imports {name}"


def impure(source: Source) -> Iterator[str]:
    """Find what state and run import beside compute, state, numpy and the standard library."""
    match = re.fullmatch(r"labs\.(\w+)\.(state|run)", source.name)
    if match is None:
        return
    for name in source.imports:
        first = name.partition(".")[0]
        pure = first == "numpy" or first in sys.stdlib_module_names
        if not pure and not re.match(rf"pyrviewer\.(compute|labs\.{match[1]}\.state)\b", name):
            yield f"imports {name}"


def out_of_place(source: Source) -> Iterator[str]:
    """Find Qt, plots and OpenCV where they do not belong."""
    for name in source.imports:
        where = CONFINED.get(name.partition(".")[0])
        if where is not None and not re.fullmatch(where, source.name):
            yield f"imports {name}"


def more_than_core(source: Source) -> Iterator[str]:
    """Find what session imports of Qt beside QtCore and the undo stack."""
    for name in source.imports:
        if source.name.startswith("session") and re.match(rf"PyQt6\.(?!{SESSION_QT})", name):
            yield f"imports {name}"


def hidden_import(source: Source) -> Iterator[str]:
    """Find imports by a name made at run time, which only the registry of labs may do."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and source.name != "labs.registry":
            called = ast.unparse(node.func)
            if called.endswith(("import_module", "__import__")):
                yield f"calls {called} in line {node.lineno}"


def too_long(source: Source) -> Iterator[str]:
    """Find files and functions (their statements) that are too long."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES:
        yield f"has {lines} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if length > FUNCTION_LINES:
                yield f"has {length} lines in {node.name}"


def undocumented(source: Source) -> Iterator[str]:
    """Find modules that do not say what they are."""
    if not ast.get_docstring(source.tree):
        yield "has no docstring"


def complaints(rule: Callable[[Source], Iterator[str]], sources: list[Source]) -> str:
    return "\n".join(f"{source.name} {what}" for source in sources for what in rule(source))


# The house


@pytest.mark.parametrize(
    "rule", [upward, another_lab, impure, out_of_place, more_than_core, hidden_import]
)
def test_imports(rule: Callable[[Source], Iterator[str]]) -> None:
    assert complaints(rule, PACKAGE) == ""


@pytest.mark.parametrize("rule", [too_long, undocumented])
def test_every_file(rule: Callable[[Source], Iterator[str]]) -> None:
    assert complaints(rule, EVERYTHING) == ""


def test_nothing_runs_when_the_package_is_imported() -> None:
    (top,) = [source for source in PACKAGE if not source.name]
    statements = [type(node) for node in top.tree.body]
    assert statements == [ast.Expr, ast.Assign]  # docstring and version


def test_compute_and_command_line_load_no_qt() -> None:
    names = [s.name for s in PACKAGE if s.name.startswith("compute") or s.name == "cli"]
    assert len(names) > 10
    code = (
        f"import sys, {', '.join(f'pyrviewer.{name}' for name in names)}\n"
        "print(*(m for m in sys.modules if m.split('.')[0] in "
        "('PyQt6', 'pyqtgraph', 'superqt', 'qtawesome', 'qtpy')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []


@pytest.mark.parametrize("pattern", [UNFINISHED, OF_A_MACHINE], ids=["unfinished", "machine"])
def test_no_file_contains(pattern: re.Pattern[str]) -> None:
    paths = [ROOT / "LICENSE", ROOT / ".gitignore", *ROOT.glob("*.md"), *ROOT.glob("*.toml")]
    for folder in ("pyrviewer", "resources", "tests", ".ci"):
        paths += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert len(paths) > len(EVERYTHING)
    found = []
    for path in paths:
        data = path.read_bytes()
        if b"\0" not in data:
            match = pattern.search(data.decode(errors="replace"))
            found += [f"{path.relative_to(ROOT)}: {match[0]}"] if match else []
    assert "\n".join(found) == ""


# The rules themselves: what breaks them is seen, what keeps them is not


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (upward, "compute.pyramid", "from pyrviewer.session import jobs"),
        (upward, "compute.pyramid", "from pyrviewer import session"),
        (upward, "compute.pyramid", "def f():\n    from ..session.jobs import JobLane"),
        (upward, "session.jobs", "import pyrviewer.ui.canvas as canvas"),
        (upward, "ui.lab", "if TYPE_CHECKING:\n    from pyrviewer.labs.registry import LabSpec"),
        (upward, "ui.lab", "from pyrviewer import app"),
        (upward, "labs.octaves.view", "from pyrviewer.app import Program"),
        (another_lab, "labs.octaves.view", "from pyrviewer.labs.search.state import SearchState"),
        (another_lab, "labs.octaves.view", "from pyrviewer.labs import search"),
        (another_lab, "labs.octaves.view", "from ..search import view"),
        (another_lab, "labs.registry", "import pyrviewer.labs.octaves"),
        (impure, "labs.octaves.run", "from PyQt6.QtCore import QObject"),
        (impure, "labs.octaves.run", "from pyrviewer.session.document import Document"),
        (impure, "labs.octaves.run", "from pyrviewer.labs.octaves.view import OctavesView"),
        (impure, "labs.octaves.state", "from . import run"),
        (impure, "labs.octaves.state", "import scipy.ndimage"),
        (out_of_place, "compute.image", "from PyQt6.QtGui import QImage"),
        (out_of_place, "session.jobs", "import superqt"),
        (out_of_place, "ui.widgets.form", "import pyqtgraph as pg"),
        (out_of_place, "labs.octaves.panel", "from pyqtgraph import PlotWidget"),
        (out_of_place, "ui.canvas", "import cv2"),
        (out_of_place, "labs.octaves.run", "def f():\n    import cv2"),
        (more_than_core, "session.document", "from PyQt6.QtWidgets import QWidget"),
        (more_than_core, "session.document", "from PyQt6.QtGui import QImage"),
        (hidden_import, "ui.lab", "importlib.import_module('pyrviewer.app')"),
        (hidden_import, "ui.lab", "__import__('pyrviewer.app')"),
        (too_long, "compute.image", "\n" * 401),
        (too_long, "compute.image", "def f():\n" + "    pass\n" * 41),
        (too_long, "compute.image", "class A:\n  def f(self):\n" + "    pass\n" * 41),
        (undocumented, "compute.image", "import os"),
    ],
)
def test_rule_sees(rule: Callable[[Source], Iterator[str]], name: str, text: str) -> None:
    assert complaints(rule, [Source(name, text)])


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (upward, "ui.lab", "from pyrviewer.session import jobs\nimport pyrviewer"),
        (upward, "cli", "from pyrviewer import app"),
        (another_lab, "labs.octaves.view", "from pyrviewer.labs.octaves import run"),
        (another_lab, "labs.octaves", "from pyrviewer.labs.registry import LabSpec"),
        (another_lab, "tour", "from pyrviewer.labs.octaves.controller import OctavesLab"),
        (impure, "labs.octaves.run", "import math\nfrom . import state\nimport numpy as np"),
        (impure, "labs.octaves.view", "from PyQt6.QtCore import QObject"),
        (out_of_place, "ui.widgets.scatter_plot", "import pyqtgraph"),
        (out_of_place, "compute.opencv", "import cv2"),
        (more_than_core, "session.history", "from PyQt6.QtGui import QUndoCommand"),
        (hidden_import, "labs.registry", "importlib.import_module('pyrviewer.labs.octaves')"),
        (too_long, "compute.image", '"""Doc."""\ndef f():\n    """Two\n    lines."""\n    pass'),
        (too_long, "compute.image", "def f():\n" + "    pass\n" * 40),
        (undocumented, "compute.image", '"""Reads images."""'),
    ],
)
def test_rule_lets_pass(rule: Callable[[Source], Iterator[str]], name: str, text: str) -> None:
    assert complaints(rule, [Source(name, text)]) == ""
