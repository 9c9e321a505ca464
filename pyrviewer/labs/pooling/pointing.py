"""What the mouse points at in the Pooling lab: pixels, bins, entries of the vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


LEFT_OUT = "left out"
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
        reached: Sequence[int] | Array = (),
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
            Spot("grid", level): [marks.cells(place, n, [(row, column)])],
        }
        text = f"{n} × {n}   row {row}  column {column}   {values}"
        self._show(shown, rows, text, entries[0] if len(entries) == 1 else None, entries)

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
            bins = marks.pointed_bins(place, n, x, y, request.rule)
            shown[Spot("grid", level)] = [marks.cells(place, n, bins)]
            text = " and ".join(f"{row}, {column}" for row, column in bins) or LEFT_OUT
            rows.append((f"{n} × {n}", text, self._won(found, level, bins, (x, y))))
        value = self._value(found.map, x, y)
        text = f"x {x}  y {y}   {value}   reaches {len(reached)} of {len(found.vector)} numbers"
        self._show(shown, [("Pixel", f"x {x}, y {y}", value), *rows], text, None, reached)

    def _won(
        self, found: Pooled, level: int, bins: Sequence[tuple[int, int]], pixel: tuple[int, int]
    ) -> str:
        """Say whether a pixel won one of its bins in a shown channel."""
        if found.winners is None:
            return "counts"
        entries = [i for b in bins for i in found.blocks.of_bin(level, *b, found.shown)]
        return "wins" if any(tuple(found.winners[i]) == pixel for i in entries) else "loses"

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
            bins = marks.pointed_bins(place, n, x, y, rule)
            shown[Spot("rule", k)] = [outline]
            shown[Spot("rule grid", k)] = [marks.cells(place, n, bins)]
            text = " and ".join(f"{row}, {column}" for row, column in bins) or LEFT_OUT
            values = [self._value(found.tiles["rule grid"][k], column, row) for row, column in bins]
            rows.append((name, text, " / ".join(values[:2])))
        outside = [name for name, text, _ in rows if text == LEFT_OUT]
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
            bins = marks.pointed_bins(place, n, x, y, "adaptive")
            shown[Spot("pooled", k)] = [marks.cells(place, n, bins)]
            shown[Spot("enlarged", k)] = shown[Spot("octave", k)] = outline
            text = " and ".join(f"{row}, {column}" for row, column in bins)
            rows.append((f"{n} × {n}", text, self._value(found.tiles["enlarged"][k], x, y)))
        self._show(shown, rows, f"x {x}  y {y}   {rows[0][2]}")
