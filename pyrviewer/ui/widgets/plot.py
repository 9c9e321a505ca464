"""A pyqtgraph plot in the colours of the palette."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Curve = npt.NDArray[np.float64]


class Plot(QWidget):
    """Curves over a logarithmic axis or two, without mouse navigation."""

    def __init__(
        self, x_label: str, y_label: str, parent: QWidget | None = None, *, log_x: bool = True
    ) -> None:
        super().__init__(parent)
        self._labels = {"bottom": x_label, "left": y_label}
        self._plot = pg.PlotWidget(self, enableMenu=False)
        self._plot.setLogMode(x=log_x, y=True)
        self._log_x = log_x
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.hideButtons()
        for part in (self._plot, self._plot.viewport()):
            if part is not None:
                part.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing to do there by keyboard
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        self.setMinimumHeight(190)
        self.setAccessibleName(f"{y_label} over {x_label}")
        self._restyle()

    def _colour(self, role: QPalette.ColorRole) -> QColor:
        return self.palette().color(role)

    def _restyle(self) -> None:
        self._plot.setBackground(self._colour(QPalette.ColorRole.Window))
        for side, label in self._labels.items():
            axis = self._plot.getAxis(side)
            axis.setPen(self._colour(QPalette.ColorRole.Mid))
            axis.setTextPen(self._colour(QPalette.ColorRole.PlaceholderText))
            axis.setLabel(label)
            axis.enableAutoSIPrefix(False)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._restyle()

    def show_decades(self, low: int, high: int) -> None:
        """Mark whole numbers along x and powers of ten along y, from 10^low to 10^high."""
        for side in self._labels:
            self._plot.getAxis(side).setTickSpacing(1, 1)
        self._plot.setYRange(low, high)

    def clear(self) -> None:
        """Take all curves away."""
        self._plot.clear()

    def add_curve(
        self,
        x: Curve,
        y: Curve,
        *,
        strong: bool,
        colour: str = "",
        dashed: bool = False,
        dots: bool = False,
    ) -> None:
        """Draw a curve: by default the strong one in the accent colour, the others faint."""
        keep = (x > 0) & (y > 0) if self._log_x else y > 0
        role = QPalette.ColorRole.Highlight if strong else QPalette.ColorRole.PlaceholderText
        ink = QColor(colour) if colour else self._colour(role)
        if not strong and not colour:
            ink.setAlpha(110)
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        pen = pg.mkPen(ink, width=2 if strong else 1, style=style)
        mark = {"symbol": "o", "symbolSize": 6, "symbolBrush": ink, "symbolPen": None}
        self._plot.plot(x[keep], y[keep], pen=pen, **(mark if dots else {}))

    def add_lines(self, positions: Sequence[float]) -> None:
        """Draw vertical lines."""
        pen = pg.mkPen(self._colour(QPalette.ColorRole.Mid), style=Qt.PenStyle.DotLine)
        for position in positions:
            self._plot.addItem(pg.InfiniteLine(math.log10(position), angle=90, pen=pen))
