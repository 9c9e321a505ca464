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
            self._net.run(maps, out)
            return
        at, border, step = (self.anchor, self.anchor), cv2.BORDER_CONSTANT, self.stride
        whole = None if step == 1 else np.empty(maps.shape[1:], np.float32)
        for plane, kernel, made, delta in zip(
            maps, list(self.weight), out, self.bias.tolist(), strict=True
        ):
            done = cv2.filter2D(plane, -1, kernel, made if step == 1 else whole, at, delta, border)
            if step > 1:
                made[...] = done[::step, ::step]

    @cached_property
    def _net(self) -> _Net:
        return _Net(self)


class _Net:
    """The filters as a network of OpenCV, for maps of any size."""

    def __init__(self, filters: Filters) -> None:
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(_model(filters), np.uint8))
        self._anchor, self._more = filters.anchor, filters.weight.shape[-1] - 1
        self._padded = np.empty((1, 0, 0, 0), np.float32)
        self._lock = threading.Lock()  # the input is part of its state

    def run(self, maps: Array, out: Array) -> None:
        """Filter maps, C x H x W."""
        channels, height, width = maps.shape
        rows, columns = (slice(self._anchor, self._anchor + side) for side in (height, width))
        with self._lock:
            # OpenCV 4 makes wrong borders of uneven ones, and of lines: they are made here.
            shape = (1, channels, height + self._more, width + self._more)
            if self._padded.shape != shape:
                self._padded = np.zeros(shape, np.float32)
            self._padded[0, :, rows, columns] = maps
            self._net.setInput(self._padded)
            out[...] = self._net.forward()[0]


def _model(filters: Filters) -> bytes:
    """Return an ONNX file that holds one convolution, without borders."""
    channels, size = filters.weight.shape[:2]
    made = encode_node(
        *("Conv", ("maps", "weight", "bias"), ("made",)),
        group=channels,
        kernel_shape=(size, size),
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
