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

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.search_trace import ScoreMap
from pyrviewer.compute.strips import strips

LEAST_CONTRAST = 0.02
"""A window with less than this share of the template's contrast scores 0: it is flat."""

_DIRECT = 100
"""Up to so many translations, adding products up directly costs less than Fourier transforms."""

_MIDDLE = 128.0
"""What is taken off uint8 before squares are added up."""

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
    pixels : array
        The template as it was given, which `score_map` prefers where it is uint8.
    """

    weights: npt.NDArray[np.float32]
    mask: npt.NDArray[np.float32] | None
    count: int
    norm: float
    pixels: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[0], self.weights.shape[1]

    @property
    def deviation(self) -> float:
        """Standard deviation of the template inside the mask, over all channels."""
        channels = self.weights.shape[2] if self.weights.ndim == 3 else 1
        return self.norm / math.sqrt(self.count * channels)


def make_kernel(pixels: Array, mask: npt.NDArray[np.float32] | None = None) -> Kernel:
    """Make a template ready.

    Parameters
    ----------
    pixels : (h, w) or (h, w, 3) array
        uint8 or float32.
    mask : (h, w) float32 array, optional
        1 for the pixels that count, 0 for the others.
    """
    values = pixels.astype(np.float64)
    inside = np.ones(pixels.shape[:2]) if mask is None else mask.astype(np.float64)
    count = int(inside.sum())
    if pixels.ndim == 3:
        inside = inside[:, :, None]
    mean = (values * inside).sum(axis=(0, 1)) / max(count, 1)
    centred = (values - mean) * inside
    norm = math.sqrt(float(np.einsum("i,i->", centred.ravel(), centred.ravel())))
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
        Sum the squares of large maps in float64. In float32, which is faster, scores of windows
        with little contrast may be off by 1e-3.

    Returns
    -------
    (H - h + 1, W - w + 1) float32 array
        Flat windows score 0, but for gray uint8: see `takes_bytes`.
    """
    rows, columns = patch.shape[0] - kernel.shape[0] + 1, patch.shape[1] - kernel.shape[1] + 1
    few = rows * columns <= _DIRECT
    if not few and takes_bytes(kernel) and patch.dtype == np.uint8:
        return np.asarray(cv2.matchTemplate(patch, kernel.pixels, cv2.TM_CCOEFF_NORMED), np.float32)
    centred = patch.astype(np.float32, copy=False)
    if patch.dtype == np.uint8:
        centred -= np.float32(_MIDDLE)
    if kernel.mask is not None:
        products = _products(centred, kernel.weights, few)
        return normalised(products, _masked_squares(centred, kernel), kernel)
    precise = precise or kernel.deviation < _LOW_CONTRAST
    means, squares = _few_boxes(centred, kernel) if few else _boxes(centred, kernel, precise)
    products = _products(centred, kernel.weights, few)
    return normalised(products, _less_means(squares, means, kernel), kernel)


def takes_bytes(kernel: Kernel) -> bool:
    """Whether large maps are left to OpenCV, which transforms gray uint8 in float32.

    It sums the windows' squares exactly; but it scores flat windows too, which `without_flat`
    puts right.
    """
    return kernel.pixels.dtype == np.uint8 and kernel.pixels.ndim == 2 and kernel.mask is None


def without_flat(scores: ScoreMap, patch: Array, kernel: Kernel) -> None:
    """Set the scores of flat windows to 0, in place."""
    squares = window_squares(patch.astype(np.float32) - np.float32(_MIDDLE), kernel)
    scores[squares < (LEAST_CONTRAST * kernel.norm) ** 2] = 0


def normalised(products: ScoreMap, squares: npt.NDArray[Any], kernel: Kernel) -> ScoreMap:
    """Divide products by the windows' norms, given squared; both are overwritten."""
    floor = max((LEAST_CONTRAST * kernel.norm) ** 2, 1e-30)
    for rows in strips(products.shape):
        part, norms = products[rows], squares[rows]
        if (flat := norms < floor).any():
            part[flat] = 0
        np.maximum(norms, floor, out=norms)
        np.sqrt(norms, out=norms)
        np.divide(part, norms, out=part, casting="same_kind")
    return products


def window_squares(centred: npt.NDArray[np.float32], kernel: Kernel) -> npt.NDArray[Any]:
    """Sum the squares of every window less its mean; not below 0 but for rounding."""
    means, squares = _boxes(centred, kernel, True)
    return _less_means(squares, means, kernel)


