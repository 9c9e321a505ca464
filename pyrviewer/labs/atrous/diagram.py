"""The diagram of DeepLab v3+: boxes that can be pressed, and arrows between them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPainterPath, QPalette, QPen, QPolygonF
from PyQt6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QWidget

from pyrviewer.labs.atrous.aspp import branch_name
from pyrviewer.labs.atrous.deeplab import ENCODER
from pyrviewer.ui.widgets.form import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtGui import QPaintEvent, QResizeEvent

COLUMNS, ROWS = 12.1, 6.95
FIRST = -0.98  # row of the upper edge
MARGIN = 6.0  # logical pixels
WIDEST = 1500.0  # logical pixels: farther apart the nodes lose each other
HEAD = 4.5  # logical pixels: half the width of an arrow's head


@dataclass(frozen=True)
class Box:
    """A node: its middle in columns and rows, and what it says; a caption is in a second line."""

    name: str
    text: str
    x: float
    y: float
    tip: str
    width: float = 0.86


@dataclass(frozen=True)
class Group:
    """A frame around nodes: left, top, right and bottom in columns and rows."""

    text: str
    start: float  # of the text
    left: float
    top: float
    right: float
    bottom: float


FILTERS = (
    ("Edges\n1/1", "Fixed filters on the picture itself: no network is installed."),
    ("Edges\n1/2", "The same filters on its first octave."),
    ("Edges\n1/4", "The same filters on its second octave."),
    ("Edges\n1/8", "The same filters on its third octave."),
    ("Edges\n1/8", "The same again: there are no more octaves."),
)  # instead of the blocks of a network


def boxes(rates: Sequence[int], stride: int, *, learned: bool = True) -> list[Box]:
    """Return the nodes; the pyramid has one for each rate."""
    count = len(rates) + 2
    spread = min(1.0, 4 / (count - 1))
    middle = 2.0
    branch_tips = ("Every channel as it is, through a 1 x 1 convolution.",
                   *("Nine taps, the rate apart." for _ in rates),
                   "The mean of the whole map, spread again.")  # fmt: skip
    pyramid = [
        Box(f"aspp {k}", branch_name(k, rates), 7.0, middle + spread * (k - (count - 1) / 2),
            branch_tips[k], 1.35)
        for k in range(count)
    ]  # fmt: skip
    encoder = _blocks(stride) if learned else FILTERS
    chain = [
        Box(name, text, 1.5 + k, middle, tip)
        for k, (name, (text, tip)) in enumerate(zip(ENCODER, encoder, strict=True))
    ]
    return [
        Box("image", "Image", 0.5, middle, "The open image, as the network sees it."),
        *chain,
        *pyramid,
        Box("concat", "Concat", 8.5, middle, "All branches on top of each other."),
        Box("project", "1 × 1", 9.5, middle, "Fewer channels."),
        Box("upsample", "Enlarge", 9.5, 3.6, "Bilinear, to the size of the low-level features."),
        Box("low", "1 × 1", 2.5, 5.3, "Fewer channels of the low-level features."),
        Box("classes", "Classifier", 5.5, 3.9,
            "The network's own classifier, applied at every position.", 0.96),
        Box("decode", "Concat", 9.5, 5.3, "Context and detail on top of each other."),
        Box("refine", "3 × 3", 10.5, 5.3, "Looks at both together."),
        Box("prediction", "Prediction", 11.5, 5.3,
            "What the head learned from your strokes in Segment.", 0.98),
    ]  # fmt: skip


def _blocks(stride: int) -> tuple[tuple[str, str], ...]:
    """Return what the nodes of the encoder say at an output stride, and their tips."""
    return (
        ("Stem\n1/2", "The first convolution, stride 2."),
        ("Block 3\n1/4", "Where low-level features are taken."),
        ("Block 5\n1/8", "Inverted residual blocks at stride 8."),
        (f"Block 11\n1/{min(16, stride)}", "At output stride 8 its stride has become a dilation."),
        (f"Block 16\n1/{stride}", "The last block, at the output stride."),
    )


def arrows(rates: Sequence[int]) -> list[tuple[str, str]]:
    """Return which node leads to which."""
    chain = ("image", *ENCODER)
    branches = [f"aspp {k}" for k in range(len(rates) + 2)]
    return [
        *itertools.pairwise(chain),
        *(("block 16", branch) for branch in branches),
        *((branch, "concat") for branch in branches),
        ("concat", "project"), ("project", "upsample"), ("upsample", "decode"),
        ("block 3", "low"), ("low", "decode"), ("decode", "refine"), ("refine", "prediction"),
        ("block 16", "classes"),
    ]  # fmt: skip


GROUPS = (
    Group("Encoder: strides, then dilations", 1.0, 1.0, -0.95, 6.1, 4.5),
    Group("Atrous spatial pyramid pooling", 6.25, 6.25, -0.95, 9.0, 4.5),
    Group("Decoder", 3.2, 1.9, 4.68, COLUMNS, 5.9),
)


class Diagram(QWidget):
    """Shows the architecture; a press on a node asks for its maps.

    Signals
    -------
    chosen(str) : a node
    """

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("diagram")
        self.setAccessibleName("DeepLab v3+")
        self._boxes: list[Box] = []
        self._arrows: list[tuple[str, str]] = []
        self._buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._press)
        self._shape: tuple[tuple[int, ...], int, bool] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(262)
        self.setMaximumHeight(380)

    def sizeHint(self) -> QSize:
        """Return room for every node."""
        return QSize(860, 280)

    def show_shape(self, rates: Sequence[int], stride: int, *, learned: bool = True) -> None:
        """Lay out the nodes for the rates of the pyramid and an output stride."""
        wanted = (tuple(rates), stride, learned)
        if wanted == self._shape:
            return
        self._shape = wanted
        self._boxes, self._arrows = boxes(rates, stride, learned=learned), arrows(rates)
        names = {box.name for box in self._boxes}
        for name in [name for name in self._buttons if name not in names]:
            button = self._buttons.pop(name)
            self._group.removeButton(button)
            button.hide()
            button.deleteLater()
        for box in self._boxes:
            button = self._buttons.get(box.name) or self._make(box.name)
            button.setText(box.text)
            button.setAccessibleName(box.text.replace("\n", " "))
            button.setToolTip(box.tip)
        self._place()

    def _make(self, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("toggle")
        button.setProperty("node", name)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._group.addButton(button)
        self._buttons[name] = button
        button.setVisible(True)
        return button

    def _press(self, button: QToolButton) -> None:
        self.chosen.emit(button.property("node"))

    def show_node(self, name: str) -> None:
        """Mark a node without telling anyone."""
        check(self._group, self._buttons.get(name))

    def button(self, name: str) -> QToolButton:
        """Return the button of a node."""
        return self._buttons[name]

    # Geometry

    def _point(self, x: float, y: float) -> QPointF:
        """Map columns and rows to the widget."""
        width = min(self.width() - 2 * MARGIN, WIDEST)
        left = (self.width() - width) / 2
        down = (self.height() - 2 * MARGIN) / ROWS
        return QPointF(left + x * width / COLUMNS, MARGIN + (y - FIRST) * down)

    def _rect(self, box: Box) -> QRectF:
        unit = self._point(1, 1) - self._point(0, 0)
        height = min(38.0, unit.y() - 5) if "\n" in box.text else min(27.0, unit.y() - 5)
        width = min(box.width * unit.x(), 150.0)
        found = QRectF(0, 0, width, height)
        found.moveCenter(self._point(box.x, box.y))
        return found

    def _place(self) -> None:
        for box in self._boxes:
            self._buttons[box.name].setGeometry(self._rect(box).toRect())
        self.update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give every node its place."""
        super().resizeEvent(event)
        self._place()

    # Painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw frames and arrows; the nodes are buttons."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, role = self.palette(), QPalette.ColorRole
        painter.fillRect(self.rect(), palette.color(role.Window))
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        for group in GROUPS:
            corner = self._point(group.left, group.top)
            frame = QRectF(corner, self._point(group.right, group.bottom)).adjusted(2, -2, -2, 2)
            painter.setPen(QPen(palette.color(role.Mid), 1))
            painter.setBrush(palette.color(role.Base))
            painter.drawRoundedRect(frame, 8, 8)
            painter.setPen(palette.color(role.PlaceholderText))
            place = frame.adjusted(8, 3, -8, 0)
            place.setLeft(self._point(group.start, 0).x() + 10)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, group.text
            )
        rects = {box.name: self._rect(box) for box in self._boxes}
        painter.setPen(QPen(palette.color(role.PlaceholderText), 1.2))
        for start, end in self._arrows:
            self._arrow(painter, rects[start], rects[end])
        painter.end()

    def _arrow(self, painter: QPainter, start: QRectF, end: QRectF) -> None:
        """Draw an arrow from one node to the next: along a row, down a column, or around."""
        down = abs(start.center().x() - end.center().x()) < 2
        if down:
            first = QPointF(start.center().x(), start.bottom())
            last = QPointF(end.center().x(), end.top())
            path = QPainterPath(first)
            path.lineTo(last)
        else:
            first = QPointF(start.right(), start.center().y())
            last = QPointF(end.left(), end.center().y())
            path = QPainterPath(first)
            bend = min(24.0, (last.x() - first.x()) / 2)
            if abs(first.y() - last.y()) < 2:
                path.lineTo(last)
            else:
                path.cubicTo(first + QPointF(bend, 0), last - QPointF(bend, 0), last)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.setBrush(painter.pen().color())
        if down:
            tip = (QPointF(-HEAD, -7), QPointF(HEAD, -7))
        else:
            tip = (QPointF(-7, -HEAD), QPointF(-7, HEAD))
        painter.drawPolygon(QPolygonF([last, last + tip[0], last + tip[1]]))
