"""The few kinds of layers that the network is made of, forward and backward.

Maps are C x H x W float32. Weights are constants: only the gradient with respect to a layer's input
is ever wanted, and for that a layer needs nothing of its input but its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.network.filters import SMALL, Filters
from pyrviewer.compute.opencv import cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    Backward = Callable[["Array"], "Array"]
    """Turns the gradient with respect to a result into that with respect to what it was made of."""

Array = npt.NDArray[Any]

CHUNK = 1 << 18
"""Numbers that are worked on together, so that they stay in the processor's cache: 1 MB."""

SLAB = 1 << 24
"""Most numbers of expanded maps that exist at a time: 64 MB."""


def ceil_div(size: int, step: int) -> int:
    """Return the number of steps that cover a size."""
    return -(-size // step)


def clip_relu6(maps: Array) -> Array:
    """Cut maps off below 0 and above 6, in place, and return them."""
    return np.clip(maps, 0, 6, out=maps)


def open_relu6(maps: Array, out: Array | None = None) -> Array:
    """Return where the output of a ReLU6 lets a gradient through: strictly between 0 and 6."""
    mask = np.greater(maps, 0, out=out)
    mask &= np.less(maps, 6)
    return mask


@dataclass(frozen=True, eq=False)
class Pointwise:
    """A 1x1 convolution: O x C weights and O biases."""

    weight: Array
    bias: Array

    def only(self, part: slice) -> Pointwise:
        """Return the layer that makes some of the channels."""
        return Pointwise(self.weight[part], self.bias[part])

    def product(self, maps: Array) -> Array:
        """Return O x H x W, the biases left out."""
        channels, height, width = maps.shape
        return (self.weight @ maps.reshape(channels, -1)).reshape(-1, height, width)

    def forward(self, maps: Array) -> Array:
        """Return O x H x W."""
        result = self.product(maps)
        result += self.bias[:, None, None]
        return result

    def backward(self, gradient: Array) -> Array:
        """Return the gradient with respect to the C x H x W input."""
        channels, height, width = gradient.shape
        found = self.weight.T @ gradient.reshape(channels, -1)
        return found.reshape(-1, height, width)


@dataclass(frozen=True, eq=False)
class Depthwise:
    """A convolution of every channel with a kernel of its own: C x k x k weights, C biases.

    Zeros are added around the input as TensorFlow's 'same' does it for the sizes of training, all
    even: half of ``k - stride`` before, rounded down. Odd sizes keep that phase, so that position i
    of a map always lies at the same pixel of the image.
    """

    weight: Array
    bias: Array
    stride: int = 1

    @property
    def pad(self) -> int:
        """Zeros before the first pixel, at rate 1."""
        return int(self.weight.shape[-1] - self.stride) // 2

    @cached_property
    def _filters(self) -> Filters:
        return Filters(self.weight, self.bias, self.pad)

    @cached_property
    def _filters_striding(self) -> Filters:
        return Filters(self.weight, self.bias, self.pad, self.stride)

    @cached_property
    def _filters_back(self) -> Filters:
        flipped = np.ascontiguousarray(self.weight[:, ::-1, ::-1])
        return Filters(flipped, np.zeros_like(self.bias), self.weight.shape[-1] - 1 - self.pad)

    def only(self, part: slice) -> Depthwise:
        """Return the layer that makes some of the channels: itself, if all."""
        if part == slice(0, len(self.bias)):
            return self
        return Depthwise(self.weight[part], self.bias[part], self.stride)

    def forward(self, maps: Array, rate: int, stride: int, out: Array) -> None:
        """Filter into `out`, C x ceil(H / stride) x ceil(W / stride), `rate` pixels between taps.

        The stride is the layer's own, at rate 1, or 1.
        """
        _filter(self._filters if stride == 1 else self._filters_striding, maps, rate, out)

    def backward(self, gradient: Array, rate: int, stride: int, out: Array) -> None:
        """Write the gradient with respect to the input, C x H x W."""
        if stride > 1:
            spread = np.zeros(out.shape, np.float32)
            spread[:, ::stride, ::stride] = gradient
            gradient = spread
        _filter(self._filters_back, gradient, rate, out)


def _filter(filters: Filters, maps: Array, rate: int, out: Array) -> None:
    """Filter into `out`, with `rate` pixels between taps."""
    if rate == 1:
        filters(maps, out)
        return
    planes = to_phases(maps, rate)
    done = np.empty_like(planes)
    for phase in range(rate * rate):
        filters(planes[:, phase], done[:, phase])
    out[...] = from_phases(done, rate, out.shape[1:])


def to_phases(maps: Array, rate: int) -> Array:
    """Return every ``rate``-th pixel as a plane of its own: C x rate^2 x h x w.

    An atrous convolution is an ordinary one on each of these (the polyphase view).
    """
    channels, height, width = maps.shape
    if rate == 1:
        return maps[:, None]
    rows, columns = ceil_div(height, rate), ceil_div(width, rate)
    whole = np.zeros((channels, rows * rate, columns * rate), np.float32)
    whole[:, :height, :width] = maps
    cells = whole.reshape(channels, rows, rate, columns, rate).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(cells).reshape(channels, rate * rate, rows, columns)


def from_phases(planes: Array, rate: int, shape: tuple[int, ...]) -> Array:
    """Undo `to_phases`; `shape` is the H and W of the maps."""
    channels, _, rows, columns = planes.shape
    if rate == 1:
        return planes[:, 0]
    cells = planes.reshape(channels, rate, rate, rows, columns).transpose(0, 3, 1, 4, 2)
    whole = cells.reshape(channels, rows * rate, columns * rate)
    return np.ascontiguousarray(whole[:, : shape[0], : shape[1]])


@dataclass(frozen=True, eq=False)
class Stem:
    """The first convolution: 3x3, stride 2, on the pixels of an image; O x 3 x 3 x 3 weights."""

    weight: Array
    bias: Array

    def forward(self, image: Array) -> Array:
        """Return O x ceil(H / 2) x ceil(W / 2) of an H x W x 3 image that is scaled already."""
        height, width = (ceil_div(side, 2) for side in image.shape[:2])
        padded = np.zeros((2 * height + 1, 2 * width + 1, 3), np.float32)
        padded[: image.shape[0], : image.shape[1]] = image
        result = np.empty((len(self.weight), height, width), np.float32)
        flat = result.reshape(len(result), -1)
        kernel = self.weight.reshape(len(self.weight), -1)
        for rows in _parts(slice(0, height), 27 * width, CHUNK):
            taps = np.empty((3, 3, 3, rows.stop - rows.start, width), np.float32)
            for dy in range(3):
                part = padded[2 * rows.start + dy : 2 * rows.stop + dy : 2]
                for dx in range(3):
                    taps[:, dy, dx] = part[:, dx : dx + 2 * width : 2].transpose(2, 0, 1)
            places = slice(rows.start * width, rows.stop * width)
            np.matmul(kernel, taps.reshape(27, -1), out=flat[:, places])
        result += self.bias[:, None, None]
        return result

    def backward(self, gradient: Array, shape: tuple[int, int]) -> Array:
        """Return the gradient with respect to the image, H x W x 3; `shape` is its H and W."""
        _, height, width = gradient.shape
        kernel = self.weight.reshape(len(self.weight), -1)
        taps = (kernel.T @ gradient.reshape(len(kernel), -1)).reshape(3, 3, 3, height, width)
        phases = np.zeros((3, 2, 2, height + 1, width + 1), np.float32)
        for dy in range(3):
            for dx in range(3):
                part = phases[:, dy % 2, dx % 2, dy // 2 :, dx // 2 :]
                part[:, :height, :width] += taps[:, dy, dx]
        whole = np.empty((height, 2, width, 6), np.float32)
        for dy in range(2):
            planes = [phases[channel, dy, dx] for dx in range(2) for channel in range(3)]
            whole[:, dy] = cv2.merge(planes)[:height, :width]
        pixels = whole.reshape(2 * height, 2 * width, 3)
        return np.ascontiguousarray(pixels[: shape[0], : shape[1]])


class Step(NamedTuple):
    """What one layer made, and the way back from it to the last step that closes a part.

    The filters inside a block do not close: the way back from a block's output passes them.
    """

    name: str
    maps: Array
    way_back: Backward
    closes: bool = True


@dataclass(frozen=True, eq=False)
class Block:
    """An inverted residual block: expand by a 1x1, filter each channel, project by a 1x1.

    Sandler et al. 2018 (MobileNetV2). ReLU6 follows the first two. With a shortcut, the input is
    added to the projection.
    """

    expand: Pointwise | None
    depthwise: Depthwise
    project: Pointwise
    shortcut: bool

    def steps(
        self, name: str, maps: Array, rate: int, stride: int, wanted: Collection[str], keep: bool
    ) -> Iterator[Step]:
        """Yield the expanded maps if they are wanted, the filtered ones, and the output.

        Ways back lead to the block's input; without `keep` only the first has one.
        """
        if self.expand is not None and f"{name} expand" in wanted:
            yield Step(f"{name} expand", *rectified(self.expand, maps), closes=False)
        inner, inner_back = self._filtered(maps, rate, stride, keep)
        yield Step(f"{name} depthwise", inner, lambda given: inner_back(given.copy()), closes=False)
        result = self.project.forward(inner)
        if self.shortcut:
            result += maps

        def back(gradient: Array) -> Array:
            found = inner_back(self.project.backward(gradient))
            if self.shortcut:
                found += gradient
            return found

        yield Step(name, result, back)

    def _filtered(self, maps: Array, rate: int, stride: int, keep: bool) -> tuple[Array, Backward]:
        """Return the filtered maps and, if it is to be kept, their way back.

        Of the expanded maps, the largest of all, no more than a slab exists at a time. The way back
        overwrites the gradient that it is given.
        """
        shape = maps.shape[1], maps.shape[2]
        plane = shape[0] * shape[1]
        inner = np.empty(
            (len(self.depthwise.bias), *(ceil_div(n, stride) for n in shape)), np.float32
        )
        let = np.empty((len(inner), *shape), bool) if keep and self.expand else None
        let_inner = np.empty(inner.shape, bool) if keep else None
        together = _together(inner.shape, rate)
        for slab in _parts(slice(0, len(inner)), plane, SLAB):
            wide = maps if self.expand is None else self.expand.only(slab).product(maps)
            for part in _parts(slab, plane, together):
                some = wide[part.start - slab.start : part.stop - slab.start]
                if self.expand is not None:
                    some += self.expand.bias[part, None, None]
                    clip_relu6(some)
                if let is not None:
                    open_relu6(some, let[part])
                self.depthwise.only(part).forward(some, rate, stride, inner[part])
                clip_relu6(inner[part])
                if let_inner is not None:
                    open_relu6(inner[part], let_inner[part])
        if let_inner is None:
            return inner, _no_way_back

        def backward(gradient: Array) -> Array:
            found = np.empty((len(inner), *shape), np.float32)
            for part in _parts(slice(0, len(inner)), plane, _together(found.shape, rate)):
                gradient[part] *= let_inner[part]
                self.depthwise.only(part).backward(gradient[part], rate, stride, found[part])
                if let is not None:
                    found[part] *= let[part]
            return found if self.expand is None else self.expand.backward(found)

        return inner, backward


def _together(shape: tuple[int, ...], rate: int) -> int:
    """Return how many numbers to work on together to make maps of a shape, C x H x W."""
    # One call filters all small maps.
    return SLAB if ceil_div(shape[1], rate) * ceil_div(shape[2], rate) <= SMALL else CHUNK


def _no_way_back(_gradient: Array) -> Array:
    raise ValueError("the way back was not kept")


def rectified(layer: Pointwise | Stem, maps: Array) -> tuple[Array, Backward]:
    """Return a layer's output after a ReLU6, and the way back."""
    result = clip_relu6(layer.forward(maps))
    shape = maps.shape[:2]

    def backward(gradient: Array) -> Array:
        gated = np.empty(result.shape, np.float32)
        for part in _parts(slice(0, len(gated)), gated[0].size, CHUNK):
            np.multiply(gradient[part], open_relu6(result[part]), out=gated[part])
        if isinstance(layer, Stem):
            return layer.backward(gated, shape)
        return layer.backward(gated)

    return result, backward


def _parts(whole: slice, plane: int, numbers: int) -> Iterator[slice]:
    """Split channels or rows of `plane` numbers each into parts of about as many numbers."""
    step = max(1, numbers // plane)
    for first in range(whole.start, whole.stop, step):
        yield slice(first, min(first + step, whole.stop))
