"""The parameters of the Pooling lab, and what they lead to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QPushButton, QWidget

from pyrviewer.compute import pooling
from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.labs.pooling.marks import place_of
from pyrviewer.labs.pooling.run import RULES
from pyrviewer.labs.pooling.stack_bar import StackBar
from pyrviewer.labs.pooling.state import ALL, COLOURS, COUNTS, LARGEST, SMALLEST, are_grids
from pyrviewer.ui.networks import NetworkRows
from pyrviewer.ui.widgets.form import Choice, Remark, Segments, Switch
from pyrviewer.ui.widgets.numbers import Numbers
from pyrviewer.ui.widgets.panel import Panel
from pyrviewer.ui.widgets.table import TextTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.labs.pooling.run import Neighbour, Pooled
    from pyrviewer.labs.pooling.state import PoolingState

RULE_ITEMS = (
    ("Adaptive", "adaptive", "", "Bins cover everything and may overlap"),
    ("He et al.", "he", "", "Windows of one size at one stride"),
)
REDUCE_ITEMS = (
    ("Max", "max", "", "The largest value of each bin"),
    ("Average", "average", "", "The mean of each bin"),
)
CORNER_ITEMS = (
    ("Corners", True, "", "align_corners=True: the centres of corner pixels lie on each other"),
    ("Edges", False, "", "align_corners=False: the edges lie on each other"),
)
COUNT_ITEMS = tuple((str(n), n, "", f"The {n} most varied") for n in COUNTS)
MEAN_ITEMS = (
    ("Average", True, "", "As in PSPNet"),
    ("Max", False, "", "The largest value of each bin"),
)


MOST_STRETCHED = 0.02  # by which the sides' ratio may change unsaid: they are whole pixels


class PoolingPanel(Panel):
    """Controls and read-outs, in sections; each layout has its own.

    Signals
    -------
    whole_wanted() : the whole image is to be taken again
    """

    whole_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken = 0  # pixels of the longer side that the network takes, if it takes no other
        self._input_section()
        self._vector_section()
        self._rules_section()
        self._context_section()
        self._channels_section()
        self._neighbours_section()
        self._values_section()

    def _input_section(self) -> None:
        section = self.add_section(
            "Input",
            "What is pooled: the picture's colours, or the maps that a layer of the network makes "
            "of it. Maps are drawn edge to edge over the part of the image they come from.",
        )
        self.network = NetworkRows(section)
        self.layer = Choice([("Picture: red, green, blue", COLOURS)], section)
        self.bind(self.layer, "layer")
        section.add_row("Maps", self.layer, "The picture itself, or a layer of the network.")
        self.channel = self.add_slider(
            section, "Channel", -1, 0, "channel",
            "Which map the panes show. First place: all colours, or by itself the channel that "
            "varies most, which then stays while the part or the size changes.",
        )  # fmt: skip
        self.side = self.add_slider(
            section, "Size", SMALLEST, LARGEST, "side",
            "Pixels of the longer side to which the picture is resized first. The maps change "
            "their size with it; the vector keeps its length.",
        )  # fmt: skip
        self.sizes = Remark("", section)
        section.rows.addWidget(self.sizes)
        self.whole = QPushButton("Take the whole image", section)
        self.whole.clicked.connect(self.whole_wanted)
        section.rows.addWidget(self.whole)

    def _vector_section(self) -> None:
        section = self.spp = self.add_section(
            "Spatial pyramid",
            "Grids of bins over maps of any size; one number is left of each bin and channel, so "
            "that the vector has C x (sum of n x n) numbers (He et al. 2014).",
        )
        self.levels = Numbers(are_grids, section)
        self.bind(self.levels, "levels")
        section.add_row("Grids", self.levels, "Bins along a side of each grid, such as 4, 2, 1.")
        self.rule = Segments(RULE_ITEMS, section, fill=True)
        self.bind(self.rule, "rule")
        section.add_row(
            "Bins", self.rule,
            "Adaptive: bin i of side a is [floor(i a/n), ceil((i+1) a/n)). He et al.: windows of "
            "ceil(a/n) at strides of floor(a/n).",
        )  # fmt: skip
        self.reduce = Segments(REDUCE_ITEMS, section, fill=True)
        self.bind(self.reduce, "reduce")
        section.add_row("Keep", self.reduce, "What is left of each bin.")
        self.length = Remark("", section)
        section.rows.addWidget(self.length)

    def _rules_section(self) -> None:
        section = self.rules = self.add_section(
            "Two rules", "Both divide a side of a pixels by n bins; they differ where n does not "
            "divide a.",
        )  # fmt: skip
        self.grid = self.add_slider(section, "Bins", 1, 16, "grid", "Bins along each side.")
        self.bounds = TextTable(("Rule", "Across", "Down"), "Bins of both rules", section)
        section.rows.addWidget(self.bounds)
        self.bounds_note = Remark("", section)
        section.rows.addWidget(self.bounds_note)

    def _context_section(self) -> None:
        section = self.context = self.add_section(
            "Pyramid pooling module",
            "Grids of averages, enlarged to the size of the map and stacked on it, so that every "
            "pixel knows its surroundings (PSPNet, Zhao et al. 2017).",
        )
        self.bins = Numbers(are_grids, section)
        self.bind(self.bins, "bins")
        section.add_row("Bins", self.bins, "Bins along a side of each grid, such as 1, 2, 3, 6.")
        self.corners = Segments(CORNER_ITEMS, section, fill=True)
        self.bind(self.corners, "corners")
        section.add_row("Enlarge", self.corners, "Where the enlarged pixels lie.")
        self.mean = Segments(MEAN_ITEMS, section, fill=True)
        self.bind(self.mean, "mean")
        section.add_row("Keep", self.mean, "What is left of each bin.")
        self.reduced = Switch("Channels reduced", section)
        self.bind(self.reduced, "reduced")
        section.add_switch(
            self.reduced,
            "PSPNet reduces every branch to C / branches channels by a learned 1 x 1 convolution. "
            "Nothing is learned here: neighbouring channels are averaged in as many groups.",
        )
        self.stack = StackBar(section)
        section.rows.addWidget(self.stack)
        self.stack_note = Remark("", section)
        section.rows.addWidget(self.stack_note)
        self.apart = TextTable(("Bins", "Octave", "Apart"), "Bins and octaves", section)
        section.rows.addWidget(self.apart)
        section.rows.addWidget(
            Remark("The lower row is the image pyramid of the same map, each octave enlarged the "
                    "same way: pooling to n bins is one reduction of a pyramid.", section)
        )  # fmt: skip

    def _channels_section(self) -> None:
        section = self.channels = self.add_section(
            "Channels", "The maps of the layer whose values vary most, in one scale of gray."
        )
        self.count = Segments(COUNT_ITEMS, section, fill=True)
        self.bind(self.count, "count")
        section.add_row("Show", self.count, "How many channels are seen side by side.")

    def _neighbours_section(self) -> None:
        section = self.neighbours = self.add_section(
            "Neighbours",
            "The cosine of the angle between the vectors: images of any size can be compared, as "
            "their vectors have one length. Whole images are taken.",
        )
        self.table = TextTable(("Cosine", "Image", "Maps"), "Open images", section, wide=1)
        section.rows.addWidget(self.table)
        self.few = Remark("Open more images to compare them.", section)
        section.rows.addWidget(self.few)

    def _values_section(self) -> None:
        section = self.values = self.add_section(
            "Under the mouse", "A pixel and the bins that hold it, or a bin and what it holds."
        )
        self.values_table = TextTable(("", "Where", "Value"), "Under the mouse", section, wide=1)
        section.rows.addWidget(self.values_table)

    # Showing

    def show_source(self, source: FeatureSource) -> None:
        """Offer the layers of a network, or of the filters."""
        self.network.show_source(source)
        self.layer.clear()
        self.layer.addItem("Picture: red, green, blue", COLOURS)
        for layer in source.layers:
            if layer.kind not in ("pool", "classifier"):
                text = f"{layer.name}   {layer.channels} maps, 1/{layer.stride}"
                self.layer.addItem(text, layer.name)
        self._taken = max(source.size) if isinstance(source, OnnxNetwork) else 0

    def show_state(self, state: PoolingState) -> None:
        """Bring every control in line with the state."""
        self._showing = True
        self.network.show_choice(state.network, state.scale)
        self.layer.show_value(state.layer)
        self.channel.set_word("auto" if state.layer else "all")
        self.channel.setValue(state.channel)
        taken = self._taken if state.layer else 0
        self.side.setEnabled(not taken)
        self.side.setValue(taken or state.side)
        self.whole.setEnabled(bool(state.rect))
        self.levels.show_value(state.levels)
        self.rule.show_value(state.rule)
        self.reduce.show_value(state.reduce)
        self.grid.setValue(state.grid)
        self.bins.show_value(state.bins)
        self.corners.show_value(state.corners)
        self.mean.show_value(state.mean)
        self.reduced.setChecked(state.reduced)
        self.count.show_value(state.count)
        layout = state.layout
        self.spp.setVisible(layout not in ("context", "channels"))
        self.channels.setVisible(layout == "channels")
        self.rules.setVisible(layout == "rules")
        self.context.setVisible(layout == "context")
        self.neighbours.setVisible(layout == "neighbours")
        self.values.setVisible(layout != "neighbours")
        self._showing = False

    def show_found(self, found: Pooled) -> None:
        """Show sizes, the length of the vector, bins and stack."""
        self._showing = True
        channels, height, width = found.maps.values.shape
        self.channel.setRange(-1, channels - 1)
        self.channel.setValue(found.request.state.channel)
        self._showing = False
        self.sizes.setText(
            f"{_input_text(found)}: {channels} maps of {width} × {height}{self._order_text(found)}"
        )
        levels = found.request.state.levels
        squares = " + ".join(f"{n}²" for n in levels)
        self.length.setText(
            f"<b>{len(found.vector):,} numbers</b> = {channels} × ({squares}), whatever the size."
            f"{_small_text(found, max(levels))}"
        )
        self._show_bounds(found)
        self._show_stack(found)
        rows = zip(
            found.request.state.bins, found.tiles.get("octave", ()), found.apart, strict=False
        )
        self.apart.show_rows(
            [(f"{n} × {n}", tile.title.split()[-1], f"{apart:.3g}") for n, tile, apart in rows]
        )

    def show_nothing(self) -> None:
        """Tell nothing of maps that are not there."""
        for remark in (self.sizes, self.length, self.bounds_note, self.stack_note):
            remark.setText("")
        self.bounds.show_rows([])
        self.apart.show_rows([])
        self.stack.show_parts([])

    def _order_text(self, found: Pooled) -> str:
        if found.channel == ALL:
            return "."
        if not found.request.state.layer:
            return f". Channel {found.channel}."
        rank = found.maps.order.index(found.channel) + 1
        varied = "the most varied" if rank == 1 else f"number {rank} by variance"
        return f". Channel {found.channel} is {varied}."

    def _show_bounds(self, found: Pooled) -> None:
        """Write the bins of both rules, and what they leave out."""
        place, n = place_of(found), found.request.state.grid
        rows, notes = [], []
        for rule, name in zip(RULES, ("Adaptive", "He"), strict=True):
            rows.append((name, _sizes(place.width, n, rule), _sizes(place.height, n, rule)))
            left = [pooling.left_out(side, n, rule) for side in (place.width, place.height)]
            if any(left):
                notes.append(f"He's rule leaves {left[0]} columns and {left[1]} rows out.")
        self.bounds.show_rows(rows)
        nothing = "Neither rule leaves anything out."
        self.bounds_note.setText((" ".join(notes) or nothing) + _small_text(found, n))

    def _show_stack(self, found: Pooled) -> None:
        channels, group = len(found.maps.values), found.group
        branches = len(found.request.state.bins)
        each = channels if group is None else max(1, channels // branches)
        parts = [channels, *[each] * branches]
        self.stack.show_parts(parts)
        text = f"{channels} + {branches} × {each} = {sum(parts)} channels."
        if group is not None:
            text += (
                f" Shown: the mean of the channels {group.start} to {group.stop - 1}, not learned."
            )
        self.stack_note.setText(text)

    def show_values(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Show what the mouse points at; the table keeps the rows that it had."""
        count = max(len(rows), self.values_table.rowCount())
        blank = [("", "", "")] * (count - len(rows))
        self.values_table.show_rows([*rows, *blank])

    def show_neighbours(self, found: Sequence[Neighbour]) -> None:
        """Show how alike the open images are."""
        rows = []
        for one in found:
            channels, height, width = one.shape
            rows.append((f"{one.cosine:.4f}", one.name, f"{channels} × {height} × {width}"))
        self.table.show_rows(rows, marked=0)
        self.few.setVisible(len(found) < 2)


def _input_text(found: Pooled) -> str:
    """Say what size the picture was given, and whether that changed its shape."""
    height, width = found.maps.input.shape[:2]
    x0, y0, x1, y1 = found.maps.request.rect
    stretched = abs(math.log(width * (y1 - y0) / (height * (x1 - x0)))) > MOST_STRETCHED
    return f"{'Stretched' if stretched else 'Resized'} to {width} × {height}"


def _small_text(found: Pooled, n: int) -> str:
    """Say so where a grid is finer than the map."""
    smaller = n > min(found.maps.values.shape[1:])
    return f" The map is smaller than {n} bins: they share pixels." if smaller else ""


def _sizes(side: int, n: int, rule: pooling.Rule) -> str:
    """Write how wide the bins of a side are: "3 × 113, 1 × 114"."""
    sizes = [stop - start for start, stop in pooling.bins(side, n, rule)]
    return ", ".join(f"{sizes.count(size)} × {size}" for size in sorted(set(sizes)))
