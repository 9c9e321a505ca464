"""The work of the Octaves lab, for worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import charts, display, geometry, histogram, pyramid, signed, spectrum
from pyrviewer.compute.mipmap import Mip, bordered, mipmap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.octaves.state import BuildRequest

COARSE = 2_000_000  # pixels: octaves up to this size are shown before the finer ones are ready
BENCH_SIDE = 1024  # pixels: the aliasing bench works on the middle of the image


@dataclass(frozen=True, eq=False)
class Octave:
    """One octave as it is shown.

    Parameters
    ----------
    source : ndarray
        Values in the native dtype; signed for bands.
    mips : tuple of (Mip or None)
        Its display picture, finest first; None where not ready yet.
    limit : float
        Value at the end of the signed colour map; 0 for unsigned octaves.
    range : (float, float)
        Values shown black and white, of unsigned octaves.
    """

    level: int
    source: Array
    geometry: LevelGeometry
    mips: tuple[Mip | None, ...]
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
    if request.prefilter == "binomial" and request.ratio == 2:
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
    if request.kind == "gaussian":
        shared = request.prefilter == "binomial" and request.ratio == 2
        done = _show_octaves(ticket, request, octaves, grids, limits, storage, shared=shared)
    else:
        done = _show_bands(ticket, request, octaves, grids)
    return Build(request, octaves, done, limits, storage, complete=True)


def _show_octaves(
    ticket: Ticket,
    request: BuildRequest,
    octaves: list[Array],
    grids: list[LevelGeometry],
    limits: tuple[float, float],
    storage: pyramid.Storage,
    *,
    shared: bool,
) -> list[Octave]:
    """Convert octaves from the coarsest; in a binomial pyramid each is a mip of the finer."""
    own: list[tuple[Mip | None, ...]] = [(None,)] * len(octaves)
    offered = False
    for k in reversed(range(len(octaves))):
        octave = octaves[k]
        if octave.shape[0] * octave.shape[1] > COARSE and k < len(octaves) - 1 and not offered:
            offered = True
            coarse = [
                Octave(
                    j, octaves[j], grids[j], own[j] if j > k else _later(own, k, j), range=limits
                )
                for j in range(len(octaves))
            ]
            if shared:
                ticket.offer(Build(request, octaves, coarse, limits, storage, complete=False))
        shown = display.to_display(octave, *limits, ticket=ticket)
        if shared:
            first = Mip(shown, 0) if k == 0 else bordered(shown)
            rest = own[k + 1] if k + 1 < len(octaves) else ()
            own[k] = (first, *rest)
        else:
            own[k] = mipmap(shown, ticket, border=k > 0)
        ticket.check(1 - k / len(octaves))
    return [Octave(k, octaves[k], grids[k], own[k], range=limits) for k in range(len(octaves))]


def _later(own: list[tuple[Mip | None, ...]], ready: int, level: int) -> tuple[Mip | None, ...]:
    """Return the mips of an unfinished octave: nothing down to the first finished one."""
    return (*(None,) * (ready + 1 - level), *own[ready + 1])


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
    limit = max((display.signed_limit(band) for band in signed), default=1.0)
    shown = []
    for k, band in enumerate(signed):
        picture = display.signed_to_display(band, limit, ticket=ticket)
        shown.append(Octave(k, band, grids[k], mipmap(picture, ticket, border=k > 0), limit))
        ticket.check((k + 1) / len(octaves))
    top = len(octaves) - 1
    limits = display.auto_range(octaves[0])
    residual = display.to_display(octaves[top], *limits, ticket=ticket)
    shown.append(
        Octave(
            top, octaves[top], grids[top], mipmap(residual, ticket, border=top > 0), range=limits
        )
    )
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


@dataclass(frozen=True, eq=False)
class RebuildRequest:
    """A Laplacian pyramid and what to rebuild the image with."""

    octaves: list[Array]
    gains: tuple[float, ...]
    range: tuple[float, float]
    preview_level: int = 0


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A rebuilt image beside the original, at an octave of theirs."""

    comparison: signed.Comparison
    level: int
    rebuilt: Octave
    error: Octave


def rebuild(ticket: Ticket, request: RebuildRequest) -> Rebuilt:
    """Rebuild the image from its bands, first at the screen's octave and then in full."""
    octaves = request.octaves
    bands = pyramid.laplacian_pyramid(octaves[0], len(octaves) - 1, octaves=octaves, ticket=ticket)
    if request.preview_level > 0:
        level = min(request.preview_level, bands.levels)
        ticket.offer(_compare(ticket, request, bands, level))
    return _compare(ticket, request, bands, 0)


