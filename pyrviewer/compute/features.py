"""Maps of an image: how layers are described, and what every source of maps has in common."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute import pixels
from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyrviewer.compute.ticket import Ticket

Array = npt.NDArray[Any]

ZERO = 127.0
"""The gray, of 0 to 255, that the network sees as 0."""

_TO_255 = {"uint8": 1, "uint16": 1 / 257, "float32": 255}


@dataclass(frozen=True)
class ReceptiveField:
    """The pixels of the image that a position of a map can see, along one axis.

    Position i sees ``size`` pixels from ``start + i * jump`` on, some of them perhaps outside.
    """

    size: int
    jump: int
    start: int

    def span(self, position: int, length: int) -> tuple[int, int]:
        """Return the first pixel and the one after the last, within an image of that length."""
        first = self.start + position * self.jump
        return max(first, 0), min(first + self.size, length)


@dataclass(frozen=True)
class Layer:
    """Maps that can be asked for.

    Attributes
    ----------
    name : str
        As a person reads it: ``stem``, ``block 3 expand``, ``block 3 depthwise``, ``block 3`` (its
        output, with the shortcut added where there is one), ``head``, ``pool``, ``classifier``.
    kind : str
        ``convolution``, ``expand``, ``depthwise``, ``project``, ``pool``, ``classifier``;
        ``edges`` and ``colours`` in the bank of filters that are not learned.
    channels : int
        Number of maps.
    stride : int
        Pixels of the image between neighbours of a map, at output stride 32.
    block : int or None
        1 to 16, where it belongs to a block.
    field : ReceptiveField or None
        What a position sees, at output stride 32. None where each sees the whole image.
    """

    name: str
    kind: str
    channels: int
    stride: int
    block: int | None
    field: ReceptiveField | None

    def shape(self, image: tuple[int, int], output_stride: int = 32) -> tuple[int, int, int]:
        """Return C, H and W of the maps for an image of that height and width."""
        if self.field is None:
            return self.channels, 1, 1
        stride = min(self.stride, output_stride)
        return self.channels, -(-image[0] // stride), -(-image[1] // stride)

    def field_at(self, output_stride: int) -> ReceptiveField | None:
        """Return what a position sees at another output stride: as much, in smaller steps."""
        if self.field is None:
            return None
        jump = min(self.field.jump, output_stride)
        return ReceptiveField(self.field.size, jump, self.field.start)


class FeatureSource(abc.ABC):
    """What makes maps of an image: the network, or the filters that stand in for it.

    Attributes
    ----------
    name : str
        As a person reads it.
    learned : bool
        Whether it was trained on images.
    layers : tuple of Layer
        What can be asked for, from shallow to deep.
    """

    name: str
    learned: bool

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers = tuple(layers)

    def layer(self, name: str) -> Layer:
        """Return the layer of that name; ValueError, which lists them, if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers)
        raise ValueError(f"there is no layer {name!r} but {names}")

    @abc.abstractmethod
    def features(
        self,
        image: Array,
        layers: Sequence[str],
        *,
        output_stride: int = 32,
        ticket: Ticket | None = None,
    ) -> dict[str, Array]:
        """Compute the maps of some layers.

        Parameters
        ----------
        image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
            An image of any size from 1 x 1 on, seen as `to_float` says.
        layers : sequence of str
            Names of layers.
        output_stride : {32, 16, 8}
            Largest stride of the maps, where a source can turn strides into dilations.
        ticket : Ticket, optional
            Asked whether to go on.

        Returns
        -------
        dict of str to ndarray, shape (C, H, W), float32
            The maps by name, in the order asked for.

        Raises
        ------
        ValueError
            For an unknown layer or output stride, or an array that is no image.
        UserError
            If the maps would take too much memory, or cannot be computed.
        Cancelled
            If the ticket was cancelled.
        """


def to_float(image: Array) -> Array:
    """Return an image as the network takes it: H x W x 3 float32 of 0 to 255.

    Gray becomes three equal channels, 16 bits and floats are scaled, and what is transparent is
    mixed with the gray that the network sees as 0.

    Parameters
    ----------
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The image; it is not changed.

    Raises
    ------
    ValueError
        If the array is not an image as above.
    UserError
        If it holds NaN or infinity.
    """
    pixels.check(image)
    scaled = np.multiply(image, np.float32(_TO_255[image.dtype.name]), dtype=np.float32)
    if not np.isfinite(scaled).all():
        raise UserError("The image holds values that are not finite numbers (NaN or infinity).")
    if scaled.ndim == 2:
        return np.repeat(scaled[..., None], 3, axis=2)
    if scaled.shape[2] == 4:
        alpha = scaled[..., 3:] / 255
        return np.asarray(ZERO + (scaled[..., :3] - ZERO) * alpha, np.float32)
    return scaled
