"""The parameters of the Atrous lab, and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyrviewer.compute import atrous
from pyrviewer.compute.network import Network
from pyrviewer.compute.onnx import SCALES, OnnxNetwork
from pyrviewer.compute.segment import MOST_CLASSES, RATES, Stroke
from pyrviewer.compute.segment.features import used_layers

if TYPE_CHECKING:
    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.onnx import Block

LAYOUTS = ("rate", "phases", "stacked", "aspp", "deeplab", "segment")
COLOURS = ""  # the layer that is no layer: red, green and blue
ALL = -1  # all colours of the picture; of maps, their three main components
NETWORK, OWN = "network", "own"  # kernels beside those with fixed taps
KERNELS = {
    **atrous.KERNELS,
    "gaussian": tuple(tuple(a * b / 16 for a in (1, 2, 1)) for b in (1, 2, 1)),
}
MOST_RATE, MOST_PHASES = 64, 8
SMALLEST, LARGEST = 64, 1024  # pixels of the input's longer side
STRIDES = (32, 16, 8)
MOST_RATES = 6
BRANCHES = ("low level", "1 x 1", "atrous", "pooling")


@dataclass(frozen=True)
class AtrousState:
    """What the user chose.

    Parameters
    ----------
    network, scale : str, str
        The ONNX file whose network makes the maps (the program's own where empty), and how it
        takes pixels, one of `onnx.SCALES`.
    layer, channel : str, int
        What is convolved: a layer of the network or `COLOURS`, and which of its maps.
    side : int
        Longer side in pixels to which the picture is reduced first.
    rate, kernel : int, str
        Of the convolution; the kernel is a name in `KERNELS`, `NETWORK` or `OWN`.
    own : tuple of float
        The nine taps of one's own kernel, row by row.
    rates : tuple of int
        Of convolutions stacked on each other.
    aspp, aspp_layer, aspp_kernel : tuple of int, str, str
        Rates of the pyramid, the maps it is on, the kernel of its branches.
    fields : bool
        Show what the branches see of the picture instead of their maps.
    stride, node : int, str
        Output stride of the network, and the node of DeepLab's diagram that is shown.
    strokes : tuple of Stroke
        What was painted. `label`, `radius`: of the next stroke, in pixels of the image; a radius
        of 0 fits the image.
    branches : tuple of str
        Those of `BRANCHES` that the head sees; `segment_rates` are those of the atrous ones.
    edges : bool
        Let borders follow those of the image.
    """

    layout: str = "rate"
    network: str = ""
    scale: str = "imagenet"
    layer: str = COLOURS
    channel: int = ALL
    side: int = 512
    rate: int = 12
    kernel: str = "laplacian"
    own: tuple[float, ...] = (0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    rates: tuple[int, ...] = (2, 2, 2)
    aspp: tuple[int, ...] = (6, 12, 18)
    aspp_layer: str = "block 5"
    aspp_kernel: str = "mean"
    fields: bool = False
    stride: int = 16
    node: str = "classes"
    strokes: tuple[Stroke, ...] = ()
    label: int = 1
    radius: float = 0.0
    branches: tuple[str, ...] = BRANCHES
    segment_rates: tuple[int, ...] = RATES
    edges: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "strokes", tuple(_stroke(*each) for each in self.strokes))
        if not (
            self.layout in LAYOUTS
            and self.scale in SCALES
            and self.channel >= ALL
            and SMALLEST <= self.side <= LARGEST
            and 1 <= self.rate <= MOST_RATE
            and self.kernel in (*KERNELS, NETWORK, OWN)
            and self.aspp_kernel in KERNELS
            and len(self.own) == 9
            and all(abs(tap) < 1e6 for tap in self.own)
            and all(are_rates(each) for each in (self.rates, self.aspp, self.segment_rates))
            and self.stride in STRIDES
            and 0 <= self.label <= MOST_CLASSES
            and self.radius >= 0
            and set(self.branches) <= set(BRANCHES)
        ):
            raise ValueError(f"not a state of the Atrous lab: {self}")

    def brush(self, shape: tuple[int, ...]) -> float:
        """Return the radius of the brush on an image of that height and width."""
        return self.radius or max(2.0, round(max(shape[:2]) / 100))

    @property
    def taps(self) -> tuple[tuple[float, ...], ...]:
        """The kernel, where it does not come from the network."""
        if self.kernel == OWN:
            return self.own[:3], self.own[3:6], self.own[6:]
        return KERNELS.get(self.kernel, KERNELS["laplacian"])


def _stroke(label: int, radius: float, points: tuple[tuple[float, float], ...]) -> Stroke:
    """Return a stroke of what a session file gave back."""
    stroke = Stroke(int(label), float(radius), tuple((float(x), float(y)) for x, y in points))
    if not (0 <= stroke.label <= MOST_CLASSES and stroke.radius > 0 and stroke.points):
        raise ValueError(f"not a stroke: {stroke}")
    return stroke


def are_rates(rates: tuple[int, ...]) -> bool:
    """Tell whether these can be rates of some convolutions."""
    whole = all(isinstance(rate, int) and 1 <= rate <= MOST_RATE for rate in rates)
    return whole and 1 <= len(rates) <= MOST_RATES


@dataclass(frozen=True, eq=False)
class MapsRequest:
    """Maps of an image; without a source, its colours.

    The image is resized to `size`: pixels of its longer side, or height and width where the network
    takes nothing else.
    """

    pixels: Array
    size: int | tuple[int, int]
    layer: str
    source: FeatureSource | None
    stride: int = 32

    def same_as(self, other: MapsRequest | None) -> bool:
        """Tell whether the maps would be the same."""
        return (
            other is not None
            and self.pixels is other.pixels
            and self.source is other.source
            and (self.size, self.layer, self.stride) == (other.size, other.layer, other.stride)
        )


@dataclass(frozen=True, eq=False)
class Request:
    """Maps, and what to do with them."""

    maps: MapsRequest
    state: AtrousState

    def same_as(self, other: Request | None) -> bool:
        """Tell whether the result would be the same."""
        return (
            other is not None
            and self.maps.same_as(other.maps)
            and _shared(self.state) == _shared(other.state)
        )


def _shared(state: AtrousState) -> AtrousState:
    """Leave out what is shown, not computed; strokes have a request of their own."""
    return replace(
        state, fields=False, strokes=(), label=1, radius=1.0, branches=BRANCHES,
        segment_rates=RATES, edges=True, stride=STRIDES[0], node="",
    )  # fmt: skip


def resolve(state: AtrousState, pixels: Array, source: FeatureSource | None) -> Request:
    """Turn choices into what can be computed; a layer that the source has not is replaced."""
    names = [layer.name for layer in source.layers] if source is not None else []
    layer = state.aspp_layer if state.layout == "aspp" else state.layer
    if layer not in names:
        missing = COLOURS if state.layout != "aspp" or not names else names[len(names) // 2]
        layer = missing
    kernel = state.kernel
    if kernel == NETWORK and depthwise_of(source, layer) is None:
        kernel = "laplacian"
    chosen = replace(state, kernel=kernel)
    size: int | tuple[int, int] = min(state.side, max(pixels.shape[:2]))
    if layer and isinstance(source, OnnxNetwork) and any(source.size):
        size = source.fitted(pixels.shape[:2])
    return Request(MapsRequest(pixels, size, layer, source if layer else None), chosen)


def depthwise_of(source: FeatureSource | None, layer: str) -> int | None:
    """Return the block whose depthwise filters a layer's maps go through, counted from 1."""
    words = layer.split()
    if not isinstance(source, Network):
        return None
    if layer == "stem":
        return 1
    if len(words) == 3 and words[0] == "block" and words[2] == "expand" and words[1].isdecimal():
        return int(words[1])
    return None


def pyramid_of(source: FeatureSource | None) -> Block | None:
    """Return the atrous spatial pyramid that was found in a network of the user's."""
    found = source.blocks if isinstance(source, OnnxNetwork) else ()
    usable = (b for b in found if b.kind == "ASPP" and b.input and are_rates(b.scales))
    return next(usable, None)


def first_layer(source: FeatureSource | None) -> str:
    """Return the layer to begin with: what the pyramid of a file is on, or a deep one."""
    if not isinstance(source, OnnxNetwork):
        return COLOURS
    block = pyramid_of(source)
    return block.input if block is not None else used_layers(source)[1]
