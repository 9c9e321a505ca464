"""Spectra, histograms and the aliasing bench, for worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import charts, display, geometry, histogram, pyramid, signed, spectrum
from pyrviewer.compute.mipmap import mipmap
from pyrviewer.labs.octaves.run import Octave

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket

BENCH_SIDE = 1024  # pixels: the aliasing bench works on the middle of the image


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
    cropped: bool = False


@dataclass(frozen=True, eq=False)
class Bench:
    """One octave by several prefilters, with the alias energy of its last reduction."""

    request: BenchRequest
    shape: tuple[int, int]
    octaves: dict[pyramid.Prefilter, Octave]
    alias: dict[pyramid.Prefilter, float]
    difference: Octave

    @property
    def cropped(self) -> bool:
        """Whether only the middle of the image was taken."""
        return self.request.cropped


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
        shown[prefilter] = Octave(request.level, octave, grid, mipmap(picture, ticket))
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
    mixed = Octave(request.level, difference, base, mipmap(picture, ticket), limit)
    return Bench(request, shape, shown, alias, mixed)
