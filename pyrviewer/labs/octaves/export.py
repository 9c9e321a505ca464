"""Taking away what the Octaves lab shows."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFileDialog

from pyrviewer.compute import animation, display, image, writing
from pyrviewer.compute.signed import savable
from pyrviewer.labs.octaves.script import python_script, rebuild_script
from pyrviewer.ui.exporter import Exporter, file_name, write_picture
from pyrviewer.ui.widgets.pop_out import PopOut

if TYPE_CHECKING:
    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.octaves.controller import OctavesLab
    from pyrviewer.labs.octaves.run import Build
    from pyrviewer.labs.octaves.state import Octaves
    from pyrviewer.ui.picture import Layer

MENU = (
    "octaves.copy_octave", "octaves.save_octave", "octaves.pop_out", "", "octaves.save_all",
    "octaves.save_animation", "octaves.save_numbers", "octaves.copy_python",
)  # fmt: skip


class OctavesExporter(Exporter):
    """Writes and copies what a pane shows."""

    def __init__(self, lab: OctavesLab) -> None:
        super().__init__(lab, lab.context)
        self._lab = lab

    # What and where to

    def _target(self) -> Layer | None:
        """Return the layer that was clicked, what the layout is about, or the selected octave."""
        if self.clicked is not None:
            return self.clicked
        build, state = self._lab.build, self._lab.state
        if build is None or not build.complete:
            return None
        first = next((c.layers[0] for c in self._lab.view.grid.canvases if c.layers), None)
        if state.layout in ("rebuild", "aliasing") and first is not None:
            return first
        octave = build.octaves[min(state.selected, len(build.octaves) - 1)]
        return self._lab.view.native_layer(build, octave)

    # Saving

    def save_octave(self) -> None:
        """Ask for a file and write the picture with its own values."""
        layer = self._target()
        if layer is None or layer.source is None:
            return
        pixels = savable(layer.source)
        suffix = ".tif" if pixels.dtype == "float32" else ".png"
        name = f"{self.stem}_{file_name(layer.title)}{suffix}"
        path = self.ask("Save picture", name, writing.suffixes_for(pixels))
        if path is not None:
            self.write(partial(write_picture, pixels=pixels, path=path))

    def save_all(self) -> None:
        """Ask for a folder and write every octave."""
        build = self._lab.build
        folder = QFileDialog.getExistingDirectory(self._lab.view, "Save all octaves into")
        if build is not None and build.complete and folder:
            work = partial(write_all, build=build, folder=Path(folder), stem=self.stem)
            self.write(work)

    def save_animation(self) -> None:
        """Ask for a file and write the coarse-to-fine animation."""
        document, build = self._lab.document, self._lab.build
        if document is None or build is None:
            return
        name = f"{self.stem}_coarse_to_fine.gif"
        path = self.ask("Export animation", name, animation.SUFFIXES)
        if path is not None:
            work = partial(write_animation, octaves=document.octaves, limits=build.range, path=path)
            self.write(work)

    def save_numbers(self) -> None:
        """Ask for a file and write sizes and bytes."""
        build = self._lab.build
        path = self.ask("Export numbers", f"{self.stem}.json", (".json", ".csv"))
        if build is not None and path is not None:
            self.write(partial(write_numbers, build=build, path=path))

    # Copying

    def copy_octave(self) -> None:
        """Put the picture on the clipboard as it is displayed."""
        self.copy_layer(self._target())

    def copy_python(self) -> None:
        """Put a script on the clipboard that computes what is shown."""
        document, build = self._lab.document, self._lab.build
        if build is not None and document is not None:
            path, origin = str(document.path or "image.png"), document.image.origin
            if self._lab.state.layout == "rebuild":
                gains = self._lab.state.band_gains(self._lab.bands)
                text = rebuild_script(gains, path, origin.page)
            else:
                plain = origin.pages == 1 and not document.image.notes  # read as it is
                text = python_script(build.request, path, origin.page, opencv=plain)
            self.copy_text(text, "Copied as Python.")

    # Showing elsewhere

    def pop_out(self) -> None:
        """Show the picture in a window of its own."""
        layer = self._target()
        if layer is not None:
            PopOut(layer, f"{self.stem} · {layer.title}", self._lab.view).show()

    def show_menu(self, place: QPoint, layer: Layer | None) -> None:
        """Open the context menu of a pane; while it is open, its layer is what is saved."""
        self.open_menu(place, layer, MENU)


def write_all(ticket: Ticket, build: Build, folder: Path, stem: str) -> str:
    """Write every octave into a folder; for worker threads."""
    for octave in build.octaves:
        ticket.check(octave.level / len(build.octaves))
        pixels = savable(octave.source)
        suffix = ".tif" if pixels.dtype == "float32" else ".png"
        image.write(folder / f"{stem}_{build.request.kind}_{octave.level}{suffix}", pixels)
    return f"{len(build.octaves)} octaves saved in {folder.name}."


def write_animation(
    ticket: Ticket, octaves: Octaves, limits: tuple[float, float], path: Path
) -> str:
    """Write the coarse-to-fine animation; for worker threads."""
    found = octaves(ticket)
    small = [octave for octave in found if max(octave.shape[:2]) <= animation.MAX_SIDE]
    shown = [display.to_display(octave, *limits)[..., 2::-1] for octave in small]
    animation.write(path, animation.coarse_to_fine(shown, ticket), fps=12)
    return f"{path.name} saved."


def numbers(build: Build) -> list[dict[str, object]]:
    """Return sizes and bytes by level."""
    storage = build.storage
    rows, total = [], 0
    for k, octave in enumerate(build.gaussian):
        total += storage.nbytes[k]
        rows.append(
            {
                "level": k,
                "width": octave.shape[1],
                "height": octave.shape[0],
                "samples": storage.samples[k],
                "bytes": storage.nbytes[k],
                "cumulative": total / storage.nbytes[0],
            }
        )
    return rows


def write_numbers(ticket: Ticket, build: Build, path: Path) -> str:
    """Write sizes and bytes as JSON or CSV; for worker threads."""
    ticket.check()
    rows = numbers(build)
    if path.suffix.lower() == ".csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        text = out.getvalue()
    else:
        text = json.dumps({"levels": rows, "bound": build.storage.bound}, indent=2)
    writing.replace_file(path, text.encode())
    return f"{path.name} saved."
