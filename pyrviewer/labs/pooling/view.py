"""The panes of the Pooling lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QLabel, QWidget

from pyrviewer.compute.geometry import LevelGeometry, level_geometry
from pyrviewer.labs.pooling import marks
from pyrviewer.labs.pooling.run import RULES
from pyrviewer.labs.pooling.strip import VectorRows, VectorStrip
from pyrviewer.session.viewport import Viewport
from pyrviewer.ui.lab_view import LabView
from pyrviewer.ui.overlays import Note
from pyrviewer.ui.pane_grid import Pane, best_columns
from pyrviewer.ui.picture import Layer, Picture
from pyrviewer.ui.tools.rectangle import RectangleTool
from pyrviewer.ui.widgets.deep_banner import DeepBanner
from pyrviewer.ui.widgets.form import Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.labs.pooling.run import Neighbour, Pooled, Tile
    from pyrviewer.ui.overlays import Overlay

CROP = "#4c8dff"
LAYOUT_ITEMS = (
    ("Pyramid", "pyramid", "", "Spatial pyramid pooling: grids, and the vector that they leave"),
    ("Rules", "rules", "", "The adaptive rule of bins beside that of He et al."),
    ("Context", "context", "", "The pyramid pooling module: pooled, enlarged again, stacked"),
    ("Channels", "channels", "", "The channels that vary most, side by side"),
    ("Neighbours", "neighbours", "", "The open images, by how alike their vectors are"),
)
HINTS = {
    "pyramid": "Drag on the image to take a part. Shift shows the map in every grid.",
    "rules": "Where bins overlap they are brighter; what no bin covers is hatched.",
    "context": "The bins, the bins enlarged, and the image pyramid below.",
    "channels": "The most varied first. A click chooses the channel of all layouts.",
    "neighbours": "1 is the same direction. A click opens the image.",
}
RULE_NAMES = ("Adaptive", "He et al.")
MOST_IMAGES = 12


@dataclass(frozen=True)
class Spot:
    """What a pane shows: a kind, and which of them."""

    kind: str  # "image", "map", "channel", "grid", "rule", "rule grid", "pooled", "enlarged", ...
    index: int = 0


class PoolingView(LabView):
    """Shows what the controller hands it and says what the user did.

    Signals
    -------
    cropping(object), cropped(object) : a part of the image is being chosen; it was
    """

    cropping = pyqtSignal(object)
    cropped = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shared, self.map_view, self.grid_view = Viewport(self), Viewport(self), Viewport(self)
        self._viewports: list[Viewport] = []
        self.tool = RectangleTool(CROP, self)
        self.tool.changed.connect(self.cropping)
        self.tool.finished.connect(self.cropped)
        self.spots: list[Spot] = []
        self._image: tuple[Array, Picture] | None = None
        self._rect: tuple[int, int, int, int] | None = None
        self._fill_bar()
        self.banner = DeepBanner(self)
        self.add_above(self.banner)
        self.strip = VectorStrip(self)
        self.rows = VectorRows(self)
        for widget in (self.strip, self.rows):
            widget.hide()
            self.column.addWidget(widget)

    def _fill_bar(self) -> None:
        bar = self.bar
        self.layouts = Segments(LAYOUT_ITEMS, bar)
        self.layouts.chosen.connect(self._choose_layout)
        self.layouts.done.connect(self.grid.focus_view)
        bar.line.addWidget(self.layouts)
        bar.line.addSpacing(12)
        self.hint = QLabel(bar)
        self.hint.setObjectName("caption")
        bar.line.addWidget(self.hint, 1)

    def _choose_layout(self, value: object) -> None:
        self.changed.emit("layout", value)

    # Showing

    def show_empty(self) -> None:
        """Show no panes."""
        self._image = self._rect = None
        self.spots = []
        self.grid.show_rows([])
        self.strip.hide()
        self.rows.hide()

    def show_layout(self, layout: str) -> None:
        """Bring the bar in line with the state."""
        self.layouts.show_value(layout)
        self.hint.setText(HINTS[layout])

    def show_image(self, pixels: Array, mips: Sequence[Array]) -> None:
        """Take the image that parts are chosen of."""
        self._image = pixels, Picture(mips)
        self.tool.reset(pixels.shape[1], pixels.shape[0], None)

    def show_crop(self, rect: tuple[int, ...]) -> None:
        """Put the rectangle where the state has it."""
        if self._image is not None:
            height, width = self._image[0].shape[:2]
            shown = (rect[0], rect[1], rect[2], rect[3]) if rect else None
            if shown != self.tool.rect:
                self.tool.reset(width, height, shown)
            for canvas in self.grid.canvases:
                canvas.update()

    def show_pooled(self, found: Pooled) -> None:
        """Lay out the panes of a layout but Neighbours."""
        if self._image is None:
            return
        layout = found.request.state.layout
        panes, shares = self._panes(found, layout)
        if found.maps.request.rect != self._rect:
            self._rect = found.maps.request.rect
            for viewport in (self.map_view, self.grid_view):
                viewport.set_view(viewport.view, fitting=True)
        self.spots = []  # the mouse may leave a pane while they are exchanged
        peek = [panes[0][-1][1]] if layout == "pyramid" else []
        rows = [
            [Pane(self._viewport(spot), [layer], peek=peek if spot.kind == "grid" else [])
             for spot, layer in row]
            for row in panes
        ]  # fmt: skip
        self.grid.show_rows(rows, shares)
        self.spots = [spot for row in panes for spot, _ in row]
        for canvas, spot in zip(self.grid.canvases, self.spots, strict=True):
            canvas.set_tool(self.tool if spot.kind == "image" else None)
            chosen = spot.kind == "channel" and found.maps.order[spot.index] == found.channel
            canvas.set_selected(chosen)
            canvas.set_fixed(self._marks(found, spot))
        self.point({})
        self.rows.hide()
        self.strip.setVisible(layout == "pyramid")
        self.strip.show_vector(found.vector, found.blocks, found.shown, found.shades, marks.LEVELS)

    def show_alone(self, problem: str) -> None:
        """Show the image, and why there is nothing else."""
        self.spots = []
        self.grid.show_rows([[Pane(self.shared, [self._image_layer()])]])
        self.spots = [Spot("image")]
        (canvas,) = self.grid.canvases
        canvas.set_tool(self.tool)
        canvas.set_selected(False)
        canvas.set_fixed([Note(problem)])
        self.point({})
        self.strip.hide()
        self.rows.hide()

    def _viewport(self, spot: Spot) -> Viewport:
        if spot.kind == "image":
            return self.shared
        return self.grid_view if spot.kind in ("grid", "rule grid") else self.map_view

    def _panes(
        self, found: Pooled, layout: str
    ) -> tuple[list[list[tuple[Spot, Layer]]], tuple[float, ...]]:
        """Return the rows of a layout, and their shares of the height."""

        def row(kind: str) -> list[tuple[Spot, Layer]]:
            tiles = enumerate(found.tiles[kind])
            return [(Spot(kind, k), tile_layer(found, tile)) for k, tile in tiles]

        if layout == "channels":
            return self._channel_rows(found, row("channel"))
        whole = (Spot("map"), tile_layer(found, found.map))
        if layout == "pyramid":
            return [[(Spot("image"), self._image_layer()), whole], row("grid")], (0.58, 0.42)
        if layout == "rules":
            above = [
                (Spot("rule", k), tile_layer(found, found.map, name))
                for k, name in enumerate(RULE_NAMES)
            ]
            return [above, row("rule grid")], (0.62, 0.38)
        seen = (Spot("map"), tile_layer(found, found.input))
        base = (Spot("map"), tile_layer(found, found.map, "Octave 0"))
        return [
            [whole, *row("pooled")],
            [seen, *row("enlarged")],
            [base, *row("octave")],
        ], (1 / 3,) * 3

    def _channel_rows(
        self, found: Pooled, panes: list[tuple[Spot, Layer]]
    ) -> tuple[list[list[tuple[Spot, Layer]]], tuple[float, ...]]:
        """Return rows that show channels as large as they can be."""
        x0, y0, x1, y1 = found.maps.request.rect
        width, height = max(1, self.width()), max(1, self.height())
        columns = best_columns(len(panes), width, height, (x1 - x0) / (y1 - y0))
        rows = [panes[k : k + columns] for k in range(0, len(panes), columns)]
        return rows, (1 / len(rows),) * len(rows)

    def _image_layer(self) -> Layer:
        pixels, picture = self._image or (None, Picture([]))
        height, width = pixels.shape[:2] if pixels is not None else (1, 1)
        extent = (0.0, 0.0, float(width), float(height))
        return Layer("Image", 0, level_geometry((height, width), 0), extent, picture, pixels)

    def _marks(self, found: Pooled, spot: Spot) -> list[Overlay]:
        """Return what is drawn over a pane wherever the mouse is."""
        layout = self.spots[0].kind
        if spot.kind == "map" and layout == "image":
            return [*marks.grids(found), *marks.winners(found)]
        if spot.kind == "rule":
            return marks.rule_marks(found, RULES[spot.index])
        return []

    def point(self, extra: dict[Spot, Sequence[Overlay]]) -> None:
        """Draw what the mouse points at."""
        for canvas, spot in zip(self.grid.canvases, self.spots, strict=True):
            overlays = tuple(extra.get(spot, ()))
            if overlays != canvas.overlays:
                canvas.set_overlays(overlays)

    def show_neighbours(self, found: Sequence[Neighbour]) -> None:
        """Show the open images, the active one first, the others by how alike they are."""
        shown = found[:MOST_IMAGES]
        width, height = max(1, self.grid.width()), max(1, self.grid.height())
        columns = best_columns(len(shown), width, height, 4 / 3)
        while len(self._viewports) < len(shown):
            self._viewports.append(Viewport(self))
        layers = [_neighbour_layer(one, k) for k, one in enumerate(shown)]
        panes = [
            Pane(viewport, [layer])
            for viewport, layer in zip(self._viewports, layers, strict=False)
        ]
        self.spots = [Spot("neighbour", k) for k in range(len(shown))]
        for viewport in self._viewports:
            viewport.set_view(viewport.view, fitting=True)
        self.grid.show_rows([panes[k : k + columns] for k in range(0, len(panes), columns)])
        for index, canvas in enumerate(self.grid.canvases):
            canvas.set_tool(None)
            canvas.set_overlays(())
            canvas.set_fixed(())
            canvas.set_selected(index == 0)
        self.strip.hide()
        self.rows.show_vectors([(f"{one.cosine:.3f}  {one.name}", one.vector) for one in shown])
        self.rows.show()


def tile_layer(found: Pooled, tile: Tile, title: str = "") -> Layer:
    """Return a tile stretched over the part of the image that it was made of."""
    x0, y0, x1, y1 = found.maps.request.rect
    height, width = tile.values.shape[:2]
    grid = LevelGeometry(0, (height, width), (x1 - x0) / width, (y1 - y0) / height, x0, y0)
    extent = (float(x0), float(y0), float(x1), float(y1))
    picture = Picture(tile.pixels)
    return Layer(title or tile.title, 0, grid, extent, picture, tile.values, tile.range)


def _neighbour_layer(one: Neighbour, index: int) -> Layer:
    height, width = one.tile.values.shape[:2]
    title = f"{one.name}   {one.cosine:.4f}" if index else f"{one.name}   (compared with)"
    extent = (0.0, 0.0, float(width), float(height))
    grid = level_geometry((height, width), 0)
    return Layer(title, index, grid, extent, Picture(one.tile.pixels), one.tile.values)
