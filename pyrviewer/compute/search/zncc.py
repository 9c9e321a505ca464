"""Zero-mean normalised cross-correlation (ZNCC) of a template with windows of an image.

For a template T and a window W of n pixels, the means of each channel taken off,
``score = sum(T * W) / sqrt(sum(T**2) * sum(W**2))``, where the sums go over pixels and channels;
under a mask they, and the means, go over the pixels inside it. J. P. Lewis, "Fast normalized
cross-correlation", Vision Interface 1995.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.search.trace import ScoreMap

_Mask = npt.NDArray[np.float32]

LEAST_CONTRAST = 0.02
"""A window with less than this share of the template's contrast scores 0: it is flat."""

_DIRECT = 100
"""Up to so many translations, adding products up directly costs less than Fourier transforms."""

_MIDDLE = 128.0
"""What is taken off uint8 before it is multiplied in float32."""

_INT32 = (1 << 31) // 255
"""So many pixels of uint8 add up in int32."""

_STRIP = 1 << 15
"""Squares are summed in strips of so many translations, which stay in the processor's cache."""

_LOW_CONTRAST = 8.0
"""Templates that deviate less, in units of uint8, always have squares summed in float64."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """A template made ready for scoring.

    Attributes
    ----------
    weights : (h, w) or (h, w, 3) float32 array
        The template less its mean, divided by `norm`; 0 outside the mask.
    mask : (h, w) float32 array or None
        1 inside, 0 outside.
    count : int
        Pixels inside the mask.
    norm : float
        Root of the summed squares of the template less its mean.
    pixels : (h, w) or (h, w, 3) float32 array
        The template as it was given.
    """

    weights: npt.NDArray[np.float32]
    mask: npt.NDArray[np.float32] | None
    count: int
    norm: float
    pixels: npt.NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[0], self.weights.shape[1]

    @property
    def deviation(self) -> float:
        """Standard deviation of the template inside the mask, over all channels."""
        channels = self.weights.shape[2] if self.weights.ndim == 3 else 1
        return self.norm / math.sqrt(self.count * channels)


def make_kernel(pixels: npt.NDArray[np.float32], mask: _Mask | None = None) -> Kernel:
    """Make a template ready.

    Parameters
    ----------
    pixels : (h, w) or (h, w, 3) float32 array
        The template.
    mask : (h, w) float32 array, optional
        1 for the pixels that count, 0 for the others.
    """
    inside = None if mask is None else mask.astype(np.uint8)
    count = pixels.shape[0] * pixels.shape[1] if inside is None else int(inside.sum())
    centred = pixels - np.array(cv2.mean(pixels, inside)[: 3 if pixels.ndim == 3 else 1])
    if mask is not None:
        centred *= mask if pixels.ndim == 2 else mask[:, :, None]
    norm = cv2.norm(centred)
    weights = (centred / norm if norm > 0 else centred).astype(np.float32)
    return Kernel(weights, mask, count, norm, pixels)


def score_map(patch: Array, kernel: Kernel, *, precise: bool = True) -> ScoreMap:
    """Score every translation at which the template lies inside a patch.

    Parameters
    ----------
    patch : (H, W) or (H, W, 3) array of uint8 or float32
        As many channels as the kernel. Its mean should not be large against its contrast.
    kernel : Kernel
        Not larger than the patch.
    precise : bool
        Sum the squares in float64. In float32, which is faster, scores of windows with little
        contrast may be off by 1e-3.

    Returns
    -------
    (H - h + 1, W - w + 1) float32 array
        Flat windows score 0.
    """
    centred = patch.astype(np.float32, copy=False)
    if patch.dtype == np.uint8:
        centred -= np.float32(_MIDDLE)
    if (patch.shape[0] - kernel.shape[0] + 1) * (patch.shape[1] - kernel.shape[1] + 1) <= _DIRECT:
        few: ScoreMap = score_windows(centred[None], kernel)[0]
        return few
    products = _products(centred, kernel.weights)
    if kernel.mask is not None:
        return normalised(products, _masked_squares(centred, kernel), kernel)
    if not precise and kernel.deviation >= _LOW_CONTRAST:
        return normalised(products, _quick_squares(centred, kernel), kernel)
    step = max(kernel.shape[0], _STRIP // products.shape[1])
    for first in range(0, len(products), step):
        rows = slice(first, first + step)
        below = min(rows.stop, len(products)) + kernel.shape[0] - 1
        normalised(products[rows], window_squares(patch[None, first:below], kernel)[0], kernel)
    return products


def score_windows(patches: npt.NDArray[np.float32], kernel: Kernel) -> ScoreMap:
    """Score every translation in each of several small patches, adding products up directly.

    Parameters
    ----------
    patches : (n, H, W) or (n, H, W, 3) float32 array
        A little larger than the kernel.
    kernel : Kernel
        The template.

    Returns
    -------
    (n, H - h + 1, W - w + 1) float32 array
        Flat windows score 0.
    """
    patches = np.ascontiguousarray(patches)
    products = _direct(patches, kernel.weights)
    if kernel.mask is None:
        return normalised(products, window_squares(patches, kernel), kernel)
    squares = np.zeros(products.shape)
    channels = patches.reshape(*patches.shape[:3], -1)
    for k in range(channels.shape[3]):
        plane = np.ascontiguousarray(channels[..., k])
        squares += _direct(plane * plane, kernel.mask)
        squares -= _direct(plane, kernel.mask).astype(np.float64) ** 2 / kernel.count
    return normalised(products, squares, kernel)


def normalised(products: ScoreMap, squares: npt.NDArray[Any], kernel: Kernel) -> ScoreMap:
    """Divide products by the windows' norms, given squared; both are overwritten."""
    floor = max((LEAST_CONTRAST * kernel.norm) ** 2, 1e-30)
    for rows in strips(products.shape):
        part, norms = products[rows], squares[rows]
        if norms.min(initial=floor) < floor:
            part[norms < floor] = 0
            np.maximum(norms, floor, out=norms)
        np.sqrt(norms, out=norms)
        np.divide(part, norms, out=part, casting="same_kind")
    return products


