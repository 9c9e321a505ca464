"""What a blend and its preview share: the sources, their octaves, the checks.

In float32. A level holds the mask M (0 to 1), the difference D = A - B and B.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.blend.inputs import fill_transparent
from pyrviewer.compute.blend.light import Light
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.geometry import level_shapes
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.blend.light import Floats
    from pyrviewer.compute.rects import Region
    from pyrviewer.compute.ticket import Ticket


@dataclass(frozen=True, eq=False)
class Octave:
    """A level as it is stored: all but the finest.

    Attributes
    ----------
    m : (h, w) array
        The mask, 0 to 1; 1 takes A.
    d : (h, w) or (h, w, 3 | 4) array
        A - B.
    b : array
        B; empty where nobody asked for it.
    """

    m: Floats
    d: Floats
    b: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the pictures."""
        return self.d.shape

    def mask(self, region: Region) -> Floats:
        """Return a part of the mask."""
        return self.m[region]

    def difference(self, region: Region) -> Floats:
        """Return a part of A - B."""
        return self.d[region]

    def base(self, region: Region) -> Floats:
        """Return a part of B."""
        return self.b[region]

    def whole(self) -> Octave:
        """Return itself."""
        return self


class Sources:
    """The finest level: two images and a mask, from which floats are made part by part.

    Parameters
    ----------
    a, b : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Two images of one shape and dtype. Transparent pixels are filled from their surroundings.
    mask : (H, W) array of uint8
        255 takes a, 0 takes b. Read whenever a part is asked for.
    linear : bool
        Work in linear light.
    ticket : Ticket, optional
        Asked whether to go on while transparent pixels are filled.

    Attributes
    ----------
    shape : tuple of int
        Shape of the pictures.
    light : Light
        How samples become floats.
    restores : bool
        Whether samples that nothing changed come back different, and must be taken from the images.
    """

    def __init__(
        self, a: Array, b: Array, mask: Array, linear: bool, ticket: Ticket | None = None
    ) -> None:
        self.shape: tuple[int, ...] = a.shape
        self.light = Light(a.dtype, linear)
        self._images = (a, b)
        self._mask = mask
        self._a, self._b = (fill_transparent(image, ticket=ticket) for image in (a, b))
        filled = self._a is not a or self._b is not b
        self.restores = filled or (linear and a.dtype == np.float32)

    def mask(self, region: Region) -> Floats:
        """Return a part of the mask, 0 to 1."""
        return np.divide(self._mask[region], np.float32(255), dtype=np.float32)

    def difference(self, region: Region) -> Floats:
        """Return a part of A - B."""
        return self.light.difference(self._a[region], self._b[region])

    def base(self, region: Region) -> Floats:
        """Return a part of B."""
        return self.light.load(self._b[region])

    def first(self, region: Region) -> Floats:
        """Return a part of A."""
        return self.light.load(self._a[region])

    def whole(self) -> Octave:
        """Return all of it at once."""
        region = (slice(None), slice(None))
        return Octave(self.mask(region), self.difference(region), self.base(region))

    def restore(self, samples: Array, values: Floats, region: Region) -> None:
        """Put the pixels of an image, to the bit, where `values` are its own in every channel."""
        for image, own in zip(self._images, (self.first(region), self.base(region)), strict=True):
            same = values == own
            if same.ndim == 3:
                same = same.all(axis=2)
            samples[same] = image[region][same]


def reach(levels: int) -> int:
    """Return how many pixels beyond the seam a blend of so many levels can change."""
    return 4 * ((1 << levels) - 1)


def check_pair(a: Array, b: Array) -> None:
    """Raise unless two arrays are images of one shape and dtype, without NaN and infinity."""
    check(a)
    check(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        msg = (
            f"a blend takes two images of one shape and dtype, not {a.dtype} of shape {a.shape} "
            f"and {b.dtype} of shape {b.shape}: see place and harmonise"
        )
        raise ValueError(msg)
    for pixels, name in ((a, "A"), (b, "B")):
        if pixels.dtype == np.float32 and not np.isfinite(pixels.sum(dtype=np.float64)):
            bad = pixels.size - int(np.count_nonzero(np.isfinite(pixels)))
            values = "1 value that is" if bad == 1 else f"{bad} values that are"
            raise UserError(
                f"Image {name} holds {values} not finite (NaN or infinity), which would spoil "
                "the whole blend."
            )


def check_mask(mask: Array, shape: tuple[int, ...]) -> None:
    """Raise unless an array is a mask for pictures of a shape."""
    if not isinstance(mask, np.ndarray) or mask.dtype != np.uint8 or mask.shape != shape[:2]:
        kind = f"{mask.dtype} of shape {mask.shape}" if isinstance(mask, np.ndarray) else type(mask)
        msg = f"the mask of pictures of shape {shape} is uint8 of shape {shape[:2]}, not {kind}"
        raise ValueError(msg)


def check_gains(gains: Sequence[float] | None, levels: int) -> list[float]:
    """Return one factor for each band and the residual: 1 unless given."""
    factors = [1.0] * (levels + 1) if gains is None else [float(gain) for gain in gains]
    if len(factors) != levels + 1 or not all(map(math.isfinite, factors)):
        msg = f"gains must be {levels + 1} finite numbers, got {factors}"
        raise ValueError(msg)
    return factors


def choose_levels(shape: tuple[int, ...], levels: int | None) -> int:
    """Return the levels asked for, or the automatic ones; refuse more than there are."""
    if levels is None:
        levels = max(0, int(math.log2(min(shape[:2]))) - 2)
    return len(level_shapes(shape, levels)) - 1


def widen(image: Array, pad: int) -> Array:
    """Continue an image by `pad` columns on both sides, as if its left and right edge met."""
    if not pad:
        return image
    width = image.shape[1]
    wide: Array = image.take(np.arange(-pad, width + pad) % width, axis=1)
    return wide


def has_alpha(shape: tuple[int, ...]) -> bool:
    """Tell whether pictures of a shape have alpha, which the mask alone mixes, at every level.

    Its bands would make both translucent for as far as they reach where one is opaque and one not.
    """
    return shape[2:] == (4,)


def spread(mask: Floats, shape: tuple[int, ...]) -> Floats:
    """Repeat a mask for every channel of a picture."""
    return mask if len(shape) == 2 else np.asarray(cv2.merge([mask] * shape[2]), np.float32)
