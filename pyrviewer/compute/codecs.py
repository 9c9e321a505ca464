"""Decoding and encoding of image files: OpenCV does the work, Pillow the TIFF kinds it gets wrong.

Pixels come and go in R, G, B, A order; only here do they exist in OpenCV's B, G, R, A order.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import PngImagePlugin, TiffImagePlugin
from PIL.Image import DecompressionBombError

from pyrviewer.compute import metadata, png, tiff
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.opencv import cv2
from pyrviewer.compute.pixels import Array
from pyrviewer.compute.strips import strips

if TYPE_CHECKING:
    from pyrviewer.compute.png import Buffer
    from pyrviewer.compute.ticket import Ticket

Decoded = tuple[Array, tuple[str, ...]]
"""Pixels of any dtype, and one sentence for each thing that was changed on decoding."""

_UPRIGHT_RGB = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_UPRIGHT_GRAY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION

_CMYK_NOTE = "CMYK was converted to RGB without regard to its inks."
_LEFT_OUT_NOTE = "The fourth channel was left out: the file does not call it transparency."
_DIVIDED_NOTE = "Colours that had been multiplied by their alpha were divided by it."


def decode_pixels(
    data: Buffer, header: metadata.Header, name: str, page: int, ticket: Ticket | None
) -> Decoded:
    """Decode one page, not yet turned upright (TIFF and JPEG-in-TIFF are).

    Parameters
    ----------
    data : ndarray, shape (n,), uint8
        The file. If it is writable, it may be changed.
    header : Header
        Its header.
    name : str
        What a person calls the file.
    page : int
        Page of a TIFF file, from 0.
    ticket : Ticket or None
        Asked between decoding and reordering the channels; the decoder itself cannot be stopped.

    Returns
    -------
    pixels : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        Pixels in R, G, B, A order and the stored dtype.
    notes : tuple of str
        What was changed.

    Raises
    ------
    UserError
        If the pixels do not decode.
    Cancelled
        If the ticket was cancelled.
    """
    if header.page is not None:
        return _decode_tiff(data, header.page, name, page, ticket)
    if header.channels is not None:
        pixels = _imdecode(data, _UPRIGHT_GRAY if header.channels == 1 else _UPRIGHT_RGB)
        notes = (_CMYK_NOTE,) if header.channels == 4 else ()
    elif header.keyed:
        return _decode_keyed(data, name), ()
    else:
        if header.format == "PNG":
            data = png.essential(data)
        pixels, notes = _imdecode(data, cv2.IMREAD_UNCHANGED), ()
        if pixels is not None:
            _swap_red_and_blue(pixels, ticket)
    if pixels is None:
        raise metadata.damaged(name, header.format)
    if header.format == "GIF" and pixels.ndim == 3 and np.all(pixels[..., 3:] == 255):
        pixels = np.ascontiguousarray(pixels[..., :3])  # the decoder adds alpha to animations
    return pixels, notes


def _imdecode(data: Buffer, flags: int) -> Array | None:
    try:
        return cv2.imdecode(data, flags)
    except cv2.error:
        return None


def _swap_red_and_blue(pixels: Array, ticket: Ticket | None) -> None:
    """Turn B, G, R(, A) into R, G, B(, A) in place, in strips: a whole copy would double memory."""
    if pixels.ndim == 2:
        return
    code = cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    convertible = pixels.dtype in (np.uint8, np.uint16, np.float32)
    for rows in strips(pixels.shape, ticket):
        strip = pixels[rows]
        pixels[rows, :, :3] = (
            cv2.cvtColor(strip, code)[..., :3] if convertible else strip[..., 2::-1].copy()
        )


def _decode_keyed(data: Buffer, name: str) -> Array:
    """Decode a gray PNG with one transparent value, which OpenCV takes for opaque."""
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(data.data)) as image:
            if image.mode in ("1", "L"):
                return np.array(image.convert("RGBA"))
            gray = np.asarray(image).astype(np.uint16)
            alpha = np.where(gray == image.info["transparency"], 0, 65535)
    except Exception as error:
        raise metadata.damaged(name, "PNG") from error
    return np.dstack([gray, gray, gray, alpha.astype(np.uint16)])


def _decode_tiff(
    data: Buffer, described: tiff.Page, name: str, page: int, ticket: Ticket | None
) -> Decoded:
    if _opencv_is_right(described):
        try:
            pixels = cv2.imdecodemulti(data, cv2.IMREAD_UNCHANGED, range=(page, page + 1))[1][0]
        except (cv2.error, IndexError):
            raise metadata.damaged(name, "TIFF") from None
        _swap_red_and_blue(pixels, ticket)
        return _interpret_samples(pixels, described, ticket)
    lab = described.photometric in tiff.LAB
    if described.bits <= 8 and described.sample_format == tiff.UNSIGNED and not lab:
        return _decode_with_pillow(data, name, page)
    kind = {tiff.FLOAT: "float", tiff.SIGNED: "signed"}.get(described.sample_format, "unsigned")
    raise UserError(
        f"{name} cannot be read: it is a TIFF with {described.samples} channels of "
        f"{described.bits}-bit {kind} samples{' in Lab colours' * lab}"
        f"{' in separate planes' * described.separate}."
    )


def _opencv_is_right(page: tiff.Page) -> bool:
    """Tell whether OpenCV decodes a page as the standard means it.

    It multiplies 8-bit colours by their alpha, drops the alpha of gray pages, reads separate planes
    of more than 8 bits as if they were one, takes CMYK for RGBA, and fails on tiles of 16 pixels.
    """
    channels = {
        tiff.RGB: (3, 4),
        tiff.BLACK_IS_ZERO: (1,),
        tiff.WHITE_IS_ZERO: (1,),
        tiff.LOG_L: (1,),
        tiff.LOG_LUV: (3,),
    }
    if page.separate or page.samples not in channels.get(page.photometric, ()):
        return False
    if page.bits == 8:
        return page.samples < 4 and not page.tiled and page.photometric != tiff.WHITE_IS_ZERO
    return page.bits in ((32, 64) if page.sample_format == tiff.FLOAT else (10, 12, 14, 16, 32, 64))


def _interpret_samples(pixels: Array, page: tiff.Page, ticket: Ticket | None) -> Decoded:
    """Do what the directory asks for and OpenCV leaves undone."""
    if page.photometric == tiff.WHITE_IS_ZERO and pixels.dtype == np.uint16:
        pixels = (1 << page.bits) - 1 - pixels
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        if page.extra == tiff.UNSPECIFIED:
            return np.ascontiguousarray(pixels[..., :3]), (_LEFT_OUT_NOTE,)
        if page.extra == tiff.ASSOCIATED_ALPHA:
            _divide_by_alpha(pixels, ticket)
            return pixels, (_DIVIDED_NOTE,)
    return pixels, ()


def _divide_by_alpha(pixels: Array, ticket: Ticket | None) -> None:
    """Turn associated into straight alpha, in place; colours without alpha stay as they are."""
    integers = np.issubdtype(pixels.dtype, np.integer)
    top = np.iinfo(pixels.dtype).max if integers else 1.0
    for rows in strips(pixels.shape, ticket):
        strip = pixels[rows].astype(np.float64)
        alpha = strip[..., 3:] / top
        colours = np.divide(strip[..., :3], alpha, out=strip[..., :3], where=alpha > 0)
        pixels[rows, :, :3] = np.rint(np.minimum(colours, top)) if integers else colours


_PILLOW_MODES = {"1": "L", "L": "L", "LA": "RGBA", "PA": "RGBA", "RGBA": "RGBA", "RGBa": "RGBA"}
_PILLOW_NOTES = {"CMYK": _CMYK_NOTE, "RGBX": _LEFT_OUT_NOTE, "RGBa": _DIVIDED_NOTE}


def _decode_with_pillow(data: Buffer, name: str, page: int) -> Decoded:
    """Decode a TIFF page of at most 8 bits; Pillow turns it upright."""
    try:
        # Not Image.open: it compares the size with a limit of its own before anything else.
        with TiffImagePlugin.TiffImageFile(io.BytesIO(data.data)) as image:
            image.seek(page)
            pixels = np.array(image.convert(_PILLOW_MODES.get(image.mode, "RGB")))
            return pixels, tuple(note for mode, note in _PILLOW_NOTES.items() if mode == image.mode)
    except DecompressionBombError as error:
        raise UserError(f"{name} is too large for Pillow: {error}.") from error
    except Exception as error:
        raise metadata.damaged(name, "TIFF") from error
