"""The work of the Octaves lab, for worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute import display, geometry, pyramid
from pyrviewer.compute.mipmap import drawable, mipmap, screen_octave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.octaves.state import BuildRequest

COARSE = 2_000_000  # pixels: octaves up to this size are shown before the finer ones are ready


@dataclass(frozen=True, eq=False)
class Octave:
    """One octave as it is shown.

    Parameters
    ----------
    source : ndarray
        Values in the native dtype; signed for bands.
    mips : tuple of (ndarray or None)
        Its display picture, finest first; None where not ready yet.
    limit : float
        Value at the end of the signed colour map; 0 for unsigned octaves.
    range : (float, float)
        Values shown black and white, of unsigned octaves.
    """

    level: int
    source: Array
    geometry: LevelGeometry
    mips: tuple[Array | None, ...]
    limit: float = 0.0
    range: tuple[float, float] = (0.0, 255.0)


@dataclass(frozen=True, eq=False)
class Build:
    """A pyramid ready for the screen."""

    request: BuildRequest
    gaussian: list[Array]
    octaves: list[Octave]
    range: tuple[float, float]
    storage: pyramid.Storage
    complete: bool


def _geometries(request: BuildRequest, octaves: Sequence[Array]) -> list[LevelGeometry]:
    shape = request.pixels.shape[:2]
    return [
        geometry.level_geometry(shape, k, ratio=request.ratio, prefilter=request.prefilter)
        for k in range(len(octaves))
    ]


def gaussian(request: BuildRequest, ticket: Ticket) -> list[Array]:
    """Return the octaves of a request; the plain binomial ones come from the document."""
    if request.shared:
        return request.octaves(ticket)[: request.levels + 1]
    return pyramid.gaussian_pyramid(
        request.pixels,
        request.levels,
        prefilter=request.prefilter,
        ratio=request.ratio,
        ticket=ticket,
    )


def build(ticket: Ticket, request: BuildRequest) -> Build:
    """Build the pyramid and its pictures, offering the coarse octaves first."""
    octaves = gaussian(request, ticket)
    pixels = request.pixels
    limits = (display.stretch_range if request.auto_range else display.auto_range)(pixels)
    grids = _geometries(request, octaves)
    storage = pyramid.storage(octaves)
    if request.kind != "gaussian":
        done = _show_bands(ticket, request, octaves, grids)
    elif request.shared:
        done = _show_shared(ticket, request, octaves, grids, limits, storage)
    else:
        done = _show_octaves(ticket, octaves, grids, limits)
    return Build(request, octaves, done, limits, storage, complete=True)


def _show_shared(
    ticket: Ticket,
    request: BuildRequest,
    octaves: list[Array],
    grids: list[LevelGeometry],
    limits: tuple[float, float],
    storage: pyramid.Storage,
) -> list[Octave]:
    """Convert a binomial pyramid from the coarsest octave; each is a mip of the finer ones."""
    mips: list[Array | None] = [None] * len(octaves)

    def shown() -> list[Octave]:
        return [
            Octave(k, octave, grids[k], tuple(mips[k:]), range=limits)
            for k, octave in enumerate(octaves)
        ]

    for k in reversed(range(len(octaves))):
        large = octaves[k].shape[0] * octaves[k].shape[1] > COARSE
        if large and k + 1 < len(octaves) and not drawable(octaves[k], limits):
            ticket.offer(Build(request, octaves, shown(), limits, storage, complete=False))
        mips[k] = screen_octave(octaves[k], limits, ticket)
        ticket.check(1 - k / len(octaves))
    return shown()


def _show_octaves(
    ticket: Ticket,
    octaves: list[Array],
    grids: list[LevelGeometry],
    limits: tuple[float, float],
) -> list[Octave]:
    """Convert octaves that are no mips of each other."""
    shown = []
    for k, octave in enumerate(octaves):
        picture = display.to_display(octave, *limits, ticket=ticket)
        shown.append(Octave(k, octave, grids[k], mipmap(picture, ticket), range=limits))
        ticket.check((k + 1) / len(octaves))
    return shown


def _show_bands(
    ticket: Ticket, request: BuildRequest, octaves: list[Array], grids: list[LevelGeometry]
) -> list[Octave]:
    """Convert signed bands with the diverging map, the residual as an image."""
    if request.kind == "laplacian":
        bands = pyramid.laplacian_pyramid(
            octaves[0], len(octaves) - 1, octaves=octaves, ticket=ticket
        )
        signed = [bands.signed_band(k) for k in range(bands.levels)]
    else:
        signed = pyramid.difference_of_gaussians(octaves, ticket=ticket)[:-1]
    limits = [display.signed_limit(band) for band in signed]
    if not request.auto_range:  # one range for all shows which bands are strong
        limits = [max(limits, default=1.0)] * len(limits)
    shown = []
    for k, (band, limit) in enumerate(zip(signed, limits, strict=True)):
        picture = display.signed_to_display(band, limit, ticket=ticket)
        shown.append(Octave(k, band, grids[k], mipmap(picture, ticket), limit))
        ticket.check((k + 1) / len(octaves))
    top = len(octaves) - 1
    span = display.auto_range(octaves[0])
    residual = mipmap(display.to_display(octaves[top], *span, ticket=ticket), ticket)
    shown.append(Octave(top, octaves[top], grids[top], residual, range=span))
    return shown


@dataclass(frozen=True, eq=False)
class PatchRequest:
    """The visible part of an enlarged octave, at the octave nearest to the screen's pixels."""

    octave: Octave
    build: Build
    rect: tuple[int, int, int, int]
    to_level: int


@dataclass(frozen=True, eq=False)
class PatchResult:
    """An exact part of an enlarged octave."""

    request: PatchRequest
    pixels: Array
    geometry: LevelGeometry


def patches(ticket: Ticket, requests: Sequence[PatchRequest]) -> list[PatchResult]:
    """Upsample only what is on the screen, to the bit what upsampling everything would give."""
    results = []
    for request in requests:
        ticket.check()
        octave, origin = request.octave, request.build.request
        shape, ratio, prefilter = origin.pixels.shape[:2], origin.ratio, origin.prefilter
        part = pyramid.upsample_region(
            octave.source, octave.level, shape, request.rect, request.to_level,
            ratio=ratio, prefilter=prefilter,
        )  # fmt: skip
        if octave.limit:
            shown = display.signed_to_display(part, octave.limit)
        else:
            shown = display.to_display(part, *request.build.range)
        grid = geometry.level_geometry(shape, request.to_level, ratio=ratio, prefilter=prefilter)
        results.append(PatchResult(request, shown, grid))
    return results
