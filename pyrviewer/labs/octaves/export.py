"""Taking away what the Octaves lab shows."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog

from pyrviewer.compute import animation, display, image, writing
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.signed import savable
from pyrviewer.labs.octaves.script import python_script
from pyrviewer.session.viewport import Viewport
from pyrviewer.ui.canvas import Canvas
from pyrviewer.ui.menus import context_menu
from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.octaves.controller import OctavesLab
    from pyrviewer.labs.octaves.run import Build, Octave

MENU = (
    "octaves.copy_octave", "octaves.save_octave", "octaves.pop_out", "", "octaves.save_all",
    "octaves.save_animation", "octaves.save_numbers", "octaves.copy_python",
)  # fmt: skip


class Exporter(QObject):
    """Writes and copies octaves in the background, asking where to."""

    def __init__(self, lab: OctavesLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self._lane = lab.context.jobs.lane("Exporting", self)
        self._lane.succeeded.connect(lab.context.notices.info)
        self._lane.failed.connect(lab.context.notices.error)
        lab.lanes = (*lab.lanes, self._lane)

    # Where to

    def _stem(self) -> str:
        document = self._lab.document
        return Path(document.name).stem if document else "octaves"

    def _ask(self, title: str, name: str, filters: str) -> Path | None:
        settings = self._lab.context.settings
        folder = settings.get("export_folder", "")
        chosen, _ = QFileDialog.getSaveFileName(
            self._lab.view, title, str(Path(folder) / name), filters
        )
        if not chosen:
            return None
        settings.set("export_folder", str(Path(chosen).parent))
        return Path(chosen)

    def _chosen(self) -> tuple[Build, Octave] | None:
        build = self._lab.build
        if build is None or not build.complete:
            return None
        return build, build.octaves[min(self._lab.state.selected, len(build.octaves) - 1)]

    # Saving

    def save_octave(self) -> None:
        """Ask for a file and write the selected octave."""
        found = self._chosen()
        if found is None:
            return
        octave = found[1]
        suffix = ".tif" if savable(octave.source).dtype == "float32" else ".png"
        name = f"{self._stem()}_{octave.level}{suffix}"
        path = self._ask("Save octave", name, "Images (*.png *.tif *.jpg *.webp *.bmp)")
        if path is not None:
            self._lane.submit(partial(write_octave, octave=octave, path=path))

    def save_all(self) -> None:
        """Ask for a folder and write every octave."""
        build = self._lab.build
        folder = QFileDialog.getExistingDirectory(self._lab.view, "Save all octaves into")
        if build is not None and build.complete and folder:
            work = partial(write_all, build=build, folder=Path(folder), stem=self._stem())
            self._lane.submit(work)

    def save_animation(self) -> None:
        """Ask for a file and write the coarse-to-fine animation."""
        build = self._lab.build
        name = f"{self._stem()}_coarse_to_fine.gif"
        path = self._ask("Export animation", name, "Animations (*.gif *.mp4)")
        if build is not None and path is not None:
            self._lane.submit(partial(write_animation, build=build, path=path))

    def save_numbers(self) -> None:
        """Ask for a file and write sizes and bytes."""
        build = self._lab.build
        path = self._ask("Export numbers", f"{self._stem()}.json", "Numbers (*.json *.csv)")
        if build is not None and path is not None:
            self._lane.submit(partial(write_numbers, build=build, path=path))

    # Copying

    def copy_octave(self) -> None:
        """Put the selected octave on the clipboard as it is displayed."""
        found, clipboard = self._chosen(), QGuiApplication.clipboard()
        if found is None or clipboard is None:
            return
        mip = found[1].mips[0]
        if mip is not None:
            edge = mip.border
            height, width = (side - 2 * edge for side in mip.pixels.shape[:2])
            pixels = mip.pixels[edge : edge + height, edge : edge + width].copy()
            clipboard.setImage(qimage(pixels).copy())
            self._lab.context.notices.info(f"Octave {found[1].level} copied, {width} × {height}.")

    def copy_python(self) -> None:
        """Put a script on the clipboard that computes these octaves."""
        clipboard, build = QGuiApplication.clipboard(), self._lab.build
        if clipboard is not None and build is not None and self._lab.document is not None:
            path = self._lab.document.path
            clipboard.setText(python_script(build.request, str(path or "image.png")))
            self._lab.context.notices.info("Copied as Python.")

    # Showing elsewhere

    def pop_out(self) -> None:
        """Show the selected octave in a window of its own."""
        found = self._chosen()
        if found is None:
            return
        layer = self._lab.view.native_layer(*found)
        viewport = Viewport()
        canvas = Canvas(viewport, self._lab.view)
        canvas.setWindowFlag(Qt.WindowType.Window)
        canvas.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        viewport.setParent(canvas)
        canvas.setWindowTitle(f"{self._stem()} · {layer.title}")
        canvas.set_layers([layer])
        canvas.resize(640, 480)
        canvas.show()
        viewport.set_view(canvas.fitted(), fitting=True)

    def show_menu(self, place: QPoint) -> None:
        """Open the context menu of a pane."""
        context_menu(self._lab.view, self._lab.actions(), MENU).popup(place)


def write_octave(ticket: Ticket, octave: Octave, path: Path) -> str:
    """Write one octave; for worker threads."""
    ticket.check(0)
    image.write(path, savable(octave.source))
    return f"{path.name} saved."


def write_all(ticket: Ticket, build: Build, folder: Path, stem: str) -> str:
    """Write every octave into a folder; for worker threads."""
    for octave in build.octaves:
        ticket.check(octave.level / len(build.octaves))
        pixels = savable(octave.source)
        suffix = ".tif" if pixels.dtype == "float32" else ".png"
        image.write(folder / f"{stem}_{build.request.kind}_{octave.level}{suffix}", pixels)
    return f"{len(build.octaves)} octaves saved in {folder.name}."


def write_animation(ticket: Ticket, build: Build, path: Path) -> str:
    """Write the coarse-to-fine animation; for worker threads."""
    request = build.request
    if request.prefilter != "binomial" or request.ratio != 2:
        raise UserError(f"{path.name}: the animation needs binomial octaves at ratio 2.")
    limits = build.range
    small = [octave for octave in build.gaussian if max(octave.shape[:2]) <= animation.MAX_SIDE]
    shown = [
        display.to_display(octave, *limits)[..., 2::-1] for octave in small or build.gaussian[-1:]
    ]
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
    ticket.check(0)
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
