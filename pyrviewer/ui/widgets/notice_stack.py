"""Notices over the lower edge of the window; none of them takes the focus."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pyrviewer.session.notices import Notice
from pyrviewer.ui.theme import RHYTHM, icon
from pyrviewer.ui.timers import after

LIMIT = 4
STAY = {"info": 4000, "warning": 9000, "error": 0}  # ms; errors stay until closed
WIDTH = 460
ABOVE_TRANSPORT = RHYTHM * 11  # logical pixels from the lower edge of the window


class NoticeCard(QFrame):
    """One notice."""

    closed = pyqtSignal(object)

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setObjectName("notice")
        self.setAccessibleName(notice.text)
        line = QHBoxLayout(self)
        line.setContentsMargins(RHYTHM + 4, RHYTHM, RHYTHM, RHYTHM)
        line.setSpacing(RHYTHM)
        self._picture = QLabel(self)
        line.addWidget(self._picture)
        self._draw_icon()
        text = QLabel(notice.text, self)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line.addWidget(text, 1)
        if notice.action:
            button = QPushButton(notice.action, self)
            button.clicked.connect(self._act)
            line.addWidget(button)
        close = QToolButton(self)
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        close.setAccessibleName("Close notice")
        close.clicked.connect(self.close_notice)
        line.addWidget(close)
        if STAY[notice.level]:
            after(self, STAY[notice.level], self.close_notice).start()

    def _draw_icon(self) -> None:
        self._picture.setPixmap(icon(self.notice.level).pixmap(QSize(20, 20)))

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def height_for(self, width: int) -> int:
        """Return the height that the text needs at a width."""
        line, frame = self.layout(), self.contentsMargins()
        if line is None:
            return 44
        inner = width - frame.left() - frame.right()
        return max(44, line.heightForWidth(inner) + frame.top() + frame.bottom())

    def _act(self) -> None:
        if self.notice.run is not None:
            self.notice.run()
        self.close_notice()

    def close_notice(self) -> None:
        """Take the notice away."""
        self.closed.emit(self)


class NoticeStack(QWidget):
    """The newest notices, the last at the bottom."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(RHYTHM)
        self._cards: list[NoticeCard] = []
        self._earlier: list[str] = []
        self._more = QPushButton(self)
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.clicked.connect(self._show_earlier)
        self._more.hide()
        self._column.addWidget(self._more)
        over.installEventFilter(self)
        self.hide()

    @property
    def texts(self) -> list[str]:
        """The sentences on the screen."""
        return [card.notice.text for card in self._cards]

    def show_notice(self, notice: Notice) -> None:
        """Add a notice; a repeated one is shown once."""
        if notice.text in self.texts:
            return
        card = NoticeCard(notice, self)
        card.closed.connect(self._remove)
        self._cards.append(card)
        self._column.addWidget(card)
        if len(self._cards) > LIMIT:
            oldest = self._cards[0]
            if oldest.notice.level == "error":
                self._earlier.append(oldest.notice.text)
            self._remove(oldest)
        self._place()

    def _show_earlier(self) -> None:
        """Show the errors that had to make room, as one notice."""
        shown = [card.notice.text for card in self._cards if card.notice.level == "error"]
        texts, self._earlier = [*self._earlier, *shown], []
        for card in list(self._cards):
            self._remove(card)
        self.show_notice(Notice("error", "\n".join(texts)))

    def _remove(self, card: NoticeCard) -> None:
        if card in self._cards:
            self._cards.remove(card)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
            self._place()

    def clear(self) -> bool:
        """Take all notices away; False where there were none."""
        cards = list(self._cards)
        self._earlier.clear()
        for card in cards:
            self._remove(card)
        return bool(cards)

    def _place(self) -> None:
        self.setVisible(bool(self._cards))
        width = min(WIDTH, self._over.width() - 2 * RHYTHM)
        self.setFixedWidth(max(120, width))
        heights = [card.height_for(self.width()) for card in self._cards]
        for card, height in zip(self._cards, heights, strict=True):
            card.setFixedHeight(height)
        self._more.setVisible(bool(self._earlier))
        if self._earlier:
            self._more.setText(f"{len(self._earlier)} earlier errors: show them")
            heights.append(self._more.sizeHint().height())
        self.resize(self.width(), sum(heights) + RHYTHM * max(0, len(heights) - 1))
        self.move(
            (self._over.width() - self.width()) // 2,
            self._over.height() - self.height() - ABOVE_TRANSPORT,
        )
        self.raise_()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay in place when the window is resized."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)
