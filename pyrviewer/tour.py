"""Every lab on a sample, one screenshot each: the pictures of the README."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING

from PyQt6.QtCore import (
    QEventLoop,
    QMessageLogContext,
    QSettings,
    QtMsgType,
    qInstallMessageHandler,
)

from pyrviewer.compute.errors import UserError
from pyrviewer.labs.registry import find_labs
from pyrviewer.session import samples
from pyrviewer.ui import theme
from pyrviewer.ui.timers import after, every

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from pyrviewer.app import Program

PATIENCE = 120_000  # ms for all work of one stop
REST = 250  # ms without work before a picture is taken


def run(folder: Path, width: int, height: int, colours: str) -> int:
    """Write the screenshots into a folder and name them on standard output."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from pyrviewer.app import Program, make_application

    qInstallMessageHandler(_say)
    failures: list[type[BaseException]] = []

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        failures.append(kind)
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook
    application = make_application()
    with tempfile.TemporaryDirectory() as scratch:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, scratch)
        theme.apply(application, colours)
        program = Program(remember=False)
        program.window.resize(width, height)
        program.window.show()
        _wait(program)
        _grab(program, folder / "welcome.png")
        program.commands.open_path(samples.resources() / "samples" / "hippo.jpg")
        _wait(program)
        for spec in find_labs():
            program.workspace.activate(program.workspace.documents[0])
            program.window.show_lab(spec.id)
            _wait(program)
            lab = program.window.lab
            for name, show in lab.tour() if lab is not None else ():
                show()
                _wait(program)
                _grab(program, folder / f"{spec.id}_{name}.png")
        program.window.close()
    return 1 if failures else 0


def _say(kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
    """Print Qt's messages but one that the offscreen platform has for every window."""
    if "propagateSizeHints" not in (message or ""):
        print(message, file=sys.stderr)


def _busy(program: Program) -> bool:
    lab = program.window.lab
    lanes = (program.workspace.lane, program.thumbnails, *(lab.lanes if lab else ()))
    return any(lane.busy for lane in lanes)


def _wait(program: Program) -> None:
    """Let the program work until it has rested for a moment."""
    loop = QEventLoop()
    rest = after(loop, REST, loop.quit)
    end = after(loop, PATIENCE, loop.quit)

    def look() -> None:
        if _busy(program):
            rest.stop()
        elif not rest.isActive():
            rest.start()

    every(loop, 30, look).start()
    end.start()
    loop.exec()


def _grab(program: Program, path: Path) -> None:
    if not program.window.grab().save(str(path)):
        raise UserError(f"{path} could not be written.")
    print(path)