def _boxes(
    centred: npt.NDArray[np.float32], kernel: Kernel, precise: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Mean, and mean square, of every window, channel by channel."""
    # On uint8, cv2.sqrBoxFilter would overflow: it adds up in int32.
    height, width = kernel.shape
    top, left = height // 2, width // 2
    rows, columns = centred.shape[0] - height + 1, centred.shape[1] - width + 1
    # Anchored in the middle; what the border adds is cut off.
    inner = np.s_[top : top + rows, left : left + columns]
    depth = cv2.CV_64F if precise else cv2.CV_32F
    means = cv2.boxFilter(centred, depth, (width, height), anchor=(left, top))
    squares = cv2.sqrBoxFilter(centred, depth, (width, height), anchor=(left, top))
    return means[inner], squares[inner]


def _few_boxes(
    centred: npt.NDArray[np.float32], kernel: Kernel
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """As `_boxes`, where there are few windows: they share most of their pixels."""
    height, width = kernel.shape
    sums = [
        _running(_running(values, width, 1), height, 0) for values in (centred, centred * centred)
    ]
    return sums[0] / (height * width), sums[1] / (height * width)


def _running(values: npt.NDArray[Any], size: int, axis: int) -> npt.NDArray[np.float64]:
    """Sum `size` neighbours along an axis, 0 or 1, at every position."""
    if axis == 1:
        return _running(values.swapaxes(0, 1), size, 0).swapaxes(0, 1)
    steps = len(values) - size
    sums = np.empty((steps + 1, *values.shape[1:]))
    sums[0] = values[:size].sum(axis=0)
    np.cumsum(values[size:] - values[:steps], axis=0, out=sums[1:])
    sums[1:] += sums[0]
    return sums


def _less_means(
    squares: npt.NDArray[Any], means: npt.NDArray[Any], kernel: Kernel
) -> npt.NDArray[Any]:
    """Turn mean squares into summed squares of the windows less their means, in place."""
    for rows in strips(means.shape):
        part = means[rows]
        np.multiply(part, part, out=part)
        np.subtract(squares[rows], part, out=squares[rows])
        np.multiply(squares[rows], kernel.count, out=squares[rows])
    return squares if squares.ndim == 2 else squares.sum(axis=2)


def _masked_squares(centred: npt.NDArray[np.float32], kernel: Kernel) -> npt.NDArray[np.float64]:
    """`window_squares` under a mask."""
    assert kernel.mask is not None
    total: npt.NDArray[np.float64] | None = None
    for channel in _channels(centred):
        sums = cv2.matchTemplate(channel, kernel.mask, cv2.TM_CCORR).astype(np.float64)
        squares = cv2.matchTemplate(channel * channel, kernel.mask, cv2.TM_CCORR)
        part = squares - sums * sums / kernel.count
        total = part if total is None else total + part
    assert total is not None
    return np.asarray(total, np.float64)


def _channels(array: Array) -> list[Array]:
    """Planes of an image, each contiguous."""
    return [array] if array.ndim == 2 else list(cv2.split(array))


def _products(
    centred: npt.NDArray[np.float32], weights: npt.NDArray[np.float32], few: bool
) -> npt.NDArray[np.float32]:
    """Sum products with the weights, directly or by Fourier transforms."""
    if few:
        return _direct(centred, weights)
    total: npt.NDArray[np.float32] | None = None
    for plane, part in zip(_channels(centred), _channels(weights), strict=True):
        products = np.asarray(cv2.matchTemplate(plane, part, cv2.TM_CCORR), np.float32)
        total = products if total is None else np.add(total, products, out=total)
    assert total is not None
    return total


def _direct(
    patch: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Sum products one by one.

    With the template's rows as far apart as the patch's, each translation is one dot product of
    two plain vectors.
    """
    patch = np.ascontiguousarray(patch)
    height, width = weights.shape[:2]
    rows, columns = patch.shape[0] - height + 1, patch.shape[1] - width + 1
    spread = np.zeros((height, *patch.shape[1:]), np.float32)
    spread[:, :width] = weights
    step, row = patch.strides[1], patch.strides[0]
    length = spread.size - (patch.shape[1] - width) * (step // 4)
    shifted = np.lib.stride_tricks.as_strided(
        patch, (rows, columns, length), (row, step, 4), writeable=False
    )
    return np.asarray(np.einsum("ijk,k->ij", shifted, spread.ravel()[:length]))


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
    norm = math.sqrt(float(np.einsum("ijk,ijk->", centred, centred)))
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
    squares = float(np.einsum("ijk,ijk->", window, window))
    if squares <= max((LEAST_CONTRAST * reference.norm) ** 2, 1e-30):
        return 0.0
    product = float(np.einsum("ijk,ijk->", window, reference.weights))
    return min(1.0, max(-1.0, product / math.sqrt(squares)))
