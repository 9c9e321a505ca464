"""From pixels and signed bands to what a screen shows: B, G, R, A bytes, as Qt's RGB32 has them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array, check
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from pyrviewer.compute.ticket import Ticket

_SAMPLE = 250_000  # pixels that a percentile is taken of
_BOARD_SIDE = 16
_BOARD_GRAYS = np.array([204, 153], np.uint8)
_FULL_ALPHA = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


def auto_range(pixels: Array) -> tuple[float, float]:
    """Choose the values to show as black and white without hiding anything.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The image. Alpha does not count.

    Returns
    -------
    lo, hi : float
        The full range of the dtype; for float32 0 and 1 if all values lie there, else the smallest
        and largest value (half a unit to each side if they are equal).

    Raises
    ------
    ValueError
        If `pixels` is not an image.
    """
    check(pixels)
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    if pixels.dtype == np.uint16:
        return 0.0, 65535.0
    colours = _colours(pixels)
    low, high = float(colours.min()), float(colours.max())
    if low >= 0.0 and high <= 1.0:
        return 0.0, 1.0
    return _apart(low, high)


def stretch_range(pixels: Array, low: float = 0.1, high: float = 99.9) -> tuple[float, float]:
    """Choose the values to show as black and white so that the contrast is used up.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The image. Alpha does not count.
    low, high : float
        Percentiles, 0 to 100, of a regular sample of about 250 000 pixels.

    Returns
    -------
    lo, hi : float
        The two percentiles (half a unit to each side if they are equal).

    Raises
    ------
    ValueError
        If `pixels` is not an image or the percentiles are not in order.
    """
    check(pixels)
    if not 0 <= low < high <= 100:
        raise ValueError(f"percentiles {low} and {high} are not in order within 0 to 100")
    ends = np.percentile(_sample(_colours(pixels)), (low, high))
    return _apart(float(ends[0]), float(ends[1]))


def _colours(pixels: Array) -> Array:
    return pixels[..., :3] if pixels.ndim == 3 else pixels


def _sample(pixels: Array) -> Array:
    """Take about `_SAMPLE` pixels on a regular grid, whatever the image's proportions."""
    short, long = sorted(pixels.shape[:2])
    fine = max(1, short // math.isqrt(_SAMPLE))
    coarse = max(1, -(-short // fine) * long // _SAMPLE)
    if pixels.shape[0] == short:
        return pixels[::fine, ::coarse]
    return pixels[::coarse, ::fine]


def _apart(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def to_display(
    pixels: Array,
    lo: float | None = None,
    hi: float | None = None,
    *,
    out: Array | None = None,
    ticket: Ticket | None = None,
) -> Array:
    """Convert an image to the bytes of a 32-bit screen image.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The image. Transparent ones are laid over a checkerboard of 16-pixel squares.
    lo, hi : float, optional
        Values to show as black and white; those of `auto_range` where not given.
    out : ndarray, shape (H, W, 4), uint8, optional
        Where to write them, since new memory may cost more than the conversion; of another shape
        it is left alone.
    ticket : Ticket, optional
        Asked once a strip.

    Returns
    -------
    ndarray, shape (H, W, 4), uint8
        B, G, R, A order, alpha 255.

    Raises
    ------
    ValueError
        If `pixels` is not an image or `lo` is not below `hi`.
    Cancelled
        If the ticket was cancelled.
    """
    check(pixels)
    if lo is None or hi is None:
        auto_lo, auto_hi = auto_range(pixels)
        lo, hi = auto_lo if lo is None else lo, auto_hi if hi is None else hi
    if not lo < hi:
        raise ValueError(f"lo is {lo}, not below hi, {hi}")
    gray = pixels.ndim == 2
    transparent = not gray and pixels.shape[2] == 4
    shape = (*pixels.shape[:2], 4)
    result = out if out is not None and out.shape == shape else np.empty(shape, np.uint8)
    for rows in strips(pixels.shape, ticket):
        colours = pixels[rows]
        if transparent:
            colours = cv2.cvtColor(colours, cv2.COLOR_RGBA2RGB)
        colours = _to_bytes(colours, lo, hi)
        if transparent:
            alpha = _to_bytes(
                cv2.extractChannel(pixels[rows], 3), 0.0, _FULL_ALPHA[pixels.dtype.name]
            )
            if alpha.min() < 255:
                colours = _over_board(colours, alpha, rows.start)
        code = cv2.COLOR_GRAY2BGRA if gray else cv2.COLOR_RGB2BGRA
        cv2.cvtColor(colours, code, dst=result[rows])
    return result


def _to_bytes(values: Array, lo: float, hi: float) -> Array:
    """Map lo..hi to 0..255, rounding and clipping, in one pass."""
    if values.dtype == np.uint8 and (lo, hi) == (0.0, 255.0):
        return values
    return _affine(values, 255.0 / (hi - lo), -lo * 255.0 / (hi - lo))


def _affine(values: Array, scale: float, offset: float) -> Array:
    """Scale and shift to uint8, rounding and clipping."""
    if offset == 0.0 and values.dtype == np.uint16:
        return cv2.convertScaleAbs(values, alpha=scale)  # three times faster; drops the sign
    return cv2.addWeighted(values, scale, values, 0.0, offset, dtype=cv2.CV_8U)


def _over_board(colours: Array, alpha: Array, top: int) -> Array:
    """Lay straight-alpha colours over the checkerboard; exact to half a unit."""
    odd_row = np.arange(top, top + alpha.shape[0]) // _BOARD_SIDE % 2
    odd_column = np.arange(alpha.shape[1]) // _BOARD_SIDE % 2
    board = _BOARD_GRAYS[np.stack([odd_column, 1 - odd_column])][odd_row]
    weight = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB)
    mixed = np.multiply(colours, weight, dtype=np.uint16)
    mixed += np.multiply(
        cv2.cvtColor(board, cv2.COLOR_GRAY2RGB), cv2.bitwise_not(weight), dtype=np.uint16
    )
    return cv2.convertScaleAbs(mixed, alpha=1 / 255)


def signed_to_display(
    band: Array, limit: float | None = None, *, ticket: Ticket | None = None
) -> Array:
    """Convert a signed band, such as a level of a Laplacian pyramid, to a 32-bit screen image.

    One channel is shown in the colours of `DIVERGING`, blue below zero and orange above; colour
    bands channel by channel around mid gray.

    Parameters
    ----------
    band : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), int16, int32 or float32
        The band. A fourth channel is not shown.
    limit : float, optional
        Magnitude that gets the strongest colour, above 0. Default: the 99.5th percentile of the
        magnitudes of a sample, at least 1 for integers.
    ticket : Ticket, optional
        Asked once a strip.

    Returns
    -------
    ndarray, shape (H, W, 4), uint8
        B, G, R, A order, alpha 255.

    Raises
    ------
    ValueError
        If the band is not as above or the limit is not above 0.
    Cancelled
        If the ticket was cancelled.
    """
    fits = band.ndim == 2 or (band.ndim == 3 and band.shape[2] in (3, 4))
    if not fits or band.size == 0 or band.dtype not in (np.int16, np.int32, np.float32):
        raise ValueError(
            "a signed band has shape (H, W), (H, W, 3) or (H, W, 4) and dtype int16, int32 or "
            f"float32, not shape {band.shape} and dtype {band.dtype}"
        )
    if limit is None:
        limit = signed_limit(band)
    if not limit > 0:
        raise ValueError(f"limit is {limit}, not above 0")
    result = np.empty((*band.shape[:2], 4), np.uint8)
    for rows in strips(band.shape, ticket):
        levels = _affine(band[rows], 127.0 / limit, 128.0)
        if levels.ndim == 2:
            cv2.cvtColor(cv2.applyColorMap(levels, _LOOKUP), cv2.COLOR_BGR2BGRA, dst=result[rows])
        else:
            code = cv2.COLOR_RGB2BGRA if levels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
            cv2.cvtColor(levels, code, dst=result[rows])
            result[rows, :, 3] = 255
    return result


def signed_limit(band: Array) -> float:
    """Choose the magnitude that gets the strongest colour: few outliers must not hide the rest.

    Parameters
    ----------
    band : ndarray, shape (H, W) or (H, W, C), int16, int32 or float32
        The band. A fourth channel does not count.

    Returns
    -------
    float
        The 99.5th percentile of the magnitudes of a regular sample of about 250 000 pixels; at
        least 1 for integers, and 1 for floats that are all 0.
    """
    sample = _sample(_colours(band)).astype(np.float64)
    limit = float(np.percentile(np.abs(sample), 99.5))
    if np.issubdtype(band.dtype, np.integer):
        return max(1.0, limit)
    return limit or float(np.abs(sample).max()) or 1.0


def _diverging() -> Array:
    """Walk from blue over near-white to orange in equal steps of CIELAB.

    Both ends are equally dark and equally colourful, so that the map favours no sign. Lightness
    alone tells the magnitude; blue and orange stay apart for the common kinds of colour blindness.
    """
    lightness, chroma = (97.0, 52.0), 52.0
    hues = {-1: math.radians(275.0), 1: math.radians(62.0)}
    # 255 levels around 128, where a band is 0; level 0 repeats the strongest blue.
    position = np.maximum(np.arange(256) - 128.0, -127.0) / 127.0
    magnitude = np.abs(position)
    hue = np.where(position < 0, hues[-1], hues[1])
    light = lightness[0] + (lightness[1] - lightness[0]) * magnitude
    rgb = _lab_to_srgb(light, chroma * magnitude * np.cos(hue), chroma * magnitude * np.sin(hue))
    table: Array = np.rint(np.clip(rgb, 0.0, 1.0) * 255.0).astype(np.uint8)
    table.setflags(write=False)
    return table


def _lab_to_srgb(light: Array, a: Array, b: Array) -> Array:
    """Convert CIELAB (D65) to sRGB by CIE 15 and IEC 61966-2-1.

    Not by OpenCV, which takes a tenth of a second at start to fill its tables.
    """
    fy = (light + 16) / 116
    f = np.stack([fy + a / 500, fy, fy - b / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    xyz *= (0.95047, 1.0, 1.08883)
    to_rgb = np.array(
        [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
    )
    linear = np.clip(xyz @ to_rgb.T, 0, 1)
    srgb: Array = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return srgb


DIVERGING: Array = _diverging()
"""R, G, B bytes of the 256 levels of signed bands, shape (256, 3): 1 is -limit, 128 is 0, 255 is
limit."""

_LOOKUP = np.ascontiguousarray(DIVERGING[:, None, ::-1])
