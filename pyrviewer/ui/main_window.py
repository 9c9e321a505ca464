"""The shell: rail, tabs, panes, panel, status line, notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QScrollBar,
    QSpinBox,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pyrviewer.ui import clipboard
from pyrviewer.ui.theme import RHYTHM, icon
from pyrviewer.ui.widgets.notice_stack import NoticeStack
from pyrviewer.ui.widgets.rail import Rail
from pyrviewer.ui.widgets.status import StatusLine
from pyrviewer.ui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from pyrviewer.session.document import Document
    from pyrviewer.ui.lab import Lab, LabContext

PANEL_WIDTH = 336
SIZE = QSize(1600, 960)  # logical pixels, at the first start


class MainWindow(QMainWindow):
    """Holds the labs and shows one of them on the active document.

    Signals
    -------
    dropped(list of Path, ndarray or None) : files or an image were dropped anywhere
    closing() : the window is about to close
    lab_changed(str)
    page_wanted(int) : another page of the active file, counted from 0
    """

    dropped = pyqtSignal(object)
    closing = pyqtSignal()
    lab_changed = pyqtSignal(str)
    page_wanted = pyqtSignal(int)

    def __init__(self, context: LabContext) -> None:
        super().__init__()
        self._context = context
        self._labs: dict[str, Lab] = {}
        self._current = ""
        self.setWindowTitle("pyrviewer")
        self.setAcceptDrops(True)
        self.resize(1280, 720)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self.rail = Rail(centre)
        self.rail.chosen.connect(self.show_lab)
        middle.addWidget(self.rail)
        self.pages = QStackedWidget(centre)
        middle.addWidget(self.pages, 1)
        column.addLayout(middle, 1)
        self.status = StatusLine(centre)
        self.status.cancelled.connect(self.cancel_work)
        column.addWidget(self.status)
        self.setCentralWidget(centre)
        self.welcome = Welcome(self.pages)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self._workbench())
        self.notices = NoticeStack(self)
        self._connect()

    def _workbench(self) -> QWidget:
        """Make the page that is seen while an image is open."""
        page = QWidget(self.pages)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.tabs = QTabBar(page)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setDocumentMode(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.tabs.setAccessibleName("Open images")
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.currentChanged.connect(self._tab_chosen)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, RHYTHM, 0)
        head.addWidget(self.tabs, 1)
        self.pages_of_file = QSpinBox(page)
        self.pages_of_file.setPrefix("Page ")
        self.pages_of_file.setAccessibleName("Page of the file")
        self.pages_of_file.setToolTip("Page of the file (PgUp, PgDown)")
        self.pages_of_file.setKeyboardTracking(False)
        self.pages_of_file.valueChanged.connect(self._page_chosen)
        self.pages_of_file.hide()
        head.addWidget(self.pages_of_file)
        column.addLayout(head)
        self.splitter = QSplitter(page)
        self.splitter.setHandleWidth(1)
        self.views = QStackedWidget(self.splitter)
        self.panels = QStackedWidget(self.splitter)
        self.panels.setObjectName("panel")
        self.panels.setMinimumWidth(300)
        self.splitter.addWidget(self.views)
        self.splitter.addWidget(self.panels)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setSizes([1280 - PANEL_WIDTH, PANEL_WIDTH])
        column.addWidget(self.splitter, 1)
        return page

    def _connect(self) -> None:
        workspace = self._context.workspace
        workspace.added.connect(self._on_added)
        workspace.replaced.connect(self._on_replaced)
        workspace.removed.connect(self._on_removed)
        workspace.active_changed.connect(self._on_active)
        self._context.notices.posted.connect(self.notices.show_notice)
        for lane in (workspace.lane, *self._context.networks.lanes):
            self.status.watch(lane)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    # Labs

    def add_lab(self, identity: str, title: str, picture: str, lab: Lab) -> None:
        """Add a lab; the first one is shown."""
        self._labs[identity] = lab
        self.rail.add_lab(identity, title, picture)
        self.views.addWidget(lab.view)
        self.panels.addWidget(lab.panel)
        for lane in lab.lanes:
            self.status.watch(lane)
        lab.readout_changed.connect(self.status.readout.setText)
        lab.wanted.connect(self._on_wanted)
        if not self._current:
            self.show_lab(identity)

    def _on_wanted(self) -> None:
        for identity, lab in self._labs.items():
            if lab is self.sender():
                self.show_lab(identity)

    @property
    def lab(self) -> Lab | None:
        """The lab on the screen."""
        return self._labs.get(self._current)

    @property
    def lab_id(self) -> str:
        """The id of the lab on the screen."""
        return self._current

    def show_lab(self, identity: str) -> None:
        """Show a lab on the active document."""
        if self._context.workspace.active is not None:
            self.pages.setCurrentIndex(1)
        if identity == self._current or identity not in self._labs:
            self.rail.show_lab(self._current)
            return
        before = self.lab
        if before is not None:
            before.show_document(None)
        self._current = identity
        lab = self._labs[identity]
        self.rail.show_lab(identity)
        self.views.setCurrentWidget(lab.view)
        self.panels.setCurrentWidget(lab.panel)
        lab.show_document(self._context.workspace.active)
        focused = QApplication.focusWidget()
        if focused is not None and self.views.isAncestorOf(focused):
            lab.focus_view()  # Qt gives the keyboard to the bar when it left the former panes
        self.lab_changed.emit(identity)

    # Documents

    def _index(self, document: Document) -> int:
        for index in range(self.tabs.count()):
            if self.tabs.tabData(index) == document.id:
                return index
        return -1

    def _on_added(self, document: Document) -> None:
        self.tabs.blockSignals(True)
        index = self.tabs.addTab("")
        self.tabs.setTabData(index, document.id)
        self._name_tab(index, document)
        close = QToolButton(self.tabs)
        close.setIcon(icon("close"))
        close.setIconSize(QSize(12, 12))
        close.setAccessibleName("Close image")
        close.clicked.connect(self._close_clicked)
        self.tabs.setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
        self.tabs.blockSignals(False)

    def _name_tab(self, index: int, document: Document) -> None:
        height, width = document.pixels.shape[:2]
        self.tabs.setTabText(index, document.name.replace("&", "&&"))
        place = str(document.path or document.name)
        self.tabs.setTabToolTip(index, f"{place}\n{width} × {height}, {document.image.dtype}")

    def _on_replaced(self, old: Document, new: Document) -> None:
        index = self._index(old)
        self.tabs.setTabData(index, new.id)
        self._name_tab(index, new)

    def _on_removed(self, document: Document) -> None:
        self.tabs.blockSignals(True)
        self.tabs.removeTab(self._index(document))
        self.tabs.blockSignals(False)
        self._mark_tab()

    def _page_chosen(self, page: int) -> None:
        self.page_wanted.emit(page - 1)

    def _show_pages(self, document: Document | None) -> None:
        """Offer the other pages of a file that has several."""
        box = self.pages_of_file
        box.setVisible(document is not None and document.image.origin.pages > 1)
        if document is not None:
            origin = document.image.origin
            box.blockSignals(True)
            box.setRange(1, origin.pages)
            box.setSuffix(f" of {origin.pages}")
            box.setValue(origin.page + 1)
            box.blockSignals(False)

    def _mark_tab(self) -> None:
        active = self._context.workspace.active
        if active is not None:
            self.tabs.blockSignals(True)
            self.tabs.setCurrentIndex(self._index(active))
            self.tabs.blockSignals(False)

    def _on_active(self, document: Document | None) -> None:
        self.pages.setCurrentIndex(0 if document is None else 1)
        self._mark_tab()
        self._show_pages(document)
        self.status.facts.setText(facts(document) if document else "")
        self.setWindowTitle(f"{document.name} - pyrviewer" if document else "pyrviewer")
        if self.lab is not None:
            self.lab.show_document(document)
            if document is not None:
                self.lab.focus_view()

    def _document(self, index: int) -> Document | None:
        identity = self.tabs.tabData(index)
        found = (d for d in self._context.workspace.documents if d.id == identity)
        return next(found, None)

    def _tab_chosen(self, index: int) -> None:
        document = self._document(index)
        if document is not None:
            self._context.workspace.activate(document)

    def _close_clicked(self) -> None:
        side, sender = QTabBar.ButtonPosition.RightSide, self.sender()
        for index in range(self.tabs.count()):
            document = self._document(index)
            if document is not None and self.tabs.tabButton(index, side) is sender:
                self._context.workspace.close(document)
                return

    # Work

    def cancel_work(self) -> bool:
        """Stop what runs; False where nothing ran."""
        workspace = self._context.workspace
        lanes = [workspace.lane, *self._context.networks.lanes]
        lanes += self.lab.lanes if self.lab else ()
        busy = [lane for lane in lanes if lane.busy]
        workspace.cancel_opening()
        for lane in busy:
            lane.cancel()
        return bool(busy)

    def escape(self) -> None:
        """Leave what is in hand: a drag, the samples, work, notices, the lab's present mode."""
        if self.lab is not None and self.lab.cancel_gesture():
            return
        if self._context.workspace.active is not None and self.pages.currentIndex() == 0:
            self.pages.setCurrentIndex(1)
            return
        if not self.cancel_work() and not self.notices.clear() and self.lab is not None:
            self.lab.escape()

    def toggle_panels(self) -> None:
        """Fold the rail, the tabs and the panel away, or bring them back."""
        shown = self.panels.isVisible()
        for widget in (self.panels, self.rail):
            widget.setVisible(not shown)

    # Window events

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Show the original while Shift is held; let the wheel scroll panels, not turn controls."""
        if isinstance(event, QWheelEvent) and self._scrolls(watched):
            panel = self.panels.currentWidget()
            bar = panel.verticalScrollBar() if isinstance(panel, QAbstractScrollArea) else None
            if bar is not None:
                QApplication.sendEvent(bar, event)
            return True
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Shift:
            if self.lab is not None and not event.isAutoRepeat() and self.isActiveWindow():
                self.lab.peek(event.type() == QEvent.Type.KeyPress)
        elif (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseMove
            and self.lab is not None
            and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            self.lab.peek(False)  # the key may have been let go outside the window
        elif event is not None and event.type() == QEvent.Type.WindowDeactivate and self.lab:
            self.lab.peek(False)
        return super().eventFilter(watched, event)

    def _scrolls(self, control: QObject | None) -> bool:
        """Tell whether the wheel over a control of the panel is meant for the panel."""
        return (
            isinstance(control, QAbstractSlider | QAbstractSpinBox | QComboBox)
            and not isinstance(control, QScrollBar)
            and not control.hasFocus()
            and self.panels.isAncestorOf(control)
        )

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go back to the panes, whose keys a field would take for text, once a value is entered."""
        field = isinstance(QApplication.focusWidget(), QAbstractSpinBox | QLineEdit)
        if field and self.lab and event and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.lab.focus_view()
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None and (mime.hasUrls() or mime.hasImage()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        mime = event.mimeData() if event is not None else None
        if event is None or mime is None:
            return
        event.acceptProposedAction()
        self.dropped.emit(clipboard.content(mime))

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Say so first."""
        self.closing.emit()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        super().closeEvent(event)

    def open_at(self, geometry: bytes) -> None:
        """Show the window where it was, or as large as it needs, at most the whole screen."""
        screen = QGuiApplication.primaryScreen()
        if geometry and self.restoreGeometry(QByteArray(geometry)):
            self.show()
        elif screen is not None and screen.availableGeometry().width() <= SIZE.width():
            self.showMaximized()
        else:
            self.resize(SIZE)
            self.show()


def facts(document: Document) -> str:
    """Return size, channels and dtype of an image."""
    pixels = document.pixels
    height, width = pixels.shape[:2]
    channels = {2: "gray"}.get(pixels.ndim) or {3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    mega = width * height / 1e6
    size = f"{mega:.1f} MP" if mega >= 0.1 else f"{width * height} px"
    return f"{width} × {height}   {channels} {document.image.dtype}   {size}"
