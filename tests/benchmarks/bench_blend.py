"""Time and memory of the blend against the textbook's, enblend, and what a live preview may take.

Run ``python tests/benchmarks/bench_blend.py [--rounds N] [--enblend] [--preview] [--memory]``.
Candidates take turns within each round, and ratios of their medians are printed: other load on the
machine meets all of them alike. ``--enblend`` needs Debian's package of that name, ``--memory``
Linux.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import statistics
import subprocess
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from bench_pyramid import medians, report

from pyrviewer.compute import blend, image, mask
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.ticket import Cancelled, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]

LEVELS = 8
SHAPES = {12: (3000, 4000), 24: (4000, 6000), 48: (6000, 8000)}
CANVAS = (960, 1560)  # what bars and a panel leave of a window of 1080 x 1920
STRIP = 8  # columns that only one image has: enblend refuses images that overlap fully
PHOTO = Path(__file__).parents[2] / "resources" / "samples" / "hippo.jpg"


def pair(megapixels: int) -> tuple[Array, Array, Array]:
    """Return a photo, the same mirrored, and a mask with a slanted seam."""
    height, width = SHAPES[megapixels]
    a = cv2.resize(image.read(PHOTO).pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(a), np.ascontiguousarray(a[:, ::-1]), slanted((height, width), 0)


def slanted(shape: tuple[int, int], shift: float, octave: int = 0) -> Array:
    """Draw a seam a bit off the upright, moved to the right."""
    height, width = shape
    line = mask.Seam((width / 2 + shift, 0.0), (width / 2.2 + shift, float(height)))
    return mask.rasterise(line, shape, octave=octave)


def octaves_of(values: Array) -> list[Array]:
    """Run ``cv2.pyrDown`` and nothing else."""
    octaves = [values]
    for _ in range(LEVELS):
        octaves.append(np.asarray(cv2.pyrDown(octaves[-1])))
    return octaves


def bands_of(values: Array) -> list[Array]:
    """Return Laplacian bands and the residual."""
    octaves = octaves_of(values)
    bands = [
        finer - cv2.pyrUp(coarser, dstsize=finer.shape[1::-1])
        for finer, coarser in pairwise(octaves)
    ]
    return [*bands, octaves[-1]]


def textbook(a: Array, b: Array, chosen: Array) -> Array:
    """Blend as the textbooks do: all in float32, one pyramid after the other."""
    weights = octaves_of(np.repeat(chosen[..., None] / np.float32(255), 3, axis=2))
    bands_a, bands_b = bands_of(a.astype(np.float32)), bands_of(b.astype(np.float32))
    mixed = [w * x + (1 - w) * y for w, x, y in zip(weights, bands_a, bands_b, strict=True)]
    total = mixed[-1]
    for band in reversed(mixed[:-1]):
        total = cv2.pyrUp(total, dstsize=band.shape[1::-1]) + band
    return np.asarray(np.clip(np.rint(total), 0, 255), np.uint8)


def ours(a: Array, b: Array, chosen: Array) -> Array:
    """Blend as this program does."""
    return blend.blend(a, b, chosen, LEVELS)


def milliseconds(run: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)


def compare_textbook(rounds: int) -> None:
    """Whole blends of 12 MP."""
    a, b, chosen = pair(12)
    work: dict[str, Callable[[], object]] = {
        "blend": lambda: ours(a, b, chosen),
        "textbook float32": lambda: textbook(a, b, chosen),
        "blend in linear light": lambda: blend.blend(a, b, chosen, LEVELS, linear=True),
        "blend_report": lambda: blend.blend_report(a, b, chosen, LEVELS),
    }
    report(f"12 MP RGB uint8, {LEVELS} levels", medians(rounds, work))
    off = np.abs(ours(a, b, chosen).astype(int) - textbook(a, b, chosen))
    print(f"    furthest from the textbook: {off.max()} of 255")
    deep = [picture.astype(np.uint16) * 257 for picture in (a, b)]
    took = medians(rounds, {"blend": lambda: ours(deep[0], deep[1], chosen)})
    report("12 MP RGB uint16", took)


# Memory


def extra_memory(name: str) -> float:
    """Peak of resident memory above what there was before, in MB; in a process of its own."""
    a, b, chosen = pair(12)
    cv2.pyrUp(cv2.pyrDown(a[:99, :99].astype(np.float32)))  # what OpenCV needs itself
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    kept = {"blend": ours, "textbook": textbook}[name](a, b, chosen)
    return resident("VmHWM") - before - kept.nbytes / 1e6


def engine_memory(megapixels: int) -> float:
    """Resident memory of an engine that shows a whole window, without the two images, in MB."""
    a, b, chosen = pair(megapixels)
    before = resident("VmRSS")
    engine = blend.BlendEngine(a, b, LEVELS, shown_octave(megapixels))
    engine.set_mask(chosen)
    engine.render_display()
    return resident("VmRSS") - before


def resident(field: str) -> float:
    """Read a number of this process from Linux, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 1e3


