"""Rebuilding an image from its bands, for worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import display, geometry, pyramid, signed
from pyrviewer.compute.mipmap import mipmap, mipmap_of
from pyrviewer.labs.octaves.run import Build, Octave

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.octaves.state import Octaves


@dataclass(frozen=True, eq=False)
class RebuildRequest:
    """What an image is rebuilt from: its octaves, and a gain for each band and the residual.

    `limit` is the least end of the error's colour map, so that it can stay while steps are played.
    """

    octaves: Octaves
    gains: tuple[float, ...]
    range: tuple[float, float]
    preview_level: int = 0
    limit: float = 0.0


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A rebuilt image beside the original, at an octave of theirs.

    `on_grey` says that the residual was left out and mid-grey was put in its place.
    """

    comparison: signed.Comparison
    level: int
    rebuilt: Octave
    error: Octave
    on_grey: bool


def rebuild(ticket: Ticket, request: RebuildRequest) -> Rebuilt:
    """Rebuild the image from its bands, first at the screen's octave and then in full."""
    octaves = request.octaves(ticket)[: len(request.gains)]
    if request.preview_level > 0:
        level = min(request.preview_level, len(octaves) - 1)
        ticket.offer(_rebuild_at(ticket, request, octaves[level:]))
    return _rebuild_at(ticket, request, octaves)


def _rebuild_at(ticket: Ticket, request: RebuildRequest, octaves: list[Array]) -> Rebuilt:
    """Rebuild the finest of some octaves from the bands above it."""
    level = len(request.gains) - len(octaves)
    gains, original = request.gains[level:], octaves[0]
    bands = pyramid.laplacian_pyramid(original, len(octaves) - 1, octaves=octaves, ticket=ticket)
    rebuilt = bands.collapse(gains, ticket=ticket)
    found = signed.compare(rebuilt, original, ticket=ticket)
    on_grey = gains[-1] == 0 and any(gains)
    if on_grey:  # negative bands would be clipped to black
        rebuilt = _sum_on_grey(ticket, bands, gains)
    limit = max(request.limit, display.signed_limit(found.difference))
    grid = geometry.level_geometry(request.octaves(ticket)[0].shape[:2], level)
    shown = mipmap(display.to_display(rebuilt, *request.range, ticket=ticket), ticket)
    error = mipmap(display.signed_to_display(found.difference, limit, ticket=ticket), ticket)
    return Rebuilt(
        found,
        level,
        Octave(level, rebuilt, grid, shown, range=request.range),
        Octave(level, found.difference, grid, error, limit),
        on_grey,
    )


def _sum_on_grey(
    ticket: Ticket, bands: pyramid.LaplacianPyramid, gains: tuple[float, ...]
) -> Array:
    """Add up signed bands alone, with 0 as mid-grey."""
    total: Array | None = None
    for k in reversed(range(bands.levels)):
        ticket.check()
        band = bands.signed_band(k).astype(np.float32) * np.float32(gains[k])
        total = band if total is None else pyramid.expand(total, band.shape, ticket) + band
    dtype = bands.dtype
    lifted = signed.middle(dtype) + (total if total is not None else np.zeros_like(bands.residual))
    if dtype == np.float32:
        return lifted.astype(np.float32)
    return np.clip(np.rint(lifted), 0, np.iinfo(dtype).max).astype(dtype)


def show_original(ticket: Ticket, pixels: Array, octaves: Octaves) -> Octave:
    """Convert the image itself for the screen, for kinds that do not show it."""
    limits = display.auto_range(pixels)
    mips = mipmap_of(octaves(ticket), limits, ticket)
    return Octave(0, pixels, geometry.level_geometry(pixels.shape[:2], 0), mips, range=limits)


def difference(ticket: Ticket, build: Build, level: int) -> Octave:
    """Subtract the original from an enlarged octave."""
    request = build.request
    shape = request.pixels.shape[:2]
    enlarged = pyramid.upsample(
        build.gaussian[level], level, shape,
        ratio=request.ratio, prefilter=request.prefilter, ticket=ticket,
    )  # fmt: skip
    found = signed.compare(enlarged, request.pixels, ticket=ticket).difference
    limit = display.signed_limit(found)
    shown = display.signed_to_display(found, limit, ticket=ticket)
    grid = geometry.level_geometry(shape, 0)
    return Octave(level, found, grid, mipmap(shown, ticket), limit)
