"""Sections of the panel for the pyramid, the architecture and the scribbles."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPixmap
from PyQt6.QtWidgets import QGridLayout, QPushButton

from pyrviewer.compute.network import Network
from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.labs.atrous import aspp
from pyrviewer.labs.atrous.deeplab import COLOURS, percent
from pyrviewer.labs.atrous.fields import ClassPicker
from pyrviewer.labs.atrous.state import BRANCHES, KERNELS, STRIDES, are_rates, pyramid_of
from pyrviewer.ui.widgets.form import Choice, Remark, Section, Segments, Switch
from pyrviewer.ui.widgets.numbers import Numbers
from pyrviewer.ui.widgets.slider import IntSlider
from pyrviewer.ui.widgets.table import TextTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.labs.atrous.aspp import Field
    from pyrviewer.labs.atrous.deeplab import Classes
    from pyrviewer.labs.atrous.panel import AtrousPanel
    from pyrviewer.labs.atrous.run import Found
    from pyrviewer.labs.atrous.segmenting import Segmented
    from pyrviewer.labs.atrous.state import AtrousState

FIELD_ITEMS = (
    ("Maps", False, "", "What each branch makes"),
    ("Fields", True, "", "What each branch sees of the picture, by its gradient"),
)
STRIDE_ITEMS = tuple(
    (str(stride), stride, "", f"One position for every {stride} pixels") for stride in STRIDES
)
GRADIENT = "Grad: what the gradient reaches; 90 %: the middle that holds nine tenths of it. "
NO_GRADIENT = "Gradients need the trained network of the program. "
MOST_NAMED = 8  # classes in the table
NEEDS = (
    "The diagram shows the program's own network: it needs strides that can become dilations and "
    "classes with names, which a file does not tell."
)
BRANCH_HELP = {
    "low level": "Colours and early maps, at stride 4: sharp borders.",
    "1 x 1": "What the deep maps say at the place itself.",
    "atrous": "3 x 3 kernels on the deep maps, one for each rate, learned from your strokes.",
    "pooling": "Means over grids of 2, 3 and 6 bins: what is around.",
}


class PyramidSection(Section):
    """Atrous spatial pyramid pooling.

    Signals
    -------
    block_wanted() : the rates and maps of the pyramid in the user's network are to be taken
    """

    block_wanted = pyqtSignal()

    def __init__(self, panel: AtrousPanel) -> None:
        super().__init__(
            "Atrous spatial pyramid pooling",
            "The same maps through branches with different rates, side by side, and stacked "
            "(DeepLab, Chen et al. 2017). No trained pyramid exists in a package: every channel "
            "goes through the kernel chosen here.",
            panel,
        )
        self._fields = False
        self.rates = Numbers(are_rates, self)
        panel.bind(self.rates, "aspp")
        self.add_row("Rates", self.rates, "One 3 x 3 branch for each, such as 6, 12, 18.")
        names = {"mean": "Mean", "gaussian": "Gaussian", "laplacian": "Laplacian"}
        names |= {"sobel-x": "Sobel, across", "sobel-y": "Sobel, down"}
        self.kernel = Choice([(names[name], name) for name in KERNELS], self)
        panel.bind(self.kernel, "aspp_kernel")
        self.add_row("Kernel", self.kernel, "What the nine taps of the 3 x 3 branches weigh.")
        self.fields = Segments(FIELD_ITEMS, self, fill=True)
        panel.bind(self.fields, "fields")
        self.add_row("Panes", self.fields, "Maps of the branches, or their receptive fields.")
        self.block = QPushButton(self)
        self.block.clicked.connect(self.block_wanted)
        self.block.hide()
        self.rows.addWidget(self.block)
        self.table = TextTable(
            ("Branch", "Pad", "Theory", "Here", "Grad", "90 %"), "Branches", self, wide=0
        )
        self.rows.addWidget(self.table)
        self.note = Remark("", self)
        self.rows.addWidget(self.note)

    def show_state(self, state: AtrousState) -> None:
        """Bring the controls in line."""
        self.setVisible(state.layout == "aspp")
        self.rates.show_value(state.aspp)
        self.kernel.show_value(state.aspp_kernel)
        self.fields.show_value(state.fields)
        self._fields = state.fields
        for column, shown in ((1, not state.fields), (4, state.fields), (5, state.fields)):
            self.table.setColumnHidden(column, not shown)

    def show_block(self, source: FeatureSource | None) -> None:
        """Offer the pyramid that was found in a file."""
        block = pyramid_of(source)
        self.block.setVisible(block is not None)
        if block is not None and source is not None:
            rates = ", ".join(map(str, block.scales))
            self.block.setText(f"Rates {rates} as in {source.name}")
            self.block.setToolTip(f"Take the rates of {block.nodes[-1]}, and the maps it is on.")

    def show_found(self, found: Found) -> None:
        """Show how many channels there are."""
        rates, channels = found.request.state.aspp, found.extra.channels
        count = len(rates) + 2
        text = (
            f"{count} branches × {channels} = <b>{count * channels:,} channels</b>. Fields in "
            "pixels: in theory, and from here, as padding shows nothing. "
        )
        if self._fields:
            learned = isinstance(found.request.maps.source, Network)
            text += GRADIENT if learned else NO_GRADIENT
        width, height = found.maps.values.shape[:0:-1]
        if max(rates) >= max(width, height):
            text += (
                f"The map has only {width} × {height} positions: branches with rates beyond that "
                "see their middle tap alone."
            )
        self.note.setText(text)

    def show_fields(self, found: Found, place: tuple[int, int], fields: Sequence[Field]) -> None:
        """Show how large each field is: in theory, here, what the gradient reaches, most of it."""
        rates = found.request.state.aspp
        known = {field.index: field for field in fields if field.place == place}
        rows = []
        for index, rate in enumerate(aspp.branch_rates(rates)):
            side, box, field = (
                aspp.theory(found, rate),
                aspp.reach(found, rate, *place),
                known.get(index),
            )
            boxes = (box, field and field.box, field and field.main)
            rows.append((
                aspp.branch_name(index, rates).removeprefix("Image ").capitalize(),
                f"{found.extra.shares[index]:.0%}",
                "?" if side is None else str(side),
                *(aspp.sides_text(each) if each else "" for each in boxes),
            ))  # fmt: skip
        self.table.show_rows(rows)


class ArchitectureSection(Section):
    """DeepLab v3+."""

    def __init__(self, panel: AtrousPanel) -> None:
        super().__init__(
            "DeepLab v3+",
            "Output stride: pixels of the picture for each position of the last maps. From 32 to "
            "16 and 8 the last strides become dilations, so that nothing has to be learned "
            "again (Chen et al. 2018); the rates of the pyramid double with it.",
            panel,
        )
        self.stride = Segments(STRIDE_ITEMS, self, fill=True)
        panel.bind(self.stride, "stride")
        self.add_row("Output", self.stride, "Output stride of the network, and of the diagram.")
        self.strides = TextTable(("Stride", "Positions", "Time", "Apart"), "Output strides", self)
        self.rows.addWidget(self.strides)
        self.apart = Remark("", self)
        self.rows.addWidget(self.apart)
        self.top = TextTable(("Class", "Area", "Whole"), "Classes", self, wide=0)
        self.rows.addWidget(self.top)
        self.needs = Remark(NEEDS, self)
        self.rows.addWidget(self.needs)
        for widget in (self.strides, self.apart, self.top, self.needs):
            widget.hide()
        self._classes: Classes | None = None
        self._shown = STRIDES[0]

    def show_state(self, state: AtrousState) -> None:
        """Bring the controls in line."""
        self.setVisible(state.layout == "deeplab")
        self.stride.show_value(state.stride)
        self._shown = state.stride
        if self._classes is not None:
            self.show_classes(self._classes)

    def show_own(self, source: FeatureSource) -> None:
        """Say so where the user's network is not what is shown."""
        self.needs.setVisible(isinstance(source, OnnxNetwork))

    def show_classes(self, classes: Classes) -> None:
        """Show size, time and classes of every output stride that is there."""
        self._classes = classes
        rows = []
        for stride, one in classes.maps.items():
            height, width = one.best.shape[:2]
            apart = "" if stride == STRIDES[0] else f"{one.apart:.1g}"
            rows.append((str(stride), f"{width} × {height}", f"{one.seconds:.2f} s", apart))
        self.strides.show_rows(rows)
        for widget in (self.strides, self.apart, self.top):
            widget.setVisible(bool(rows))
        shown = classes.maps.get(self._shown)
        if shown is None:
            self.top.show_rows([])
            return
        top = shown.top[:MOST_NAMED]
        self.top.show_rows(
            [(classes.names[k], percent(share), percent(shown.whole[k])) for k, share in top]
        )
        for row, (index, _) in enumerate(top):
            item = self.top.item(row, 0)
            if item is not None:
                item.setIcon(_patch(classes.colours.get(index, COLOURS[-1])))
        best = ", ".join(
            f"{classes.names[k]} {percent(shown.whole[k])}" for k in (-shown.whole).argsort()[:3]
        )
        self.apart.setText(
            f"<b>The whole picture:</b> {best}. Apart: from the logits of stride 32, where both "
            "have a position."
        )


