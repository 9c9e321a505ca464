"""The work of the Blend lab, for worker threads."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import blend, display, geometry, mask, pyramid, seam, signed
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.mipmap import mipmap, mipmap_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.blend import BlendEngine, BlendLevel
    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Mask, Parametric
    from pyrviewer.compute.resample import Rect
    from pyrviewer.compute.seam import SeamScore
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.blend.state import Options, PairRequest

MASK_RGB = (255, 90, 90)
POISSON_PIXELS = 2_000_000  # OpenCV's solver takes seconds for more, and cannot be stopped
XRAY_PIXELS = 2_000_000  # the finest octave that is taken apart
TITLES = {
    "a": "A", "b": "B", "cut": "Cut and paste", "feather": "Feather",
    "multiband": "Multiband", "poisson": "Poisson",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Shown:
    """An array as it is shown, in the frame of the pair.

    Attributes
    ----------
    source : ndarray
        Values in their own dtype.
    mips : tuple of ndarray
        Its display picture, finest first.
    grid : LevelGeometry
        Where its pixels lie in the frame.
    limit : float
        Value at the end of the signed colour map; 0 for images.
    """

    source: Array
    mips: tuple[Array, ...]
    grid: LevelGeometry
    limit: float = 0.0


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images of one kind in one frame.

    Attributes
    ----------
    a, b : (H, W) or (H, W, 3 | 4) array
        Of one dtype.
    origin : (int, int)
        Where the frame's left and top edge lie on image A.
    covered : (int, int, int, int)
        Where B is, in the frame: x0, y0, x1, y1, half open.
    loose_b : Shown
        B as it is, wherever it lies.
    """

    request: PairRequest
    a: Array
    b: Array
    origin: tuple[int, int]
    covered: Rect
    shown_a: Shown
    shown_b: Shown
    loose_b: Shown

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the frame."""
        height, width = self.a.shape[:2]
        return height, width

    @property
    def whole(self) -> bool:
        """Whether B covers the frame."""
        height, width = self.shape
        return self.covered == (0, 0, width, height)


def _shown(ticket: Ticket, pixels: Array, limits: tuple[float, float] | None = None) -> Shown:
    octaves = pyramid.gaussian_pyramid(pixels, ticket=ticket)
    span = limits or display.auto_range(pixels)
    grid = geometry.level_geometry(pixels.shape[:2], 0)
    return Shown(pixels, mipmap_of(octaves, span, ticket), grid)


def show(ticket: Ticket, pixels: Array) -> Shown:
    """Convert an image for the screen."""
    return _shown(ticket, pixels)


def prepare(ticket: Ticket, request: PairRequest) -> Pair:
    """Bring two images to one kind and one frame."""
    a, b = blend.harmonise(request.a, request.b)
    ticket.check(0.1)
    placed = blend.place(b, a.shape, (request.x, request.y), request.scale)
    ticket.check(0.3)
    x0, y0, x1, y1 = placed.rect
    b, origin, covered = placed.pixels, (0, 0), placed.rect
    a = blend.fill_transparent(a)
    if request.frame == "common":
        a, b = (np.ascontiguousarray(image[y0:y1, x0:x1]) for image in (a, b))
        origin, covered = (x0, y0), (0, 0, x1 - x0, y1 - y0)
    limits = display.auto_range(a)
    shown_a, shown_b = _shown(ticket, a, limits), _shown(ticket, b, limits)
    loose = shown_b if b is request.b else _shown(ticket, request.b)
    return Pair(request, a, b, origin, covered, shown_a, shown_b, loose)


@dataclass(frozen=True, eq=False)
class MaskSource:
    """Where the mask comes from: an outline, or what was painted on image A.

    `painted` is the raster on all of A. If someone paints on it while a worker reads it, what the
    worker makes of it is superseded at once.
    """

    outline: Parametric | None
    soft: float
    inverted: bool
    painted: Mask | None = None

    def draw(self, pair: Pair, octave: int = 0) -> Mask:
        """Return the mask in the frame of a pair at one of its octaves; A where B is not."""
        x, y = pair.origin
        height, width = pair.shape
        if self.outline is not None:
            outline = mask.translated(self.outline, -x, -y)
            drawn = mask.rasterise(
                outline, pair.shape, octave=octave, soft=self.soft, inverted=self.inverted
            )
        elif self.painted is not None and octave == 0:
            drawn = self.painted[y : y + height, x : x + width]
            drawn = mask.invert(drawn) if self.inverted else drawn.copy()
        else:
            raise ValueError("only an outline can be drawn at an octave")
        return drawn if pair.whole else _confined(drawn, pair, octave)


def _confined(drawn: Mask, pair: Pair, octave: int) -> Mask:
    x0, y0, x1, y1 = (round(side / (1 << octave)) for side in pair.covered)
    inside = drawn[y0:y1, x0:x1].copy()
    drawn[:] = 255
    drawn[y0:y1, x0:x1] = inside
    return drawn


@dataclass(frozen=True)
class Look:
    """An octave, and the part of it that is on the screen: x0, y0, x1, y1, half open."""

    octave: int
    rect: Rect


def smallest(pair: Pair) -> Look:
    """Return a look that costs next to nothing, for an engine that nobody watches yet."""
    octave = pyramid.max_levels(pair.shape)
    return Look(octave, (0, 0, 1, 1))


@dataclass(frozen=True, eq=False)
class Preview:
    """What the engine gave for what is on the screen, and the tint of an outline there."""

    look: Look
    pixels: Array
    wash: Array | None = None


@dataclass(frozen=True, eq=False)
class PreviewRequest:
    """What the mask has become since the last preview.

    Attributes
    ----------
    moved : bool
        Whether the engine showed another look before.
    outline : MaskSource, optional
        An outline to draw anew, as large as the octave on the screen.
    whole : (H, W) array, optional
        A whole mask in the frame of the pair.
    patches : tuple of (rect, patch)
        Parts of the mask in the frame.
    tinted : bool
        Whether the tint of the outline is on the screen.
    out : (h, w, 4) array, optional
        An old frame that may be written over.
    """

    pair: Pair
    engine: BlendEngine
    look: Look
    chosen: Options
    moved: bool = True
    outline: MaskSource | None = None
    whole: Mask | None = None
    patches: tuple[tuple[Rect, Mask], ...] = ()
    tinted: bool = False
    out: Array | None = None


def preview(ticket: Ticket, request: PreviewRequest) -> Preview:
    """Renew what is on the screen."""
    engine, look, chosen = request.engine, request.look, request.chosen
    ticket.check()
    engine.set_levels(chosen.levels, chosen.gains)
    if request.moved:
        engine.shown(look.octave, look.rect)
    wash = None
    if request.whole is not None:
        engine.set_mask(request.whole)
    if request.outline is not None:
        drawn = request.outline.draw(request.pair, look.octave)
        engine.set_octave_mask(drawn)
        if request.tinted:
            x0, y0, x1, y1 = look.rect
            wash = tint(drawn[y0:y1, x0:x1], MASK_RGB)
    for rect, patch in request.patches:
        engine.update(rect, patch)
    if request.pair.a.dtype == np.float32:  # in the range of A, not of what is on the screen
        limits = display.auto_range(request.pair.a)
        pixels = display.to_display(engine.render(), *limits, out=request.out)
    else:
        pixels = engine.render_display(request.out)
    return Preview(look, pixels, wash)


def make_engine(ticket: Ticket, pair: Pair, chosen: Options) -> BlendEngine:
    """Prepare the live preview."""
    return blend.BlendEngine(
        pair.a, pair.b, chosen.levels,
        linear=chosen.linear, wrap=chosen.wrap, gains=chosen.gains, ticket=ticket,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Result:
    """A finished blend."""

    pair: Pair
    mask: Mask
    report: blend.Blend
    shown: Shown
    mask_shown: Shown
    coverage: float
    clipped: Array


def finish(ticket: Ticket, pair: Pair, source: MaskSource, chosen: Options) -> Result:
    """Blend at full resolution; offers the mask first."""
    ticket.check()
    drawn = source.draw(pair)
    ticket.offer(drawn)
    report = blend.blend_report(
        pair.a, pair.b, drawn, chosen.levels,
        linear=chosen.linear, wrap=chosen.wrap, gains=chosen.gains, ticket=ticket,
    )  # fmt: skip
    shown = _shown(ticket, report.pixels, display.auto_range(pair.a))
    step = max(1, round(math.sqrt(report.overflow.size / 1_000_000)))  # to about a screen
    marks = tint(report.overflow[::step, ::step].astype(np.uint8) * np.uint8(255), (255, 64, 64))
    mask_shown = _shown(ticket, drawn)
    return Result(pair, drawn, report, shown, mask_shown, mask.coverage(drawn), marks)


def tint(drawn: Mask, colour: tuple[int, int, int], strength: float = 0.45) -> Array:
    """Return a mask as a wash of one colour: B, G, R, A with straight alpha."""
    table = np.zeros((256, 4), np.uint8)
    table[:, :3] = colour[::-1]
    table[:, 3] = np.rint(np.arange(256) * strength)
    return np.take(table.view(np.uint32), drawn).view(np.uint8).reshape(*drawn.shape, 4)


@dataclass(frozen=True, eq=False)
class Method:
    """One way to join the two images, and how good its seam is."""

    name: str
    shown: Shown
    score: SeamScore | None


def join(ticket: Ticket, result: Result, name: str, feather: float) -> Method:
    """Join the images in one way."""
    pair, drawn = result.pair, result.mask
    makers: dict[str, Callable[[], Array]] = {
        "a": lambda: pair.a,
        "b": lambda: pair.b,
        "cut": lambda: seam.cut(pair.a, pair.b, drawn),
        "feather": lambda: seam.feathered(pair.a, pair.b, drawn, feather),
        "multiband": lambda: result.report.pixels,
        "poisson": lambda: seam.poisson(
            pair.a, pair.b, drawn, octave=_reductions(pair.shape, POISSON_PIXELS), ticket=ticket
        ),
    }
    pixels = makers[name]()
    ticket.check()
    if name in ("a", "b"):
        return Method(name, pair.shown_a if name == "a" else pair.shown_b, None)
    shown = _shown(ticket, pixels, display.auto_range(pair.a))
    return Method(name, shown, seam.score(pixels, pair.a, pair.b, drawn))


def _reductions(shape: tuple[int, int], most: int) -> int:
    """Return how often a size is halved until it has at most so many pixels."""
    count = 0
    while shape[0] * shape[1] >> 2 * count > most:
        count += 1
    return count


def join_all(ticket: Ticket, result: Result, feather: float) -> tuple[Method, ...]:
    """Join the images in every way; those that cannot be are left out."""
    found = []
    for index, name in enumerate(TITLES):
        ticket.check(index / len(TITLES))
        with suppress(UserError):
            found.append(join(ticket, result, name, feather))
    return tuple(found)


def difference(ticket: Ticket, result: Result, other: Array) -> Shown:
    """Subtract another picture from the result."""
    found = signed.compare(result.report.pixels, other, ticket=ticket).difference
    limit = display.signed_limit(found)
    picture = display.signed_to_display(found, limit, ticket=ticket)
    return Shown(found, mipmap(picture, ticket), result.shown.grid, limit)


@dataclass(frozen=True, eq=False)
class Level:
    """One level of a blend taken apart, ready for the screen."""

    level: int
    mask: Shown
    band_a: Shown
    band_b: Shown
    mixed: Shown
    partial: Shown


def take_apart(ticket: Ticket, result: Result, chosen: Options) -> tuple[Level, ...]:
    """Return the levels of a blend from the finest that is shown to the coarsest."""
    pair = result.pair
    finest = min(_reductions(pair.shape, XRAY_PIXELS), chosen.levels)
    levels = blend.levels_of(
        pair.a, pair.b, result.mask, chosen.levels,
        linear=chosen.linear, wrap=chosen.wrap, gains=chosen.gains, octave=finest, ticket=ticket,
    )  # fmt: skip
    limits = display.auto_range(pair.a)
    return tuple(_level(ticket, found, pair, limits, chosen.levels) for found in levels)


def _level(
    ticket: Ticket, found: BlendLevel, pair: Pair, limits: tuple[float, float], coarsest: int
) -> Level:
    grid = geometry.level_geometry(pair.shape, found.level)
    weights = np.rint(found.mask * 255).astype(np.uint8)
    bands = (found.band_a, found.band_b, found.band_mixed)
    if found.level == coarsest:  # no bands: the octaves themselves
        span = (min(float(b.min()) for b in bands[:2]), max(float(b.max()) for b in bands[:2]))
        span = span if span[0] < span[1] else (span[0] - 0.5, span[1] + 0.5)
        pictures = [display.to_display(band, *span, ticket=ticket) for band in bands]
        limit = 0.0
    else:
        limit = max(display.signed_limit(band) for band in bands)
        pictures = [display.signed_to_display(band, limit, ticket=ticket) for band in bands]
    a, b, mixed = (
        Shown(band, mipmap(picture, ticket), grid, limit)
        for band, picture in zip(bands, pictures, strict=True)
    )
    partial = replace(_shown(ticket, found.partial, limits), grid=grid)
    return Level(found.level, replace(_shown(ticket, weights), grid=grid), a, b, mixed, partial)