def window_squares(patches: Array, kernel: Kernel) -> npt.NDArray[np.float32]:
    """Sum the squares of every window less its mean, in float64, by summed-area tables.

    Parameters
    ----------
    patches : (n, H, W) or (n, H, W, 3) array of uint8 or float32
        Not smaller than the kernel.
    kernel : Kernel
        Without a mask; only its shape matters.

    Returns
    -------
    (n, H - h + 1, W - w + 1) float32 array
    """
    (count, length, across), (height, width) = patches.shape[:3], kernel.shape
    # One above the other: no window reaches over the border between two.
    stacked = patches.reshape(count * length, *patches.shape[2:])
    depth = cv2.CV_64F if height * width > _INT32 else -1  # the fastest that holds a window's sum
    tables = cv2.integral2(stacked, sdepth=depth)
    grid = (count, length, across + 1, *patches.shape[3:])
    (sums_above, sums_below), (squares_above, squares_below) = (
        (table[:-1].reshape(grid), table[1:].reshape(grid)[:, height - 1 :]) for table in tables
    )
    sums = _across(sums_below - sums_above[:, : length - height + 1], width)
    squares = _across(squares_below - squares_above[:, : length - height + 1], width)
    sums *= sums
    sums *= 1 / (height * width)
    squares -= sums
    return np.asarray(squares if squares.ndim == 3 else squares.sum(axis=3), np.float32)


def _across(rows: npt.NDArray[Any], width: int) -> npt.NDArray[np.float64]:
    """Sum `width` columns, given the sums of all columns up to each."""
    return np.asarray(rows[:, :, width:] - rows[:, :, :-width], np.float64)


def _quick_squares(centred: npt.NDArray[np.float32], kernel: Kernel) -> npt.NDArray[np.float32]:
    """`window_squares` in float32."""
    # On uint8, cv2.sqrBoxFilter would overflow: it adds up in int32.
    height, width = kernel.shape
    size, depth, corner = (width, height), cv2.CV_32F, (0, 0)
    means = cv2.boxFilter(centred, depth, size, anchor=corner)
    squares = cv2.sqrBoxFilter(centred, depth, size, anchor=corner, normalize=False)
    cv2.subtract(squares, cv2.multiply(means, means, dst=means, scale=kernel.count), dst=squares)
    # What lies over the border is cut off.
    found = squares[: centred.shape[0] - height + 1, : centred.shape[1] - width + 1]
    return np.asarray(found if found.ndim == 2 else found.sum(axis=2), np.float32)


