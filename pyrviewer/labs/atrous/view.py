"""The panes of the Atrous lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QLabel, QWidget

from pyrviewer.compute.geometry import LevelGeometry, level_geometry
from pyrviewer.labs.atrous.diagram import Diagram
from pyrviewer.session.viewport import Viewport
from pyrviewer.ui.lab_view import LabView
from pyrviewer.ui.pane_grid import Pane
from pyrviewer.ui.picture import Layer, Picture
from pyrviewer.ui.tools.brush import BrushTool
from pyrviewer.ui.widgets.deep_banner import DeepBanner
from pyrviewer.ui.widgets.form import Segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.labs.atrous.run import Tile
    from pyrviewer.ui.overlays import Overlay

LAYOUT_ITEMS = (
    ("Rate", "rate", "", "One convolution whose taps lie apart."),
    ("Phases", "phases", "", "Rate r is r x r ordinary convolutions."),
    ("Stacked", "stacked", "", "What convolutions on top of each other touch, and miss."),
    ("ASPP", "aspp", "", "Several rates side by side: atrous spatial pyramid pooling."),
    ("DeepLab v3+", "deeplab", "", "The architecture, each node with its map, and real classes."),
    ("Segment", "segment", "", "Paint strokes; the branches learn the rest."),
)
HINTS = {
    "rate": "Point at the picture: these taps make the pixel on the right.",
    "phases": "Within a phase the taps are neighbours.",
    "stacked": "Bright pixels are used often, dark ones never.",
    "aspp": "Point at the image: each frame is what a branch sees.",
    "deeplab": "Click a node to see its maps on the open image.",
    "segment": "1 to 9 choose a class; paint it, then another.",
}
Rows = list[list[str]]


class AtrousView(LabView):
    """Shows what the controller hands it and says what the user did."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shared, self.inner, self.small = (Viewport(self) for _ in range(3))
        self.tool = BrushTool("#ffffff", self)
        self.spots: list[str] = []
        self._base: dict[str, Sequence[Overlay]] = {}
        self._image: tuple[Array, Picture] | None = None
        self._pictures: dict[int, Picture] = {}
        self.tiles: dict[str, Tile] = {}
        self._fill_bar()
        self.banner = DeepBanner(self)
        self.add_above(self.banner)
        self.diagram = Diagram(self)
        self.diagram.chosen.connect(self._choose_node)
        self.diagram.hide()
        self.add_above(self.diagram, 2)
        self.column.setStretchFactor(self.grid, 3)

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

    def _choose_node(self, name: str) -> None:
        self.changed.emit("node", name)

    # Showing

    def show_empty(self) -> None:
        """Show no panes."""
        self._image = None
        self._pictures.clear()
        self.tiles.clear()
        self._base.clear()
        self.spots = []
        self.grid.show_rows([])

    def show_layout(self, layout: str) -> None:
        """Bring the bar in line with the state."""
        self.layouts.show_value(layout)
        self.hint.setText(HINTS[layout])
        self.diagram.setVisible(layout == "deeplab")

    def show_image(self, pixels: Array, mips: Sequence[Array]) -> None:
        """Take the open image."""
        self._image = pixels, Picture(mips)

    @property
    def ready(self) -> bool:
        """Whether there is an image."""
        return self._image is not None

    def show_tiles(
        self,
        rows: Rows,
        tiles: Mapping[str, Tile],
        shares: tuple[float, ...] = (),
        titles: Mapping[str, str] | None = None,
    ) -> None:
        """Lay out panes by name: "image", with a word behind it where there are several, or a tile.

        A "pattern" has a plane of its own; "branch" panes, which are small, move together.
        """
        names = titles or {}
        self.spots = [spot for row in rows for spot in row]
        kept: dict[int, Picture] = {}
        panes = []
        for row in rows:
            line = []
            for spot in row:
                tile = tiles.get(spot)
                viewport = self.small if spot.startswith("branch") else self.shared
                viewport = self.inner if spot == "pattern" else viewport
                if tile is None:
                    line.append(Pane(viewport, [self._image_layer(names.get(spot, "Image"))]))
                    continue
                picture = self._pictures.get(id(tile)) or Picture(tile.pixels)
                kept[id(tile)] = picture
                line.append(Pane(viewport, [self._layer(tile, picture, spot == "pattern")]))
            panes.append(line)
        self._pictures, self.tiles = kept, dict(tiles)
        self.grid.show_rows(panes, shares)
        for canvas, spot in zip(self.grid.canvases, self.spots, strict=True):
            canvas.set_tool(self.tool if spot == "image paint" else None)
            canvas.set_selected(False)

    def _layer(self, tile: Tile, picture: Picture, alone: bool) -> Layer:
        """Return a tile where its positions lie on the image."""
        height, width = tile.values.shape[:2]
        whole = (self._image[0].shape[1], self._image[0].shape[0]) if self._image else (1, 1)
        if alone:
            whole = (width, height)
        extent = (0.0, 0.0, float(whole[0]), float(whole[1]))
        grid = LevelGeometry(0, (height, width), *tile.step, 0.0, 0.0)
        return Layer(tile.title, 0, grid, extent, picture, tile.values, tile.range)

    def _image_layer(self, title: str) -> Layer:
        pixels, picture = self._image or (None, Picture([]))
        height, width = pixels.shape[:2] if pixels is not None else (1, 1)
        extent = (0.0, 0.0, float(width), float(height))
        return Layer(title, 0, level_geometry((height, width), 0), extent, picture, pixels)

    # Overlays

    def set_base(self, spot: str, overlays: Sequence[Overlay]) -> None:
        """Draw something over a pane wherever the mouse is."""
        self._base[spot] = overlays

    def point(self, extra: Mapping[str, Sequence[Overlay]]) -> None:
        """Draw what the mouse points at over what is always there."""
        for canvas, spot in zip(self.grid.canvases, self.spots, strict=True):
            overlays = (*self._base.get(spot, ()), *extra.get(spot, ()))
            if overlays != canvas.overlays:
                canvas.set_overlays(overlays)

    def forget_base(self) -> None:
        """Draw nothing over the panes."""
        self._base.clear()
