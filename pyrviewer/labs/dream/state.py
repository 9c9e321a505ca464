"""The parameters of the Dream lab, and what they ask for."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, cast

from pyrviewer.compute import mask
from pyrviewer.compute.dream import DreamSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Parametric
    from pyrviewer.compute.network import Network
    from pyrviewer.compute.ticket import Ticket

    Octaves = Callable[[Ticket], list[Array]]

ALL = -1
AUTO = 0
LAYOUTS = ("dream", "octaves", "gradient")
SHOWN = ("result", "original", "slider", "difference")
CHOSEN = ""  # by the channel: the objective that suits it
OBJECTIVES = (CHOSEN, "mean", "l2")
COARSEST = 320  # pixels: octaves that are chosen automatically begin at about this longer side
FEWEST, MOST = 4, 12  # of them


@dataclass(frozen=True)
class DreamState:
    """What the user chose.

    Parameters
    ----------
    layer, channel
        What is to say more; the channel, or `ALL`.
    objective : str
        One of `OBJECTIVES`.
    octaves : int
        Number of sizes, or `AUTO`.
    even : bool
        Whether the bands of the gradient are brought to the same strength.
    guide : str
        The image whose features are dreamt of: its file, or its name among the open ones.
    outline : str
        Where it may dream, by `mask.to_json`; nothing for everywhere. `soft` is the width of its
        edge in pixels.
    frames, zoom
        Of the film.
    """

    layer: str = "block 11"
    channel: int = ALL
    objective: str = CHOSEN
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
            and self.objective in OBJECTIVES
            and self.layout in LAYOUTS
            and self.show in SHOWN
            and 1 <= self.frames <= 1000
            and 1 <= self.zoom <= 2
        ):
            raise ValueError(f"not a state of the Dream lab: {self}")
        mask.from_json(self.outline)

    @property
    def region(self) -> Parametric | None:
        """Where it may dream; None for everywhere."""
        return mask.from_json(self.outline)


@dataclass(frozen=True)
class Recipe:
    """How a dream came about, so that it can be dreamt again; nothing before the first.

    Parameters
    ----------
    starts : tuple of int
        For every branch, how many steps it keeps of those before it.
    asked : tuple of str
        For every branch, what was asked for: the dict of a `DreamState` in JSON.
    length : int
        Number of steps where it was stopped, or `WHOLE`.
    """

    starts: tuple[int, ...] = ()
    asked: tuple[str, ...] = ()
    length: int = 0

    def __post_init__(self) -> None:
        if len(self.states) != len(self.starts) or self.length < 0:
            raise ValueError(f"not a recipe of a dream: {self}")

    @property
    def states(self) -> tuple[DreamState, ...]:
        """What was asked for, branch after branch."""
        return tuple(DreamState(**json.loads(text)) for text in self.asked)


WHOLE = 0  # the length of a recipe that is dreamt to its end


def recipe(branches: Sequence[Branch], length: int = WHOLE) -> Recipe:
    """Return the recipe of branches."""
    asked = tuple(json.dumps(asdict(branch.request.state)) for branch in branches)
    return Recipe(tuple(branch.start for branch in branches), asked, length)


def auto_octaves(shape: tuple[int, ...], ratio: float) -> int:
    """Return how many octaves begin small enough for something to be seen at once."""
    larger = max(shape[:2]) / COARSEST
    needed = 1 + math.ceil(math.log(larger) / math.log(ratio)) if larger > 1 else 1
    return min(max(needed, FEWEST), MOST)


def pixel_steps(state: DreamState, shape: tuple[int, ...]) -> float:
    """Return over how many pixels a dream of an image goes, all steps together."""
    count = state.octaves or auto_octaves(shape, state.ratio)
    sizes = sum(state.ratio ** (-2 * k) for k in range(count))
    return shape[0] * shape[1] * sizes * state.steps


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
            cast("Literal['mean', 'l2']", state.objective) or None,
            octaves=state.octaves,
            ratio=state.ratio,
            steps=state.steps,
            rate=state.rate,
            normalise="laplacian" if state.even else "plain",
            seed=state.seed,
            guide=self.guide,
            mask=drawn,
        )


def too_small(name: str, request: DreamRequest) -> str:
    """Return why an image of that name is too small for the layer, or nothing."""
    height, width = request.pixels.shape[:2]
    layer = request.network.layer(request.state.layer)
    if min(height, width) >= layer.stride:
        return ""
    return (
        f"{name} is {width} × {height} pixels: too small for {layer.name}, which looks at it in "
        f"steps of {layer.stride}."
    )


@dataclass(frozen=True, eq=False)
class Branch:
    """What was asked for from a step on: `start` steps of those before it are kept."""

    start: int
    request: DreamRequest


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
