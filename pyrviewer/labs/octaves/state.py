"""The parameters of the Octaves lab, and what they ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute import pyramid

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

    Octaves = Callable[[Ticket], list[Array]]

KINDS = ("gaussian", "laplacian", "dog")
PREFILTERS: tuple[pyramid.Prefilter, ...] = (
    "binomial", "none", "box", "area", "lanczos", "max",
)  # fmt: skip
LAYOUTS = ("native", "upsampled", "both", "grid", "one", "rebuild", "aliasing")
COMPARES = ("first", "second", "slider", "difference")
CHARTS = ("image", "zone plate", "chirp")
AUTO = -1
MAX_GAIN = 4.0


@dataclass(frozen=True)
class OctavesState:
    """What the user chose.

    Parameters
    ----------
    levels : int
        Number of reductions, or `AUTO`.
    selected : int
        The octave that is shown large and saved.
    gains : tuple of float
        One per band from the finest, the residual last; missing ones are 1.
    muted : tuple of int
        Bands left out. `solo` is the only band heard, or `AUTO`.
    detail : int
        Bands that the coarse-to-fine slider lets through besides the residual, or `AUTO` for all.
    """

    kind: str = "gaussian"
    prefilter: pyramid.Prefilter = "binomial"
    ratio: float = 2.0
    levels: int = AUTO
    layout: str = "both"
    selected: int = 1
    compare: str = "second"
    true_geometry: bool = True
    smooth: bool = True
    auto_range: bool = False
    gains: tuple[float, ...] = ()
    muted: tuple[int, ...] = ()
    solo: int = AUTO
    detail: int = AUTO
    chart: str = "image"
    bench_level: int = 2
    bench_first: pyramid.Prefilter = "none"
    bench_second: pyramid.Prefilter = "binomial"

    def __post_init__(self) -> None:
        if not (
            self.kind in KINDS
            and self.layout in LAYOUTS
            and self.compare in COMPARES
            and self.chart in CHARTS
            and {self.prefilter, self.bench_first, self.bench_second} <= set(PREFILTERS)
            and 1.1 <= self.ratio <= 4
            and "max" not in (self.bench_first, self.bench_second)
            and min(self.levels, self.solo, self.detail) >= AUTO
            and self.selected >= 0
            and self.bench_level >= 1
            and all(0 <= gain <= MAX_GAIN for gain in self.gains)
        ):
            raise ValueError(f"not a state of the Octaves lab: {self}")

    @property
    def exact_bands(self) -> bool:
        """Whether the pyramid is the one that Laplacian bands are made of."""
        return self.prefilter == "binomial" and self.ratio == 2

    @property
    def free_ratio(self) -> bool:
        """Whether the ratio counts: Laplacian bands and the maximum are defined at 2 only."""
        return self.kind != "laplacian" and self.prefilter != "max"

    def band_gains(self, bands: int) -> tuple[float, ...]:
        """Return the gains in effect: `bands` of them from the finest, then the residual's."""
        given = (self.gains + (1.0,) * (bands + 1))[: bands + 1]
        detail = bands if self.detail == AUTO else self.detail
        return tuple(
            gain if self._heard(k) and k >= bands - detail else 0.0 for k, gain in enumerate(given)
        )

    def _heard(self, band: int) -> bool:
        return band == self.solo if self.solo != AUTO else band not in self.muted


def auto_levels(shape: tuple[int, ...]) -> int:
    """Return the reductions that leave about 8 pixels of the shorter side, at most 8."""
    return min(8, max(1, int(math.log2(min(shape[:2]))) - 3), pyramid.max_levels(shape))


@dataclass(frozen=True, eq=False)
class BuildRequest:
    """What a pyramid on the screen is computed from."""

    pixels: Array
    octaves: Octaves
    kind: str
    prefilter: pyramid.Prefilter
    ratio: float
    levels: int
    auto_range: bool

    @property
    def shared(self) -> bool:
        """Whether the octaves are the binomial ones that all labs share."""
        return self.prefilter == "binomial" and self.ratio == 2

    def same_as(self, other: BuildRequest | None) -> bool:
        """Tell whether the result would be the same."""
        return other is not None and self.pixels is other.pixels and self._key() == other._key()

    def _key(self) -> tuple[object, ...]:
        return (self.kind, self.prefilter, self.ratio, self.levels, self.auto_range)


def resolve(state: OctavesState, pixels: Array, octaves: Octaves) -> BuildRequest:
    """Turn choices into what can be computed on this image."""
    ratio = state.ratio if state.free_ratio else 2.0
    limit = pyramid.max_levels(pixels.shape[:2], ratio)
    auto = min(auto_levels(pixels.shape), limit)
    if ratio != 2:
        auto = min(limit, max(1, round(auto / math.log2(ratio))), 10)
    return BuildRequest(
        pixels=pixels,
        octaves=octaves,
        kind=state.kind,
        prefilter="binomial" if state.kind == "laplacian" else state.prefilter,
        ratio=ratio,
        levels=auto if state.levels == AUTO else min(state.levels, limit),
        auto_range=state.auto_range,
    )
