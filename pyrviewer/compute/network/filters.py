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
"""Positions of planes up to which one network of OpenCV beats a call of filter2D per channel."""


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
    """

    weight: Array
    bias: Array
    anchor: int

    def __call__(self, planes: Array) -> Array:
        """Return the filtered planes, C x n x H x W, of as many; all n take the same kernel."""
        small = planes.shape[2] * planes.shape[3] <= SMALL
        run = self._net.run if small else self._one_by_one
        found = [run(planes[:, phase]) for phase in range(planes.shape[1])]
        return found[0][:, None] if len(found) == 1 else np.stack(found, axis=1)

    def _one_by_one(self, maps: Array) -> Array:
        result = np.empty(maps.shape, np.float32)
        at, border = (self.anchor, self.anchor), cv2.BORDER_CONSTANT
        for plane, kernel, out, delta in zip(
            maps, list(self.weight), result, self.bias.tolist(), strict=True
        ):
            cv2.filter2D(plane, -1, kernel, out, at, delta, border)
        return result

    @cached_property
    def _net(self) -> _Net:
        return _Net(self.weight, self.bias, self.anchor)


class _Net:
    """The filters as a network of OpenCV, for maps of any size."""

    def __init__(self, weight: Array, bias: Array, anchor: int) -> None:
        model = np.frombuffer(_model(weight[:, None], bias), np.uint8)
        self._net = cv2.dnn.readNetFromONNX(model)
        self._anchor, self._more = anchor, weight.shape[-1] - 1
        self._lock = threading.Lock()  # the input is part of its state

    def run(self, maps: Array) -> Array:
        """Return the filtered maps, C x H x W."""
        channels, height, width = maps.shape
        # OpenCV 4 makes wrong borders of uneven ones, and of lines: they are made here.
        padded = np.zeros((1, channels, height + self._more, width + self._more), np.float32)
        rows, columns = (slice(self._anchor, self._anchor + side) for side in (height, width))
        padded[0, :, rows, columns] = maps
        with self._lock:
            self._net.setInput(padded)
            made: Array = self._net.forward()[0]
        return made


def _model(weight: Array, bias: Array) -> bytes:
    """Return an ONNX file that holds one convolution, without borders."""
    channels, size = len(weight), weight.shape[-1]
    made = encode_node(
        *("Conv", ("maps", "weight", "bias"), ("made",)), group=channels, kernel_shape=(size, size)
    )
    graph = (
        *(field(1, made), field(2, "filters")),
        *(field(5, _tensor("weight", weight)), field(5, _tensor("bias", bias))),
        field(11, encode_value("maps", (1, channels, "height", "width"))),
        field(12, encode_value("made")),
    )
    return field(1, 8) + field(8, field(2, 13)) + field(7, b"".join(graph))


def _tensor(name: str, values: Array) -> bytes:
    sizes = b"".join(field(1, size) for size in values.shape)
    return sizes + field(2, 1) + field(8, name) + field(9, values.astype("<f4").tobytes())
