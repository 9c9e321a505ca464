"""What lies below everything that follows the mouse: drawn once, then kept as pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF
from PyQt6.QtGui import QImage, QPainter

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtWidgets import QWidget


class Ground:
    """A widget's ground, which is kept from the second frame that shows the same.

    While a view moves every frame shows something else: those are drawn straight to the screen,
    as keeping them would cost time and serve nothing.
    """

    def __init__(self) -> None:
        self._shown: tuple[object, ...] = ()
        self._image: QImage | None = None

    def forget(self) -> None:
        """Free the pixels."""
        self._shown, self._image = (), None

    def draw(
        self,
        painter: QPainter,
        widget: QWidget,
        shown: tuple[object, ...],
        draw: Callable[[QPainter], None],
    ) -> None:
        """Draw the ground in device pixels.

        Parameters
        ----------
        painter : QPainter
            On the widget, scaled to device pixels.
        shown : tuple
            All that the ground depends on, besides the widget's size, palette and font.
        draw : callable
            Draws it.
        """
        ratio, placed = widget.devicePixelRatioF(), painter.deviceTransform()
        # A widget may begin between two device pixels: kept ones are of the same part of a pixel.
        x, y = placed.dx() - math.floor(placed.dx()), placed.dy() - math.floor(placed.dy())
        look = (widget.palette().cacheKey(), widget.font().key())
        shown = (*shown, widget.width(), widget.height(), ratio, x, y, *look)
        if shown != self._shown:
            self._shown, self._image = shown, None
            painter.save()
            draw(painter)
            painter.restore()
            return
        if self._image is None:
            self._image = _drawn(widget, ratio, QPointF(x, y), draw)
        painter.drawImage(QPointF(-x, -y), self._image)


def _drawn(
    widget: QWidget, ratio: float, shift: QPointF, draw: Callable[[QPainter], None]
) -> QImage:
    width, height = (math.ceil(side * ratio) + 1 for side in (widget.width(), widget.height()))
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    painter.setFont(widget.font())
    painter.scale(1 / ratio, 1 / ratio)
    painter.translate(shift)
    draw(painter)
    painter.end()
    image.setDevicePixelRatio(1)  # it is laid pixel on pixel
    return image
