"""Boot order, wiring and shutdown."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QGuiApplication, QIcon
from PyQt6.QtWidgets import QApplication

import pyrviewer
from pyrviewer import display_server
from pyrviewer.compute import display, image, pyramid
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.registry import find_labs
from pyrviewer.session import restore, samples
from pyrviewer.session.actions import ActionRegistry, ActionSpec
from pyrviewer.session.document import Document, OpenRequest, Workspace
from pyrviewer.session.jobs import JobService
from pyrviewer.session.networks import Networks
from pyrviewer.session.notices import Notices
from pyrviewer.session.settings import Settings, data_folder
from pyrviewer.ui.commands import Commands
from pyrviewer.ui.crash import CrashReporter
from pyrviewer.ui.lab import LabContext
from pyrviewer.ui.main_window import MainWindow
from pyrviewer.ui.menus import Menus
from pyrviewer.ui.palette import CommandPalette
from pyrviewer.ui.pane_grid import PaneGrid
from pyrviewer.ui.timers import after
from pyrviewer.ui.view_commands import ViewCommands
from pyrviewer.ui.widgets.shortcut_sheet import ShortcutSheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.ui.widgets.welcome import SampleCard

AUTOSAVE = 1000  # ms after the last change
THUMBNAIL = 420  # pixels
RECENT = 5  # files on the welcome page


class Program(QObject):
    """One running program: services, window, labs.

    Parameters
    ----------
    remember : bool
        Keep the session between starts.
    """

    def __init__(self, *, remember: bool = True) -> None:
        super().__init__()
        self.remember = remember
        self._ended = False
        self.settings = Settings(self)
        self.jobs = JobService(parent=self)
        self.notices = Notices(self)
        self.workspace = Workspace(self.jobs, self.notices, self)
        networks = Networks(self.jobs, self.notices, self)
        services = self.jobs, self.notices, self.settings, self.workspace
        self.context = LabContext(*services, networks)
        self.window = MainWindow(self.context)
        self.registry = ActionRegistry(self.settings)
        self.commands = Commands(self.window, self.context)
        self.view_commands = ViewCommands(self.window, self.context)
        self.registry.add(self.commands.specs())
        self.registry.add(self.view_commands.specs())
        labs = {spec: spec.make(self.context, self) for spec in find_labs()}
        for spec, lab in labs.items():
            self.window.add_lab(spec.id, spec.title, spec.icon, lab)
            self.registry.add(lab.actions(), spec.id)
        self.registry.add(self._specs())
        bar = self.window.menuBar()
        if bar is None:
            raise RuntimeError("the window has no menu bar")
        panes = self.window.views.findChildren(PaneGrid)
        self.menus = Menus(self.registry, bar, self.window, panes, lambda: self.window.lab_id)
        for lab in labs.values():
            lab.actions_changed.connect(self.menus.refresh)
        self.view_commands.apply_wheel()
        self._rail_tools()
        self.thumbnails = self.jobs.lane("Drawing samples", self)
        self.thumbnails.partial.connect(self._show_thumbnail)
        self._cards: list[SampleCard] = []
        self._backups = self.jobs.lane("Keeping a copy", self)
        self._own_copies: set[Path] = set()
        self._unwritten: dict[Path, Array] = {}
        self.window.welcome.thumbnail_wanted.connect(self._cards.append)
        self._autosave = after(self, AUTOSAVE, self.save_session)
        self._connect()
        self._fill_welcome()

    def _connect(self) -> None:
        workspace = self.workspace
        workspace.added.connect(self._on_document)
        workspace.replaced.connect(self._on_replaced)
        workspace.removed.connect(self._touch)
        workspace.active_changed.connect(self._on_active)
        self.window.lab_changed.connect(self._touch)
        self.window.lab_changed.connect(self.menus.refresh)
        self.window.closing.connect(self.shutdown)
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self.view_commands.apply_theme)
        self._backups.succeeded.connect(self._unwritten.clear)
        self._backups.failed.connect(self.notices.error)

    def _specs(self) -> list[ActionSpec]:
        return [
            ActionSpec("file.export", "Export ...", "Take away what the lab shows.",
                       self.open_export, ("Ctrl+E",), "export", "", enabled=self._active),
            ActionSpec("help.palette", "Find a command ...", "Type what you want to do.",
                       self.open_palette, ("Ctrl+Shift+P",), "palette", "Help"),
            ActionSpec("help.keys", "Keys and mouse", "Show all keys, and change them.",
                       self.open_sheet, ("F1", "?"), "keyboard", "Help"),
            ActionSpec("help.welcome", "Samples", "Open one of the sample images.",
                       self.show_welcome, (), "help", "Help"),
        ]  # fmt: skip

    def _rail_tools(self) -> None:
        rail = self.window.rail
        for text, picture, tip, slot in (
            ("Find", "palette", "Find a command (Ctrl+Shift+P)", self.open_palette),
            ("Keys", "keyboard", "Keys and mouse (F1)", self.open_sheet),
            ("Theme", "theme", "Light or dark", self.view_commands.flip_theme),
        ):
            rail.add_tool(text, picture, tip).clicked.connect(slot)

    # Welcome

    def show_welcome(self) -> None:
        """Show the samples; the open images stay in their tabs."""
        self.window.pages.setCurrentIndex(0)
        self.window.welcome.ensureVisible(0, 0)
        self._fill_welcome()

    def _fill_welcome(self) -> None:
        self._cards.clear()
        offered = samples.samples()
        known = {sample.path for sample in offered}
        recent = [Path(name) for name in self.settings.recent()]
        own = [path for path in recent if path not in known and path.is_file()]
        self.window.welcome.fill(offered, own[:RECENT])
        self.thumbnails.submit(partial(_thumbnails, paths=[card.path for card in self._cards]))

    def _show_thumbnail(self, found: tuple[int, Path, Array]) -> None:
        index, path, pixels = found
        if index < len(self._cards) and self._cards[index].path == path:
            self._cards[index].show_picture(pixels)

    # Help

    def _active(self) -> bool:
        return self.workspace.active is not None

    def open_export(self) -> None:
        """Offer all that the lab on the screen can export."""
        menu = self.menus.menu("File/Export")
        middle = self.window.rect().center()
        menu.popup(self.window.mapToGlobal(middle - menu.rect().center()))

    def open_palette(self) -> None:
        """Open the command palette."""
        palette = CommandPalette(self.registry, self.menus, self.window)
        palette.open_over(self.window)

    def open_sheet(self) -> None:
        """Open the sheet of keys, or bring it to the front."""
        sheet = self.window.findChild(ShortcutSheet)
        if sheet is None:
            sheet = ShortcutSheet(self.registry, self.menus, self.window)
        sheet.show()
        sheet.raise_()
        sheet.activateWindow()

    # Session

    def _on_document(self, document: Document) -> None:
        document.undo_stack.indexChanged.connect(self._touch)
        document.undo_stack.indexChanged.connect(self.menus.refresh)
        if document.backup is not None:
            self._own_copies.add(document.backup)
        elif self.remember and document.path is None:
            self._keep_copy(document)
        self._touch()

    def _keep_copy(self, document: Document) -> None:
        """Write an image that has no file, so that it comes back with the session."""
        suffix = ".tif" if document.image.dtype == "float32" else ".png"
        folder = data_folder() / "unsaved"
        folder.mkdir(exist_ok=True)
        document.backup = folder / f"{Path(document.name).stem} {time.time_ns():x}{suffix}"
        self._own_copies.add(document.backup)
        self._unwritten[document.backup] = document.pixels
        self._backups.submit(partial(_write_copies, copies=dict(self._unwritten)))

    def _finish_copies(self) -> None:
        """Write the copies that are not yet written, and drop those of closed images."""
        with suppress(UserError):  # the window is gone: nobody would read it
            _write_copies(Ticket(), self._unwritten)
        kept = {found.backup for found in self.workspace.documents}
        kept |= {request.path for request in self.workspace.pending}
        for path in self._own_copies - kept:  # another program that runs has copies of its own
            path.unlink(missing_ok=True)

    def _on_replaced(self, _old: Document, new: Document) -> None:
        self._on_document(new)

    def _on_active(self, document: Document | None) -> None:
        self.menus.refresh()
        self._touch()
        if document is None:
            self._fill_welcome()

    def _touch(self) -> None:
        if self.remember:
            self._autosave.start()

    def _session_path(self) -> Path:
        return data_folder() / "last.pyrsession"

    def save_session(self) -> None:
        """Write what is open, so that it comes back."""
        text = restore.describe(self.workspace, self.window.lab_id)
        try:
            restore.save(self._session_path(), text)
        except UserError as error:
            self.notices.error(error)

    def restore_session(self, named: Sequence[Path] = ()) -> set[Path]:
        """Open what was open at the end; say so where the end was not orderly.

        Of the files `named` on the command line those that were open are shown first, and
        returned.
        """
        path = self._session_path()
        if not path.is_file():
            return set()
        try:
            session = restore.load(path)
        except UserError as error:
            self.notices.error(error)
            return set()
        again = {request.path for request in session.requests if request.path in named}
        if named:
            requests = (
                replace(request, activate=request.path == named[0]) for request in session.requests
            )
            session = replace(session, requests=tuple(requests))
        self.commands.restore(session)
        if session.requests and not self.settings.get("clean_exit", True):
            self.notices.info("The last session ended unexpectedly; it was restored.")
        return {path for path in again if path is not None}

    def start(self, sources: Sequence[str]) -> None:
        """Show the window; open the last session, and over it what the command line names."""
        self.window.open_at(self.settings.geometry())
        paths = [Path(source).absolute() for source in sources if source != "-"]
        open_again = self.restore_session(paths) if self.remember else set()
        self.commands.open_paths([path for path in paths if path not in open_again])
        if "-" in sources:
            data = sys.stdin.buffer.read()
            self.workspace.open(OpenRequest(data=data, name="standard input", activate=not paths))
        if self.remember:
            self.settings.set("clean_exit", False)

    def shutdown(self) -> None:
        """Save, refuse new work, stop what runs; once is enough."""
        if self._ended:
            return
        self._ended = True
        self._autosave.stop()
        if self.remember:
            self.save_session()
            self.settings.set_geometry(bytes(self.window.saveGeometry().data()))
            self.settings.set("clean_exit", True)
        remembered, self.remember = self.remember, False
        for document in self.workspace.documents:
            document.undo_stack.indexChanged.disconnect(self.menus.refresh)
        if self.window.lab is not None:
            self.window.lab.close()
        self.workspace.cancel_opening()
        self.thumbnails.cancel()
        self.rested = self.jobs.shutdown()
        self.context.networks.close()
        if remembered:
            self._finish_copies()


def _write_copies(ticket: Ticket, copies: Mapping[Path, Array]) -> None:
    """Write the images that are not there yet; for worker threads."""
    for path, pixels in copies.items():
        ticket.check()
        if not path.exists():
            image.write(path, pixels)


def _thumbnails(ticket: Ticket, paths: Sequence[Path]) -> None:
    """Offer (index, path, B G R A pixels) for each image that can be read."""
    for index, path in enumerate(paths):
        try:
            octaves = pyramid.gaussian_pyramid(image.read(path, ticket=ticket).pixels)
        except UserError:
            continue
        small = next(octave for octave in octaves if max(octave.shape[:2]) <= THUMBNAIL)
        limits = display.auto_range if small.dtype == "uint8" else display.stretch_range
        ticket.offer((index, path, display.to_display(small, *limits(small))))


def make_application() -> QApplication:
    """Make the Qt application with our name, icon and colours."""
    QApplication.setApplicationName("pyrviewer")
    QApplication.setOrganizationName("pyrviewer")
    QApplication.setApplicationVersion(pyrviewer.__version__)
    QGuiApplication.setDesktopFileName("pyrviewer")
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    application = QApplication(sys.argv[:1])
    application.setWindowIcon(QIcon(str(samples.resources() / "pyrviewer.svg")))
    return application


def run(sources: Sequence[str]) -> int:
    """Open the window and stay until it is closed.

    Parameters
    ----------
    sources : sequence of str
        Paths, or ``-`` for standard input.

    Returns
    -------
    int
        Exit code: 2 where there is no display.
    """
    problem = display_server.problem()
    if problem is not None:
        print(f"pyrviewer: {problem}", file=sys.stderr)
        return 2
    crash = CrashReporter()
    crash.install()
    application = make_application()
    program = Program()
    crash.parent_widget = program.window
    program.view_commands.apply_theme()
    program.start(sources)
    code = application.exec()
    program.shutdown()
    if not program.rested:
        os._exit(code)  # a thread is still inside one long call: nothing is left to lose
    return code
