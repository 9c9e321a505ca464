"""How long the window takes: opening, stalls of the GUI thread, frames, memory.

Run with ``python tests/benchmarks/bench_window.py``; QT_QPA_PLATFORM chooses the platform. Ratios
are of medians from interleaved runs in one process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PyQt6.QtCore import QEvent, QEventLoop, QObject, QPointF, QRectF, QSettings, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication

from pyrviewer.app import Program, make_application
from pyrviewer.compute.opencv import cv2
from pyrviewer.labs.octaves.controller import OctavesLab
from pyrviewer.session.document import OpenRequest
from pyrviewer.ui import theme
from pyrviewer.ui.timers import after, every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PyQt6.QtWidgets import QWidget

    from pyrviewer.ui.canvas import Canvas

HEARTBEAT = 5  # ms
MOVES = 60  # of the mouse, over a pane
SIZES = {12: (3000, 4000), 48: (6000, 8000)}


def photo(folder: Path, megapixels: int) -> Path:
    """Write a JPEG of a size with the detail of a photo: one of scikit-image's, tiled."""
    from skimage import data

    height, width = SIZES[megapixels]
    tile = cv2.resize(data.coffee(), None, fx=2.0, fy=2.0, interpolation=cv2.INTER_CUBIC)
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    pixels = np.tile(tile, (rows, columns, 1))[:height, :width]
    path = folder / f"photo{megapixels}.jpg"
    cv2.imwrite(str(path), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


class Stalls(QObject):
    """Gaps between the beats of a timer in the GUI thread, beyond its interval."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = every(self, HEARTBEAT, self._beat)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)

    def start(self) -> None:
        """Begin to count."""
        self.gaps = []
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> float:
        """Return the longest gap in ms."""
        self._timer.stop()
        return max(self.gaps, default=0.0)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000 - HEARTBEAT)
        self._last = now


def wait(until: Callable[[], bool], limit: float = 60.0) -> None:
    """Let Qt work until something holds."""
    loop = QEventLoop()

    def look() -> None:
        if until():
            loop.quit()

    timers = (every(loop, 1, look), after(loop, round(limit * 1000), loop.quit))
    if not until():
        for timer in timers:
            timer.start()
        loop.exec()
    for timer in timers:
        timer.stop()
    if not until():
        raise TimeoutError("the program did not come to rest")


def lab_of(program: Program) -> OctavesLab:
    """Return the Octaves lab."""
    lab = program.window.lab
    if not isinstance(lab, OctavesLab):
        raise TypeError("the Octaves lab is not on the screen")
    return lab


def idle(program: Program) -> bool:
    """Tell whether nothing is being worked on."""
    lab = program.window.lab
    lanes = [program.workspace.lane, program.thumbnails, *(lab.lanes if lab else ())]
    return not any(lane.busy for lane in lanes)


@dataclass
class Opening:
    """When the first pixels and the whole pyramid were on the screen, in seconds."""

    first: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)
    decode: list[float] = field(default_factory=list)


def open_once(program: Program, path: Path, times: Opening) -> None:
    """Open a file as the first one and time what the user sees."""
    for document in program.workspace.documents:
        program.workspace.close(document)
    wait(lambda: idle(program))
    lab = lab_of(program)
    seen = {"first": 0.0, "complete": 0.0}
    start = time.perf_counter()

    def painted() -> None:
        now = time.perf_counter() - start
        build = lab.build
        if build is not None:
            seen["first"] = seen["first"] or now
            if build.complete:
                seen["complete"] = seen["complete"] or now

    program.workspace.open(OpenRequest(path))
    connected: set[object] = set()

    def follow() -> bool:
        for canvas in lab.view.grid.canvases:
            if canvas not in connected:
                connected.add(canvas)
                canvas.painted.connect(painted)
        return seen["complete"] > 0

    wait(follow)
    times.first.append(seen["first"])
    times.complete.append(seen["complete"])
    begun = time.perf_counter()
    cv2.imread(str(path))
    times.decode.append(time.perf_counter() - begun)


def bench_opening(program: Program, path: Path, runs: int) -> None:
    """Time opening against the decode alone."""
    times = Opening()
    for _ in range(runs + 1):
        open_once(program, path, times)
    first, complete, decode = (
        statistics.median(values[1:]) for values in (times.first, times.complete, times.decode)
    )
    print(f"{path.stem}: decode alone {decode * 1000:.0f} ms; first pixels {first / decode:.2f}x,")
    print(f"  all octaves {complete / decode:.2f}x (medians of {runs})")


def bench_stalls(program: Program, path: Path, folder: Path) -> None:
    """Measure the longest stall while a file opens, builds, switches kind and exports."""
    from functools import partial

    from pyrviewer.labs.octaves.export import write_all

    stalls = Stalls()
    lab = lab_of(program)
    for document in program.workspace.documents:
        program.workspace.close(document)
    wait(lambda: idle(program))
    steps: list[tuple[str, Callable[[], object]]] = [
        ("open and build", lambda: program.workspace.open(OpenRequest(path))),
        ("to Laplacian", lambda: lab.change("kind", "laplacian")),
        ("to DoG", lambda: lab.change("kind", "dog")),
        ("back to Gaussian", lambda: lab.change("kind", "gaussian")),
        ("to the grid", lambda: lab.change("layout", "grid")),
        ("to rebuilding", lambda: lab.change("layout", "rebuild")),
        ("mute a band", lambda: lab.change("muted", (0,))),
        ("aliasing bench", lambda: lab.change("layout", "aliasing")),
        ("both rows", lambda: lab.change("layout", "both")),
    ]

    def export() -> None:
        build = lab.build
        if build is not None:
            work = partial(write_all, build=build, folder=folder, stem="bench")
            lab.lanes[-1].submit(work)

    steps.append(("export all", export))
    for name, run in steps:
        stalls.start()
        run()
        wait(lambda: idle(program), 300)
        end = time.perf_counter() + 0.3
        wait(lambda: time.perf_counter() > end)  # noqa: B023 - used before the next turn
        print(f"{path.stem}: {name}: longest stall {stalls.stop():.0f} ms")


def bench_frames(program: Program, path: Path) -> None:
    """Time pan and zoom frames with eight linked panes, from the move to painted pixels."""
    lab = lab_of(program)
    if not program.workspace.documents:
        program.workspace.open(OpenRequest(path))
        wait(lambda: lab.build is not None and lab.build.complete)
    lab.change("layout", "grid")
    lab.change("levels", 7)
    wait(lambda: idle(program) and len(lab.view.grid.canvases) == 8)
    view, canvases = lab.view.shared, lab.view.grid.canvases
    for name, scale in (("fit", view.view.scale), ("25 %", 0.25), ("100 %", 1.0), ("400 %", 4.0)):
        lab.view.grid.zoom_to(scale)
        end = time.perf_counter() + 0.5
        wait(lambda: time.perf_counter() > end and idle(program))  # noqa: B023 - used at once
        frames = []
        for k in range(40):
            start = time.perf_counter()
            if k % 2:
                view.pan(7 / scale, 4 / scale)
            else:
                canvases[0].zoom_at(1.01 if k % 4 else 1 / 1.01, QPointF(100, 100))
            lab.view.grid.repaint()
            frames.append((time.perf_counter() - start) * 1000)
        print(
            f"{path.stem}: eight panes at {name}: frame median {statistics.median(frames):.1f} ms, "
            f"slowest {max(frames):.1f} ms"
        )


def bench_memory(program: Program, path: Path) -> None:
    """Measure the peak resident memory of opening, over that of the idle program."""
    page = os.sysconf("SC_PAGE_SIZE")

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page

    for document in program.workspace.documents:
        program.workspace.close(document)
    wait(lambda: idle(program))
    base, peak, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], resident())
            time.sleep(0.002)

    thread = threading.Thread(target=watch)
    thread.start()
    lab = lab_of(program)
    program.workspace.open(OpenRequest(path))
    wait(lambda: lab.build is not None and lab.build.complete and idle(program))
    done.set()
    thread.join()
    pixels = program.workspace.documents[0].pixels.nbytes
    print(f"{path.stem}: peak memory of opening {(peak[0] - base) / pixels:.2f}x the image's bytes")


def hover(widget: QWidget, box: QRectF) -> list[float]:
    """Move the mouse all over a part of a widget; return the ms of each move."""
    taken, none = [], Qt.MouseButton.NoButton
    for k in range(MOVES):
        across, down = ((k * step % MOVES + 0.5) / MOVES for step in (7, 13))
        place = box.topLeft() + QPointF(box.width() * across, box.height() * down)
        kind, keys = QEvent.Type.MouseMove, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, place, widget.mapToGlobal(place), none, none, keys)
        start = time.perf_counter()
        QApplication.sendEvent(widget, event)
        QApplication.processEvents()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def picture(canvas: Canvas) -> QRectF:
    """Return where the picture of a pane is seen."""
    box, ratio = canvas.mapping().rect(*canvas.extent()), canvas.ratio
    shown = QRectF(box.topLeft() / ratio, box.size() / ratio)
    return shown.intersected(QRectF(canvas.rect()))


@contextmanager
def running(lab: str, size: tuple[int, int] = (1920, 1080)) -> Iterator[Program]:
    """Run the program in a window that remembers nothing, with a lab on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        application = make_application()
        theme.apply(application, "dark")
        program = Program(remember=False)
        program.start([])
        program.window.showNormal()
        program.window.resize(*size)
        program.window.show_lab(lab)
        wait(lambda: idle(program))
        yield program
        program.window.close()
        program.shutdown()


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--only", choices=("opening", "stalls", "frames", "memory"))
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    with tempfile.TemporaryDirectory() as scratch, running("octaves", (width, height)) as program:
        folder = Path(scratch)
        large = photo(folder, 48)
        if options.only in (None, "memory"):
            bench_memory(program, large)
        if options.only in (None, "opening"):
            for megapixels in SIZES:
                bench_opening(program, photo(folder, megapixels), options.runs)
        if options.only in (None, "stalls"):
            bench_stalls(program, large, folder)
        if options.only in (None, "frames"):
            bench_frames(program, large)


if __name__ == "__main__":
    main()
