"""What the mouse points at in the Atrous lab; where it left, the marks stay."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QImage

from pyrviewer.compute import atrous
from pyrviewer.labs.atrous import aspp, marks
from pyrviewer.labs.atrous.state import MOST_PHASES
from pyrviewer.ui.picture import format_value, qimage
from pyrviewer.ui.timers import after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.labs.atrous.aspp import Field
    from pyrviewer.labs.atrous.controller import AtrousLab
    from pyrviewer.labs.atrous.run import Found, Tile
    from pyrviewer.ui.navigator import Hover

    Row = tuple[str, ...]

REST = 150  # ms at one place after which the gradient is followed back from there
SETTLED = ("rate", "phases", "stacked", "aspp")


class Pointing(QObject):
    """Follows the mouse over the panes."""

    def __init__(self, lab: AtrousLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self._place: tuple[float, float] | None = None
        self.fields: list[tuple[Field, QImage]] = []
        self._coverage: tuple[object, QImage] | None = None
        self._lane = lab.context.jobs.lane("Following the gradient", self)
        self._lane.partial.connect(self._take_fields)
        self._lane.succeeded.connect(self._take_fields)
        self._rest = after(self, REST, self._follow)
        self.lanes = (self._lane,)
        lab.view.hovered.connect(self._on_hover)

    def forget(self) -> None:
        """Forget the place, which was on another image."""
        self._lane.cancel()
        self._rest.stop()
        self._place, self.fields, self._coverage = None, [], None

    @property
    def place(self) -> tuple[float, float]:
        """Where the mouse was last on the image; its middle at first."""
        document = self._lab.document
        if self._place is not None or document is None:
            return self._place or (0.0, 0.0)
        height, width = document.pixels.shape[:2]
        return width / 2, height / 2

    def _on_hover(self, hover: Hover | None) -> None:
        lab = self._lab
        if hover is None or lab.document is None:
            lab.readout_changed.emit("")
            return
        spot = self._spot(hover)
        if spot == "pattern":
            self._show_pattern(hover)
            return
        self._place = (hover.canvas_x, hover.canvas_y)
        if spot in ("phases", "filtered"):
            self._from_phases(hover)
        self.again()
        if lab.state.layout in ("deeplab", "segment"):
            self._read_out(hover)

    def _spot(self, hover: Hover) -> str:
        view = self._lab.view
        for canvas, spot in zip(view.grid.canvases, view.spots, strict=False):
            if hover.layer is not None and hover.layer in canvas.layers:
                return spot
        return ""

    def _from_phases(self, hover: Hover) -> None:
        """Turn a pixel of the phases side by side into that of the map."""
        found = self._lab.found
        if found is None or "phases" not in found.tiles:
            return
        rate = min(found.request.state.rate, MOST_PHASES)
        height, width = (n // rate for n in found.tiles["phases"].values.shape[:2])
        x, y = (
            hover.x % width * rate + hover.x // width,
            hover.y % height * rate + hover.y // height,
        )
        dx, dy = found.tiles["input"].step
        self._place = ((x + 0.5) * dx, (y + 0.5) * dy)

    def again(self) -> None:
        """Point at the same place, of what is shown now."""
        lab, layout = self._lab, self._lab.state.layout
        if layout == "deeplab":
            found_marks, rows = lab.architecture.at(*self.place)
            lab.view.point(found_marks)
            lab.panel.show_values(rows)
        elif layout in SETTLED and lab.found is not None and lab.shows(lab.found):
            self._show(lab.found, layout)

    def _show(self, found: Found, layout: str) -> None:
        tile = found.tiles["input"]
        height, width = tile.values.shape[:2]
        x = min(max(int(self.place[0] / tile.step[0]), 0), width - 1)
        y = min(max(int(self.place[1] / tile.step[1]), 0), height - 1)
        show = {"rate": self._show_rate, "phases": self._show_phases,
                "stacked": self._show_stacked, "aspp": self._show_aspp}[layout]  # fmt: skip
        show(found, x, y)

    def _show_rate(self, found: Found, x: int, y: int) -> None:
        self._lab.view.point(marks.rate_marks(found, x, y))
        tile, kernel = found.tiles["input"], found.kernel
        shape = (tile.values.shape[0], tile.values.shape[1])
        size = (kernel.shape[0], kernel.shape[1])
        taps = atrous.taps(x, y, size, found.request.state.rate, shape)
        outside = int((~taps.inside).sum())
        rows: list[Row] = [
            ("Pixel", f"x {x}, y {y}", _value(tile, x, y)),
            ("Taps", f"{taps.inside.size - outside} on the map", f"{outside} on padding"),
            ("Result", f"x {x}, y {y}", _value(found.tiles["output"], x, y)),
        ]
        self._tell(rows, f"x {x}  y {y}   {rows[0][2]}  →  {rows[2][2]}")

    def _show_phases(self, found: Found, x: int, y: int) -> None:
        self._lab.view.point(marks.phase_marks(found, x, y))
        rate = min(found.request.state.rate, MOST_PHASES)
        rows: list[Row] = [
            ("Pixel", f"x {x}, y {y}", _value(found.tiles["input"], x, y)),
            ("Phase", f"row {y % rate}, column {x % rate}", f"of {rate} × {rate}"),
            ("In it", f"x {x // rate}, y {y // rate}", ""),
            ("Result", f"x {x}, y {y}", _value(found.tiles["together"], x, y)),
        ]
        self._tell(rows, f"x {x}  y {y}   phase {y % rate}, {x % rate}   {rows[3][2]}")

    def _show_stacked(self, found: Found, x: int, y: int) -> None:
        if self._coverage is None or self._coverage[0] is not found.extra:
            self._coverage = (found.extra, marks.coverage_image(found.extra))
        picture = self._coverage[1]
        self._lab.view.point(marks.coverage_marks(found, picture, x, y))
        tile = found.tiles["input"]
        self._tell([("Pixel", f"x {x}, y {y}", _value(tile, x, y))], f"x {x}  y {y}")

    def _show_pattern(self, hover: Hover) -> None:
        found = self._lab.found
        if found is not None and found.extra is not None:
            paths, middle = int(found.extra[hover.y, hover.x]), found.extra.shape[0] // 2
            where = f"{hover.x - middle:+d}, {hover.y - middle:+d}"
            self._tell([("Offset", where, f"{paths:,} paths")], f"{where}   {paths:,} paths")

    def _show_aspp(self, found: Found, x: int, y: int) -> None:
        wanted = self._lab.state.fields
        self._lab.view.point(marks.aspp_marks(found, x, y, self.fields if wanted else None))
        rates = found.request.state.aspp
        rows: list[Row] = [("Map", f"{x}, {y}", _value(found.tiles["input"], x, y))]
        for k in range(len(rates) + 2):
            value = _value(found.tiles[f"branch {k}"], x, y)
            name = aspp.branch_name(k, rates).removeprefix("Image ").capitalize()
            rows.append((name, "", value))
        self._tell(rows, f"x {x}  y {y}   {rows[0][2]}")
        self._lab.panel.show_fields(found, (x, y), [field for field, _ in self.fields])
        if wanted and not self._known(x, y):
            self._rest.start()

    def _read_out(self, hover: Hover) -> None:
        """Tell the value under the mouse, or its class."""
        lab, layer = self._lab, hover.layer
        if lab.state.layout == "segment":
            lab.readout_changed.emit(self._class_at(hover))
        elif layer is not None and layer.source is not None:
            sample = layer.source[hover.y, hover.x]
            values = [sample.item()] if layer.source.ndim == 2 else [v.item() for v in sample]
            text = ", ".join(format_value(value) for value in values)
            lab.readout_changed.emit(f"x {hover.x}  y {hover.y}   {text}")

    def _class_at(self, hover: Hover) -> str:
        found, document = self._lab.painting.found, self._lab.document
        text = f"x {hover.canvas_x:.0f}  y {hover.canvas_y:.0f}"
        if found is None or document is None:
            return text
        height, width = found.labels.shape
        x = min(int(hover.canvas_x * width / document.pixels.shape[1]), width - 1)
        y = min(int(hover.canvas_y * height / document.pixels.shape[0]), height - 1)
        return f"{text}   class {found.labels[y, x]}"

    def _tell(self, rows: Sequence[Row], text: str) -> None:
        self._lab.panel.show_values(rows)
        if self._place is not None:
            self._lab.readout_changed.emit(text)

    # Gradients

    def _known(self, x: int, y: int) -> bool:
        return any(field.place == (x, y) for field, _ in self.fields)

    def _follow(self) -> None:
        """Compute the effective fields at the place where the mouse rests."""
        found = self._lab.found
        if found is None or self._lab.state.layout != "aspp" or not self._lab.state.fields:
            return
        tile = found.tiles["input"]
        height, width = tile.values.shape[:2]
        x = min(max(int(self.place[0] / tile.step[0]), 0), width - 1)
        y = min(max(int(self.place[1] / tile.step[1]), 0), height - 1)
        self._lane.submit(partial(aspp.effective_fields, found=found, x=x, y=y))

    def _take_fields(self, fields: list[Field]) -> None:
        form = QImage.Format.Format_ARGB32
        self.fields = [(field, qimage(field.shown, form)) for field in fields]
        if fields:
            self.again()


def _value(tile: Tile, x: int, y: int) -> str:
    sample = tile.values[y, x]
    values = [sample.item()] if tile.values.ndim == 2 else [v.item() for v in sample]
    if len(values) == 1:
        return format_value(values[0])
    return ", ".join(map(_short, values))


def _short(value: float) -> str:
    """Write a number in a few characters: three of them share a cell."""
    if abs(value) < 1e-3:
        return "0"
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"
