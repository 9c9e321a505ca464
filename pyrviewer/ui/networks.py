"""The network of a lab: the rows of its panel that choose it, its banner, its file."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QPushButton

from pyrviewer.compute.onnx import OnnxNetwork
from pyrviewer.ui.widgets.form import Choice, Remark, Section

if TYPE_CHECKING:
    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.onnx import Block
    from pyrviewer.ui.lab import DocumentLab
    from pyrviewer.ui.widgets.deep_banner import DeepBanner

OWN = "The program's own"
SCALE_ITEMS = (
    ("ImageNet", "imagenet"),
    ("0 to 1", "unit"),
    ("-1 to 1", "signed"),
    ("0 to 255", "bytes"),
)


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
        self.facts = Remark("", section)
        self.facts.linkActivated.connect(self._layer_chosen)
        section.rows.addWidget(self.facts)

    def _network_chosen(self, value: object) -> None:
        self.chosen.emit("network", value)

    def _layer_chosen(self, name: str) -> None:
        self.chosen.emit("layer", name)

    def _scale_chosen(self, value: object) -> None:
        self.chosen.emit("scale", value)

    def show_choice(self, path: str, scale: str) -> None:
        """Bring the rows in line with the state."""
        if path and self.network.findData(path) < 0:
            self.network.addItem(Path(path).name, path)
        self.network.show_value(path)
        self.scale.show_value(scale)
        self.scale.setEnabled(bool(path))

    def show_source(self, source: FeatureSource) -> None:
        """Say what is to be known of a network."""
        if not isinstance(source, OnnxNetwork):
            self.network.setItemText(0, source.name)
        self.facts.setText(facts(source) if isinstance(source, OnnxNetwork) else "")


class LabNetwork(QObject):
    """Whose maps a lab shows: its state has the fields `network` and `scale`.

    Parameters
    ----------
    lab : DocumentLab
        Its `changed` makes of another `network` a state that suits it.
    rows : NetworkRows
        In its panel.
    banner : DeepBanner
        Over its panes.
    """

    def __init__(self, lab: DocumentLab[Any], rows: NetworkRows, banner: DeepBanner) -> None:
        super().__init__(lab)
        self._lab, self._networks = lab, lab.context.networks
        self._networks.found.connect(lab.refresh)
        self._networks.failed.connect(self._on_lost)
        rows.chosen.connect(lab.change)
        rows.open_wanted.connect(self.ask)
        banner.follow(self._networks)

    @property
    def source(self) -> FeatureSource | None:
        """The network that the state asks for, read where it is not there; until then None."""
        state = self._lab.state
        self._networks.want(state.network, state.scale)
        return self._networks.source(state.network, state.scale)

    def ask(self) -> None:
        """Ask for an ONNX file whose network is to make the maps."""
        settings = self._lab.context.settings
        name, _ = QFileDialog.getOpenFileName(
            self._lab.view, "Open network", settings.get("network_folder", ""),
            "ONNX networks (*.onnx);;All files (*)",
        )  # fmt: skip
        if name:
            settings.set("network_folder", str(Path(name).parent))
            self._networks.open(str(Path(name)), self._lab.state.scale, self._on_opened)

    def _on_opened(self, path: str) -> None:
        self._lab.change("network", path)

    def _on_lost(self, path: str) -> None:
        """Go back to the program's own network where a file is not there any more."""
        lab = self._lab
        if lab.document is not None and lab.state.network == path:
            lab.adopt(lab.changed(lab.state, "network", ""))
            lab.refresh()


def source_code(source: FeatureSource) -> tuple[str, str]:
    """Return the module of `pyrviewer.compute` that makes a network, and how, for scripts."""
    if isinstance(source, OnnxNetwork):
        return "onnx", f"onnx.OnnxNetwork({str(source.path)!r}, {source.scale!r})"
    if source.learned:
        return "network", "network.load()"
    return "filter_bank", "filter_bank.FilterBank()"


def facts(source: OnnxNetwork) -> str:
    """Return what a file's network takes, what it cannot do, and the pyramids in it."""
    parts = [escape(source.note)] if source.note else []
    if any(source.size):
        height, width = (side or "any" for side in source.size)
        parts.append(f"It takes {width} × {height} pixels.")
    found = "; ".join(_block_text(source, block) for block in source.blocks)
    parts.append(f"<b>Found:</b> {found}." if found else "No ASPP, PPM or SPP was found in it.")
    return " ".join(parts)


def _block_text(source: OnnxNetwork, block: Block) -> str:
    """Name a pyramid, with a link to its end; what ends in a vector is seen by its input."""
    names = {layer.name for layer in source.layers}
    text = f"{block.kind} with {block.unit} {', '.join(map(str, block.scales))}"
    for word, name in (("at", block.nodes[-1]), ("on", block.input)):
        if name in names:
            return f'{text} {word} <a href="{escape(name)}">{escape(name)}</a>'
    return text
