"""Taking away what the Pooling lab shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute import writing
from pyrviewer.compute.pooling import report
from pyrviewer.labs.pooling.script import python_script, torch_script
from pyrviewer.ui.exporter import Exporter, file_name, write_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.pooling.controller import PoolingLab
    from pyrviewer.ui.picture import Layer

MENU = (
    "pooling.copy_picture", "pooling.save_picture", "", "pooling.save_vector",
    "pooling.copy_python", "pooling.copy_torch", "", "pooling.whole",
)  # fmt: skip


class PoolingExporter(Exporter):
    """Writes and copies vectors, pictures and scripts."""

    def __init__(self, lab: PoolingLab) -> None:
        super().__init__(lab, lab.context)
        self._lab = lab

    def _target(self) -> Layer | None:
        """Return the picture that was clicked, or the map."""
        if self.clicked is not None:
            return self.clicked
        view = self._lab.view
        panes = zip(view.grid.canvases, view.spots, strict=False)
        return next((c.layers[0] for c, spot in panes if spot.kind == "map" and c.layers), None)

    def save_vector(self) -> None:
        """Ask for a file and write the vector, or those of all images that are compared."""
        found, neighbours = self._lab.found, self._lab.neighbours
        if found is None:
            return
        names, vectors = [self.stem], [found.vector]
        if self._lab.state.layout == "neighbours" and neighbours:
            names, vectors = [n.name for n in neighbours], [n.vector for n in neighbours]
        path = self.ask("Save vector", f"{self.stem}_vector.npy", report.SUFFIXES)
        if path is not None:
            levels = found.request.state.levels
            work = partial(write_vectors, path=path, names=names, vectors=vectors, levels=levels)
            self.write(work)

    def save_picture(self) -> None:
        """Ask for a file and write a picture with its own values."""
        layer = self._target()
        if layer is None or layer.source is None:
            return
        name = f"{self.stem}_{file_name(layer.title)}.tif"
        path = self.ask("Save picture", name, writing.suffixes_for(layer.source))
        if path is not None:
            self.write(partial(write_picture, pixels=layer.source, path=path))

    def copy_picture(self) -> None:
        """Put a picture on the clipboard as it is displayed."""
        self.copy_layer(self._target())

    def copy_python(self) -> None:
        """Put a script on the clipboard that computes what is shown."""
        self._copy_script(torch=False)

    def copy_torch(self) -> None:
        """Put a script on the clipboard that does so with PyTorch."""
        self._copy_script(torch=True)

    def _copy_script(self, *, torch: bool) -> None:
        found, document = self._lab.found, self._lab.document
        if found is not None and document is not None:
            write = torch_script if torch else python_script
            path, page = str(document.path or "image.png"), document.image.origin.page
            text = write(found.request, path, page)
            self.copy_text(text, f"Copied as {'PyTorch' if torch else 'Python'}.")

    def show_menu(self, place: QPoint, layer: Layer | None) -> None:
        """Open the context menu of a pane; what is saved is its picture."""
        self.open_menu(place, layer, MENU)


def write_vectors(
    ticket: Ticket,
    path: Path,
    names: Sequence[str],
    vectors: Sequence[Array],
    levels: Sequence[int],
) -> str:
    """Write vectors; for worker threads."""
    ticket.check()
    report.write_vectors(path, names, vectors, levels)
    return f"{path.name} saved."
