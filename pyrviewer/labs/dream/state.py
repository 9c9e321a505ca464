"""The parameters of the Dream lab, and what they ask for."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pyrviewer.compute import mask
from pyrviewer.compute.dream import DreamSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Parametric
    from pyrviewer.compute.network import Network
    from pyrviewer.compute.ticket import Ticket

    Octaves = Callable[[Ticket], list[Array]]

ALL = -1
AUTO = 0
LAYOUTS = ("dream", "octaves", "gradient")
SHOWN = ("result", "original", "slider", "difference")
COARSEST = 320  # pixels: octaves that are chosen automatically begin at about this longer side
FEWEST, MOST = 4, 12  # of them


@dataclass(frozen=True)
class DreamState:
    """What the user chose.

    Parameters
    ----------
    layer, channel
        What is to say more; the channel, or `ALL`.
    octaves : int
        Number of sizes, or `AUTO`.
    even : bool
        Whether the bands of the gradient are brought to the same strength.
    guide : str
        The image whose features are dreamt of: its file, or its name among the open ones.
    outline : str
        Where it may dream as `mask.to_dict` in JSON; nothing for everywhere. `soft` is the width
        of its edge in pixels.
    frames, zoom
        Of the film.
    """

    layer: str = "block 11"
    channel: int = ALL
    octaves: int = AUTO
    ratio: float = 1.4
    steps: int = 10
    rate: float = 1.5
    even: bool = True
    seed: int = 0
    guide: str = ""
    outline: str = ""
    soft: float = 16.0
    layout: str = "dream"
    show: str = "result"
    frames: int = 24
    zoom: float = 1.04

    def __post_init__(self) -> None:
        if not (
            all(math.isfinite(value) for value in (self.ratio, self.rate, self.soft, self.zoom))
            and self.channel >= ALL
            and 0 <= self.octaves <= MOST
            and 1.1 <= self.ratio <= 4
            and 1 <= self.steps <= 200
            and 0 < self.rate <= 32
            and self.seed >= 0
            and 0 <= self.soft <= 1000
            and self.layout in LAYOUTS
            and self.show in SHOWN
            and 1 <= self.frames <= 1000
            and 1 <= self.zoom <= 2
        ):
            raise ValueError(f"not a state of the Dream lab: {self}")
        if self.outline:
            mask.from_dict(json.loads(self.outline))

    @property
    def region(self) -> Parametric | None:
        """Where it may dream; None for everywhere."""
        return mask.from_dict(json.loads(self.outline)) if self.outline else None


def as_outline(region: Parametric | None) -> str:
    """Return a region as `DreamState.outline` has it."""
    return json.dumps(mask.to_dict(region)) if region is not None else ""


def auto_octaves(shape: tuple[int, ...], ratio: float) -> int:
    """Return how many octaves begin small enough for something to be seen at once."""
    larger = max(shape[:2]) / COARSEST
    needed = 1 + math.ceil(math.log(larger) / math.log(ratio)) if larger > 1 else 1
    return min(max(needed, FEWEST), MOST)


@dataclass(frozen=True, eq=False)
class DreamRequest:
    """A picture, who dreams of it, and how; `guide` is the image that the state names."""

    pixels: Array
    network: Network
    state: DreamState
    guide: Array | None = None

    def same_as(self, other: DreamRequest | None) -> bool:
        """Tell whether the dream would be the same."""
        return (
            other is not None
            and self.pixels is other.pixels
            and self.network is other.network
            and self.guide is other.guide
            and self.state == other.state
        )

    @cached_property
    def settings(self) -> DreamSettings:
        """The same for the compute layer; draws the mask, so it is for worker threads."""
        state, region = self.state, self.state.region
        height, width = self.pixels.shape[:2]
        drawn = None
        if region is not None:
            drawn = mask.rasterise(region, (height, width), soft=state.soft)
        return DreamSettings(
            state.layer,
            None if state.channel == ALL else state.channel,
            octaves=state.octaves,
            ratio=state.ratio,
            steps=state.steps,
            rate=state.rate,
            normalise="laplacian" if state.even else "plain",
            seed=state.seed,
            guide=self.guide,
            mask=drawn,
        )


def resolve(
    state: DreamState, pixels: Array, network: Network, guide: Array | None
) -> DreamRequest:
    """Turn choices into what can be dreamt; what the network has not is left at the default."""
    layers = {layer.name: layer for layer in network.layers}
    default = DreamState()
    layer = layers.get(state.layer) or layers[default.layer]
    channel = ALL if guide is not None or state.channel >= layer.channels else state.channel
    chosen = replace(
        state,
        layer=layer.name,
        channel=channel,
        octaves=state.octaves or auto_octaves(pixels.shape, state.ratio),
        layout=default.layout,
        show=default.show,
        frames=default.frames,
        zoom=default.zoom,
    )
    return DreamRequest(pixels, network, chosen, guide)