def _masked_squares(centred: npt.NDArray[np.float32], kernel: Kernel) -> npt.NDArray[np.float64]:
    """`window_squares` under a mask."""
    assert kernel.mask is not None
    total: npt.NDArray[np.float64] | None = None
    for channel in _channels(centred):
        sums = cv2.matchTemplate(channel, kernel.mask, cv2.TM_CCORR).astype(np.float64)
        sums *= sums
        sums /= -kernel.count
        sums += cv2.matchTemplate(channel * channel, kernel.mask, cv2.TM_CCORR)
        total = sums if total is None else np.add(total, sums, out=total)
    assert total is not None
    return np.asarray(total, np.float64)


def _channels(array: Array) -> list[Array]:
    """Planes of an image, each contiguous."""
    return [array] if array.ndim == 2 else list(cv2.split(array))


def _products(
    centred: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Sum products with the weights by Fourier transforms."""
    total: npt.NDArray[np.float32] | None = None
    for plane, part in zip(_channels(centred), _channels(weights), strict=True):
        products = np.asarray(cv2.matchTemplate(plane, part, cv2.TM_CCORR), np.float32)
        total = products if total is None else np.add(total, products, out=total)
    assert total is not None
    return total


def _direct(
    patches: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Sum products one by one.

    With the template's rows as far apart as the patches', each translation is one dot product of
    two plain vectors.
    """
    height, width = weights.shape[:2]
    count, length, across = patches.shape[:3]
    spread = np.zeros((height, *patches.shape[2:]), np.float32)
    spread[:, :width] = weights
    image, row, step = patches.strides[:3]
    used = spread.size - (across - width) * (step // 4)
    shape = (count, length - height + 1, across - width + 1, used)
    # A view like that of `as_strided`, in a tenth of its time.
    shifted = np.ndarray(shape, np.float32, patches, 0, (image, row, step, 4))
    return np.asarray(np.einsum("nijk,k->nij", shifted, spread.ravel()[:used]))


@dataclass(frozen=True, eq=False)
class Reference:
    """A template in float64, for the last word on single windows.

    Attributes
    ----------
    weights : (h, w, c) float64 array
        As in `Kernel`.
    inside : (h, w, 1) bool array or None
        The mask.
    count : int
        Pixels that count.
    norm : float
        As in `Kernel`.
    """

    weights: npt.NDArray[np.float64]
    inside: npt.NDArray[np.bool_] | None
    count: int
    norm: float

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[0], self.weights.shape[1]


def make_reference(template: Array, mask: npt.NDArray[np.bool_] | None = None) -> Reference:
    """Make a template of any image dtype ready for `exact_score`."""
    values = np.atleast_3d(template).astype(np.float64)
    inside = None if mask is None else mask[:, :, None]
    count = values.shape[0] * values.shape[1] if inside is None else int(inside.sum())
    kept = values if inside is None else values * inside
    centred = values - kept.sum(axis=(0, 1)) / count
    if inside is not None:
        centred *= inside
    norm = cv2.norm(centred)
    if norm > 0:
        centred /= norm
    return Reference(centred, inside, count, norm)


def exact_score(scene: Array, reference: Reference, x: int, y: int) -> float:
    """Score one window in float64; flat windows score 0.

    Parameters
    ----------
    scene : (H, W) or (H, W, 3) array of any image dtype
        The whole scene.
    reference : Reference
        The template.
    x, y : int
        Top-left corner of the window, inside the scene.
    """
    height, width = reference.shape
    window = np.atleast_3d(scene[y : y + height, x : x + width]).astype(np.float64)
    if reference.inside is not None:
        kept = window * reference.inside
        window -= kept.sum(axis=(0, 1)) / reference.count
        window *= reference.inside
    else:
        window -= window.mean(axis=(0, 1))
    norm = cv2.norm(window)
    if norm <= max(LEAST_CONTRAST * reference.norm, 1e-15):
        return 0.0
    product = float(np.einsum("ijk,ijk->", window, reference.weights))
    return min(1.0, max(-1.0, product / norm))
