"""Burt and Adelson's blend written out in float64, to compare with."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pyramid_reference import FULL, Array, Floats, expanded, picture, reduced

if TYPE_CHECKING:
    from collections.abc import Sequence

# What rounding once leaves, and what float32 sums add to it.
NEAR = {np.uint8: 0.501, np.uint16: 0.55, np.float32: 2e-6}


def pyramid(image: Array, levels: int) -> tuple[list[Floats], list[Floats]]:
    """Return the octaves and the bands; the last band is the coarsest octave."""
    octaves = [image.astype(np.float64)]
    for _ in range(levels):
        octaves.append(reduced(octaves[-1]))
    bands = [finer - expanded(coarser, finer.shape) for finer, coarser in pairwise(octaves)]
    return octaves, [*bands, octaves[-1]]


def textbook(
    a: Array, b: Array, mask: Array, levels: int, gains: Sequence[float] | None = None
) -> list[Floats]:
    """Return the blend rebuilt down to each level, finest first; not clipped."""
    weights = pyramid(mask / 255.0, levels)[0]
    total: Floats | None = None
    found = []
    for k, (band_a, band_b) in reversed(
        list(enumerate(zip(pyramid(a, levels)[1], pyramid(b, levels)[1], strict=True)))
    ):
        weight = weights[k].reshape(weights[k].shape + (1,) * (a.ndim - 2))
        mixed = weight * band_a + (1 - weight) * band_b
        mixed *= 1 if gains is None else gains[k]
        total = mixed if total is None else expanded(total, mixed.shape) + mixed
        if a.shape[2:] == (4,):  # alpha has no bands
            first, second = (pyramid(image, levels)[0][k][..., 3] for image in (a, b))
            total[..., 3] = weights[k] * first + (1 - weights[k]) * second
        found.append(total)
    return found[::-1]


def clipped(values: Floats, dtype: type[np.generic]) -> Floats:
    """Clip to the range of integers; floats have none."""
    return values if dtype is np.float32 else np.clip(values, 0, FULL[dtype])


def decoded(values: Floats) -> Floats:
    """Undo the sRGB curve of IEC 61966-2-1; 0 to 1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(light: Floats) -> Floats:
    """Redo it; what is below 0 or above 1 is clipped."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def pair(shape: tuple[int, ...], dtype: type[np.generic]) -> tuple[Array, Array]:
    """Return two pictures: one of noise, one of nothing but darkest and brightest."""
    return picture(shape, dtype, 0), picture(shape, dtype, 1)


def blob(shape: tuple[int, ...], seed: int = 0) -> Array:
    """Return a mask with flat parts, hard edges, soft edges and noise."""
    rng = np.random.default_rng([seed, *shape[:2]])
    height, width = shape[:2]
    y, x = np.mgrid[:height, :width]
    mask = np.clip(255 * (x - width / 3) / 4, 0, 255) * (y < 0.8 * height)
    spot = (x - width * 0.8) ** 2 + (y - height * 0.3) ** 2 < (height / 4) ** 2
    mask[spot] = rng.integers(0, 256, mask.shape)[spot]
    return np.asarray(np.rint(mask), np.uint8)
