"""Atrous (dilated) convolution: kernels whose taps lie `rate` pixels apart.

L.-C. Chen, G. Papandreou, F. Schroff and H. Adam, "Rethinking atrous convolution for semantic image
segmentation", 2017. Padding is zero and 'same': ``rate * (k - 1)`` pixels along a side, the smaller
half first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.ticket import Ticket

_Array = npt.NDArray[Any]

KERNELS = {
    "mean": ((1 / 9,) * 3,) * 3,
    "laplacian": ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0)),
    "sobel-x": ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0)),
    "sobel-y": ((-1.0, -2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 2.0, 1.0)),
}
"""Kernels of 3 x 3 by name."""

_COLUMN_BYTES = 32 << 20  # of the shifted copies that are multiplied at a time


def atrous_conv2d(
    features: _Array,
    weights: _Array,
    rate: int,
    bias: _Array | None = None,
    stride: int = 1,
    *,
    ticket: Ticket | None = None,
) -> npt.NDArray[np.floating[Any]]:
    """Convolve feature maps with kernels whose taps lie `rate` pixels apart.

    As in neural networks the kernel is not flipped.

    Parameters
    ----------
    features : ndarray, shape (C, H, W)
        Feature maps.
    weights : ndarray, shape (O, C, kh, kw)
        Kernels, even sides included.
    rate : int
        Distance of neighbouring taps, at least 1.
    bias : ndarray, shape (O,), optional
        Added to each output channel.
    stride : int
        Every `stride`-th row and column is computed, from the first.
    ticket : Ticket, optional
        Asked before every few rows.

    Returns
    -------
    ndarray, shape (O, ceil(H / stride), ceil(W / stride))
        float32, or float64 where `features` or `weights` are.

    Raises
    ------
    ValueError
        For shapes that do not fit each other, and a rate or stride below 1.
    Cancelled
        If the ticket was cancelled.
    """
    _check(features.shape, weights.shape, rate, stride)
    dtype = np.result_type(features, weights, np.float32)
    channels, *sides = features.shape
    height, width = (-(-side // stride) for side in sides)
    outputs, _, kernel_height, kernel_width = weights.shape
    by_tap = np.ascontiguousarray(weights.transpose(2, 3, 0, 1), dtype)
    across = _valid(kernel_width, rate, stride, sides[1], range(width))
    result = np.empty((outputs, height, width), dtype)
    flat = result.reshape(outputs, -1)
    reached = len(across) * len(_valid(kernel_height, rate, stride, sides[0], range(height)))
    step = max(1, _COLUMN_BYTES // (max(reached, 1) * channels * width * dtype.itemsize))
    for top in range(0, height, step):
        if ticket is not None:
            ticket.check(top / height)
        rows = range(top, min(top + step, height))
        down = _valid(kernel_height, rate, stride, sides[0], rows)
        seen = [(y, x) for y in down for x in across]
        columns = np.zeros((len(seen), channels, len(rows), width), dtype)
        for shifted, (y, x) in zip(columns, seen, strict=True):
            shifted[:, y.outputs, x.outputs] = features[:, y.inputs, x.inputs]
        kept = by_tap[[y.tap for y, _ in seen], [x.tap for _, x in seen]]
        np.matmul(
            kept.transpose(1, 0, 2).reshape(outputs, len(seen) * channels),
            columns.reshape(len(seen) * channels, len(rows) * width),
            out=flat[:, top * width : rows.stop * width],
        )
    if bias is not None:
        result += np.asarray(bias, dtype).reshape(outputs, 1, 1)
    return result


def atrous_filter(
    features: _Array, kernel: npt.ArrayLike, rate: int, *, ticket: Ticket | None = None
) -> npt.NDArray[np.floating[Any]]:
    """Convolve each map by itself with one kernel (depthwise).

    Parameters
    ----------
    features : ndarray, shape (C, H, W)
        Feature maps.
    kernel : array_like, shape (kh, kw)
        The kernel, such as one of `KERNELS`.
    rate, ticket
        As in `atrous_conv2d`.

    Returns
    -------
    ndarray, shape (C, H, W)
        float32, or float64 for float64 maps.

    Raises
    ------
    ValueError
        What `atrous_conv2d` refuses.
    Cancelled
        If the ticket was cancelled.
    """
    weights = np.array(kernel, np.result_type(features, np.float32), ndmin=4)
    maps = (features[i : i + 1] for i in range(len(features)))
    return np.concatenate([atrous_conv2d(one, weights, rate, ticket=ticket) for one in maps])


def atrous_gradient(
    gradient: _Array, weights: _Array, rate: int, shape: tuple[int, ...], stride: int = 1
) -> npt.NDArray[np.floating[Any]]:
    """Return the gradient with respect to the features, given that of the result.

    Parameters
    ----------
    gradient : ndarray, shape (O, H', W')
        Gradient with respect to the result of `atrous_conv2d`.
    weights, rate, stride
        As in `atrous_conv2d`.
    shape : (int, int, int)
        C, H and W of the features.

    Returns
    -------
    ndarray, shape (C, H, W)
        float32, or float64 where `gradient` or `weights` are.

    Raises
    ------
    ValueError
        For shapes that do not fit each other, and a rate or stride below 1.
    """
    _check(shape, weights.shape, rate, stride)
    expected = (weights.shape[0], *(-(-side // stride) for side in shape[1:]))
    if gradient.shape != expected:
        raise ValueError(f"the gradient must have shape {expected}, got {gradient.shape}")
    result = np.zeros(shape, np.result_type(gradient, weights, np.float32))
    _, height, width = expected
    for y in _valid(weights.shape[2], rate, stride, shape[1], range(height)):
        for x in _valid(weights.shape[3], rate, stride, shape[2], range(width)):
            part = gradient[:, y.outputs, x.outputs]
            across_outputs = np.tensordot(weights[:, :, y.tap, x.tap].T, part, axes=1)
            result[:, y.inputs, x.inputs] += across_outputs
    return result


@dataclass(frozen=True, eq=False)
class Taps:
    """Where the taps of one output pixel lie.

    Attributes
    ----------
    x, y : (kh, kw) int64 arrays
        Columns and rows of the input; outside it where the tap falls on padding.
    inside : (kh, kw) bool array
        False where the tap falls on padding.
    """

    x: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]


def taps(x: int, y: int, kernel: tuple[int, int], rate: int, shape: tuple[int, int]) -> Taps:
    """Return the input pixels that make output pixel (x, y) at stride 1.

    Parameters
    ----------
    x, y : int
        Column and row of the output pixel.
    kernel : (int, int)
        Rows and columns of the kernel.
    rate : int
        Distance of neighbouring taps.
    shape : (int, int)
        Height and width of the input.
    """
    rows, columns = (side + _offsets(k, rate) for side, k in zip((y, x), kernel, strict=True))
    ys, xs = np.meshgrid(rows, columns, indexing="ij")
    inside = (ys >= 0) & (ys < shape[0]) & (xs >= 0) & (xs < shape[1])
    return Taps(xs, ys, inside)


def padding_share(shape: tuple[int, int], kernel: tuple[int, int], rate: int) -> float:
    """Return the share of all taps, over all output pixels at stride 1, that fall on padding.

    With a 3 x 3 kernel and a rate of at least the sides it is 8/9: only the middle tap is left, and
    the kernel has become 1 x 1.
    """
    kept = 1.0
    for side, k in zip(shape, kernel, strict=True):
        kept *= np.maximum(side - np.abs(_offsets(k, rate)), 0).sum() / (side * k)
    return 1 - float(kept)


def coverage(rates: Sequence[int], kernel: int = 3) -> npt.NDArray[np.int64]:
    """Return how often each pixel of the field is touched by convolutions stacked on each other.

    Parameters
    ----------
    rates : sequence of int
        Rate of each convolution of kernel x kernel taps, in either order.
    kernel : int
        Side of each kernel.

    Returns
    -------
    ndarray, shape (n, n), int64
        Number of paths from each pixel of the n x n field to its output pixel. Zeros are the holes
        of gridding: the mean of ``coverage(rates) > 0`` is the share that is touched.

    Raises
    ------
    ValueError
        For no rates, and a rate or kernel below 1.

    Notes
    -----
    P. Wang et al., "Understanding convolution for semantic segmentation", WACV 2018.
    """
    if not rates or min(rates) < 1 or kernel < 1:
        raise ValueError(f"rates and kernel must be at least 1, got {tuple(rates)} and {kernel}")
    along = np.ones(1, np.int64)
    for rate in rates:
        comb = np.zeros((kernel - 1) * rate + 1, np.int64)
        comb[::rate] = 1
        along = np.convolve(along, comb)
    return np.outer(along, along)


def polyphase(features: _Array, rate: int) -> list[list[_Array]]:
    """Return the rate x rate phases of feature maps, as views.

    Where a convolution at this rate has an odd kernel, it is the ordinary one of each phase by
    itself: phase [i][j] of the result is made from ``features[..., i::rate, j::rate]`` alone.

    Parameters
    ----------
    features : ndarray, shape (..., H, W)
        Feature maps; phases beyond a side are empty.
    rate : int
        At least 1.

    Returns
    -------
    list of list of ndarray
        Row i, column j.
    """
    return [[features[..., i::rate, j::rate] for j in range(rate)] for i in range(rate)]


def aspp(
    features: _Array,
    point: _Array,
    atrous: Sequence[_Array],
    image: _Array,
    rates: Sequence[int] = (6, 12, 18),
) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """Run the parallel branches of atrous spatial pyramid pooling.

    Linear: batch normalisation can be folded into the weights, and no branch is rectified.

    Parameters
    ----------
    features : ndarray, shape (C, H, W)
        Feature maps.
    point : ndarray, shape (O, C, 1, 1)
        Weights of the 1 x 1 branch.
    atrous : sequence of ndarray, shape (O, C, k, k)
        Weights of the branch for each of `rates`.
    image : ndarray, shape (O, C, 1, 1)
        Weights of the image pooling branch: the mean of each map, then 1 x 1, then spread again.
    rates : sequence of int
        At least one.

    Returns
    -------
    dict of str to ndarray, shape (O, H, W)
        By the names "1 x 1", "rate 6" and so on, and "image pooling", in this order;
        ``np.concatenate(list(branches.values()))`` is the module's stack.

    Raises
    ------
    ValueError
        If there are not as many weights as rates, and what `atrous_conv2d` refuses.
    """
    if len(atrous) != len(rates):
        raise ValueError(f"{len(rates)} rates need as many weights, got {len(atrous)}")
    branches = {"1 x 1": atrous_conv2d(features, point, 1)}
    for rate, weights in zip(rates, atrous, strict=True):
        branches[f"rate {rate}"] = atrous_conv2d(features, weights, rate)
    mean = features.mean(axis=(1, 2), keepdims=True, dtype=np.result_type(features, np.float32))
    pooled = atrous_conv2d(mean, image, 1)
    height, width = features.shape[1:]
    branches["image pooling"] = np.tile(pooled, (1, height, width))
    return branches


@dataclass(frozen=True)
class _Seen:
    """What one tap of a side sees beside padding: inputs[i] belongs to outputs[i]."""

    tap: int
    outputs: slice
    inputs: slice


def _valid(k: int, rate: int, stride: int, size: int, outputs: range) -> list[_Seen]:
    """Return what each tap of a side sees of `outputs`, without those that see only padding."""
    found = []
    for tap, offset in enumerate(_offsets(k, rate).tolist()):
        first = max(outputs.start, -(offset // stride))
        last = min(outputs.stop - 1, (size - 1 - offset) // stride)
        if first <= last:
            seen = slice(first - outputs.start, last + 1 - outputs.start)
            inputs = slice(first * stride + offset, last * stride + offset + 1, stride)
            found.append(_Seen(tap, seen, inputs))
    return found


def _offsets(k: int, rate: int) -> npt.NDArray[np.int64]:
    """Positions of the taps of a side, relative to the output pixel."""
    return np.arange(k) * rate - rate * (k - 1) // 2


def _check(features: tuple[int, ...], weights: tuple[int, ...], rate: int, stride: int) -> None:
    if len(features) != 3 or len(weights) != 4 or features[0] != weights[1] or 0 in features:
        raise ValueError(
            "features of shape (C, H, W), none of them 0, need weights of shape (O, C, kh, kw), "
            f"got {features} and {weights}"
        )
    if 0 in weights or rate < 1 or stride < 1:
        raise ValueError(
            f"weights, rate and stride must be at least 1, got {weights}, {rate} and {stride}"
        )
