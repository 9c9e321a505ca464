"""Where the pixels of each level lie on the base image, and what they were made from.

Positions are edge coordinates: pixel i covers the interval [i, i + 1), its centre is i + 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.prefilter import Prefilter, check_prefilter, keeps_even_samples, kernel

_Indices = npt.NDArray[np.int64]
_Weights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LevelGeometry:
    """How one level lies on the base image: ``base = offset + scale * level_coordinate``.

    Attributes
    ----------
    level : int
        0 is the base.
    shape : (int, int)
        Height and width of the level in its own pixels.
    scale_x, scale_y : float
        Base pixels per pixel of the level.
    offset_x, offset_y : float
        Where the level's left and top edge lie, in base pixels.
    """

    level: int
    shape: tuple[int, int]
    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float

    def to_base(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the base image under the point (x, y) of this level."""
        return self.offset_x + self.scale_x * x, self.offset_y + self.scale_y * y

    def from_base(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of this level under the point (x, y) of the base image."""
        return (x - self.offset_x) / self.scale_x, (y - self.offset_y) / self.scale_y


@dataclass(frozen=True, eq=False)
class Footprint:
    """The pixels of a finer level that one pixel was made from.

    Attributes
    ----------
    x0, y0, x1, y1 : int
        Half-open rectangle in pixels of the finer level.
    weights_x, weights_y : (x1 - x0,) and (y1 - y0,) float64 arrays
        Each sums to 1; the weight of a pixel is the product. Weights that fall outside the image
        are folded back onto the pixels that stand in for it.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    weights_x: npt.NDArray[np.float64]
    weights_y: npt.NDArray[np.float64]


def max_levels(shape: tuple[int, ...], ratio: float = 2.0) -> int:
    """Return how many reductions lead from `shape` (height, width, ...) to 1 x 1.

    Raises
    ------
    ValueError
        For an empty shape and a ratio outside 1.1 to 4.
    """
    _check_shape(shape)
    check_prefilter("binomial", ratio)
    side = max(shape[:2])
    level = 0
    while _side(side, level, ratio) > 1:
        level += 1
    return level


def level_shapes(shape: tuple[int, ...], levels: int, ratio: float = 2.0) -> list[tuple[int, int]]:
    """Return height and width of the levels 0 to `levels`.

    Parameters
    ----------
    shape : (int, int, ...)
        Height and width of the base image; further axes are ignored.
    levels : int
        Number of reductions, 0 to `max_levels`.
    ratio : float
        2 halves and rounds up, as ``cv2.pyrDown``: ``ceil(side / 2**level)``. Other ratios, 1.1
        to 4, give ``side / ratio**level`` rounded to the nearest integer, at least 1.

    Returns
    -------
    list of (int, int)
        ``levels + 1`` shapes, finest first.

    Raises
    ------
    ValueError
        For an empty shape, a ratio outside 1.1 to 4 and levels outside 0 to `max_levels`.
    """
    top = max_levels(shape, ratio)
    if not 0 <= levels <= top:
        msg = f"levels must be 0 to {top} for {shape[0]} x {shape[1]} pixels, got {levels}"
        raise ValueError(msg)
    height, width = shape[:2]
    return [(_side(height, k, ratio), _side(width, k, ratio)) for k in range(levels + 1)]


def level_geometry(
    base_shape: tuple[int, ...],
    level: int,
    *,
    ratio: float = 2.0,
    prefilter: Prefilter = "binomial",
    naive: bool = False,
) -> LevelGeometry:
    """Return where a level lies on the base image.

    At ratio 2 a reduction keeps the even samples, so the centre of pixel i of level k lies on the
    centre of base pixel ``2**k * i``: scale ``2**k``, offset ``0.5 - 2**(k - 1)``. "box" makes
    cells of 2 x 2 pixels: scale ``2**k``, offset 0. "area", and every prefilter at other ratios,
    divides each level edge to edge: scale ``side / side_k``, offset 0.

    Parameters
    ----------
    base_shape : (int, int, ...)
        Height and width of the base image.
    level, ratio, prefilter
        As in `gaussian_pyramid`.
    naive : bool
        What stacking the octaves edge to edge assumes: scale ``ratio**level``, offset 0.

    Raises
    ------
    ValueError
        For a level outside the pyramid, a ratio outside 1.1 to 4 and an unknown prefilter.
    """
    check_prefilter(prefilter, ratio)
    height, width = level_shapes(base_shape, level, ratio)[level]
    shape = (height, width)
    step = float(ratio) ** level
    if naive or (prefilter == "box" and ratio == 2):
        return LevelGeometry(level, shape, step, step, 0.0, 0.0)
    if keeps_even_samples(prefilter, ratio):
        return LevelGeometry(level, shape, step, step, 0.5 - step / 2, 0.5 - step / 2)
    return LevelGeometry(level, shape, base_shape[1] / width, base_shape[0] / height, 0.0, 0.0)


def footprint(
    x: int,
    y: int,
    level: int,
    finer: int,
    base_shape: tuple[int, ...],
    *,
    ratio: float = 2.0,
    prefilter: Prefilter = "binomial",
) -> Footprint:
    """Return the exact weighted support, in level `finer`, of pixel (x, y) of `level`.

    The weights are those of the filters themselves, chained from level to level, without the
    rounding of integer octaves. "max" is not a weighted sum: its footprint is the rectangle over
    which the maximum was taken, and its weights are uniform.

    Parameters
    ----------
    x, y : int
        Column and row of the pixel in `level`.
    level, finer : int
        ``finer <= level``; with equal levels the footprint is the pixel itself.
    base_shape, ratio, prefilter
        As in `level_geometry`.

    Raises
    ------
    ValueError
        For a pixel or a level outside the pyramid, and for `finer` above `level`.
    """
    check_prefilter(prefilter, ratio)
    shapes = level_shapes(base_shape, level, ratio)
    _check_pixel(x, y, level, shapes[level])
    if not 0 <= finer <= level:
        msg = f"finer must be 0 to {level}, got {finer}"
        raise ValueError(msg)
    chain = shapes[finer:]
    x0, weights_x = _axis_footprint(x, [width for _, width in chain], prefilter, ratio)
    y0, weights_y = _axis_footprint(y, [height for height, _ in chain], prefilter, ratio)
    return Footprint(x0, y0, x0 + weights_x.size, y0 + weights_y.size, weights_x, weights_y)


def container(
    x: int,
    y: int,
    level: int,
    coarser: int,
    base_shape: tuple[int, ...],
    *,
    ratio: float = 2.0,
    prefilter: Prefilter = "binomial",
) -> tuple[int, int]:
    """Return the pixel of level `coarser` whose area contains the centre of (x, y) of `level`.

    Where the even samples are kept, odd pixels lie on the border of two coarser ones; the right
    or lower of them is taken. Pixels beyond the edge of the coarser level belong to its last one.

    Parameters
    ----------
    x, y : int
        Column and row of the pixel in `level`.
    level, coarser : int
        ``coarser >= level``.
    base_shape, ratio, prefilter
        As in `level_geometry`.

    Raises
    ------
    ValueError
        For a pixel or a level outside the pyramid, and for `coarser` below `level`.
    """
    fine = level_geometry(base_shape, level, ratio=ratio, prefilter=prefilter)
    _check_pixel(x, y, level, fine.shape)
    if coarser < level:
        msg = f"coarser must be at least {level}, got {coarser}"
        raise ValueError(msg)
    coarse = level_geometry(base_shape, coarser, ratio=ratio, prefilter=prefilter)
    column, row = coarse.from_base(*fine.to_base(x + 0.5, y + 0.5))
    height, width = coarse.shape
    return (
        min(max(math.floor(column), 0), width - 1),
        min(max(math.floor(row), 0), height - 1),
    )


def _side(side: int, level: int, ratio: float) -> int:
    """Length of a side after `level` reductions."""
    if ratio == 2:
        return max(1, (side + (1 << level) - 1) >> level)
    return max(1, math.floor(side / ratio**level + 0.5))


def _axis_footprint(
    pixel: int, sides: list[int], prefilter: Prefilter, ratio: float
) -> tuple[int, _Weights]:
    """First pixel and weights along one axis; `sides` from the finer level to the pixel's own."""
    start, weights = pixel, np.ones(1)
    for coarse, fine in zip(sides[:0:-1], sides[-2::-1], strict=True):
        positions = np.arange(start, start + weights.size)
        indices, taps = _taps(positions, fine, coarse, prefilter, ratio)
        start = int(indices.min())
        shares = (weights[:, None] * taps).ravel()
        weights = np.asarray(np.bincount((indices - start).ravel(), shares), np.float64)
        support = np.flatnonzero(weights)
        start += int(support[0])
        weights = weights[support[0] : support[-1] + 1]
    if prefilter == "max":
        weights = np.ones(weights.size)
    return start, weights / weights.sum()


def _taps(
    pixels: _Indices, fine: int, coarse: int, prefilter: Prefilter, ratio: float
) -> tuple[_Indices, _Weights]:
    """Pixels of the finer side, and their weights, that make each of the coarser `pixels`."""
    if keeps_even_samples(prefilter, ratio):
        taps = np.full(3, 1 / 3) if prefilter == "max" else kernel(prefilter, ratio)
        centres, shares = 2 * pixels[:, None], np.ones((pixels.size, 1))
    elif prefilter == "box" and ratio == 2:
        cells = np.minimum(2 * pixels[:, None] + np.arange(2), fine - 1)
        return cells, np.full(cells.shape, 0.5)
    elif prefilter in ("box", "area"):
        return _cell_overlaps(pixels, fine, coarse)
    else:
        taps = kernel(prefilter, ratio)
        centres, shares = _linear_taps(pixels, fine, coarse)
    offsets = np.arange(taps.size) - taps.size // 2
    indices = _reflect(centres[:, :, None] + offsets, fine)
    weights = shares[:, :, None] * taps
    return indices.reshape(pixels.size, -1), weights.reshape(pixels.size, -1)


def _linear_taps(pixels: _Indices, fine: int, coarse: int) -> tuple[_Indices, _Weights]:
    """Linear interpolation at the centres of cells that divide the side edge to edge."""
    numerator = (2 * pixels + 1) * fine - coarse
    left, remainder = np.divmod(numerator, 2 * coarse)
    share = remainder / (2 * coarse)
    indices = np.clip(np.stack([left, left + 1], axis=1), 0, fine - 1)
    return indices, np.stack([1 - share, share], axis=1)


def _cell_overlaps(pixels: _Indices, fine: int, coarse: int) -> tuple[_Indices, _Weights]:
    """How much of each finer pixel lies in the cells that divide the side edge to edge."""
    start = pixels[:, None] * fine
    indices = start // coarse + np.arange(-(-fine // coarse) + 1)
    overlap = np.minimum((indices + 1) * coarse, start + fine) - np.maximum(indices * coarse, start)
    weights = np.maximum(overlap, 0) / fine
    return np.minimum(indices, fine - 1), weights


def _reflect(indices: _Indices, side: int) -> _Indices:
    """Mirror indices about the outermost pixels (reflect-101), as often as needed."""
    if side == 1:
        return np.zeros_like(indices)
    period = 2 * (side - 1)
    folded = indices % period
    return np.asarray(np.minimum(folded, period - folded))


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) < 2 or min(shape[:2]) < 1:
        msg = f"shape must be height and width of at least 1 pixel, got {shape}"
        raise ValueError(msg)


def _check_pixel(x: int, y: int, level: int, shape: tuple[int, int]) -> None:
    height, width = shape
    if not (0 <= x < width and 0 <= y < height):
        msg = f"pixel ({x}, {y}) is outside level {level} of {height} x {width} pixels"
        raise ValueError(msg)
