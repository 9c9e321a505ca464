"""How well scribbles segment where the truth is known, for each set of branches, and how fast.

Run ``python tests/benchmarks/bench_segment.py`` where scikit-image is installed. A horse's outline
is filled with one photo and pasted into another; the disparity of a stereo pair splits its left
picture in foreground and background. Strokes are drawn by a script, from three seeds.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import skimage

from pyrviewer.compute import image, segment
from pyrviewer.compute.filter_bank import FilterBank
from pyrviewer.compute.network import load
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pooling.input import part

if TYPE_CHECKING:
    import numpy.typing as npt

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.pixels import Array

    Case = tuple[Array, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]

PHOTOS = Path(skimage.__file__).parent / "data"
SEEDS = (1, 2)
STROKES = 2  # of each class
CORRECTIONS = 6
PAIRS = (
    ("coffee.png", "chelsea.png"), ("rocket.jpg", "coffee.png"),
    ("astronaut.png", "rocket.jpg"), ("chelsea.png", "astronaut.png"),
)  # fmt: skip
NEAR = 38  # pixels of disparity from which something is in the foreground


def photo(name: str) -> Array:
    return image.read(PHOTOS / name).pixels[..., :3]


def cases() -> dict[str, Case]:
    """Return images, their true foreground, and where it is known."""
    horse = image.read(PHOTOS / "horse.png").pixels
    inside = cv2.resize((horse[..., 0] == 0).astype(np.uint8), (300, 246)) > 0
    found: dict[str, Case] = {}
    for ground, filling in PAIRS:
        pixels = photo(ground).copy()
        truth = np.zeros(pixels.shape[:2], bool)
        y, x = ((pixels.shape[i] - inside.shape[i]) // 2 for i in (0, 1))
        window = np.s_[y : y + inside.shape[0], x : x + inside.shape[1]]
        pixels[window][inside] = cv2.resize(photo(filling), (300, 246))[inside]
        truth[window] = inside
        found[f"{filling} in {ground}"] = pixels, truth, np.ones(truth.shape, bool)
    disparity = np.load(PHOTOS / "motorcycle_disp.npz")["arr_0"]
    known = np.isfinite(disparity)
    near = np.where(known, disparity, 0) > NEAR
    found["stereo pair"] = photo("motorcycle_left.png"), near, known
    return found


def scribbles(truth: npt.NDArray[np.bool_], seed: int) -> list[segment.Stroke]:
    """Walk inside each class, away from its borders."""
    rng = np.random.default_rng(seed)
    strokes = []
    for label, area in ((1, ~truth), (2, truth)):
        depth = cv2.distanceTransform(area.astype(np.uint8), cv2.DIST_L2, 5)
        rows, columns = np.nonzero(depth > max(5.0, 0.2 * float(depth.max())))
        for _ in range(STROKES):
            start = rng.integers(len(rows))
            points = [(float(columns[start]), float(rows[start]))]
            angle = rng.uniform(0, 2 * np.pi)
            for _ in range(12):
                x, y = points[-1][0] + 8 * np.cos(angle), points[-1][1] + 8 * np.sin(angle)
                inside = 0 <= x < truth.shape[1] and 0 <= y < truth.shape[0]
                if inside and depth[int(y), int(x)] > 4:
                    points.append((float(x), float(y)))
                    angle += rng.normal(0, 0.5)
                else:
                    angle += rng.uniform(1, 4)
            strokes.append(segment.Stroke(label, 3.0, tuple(points)))
    return strokes


def sets() -> dict[str, list[segment.Branch]]:
    """Return the sets of branches that are compared."""
    low, point, *rest = segment.branches()
    atrous, pooling = rest[:-1], rest[-1]
    return {
        "low level": [low],
        "1 x 1": [point],
        "atrous": [*atrous],
        "pooling": [pooling],
        "ASPP (1 x 1, atrous, pooling)": [point, *atrous, pooling],
        "low level, 1 x 1": [low, point],
        "low level, 1 x 1, atrous": [low, point, *atrous],
        "all": [low, point, *atrous, pooling],
    }


def correction(mask: Array, truth: npt.NDArray[np.bool_], known: Array) -> segment.Stroke:
    """Return a stroke through the middle of the largest mistake, as a person would paint it."""
    wrong = ((mask == 2) != truth) & known
    depth = cv2.distanceTransform(np.pad(wrong.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    core = (depth > max(1.0, float(depth.max()) / 2)).astype(np.uint8)
    _, parts = cv2.connectedComponents(core)
    rows, columns = np.nonzero(parts == parts[y, x])
    end = int(columns.argmax())
    ends = (float(x), float(y)), (float(columns[end]), float(rows[end]))
    return segment.Stroke(2 if truth[y, x] else 1, 2.0, ends)


def corrected(
    features: segment.Features, case: Case, chosen: list[segment.Branch], seed: int, *, edges: bool
) -> list[float]:
    """Return the IoU after the first strokes, and after each of the corrections."""
    pixels, truth, known = case
    strokes, found = scribbles(truth, seed), []
    for _ in range(CORRECTIONS + 1):
        labels = segment.rasterise(strokes, truth.shape)
        head = segment.train(features, labels, chosen)
        added = segment.contributions(head, features)
        mask = segment.classify(head, segment.scores(head, added, pixels, follow_edges=edges))
        mask = np.where(known, mask, 0).astype(np.uint8)
        found.append(segment.iou(mask, truth & known, 2))
        strokes.append(correction(mask, truth, known))
    return found


def measure(source: FeatureSource) -> None:
    """Print a line for each set of branches: after the first strokes, and after corrections."""
    known = cases()
    features = {name: segment.prepare(source, case[0]) for name, case in known.items()}
    print(f"{source.name}: IoU of the foreground, first strokes > {CORRECTIONS} corrections")
    print(f"  {'':34}", *(f"{name.split(' in ')[-1].split('.')[0]:>14}" for name in known), end="")
    print(f"{'mean':>14}")
    runs = [(title, chosen, True) for title, chosen in sets().items()]
    runs.append(("all, without following edges", sets()["all"], False))
    for title, chosen, edges in runs:
        ends = []
        for name, case in known.items():
            steps = [corrected(features[name], case, chosen, s, edges=edges) for s in SEEDS]
            ends.append((np.mean([each[0] for each in steps]), np.mean([e[-1] for e in steps])))
        ends.append((np.mean([a for a, _ in ends]), np.mean([b for _, b in ends])))
        print(f"  {title:34}", *(f"{a:.3f} > {b:.3f}" for a, b in ends), sep=" ", flush=True)


def speed(source: FeatureSource) -> None:
    """Print the time from strokes to a mask of one megapixel, and of its features."""
    pixels = np.ascontiguousarray(part(photo("motorcycle_left.png"), None, 1216))
    _, near, _ = cases()["stereo pair"]
    truth = cv2.resize(near.astype(np.uint8), pixels.shape[1::-1]) > 0
    strokes = scribbles(truth, 1)
    start = time.perf_counter()
    features = segment.prepare(source, pixels)
    prepared = time.perf_counter() - start
    taken = []
    for _ in range(7):
        start = time.perf_counter()
        labels = segment.rasterise(strokes, pixels.shape)
        head = segment.train(features, labels, segment.branches())
        fitted = time.perf_counter() - start
        added = segment.contributions(head, features)
        segment.classify(head, segment.scores(head, added, pixels))
        taken.append((time.perf_counter() - start, fitted))
    whole, fit = (statistics.median(times) for times in zip(*taken, strict=True))
    mega = pixels.shape[0] * pixels.shape[1] / 1e6
    print(f"{mega:.2f} MP: features {prepared:.2f} s; strokes to mask {whole:.3f} s, "
          f"of which learning {fit:.3f} s")  # fmt: skip


def main() -> None:
    """Print everything."""
    network = load()
    speed(network)
    for source in (network, FilterBank()):
        measure(source)


if __name__ == "__main__":
    main()
