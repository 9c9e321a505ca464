"""The parameters of the Blend lab, and what they ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute import blend, mask
from pyrviewer.compute.geometry import max_levels

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Parametric

AUTO = -1
MAX_GAIN = 3.0
LAYOUTS = ("blend", "sources", "methods", "xray")
SHOWN = ("result", "other", "slider", "difference")
FRAMES = ("a", "common")
METHODS = ("a", "b", "cut", "feather", "poisson")


@dataclass(frozen=True)
class BlendState:
    """What the user chose.

    Parameters
    ----------
    other : str
        The second image, B: its file, or its name among the open ones; nothing for any of them.
    x, y, scale : float
        Where the left and top edge of B lie on A, the image of the document, in its pixels, and
        pixels of A per pixel of B.
    frame : {"a", "common"}
        Blend in all of A, or only where both are.
    outline : str
        The mask by `mask.to_json`; nothing while it is painted.
    soft : float
        Width of the outline's edge in pixels of A.
    inverted : bool
        B where the mask says A.
    levels : int
        Number of bands, or `AUTO`.
    gains : tuple of float
        One for each band and the residual, 1 where there are fewer.
    show, against : str
        Compare the result with what: one of `SHOWN` and of `METHODS`.
    """

    other: str = ""
    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    frame: str = "a"
    outline: str = ""
    soft: float = 2.0
    inverted: bool = False
    levels: int = AUTO
    linear: bool = False
    wrap: bool = False
    gains: tuple[float, ...] = ()
    layout: str = "blend"
    show: str = "result"
    against: str = "cut"
    selected: int = 0

    def __post_init__(self) -> None:
        numbers = (self.x, self.y, self.scale, self.soft, *self.gains)
        if not (
            all(isinstance(value, float) and math.isfinite(value) for value in numbers)
            and 0.01 <= self.scale <= 100
            and 0 <= self.soft <= 1000
            and all(0 <= gain <= MAX_GAIN for gain in self.gains)
            and self.levels >= AUTO
            and self.selected >= 0
            and self.layout in LAYOUTS
            and self.show in SHOWN
            and self.frame in FRAMES
            and self.against in METHODS
        ):
            raise ValueError(f"not a state of the Blend lab: {self}")
        mask.from_json(self.outline)

    @property
    def parametric(self) -> Parametric | None:
        """The mask, unless it is painted."""
        return mask.from_json(self.outline)


@dataclass(frozen=True, eq=False)
class PairRequest:
    """Two images to be laid on each other."""

    a: Array
    b: Array
    x: float
    y: float
    scale: float
    frame: str

    def same_as(self, other: PairRequest | None) -> bool:
        """Tell whether the result would be the same."""
        return (
            other is not None
            and self.a is other.a
            and self.b is other.b
            and (self.x, self.y, self.scale, self.frame)
            == (other.x, other.y, other.scale, other.frame)
        )


@dataclass(frozen=True)
class Options:
    """How to blend, with nothing left to choose."""

    levels: int
    linear: bool
    wrap: bool
    gains: tuple[float, ...] | None


def options(state: BlendState, shape: tuple[int, ...]) -> Options:
    """Turn choices into what can be computed for images of a shape."""
    most = max_levels(shape)
    levels = min(blend.auto_levels(shape) if state.levels == AUTO else state.levels, most)
    gains = (*state.gains, *(1.0,) * (levels + 1))[: levels + 1]
    plain = all(gain == 1.0 for gain in gains)
    return Options(levels, state.linear, state.wrap, None if plain else gains)


@dataclass(frozen=True, eq=False)
class Blending:
    """What a finished blend depends on."""

    pair: object
    outline: str
    soft: float
    inverted: bool
    strokes: int
    chosen: Options

    def same_as(self, other: Blending | None) -> bool:
        """Tell whether the result would be the same."""
        return other is not None and self._key() == other._key()

    def _key(self) -> tuple[object, ...]:
        painted = self.strokes if not self.outline else 0
        soft = self.soft if self.outline else 0.0
        return (id(self.pair), self.outline, soft, self.inverted, painted, self.chosen)
