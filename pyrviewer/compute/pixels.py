"""The one kind of array that the compute layer takes for an image, and how others become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from pyrviewer.compute.ticket import Ticket

Array = npt.NDArray[Any]
"""H x W, H x W x 3 or H x W x 4; uint8, uint16 or float32; R, G, B, A order, straight alpha."""

_FULL = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}


def check(pixels: Array) -> None:
    """Raise unless an array is an image as the compute layer takes it.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The array. Its values are not looked at.

    Raises
    ------
    ValueError
        With the shape and dtype, if it is anything else or has no pixels.
    """
    if not isinstance(pixels, np.ndarray):
        raise ValueError(f"an image is an ndarray, not {type(pixels).__name__}")
    fits = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if not fits or pixels.size == 0 or pixels.dtype.name not in _FULL or not pixels.dtype.isnative:
        raise ValueError(
            "an image has shape (H, W), (H, W, 3) or (H, W, 4) with H and W at least 1, and dtype "
            f"uint8, uint16 or float32, not shape {pixels.shape} and dtype {pixels.dtype}"
        )


def conform(pixels: Array, name: str) -> tuple[Array, tuple[str, ...]]:
    """Convert any array that can be seen as an image to the shape and dtype of one.

    Values are kept: integers go to uint8 or uint16 if they fit and to float32 otherwise, floats to
    float32, bool to 0 and 255. A third axis of length 1 is dropped; one of length 2 is read as gray
    and alpha.

    Parameters
    ----------
    pixels : ndarray
        Any array; it is not changed. The result may share its memory.
    name : str
        What a person calls it.

    Returns
    -------
    pixels : ndarray
        C-contiguous, as `check` asks for; floats are finite.
    notes : tuple of str
        One sentence for each conversion.

    Raises
    ------
    UserError
        If the array cannot be seen as an image.
    """
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (2, 3, 4)):
        raise UserError(f"{name} is not an image: its shape is {_product(pixels.shape)}.")
    if pixels.size == 0:
        raise UserError(f"{name} has no pixels: its shape is {_product(pixels.shape)}.")
    pixels, notes = _conform_dtype(pixels, name)
    if pixels.dtype == np.float32:
        _require_finite(pixels, name)
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        gray, alpha = pixels[..., 0], pixels[..., 1]
        pixels = np.stack([gray, gray, gray, alpha], axis=-1)
        notes = (*notes, "Its two channels were read as gray and transparency.")
    return np.ascontiguousarray(pixels), notes


def _product(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "that of a single number"


def _conform_dtype(pixels: Array, name: str) -> tuple[Array, tuple[str, ...]]:
    kind = pixels.dtype
    if kind.name in _FULL:
        return pixels.astype(kind.newbyteorder("="), copy=False), ()
    if kind.kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255), ("bool was read as uint8, 0 and 255.",)
    if kind.kind in "iu":
        low, high = int(pixels.min()), int(pixels.max())
        for narrow in (np.uint8, np.uint16):
            if low >= 0 and high <= np.iinfo(narrow).max:
                return pixels.astype(narrow), (f"{kind} was read as {narrow.__name__}.",)
        rounded = "; values beyond 16777216 were rounded" if max(-low, high) > 1 << 24 else ""
        return pixels.astype(np.float32), (f"{kind} was read as float32{rounded}.",)
    if kind.kind == "f":
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is then refused
            return pixels.astype(np.float32), (f"{kind} was read as float32.",)
    raise UserError(f"{name} is not an image: its values are of the kind {kind}.")


def _require_finite(pixels: Array, name: str) -> None:
    finite = sum(int(np.count_nonzero(np.isfinite(pixels[rows]))) for rows in strips(pixels.shape))
    if bad := pixels.size - finite:
        values = "1 value that is" if bad == 1 else f"{bad} values that are"
        raise UserError(f"{name} holds {values} not a finite float32 number (NaN or infinity).")


def convert_dtype(pixels: Array, dtype: npt.DTypeLike, *, ticket: Ticket | None = None) -> Array:
    """Convert an image to another dtype so that black stays black and white stays white.

    The full range, 0 to 255, 0 to 65535 or 0 to 1, is mapped to the full range. Integers are
    rounded to the nearest; floats outside 0 to 1 are clipped on the way to integers.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4), uint8, uint16 or float32
        The image; it is not changed.
    dtype : dtype
        uint8, uint16 or float32.
    ticket : Ticket, optional
        Asked once a strip.

    Returns
    -------
    ndarray
        A new array of the same shape; the same array if it has that dtype already.

    Raises
    ------
    ValueError
        If the array or the dtype is not as above.
    Cancelled
        If the ticket was cancelled.
    """
    check(pixels)
    wanted = np.dtype(dtype)
    if wanted.name not in _FULL:
        raise ValueError(f"dtype is uint8, uint16 or float32, not {wanted}")
    if pixels.dtype == wanted:
        return pixels
    scale = _FULL[wanted.name] / _FULL[pixels.dtype.name]
    result = np.empty(pixels.shape, wanted)
    for rows in strips(pixels.shape, ticket):
        if wanted == np.float32:
            np.multiply(pixels[rows], np.float32(scale), out=result[rows], dtype=np.float32)
        elif pixels.dtype == np.float32:
            strip = np.clip(pixels[rows], 0.0, 1.0) * np.float32(scale)
            result[rows] = np.rint(strip, out=strip)
        elif wanted == np.uint16:
            np.multiply(pixels[rows], np.uint16(257), out=result[rows], dtype=np.uint16)
        else:
            # No value lies half way between two results, 257 being odd.
            result[rows] = cv2.convertScaleAbs(pixels[rows], alpha=1 / 257)
    return result
