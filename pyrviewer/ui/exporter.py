"""Taking things away: files asked for once, written in the background, and the clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog

from pyrviewer.compute import image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.ui.lab import Lab, LabContext


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
        lab.lanes = (*lab.lanes, self.lane)

    def ask(self, title: str, name: str, suffixes: Sequence[str]) -> Path | None:
        """Ask for a file; the suffix of the proposed name is added where none is typed."""
        settings = self._context.settings
        patterns = " ".join(f"*{suffix}" for suffix in suffixes)
        chosen, _ = QFileDialog.getSaveFileName(
            self._owner.view,
            title,
            str(Path(settings.get("export_folder", "")) / name),
            f"{title} ({patterns})",
        )
        if not chosen:
            return None
        path = Path(chosen)
        settings.set("export_folder", str(path.parent))
        return path if path.suffix else path.with_suffix(Path(name).suffix)

    def write(self, work: Callable[[Ticket], str]) -> None:
        """Write in the background; `work` returns what the notice says."""
        self.lane.submit(work)

    def copy_text(self, text: str, notice: str) -> None:
        """Put text on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
            self._context.notices.info(notice)


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