def compare_memory() -> None:
    """Print what each needs beside its arguments and its result."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        first, other = (pool.apply(extra_memory, (name,)) for name in ("blend", "textbook"))
        print(f"Extra memory at 12 MP: blend {first:.0f} MB, textbook {other:.0f} MB: "
              f"{first / other:.2f}")  # fmt: skip
        for megapixels in SHAPES:
            held = pool.apply(engine_memory, (megapixels,))
            print(f"Engine at {megapixels} MP: {held:.0f} MB beside the images")


# enblend


def compare_enblend(rounds: int) -> None:
    """Whole runs from files to a file, and how far the pictures are apart."""
    a, b, chosen = pair(12)
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder, f"{name}.tif")) for name in ("a", "b", "mask", "out", "ours")]
        plain = (cv2.IMWRITE_TIFF_COMPRESSION, 1)
        for name, picture, columns in (
            (names[0], a, slice(0, -STRIP)),
            (names[1], b, slice(STRIP, None)),
        ):
            alpha = np.zeros(a.shape[:2], np.uint8)
            alpha[:, columns] = 255
            cv2.imwrite(name, np.dstack([picture[..., ::-1], alpha]), plain)
        cv2.imwrite(names[2], 255 - chosen, plain)  # white is the second image
        # It counts the residual as a level.
        command = ["enblend", f"--levels={LEVELS + 1}", f"--load-masks={names[2]}",
                   "--compression=none", f"--output={names[3]}", *names[:2]]  # fmt: skip
        times = medians(
            rounds,
            {
                "read, blend, write": lambda: from_files(names),
                "blend": lambda: ours(a, b, chosen),
                "enblend": lambda: subprocess.run(command, check=True, capture_output=True),
            },
        )
        report("Whole runs at 12 MP", times)
        theirs = image.read(names[3]).pixels[:, STRIP:-STRIP, :3].astype(int)
    off = np.abs(theirs - ours(a, b, chosen)[:, STRIP:-STRIP])
    print(f"    furthest from enblend: {off.max()} of 255, mean {off.mean():.3f}")


def from_files(names: list[str]) -> None:
    """Do what enblend does: read two images and a mask, blend, write."""
    a, b, chosen = (image.read(name).pixels for name in names[:3])
    result = ours(a[..., :3], b[..., :3], 255 - chosen)
    cv2.imwrite(names[4], result[..., ::-1], (cv2.IMWRITE_TIFF_COMPRESSION, 1))


# Preview


def shown_octave(megapixels: int) -> int:
    """Return the octave that a canvas draws when the whole image is in a window."""
    scale = min(room / side for room, side in zip(CANVAS, SHAPES[megapixels], strict=True))
    return max(0, round(-math.log2(scale)))


def frames(
    engine: blend.BlendEngine,
    move: Callable[[int], None],
    until: Callable[[int], bool] | None = None,
) -> list[float]:
    """Time frames from the move of the mouse to the bytes for the screen."""
    times: list[float] = []
    while until(len(times)) if until else len(times) < 65:
        start = time.perf_counter()
        move(len(times))
        engine.render_display()
        times.append(1e3 * (time.perf_counter() - start))
    return times if until else times[5:]


def told(times: list[float]) -> str:
    """Say how long frames took."""
    late = sorted(times)[int(0.95 * len(times))]
    return f"median {statistics.median(times):.1f}, 95 % {late:.1f}, longest {max(times):.1f} ms"


def compare_preview(megapixels: int) -> None:
    """Frames of a dragged seam and of a brush, and their distance from the exact picture."""
    a, b, chosen = pair(megapixels)
    shape, octave = SHAPES[megapixels], shown_octave(megapixels)
    prepared = milliseconds(lambda: blend.BlendEngine(a, b, LEVELS, octave))
    engine = blend.BlendEngine(a, b, LEVELS, octave)
    start = time.perf_counter()
    engine.set_mask(chosen)
    engine.render_display()
    released = 1e3 * (time.perf_counter() - start)
    level = blend.levels_of(a, b, chosen, LEVELS, octave=octave)[0]
    off = np.abs(engine.render().astype(int) - level.partial).max()
    del level
    print(f"{megapixels} MP at octave {octave}: prepared in {prepared:.0f} ms, first exact frame "
          f"{released:.0f} ms, {off} of 255 from the partial collapse")  # fmt: skip

    def drag(i: int) -> None:
        engine.set_octave_mask(slanted(shape, 12.0 * i, octave))

    def paint(i: int) -> None:
        x, y = shape[1] // 4 + 20 * (i % 90), shape[0] // 3 + 10 * (i % 90)
        engine.update((x, y, x + 200, y + 200), np.full((200, 200), 255 * (i % 2), np.uint8))

    dragged = frames(engine, drag)
    print(f"    seam dragged: {told(dragged)}")
    print(f"    brush of 200 pixels: {told(frames(engine, paint))}")
    height, width = (min(side, room) for side, room in zip(shape, CANVAS, strict=True))
    engine.shown(0, (shape[1] // 4, shape[0] // 3, shape[1] // 4 + width, shape[0] // 3 + height))
    print(f"    brush at full size: {told(frames(engine, paint))}")
    if megapixels <= 24:
        full = milliseconds(lambda: textbook(a, b, chosen))
        print(
            f"    textbook blend of all: {full / statistics.median(dragged):.0f} x a dragged frame"
        )
    if megapixels == 48:
        paint_while_exporting(engine, paint)


def paint_while_exporting(engine: blend.BlendEngine, paint: Callable[[int], None]) -> None:
    """Time frames beside an export, and how soon that can be cancelled."""
    thread = threading.Thread(target=engine.export)
    thread.start()
    print(f"    during an export: {told(frames(engine, paint, lambda _: thread.is_alive()))}")
    ticket, stopped = Ticket(), threading.Event()

    def export() -> None:
        try:
            engine.export(ticket)
        except Cancelled:
            stopped.set()

    threading.Thread(target=export).start()
    time.sleep(0.3)
    ticket.cancel()
    print(f"    export cancelled in {milliseconds(lambda: stopped.wait(5)):.0f} ms")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    for name in ("enblend", "preview", "memory"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    print(f"OpenCV {cv2.__version__}, {os.cpu_count()} processors")
    compare_textbook(options.rounds)
    if options.memory:
        compare_memory()
    if options.enblend:
        compare_enblend(options.rounds)
    if options.preview:
        for megapixels in SHAPES:
            compare_preview(megapixels)


if __name__ == "__main__":
    main()
