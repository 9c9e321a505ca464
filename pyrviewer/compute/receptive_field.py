"""Receptive fields of stacked convolutions: what theory says, and what the gradient reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.atrous import atrous_gradient
from pyrviewer.compute.features import ReceptiveField

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Convolution:
    """One layer along one side, with 'same' zero padding as in `atrous_conv2d`."""

    kernel: int
    stride: int = 1
    rate: int = 1


def receptive_field(layers: Sequence[Convolution]) -> ReceptiveField:
    """Return the theoretical receptive field of convolutions, from the input on, along one side.

    Notes
    -----
    A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural networks",
    Distill 2019.
    """
    size, jump, start = 1, 1, 0
    for layer in layers:
        reach = (layer.kernel - 1) * layer.rate
        size += reach * jump
        start -= reach // 2 * jump
        jump *= layer.stride
    return ReceptiveField(size, jump, start)


def reached(
    field: ReceptiveField, position: int, rate: int, count: int, length: int
) -> tuple[int, int]:
    """Return what an atrous kernel of three taps sees of the input, along one side.

    The union of what its taps see; those beyond the map fall on padding and see nothing. This is
    what a gradient reaches, which the kernel's full field, cut at the image, is not.

    Parameters
    ----------
    field : ReceptiveField
        Of the positions of the map that the kernel lies on.
    position, rate : int
        Of its middle tap, which is on the map, and the distance of the others, 0 for none.
    count, length : int
        Number of positions of the map, and of pixels of the input.

    Returns
    -------
    (int, int)
        The first pixel and the one after the last.
    """
    taps = (position + k * rate for k in (-1, 0, 1))
    spans = [field.span(tap, length) for tap in taps if 0 <= tap < count]
    return min(first for first, _ in spans), max(last for _, last in spans)


@dataclass(frozen=True, eq=False)
class Weighted:
    """A convolution with its weights of shape (O, C, kh, kw)."""

    weights: npt.NDArray[Any]
    stride: int = 1
    rate: int = 1


def effective_receptive_field(
    layers: Sequence[Weighted], shape: tuple[int, int], x: int, y: int
) -> npt.NDArray[np.floating[Any]]:
    """Return how strongly each input pixel acts on output pixel (x, y), by the gradient.

    Parameters
    ----------
    layers : sequence of Weighted
        Linear convolutions, from the input on.
    shape : (int, int)
        Height and width of the input.
    x, y : int
        Column and row of the output pixel.

    Returns
    -------
    ndarray, shape (H, W)
        Gradient of the pixel, summed over the output's channels, with respect to the input: its
        length over the input's channels. Exactly 0 outside the theoretical field.

    Raises
    ------
    ValueError
        For no layers and a pixel outside the output.

    Notes
    -----
    W. Luo, Y. Li, R. Urtasun and R. Zemel, "Understanding the effective receptive field in deep
    convolutional neural networks", NIPS 2016.
    """
    if not layers:
        raise ValueError("there must be at least one layer, got none")
    sizes = [shape]
    for layer in layers:
        height, width = sizes[-1]
        sizes.append((-(-height // layer.stride), -(-width // layer.stride)))
    height, width = sizes.pop()
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"pixel ({x}, {y}) is outside the output of {height} x {width}")
    weights = layers[-1].weights
    gradient = np.zeros((weights.shape[0], height, width), weights.dtype)
    gradient[:, y, x] = 1
    for layer, size in zip(reversed(layers), reversed(sizes), strict=True):
        channels = layer.weights.shape[1]
        gradient = atrous_gradient(
            gradient, layer.weights, layer.rate, (channels, *size), layer.stride
        )
    return np.asarray(np.linalg.norm(gradient, axis=0))
