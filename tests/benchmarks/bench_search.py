"""Agreement of the search with exhaustive search, and its time against OpenCV and scikit-image.

Run ``python tests/benchmarks/bench_search.py agreement [--cases 2000] [--seed 0] [--megapixels M]
[--exact]``, ``... speed [--megapixels 12] [--rounds 5] [--cases 1]``, ``... limits [--rounds 5]``,
``... pose [--cases 60]`` or ``... copies [--cases 50]``. Candidates of a comparison take turns, and
ratios of medians are printed: other load meets them alike.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from search_cases import CLASSES, Case, draw, photo, scene_of
from skimage.feature import match_template

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.search import Scene, exhaustive, search

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]

_LEVELS = 8
COPIES = 8  # planted in a scene
GROUNDS = (
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "gravel.png",
    "grass.png",
    "brick.png",
    "astronaut.png",
    "rocket.jpg",
    "motorcycle_left.png",
    "retina.jpg",
)  # without coins
_CLOSE, _EXACT = 1e-3, 1e-5
_FOUND = 0.5
OF_ANY_SIZE = tuple(kind for kind in CLASSES if kind not in ("thin", "tiny", "long"))


def ready(case: Case) -> Scene:
    """Prepare a scene, octaves and blocks."""
    scene = Scene(case.scene)
    for level in range(1, min(_LEVELS, min(case.scene.shape).bit_length() - 1)):
        scene.octave(level)
        scene.blocks(level)
    return scene


def milliseconds(run: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)


def opencv(case: Case) -> float:
    """Search as people do with OpenCV; return the time."""
    return milliseconds(
        lambda: cv2.minMaxLoc(
            cv2.matchTemplate(case.scene, case.template, cv2.TM_CCOEFF_NORMED), mask=None
        )
    )


def agreement(cases: int, seed: int, megapixels: float | None, exact: bool) -> None:
    """Print, class by class, how often the best score equals that of exhaustive search."""
    close = _EXACT if exact else _CLOSE
    total: Counter[str] = Counter()
    ratios: list[float] = []
    for kind in CLASSES:
        count: Counter[str] = Counter()
        for k in range(seed, seed + max(1, cases // len(CLASSES))):
            side = None
            if megapixels and kind in OF_ANY_SIZE:
                side = int(math.exp(np.random.default_rng(k).uniform(math.log(96), math.log(400))))
            case = draw(kind, k, megapixels and megapixels * 1e6, side)
            scene = ready(case)
            try:
                reference = exhaustive(scene, case.template).best
            except UserError:
                continue  # drawn without contrast
            trace = search(scene, case.template, exact=exact)
            assert reference is not None
            assert trace.best is not None
            agrees = trace.best.score >= reference.score - close
            count.update(["cases", trace.proof])
            count.update(["agree"] if agrees else [])
            count.update([f"{trace.proof} agrees"] if agrees else [])
            ratios.append(trace.milliseconds / opencv(case))
            if not agrees:
                sizes = f"{case.scene.shape}, template {case.template.shape}"
                scores = f"{trace.best.score:.4f} instead of {reference.score:.4f}"
                print(f"    {kind}, seed {k}: {sizes}: {scores} ({trace.proof})")
        total += count
        print(f"{kind:12s} {count['agree']} of {count['cases']}  {proofs(count)}", flush=True)
    print(f"all          {total['agree']} of {total['cases']}  {proofs(total)}")
    quantiles = ", ".join(f"{np.quantile(ratios, q):.2f}" for q in (0.5, 0.95, 1))
    print(f"time against cv2.matchTemplate, median, 95 %, most: {quantiles}")


def proofs(count: Counter[str]) -> str:
    """Say how many cases ended with which proof, and agreed."""
    names = ("perfect", "bound", "estimate", "exhaustive")
    return ", ".join(f"{name} {count[f'{name} agrees']}/{count[name]}" for name in names)


def speed(megapixels: float, rounds: int, sides: list[int], cases: int, seed: int) -> None:
    """Print time ratios, scene prepared, with and without exact mode: medians over the cases."""
    for side in sides:
        found: list[dict[str, float]] = []
        slowest: dict[str, float] = {}
        for kind in OF_ANY_SIZE:
            drawn = [draw(kind, k, megapixels * 1e6, side) for k in range(seed, seed + cases)]
            compared = [compare(case, rounds) for case in drawn]
            print(f"{side:4d} px {kind:11s} {medians([each for _, each in compared])}", flush=True)
            found += [each for score, each in compared if score >= _FOUND]
            for _, each in compared:
                slowest = {name: min(each[name], slowest.get(name, math.inf)) for name in each}
        of_all = f"{len(found)} of {cases * len(OF_ANY_SIZE)}"
        print(f"{side:4d} px, the {of_all} with a match of {_FOUND}: {medians(found)}")
        told = ", ".join(f"{name} {1 / value:.2f}x" for name, value in slowest.items())
        print(f"{side:4d} px, slowest of all against cv2: {told}", flush=True)
    case = draw("noise", 1, megapixels * 1e6, sides[0])
    theirs = milliseconds(lambda: match_template(case.scene, case.template))
    print(f"skimage.feature.match_template, {sides[0]} px: {theirs / opencv(case):.1f} x cv2")


def medians(ratios: list[dict[str, float]]) -> str:
    """Say the medians of several cases."""
    return ", ".join(
        f"{name} 1/{statistics.median(each[name] for each in ratios):.1f}" for name in ratios[0]
    )


def compare(case: Case, rounds: int) -> tuple[float, dict[str, float]]:
    """Print and return one case's best score, and how many times faster than OpenCV it is."""
    scene = ready(case)
    trace = search(scene, case.template)
    certain = search(scene, case.template, exact=True)
    work: dict[str, Callable[[], object]] = {
        "ours": lambda: search(scene, case.template),  # the processor's caches hold other things
        "ours again": lambda: search(scene, case.template),
        "exact": lambda: search(scene, case.template, exact=True),
        "cold": lambda: search(case.scene, case.template),
    }
    times: dict[str, list[float]] = {name: [] for name in ("cv2", *work)}
    for _ in range(rounds):
        times["cv2"].append(opencv(case))
        for name, run in work.items():
            times[name].append(milliseconds(run))
    theirs = statistics.median(times["cv2"])
    ratio = {name: theirs / statistics.median(times[name]) for name in work}
    tested = trace.exhaustive_translations / trace.translations
    score = trace.best.score if trace.best else 0.0
    print(
        f"{case.template.shape[0]:4d} px {case.kind:11s} best {score:.2f}; cv2 {theirs:6.0f} ms; "
        f"ours 1/{ratio['ours']:.1f}, again 1/{ratio['ours again']:.1f} "
        f"({trace.proof}; translations 1/{tested:.0f}); "
        f"with the pyramid's build 1/{ratio['cold']:.1f}; "
        f"exact 1/{ratio['exact']:.1f} ({certain.proof})",
        flush=True,
    )
    return score, ratio


