"""The channels of a layer as pictures to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QImage, QPixmap
from PyQt6.QtWidgets import QListView

from pyrviewer.labs.dream.channels import SIDE
from pyrviewer.ui.picture import qimage
from pyrviewer.ui.timers import after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtCore import QObject
    from PyQt6.QtWidgets import QWidget

    from pyrviewer.labs.dream.channels import Thumbnail

GATHER = 60  # ms in which pictures that are asked for are gathered
ROWS = 3  # of pictures in sight
CELL = QSize(SIDE + 5, SIDE + 22)


class _Channels(QAbstractListModel):
    """Channels of one layer; asks for the pictures that are looked at."""

    wanted = pyqtSignal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._count = 0
        self._names: Sequence[str] = ()
        self._icons: dict[int, QIcon] = {}
        self._asked: set[int] = set()
        self._pixmap = QPixmap(SIDE, SIDE)
        self._pixmap.fill(Qt.GlobalColor.gray)
        self._empty = QIcon(self._pixmap)
        self._timer = after(self, GATHER, self._ask)

    def reset(self, count: int, names: Sequence[str]) -> None:
        """Show other channels."""
        self.beginResetModel()
        self._count, self._names = count, names
        self._icons.clear()
        self._asked.clear()
        self.endResetModel()

    def forget(self) -> None:
        """Ask again for what was not delivered."""
        self._asked.clear()

    def put(self, channel: int, icon: QIcon) -> None:
        """Take a picture."""
        self._icons[channel] = icon
        place = self.index(channel)
        self.dataChanged.emit(place, place, [Qt.ItemDataRole.DecorationRole])

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of channels."""
        return self._count

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return picture, number or name."""
        channel = index.row()
        name = self._names[channel] if self._names else str(channel)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return name
        if role != Qt.ItemDataRole.DecorationRole:
            return None
        if channel not in self._icons and channel not in self._asked:
            self._asked.add(channel)
            self._timer.start()
        return self._icons.get(channel, self._empty)

    def _ask(self) -> None:
        missing = sorted(self._asked - self._icons.keys())
        if missing:
            self.wanted.emit(tuple(missing))


class Gallery(QListView):
    """Pictures of channels.

    Signals
    -------
    wanted(tuple of int) : these are in sight and have no picture yet
    chosen(int)
    """

    wanted = pyqtSignal(object)
    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Channels(self)
        self._model.wanted.connect(self.wanted)
        self._shown: tuple[str, int] = ("", -1)
        self.setModel(self._model)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setGridSize(CELL)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setFixedHeight(ROWS * CELL.height() + 4)
        self.setAccessibleName("Channels")
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(index.row())

    def show_layer(self, layer: str, count: int, names: Sequence[str] = ()) -> None:
        """Show the channels of a layer."""
        if self._shown != (layer, count):
            self._shown = (layer, count)
            self._model.reset(count, names)

    def show_channel(self, channel: int) -> None:
        """Mark a channel, or none."""
        index = self._model.index(channel)
        if channel < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif index != self.currentIndex():
            self.setCurrentIndex(index)

    def put(self, thumbnail: Thumbnail) -> None:
        """Take a picture."""
        if thumbnail.layer == self._shown[0]:
            form = QImage.Format.Format_RGB888
            picture = QPixmap.fromImage(qimage(thumbnail.pixels, form))
            self._model.put(thumbnail.channel, QIcon(picture))

    def forget(self) -> None:
        """Ask again for pictures that did not come."""
        self._model.forget()
        area = self.viewport()
        if area is not None:
            area.update()
