"""Rows of controls that explain themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPalette
from PyQt6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyleOptionComboBox,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)
from superqt import QToggleSwitch

from pyrviewer.ui.theme import RHYTHM, icon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtCore import QRectF
    from PyQt6.QtGui import QFocusEvent, QPaintEvent
    from PyQt6.QtWidgets import QAbstractButton
    from superqt.switch import QStyleOptionToggleSwitch

LABEL_WIDTH = 76
ARROW = 30  # logical pixels of a list's arrow and frame


class HelpMark(QToolButton):
    """A `?` that says in one sentence what the control beside it does."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("?")
        self.setObjectName("caption")
        self.setAutoRaise(True)
        self.setToolTip(text)
        self.setAccessibleName("Help")
        self.setAccessibleDescription(text)
        self.setFixedSize(20, 20)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._show)

    def _show(self) -> None:
        QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), self.toolTip(), self)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Show the sentence to those who come by keyboard."""
        super().focusInEvent(event)
        if event is not None and event.reason() == Qt.FocusReason.TabFocusReason:
            self._show()


class Section(QFrame):
    """A part of a panel under a heading that folds it away."""

    toggled = pyqtSignal(bool)

    def __init__(self, title: str, help_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(RHYTHM * 2, RHYTHM, RHYTHM * 2, RHYTHM)
        outer.setSpacing(RHYTHM)
        head = QHBoxLayout()
        self._button = QToolButton(self)
        self._button.setObjectName("heading")
        self._button.setText(title)
        self._button.setAutoRaise(True)
        self._button.setCheckable(True)
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.setChecked(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setArrowType(Qt.ArrowType.DownArrow)
        self._button.setAccessibleName(f"{title} section")
        self._button.toggled.connect(self._toggle)
        head.addWidget(self._button)
        head.addStretch(1)
        head.addWidget(HelpMark(help_text, self))
        outer.addLayout(head)
        self.body = QWidget(self)
        self.rows = QVBoxLayout(self.body)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(RHYTHM)
        outer.addWidget(self.body)

    @property
    def open(self) -> bool:
        """Whether the section is unfolded."""
        return self._button.isChecked()

    def set_open(self, on: bool) -> None:
        """Fold or unfold."""
        self._button.setChecked(on)

    def _toggle(self, on: bool) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.body.setVisible(on)
        self.toggled.emit(on)

    def add_switch(self, switch: Switch, help_text: str) -> None:
        """Add a switch with its explanation."""
        switch.setToolTip(help_text)
        line = QHBoxLayout()
        line.addWidget(switch)
        line.addStretch(1)
        line.addWidget(HelpMark(help_text, self.body))
        self.rows.addLayout(line)

    def show_row(self, control: QWidget, on: bool) -> None:
        """Show or hide a control with its label and explanation."""
        for index in range(self.rows.count()):
            item = self.rows.itemAt(index)
            line = item.layout() if item is not None else None
            if line is None or line.indexOf(control) < 0:
                continue
            for place in range(line.count()):
                part = line.itemAt(place)
                widget = part.widget() if part is not None else None
                if widget is not None:
                    widget.setVisible(on)

    def add_row(self, label: str, control: QWidget, help_text: str) -> None:
        """Add a labelled control with its explanation."""
        line = QHBoxLayout()
        line.setSpacing(RHYTHM // 2)
        name = QLabel(label, self.body)
        name.setFixedWidth(LABEL_WIDTH)
        name.setBuddy(control)
        give_name(control, label)
        control.setToolTip(help_text)
        line.addWidget(name)
        line.addWidget(control, 1)
        line.addWidget(HelpMark(help_text, self.body))
        self.rows.addLayout(line)


class Switch(QToggleSwitch):
    """On or off, in the colours of the palette, with its focus in sight."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.switchWidth, self.switchHeight, self.handleSize = 26, 14, 10
        self._recolour()

    def _recolour(self) -> None:
        palette, role = self.palette(), QPalette.ColorRole
        self.onColor = palette.color(role.Highlight)
        self.offColor = palette.color(role.PlaceholderText)
        self.handleColor = QColor("#f5f6f8")

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._recolour()

    def drawGroove(  # noqa: N802 - superqt's
        self, painter: QPainter, rect: QRectF, option: QStyleOptionToggleSwitch
    ) -> None:
        """Draw it in the middle, as the text is; superqt puts it a margin lower."""
        super().drawGroove(painter, rect.translated(0, -option.margin), option)

    def drawHandle(  # noqa: N802 - superqt's
        self, painter: QPainter, rect: QRectF, option: QStyleOptionToggleSwitch
    ) -> None:
        """Draw it in the groove."""
        super().drawHandle(painter, rect.translated(0, -option.margin), option)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the switch, and a frame around it while it has the keyboard."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
            painter.end()


