"""Taking away what the Atrous lab shows."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute import image, writing
from pyrviewer.labs.atrous import script, segmenting
from pyrviewer.ui import exporter

if TYPE_CHECKING:
    from pathlib import Path

    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.segment import Stroke
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.atrous.controller import AtrousLab
    from pyrviewer.labs.atrous.segmenting import Segmented
    from pyrviewer.ui.picture import Layer

MENU = (
    "atrous.copy_picture", "atrous.save_picture", "", "atrous.blend_mask",
    "atrous.save_mask", "atrous.open_mask", "atrous.save_classes",
    "atrous.save_strokes", "", "atrous.copy_python", "atrous.copy_torch",
)  # fmt: skip


class Exporter(exporter.Exporter):
    """Writes and copies maps, masks, strokes and scripts."""

    def __init__(self, lab: AtrousLab) -> None:
        super().__init__(lab, lab.context)
        self._lab = lab
        self._mask_lane = lab.context.jobs.lane("Making the mask", self)
        self._mask_lane.succeeded.connect(self._take_mask)
        self._blend_lane = lab.context.jobs.lane("Making the mask", self)
        self._blend_lane.succeeded.connect(self._offer_mask)
        for lane in (self._mask_lane, self._blend_lane):
            lane.failed.connect(lab.context.notices.error)
        lab.lanes = (*lab.lanes, self._mask_lane, self._blend_lane)

    # Masks

    def _label(self, found: Segmented) -> int:
        """Return the class in hand, or the first one."""
        label, classes = self._lab.state.label, found.head.classes
        return label if label in classes else classes[0]

    def save_mask(self) -> None:
        """Ask for a file and write where the class in hand is."""
        found = self._lab.painting.found
        if found is None:
            return
        label = self._label(found)
        path = self.ask("Save mask", f"{self.stem}_class_{label}.png", (".png", ".tif"))
        if path is not None:
            self.write(partial(write_mask, found=found, label=label, path=path))

    def save_classes(self) -> None:
        """Ask for a file and write the class of every pixel."""
        found = self._lab.painting.found
        if found is None:
            return
        path = self.ask("Save all classes", f"{self.stem}_classes.png", (".png", ".tif"))
        if path is not None:
            self.write(partial(write_mask, found=found, label=0, path=path))

    def open_mask(self) -> None:
        """Open where the class in hand is as an image."""
        found = self._lab.painting.found
        if found is not None:
            name = f"{self.stem} class {self._label(found)}.png"
            self._mask_lane.submit(
                partial(make_mask, found=found, label=self._label(found), name=name)
            )

    def _take_mask(self, opened: image.Image) -> None:
        self._lab.context.workspace.add(opened)

    def blend_mask(self) -> None:
        """Make where the class in hand is the mask of the Blend lab."""
        found = self._lab.painting.found
        if found is not None:
            self._blend_lane.submit(partial(full_mask, found=found, label=self._label(found)))

    def _offer_mask(self, made: tuple[Segmented, Array]) -> None:
        found, mask = made
        document = self._lab.document
        if document is not None and document.pixels is found.request.pixels:
            self._lab.context.workspace.mask_offered.emit(document, mask)

    def save_strokes(self) -> None:
        """Ask for a file and write the strokes."""
        path = self.ask("Save strokes", f"{self.stem}_strokes.json", (".json",))
        if path is not None:
            self.write(partial(write_strokes, strokes=self._lab.state.strokes, path=path))

    # Pictures

    def _target(self) -> Layer | None:
        """Return the picture that was clicked, or the last one that has values."""
        if self.clicked is not None:
            return self.clicked
        layers = [layer for c in self._lab.view.grid.canvases for layer in c.layers]
        return layers[-1] if layers else None

    def save_picture(self) -> None:
        """Ask for a file and write a map with its own values."""
        layer = self._target()
        if layer is None or layer.source is None:
            return
        suffixes = (*writing.suffixes_for(layer.source), ".npy")
        name = f"{self.stem}_{exporter.file_name(layer.title)}{suffixes[0]}"
        path = self.ask("Save map", name, suffixes)
        if path is not None:
            self.write(partial(exporter.write_picture, pixels=layer.source, path=path))

    def copy_picture(self) -> None:
        """Put a map on the clipboard as it is displayed."""
        self.copy_layer(self._target())

    # Scripts

    def copy_python(self) -> None:
        """Put a script on the clipboard that makes what is shown."""
        lab, document = self._lab, self._lab.document
        if document is None:
            return
        path, page, state = str(document.path or "image.png"), document.image.origin.page, lab.state
        source = lab.network.source
        if state.layout == "segment" and source is not None:
            text = script.segment_script(state, source, path, page)
        elif state.layout == "deeplab":
            text = script.classes_script(state, path, page)
        elif lab.found is not None:
            text = script.python_script(lab.found, path, page)
        else:
            return
        self.copy_text(text, "Copied as Python.")

    def copy_torch(self) -> None:
        """Put a script on the clipboard that does so with PyTorch."""
        document, found = self._lab.document, self._lab.found
        if document is not None and found is not None:
            path, page = str(document.path or "image.png"), document.image.origin.page
            self.copy_text(script.torch_script(found, path, page), "Copied as PyTorch.")

    def show_menu(self, place: QPoint, layer: Layer | None) -> None:
        """Open the context menu of a pane; what is saved is its picture."""
        self.open_menu(place, layer, MENU)


def mask_of(ticket: Ticket, found: Segmented, label: int) -> Array:
    """Return 255 where a class is, at the image's own size; the classes themselves for 0."""
    classes = segmenting.full_mask(ticket, found)
    return ((classes == label) * 255).astype("uint8") if label else classes


def full_mask(ticket: Ticket, found: Segmented, label: int) -> tuple[Segmented, Array]:
    """Return a mask with what it was made of; for worker threads."""
    return found, mask_of(ticket, found, label)


def write_mask(ticket: Ticket, found: Segmented, label: int, path: Path) -> str:
    """Write a mask; for worker threads."""
    image.write(path, mask_of(ticket, found, label))
    return f"{path.name} saved."


def make_mask(ticket: Ticket, found: Segmented, label: int, name: str) -> image.Image:
    """Make a mask as an image that can be opened; for worker threads."""
    return image.from_array(mask_of(ticket, found, label), image.Origin("clipboard", name))


def write_strokes(ticket: Ticket, strokes: tuple[Stroke, ...], path: Path) -> str:
    """Write strokes as `pyrviewer segment` reads them; for worker threads."""
    ticket.check()
    rows = [stroke._asdict() for stroke in strokes]
    writing.replace_file(path, json.dumps({"strokes": rows}).encode())
    return f"{path.name} saved."
