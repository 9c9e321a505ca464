"""Time of the pyramids against bare OpenCV, the textbook code and scikit-image.

Run ``python tests/benchmarks/bench_pyramid.py [ROUNDS]``. All candidates of a comparison take turns
within each round, and ratios of their medians are printed: other load on the machine meets all of
them alike.
"""

from __future__ import annotations

import statistics
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from skimage.transform import pyramid_gaussian

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pyramid import (
    gaussian_pyramid,
    laplacian_pyramid,
    upsample,
    upsample_region,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]

LEVELS = 8
SHAPE = (3000, 4000, 3)


def photo(dtype: type[Any]) -> Array:
    """Draw 12 MP of smoothed noise, RGB."""
    noise = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    values = cv2.GaussianBlur(noise, (0, 0), 2)
    if dtype is np.uint16:
        return values.astype(np.uint16) * 257
    return values.astype(dtype) / 255 if dtype is np.float32 else np.asarray(values)


def chain(image: Array) -> list[Array]:
    """Run ``cv2.pyrDown`` and nothing else."""
    octaves = [image]
    for _ in range(LEVELS):
        octaves.append(np.asarray(cv2.pyrDown(octaves[-1])))
    return octaves


def textbook_build(image: Array) -> list[Array]:
    """Build as the textbooks do: in float32, one band after the other."""
    octaves = chain(image.astype(np.float32))
    bands = []
    for octave, coarser in pairwise(octaves):
        size = (octave.shape[1], octave.shape[0])
        bands.append(octave - cv2.pyrUp(coarser, dstsize=size))
    return [*bands, octaves[-1]]


def textbook_collapse(bands: list[Array], dtype: type[Any]) -> Array:
    """Add the bands up in float32; integers are rounded and clipped."""
    octave = bands[-1]
    for band in reversed(bands[:-1]):
        octave = cv2.pyrUp(octave, dstsize=(band.shape[1], band.shape[0])) + band
    if dtype is np.float32:
        return octave
    return np.clip(np.rint(octave), 0, np.iinfo(dtype).max).astype(dtype)


def medians(rounds: int, work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median time of each, in milliseconds, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def report(title: str, times: dict[str, float]) -> None:
    """Print the first of a comparison against each of the others."""
    (name, ours), *others = times.items()
    print(f"{title}: {name} {ours:.1f} ms")
    for other, value in others:
        print(f"    {other} {value:.1f} ms: {value / ours:.2f} x {name}")


def scikit_image(image: Array) -> list[Array]:
    """Build the Gaussian pyramid of scikit-image."""
    return list(pyramid_gaussian(image, max_layer=LEVELS, channel_axis=-1))


def compare_gaussian(rounds: int, dtype: type[Any]) -> None:
    """Gaussian build against the bare chain and scikit-image."""
    image = photo(dtype)
    times = medians(
        5 * rounds,
        {
            "gaussian_pyramid": lambda: gaussian_pyramid(image, LEVELS),
            "bare cv2.pyrDown chain": lambda: chain(image),
        },
    )
    report(f"Gaussian, {np.dtype(dtype)}", times)
    if dtype is np.uint8:
        times = medians(
            rounds,
            {
                "gaussian_pyramid": lambda: gaussian_pyramid(image, LEVELS),
                "skimage pyramid_gaussian": lambda: scikit_image(image),
            },
        )
        report("Gaussian against scikit-image, uint8", times)


def compare_laplacian(rounds: int, dtype: type[Any]) -> None:
    """Laplacian build and collapse against the textbook."""
    image = photo(dtype)
    octaves = gaussian_pyramid(image, LEVELS)
    pyramid, bands = laplacian_pyramid(image, LEVELS), textbook_build(image)
    gains = [1.5] * (LEVELS + 1)
    times = medians(
        rounds,
        {
            "build": lambda: laplacian_pyramid(image, LEVELS),
            "textbook build": lambda: textbook_build(image),
            "build on existing octaves": lambda: laplacian_pyramid(image, octaves=octaves),
            "signed_band(0)": lambda: pyramid.signed_band(0),
        },
    )
    report(f"Laplacian build, {np.dtype(dtype)}", times)
    times = medians(
        rounds,
        {
            "collapse": pyramid.collapse,
            "textbook collapse": lambda: textbook_collapse(bands, dtype),
            "collapse with gains": lambda: pyramid.collapse(gains),
            "the same down to 1": lambda: pyramid.collapse(gains, down_to=1),
        },
    )
    report(f"Laplacian collapse, {np.dtype(dtype)}", times)


def compare_upsampling(rounds: int) -> None:
    """Compare what the screen shows with the whole base size."""
    octave = gaussian_pyramid(photo(np.uint8), 3)[3]
    rect = (1000, 800, 2920, 1880)
    times = medians(
        rounds,
        {
            "upsample_region 1920 x 1080": lambda: upsample_region(octave, 3, SHAPE, rect),
            "upsample": lambda: upsample(octave, 3, SHAPE),
        },
    )
    report("Upsampling level 3, uint8", times)


def main() -> None:
    """Print all comparisons."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    height, width, channels = SHAPE
    print(f"{height} x {width} x {channels}, {LEVELS} levels, OpenCV {cv2.__version__}")
    for dtype in (np.uint8, np.uint16, np.float32):
        compare_gaussian(rounds, dtype)
        compare_laplacian(rounds, dtype)
    compare_upsampling(rounds)


if __name__ == "__main__":
    main()
