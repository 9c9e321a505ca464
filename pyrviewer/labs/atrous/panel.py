"""The parameters of the Atrous lab; each layout has its own sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute.atrous import coverage
from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.labs.atrous.fields import Taps
from pyrviewer.labs.atrous.panel_deep import ArchitectureSection, PyramidSection, ScribbleSection
from pyrviewer.labs.atrous.state import (
    ALL,
    COLOURS,
    KERNELS,
    LARGEST,
    MOST_PHASES,
    MOST_RATE,
    NETWORK,
    OWN,
    SMALLEST,
    AtrousState,
    are_rates,
    depthwise_of,
)
from pyrviewer.ui.networks import NetworkRows
from pyrviewer.ui.widgets.form import Choice, Remark
from pyrviewer.ui.widgets.numbers import Numbers
from pyrviewer.ui.widgets.panel import Panel
from pyrviewer.ui.widgets.table import TextTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.labs.atrous.aspp import Field
    from pyrviewer.labs.atrous.deeplab import Classes
    from pyrviewer.labs.atrous.run import Found
    from pyrviewer.labs.atrous.segmenting import Segmented

KERNEL_NAMES = {
    "laplacian": "Laplacian", "sobel-x": "Sobel, across", "sobel-y": "Sobel, down",
    "gaussian": "Gaussian", "mean": "Mean",
}  # fmt: skip
KERNEL_ITEMS = (
    *((KERNEL_NAMES.get(name, name), name) for name in KERNELS),
    ("The network's own", NETWORK),
    ("My own taps", OWN),
)
WHOLE = ("pool", "classifier")  # kinds of layers that see all of the picture at once
CONVOLVED = ("rate", "phases")


class AtrousPanel(Panel):
    """Controls and read-outs, in sections."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = AtrousState()
        self._fixed = False  # whether the network takes one size of picture only
        self._network_section()
        self._input_section()
        self._kernel_section()
        self._stacked_section()
        self.pyramid = PyramidSection(self)
        self.architecture = ArchitectureSection(self)
        self.scribble = ScribbleSection(self)
        for section in (self.pyramid, self.architecture, self.scribble):
            self._column.insertWidget(self._column.count() - 1, section)
        self.values = self.add_section(
            "Under the mouse", "The pixel that the mouse points at, and what it is made of."
        )
        self.values_table = TextTable(
            ("", "Where", "Value"), "Under the mouse", self.values, wide=1
        )
        self.values.rows.addWidget(self.values_table)

    def _network_section(self) -> None:
        self.network_section = self.add_section(
            "Network", "Whose layers make the maps: the program's own, or one from a file of yours."
        )
        self.network = NetworkRows(self.network_section)

    def _input_section(self) -> None:
        section = self.input = self.add_section(
            "Input",
            "What is convolved: the picture, or the maps that a layer of the network makes of it.",
        )
        self.layer = Choice([("Picture: red, green, blue", COLOURS)], section)
        self.bind(self.layer, "layer")
        section.add_row(
            "Maps", self.layer,
            "Layers marked (depthwise) are the input of the network's own spatial filters.",
        )  # fmt: skip
        self.channel = self.add_slider(
            section, "Channel", -1, 0, "channel",
            "Which map is shown. First place: all colours, or the maps' three main components.",
        )  # fmt: skip
        self.side = self.add_slider(
            section, "Size", SMALLEST, LARGEST, "side",
            "Pixels of the longer side to which the picture is reduced first.",
        )  # fmt: skip
        self.sizes = Remark("", section)
        section.rows.addWidget(self.sizes)

    def _kernel_section(self) -> None:
        section = self.kernel_section = self.add_section(
            "Convolution",
            "y[i] = sum over k of w[k] x[i + r k]: the taps of the kernel lie r pixels apart. "
            "Outside the map everything is 0 (padding).",
        )
        self.rate = self.add_slider(
            section, "Rate", 1, MOST_RATE, "rate", "r: pixels between neighbouring taps."
        )
        self.kernel = Choice(KERNEL_ITEMS, section)
        self.bind(self.kernel, "kernel")
        section.add_row("Kernel", self.kernel, "What the taps weigh.")
        self.taps = Taps(section)
        self.bind(self.taps, "own")
        section.add_row("Taps", self.taps, "Type weights of your own.")
        self.padding = Remark("", section)
        section.rows.addWidget(self.padding)

    def _stacked_section(self) -> None:
        section = self.stacked = self.add_section(
            "Stacked convolutions",
            "3 x 3 convolutions on top of each other, each at its rate. Rates with a common "
            "factor leave holes: gridding (Wang et al. 2018).",
        )
        self.rates = Numbers(are_rates, section)
        self.bind(self.rates, "rates")
        section.add_row("Rates", self.rates, "One rate for each convolution, such as 1, 2, 5.")
        self.covered = Remark("", section)
        section.rows.addWidget(self.covered)
        self.tries = TextTable(("Rates", "Field", "Touched"), "Other rates", section)
        section.rows.addWidget(self.tries)

    # Showing

    def quietly(self, show: Callable[[], object]) -> None:
        """Move controls without telling anyone."""
        before, self._showing = self._showing, True
        show()
        self._showing = before

    def show_source(self, source: FeatureSource) -> None:
        """Offer the layers of a network, or of the filters."""
        self.network.show_source(source)
        self._fixed = isinstance(source, OnnxNetwork) and any(source.size)
        self.pyramid.show_block(source)
        self.architecture.show_own(source)
        self.layer.clear()
        self.layer.addItem("Picture: red, green, blue", COLOURS)
        for layer in source.layers:
            if layer.kind not in WHOLE:
                mark = "depthwise, " if depthwise_of(source, layer.name) else ""
                text = f"{layer.name}   {mark}{layer.channels} maps, 1/{layer.stride}"
                self.layer.addItem(text, layer.name)
        self.quietly(self._show_state)

    def show_state(self, state: AtrousState) -> None:
        """Bring every control in line with the state."""
        self._state = state
        self.quietly(self._show_state)

    def _show_state(self) -> None:
        state, layout = self._state, self._state.layout
        self.network.show_choice(state.network, state.scale)
        self.network_section.setVisible(layout != "deeplab")
        layer = state.aspp_layer if layout == "aspp" else state.layer
        self.layer.show_value(layer)
        self.channel.set_word("main" if layer else "all")
        self.channel.setValue(state.channel)
        self.side.setEnabled(not layer or not self._fixed or layout == "deeplab")
        self.side.setValue(state.side)
        self.rate.setRange(1, MOST_PHASES if layout == "phases" else MOST_RATE)
        self.rate.setValue(state.rate)
        self.kernel.show_value(state.kernel)
        self.rates.show_value(state.rates)
        self.input.setVisible(layout != "segment")
        for control in (self.layer, self.channel):
            self.input.show_row(control, layout != "deeplab")
        if layout == "deeplab":
            self.sizes.setText("")  # its panes show the maps of its nodes
        self.kernel_section.setVisible(layout in CONVOLVED)
        self.stacked.setVisible(layout == "stacked")
        self.values.setVisible(layout != "segment")
        for section in (self.pyramid, self.architecture, self.scribble):
            section.show_state(state)

    def show_found(self, found: Found) -> None:
        """Show sizes, taps, and what falls on padding."""
        self.quietly(partial(self._show_channel, found))
        channels, height, width = found.maps.values.shape
        components = found.channel == ALL and bool(found.request.maps.layer)
        seen_height, seen_width = found.maps.sides
        resized = found.maps.sides != found.request.maps.pixels.shape[:2]
        layout = found.request.state.layout
        if layout != "deeplab":
            self.sizes.setText(
                f"{'Resized to' if resized else 'As it is,'} {seen_width} × {seen_height}: "
                f"{channels} maps of {width} × {height}"
                f"{', shown as three main components' if components else ''}."
            )
        self.layer.show_value(found.request.maps.layer)
        if layout in CONVOLVED:
            self._show_kernel(found)
        elif layout == "stacked":
            self._show_coverage(found)
        elif layout == "aspp":
            self.pyramid.show_found(found)

    def _show_channel(self, found: Found) -> None:
        self.channel.setRange(-1, len(found.maps.values) - 1)
        self.channel.setValue(self._state.channel)

    def _show_kernel(self, found: Found) -> None:
        size, rate = len(found.kernel), found.request.state.rate
        self.taps.setVisible(size == 3)
        if size == 3:
            self.taps.show_value(found.kernel.ravel().tolist())
        reach = (size - 1) * rate + 1
        text = (
            f"{size} × {size} taps reach over {reach} × {reach} pixels of the map. "
            f"<b>{found.share:.1%}</b> of all taps fall on padding."
        )
        if found.collapsed:
            text += (
                f" The map has {found.maps.values.shape[2]} × {found.maps.values.shape[1]} "
                "pixels: <b>only the middle tap is left, the kernel has become 1 × 1.</b>"
            )
        elif found.request.state.layout == "phases":
            rate = min(rate, MOST_PHASES)
            exact = f"to within {found.apart:.1g}" if found.apart else "exactly"
            text = (
                f"{rate} × {rate} phases, each an ordinary convolution. Put together again they "
                f"are the convolution at rate {rate}, {exact}."
            )
        elif self._state.kernel == NETWORK != found.request.state.kernel:
            text += " Only the input of a depthwise layer has a kernel of the network's own."
        self.padding.setText(text)

    def _show_coverage(self, found: Found) -> None:
        counts = found.extra
        share = float((counts > 0).mean())
        holes = "no holes" if share == 1 else f"{1 - share:.0%} of it is never looked at"
        self.covered.setText(
            f"A field of {counts.shape[0]} × {counts.shape[0]} pixels, of which "
            f"<b>{share:.0%}</b> are touched: {holes}."
        )
        self.tries.show_rows(TRIES)

    def show_values(self, rows: Sequence[Sequence[str]]) -> None:
        """Show what the mouse points at; the table keeps the rows that it had."""
        count = max(len(rows), self.values_table.rowCount())
        blank = [("", "", "")] * (count - len(rows))
        self.values_table.show_rows([*rows, *blank])

    def show_fields(self, found: Found, place: tuple[int, int], fields: Sequence[Field]) -> None:
        """Show what the branches see, in theory and by the gradient."""
        self.pyramid.show_fields(found, place, fields)

    def show_classes(self, classes: Classes) -> None:
        """Show the classes of every output stride."""
        self.architecture.show_classes(classes)

    def show_segmented(self, found: Segmented | None) -> None:
        """Show how large the classes are, and what it took."""
        self.scribble.show_segmented(found)

    def show_changes(self, changes: Mapping[str, float]) -> None:
        """Show what each branch contributes."""
        self.scribble.show_changes(changes)


def _tries() -> tuple[tuple[str, str, str], ...]:
    """Return well-known choices of rates with their fields."""
    rows = []
    for rates in ((1, 1, 1), (2, 2, 2), (1, 2, 3), (1, 2, 5), (1, 2, 9), (4, 4, 4)):
        counts = coverage(rates)
        side = counts.shape[0]
        touched = f"{float((counts > 0).mean()):.0%}"
        rows.append((", ".join(map(str, rates)), f"{side} × {side}", touched))
    return tuple(rows)


TRIES = _tries()
