"""What is drawn over panes."""

from __future__ import annotations

import itertools

import pytest
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QImage, QPainter

from pyrviewer.ui import overlays
from pyrviewer.ui.overlays import Outlines, box_corners, label_size
from pyrviewer.ui.picture import Mapping


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("corner", [(150, 150), (0, 0), (250, 250)])
def test_labels_of_neighbours_cover_no_other(
    corner: tuple[int, int], ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three boxes side by side, each narrower than its label; the first has it above, if it can."""
    labels: list[QRectF] = []

    def draw_label(painter: QPainter, text: str, place: QPointF, ratio: float) -> None:
        labels.append(label_size(painter, text, ratio).translated(place))

    monkeypatch.setattr(overlays, "draw_label", draw_label)
    side = round(300 * ratio)
    screen = QImage(side, side, QImage.Format.Format_RGB32)
    x, y = corner
    boxes = [box_corners(x + 42 * k, y + 4 * k, x + 42 * k + 40, y + 44 + 4 * k) for k in range(3)]
    mapping = Mapping(150, 150, ratio, side, side)
    painter = QPainter(screen)
    Outlines(boxes, "#3fb950", [f"{k}   0.752" for k in range(3)]).draw(painter, mapping, ratio)
    painter.end()
    assert len(labels) == sum(box[0][0] < 300 and box[0][1] < 300 for box in boxes)
    assert not any(a.intersects(b) for a, b in itertools.combinations(labels, 2))
    pane = QRectF(0, 0, side, side)
    assert all(pane.contains(label) for label in labels)
    if y > 21:
        assert labels[0].bottom() <= y * ratio
