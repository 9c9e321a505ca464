"""What the shell expects of a lab, and what a lab gets from the shell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from PyQt6.QtCore import QObject, pyqtSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.session.actions import ActionSpec
    from pyrviewer.session.document import Document, Workspace
    from pyrviewer.session.jobs import JobLane, JobService
    from pyrviewer.session.networks import Networks
    from pyrviewer.session.notices import Notices
    from pyrviewer.session.settings import Settings
    from pyrviewer.session.viewport import View, Viewport
    from pyrviewer.ui.lab_view import LabView
    from pyrviewer.ui.widgets.transport import Transport

StateT = TypeVar("StateT")


@dataclass(frozen=True, eq=False)
class LabContext:
    """The services that a lab uses."""

    jobs: JobService
    notices: Notices
    settings: Settings
    workspace: Workspace
    networks: Networks


class Lab(QObject):
    """One capability: panes in the middle, a panel of parameters, actions.

    A lab is made once and shows whatever document it is given.
    """

    readout_changed = pyqtSignal(str)  # one line for the status bar on what is under the mouse
    actions_changed = pyqtSignal()  # what can be done, now that a result is there
    wanted = pyqtSignal()  # the lab has something to show, and is to be on the screen

    view: LabView
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
        self.view.grid.focus_view()

    def close(self) -> None:
        """Stop all work; called once, before the window goes."""
        for lane in self.lanes:
            lane.cancel()


class DocumentLab(Lab, Generic[StateT]):
    """A lab with parameters on each document, all of whose changes can be undone.

    Parameters
    ----------
    context : LabContext
    default : StateT
        A frozen dataclass: the parameters on a document that the lab has not shown yet.
    parent : QObject
    """

    key: ClassVar[str]  # of the lab's state among those of a document
    step_names: ClassVar[Mapping[str, str]]  # what the Edit menu calls a change, by field
    dragged: ClassVar[AbstractSet[str]] = frozenset()  # fields whose quick changes are one step

    def __init__(self, context: LabContext, default: StateT, parent: QObject) -> None:
        super().__init__(parent)
        self.context = context
        self.document: Document | None = None
        self.default = default

    @property
    def state(self) -> StateT:
        """The parameters on the present document."""
        return self.document.state(self.key, self.default) if self.document else self.default

    def change(self, name: str, value: object) -> None:
        """Change one parameter as an undoable step."""
        if self.document is not None:
            before = self.state
            after = self.changed(before, name, value)
            merge = name + _which(before, after, name) if name in self.dragged else ""
            self.document.change(self.key, before, after, self.step_names[name], merge)

    def changed(self, before: StateT, name: str, value: object) -> StateT:
        """Return the state with one parameter changed, and what has to change with it."""
        return cast("StateT", replace(cast("Any", before), **{name: value}))

    def adopt(self, state: StateT) -> None:
        """Take a state on the present document that is no step of the user's."""
        if self.document is not None:
            self.document.adopt(self.key, state, over=True)

    def go_to(self, identity: int, adapt: Callable[[StateT], StateT], text: str) -> None:
        """Show another open image, by its id, with its parameters adapted in one undoable step."""
        workspace = self.context.workspace
        for document in workspace.documents:
            if document.id == identity:
                own = document.state(self.key, self.default)
                document.change(self.key, own, adapt(own), text)
                workspace.activate(document)

    def show_document(self, document: Document | None) -> None:
        """Show a document, or nothing."""
        if self.document is not None:
            self.document.state_changed.disconnect(self._on_state)
        self.leave()
        self.document = document
        self.forget()
        if document is not None:
            document.state_changed.connect(self._on_state)
            self.enter(document)
            self.refresh()

    def leave(self) -> None:
        """Keep what is to be found again on the document that goes out of sight."""

    def forget(self) -> None:
        """Stop all work and show nothing."""

    def enter(self, document: Document) -> None:
        """Prepare to show a document."""

    def refresh(self) -> None:
        """Compute what has changed and show the rest at once."""
        raise NotImplementedError

    def _on_state(self, key: str) -> None:
        if key == self.key:
            self.refresh()


def _which(before: object, after: object, name: str) -> str:
    """Tell which number of a list differs: each has a slider of its own."""
    pair = getattr(before, name, None), getattr(after, name, None)
    if not all(isinstance(values, tuple) for values in pair):
        return ""
    longest = zip_longest(*cast("tuple[tuple[object, ...], ...]", pair), fillvalue=None)
    return str([index for index, (old, new) in enumerate(longest) if old != new])
