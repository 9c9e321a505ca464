"""Filters with a kernel for every channel, by whichever way of OpenCV is faster."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.onnx.graph import encode_node, encode_value
from pyrviewer.compute.onnx.wire import field
from pyrviewer.compute.opencv import cv2

Array = npt.NDArray[Any]

SMALL = 48 * 48
"""Positions of made planes up to which a network of OpenCV beats a call of filter2D per channel."""


@dataclass(frozen=True, eq=False)
class Filters:
    """A correlation of every channel with a kernel of its own, zeros around it.

    Attributes
    ----------
    weight : ndarray, shape (C, k, k), float32
        The kernels.
    bias : ndarray, shape (C,), float32
        What is added.
    anchor : int
        Row and column of the kernels that lie on the pixel that is made.
    stride : int
        Only every so many pixels are made, beginning with the first.
    """

    weight: Array
    bias: Array
    anchor: int
    stride: int = 1

    def __call__(self, maps: Array, out: Array) -> None:
        """Filter maps, C x H x W, into C x ceil(H / stride) x ceil(W / stride)."""
        if out.shape[1] * out.shape[2] <= SMALL:
            # OpenCV 4 makes wrong borders of uneven ones, and of lines.
            net = self._net_bordering if self._even and min(maps.shape[1:]) > 1 else self._net
            net.run(maps, out)
            return
        at, border, step = (self.anchor, self.anchor), cv2.BORDER_CONSTANT, self.stride
        whole = None if step == 1 else np.empty(maps.shape[1:], np.float32)
        for plane, kernel, made, delta in zip(
            maps, list(self.weight), out, self.bias.tolist(), strict=True
        ):
            done = cv2.filter2D(plane, -1, kernel, made if step == 1 else whole, at, delta, border)
            if step > 1:
                made[...] = done[::step, ::step]

    @property
    def _even(self) -> bool:
        """Whether as many zeros lie after the maps as before them."""
        return self.stride == 1 and 2 * self.anchor + 1 == self.weight.shape[-1]

    @cached_property
    def _net(self) -> _Net:
        return _Net(self)

    @cached_property
    def _net_bordering(self) -> _Net:
        return _Net(self, border=self.anchor)


class _Net:
    """The filters as a network of OpenCV, for maps of any size.

    OpenCV adds `border` zeros on every side; what the filters need beyond is added by a copy.
    """

    def __init__(self, filters: Filters, border: int = 0) -> None:
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(_model(filters, border), np.uint8))
        self._before = filters.anchor - border
        self._more = filters.weight.shape[-1] - 1 - 2 * border
        self._padded = np.empty((1, 0, 0, 0), np.float32)
        self._lock = threading.Lock()  # the input is part of its state

    def run(self, maps: Array, out: Array) -> None:
        """Filter maps, C x H x W."""
        with self._lock:
            self._net.setInput(self._bordered(maps) if self._more else maps[None])
            out[...] = self._net.forward()[0]

    def _bordered(self, maps: Array) -> Array:
        """Return the maps among zeros, in memory that is kept for the next."""
        channels, height, width = maps.shape
        rows, columns = (slice(self._before, self._before + side) for side in (height, width))
        shape = (1, channels, height + self._more, width + self._more)
        if self._padded.shape != shape:
            self._padded = np.zeros(shape, np.float32)
        self._padded[0, :, rows, columns] = maps
        return self._padded


def _model(filters: Filters, border: int) -> bytes:
    """Return an ONNX file that holds one convolution, with so many zeros on every side."""
    channels, size = filters.weight.shape[:2]
    made = encode_node(
        *("Conv", ("maps", "weight", "bias"), ("made",)),
        group=channels,
        kernel_shape=(size, size),
        pads=(border,) * 4,
        strides=(filters.stride, filters.stride),
    )
    graph = (
        *(field(1, made), field(2, "filters")),
        field(5, _tensor("weight", filters.weight[:, None])),
        field(5, _tensor("bias", filters.bias)),
        field(11, encode_value("maps", (1, channels, "height", "width"))),
        field(12, encode_value("made")),
    )
    return field(1, 8) + field(8, field(2, 13)) + field(7, b"".join(graph))


def _tensor(name: str, values: Array) -> bytes:
    sizes = b"".join(field(1, size) for size in values.shape)
    return sizes + field(2, 1) + field(8, name) + field(9, values.astype("<f4").tobytes())