def _patch(colour: tuple[int, int, int]) -> QIcon:
    """Return a colour of the panes, for the name beside it."""
    picture = QPixmap(12, 12)
    picture.fill(QColor(*colour))
    return QIcon(picture)


class ScribbleSection(Section):
    """Segmentation by strokes.

    Signals
    -------
    clear_wanted(), save_wanted(), open_wanted(), blend_wanted() : what a button asks for
    """

    clear_wanted = pyqtSignal()
    save_wanted = pyqtSignal()
    open_wanted = pyqtSignal()
    blend_wanted = pyqtSignal()

    def __init__(self, panel: AtrousPanel) -> None:
        super().__init__(
            "Segment by scribble",
            "Ridge regression fits the 1 x 1 and atrous kernels to your strokes: the least "
            "squared error with small weights has a closed form, so that it takes no training "
            "loop.",
            panel,
        )
        self._panel = panel
        self.classes = ClassPicker(self)
        panel.bind(self.classes, "label")
        self.add_row("Class", self.classes, "What a stroke paints: keys 1 to 9; E erases.")
        self.radius = IntSlider(1, 200, self)
        self.radius.valueChanged.connect(self._radius_moved)
        self.add_row("Brush", self.radius, "Radius in pixels: [ and ], or Alt and the wheel.")
        self.switches: dict[str, Switch] = {}
        for name in BRANCHES:
            switch = Switch(name.capitalize().replace("x", "×"), self)
            switch.setProperty("branch", name)
            switch.toggled.connect(self._switched)
            self.add_switch(switch, BRANCH_HELP[name])
            self.switches[name] = switch
        self.rates = Numbers(are_rates, self)
        panel.bind(self.rates, "segment_rates")
        self.add_row("Rates", self.rates, "Of the atrous branches, on maps of stride 8.")
        self.edges = Switch("Follow edges", self)
        panel.bind(self.edges, "edges")
        self.add_switch(self.edges, "A guided filter lets borders follow those of the picture.")
        self.changes = TextTable(
            ("Without", "Pixels that change"), "What branches contribute", self, wide=0
        )
        self.rows.addWidget(self.changes)
        self.areas = TextTable(("Class", "Area"), "Areas", self, wide=0)
        self.rows.addWidget(self.areas)
        for table in (self.changes, self.areas):
            table.hide()
        self.note = Remark("", self)
        self.rows.addWidget(self.note)
        self._buttons()
        self._state: AtrousState | None = None

    def _buttons(self) -> None:
        grid = QGridLayout()
        self.buttons: list[QPushButton] = []
        for text, tip, signal in (
            ("Use in Blend", "Blend this image where the class is.", self.blend_wanted),
            ("Save mask ...", "White where the class is, black elsewhere.", self.save_wanted),
            ("Open as image", "Open the mask as an image beside this one.", self.open_wanted),
            ("Clear strokes", "Take all strokes away.", self.clear_wanted),
        ):
            button = QPushButton(text, self)
            button.setToolTip(tip)
            button.clicked.connect(signal)
            grid.addWidget(button, len(self.buttons) // 2, len(self.buttons) % 2)
            self.buttons.append(button)
        self.rows.addLayout(grid)

    def _radius_moved(self, value: int) -> None:
        self._panel.say("radius", float(value))

    def _switched(self) -> None:
        on = tuple(name for name, switch in self.switches.items() if switch.isChecked())
        self._panel.say("branches", on)

    def show_state(self, state: AtrousState) -> None:
        """Bring the controls in line."""
        self.setVisible(state.layout == "segment")
        self.classes.show_value(state.label)
        for name, switch in self.switches.items():
            switch.setChecked(name in state.branches)
        self.rates.show_value(state.segment_rates)
        self.edges.setChecked(state.edges)
        self.buttons[-1].setEnabled(bool(state.strokes))

    def show_radius(self, radius: float) -> None:
        """Show the brush without telling anyone."""
        self._panel.quietly(partial(self.radius.setValue, round(radius)))

    def show_segmented(self, found: Segmented | None) -> None:
        """Show how large the classes are, and what it took."""
        for button in self.buttons[:-1]:
            button.setEnabled(found is not None)
        self.areas.setVisible(found is not None)
        self.note.setText("" if found is None else f"Learned and painted in {found.seconds:.2f} s.")
        if found is not None:
            rows = [(f"Class {label}", f"{share:.1%}") for label, share in found.shares.items()]
            self.areas.show_rows(rows)

    def show_changes(self, changes: Mapping[str, float]) -> None:
        """Show which share of the pixels another class would have without each branch."""
        self.changes.setVisible(bool(changes))
        self.changes.show_rows(
            [(name.replace("x", "×"), f"{share:.1%}") for name, share in changes.items()]
        )
