"""Errors that nobody foresaw: shown, written down, survived."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QPushButton
from support import PYTHON, clean_environment, open_array, press, wait_idle

import pyrviewer
from pyrviewer.session.settings import data_folder
from pyrviewer.ui.crash import CrashReporter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program


@pytest.fixture
def reporter(program: Program) -> Iterator[CrashReporter]:
    """Install a reporter over the window, for the length of a test."""
    hooks = sys.excepthook, threading.excepthook
    made = CrashReporter()
    made.parent_widget = program.window
    made.install()
    yield made
    sys.excepthook, threading.excepthook = hooks
    for dialog in reports():
        dialog.close()


def reports() -> list[QDialog]:
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, QDialog) and widget.isVisible() and "wrong" in widget.windowTitle()
    ]


def fail() -> None:
    raise RuntimeError("nobody foresaw this")


def test_an_exception_in_a_slot_is_reported_and_the_program_goes_on(
    qtbot: QtBot, program: Program, reporter: CrashReporter
) -> None:
    open_array(qtbot, program, np.zeros((64, 64), np.uint8))
    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: len(reports()) == 1)
    (dialog,) = reports()
    body = dialog.findChild(QPlainTextEdit)
    assert body is not None
    text = body.toPlainText()
    assert "nobody foresaw this" in text
    assert "in fail" in text
    assert f"pyrviewer {pyrviewer.__version__}" in text
    (path,) = data_folder().glob("crash-*.txt")
    assert path.read_text(encoding="utf-8") == text
    copy = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Copy report")
    copy.click()
    board = QGuiApplication.clipboard()
    assert board is not None
    assert board.text() == text
    dialog.close()
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    press(qtbot, program, "2")
    wait_idle(qtbot, program)
    assert program.menus.action("octaves.select.2").isChecked()


def test_many_errors_are_one_dialog(
    qtbot: QtBot, program: Program, reporter: CrashReporter
) -> None:
    heard: list[str] = []
    reporter.caught.connect(heard.append)
    for _ in range(10):
        QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: len(heard) == 10)
    qtbot.waitUntil(lambda: len(reports()) == 1)
    reports()[0].close()
    qtbot.waitUntil(lambda: reports() == [])
    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: len(reports()) == 1)  # a later one is shown again


def test_an_error_in_a_thread_is_reported(
    qtbot: QtBot, program: Program, reporter: CrashReporter
) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(reports()) == 1)


def test_a_full_disk_does_not_hide_the_report(
    qtbot: QtBot, program: Program, reporter: CrashReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_kw: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: len(reports()) == 1)


SCRIPT = """
import sys
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
from pyrviewer import app

def fail():
    raise RuntimeError("nobody foresaw this")

def leave():
    shown = [w.windowTitle() for w in QApplication.topLevelWidgets() if w.isVisible()]
    print(sorted(shown))
    QApplication.activeModalWidget()
    for window in QApplication.topLevelWidgets():
        window.close()

def begin():
    QTimer.singleShot(0, fail)
    QTimer.singleShot(300, leave)

real = app.Program.start
def start(self, sources):
    real(self, sources)
    begin()
app.Program.start = start
sys.exit(app.run([]))
"""


def test_the_real_program_survives_an_exception_in_a_slot(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = clean_environment({"QT_QPA_PLATFORM": "offscreen", "HOME": str(home)})
    ended = subprocess.run(
        [PYTHON, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "Something went wrong" in ended.stdout
    assert "pyrviewer" in ended.stdout
    written = list(home.rglob("crash-*.txt"))
    assert len(written) == 1
    assert f"RuntimeError: nobody foresaw this (the report is {written[0]})" in ended.stderr
    assert "nobody foresaw this" in written[0].read_text()
