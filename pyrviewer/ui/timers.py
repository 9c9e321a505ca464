"""Timers that are owned, named by what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtCore import pyqtBoundSignal


def after(parent: QObject, ms: int, slot: Callable[[], object] | pyqtBoundSignal) -> QTimer:
    """Return a timer that calls `slot` once, `ms` after its last start."""
    timer = every(parent, ms, slot)
    timer.setSingleShot(True)
    return timer


def every(parent: QObject, ms: int, slot: Callable[[], object] | pyqtBoundSignal) -> QTimer:
    """Return a timer that calls `slot` again and again once started."""
    timer = QTimer(parent)
    timer.setInterval(ms)
    timer.timeout.connect(slot)
    return timer