def _compare(
    ticket: Ticket, request: RebuildRequest, bands: pyramid.LaplacianPyramid, level: int
) -> Rebuilt:
    original = request.octaves[level]
    rebuilt = bands.collapse(request.gains, down_to=level, ticket=ticket)
    found = signed.compare(rebuilt, original, ticket=ticket)
    limit = display.signed_limit(found.difference)
    grid = geometry.level_geometry(request.octaves[0].shape[:2], level)
    shown = display.to_display(rebuilt, *request.range, ticket=ticket)
    error = display.signed_to_display(found.difference, limit, ticket=ticket)
    return Rebuilt(
        found,
        level,
        Octave(level, rebuilt, grid, mipmap(shown, ticket, border=level > 0), range=request.range),
        Octave(level, found.difference, grid, mipmap(error, ticket, border=level > 0), limit),
    )


@dataclass(frozen=True, eq=False)
class Measurements:
    """Radial power spectra per octave, what each reduction folds back, and one histogram."""

    spectra: list[spectrum.RadialSpectrum]
    foldings: list[spectrum.Folding]
    histogram: histogram.Histogram
    level: int


def measure(
    ticket: Ticket, octaves: list[Array], prefilter: pyramid.Prefilter, shown: Octave
) -> Measurements:
    """Measure the spectra of octaves with at least 16 pixels a side, and the shown one's values."""
    values = histogram.histogram(shown.source, ticket=ticket)
    large = [octave for octave in octaves if min(octave.shape[:2]) >= 16]
    radial, foldings = [], []
    for k, octave in enumerate(large):
        radial.append(spectrum.radial_spectrum(octave))
        ticket.check((2 * k + 1) / (2 * len(large)))
        if prefilter != "max":
            foldings.append(spectrum.folding(octave, prefilter))
        ticket.check((k + 1) / len(large))
    return Measurements(radial, foldings, values, shown.level)


@dataclass(frozen=True, eq=False)
class BenchRequest:
    """What the aliasing bench reduces: an image, how often, and which two it subtracts."""

    pixels: Array
    level: int
    prefilters: tuple[pyramid.Prefilter, ...]
    first: pyramid.Prefilter
    second: pyramid.Prefilter


@dataclass(frozen=True, eq=False)
class Bench:
    """One octave by several prefilters, with the alias energy of its last reduction."""

    request: BenchRequest
    shape: tuple[int, int]
    octaves: dict[pyramid.Prefilter, Octave]
    alias: dict[pyramid.Prefilter, float]
    difference: Octave


def chart(name: str, pixels: Array) -> Array:
    """Return the image's middle or a test chart."""
    if name == "zone plate":
        return charts.zone_plate(BENCH_SIDE)
    if name == "chirp":
        return charts.chirp(BENCH_SIDE)
    top, left = (max(0, (side - BENCH_SIDE) // 2) for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + BENCH_SIDE, left : left + BENCH_SIDE])


def bench(ticket: Ticket, request: BenchRequest) -> Bench:
    """Reduce one picture with every prefilter."""
    pixels, shape = request.pixels, request.pixels.shape[:2]
    limits = display.auto_range(pixels)
    shown: dict[pyramid.Prefilter, Octave] = {}
    alias: dict[pyramid.Prefilter, float] = {}
    for index, prefilter in enumerate(request.prefilters):
        octaves = pyramid.gaussian_pyramid(
            pixels, request.level, prefilter=prefilter, ticket=ticket
        )
        octave = octaves[-1]
        grid = geometry.level_geometry(shape, request.level, prefilter=prefilter)
        picture = display.to_display(octave, *limits)
        shown[prefilter] = Octave(request.level, octave, grid, mipmap(picture, ticket, border=True))
        reduced = request.level > 0  # a picture of 1 x 1 cannot be
        alias[prefilter] = spectrum.folding(octaves[-2], prefilter).share if reduced else 0.0
        ticket.check((index + 1) / (len(request.prefilters) + 1))
    first, second = shown[request.first], shown[request.second]
    enlarged = [
        pyramid.upsample(octave.source, request.level, shape, prefilter=prefilter, ticket=ticket)
        for octave, prefilter in ((first, request.first), (second, request.second))
    ]
    difference = signed.compare(*enlarged, ticket=ticket).difference
    limit = display.signed_limit(difference)
    picture = display.signed_to_display(difference, limit)
    base = geometry.level_geometry(shape, 0)
    mixed = Octave(request.level, difference, base, mipmap(picture, ticket, border=False), limit)
    return Bench(request, shape, shown, alias, mixed)
