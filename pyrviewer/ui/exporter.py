"""Taking things away: files asked for once, written in the background, and the clipboard."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog, QMessageBox

from pyrviewer.compute import image, writing
from pyrviewer.compute.pooling.report import npy
from pyrviewer.ui.menus import context_menu

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtCore import QPoint
    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.ui.lab import Lab, LabContext
    from pyrviewer.ui.picture import Layer


class Exporter(QObject):
    """Writes in the background and says what was written.

    Parameters
    ----------
    lab : Lab
        Whose view the dialogs belong to.
    context : LabContext
        Where notices and settings are.
    """

    def __init__(self, lab: Lab, context: LabContext) -> None:
        super().__init__(lab)
        self._owner, self._context = lab, context
        self.lane = context.jobs.lane("Exporting", self)
        self.lane.succeeded.connect(context.notices.info)
        self.lane.failed.connect(context.notices.error)
        self.lane.busy_changed.connect(self._next)
        self._queue: deque[Callable[[Ticket], str]] = deque()
        self.clicked: Layer | None = None  # what the menu that is open was opened on
        lab.lanes = (*lab.lanes, self.lane)

    @property
    def stem(self) -> str:
        """What the names of files begin with."""
        active = self._context.workspace.active
        return Path(active.name).stem if active is not None else "image"

    def open_menu(self, place: QPoint, layer: Layer | None, actions: Sequence[str]) -> None:
        """Open the context menu of a pane; until it is closed, `clicked` is its picture."""
        self.clicked = layer
        menu = context_menu(self._owner.view, self._owner.actions(), actions)
        menu.destroyed.connect(self._forget)
        menu.popup(place)

    def _forget(self) -> None:
        self.clicked = None

    def ask(self, title: str, name: str, suffixes: Sequence[str]) -> Path | None:
        """Ask for a file; the suffix of the proposed name is added where none is typed."""
        settings, active = self._context.settings, self._context.workspace.active
        beside = active.path.parent if active is not None and active.path is not None else ""
        patterns = " ".join(f"*{suffix}" for suffix in suffixes)
        kinds = ", ".join(suffix[1:].upper() for suffix in suffixes)
        chosen, _ = QFileDialog.getSaveFileName(
            self._owner.view,
            title,
            str(Path(settings.get("export_folder", "") or beside) / name),
            f"{kinds} ({patterns})",
        )
        if not chosen:
            return None
        path = Path(chosen)
        settings.set("export_folder", str(path.parent))
        if path.suffix:
            return path
        path = path.with_suffix(Path(name).suffix)
        return path if not path.exists() or self._may_replace(path) else None

    def _may_replace(self, path: Path) -> bool:
        """Ask, as the dialog does where the suffix is typed."""
        question = f"{path.name} already exists. Replace it?"
        answer = QMessageBox.question(self._owner.view, "Replace file", question)
        return answer == QMessageBox.StandardButton.Yes

    def write(self, work: Callable[[Ticket], str]) -> None:
        """Write in the background, one after the other; `work` returns what the notice says."""
        self._queue.append(work)
        self._next(self.lane.busy)

    def _next(self, busy: bool) -> None:
        if not busy and self._queue:
            self.lane.submit(self._queue.popleft())

    def copy_text(self, text: str, notice: str) -> None:
        """Put text on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
            self._context.notices.info(notice)

    def copy_layer(self, layer: Layer | None) -> None:
        """Put a picture on the clipboard as it is displayed."""
        clipboard = QGuiApplication.clipboard()
        chosen = layer.picture.choose(1.0) if layer is not None else None
        if layer is None or clipboard is None or chosen is None:
            return
        shown = chosen[0].image.copy()
        clipboard.setImage(shown)
        size = f"{shown.width()} × {shown.height()}"
        self._context.notices.info(f"{layer.title} copied, {size}.")


def write_picture(ticket: Ticket, pixels: Array, path: Path) -> str:
    """Write a picture, or an array as it is, with its own values; for worker threads."""
    ticket.check()
    if path.suffix.lower() == ".npy":
        writing.replace_file(path, npy(pixels))
    else:
        image.write(path, pixels)
    return f"{path.name} saved."


def file_name(title: str) -> str:
    """Return a title as a part of a file name."""
    return "_".join("".join(c if c.isalnum() else " " for c in title).split()).lower()


def ask_images(parent: QWidget, title: str, *, several: bool = False) -> list[Path]:
    """Ask for image files to open."""
    patterns = " ".join(f"*{suffix}" for suffix in image.READ_SUFFIXES)
    kinds = f"Images ({patterns});;All files (*)"
    if several:
        names, _ = QFileDialog.getOpenFileNames(parent, title, "", kinds)
    else:
        name, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
        names = [name] if name else []
    return [Path(name) for name in names]