class Choice(QComboBox):
    """A list of values with readable names."""

    chosen = pyqtSignal(object)

    def __init__(self, items: Sequence[tuple[str, object]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for text, value in items:
            self.addItem(text, value)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.activated.connect(self._choose)

    def _choose(self, index: int) -> None:
        self.chosen.emit(self.itemData(index))

    def initStyleOption(  # noqa: N802 - Qt's
        self, option: QStyleOptionComboBox | None
    ) -> None:
        """End a text that is too long with dots; the list shows all of it."""
        super().initStyleOption(option)
        if option is not None:
            room = self.width() - ARROW
            option.currentText = self.fontMetrics().elidedText(
                option.currentText, Qt.TextElideMode.ElideRight, room
            )

    def showPopup(self) -> None:  # noqa: N802 - Qt's
        """Open a list that is as wide as its texts."""
        items = self.view()
        if items is not None:
            items.setMinimumWidth(items.sizeHintForColumn(0))
        super().showPopup()

    def show_value(self, value: object) -> None:
        """Select a value without telling anyone."""
        index = self.findData(value)
        if index >= 0 and index != self.currentIndex():
            self.setCurrentIndex(index)


class Segments(QWidget):
    """A few exclusive choices, all in sight."""

    chosen = pyqtSignal(object)
    done = pyqtSignal()  # after a choice by mouse: the keyboard is better off in the panes

    def __init__(
        self,
        items: Sequence[tuple[str, object, str, str]],
        parent: QWidget | None = None,
        *,
        fill: bool = False,
        words: bool = True,
    ) -> None:
        """Take (text, value, icon or nothing, tip) for each choice; without words, icons alone."""
        super().__init__(parent)
        self.setObjectName("segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QHBoxLayout(self)
        line.setContentsMargins(1, 1, 1, 1)
        line.setSpacing(0)
        self._group = QButtonGroup(self)
        self._values: list[object] = []
        for text, value, picture, tip in items:
            button = QToolButton(self)
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleName(text)
            if picture:
                button.setIcon(icon(picture))
                button.setIconSize(QSize(16, 16))
                style = Qt.ToolButtonStyle
                beside, alone = style.ToolButtonTextBesideIcon, style.ToolButtonIconOnly
                button.setToolButtonStyle(beside if words else alone)
                button.setObjectName("" if words else "bare")
            if fill:
                button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._group.addButton(button, len(self._values))
            self._values.append(value)
            line.addWidget(button)
        self._group.buttonPressed.connect(self._press)
        self._group.idClicked.connect(self._choose)
        self._by_mouse = False
        policy = QSizePolicy.Policy.Expanding if fill else QSizePolicy.Policy.Maximum
        self.setSizePolicy(policy, QSizePolicy.Policy.Fixed)

    def _press(self) -> None:
        self._by_mouse = QApplication.mouseButtons() != Qt.MouseButton.NoButton

    def _choose(self, index: int) -> None:
        self.chosen.emit(self._values[index])
        if self._by_mouse:
            self._by_mouse = False
            self.done.emit()

    def show_value(self, value: object) -> None:
        """Select a value without telling anyone."""
        check(self._group, self._group.button(self._values.index(value)))


def check(group: QButtonGroup, chosen: QAbstractButton | None) -> None:
    """Check one of the buttons, at which Tab stops then; the arrow keys go on from there."""
    focused = any(button.hasFocus() for button in group.buttons())
    for button in group.buttons():
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if chosen is not None:
        chosen.setChecked(True)
        chosen.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if focused:
            chosen.setFocus()


def give_name(control: QWidget, name: str) -> None:
    """Name a control for screen readers, and the parts of it that take the keyboard.

    The wheel gives none of them the keyboard: it scrolls the panel.
    """
    control.setAccessibleName(name)
    for part in (control, *control.findChildren(QWidget)):
        if part.focusPolicy() != Qt.FocusPolicy.NoFocus:
            part.setAccessibleName(name)
        if part.focusPolicy() == Qt.FocusPolicy.WheelFocus:
            part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


class Remark(QLabel):
    """Secondary text that wraps, and takes no room while it is empty."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setObjectName("caption")
        self.setWordWrap(True)
        self.setHidden(not text)

    def setText(self, text: str | None) -> None:  # noqa: N802 - Qt's
        """Show a text, or nothing."""
        super().setText(text)
        self.setHidden(not text)
