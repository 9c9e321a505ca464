"""Many images of one scene into one: exposure fusion and focus stacking over Laplacian pyramids.

Both weigh every pixel of every image, smooth the weights octave by octave, and add up the images'
bands. Images are looked at one after the other, twice: of all of them, only sums are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.geometry import level_shapes
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check, convert_dtype
from pyrviewer.compute.pyramid import gaussian_pyramid
from pyrviewer.compute.resample import expanded_strips
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyrviewer.compute.ticket import Ticket

_TINY = 1e-12  # where all images are flat or gray, all count the same
_SPREAD = 0.2  # of the values that count as well exposed, around the middle
_GATHER = 4.0  # pixels: deviation of the Gaussian over which sharpness is gathered
_HALO = 24  # rows beside a strip that its sharpness depends on

_Floats = npt.NDArray[np.float32]


class Images(Protocol):
    """A list, or anything that finds its items on demand, such as files that are read.

    Each is asked for twice and let go again, so that memory stays bounded.
    """

    def __len__(self) -> int:
        """Return how many images there are."""

    def __getitem__(self, index: int, /) -> Array:
        """Return an image."""


@dataclass(frozen=True, eq=False)
class Fusion:
    """One image of many, and what each of them gave to it.

    Attributes
    ----------
    pixels : (H, W) or (H, W, 3) array
        In the dtype of the images.
    weights : list of (H, W) float32 arrays
        One for each image, 0 to 1; at every pixel they add up to 1. Empty if they were given to
        `on_weights` instead.
    """

    pixels: Array
    weights: list[_Floats]


def fuse(
    images: Images,
    *,
    contrast: float = 1.0,
    saturation: float = 1.0,
    exposedness: float = 1.0,
    levels: int | None = None,
    names: Sequence[str] | None = None,
    on_weights: Callable[[int, _Floats], None] | None = None,
    ticket: Ticket | None = None,
) -> Fusion:
    """Take from each of several exposures what shows most.

    A pixel's weight is ``C**contrast * S**saturation * E**exposedness``, with values v from 0 to 1:
    C is the absolute Laplacian of its gray value, S the root of the summed squared deviations of
    its channels from their mean (1 in gray images), E the product over channels of
    ``exp(-(v - 0.5)**2 / (2 * 0.2**2))``. Where all weights are 0, all images count the same.

    Parameters
    ----------
    images : Images, of (H, W) or (H, W, 3) arrays of uint8, uint16 or float32
        Two or more of one shape and dtype, not changed.
    contrast, saturation, exposedness : float
        0 leaves that measure out.
    levels : int, optional
        Number of bands, 0 to `max_levels`; the default is ``floor(log2(smaller side))``.
    names : sequence of str, optional
        What a person calls the images; the default is "image 1" and so on.
    on_weights : callable, optional
        Called with the index and the weights of each image, instead of keeping them.
    ticket : Ticket, optional
        Asked before every strip of rows.

    Returns
    -------
    Fusion

    Raises
    ------
    UserError
        For fewer than two images, and for one that differs in size or kind, or is transparent.
    ValueError
        For an array that is not an image, a negative exponent and levels outside the pyramid.

    Notes
    -----
    T. Mertens, J. Kautz and F. Van Reeth, "Exposure fusion", Pacific Graphics 2007.
    """
    if not min(contrast, saturation, exposedness) >= 0:
        raise ValueError("contrast, saturation and exposedness must be 0 or more")
    weights = _Exposures(contrast, saturation, exposedness)
    return _merge(images, weights, levels, names, on_weights, ticket)


def stack(
    images: Images,
    *,
    levels: int | None = None,
    names: Sequence[str] | None = None,
    on_weights: Callable[[int, _Floats], None] | None = None,
    ticket: Ticket | None = None,
) -> Fusion:
    """Take each pixel from the image that is sharpest there: focus stacking.

    Sharpness is the squared finest Laplacian band of the gray image, gathered by a Gaussian of
    4 pixels. The sharpest image has weight 1, the others 0; the first of equals wins. Blending band
    by band softens the borders between them.

    Parameters, results and errors are those of `fuse`.
    """
    return _merge(images, _Sharpest(), levels, names, on_weights, ticket)


class _Weights(Protocol):
    """Sees all images once, and then gives the weights of each."""

    def see(self, index: int, image: Array, ticket: Ticket | None) -> None:
        """Look at an image, for the first time."""

    def of(self, index: int, image: Array, ticket: Ticket | None) -> _Floats:
        """Return the weights of an image."""


class _Exposures:
    """Measures of Mertens, Kautz and Van Reeth, divided by their sum over the images."""

    def __init__(self, contrast: float, saturation: float, exposedness: float) -> None:
        self._exponents = contrast, saturation, exposedness
        self._total: _Floats | None = None

    def see(self, index: int, image: Array, ticket: Ticket | None) -> None:
        measure = self._measure(image, ticket)
        self._total = measure if self._total is None else self._total + measure

    def of(self, index: int, image: Array, ticket: Ticket | None) -> _Floats:
        assert self._total is not None
        return np.asarray(self._measure(image, ticket) / self._total)

    def _measure(self, image: Array, ticket: Ticket | None) -> _Floats:
        contrast, saturation, exposedness = self._exponents
        measure = np.empty(image.shape[:2], np.float32)
        for rows, inner, values in _scaled_strips(image, 1, ticket):
            part = measure[rows]
            edges = np.abs(cv2.Laplacian(_gray(values), cv2.CV_32F))[inner]
            part[:] = edges**contrast
            values = values[inner]
            if values.ndim == 3:
                part *= _deviation(values) ** saturation
            off = (values - np.float32(0.5)) ** 2
            off = off if off.ndim == 2 else off.sum(axis=2)
            part *= np.exp(off * np.float32(-exposedness / (2 * _SPREAD**2)))
            part += _TINY
        return measure


class _Sharpest:
    """1 where an image is sharper than all before and not less than all after, else 0."""

    def __init__(self) -> None:
        self._best: _Floats | None = None
        self._winner: npt.NDArray[np.uint16] | None = None

    def see(self, index: int, image: Array, ticket: Ticket | None) -> None:
        if self._best is None or self._winner is None:
            self._best = np.full(image.shape[:2], -1, np.float32)
            self._winner = np.zeros(image.shape[:2], np.uint16)
        for rows, inner, values in _scaled_strips(image, _HALO, ticket):
            gray = _gray(values)
            band = gray - cv2.pyrUp(cv2.pyrDown(gray), dstsize=gray.shape[::-1])
            sharpness = cv2.GaussianBlur(band * band, (0, 0), _GATHER)[inner]
            won = sharpness > self._best[rows]
            self._best[rows][won] = sharpness[won]
            self._winner[rows][won] = index

    def of(self, index: int, image: Array, ticket: Ticket | None) -> _Floats:
        assert self._winner is not None
        return np.asarray(self._winner == index, np.float32)


def _merge(
    images: Images,
    weights: _Weights,
    levels: int | None,
    names: Sequence[str] | None,
    on_weights: Callable[[int, _Floats], None] | None,
    ticket: Ticket | None,
) -> Fusion:
    """Add up the bands of all images times their smoothed weights."""
    if len(images) < 2:
        raise UserError(f"Two or more images can be made into one, not {len(images)}.")
    names = names or [f"image {k + 1}" for k in range(len(images))]
    sums = _Sums(_look(images, names, weights, ticket), levels)
    kept: list[_Floats] = []
    for index in range(len(images)):
        image = images[index]
        weight = weights.of(index, image, ticket)
        (on_weights or (lambda _, one: kept.append(one)))(index, weight)
        sums.add(image, weight, ticket)
        if ticket is not None:
            ticket.check(0.3 + 0.6 * (index + 1) / len(images))
    return Fusion(sums.collapse(ticket), kept)


class _Sums:
    """Bands of the result, while images are added to them."""

    def __init__(self, like: Array, levels: int | None) -> None:
        if levels is None:
            levels = min(like.shape[:2]).bit_length() - 1
        shapes = level_shapes(like.shape, levels)
        self._dtype = like.dtype
        self._bands = [np.zeros((*shape, *like.shape[2:]), np.float32) for shape in shapes]

    def add(self, image: Array, weight: _Floats, ticket: Ticket | None) -> None:
        """Add the bands of an image times its weights."""
        octaves = gaussian_pyramid(image, len(self._bands) - 1, ticket=ticket)
        for octave, coarser, band in zip(octaves, octaves[1:], self._bands, strict=False):
            for rows, expanded in expanded_strips(coarser.astype(np.float32), octave.shape, ticket):
                np.subtract(octave[rows], expanded, out=expanded)
                expanded *= _spread(weight[rows], image)
                band[rows] += expanded
            weight = np.asarray(cv2.pyrDown(weight), np.float32)
        self._bands[-1] += octaves[-1] * _spread(weight, image)

    def collapse(self, ticket: Ticket | None) -> Array:
        """Return the image that the bands make up; they are used up."""
        total = self._bands.pop()
        while self._bands:
            band = self._bands.pop()
            for rows, expanded in expanded_strips(total, band.shape, ticket):
                band[rows] += expanded
            total = band
        if self._dtype.kind == "f":
            return total
        pixels = np.empty(total.shape, self._dtype)
        for rows in strips(total.shape, ticket):
            values = np.rint(total[rows], out=total[rows])
            pixels[rows] = np.clip(values, 0, np.iinfo(self._dtype).max, out=values)
        return pixels


def _look(images: Images, names: Sequence[str], weights: _Weights, ticket: Ticket | None) -> Array:
    """Show all images to the weights, and refuse one of another kind; return one like them."""
    like: Array | None = None
    for index in range(len(images)):
        image = images[index]
        check(image)
        if image.shape[2:] == (4,):
            raise UserError(f"{names[index]} is transparent: gray and RGB images are taken.")
        if like is None:
            like = np.broadcast_to(image.dtype.type(0), image.shape)  # takes no memory
        if (image.shape, image.dtype) != (like.shape, like.dtype):
            raise UserError(
                f"{names[index]} has {_described(image)}, but {names[0]} has {_described(like)}."
            )
        weights.see(index, image, ticket)
        if ticket is not None:
            ticket.check(0.3 * (index + 1) / len(images))
    assert like is not None
    return like


def _described(image: Array) -> str:
    height, width = image.shape[:2]
    colours = "gray" if image.ndim == 2 else "RGB"
    return f"{width} x {height} {colours} pixels of {image.dtype}"


def _scaled_strips(
    image: Array, halo: int, ticket: Ticket | None
) -> Iterator[tuple[slice, slice, _Floats]]:
    """Yield strips as float32, 0 to 1, with rows around them: rows, where they are, values."""
    for rows in strips(image.shape, ticket):
        top = max(0, rows.start - halo) // 2 * 2  # even, for the octaves of the strip
        values = convert_dtype(image[top : rows.stop + halo], np.float32)
        yield rows, slice(rows.start - top, rows.stop - top), values


def _deviation(values: _Floats) -> _Floats:
    """Root of the summed squared deviations from the mean of three channels: exactly 0 for gray."""
    red, green, blue = (values[..., k] for k in range(3))
    squares = (red - green) ** 2 + (green - blue) ** 2 + (blue - red) ** 2
    return np.asarray(np.sqrt(squares / 3), np.float32)


def _gray(values: _Floats) -> _Floats:
    if values.ndim == 2:
        return values
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2GRAY), np.float32)


def _spread(plane: _Floats, like: Array) -> _Floats:
    """Return a plane with an axis for the channels, if there are any."""
    return plane if like.ndim == 2 else plane[..., None]
