"""Time of pooling and atrous convolution against PyTorch on the CPU, at 256 x 64 x 64.

Run ``python tests/benchmarks/bench_pooling.py [ROUNDS]`` where torch is installed. Both take turns
within each round, and the ratio of their medians is printed. A turn is the best of three runs:
just after the other's turn, threads of its pool still wait for work.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import atrous, pooling

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]

SHAPE = (256, 64, 64)


def timed(run: Callable[[], object]) -> float:
    """Return how many milliseconds it takes."""
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)


def compare(title: str, rounds: int, ours: Callable[[], object], theirs: Callable[[], Any]) -> None:
    """Print the medians of two candidates that take turns."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(rounds + 1):
        for name, run in (("ours", ours), ("theirs", theirs)):
            times[name].append(min(timed(run) for _ in range(3)))
    # The first round warms up.
    mine, other = (statistics.median(values[1:]) for values in times.values())
    print(f"{title}: {mine:.2f} ms, PyTorch {other:.2f} ms: {mine / other:.2f} x its time")


def compare_pooling(rounds: int, features: Array, torch: Any, functional: Any) -> None:
    """SPP by both rules, and the pyramid pooling module."""
    image = torch.from_numpy(features)[None]

    def pyramid(pool: Callable[[Any, int], Any], levels: tuple[int, ...]) -> Any:
        return torch.cat([pool(image, n).flatten() for n in levels])

    def windows(maps: Any, n: int) -> Any:
        return functional.max_pool2d(maps, -(-64 // n), 64 // n)[:, :, :n, :n]

    def module(corners: bool) -> list[Any]:
        enlarge = partial(functional.interpolate, mode="bilinear", align_corners=corners)
        grids = [functional.adaptive_avg_pool2d(image, n) for n in (1, 2, 3, 6)]
        return [enlarge(grid, SHAPE[1:]) for grid in grids]

    for levels in ((4, 2, 1), (6, 3, 2, 1), (7, 5, 3)):
        ours = partial(pooling.spatial_pyramid_pool, features, levels)
        theirs = partial(pyramid, functional.adaptive_max_pool2d, levels)
        compare(f"SPP {levels}, max", rounds, ours, theirs)
        theirs = partial(pyramid, functional.adaptive_avg_pool2d, levels)
        compare(f"SPP {levels}, average", rounds, partial(ours, reduce="average"), theirs)
        theirs = partial(pyramid, windows, levels)
        compare(f"SPP {levels}, max, He's rule", rounds, partial(ours, rule="he"), theirs)
    for corners in (True, False):
        pyramid_pool = partial(pooling.pyramid_pool, features, align_corners=corners)
        title = f"PPM (1, 2, 3, 6), align_corners={corners}"
        compare(title, rounds, pyramid_pool, partial(module, corners))


def compare_atrous(rounds: int, features: Array, torch: Any, functional: Any) -> None:
    """Convolve 256 channels to 256 at several rates."""
    weights = np.random.default_rng(1).standard_normal((256, 256, 3, 3), dtype=np.float32)
    image, kernels = torch.from_numpy(features)[None], torch.from_numpy(weights)
    for rate in (1, 2, 6, 12, 18, 64):
        compare(
            f"atrous 3 x 3, 256 to 256 channels, rate {rate}",
            rounds,
            partial(atrous.atrous_conv2d, features, weights, rate),
            partial(functional.conv2d, image, kernels, padding=rate, dilation=rate),
        )


def main() -> None:
    """Print all comparisons."""
    try:
        torch = importlib.import_module("torch")
        functional = importlib.import_module("torch.nn.functional")
    except ImportError:
        sys.exit("torch is not installed: there is nothing to compare with.")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    features = np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)
    print(f"maps {SHAPE}, torch {torch.__version__} with {torch.get_num_threads()} threads")
    with torch.no_grad():
        compare_pooling(rounds, features, torch, functional)
        compare_atrous(rounds, features, torch, functional)


if __name__ == "__main__":
    main()
