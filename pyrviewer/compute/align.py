"""Where one image lies on another, by phase correlation from coarse to fine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check
from pyrviewer.compute.pyramid import gaussian_pyramid, max_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.fusion import Images
    from pyrviewer.compute.resample import Rect
    from pyrviewer.compute.ticket import Ticket

SURE = 0.5
"""Least confidence of an alignment that is not chance."""

_SIDE = 512  # pixels: largest side where the whole images are compared
_PEAKS = 16
_APART = 3  # pixels between peaks
_TAPER = 0.1  # part of each side over which the window rises from zero
_BLOCK = 768  # pixels: largest side of what is compared in finer octaves
_ROUNDS = 4
_FARTHEST = 2.0  # pixels that a finer octave may move the answer of the coarser one
_LEAST = 16  # pixels: smallest side of an overlap
_SCALE_STEP = 1.02
_DETAIL = 3.0  # pixels: deviation of the Gaussian that detail is left by
_GRAIN = 16.0  # pixels of the overlap that count as one independent sample

_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Alignment:
    """How B lies on A: point p of B on ``(dx, dy) + scale * p``.

    Attributes
    ----------
    dx, dy : float
        Where the left and top edge of B lie, in pixels of A.
    scale : float
        Pixels of A per pixel of B.
    confidence : float
        0 to 1: the lower end, by 3 standard errors, of the correlation of the detail of both images
        where they overlap, in the octave of at most 512 pixels a side. A small overlap
        correlates by chance; its error is large.
    """

    dx: float
    dy: float
    scale: float
    confidence: float

    @property
    def sure(self) -> bool:
        """Whether this is more than chance: a confidence of `SURE` or more."""
        return self.confidence >= SURE


def align(
    a: Array,
    b: Array,
    *,
    scales: tuple[float, float] | None = None,
    ticket: Ticket | None = None,
) -> Alignment:
    """Find where B lies on A.

    Brightness and contrast may differ, and so may sizes, dtypes and channels; the images should
    share a fifth of their area or more.

    Parameters
    ----------
    a, b : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Not changed; alpha is not looked at.
    scales : (float, float), optional
        Least and largest scale of B to try, above 0. Without them the scale is 1.
    ticket : Ticket, optional
        Asked before every octave and every scale.

    Returns
    -------
    Alignment
        The best one, however bad: see `Alignment.sure`.

    Raises
    ------
    ValueError
        For an array that is not an image, and scales that are not above 0 and in order.

    Notes
    -----
    C. D. Kuglin and D. C. Hines, "The phase correlation image alignment method", 1975. The highest
    peaks are tried, since the highest of all need not be the right one where little is shared.
    """
    check(a)
    check(b)
    if scales is not None and not 0 < scales[0] <= scales[1] < math.inf:
        raise ValueError(f"scales must be above 0 and in order, got {scales}")
    level = max(0, math.ceil(math.log2(max(*a.shape[:2], *b.shape[:2]) / _SIDE)))
    level = min(level, max_levels(a.shape), max_levels(b.shape))
    octaves_a, octaves_b = (gaussian_pyramid(_gray(i), level, ticket=ticket) for i in (a, b))
    best, place = -1.0, _Place(0.0, 0.0, 1.0)
    trials = _trials(scales)
    for k, scale in enumerate(trials):
        if ticket is not None:
            ticket.check(0.8 * k / len(trials))
        confidence, found = _search(octaves_a[-1], octaves_b[-1], scale)
        if confidence > best:
            best, place = confidence, found
    for octave_a, octave_b in zip(reversed(octaves_a), reversed(octaves_b), strict=True):
        if ticket is not None:
            ticket.check(0.9)
        if octave_a is not octaves_a[-1]:
            place = _Place(2 * place.x, 2 * place.y, place.scale)
        place = _refine(octave_a, octave_b, place, scaled=scales is not None)
    small = _Place(place.x / 2**level, place.y / 2**level, place.scale)
    best = _confidence(_detail(octaves_a[-1]), _detail(octaves_b[-1]), small)
    shift = 0.5 * (1 - place.scale)  # from the centres of the first pixels to their edges
    return Alignment(place.x + shift, place.y + shift, place.scale, max(0.0, best))


class Aligned:
    """Images moved onto the middle one of them, and cut to what all of them show.

    Parameters
    ----------
    images : Images
        Of any sizes. Each is asked for once here, and again whenever it is asked of this.
    names : sequence of str, optional
        What a person calls them; the default is "image 1" and so on.
    ticket : Ticket, optional
        Asked before every image.

    Attributes
    ----------
    alignments : list of Alignment
        How each image lies on the middle one.
    rect : (int, int, int, int)
        x0, y0, x1, y1, half open: the part of the middle one that is left.

    Raises
    ------
    UserError
        If an image cannot be aligned with any confidence, or nothing is shown by all.
    """

    def __init__(
        self,
        images: Images,
        *,
        names: Sequence[str] | None = None,
        ticket: Ticket | None = None,
    ) -> None:
        self._images = images
        names = names or [f"image {k + 1}" for k in range(len(images))]
        middle = len(images) // 2
        still = images[middle]
        edges = []
        self.alignments: list[Alignment] = []
        for k in range(len(images)):
            if ticket is not None:
                ticket.check(k / len(images))
            image = images[k]
            found = Alignment(0.0, 0.0, 1.0, 1.0) if k == middle else align(still, image)
            if not found.sure:
                raise UserError(f"{names[k]} cannot be aligned with {names[middle]}.")
            self.alignments.append(found)
            height, width = image.shape[:2]
            edges.append((found.dx, found.dy, found.dx + width, found.dy + height))
        left, top, right, bottom = zip(*edges, strict=True)
        self.rect: Rect = (
            math.ceil(max(left)),
            math.ceil(max(top)),
            math.floor(min(right)),
            math.floor(min(bottom)),
        )
        if self.rect[0] >= self.rect[2] or self.rect[1] >= self.rect[3]:
            raise UserError(f"Nothing is shown by all of {', '.join(names)}.")

    def __len__(self) -> int:
        """Return how many images there are."""
        return len(self._images)

    def __getitem__(self, index: int) -> Array:
        """Return one of them, moved; new memory."""
        found = self.alignments[index]
        place = _Place(found.dx, found.dy, 1.0)
        return _laid(self._images[index], place, self.rect, cv2.INTER_CUBIC)


@dataclass(frozen=True)
class _Place:
    """Where the centre of B's first pixel lies, counted from the centre of A's first pixel."""

    x: float
    y: float
    scale: float


def _trials(scales: tuple[float, float] | None) -> list[float]:
    if scales is None:
        return [1.0]
    steps = math.ceil(math.log(scales[1] / scales[0]) / math.log(_SCALE_STEP))
    return [float(scale) for scale in np.geomspace(*scales, steps + 1)]


def _gray(image: Array) -> Array:
    if image.ndim == 2:
        return image
    return np.asarray(
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY if image.shape[2] == 3 else cv2.COLOR_RGBA2GRAY)
    )


def _search(a: Array, b: Array, scale: float) -> tuple[float, _Place]:
    """Try the highest peaks of the phase correlation."""
    height, width = (math.floor((side - 1) * scale) + 1 for side in b.shape)
    scaled = _laid(b, _Place(0, 0, scale), (0, 0, width, height))
    surface = _phase_correlation(a, scaled)
    detail_a, detail_b = _detail(a), _detail(scaled)
    best, place = -1.0, _Place(0.0, 0.0, scale)
    for _ in range(_PEAKS):
        y, x = divmod(int(surface.argmax()), surface.shape[1])
        surface[max(0, y - _APART) : y + _APART + 1, max(0, x - _APART) : x + _APART + 1] = -np.inf
        left = x if x < a.shape[1] else x - surface.shape[1]
        top = y if y < a.shape[0] else y - surface.shape[0]
        confidence = _confidence(detail_a, detail_b, _Place(left, top, 1.0))
        if confidence > best:
            best, place = confidence, _Place(left, top, scale)
    return best, place


def _phase_correlation(a: Array, b: Array) -> _Floats:
    """Correlate all offsets of B on A; negative ones wrap around."""
    size = [
        cv2.getOptimalDFTSize(sum(sides)) for sides in zip(a.shape[:2], b.shape[:2], strict=True)
    ]
    spectrum, other = (np.fft.rfft2(_windowed(image), size) for image in (a, b))
    spectrum *= other.conj()
    spectrum /= np.maximum(np.abs(spectrum), 1e-9 * np.abs(spectrum).max() + 1e-30)
    # The highest frequencies are mostly noise: a Gaussian of 0.7 pixels takes them back.
    damping = [
        np.exp(-2 * (0.7 * math.pi * frequencies) ** 2)
        for frequencies in (np.fft.fftfreq(size[0]), np.fft.rfftfreq(size[1]))
    ]
    spectrum *= np.outer(*damping)
    return np.fft.irfft2(spectrum, size).astype(np.float32)


def _windowed(image: Array) -> _Floats:
    """Values without their mean, falling to zero at the border."""
    tapers = []
    for side in image.shape:
        rise = np.minimum(np.arange(side) + 0.5, side - np.arange(side) - 0.5) / (_TAPER * side)
        tapers.append(np.sin(np.minimum(rise, 1) * (math.pi / 2)) ** 2)
    values = image.astype(np.float32)
    return np.asarray((values - values.mean()) * np.outer(*tapers), np.float32)


def _detail(image: Array) -> _Floats:
    values = image.astype(np.float32)
    return np.asarray(values - cv2.GaussianBlur(values, (0, 0), _DETAIL), np.float32)


def _confidence(a: _Floats, b: _Floats, place: _Place) -> float:
    """Lower end of the correlation where the images overlap, after Fisher's transformation."""
    rect = _overlap(a, b, place)
    if rect is None:
        return -1.0
    x0, y0, x1, y1 = rect
    first, second = a[y0:y1, x0:x1], _laid(b, place, rect)
    first, second = first - first.mean(), second - second.mean()
    norm = math.sqrt(float(np.vdot(first, first)) * float(np.vdot(second, second)))
    if norm == 0:
        return -1.0
    correlation = min(float(np.vdot(first, second)) / norm, 1 - 1e-6)
    error = 1 / math.sqrt(max(first.size / _GRAIN - 3, 1))
    return math.tanh(math.atanh(max(correlation, -1 + 1e-6)) - 3 * error)


