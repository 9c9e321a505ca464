"""Errors that nobody foresaw: reported, written down, survived."""

from __future__ import annotations

import itertools
import platform
import sys
import threading
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout

import pyrviewer
from pyrviewer.session.settings import data_folder

if TYPE_CHECKING:
    from types import TracebackType

    from PyQt6.QtWidgets import QWidget

    Triple = tuple[type[BaseException], BaseException, TracebackType | None]


class CrashReporter(QObject):
    """Takes exceptions from every thread; installed before the application is made.

    An exception in a slot would otherwise abort PyQt6.
    """

    caught = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.parent_widget: QWidget | None = None
        self._dialog: QDialog | None = None
        self._numbers = itertools.count(1)  # of reports: several may come within a second
        # Queued, since the error may come from a paint event; the stubs lack the argument.
        cast("Any", self.caught).connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take exceptions from now on."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def _thread_hook(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._hook(args.exc_type, args.exc_value, args.exc_traceback)

    def _hook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        text = report((kind, error, trace))
        name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{next(self._numbers)}.txt"
        path = data_folder() / name
        with suppress(OSError):  # a full disk is no reason to say nothing
            path.write_text(text, encoding="utf-8")
        # Before there is a window, the terminal is the only place that anybody looks at.
        print(f"pyrviewer: {kind.__name__}: {error} (the report is {path})", file=sys.stderr)
        self.caught.emit(text)

    def _show(self, text: str) -> None:
        if self._dialog is not None:
            return  # one report at a time: a paint that fails would fill the screen
        dialog = QDialog(self.parent_widget)
        dialog.setWindowTitle("Something went wrong")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.resize(640, 360)
        column = QVBoxLayout(dialog)
        message = QLabel(
            "pyrviewer met an error that it did not foresee and keeps running. Your images and "
            "settings are kept. The report below was also written to the program's data folder.",
            dialog,
        )
        message.setWordWrap(True)
        column.addWidget(message)
        body = QPlainTextEdit(text, dialog)
        body.setReadOnly(True)
        column.addWidget(body)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
        copy = buttons.addButton("Copy report", QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(dialog.close)
        if copy is not None:
            copy.clicked.connect(body.selectAll)
            copy.clicked.connect(body.copy)
        column.addWidget(buttons)
        dialog.destroyed.connect(self._forget)
        self._dialog = dialog
        dialog.show()

    def _forget(self) -> None:
        self._dialog = None


def report(error: Triple) -> str:
    """Describe an exception and the machine."""
    versions = (
        f"pyrviewer {pyrviewer.__version__}, Python {platform.python_version()}, "
        f"Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}, numpy {np.__version__}, "
        f"{platform.platform()}"
    )
    return versions + "\n\n" + "".join(traceback.format_exception(*error))
