"""Time and memory of exposure fusion and focus stacking against OpenCV's Mertens merge.

Run ``python tests/benchmarks/bench_fusion.py [ROUNDS]``. Each candidate has a process of its own,
which tells how much its memory grew; candidates take turns within each round, and ratios of the
medians are printed.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.fusion import fuse, stack
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]

SHAPE = (3000, 4000, 3)
IMAGES = 5


def exposures() -> list[Array]:
    """Draw 12 MP of smoothed noise, RGB, at several brightnesses."""
    noise = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    scene = cv2.GaussianBlur(noise, (0, 0), 2)
    gains = np.geomspace(0.3, 1.8, IMAGES)
    return [np.asarray(cv2.convertScaleAbs(scene, alpha=gain)) for gain in gains]


def discard(_: int, weights: Array) -> None:
    """Keep no weights: OpenCV gives none."""


METHODS: dict[str, Callable[[list[Array]], object]] = {
    "fuse": lambda images: fuse(images, on_weights=discard),
    "stack": lambda images: stack(images, on_weights=discard),
    "cv2.createMergeMertens": lambda images: cv2.createMergeMertens(1, 1, 1).process(images),
}


def peak() -> float:
    """Return the largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str) -> None:
    """Print seconds and MB of one run."""
    images = exposures()
    before, start = peak(), time.perf_counter()
    METHODS[name](images)
    print(time.perf_counter() - start, peak() - before)


def main() -> None:
    """Print all comparisons."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    found: dict[str, list[list[float]]] = {name: [] for name in METHODS}
    for _ in range(rounds):
        for name, values in found.items():
            command = [sys.executable, __file__, "--measure", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            values.append([float(word) for word in done.stdout.split()])
    print(f"{IMAGES} images of {SHAPE[0]} x {SHAPE[1]} x {SHAPE[2]}, OpenCV {cv2.__version__}")
    medians = {
        name: [statistics.median(column) for column in zip(*values, strict=True)]
        for name, values in found.items()
    }
    seconds_of_cv2, memory_of_cv2 = medians["cv2.createMergeMertens"]
    for name, (seconds, memory) in medians.items():
        print(
            f"{name}: {seconds:.2f} s, {seconds / seconds_of_cv2:.2f} x OpenCV's; "
            f"{memory:.0f} MB more, {memory / memory_of_cv2:.2f} x OpenCV's"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2])
    else:
        main()
