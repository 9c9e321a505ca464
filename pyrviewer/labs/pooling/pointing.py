"""What the mouse points at in the Pooling lab: pixels, bins, entries of the vector."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject

from pyrviewer.compute import pooling
from pyrviewer.labs.pooling import marks
from pyrviewer.labs.pooling.run import RULES
from pyrviewer.labs.pooling.view import RULE_NAMES, Spot
from pyrviewer.ui.overlays import Outlines, box_corners
from pyrviewer.ui.picture import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.labs.pooling.controller import PoolingLab
    from pyrviewer.labs.pooling.run import Pooled, Tile
    from pyrviewer.ui.navigator import Hover
    from pyrviewer.ui.overlays import Overlay

    Marks = dict[Spot, Sequence[Overlay]]
    Row = tuple[str, str, str]

MOST_MARKED = 16  # channels in which a pixel is outlined: each one takes time to draw


class Pointing(QObject):
    """Follows the mouse in the panes and on the vector, both ways."""

    def __init__(self, lab: PoolingLab) -> None:
        super().__init__(lab)
        self._lab = lab
        lab.view.hovered.connect(self._on_hover)
        lab.view.strip.hovered.connect(self._on_entry)
        lab.view.strip.clicked.connect(self._on_entry_clicked)

    def forget(self) -> None:
        """Point at nothing."""
        self._show({}, (), "")

    def _show(
        self,
        found_marks: Marks,
        rows: Sequence[Row],
        text: str,
        entry: int | None = None,
        reached: Array | None = None,
    ) -> None:
        view = self._lab.view
        if view.spots and view.spots[0].kind != "neighbour":
            view.point(found_marks)
        view.strip.mark(entry, reached)
        self._lab.panel.show_values(rows)
        self._lab.readout_changed.emit(text)

    # The vector

    def _on_entry(self, index: int | None) -> None:
        found = self._lab.found
        if index is None or found is None:
            self.forget()
            return
        state, shape = found.request.state, found.maps.values.shape
        entry = pooling.entry(index, shape, state.levels, found.request.rule)
        level = found.blocks.level_of(index)
        self._show_bin(found, level, entry.row, entry.column, [index])

    def _on_entry_clicked(self, index: int) -> None:
        """Show the channel of an entry."""
        found = self._lab.found
        if found is not None and found.request.state.layer:
            entry = pooling.entry(index, found.maps.values.shape, found.request.state.levels)
            self._lab.change("channel", entry.channel)

    # The panes

    def _on_hover(self, hover: Hover | None) -> None:
        found, spot = self._lab.found, self.spot(hover)
        if hover is None or found is None or spot is None or spot.kind == "neighbour":
            self.forget()
            return
        if spot.kind == "grid":
            entries = found.blocks.of_bin(spot.index, hover.y, hover.x, found.shown)
            self._show_bin(found, spot.index, hover.y, hover.x, entries)
            return
        pixel = marks.place_of(found).pixel(hover.canvas_x, hover.canvas_y)
        if pixel is None:
            self.forget()
        elif found.request.state.layout == "pyramid":
            self._show_pixel(found, *pixel)
        elif found.request.state.layout == "rules":
            self._show_rules(found, *pixel)
        elif spot.kind == "channel":
            self._show_channel(found, spot.index, *pixel)
        else:
            self._show_stack(found, *pixel)

    def spot(self, hover: Hover | None) -> Spot | None:
        """Return what the pane under the mouse shows."""
        view = self._lab.view
        for canvas, spot in zip(view.grid.canvases, view.spots, strict=False):
            if hover is not None and hover.layer is not None and hover.layer in canvas.layers:
                return spot
        return None

    def _show_bin(
        self, found: Pooled, level: int, row: int, column: int, entries: Sequence[int]
    ) -> None:
        """Outline a bin, and the pixel that won it."""
        request, place = found.request, marks.place_of(found)
        n = request.state.levels[level]
        y0, y1 = pooling.bins(place.height, n, request.rule)[row]
        x0, x1 = pooling.bins(place.width, n, request.rule)[column]
        cell = marks.Cells(n, range(row, row + 1), range(column, column + 1))
        outline = marks.around(place, (x0, y0, x1, y1))
        won = marks.winner_dots(found, entries, level)
        values = ", ".join(format_value(found.vector[i].item()) for i in entries)
        rows = [(f"{n} × {n}", f"row {row}, column {column}", values)]
        rows.append(("Bin", f"x {x0}–{x1 - 1}, y {y0}–{y1 - 1}", f"{(x1 - x0) * (y1 - y0)} px"))
        if found.winners is not None:
            for index in entries:
                x, y = (int(i) for i in found.winners[index])
                value = format_value(found.vector[index].item())
                rows.append((self._channel(found, index), f"won by x {x}, y {y}", value))
        shown: Marks = {
            Spot("image"): [outline, *won],
            Spot("map"): [outline, *won],
            Spot("grid", level): marks.around_cells(place, cell),
        }
        text = f"{n} × {n}   row {row}  column {column}   {values}"
        reached = np.zeros(len(found.vector), np.bool_)
        reached[entries] = True
        self._show(shown, rows, text, entries[0] if len(entries) == 1 else None, reached)

    def _channel(self, found: Pooled, index: int) -> str:
        entry = pooling.entry(index, found.maps.values.shape, found.request.state.levels)
        return f"Channel {entry.channel}"

    def _show_pixel(self, found: Pooled, x: int, y: int) -> None:
        """Outline the bins that hold a pixel, and the entries that it can reach."""
        request, place = found.request, marks.place_of(found)
        shape = found.maps.values.shape
        reached = pooling.entries_reached(x, y, shape, request.state.levels, request.rule)
        outline = marks.around(place, (x, y, x + 1, y + 1))
        shown: Marks = {Spot("map"): [outline], Spot("image"): [outline]}
        rows: list[Row] = []
        field = marks.field(found, x, y)
        if field is not None:
            shown[Spot("image")] = [
                Outlines([box_corners(*field)], marks.POINTED, ["receptive field"], dashed=True),
                outline,
            ]
            width, height = (round(field[k + 2] - field[k]) for k in range(2))
            rows.append(("Sees", f"{width} × {height} px of the image", ""))
        for level, n in enumerate(request.state.levels):
            cells = marks.pointed_bins(place, n, x, y, request.rule)
            shown[Spot("grid", level)] = marks.around_cells(place, cells)
            rows.append((f"{n} × {n}", str(cells), self._won(found, level, cells, (x, y))))
        value = self._value(found.map, x, y)
        count = f"{np.count_nonzero(reached)} of {len(reached)} numbers"
        text = f"x {x}  y {y}   {value}   reaches {count}"
        self._show(shown, [("Pixel", f"x {x}, y {y}", value), *rows], text, None, reached)

    def _won(self, found: Pooled, level: int, cells: marks.Cells, pixel: tuple[int, int]) -> str:
        """Say whether a pixel won one of its bins in a shown channel."""
        if found.winners is None:
            return "counts"
        grids = [found.blocks.of_channel(channel)[level] for channel in found.shown]
        won = np.stack([found.winners[grid.start : grid.stop] for grid in grids])
        held = won.reshape(-1, cells.n, cells.n, 2)[
            :, cells.rows.start : cells.rows.stop, cells.columns.start : cells.columns.stop
        ]
        return "wins" if (held == pixel).all(-1).any() else "loses"

    def _value(self, tile: Tile, x: int, y: int) -> str:
        sample = tile.values[y, x]
        values = [sample.item()] if tile.values.ndim == 2 else [v.item() for v in sample]
        return ", ".join(format_value(value) for value in values)

    def _show_rules(self, found: Pooled, x: int, y: int) -> None:
        """Set the bins of both rules beside each other."""
        place, n = marks.place_of(found), found.request.state.grid
        outline = marks.around(place, (x, y, x + 1, y + 1))
        shown: Marks = {}
        rows: list[Row] = [("Pixel", f"x {x}, y {y}", self._value(found.map, x, y))]
        for k, (rule, name) in enumerate(zip(RULES, RULE_NAMES, strict=True)):
            cells = marks.pointed_bins(place, n, x, y, rule)
            shown[Spot("rule", k)] = [outline]
            shown[Spot("rule grid", k)] = marks.around_cells(place, cells)
            pooled = found.tiles["rule grid"][k]
            values = [
                self._value(pooled, column, row)
                for row, column in islice(product(cells.rows, cells.columns), 2)
            ]
            rows.append((name, str(cells), " / ".join(values)))
        outside = [name for name, text, _ in rows if text == marks.LEFT_OUT_TEXT]
        text = f"   in no bin of {' and '.join(outside)}" if outside else ""
        self._show(shown, rows, f"x {x}  y {y}   {rows[0][2]}{text}")

    def _show_channel(self, found: Pooled, index: int, x: int, y: int) -> None:
        """Outline a pixel, in all channels where they are few, and say what one has there."""
        outline = [marks.around(marks.place_of(found), (x, y, x + 1, y + 1))]
        few = found.request.state.count <= MOST_MARKED
        shown: Marks = dict.fromkeys(
            self._lab.view.spots if few else [Spot("channel", index)], outline
        )
        channel = found.maps.order[index]
        value = self._value(found.tiles["channel"][index], x, y)
        rows = [
            ("Pixel", f"x {x}, y {y}", value),
            (f"Channel {channel}", f"number {index + 1} by variance", ""),
        ]
        self._show(shown, rows, f"x {x}  y {y}   {value}")

    def _show_stack(self, found: Pooled, x: int, y: int) -> None:
        """Outline a pixel everywhere in the stack, and the bins that it lies in."""
        place = marks.place_of(found)
        outline = [marks.around(place, (x, y, x + 1, y + 1))]
        shown: Marks = {Spot("map"): outline}
        rows: list[Row] = [("Map", f"x {x}, y {y}", self._value(found.map, x, y))]
        for k, n in enumerate(found.request.state.bins):
            cells = marks.pointed_bins(place, n, x, y, "adaptive")
            shown[Spot("pooled", k)] = marks.around_cells(place, cells)
            shown[Spot("enlarged", k)] = shown[Spot("octave", k)] = outline
            rows.append((f"{n} × {n}", str(cells), self._value(found.tiles["enlarged"][k], x, y)))
        self._show(shown, rows, f"x {x}  y {y}   {rows[0][2]}")
