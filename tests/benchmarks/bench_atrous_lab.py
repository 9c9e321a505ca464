"""How fast the Atrous lab answers: the mouse over its panes, the rate slider, a stroke.

Run with ``python tests/benchmarks/bench_atrous_lab.py``; QT_QPA_PLATFORM chooses the platform.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import skimage
from bench_window import hover, idle, picture, running, wait
from PyQt6.QtWidgets import QApplication

from pyrviewer.compute import image
from pyrviewer.compute.pooling.input import part
from pyrviewer.compute.segment import Stroke
from pyrviewer.labs.atrous.controller import AtrousLab

if TYPE_CHECKING:
    from pyrviewer.app import Program

LAYERS = ("", "block 3 expand", "block 5")
STEPS = 40


def lab_of(program: Program) -> AtrousLab:
    """Return the Atrous lab."""
    lab = program.window.lab
    if not isinstance(lab, AtrousLab):
        raise TypeError("the Atrous lab is not on the screen")
    return lab


def hover_over(program: Program, spot: str) -> tuple[float, float]:
    """Return median and 95th percentile in ms of a mouse move over a pane, painted."""
    lab = lab_of(program)
    QApplication.processEvents()  # the panes of a new layout are shown
    canvas = lab.view.grid.canvases[lab.view.spots.index(spot)]
    taken = hover(canvas, picture(canvas))
    return statistics.median(taken), float(np.percentile(taken, 95))


def slide(program: Program) -> tuple[float, float]:
    """Return median and 95th percentile in ms from a move of the rate slider to its picture."""
    lab, taken = lab_of(program), []
    for rate in range(2, 2 + STEPS):
        before, start = lab.found, time.perf_counter()
        lab.panel.rate.setValue(rate)
        wait(lambda before=before: lab.found is not before)  # type: ignore[misc] # a bound default
        for canvas in lab.view.grid.canvases:
            canvas.repaint()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken), float(np.percentile(taken, 95))


def scribble(program: Program) -> float:
    """Return the seconds from the end of a stroke to its mask on the screen."""
    lab, taken = lab_of(program), []
    for k in range(5):
        y = 100.0 + 80 * k
        strokes = (Stroke(1, 10.0, ((500.0, y), (700.0, y))),
                   Stroke(2, 10.0, ((40.0, 40.0), (40.0, 700.0))))  # fmt: skip
        before, start = lab.painting.found, time.perf_counter()
        lab.change("strokes", strokes)
        wait(lambda before=before: lab.painting.found is not before)  # type: ignore[misc] # a bound default
        for canvas in lab.view.grid.canvases:
            canvas.repaint()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure(program: Program) -> None:
    """Print everything for a photo of one megapixel."""
    photo = image.read(Path(skimage.__file__).parent / "data" / "motorcycle_left.png").pixels
    pixels = np.ascontiguousarray(part(photo, None, 1216))
    program.workspace.add(image.from_array(pixels, image.Origin("clipboard", "photo")))
    wait(lambda: idle(program))
    lab = lab_of(program)
    for layer in LAYERS:
        lab.change("layer", layer)
        wait(lambda: idle(program))
        values = "hover {:.1f} ms ({:.1f}), rate slider {:.1f} ms ({:.1f})"
        text = values.format(*hover_over(program, "input"), *slide(program))
        print(f"{layer or 'picture'}: {text}")
    for layout, spot in (("phases", "input"), ("stacked", "input"), ("aspp", "image"),
                         ("deeplab", "image 8")):  # fmt: skip
        lab.change("layout", layout)
        wait(lambda: idle(program))
        print("{}: hover {:.1f} ms ({:.1f})".format(layout, *hover_over(program, spot)))
    lab.change("layout", "segment")
    wait(lambda: idle(program))
    mega = pixels.shape[0] * pixels.shape[1] / 1e6
    print(f"segment: stroke to mask of {mega:.2f} MP in {scribble(program):.2f} s")
    wait(lambda: idle(program))


def main() -> None:
    """Print medians, and 95th percentiles in brackets."""
    with running("atrous") as program:
        measure(program)


if __name__ == "__main__":
    main()
