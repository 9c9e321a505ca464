"""What the shell expects of a lab, and what a lab gets from the shell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PyQt6.QtCore import QObject, pyqtSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document, Workspace
    from pyrviewer.session.jobs import JobLane, JobService
    from pyrviewer.session.notices import Notices
    from pyrviewer.session.settings import Settings
    from pyrviewer.session.viewport import View, Viewport
    from pyrviewer.ui.widgets.transport import Transport


@dataclass(frozen=True, eq=False)
class LabContext:
    """The services that a lab uses."""

    jobs: JobService
    notices: Notices
    settings: Settings
    workspace: Workspace


class Lab(QObject):
    """One capability: panes in the middle, a panel of parameters, actions.

    A lab is made once and shows whatever document it is given.
    """

    readout_changed = pyqtSignal(str)  # one line for the status bar on what is under the mouse
    actions_changed = pyqtSignal()  # what can be done, now that a result is there

    view: QWidget
    panel: QWidget
    lanes: Sequence[JobLane] = ()
    transport: Transport | None = None
    viewports: Sequence[Viewport] = ()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._looks: WeakKeyDictionary[Document, list[tuple[View, bool]]] = WeakKeyDictionary()

    def remember_look(self, document: Document | None) -> None:
        """Keep where the panes look on a document that is about to go out of sight."""
        if document is not None:
            self._looks[document] = [(port.view, port.fitting) for port in self.viewports]

    def recall_look(self, document: Document | None) -> None:
        """Look where the panes last did on a document; at all of it the first time."""
        found = self._looks.get(document) if document is not None else None
        looks = found or [(port.view, True) for port in self.viewports]
        for port, (view, fitting) in zip(self.viewports, looks, strict=True):
            port.set_view(view, fitting=fitting)

    def actions(self) -> Sequence[ActionSpec]:
        """Return what can be done in this lab."""
        return ()

    def show_document(self, document: Document | None) -> None:
        """Show a document, or nothing."""
        raise NotImplementedError

    def can_play(self) -> bool:
        """Tell whether there is something to play back."""
        return self.transport is not None and not self.transport.isHidden()

    def play(self) -> None:
        """Play it back, or pause."""
        if self.transport is not None:
            self.transport.toggle()

    def peek(self, on: bool) -> None:
        """Show the reference while Shift is held, where there is one."""

    def cancel_gesture(self) -> bool:
        """Take back what the mouse is dragging; False where it drags nothing."""
        return False

    def tour(self) -> Sequence[tuple[str, Callable[[], object]]]:
        """Return views worth a picture, by name, and what shows them."""
        return ()

    def escape(self) -> bool:
        """Leave a mode of the lab; False where there is none to leave."""
        return False

    def focus_view(self) -> None:
        """Give the keyboard to the panes."""
        self.view.setFocus()

    def close(self) -> None:
        """Stop all work; called once, before the window goes."""
        for lane in self.lanes:
            lane.cancel()