def limits(rounds: int) -> None:
    """Print what a template that is not there costs, down to tiny scenes.

    Processor time is what a busy machine charges; wall time is what an idle one shows.
    """
    sizes = ((0.01, 24), (0.1, 48), (0.3, 64), (1, 96), (3, 200), (12, 256), (12, 400))
    for megapixels, side in sizes:
        case = draw("absent", 2, megapixels * 1e6, side)
        scene = ready(case)
        work: dict[str, Callable[[], object]] = {
            "cv2": partial(opencv, case),
            "ours": partial(search, scene, case.template),
            "exact": partial(search, scene, case.template, exact=True),
        }
        walls: dict[str, list[float]] = {name: [] for name in work}
        cores: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(rounds if megapixels > 1 else 8 * rounds):
            for name, run in work.items():
                start = time.process_time()
                walls[name].append(milliseconds(run))
                cores[name].append(1e3 * (time.process_time() - start))
        told = [
            f"{name} {statistics.median(walls[name]) / statistics.median(walls['cv2']):.2f}x wall, "
            f"{statistics.median(cores[name]) / statistics.median(cores['cv2']):.2f}x processor"
            for name in ("ours", "exact")
        ]
        theirs = statistics.median(walls["cv2"])
        print(
            f"{megapixels:5g} MP, {side:3d} px: cv2 {theirs:.2f} ms; {'; '.join(told)}", flush=True
        )


