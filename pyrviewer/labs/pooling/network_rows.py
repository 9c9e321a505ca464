"""The part of the panel that says which network makes the maps."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QPushButton

from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.ui.widgets.form import Choice, Section, caption

if TYPE_CHECKING:
    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.onnx import Block
    from pyrviewer.labs.pooling.state import PoolingState

OWN = "The program's own"
SCALE_ITEMS = (
    ("ImageNet", "imagenet"),
    ("0 to 1", "unit"),
    ("-1 to 1", "signed"),
    ("0 to 255", "bytes"),
)
BLOCK_WORDS = {"ASPP": "rates", "PPM": "bins", "SPP": "windows"}


class NetworkRows(QObject):
    """Rows of a section: the network, its file, how it takes pixels, and what is in it.

    Signals
    -------
    chosen(str, object) : a state field and its new value
    open_wanted() : a file is to be opened
    """

    chosen = pyqtSignal(str, object)
    open_wanted = pyqtSignal()

    def __init__(self, section: Section) -> None:
        super().__init__(section)
        self.network = Choice([(OWN, "")], section)
        self.network.chosen.connect(self._network_chosen)
        section.add_row("Network", self.network, "Whose layers make the maps.")
        self.button = QPushButton("Open network (ONNX) ...", section)
        self.button.clicked.connect(self.open_wanted)
        section.rows.addWidget(self.button)
        self.scale = Choice(SCALE_ITEMS, section)
        self.scale.chosen.connect(self._scale_chosen)
        section.add_row(
            "Pixels", self.scale,
            "How the network of the file takes pixels: the file does not say. Networks of "
            "torchvision take ImageNet's mean and deviation, most detectors 0 to 1.",
        )  # fmt: skip
        self.facts = caption("", section)
        self.facts.linkActivated.connect(self._layer_chosen)
        section.rows.addWidget(self.facts)

    def _network_chosen(self, value: object) -> None:
        self.chosen.emit("network", value)

    def _layer_chosen(self, name: str) -> None:
        self.chosen.emit("layer", name)

    def _scale_chosen(self, value: object) -> None:
        self.chosen.emit("scale", value)

    def show_state(self, state: PoolingState) -> None:
        """Bring the rows in line with the state."""
        if state.network and self.network.findData(state.network) < 0:
            self.network.addItem(Path(state.network).name, state.network)
        self.network.show_value(state.network)
        self.scale.show_value(state.scale)
        self.scale.setEnabled(bool(state.network))

    def show_source(self, source: FeatureSource | None) -> None:
        """Say what is to be known of a network."""
        if source is not None and not isinstance(source, OnnxNetwork):
            self.network.setItemText(0, source.name)
        self.facts.setText(facts(source) if isinstance(source, OnnxNetwork) else "")
        self.facts.setVisible(bool(self.facts.text()))


def facts(source: OnnxNetwork) -> str:
    """Return what a file's network takes, what it cannot do, and the pyramids in it."""
    parts = [escape(source.note)] if source.note else []
    if any(source.size):
        height, width = (side or "any" for side in source.size)
        parts.append(f"It takes {width} × {height} pixels: the picture is resized to that.")
    found = "; ".join(map(_block_text, source.blocks))
    parts.append(f"<b>Found:</b> {found}." if found else "No ASPP, PPM or SPP was found in it.")
    return " ".join(parts)


def _block_text(block: Block) -> str:
    scales = ", ".join(map(str, block.scales))
    end = escape(block.nodes[-1])
    return f'{block.kind} with {BLOCK_WORDS[block.kind]} {scales} at <a href="{end}">{end}</a>'
