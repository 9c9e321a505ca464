"""What the window itself can do: files, undo, zoom, help."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog

from pyrviewer.compute import image
from pyrviewer.compute.errors import UserError
from pyrviewer.session import restore
from pyrviewer.session.actions import ActionSpec
from pyrviewer.session.document import Document, OpenRequest
from pyrviewer.ui import clipboard
from pyrviewer.ui.pane_grid import PaneGrid

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.main_window import MainWindow

SESSION_FILTER = "Sessions (*.pyrsession)"


class Commands(QObject):
    """The window's own actions."""

    def __init__(self, window: MainWindow, context: LabContext) -> None:
        super().__init__(window)
        self._window, self._context = window, context
        self._tried: Path | None = None
        self._tried_from: Document | None = None
        self._page = 0
        self._page_of: Document | None = None
        window.dropped.connect(self._take)
        window.page_wanted.connect(self.go_to_page)
        window.welcome.open_wanted.connect(self.open)
        window.welcome.paste_wanted.connect(self.paste)
        window.welcome.path_chosen.connect(self.open_path)
        context.workspace.opened.connect(self._remember)

    # Files

    def _remember(self, document: Document) -> None:
        if document.path is not None and document.image.origin.kind == "file":
            self._context.settings.add_recent(document.path)

    def open(self) -> None:
        """Ask for files and open them."""
        patterns = " ".join(f"*{suffix}" for suffix in image.READ_SUFFIXES)
        folder = str(self._folder() or "")
        names, _ = QFileDialog.getOpenFileNames(
            self._window, "Open images", folder, f"Images ({patterns});;All files (*)"
        )
        self.open_paths([Path(name) for name in names])

    def open_folder(self) -> None:
        """Ask for a folder and open its first image; Left and Right step through the rest."""
        folder = QFileDialog.getExistingDirectory(self._window, "Open folder")
        if folder:
            self.open_paths([Path(folder)])

    def open_paths(self, paths: list[Path]) -> None:
        """Open files, the first image of folders, and sessions."""
        files: list[Path] = []
        for path in paths:
            if path.suffix == ".pyrsession":
                self.load_session(path)
            elif path.is_dir():
                found = images_in(path)
                files += found[:1]
                if not found:
                    self._context.notices.error(f"{path.name} has no images in it.")
            else:
                files.append(path)
        self._context.workspace.open_paths(files)

    def open_path(self, path: Path) -> None:
        """Open one file."""
        self.open_paths([path])

    def _folder(self) -> Path | None:
        active = self._context.workspace.active
        return active.path.parent if active is not None and active.path is not None else None

    def paste(self) -> None:
        """Open the image or the files on the clipboard."""
        self._take(clipboard.pasted(), "The clipboard holds no image.")

    def _take(self, found: Array | list[Path] | None, otherwise: str = "That is no image.") -> None:
        """Open what was pasted or dropped."""
        if found is None:
            self._context.notices.warning(otherwise)
        elif isinstance(found, list):
            self.open_paths(found)
        else:
            origin = image.Origin("clipboard", "Clipboard")
            try:
                self._context.workspace.add(image.from_array(found, origin))
            except UserError as error:
                self._context.notices.error(error)

    def copy_view(self) -> None:
        """Put a picture of the panes on the clipboard."""
        board, lab = QGuiApplication.clipboard(), self._window.lab
        if board is not None and lab is not None:
            grid = lab.view.findChild(PaneGrid)
            board.setPixmap((grid or lab.view).grab())
            self._context.notices.info("View copied.")

    def step(self, by: int) -> None:
        """Go to another image of the folder, in place of this one."""
        active = self._context.workspace.active
        if active is None or active.path is None:
            return
        names = images_in(active.path.parent)
        # From the last one tried, so that a damaged file does not bar the way.
        tried = self._tried if self._tried in names and self._tried_from is active else active.path
        if tried in names and len(names) > 1:
            self._tried = names[(names.index(tried) + by) % len(names)]
            self._tried_from = active
            self._context.workspace.open(OpenRequest(self._tried, replacing=active))

    def page(self, by: int) -> None:
        """Go some pages on in the file, round its end."""
        active = self._context.workspace.active
        if active is not None:
            origin = active.image.origin
            page = self._page if self._page_of is active else origin.page  # the last asked for
            self._page, self._page_of = (page + by) % origin.pages, active
            self.go_to_page(self._page)

    def go_to_page(self, page: int) -> None:
        """Go to a page of the file, counted from 0."""
        active = self._context.workspace.active
        if active is not None and active.path is not None:
            self._context.workspace.open(OpenRequest(active.path, page=page, replacing=active))

    def reload(self) -> None:
        """Read the file again."""
        self.page(0)

    def close(self) -> None:
        """Close the active image."""
        active = self._context.workspace.active
        if active is not None:
            self._context.workspace.close(active)

    # Sessions

    def save_session(self) -> None:
        """Ask for a file and save what is open."""
        name, _ = QFileDialog.getSaveFileName(
            self._window, "Save session", "session.pyrsession", SESSION_FILTER
        )
        if name:
            text = restore.describe(self._context.workspace, self._window.lab_id)
            try:
                restore.save(Path(name), text)
            except UserError as error:
                self._context.notices.error(error)
            else:
                self._context.notices.info(f"{Path(name).name} saved.")

    def ask_session(self) -> None:
        """Ask for a session and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open session", "", SESSION_FILTER)
        if name:
            self.load_session(Path(name))

    def load_session(self, path: Path) -> None:
        """Open the images of a session beside those that are open."""
        try:
            self.restore(restore.load(path))
        except UserError as error:
            self._context.notices.error(error)

    def restore(self, session: restore.Session) -> None:
        """Open what a session names."""
        if session.lab:
            self._window.show_lab(session.lab)
        for request in session.requests:
            self._context.workspace.open(request)

    # Actions

    def _active(self) -> bool:
        return self._context.workspace.active is not None

    def _closed(self) -> bool:
        return bool(self._context.workspace.closed)

    def _in_folder(self) -> bool:
        active = self._context.workspace.active
        return active is not None and active.path is not None

    def _paged(self) -> bool:
        active = self._context.workspace.active
        return active is not None and active.path is not None and active.image.origin.pages > 1

    def _undo(self) -> None:
        """Take back what the mouse is drawing, else the last step."""
        active, lab = self._context.workspace.active, self._window.lab
        if active is not None and not (lab is not None and lab.cancel_gesture()):
            active.undo_stack.undo()

    def _redo(self) -> None:
        active = self._context.workspace.active
        if active is not None:
            active.undo_stack.redo()

    def _step_name(self, verb: str, method: str) -> str:
        active = self._context.workspace.active
        name = getattr(active.undo_stack, method)() if active is not None else ""
        return f"{verb}: {name}" if name else verb

    def _can(self, method: str) -> bool:
        active = self._context.workspace.active
        return active is not None and bool(getattr(active.undo_stack, method)())

    def specs(self) -> list[ActionSpec]:
        """Return the window's actions."""
        return [*self._file_specs(), *self._edit_specs()]

    def _file_specs(self) -> list[ActionSpec]:
        window, active, folder = self._window, self._active, self._in_folder
        return [
            ActionSpec("file.open", "Open ...", "Open one or more images.", self.open,
                       ("Ctrl+O",), "open", "File"),
            ActionSpec("file.open_folder", "Open folder ...", "Open the images of a folder.",
                       self.open_folder, ("Ctrl+Shift+O",), "folder", "File"),
            ActionSpec("file.next", "Next in folder", "Go to the next image of the folder.",
                       partial(self.step, 1), ("Right",), "", "File", "view", folder),
            ActionSpec("file.previous", "Previous in folder",
                       "Go to the previous image of the folder.", partial(self.step, -1),
                       ("Left",), "", "File", "view", folder),
            ActionSpec("file.next_page", "Next page", "Go to the next page of the file.",
                       partial(self.page, 1), ("PgDown",), "", "File", "view", self._paged),
            ActionSpec("file.previous_page", "Previous page",
                       "Go to the previous page of the file.", partial(self.page, -1),
                       ("PgUp",), "", "File", "view", self._paged),
            ActionSpec("file.reload", "Reload", "Read the file again.", self.reload, ("F5",),
                       "", "File", enabled=folder),
            ActionSpec("file.open_session", "Open session ...", "Open what a session file names.",
                       self.ask_session, (), "", "File"),
            ActionSpec("file.save_session", "Save session ...",
                       "Save what is open and how it is looked at.", self.save_session,
                       ("Ctrl+S",), "save", "File", enabled=active),
            ActionSpec("file.close", "Close image", "Close the active image.", self.close,
                       ("Ctrl+W",), "close", "File", enabled=active),
            ActionSpec("file.reopen", "Reopen closed image", "Open the image closed last again.",
                       self._context.workspace.reopen, ("Ctrl+Shift+T",), "", "File",
                       enabled=self._closed),
            ActionSpec("file.quit", "Quit", "Close the program; the session comes back.",
                       window.close, ("Ctrl+Q",), "", "File"),
        ]  # fmt: skip

    def _edit_specs(self) -> list[ActionSpec]:
        return [
            ActionSpec("edit.undo", "Undo", "Take the last change back.",
                       self._undo, ("Ctrl+Z",), "undo", "Edit",
                       enabled=partial(self._can, "canUndo"),
                       label=partial(self._step_name, "Undo", "undoText")),
            ActionSpec("edit.redo", "Redo", "Make the change again.",
                       self._redo, ("Ctrl+Y", "Ctrl+Shift+Z"), "redo", "Edit",
                       enabled=partial(self._can, "canRedo"),
                       label=partial(self._step_name, "Redo", "redoText")),
            ActionSpec("edit.copy_view", "Copy view", "Copy a picture of the panes.",
                       self.copy_view, ("Ctrl+C",), "copy", "Edit", enabled=self._active),
            ActionSpec("edit.paste", "Paste", "Open the image or the files on the clipboard.",
                       self.paste, ("Ctrl+V",), "paste", "Edit"),
        ]  # fmt: skip


def images_in(folder: Path) -> list[Path]:
    """Return the images of a folder in natural order; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_file()]
    except OSError:
        return []
    suffixes = tuple(image.READ_SUFFIXES)
    return [
        folder / name for name in sorted(names, key=_natural) if name.lower().endswith(suffixes)
    ]


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key under which image2 comes before image10."""
    parts, digits = [], ""
    for letter in name.lower():
        if letter.isdecimal():
            digits += letter
            continue
        if digits:
            parts.append((0, int(digits), ""))
            digits = ""
        parts.append((1, 0, letter))
    return [*parts, (0, int(digits), "")] if digits else parts
