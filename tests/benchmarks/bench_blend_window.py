"""How live the Blend lab is: from a mouse move to painted pixels, and stalls while it exports.

Run with ``python tests/benchmarks/bench_blend_window.py``; QT_QPA_PLATFORM chooses the platform.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bench_window import Stalls, idle, running, wait  # sets the platform first
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication

from pyrviewer.compute.image import Origin, from_array
from pyrviewer.compute.opencv import cv2
from pyrviewer.labs.blend.controller import BlendLab
from pyrviewer.ui.exporter import write_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.app import Program
    from pyrviewer.compute.image import Array
    from pyrviewer.labs.blend.run import Result
    from pyrviewer.ui.canvas import Canvas

SIZES = {12: (3000, 4000), 24: (4000, 6000), 48: (6000, 8000)}
MOVES = 60


def photos(megapixels: int) -> tuple[Array, Array]:
    """Return two of scikit-image's photos, tiled to a size."""
    from skimage import data

    height, width = SIZES[megapixels]
    found = []
    for photo in (data.coffee(), data.chelsea()):
        tile = cv2.resize(photo, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
        rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
        found.append(np.tile(tile, (rows, columns, 1))[:height, :width].copy())
    return found[0], found[1]


def send(canvas: Canvas, kind: QEvent.Type, place: QPointF, button: Qt.MouseButton) -> None:
    """Send a mouse event as Qt would."""
    moving = kind == QEvent.Type.MouseMove
    held = button if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
    event = QMouseEvent(
        kind, place, canvas.mapToGlobal(place),
        Qt.MouseButton.NoButton if moving else button, held, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def lab_of(program: Program) -> BlendLab:
    """Return the Blend lab."""
    lab = program.window.lab
    if not isinstance(lab, BlendLab):
        raise TypeError("the Blend lab is not on the screen")
    return lab


def drag(program: Program, path: Callable[[int], QPointF]) -> list[float]:
    """Drag along a path; return the ms from each move to the frame that shows it."""
    lab = lab_of(program)
    canvas = lab.view.grid.canvases[0]
    frames: list[float] = []
    drawn: list[object] = []

    def take(preview: object) -> None:
        drawn.append(preview)

    lab.previewer.drawn.connect(take)
    left = Qt.MouseButton.LeftButton
    send(canvas, QEvent.Type.MouseButtonPress, path(0), left)
    send(canvas, QEvent.Type.MouseMove, path(20), left)  # no mere click
    for k in range(1, MOVES):
        wait(lambda: not any(lane.busy for lane in lab.previewer.lanes))
        drawn.clear()
        painted: list[float] = []

        def note(painted: list[float] = painted) -> None:
            if drawn:
                painted.append(time.perf_counter())

        canvas.painted.connect(note)
        start = time.perf_counter()
        send(canvas, QEvent.Type.MouseMove, path(k), left)
        wait(lambda: bool(painted))  # noqa: B023 - used at once
        canvas.painted.disconnect(note)
        frames.append((painted[0] - start) * 1000)
    send(canvas, QEvent.Type.MouseButtonRelease, path(MOVES), left)
    wait(partial(idle, program), 120)
    lab.previewer.drawn.disconnect(take)
    return frames


def report(name: str, frames: list[float]) -> None:
    """Print median and 95th percentile."""
    median, slow = statistics.median(frames), float(np.percentile(frames, 95))
    print(f"{name}: median {median:.1f} ms, 95th percentile {slow:.1f} ms")


def bench(program: Program, megapixels: int) -> None:
    """Open a pair, drag its seam, paint on it, export while painting."""
    for document in program.workspace.documents:
        program.workspace.close(document)
    a, b = photos(megapixels)
    program.workspace.add(from_array(b, Origin("clipboard", "b")))
    program.workspace.add(from_array(a, Origin("clipboard", "a")))
    lab = lab_of(program)
    wait(lambda: idle(program) and lab.scene.result is not None, 120)
    canvas = lab.view.grid.canvases[0]
    middle = QPointF(canvas.width() / 2, canvas.height() / 2)
    lab.hands.take("seam")
    report(
        f"{megapixels} MP, seam",
        drag(program, lambda k: middle + QPointF(2.0 * k - 60, 40.0)),
    )
    lab.hands.take("brush")
    lab.hands.set_radius(min(SIZES[megapixels]) / 20)
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        send(canvas, kind, middle, Qt.MouseButton.LeftButton)  # the outline becomes a painted mask
    wait(partial(idle, program), 120)
    report(f"{megapixels} MP, brush", drag(program, lambda k: middle + QPointF(3.0 * k - 90, k)))
    stalls = Stalls()
    result = lab.scene.result
    if result is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        work = partial(export, result=result, path=Path(folder) / "blend.png")
        lab.exporter.write(work)
        stalls.start()
        frames = drag(program, lambda k: middle + QPointF(60.0 - 3.0 * k, 50 + k))
        longest = stalls.stop()
    report(f"{megapixels} MP, brush while exporting", frames)
    print(f"  longest stall {longest:.0f} ms")


def export(ticket: object, result: Result, path: Path) -> str:
    """Blend anew at full resolution and write it."""
    from pyrviewer.compute import blend
    from pyrviewer.compute.ticket import Ticket

    pixels = blend.blend(result.pair.a, result.pair.b, result.mask)
    return write_picture(Ticket(), pixels, path)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), choices=list(SIZES))
    options = parser.parse_args()
    with running("blend") as program:
        for megapixels in options.sizes:
            bench(program, megapixels)


if __name__ == "__main__":
    main()
