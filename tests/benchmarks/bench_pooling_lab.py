"""How fast the Pooling lab answers the mouse: from a move to painted pixels, in every layout.

Run with ``python tests/benchmarks/bench_pooling_lab.py``; QT_QPA_PLATFORM chooses the platform.
"""

from __future__ import annotations

import argparse
import statistics
from typing import TYPE_CHECKING

import numpy as np
from bench_window import hover, idle, picture, running, wait  # sets the platform first
from PyQt6.QtCore import QRectF
from PyQt6.QtWidgets import QApplication

from pyrviewer.compute import image
from pyrviewer.labs.pooling.controller import PoolingLab
from pyrviewer.labs.pooling.state import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyrviewer.app import Program
    from pyrviewer.compute.image import Array

OTHERS = ("pool", "classifier")  # layers that the panel does not offer
GRIDS = ((4, 2, 1), (16, 8, 4, 2, 1), (64, 32, 16, 8, 4, 2))
BINS = ((1, 2, 3, 6), (64, 32, 16, 8, 4, 2))


def lab_of(program: Program) -> PoolingLab:
    """Return the Pooling lab."""
    lab = program.window.lab
    if not isinstance(lab, PoolingLab):
        raise TypeError("the Pooling lab is not on the screen")
    return lab


def worst(program: Program) -> tuple[float, float, str]:
    """Return median and 95th percentile in ms on the slowest widget, and which that is."""
    lab = lab_of(program)
    found: dict[str, list[float]] = {}
    for canvas, spot in zip(lab.view.grid.canvases, lab.view.spots, strict=True):
        if spot.index < 2 or spot.kind != "channel":  # they are all alike
            found[f"{spot.kind} {spot.index}"] = hover(canvas, picture(canvas))
    if lab.view.strip.isVisible():
        found["vector"] = hover(lab.view.strip, QRectF(lab.view.strip.rect()))
    name = max(found, key=lambda name: np.percentile(found[name], 95))
    return statistics.median(found[name]), float(np.percentile(found[name], 95)), name


def choices(program: Program, every: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """Return what is chosen in the panel, by name."""
    source = lab_of(program).network.source
    known = [layer.name for layer in source.layers if layer.kind not in OTHERS] if source else []
    middle = known[len(known) // 2 :][:1]
    for layer in ["", *known] if every else ["", *known[:1], *middle, *known[-1:]]:
        name = layer or "picture"
        for levels in GRIDS:
            yield f"{name}, grids {levels}", {
                "layout": "pyramid", "layer": layer, "levels": levels
            }  # fmt: skip
        yield f"{name}, the same at 16 pixels", {"side": 16}
        yield f"{name}, one channel", {"side": 448, "levels": GRIDS[1], "channel": 0}
        for grid in (3, 64):
            yield f"{name}, rules of {grid} bins", {"layout": "rules", "grid": grid}
        for bins in BINS:
            yield f"{name}, context {bins}", {"layout": "context", "bins": bins}
        for count in COUNTS if layer else ():
            yield f"{name}, {count} channels", {"layout": "channels", "count": count}


def measure(program: Program, pixels: Array, every: bool) -> None:
    """Print everything for a photo."""
    program.workspace.add(image.from_array(pixels, image.Origin("clipboard", "photo")))
    lab, slowest = lab_of(program), 0.0
    wait(lambda: lab.network.source is not None and idle(program))
    for name, fields in choices(program, every):
        for field, value in fields.items():
            lab.change(field, value)
        wait(lambda: idle(program))
        QApplication.processEvents()
        median, late, widget = worst(program)
        slowest = max(slowest, late)
        print(f"{name:48} {median:5.1f} ms ({late:5.1f}) over {widget}", flush=True)
    print(f"slowest 95th percentile: {slowest:.1f} ms")


def main() -> None:
    """Print medians, and 95th percentiles in brackets."""
    from skimage import data

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", action="store_true", help="every layer of the network")
    parser.add_argument("--size", nargs=2, type=int, default=(1920, 1080), help="of the window")
    chosen = parser.parse_args()
    with running("pooling", tuple(chosen.size)) as program:
        measure(program, data.astronaut(), chosen.every)


if __name__ == "__main__":
    main()
