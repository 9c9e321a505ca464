"""Taking away a dream: its picture, its growth, a film, and the steps to it."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute import animation, image, writing
from pyrviewer.compute.image import Origin, from_array
from pyrviewer.compute.pooling.input import part
from pyrviewer.labs.dream import run
from pyrviewer.labs.dream.script import python_script
from pyrviewer.ui.exporter import Exporter
from pyrviewer.ui.menus import context_menu

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.dream.controller import DreamLab
    from pyrviewer.labs.dream.run import Dreamt

MENU = (
    "dream.save", "dream.copy", "dream.open", "", "dream.save_growth", "dream.save_film",
    "dream.save_numbers", "dream.copy_python",
)  # fmt: skip
FPS = 12.0
LINGER = 12  # frames that the end of the growth is shown for


class DreamExporter(Exporter):
    """Writes and copies dreams."""

    def __init__(self, lab: DreamLab) -> None:
        super().__init__(lab, lab.context)
        self._lab = lab
        self._result_lane = lab.context.jobs.lane("Finishing the picture", self)
        self._result_lane.succeeded.connect(self._open)
        self._result_lane.failed.connect(lab.context.notices.error)
        lab.lanes = (*lab.lanes, self._result_lane)

    @property
    def stem(self) -> str:
        """The beginning of the names that are proposed."""
        document = self._lab.document
        return f"{Path(document.name).stem if document else 'image'}_dream"

    def save(self) -> None:
        """Ask for a file and write the picture of the present step in the image's own type."""
        dreamt = self._lab.dreamt
        if dreamt is None:
            return
        pixels = dreamt.trace.image
        suffix = ".tif" if pixels.dtype == np.float32 else ".png"
        path = self.ask("Save dream", f"{self.stem}{suffix}", writing.suffixes_for(pixels))
        if path is not None:
            self.write(partial(write_picture, dreamt=dreamt, step=self._lab.step, path=path))

    def copy(self) -> None:
        """Put the picture of the first pane on the clipboard as it is displayed."""
        canvases = self._lab.view.grid.canvases
        self.copy_layer(next((canvas.layers[0] for canvas in canvases if canvas.layers), None))

    def open(self) -> None:
        """Open the picture of the present step in a tab of its own."""
        dreamt = self._lab.dreamt
        if dreamt is not None:
            work = partial(run.result_at, dreamt=dreamt, step=self._lab.step)
            self._result_lane.submit(work)

    def _open(self, pixels: Array) -> None:
        origin = Origin("clipboard", f"{self.stem}.png")
        self._lab.context.workspace.add(from_array(pixels, origin))

    def save_growth(self) -> None:
        """Ask for a file and write how the dream grew."""
        dreamt = self._lab.dreamt
        if dreamt is None:
            return
        path = self.ask("Export growth", f"{self.stem}.gif", animation.SUFFIXES)
        if path is not None:
            self.write(partial(write_growth, dreamt=dreamt, path=path))

    def save_numbers(self) -> None:
        """Ask for a file and write what the layer answered at each step."""
        dreamt = self._lab.dreamt
        if dreamt is None:
            return
        path = self.ask("Export steps", f"{self.stem}.json", (".json", ".csv"))
        if path is not None:
            self.write(partial(write_numbers, dreamt=dreamt, path=path))

    def copy_python(self) -> None:
        """Put a script on the clipboard that dreams the same."""
        document, dreamt = self._lab.document, self._lab.dreamt
        if document is not None and dreamt is not None:
            path, page = str(document.path or document.name), document.image.origin.page
            self.copy_text(python_script(dreamt, path, page), "Copied as Python.")

    def show_menu(self, place: QPoint) -> None:
        """Open the context menu."""
        context_menu(self._lab.view, self._lab.actions(), MENU).popup(place)


def write_picture(ticket: Ticket, dreamt: Dreamt, step: int, path: Path) -> str:
    """Write the picture after a step; for worker threads."""
    image.write(path, run.result_at(ticket, dreamt, step))
    return f"{path.name} saved."


def write_growth(ticket: Ticket, dreamt: Dreamt, path: Path) -> str:
    """Write all steps at one size; for worker threads."""
    animation.write(path, growth(ticket, dreamt), FPS)
    return f"{path.name} saved."


def growth(ticket: Ticket, dreamt: Dreamt) -> Iterator[Array]:
    """Yield every step at the size of the image, at most `animation.MAX_SIDE`, then its end."""
    height, width = dreamt.trace.image.shape[:2]
    longest = min(max(height, width), animation.MAX_SIDE)
    scale = longest / max(height, width)
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    for step in range(dreamt.length + 1):
        ticket.check(step / (dreamt.length + 1))
        frame = _fitted(part(dreamt.trace.picture(step), None, longest), shape)
        yield frame
    for _ in range(LINGER):
        yield frame


def _fitted(frame: Array, shape: tuple[int, int]) -> Array:
    """Cut or repeat the last row and column, which octaves round differently."""
    rows, columns = (max(0, wanted - is_) for wanted, is_ in zip(shape, frame.shape, strict=False))
    grown = np.pad(frame, ((0, rows), (0, columns), (0, 0)), mode="edge")
    return np.ascontiguousarray(grown[: shape[0], : shape[1]])


def write_numbers(ticket: Ticket, dreamt: Dreamt, path: Path) -> str:
    """Write the objective at each step as JSON or CSV; for worker threads."""
    ticket.check()
    rows: list[dict[str, Any]] = [
        {"octave": step.octave, "step": step.index, "objective": step.value}
        for step in dreamt.trace.steps
    ]
    if path.suffix.lower() == ".csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, ("octave", "step", "objective"))
        writer.writeheader()
        writer.writerows(rows)
        text = out.getvalue()
    else:
        added = [tile.strength for tile in dreamt.tiles]
        state = dreamt.request.state
        about = {"layer": state.layer, "seed": state.seed, "added_rms": added}
        text = json.dumps({**about, "steps": rows}, indent=2)
    writing.replace_file(path, text.encode())
    return f"{path.name} saved."