def pose(cases: int, seed: int) -> None:
    """Print errors of position and angle: 80 px, all orientations, noise 5, truth known."""
    rng = np.random.default_rng(seed)
    apart, off, times = [], [], []
    names = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
    for _ in range(cases):
        fine = cv2.resize(photo(str(rng.choice(names))), None, fx=2, fy=2).astype(np.float32)
        angle, middle, size = float(rng.uniform(0, 360)), np.zeros(2, np.intp), 480
        part = fine
        for _ in range(100):
            middle = np.array([rng.integers(160, length - 160) for length in fine.shape[::-1]])
            part = fine[middle[1] - 160 : middle[1] + 160, middle[0] - 160 : middle[0] + 160]
            if part.std() > 20:
                break
        matrix = cv2.getRotationMatrix2D((middle[0] - 0.5, middle[1] - 0.5), angle, 1.0)
        matrix[:, 2] += 2 * size - middle
        # Reflected in a corner, the photo would hold copies turned by 180 degrees.
        warped = cv2.warpAffine(
            fine, matrix, (4 * size, 4 * size), flags=cv2.INTER_LANCZOS4,
            borderValue=128,
        )  # fmt: skip
        pair = [
            np.clip(values + rng.normal(0, 5, values.shape), 0, 255).round().astype(np.uint8)
            for values in (averaged(np.asarray(warped)), averaged(part))
        ]
        trace = search(*pair, angles=(0, 360))
        assert trace.best is not None
        centre = trace.best.centre
        apart.append(math.hypot(centre[0] - size / 2, centre[1] - size / 2))
        off.append(abs((trace.best.angle - angle + 180) % 360 - 180))
        times.append(trace.milliseconds)
    found = [k for k in range(cases) if apart[k] < 2 and off[k] < 3]
    print(f"found {len(found)} of {cases}; {statistics.median(times):.0f} ms")
    for name, errors in (("position, px", apart), ("angle, degrees", off)):
        values = [errors[k] for k in found]
        print(f"{name}: median {np.median(values):.4f}, 95 % {np.quantile(values, 0.95):.3f}")


def copies(cases: int, seed: int) -> None:
    """Plant noisy copies of a template in scenes, and count those found and those made up."""
    planted = found = false = 0
    for k in range(cases):
        rng = np.random.default_rng([seed, k])
        scene = scene_of(rng, 1e6, GROUNDS)
        side = int(rng.integers(32, 97))
        template = photo("coins.png")[40 : 40 + side, 60 : 60 + side]
        places: list[tuple[int, int]] = []
        while len(places) < COPIES:
            x = int(rng.integers(0, scene.shape[1] - side))
            y = int(rng.integers(0, scene.shape[0] - side))
            if all(max(abs(x - u), abs(y - v)) >= side for u, v in places):
                places.append((x, y))
                noisy = template + rng.normal(0, 5, template.shape)
                scene[y : y + side, x : x + side] = np.clip(noisy, 0, 255)
        trace = search(scene, template, max_matches=2 * COPIES, min_score=0.85)
        hits = [
            any(abs(m.x - x) <= 1 and abs(m.y - y) <= 1 for m in trace.matches) for x, y in places
        ]
        planted, found = planted + COPIES, found + sum(hits)
        false += len(trace.matches) - sum(hits)
    print(f"{found} of {planted} planted copies found, {false} false ones")


def averaged(values: Array) -> Array:
    """Reduce to a quarter by area."""
    height, width = values.shape[0] // 4, values.shape[1] // 4
    return np.asarray(values.reshape(height, 4, width, 4).mean(axis=(1, 3)))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["agreement", "speed", "limits", "pose", "copies"])
    parser.add_argument("--cases", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--megapixels", type=float)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sides", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--exact", action="store_true")
    given = parser.parse_args()
    if given.what == "agreement":
        agreement(given.cases or 2000, given.seed, given.megapixels, given.exact)
    elif given.what == "speed":
        speed(given.megapixels or 12, given.rounds, given.sides, given.cases or 1, given.seed)
    elif given.what == "limits":
        limits(given.rounds)
    elif given.what == "copies":
        copies(given.cases or 50, given.seed)
    else:
        pose(given.cases or 60, given.seed)


if __name__ == "__main__":
    main()