def _overlap(a: Array, b: Array, place: _Place) -> Rect | None:
    """Return the part of A that B covers; None if it is too small to compare."""
    x0, y0 = math.ceil(max(0, place.x)), math.ceil(max(0, place.y))
    x1 = math.floor(min(a.shape[1] - 1, place.x + place.scale * (b.shape[1] - 1))) + 1
    y1 = math.floor(min(a.shape[0] - 1, place.y + place.scale * (b.shape[0] - 1))) + 1
    return (x0, y0, x1, y1) if min(x1 - x0, y1 - y0) >= _LEAST else None


def _laid(b: Array, place: _Place, rect: Rect, flags: int = cv2.INTER_LINEAR) -> Array:
    """Part of A's frame with B on it."""
    x0, y0, x1, y1 = rect
    matrix = np.array([[place.scale, 0, place.x - x0], [0, place.scale, place.y - y0]])
    size = (x1 - x0, y1 - y0)
    return np.asarray(cv2.warpAffine(b, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _refine(a: Array, b: Array, place: _Place, *, scaled: bool) -> _Place:
    """Move B by fractions of a pixel, and scale it, until it explains A best.

    A is explained as a sum of B and its derivatives by place and, if asked for, size: B. D. Lucas
    and T. Kanade, IJCAI 1981, with a gain, since exposures differ.
    """
    for _ in range(_ROUNDS):
        rect = _middle(_overlap(a, b, place))
        if rect is None:
            return place
        x0, y0, x1, y1 = rect
        wanted = _centred(_smooth(a[y0:y1, x0:x1].astype(np.float32)))
        given = _smooth(_laid_finely(b, place, rect))
        across, down = (
            np.asarray(cv2.Sobel(given, -1, *order, scale=1 / 8), np.float32)
            for order in ((1, 0), (0, 1))
        )
        terms = [given, across, down]
        if scaled:
            x = np.arange(x1 - x0) - (x1 - x0 - 1) / 2
            y = np.arange(y1 - y0)[:, None] - (y1 - y0 - 1) / 2
            terms.append(np.asarray(x * across + y * down, np.float32))
        basis = np.stack([_centred(term).ravel() for term in terms])
        normal = np.einsum("ik,jk->ij", basis, basis)  # BLAS would wake threads, and wait for them
        share, *parts = np.linalg.lstsq(normal, np.einsum("ik,k->i", basis, wanted.ravel()))[0]
        move = np.array(parts) / share if share > 0 else np.full(3, np.inf)
        if not np.abs(move[:2]).max() <= _FARTHEST:
            return place
        growth = float(move[2]) if scaled else 0.0
        centre_x, centre_y = (x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2
        place = _Place(
            place.x * (1 - growth) + centre_x * growth - float(move[0]),
            place.y * (1 - growth) + centre_y * growth - float(move[1]),
            place.scale * (1 - growth),
        )
    return place


def _middle(rect: Rect | None) -> Rect | None:
    """Return the middle of a rectangle, at most as large as is compared in finer octaves."""
    if rect is None:
        return None
    x0, y0, x1, y1 = rect
    width, height = min(x1 - x0, _BLOCK), min(y1 - y0, _BLOCK)
    left, top = (x0 + x1 - width) // 2, (y0 + y1 - height) // 2
    return left, top, left + width, top + height


def _laid_finely(b: Array, place: _Place, rect: Rect) -> Array:
    """Part of A's frame with B on it, in float32: integers would hide small moves."""
    (left, right), (top, bottom) = (
        (max(0, math.floor((start - zero) / place.scale)), math.ceil((stop - zero) / place.scale))
        for start, stop, zero in ((rect[0], rect[2], place.x), (rect[1], rect[3], place.y))
    )
    part = b[top : bottom + 1, left : right + 1].astype(np.float32)
    x, y = place.x + place.scale * left, place.y + place.scale * top
    return _laid(part, _Place(x, y, place.scale), rect)


def _smooth(part: Array) -> _Floats:
    return np.asarray(cv2.GaussianBlur(part, (0, 0), 1.0), np.float32)


def _centred(values: _Floats) -> _Floats:
    return np.asarray(values - values.mean())
