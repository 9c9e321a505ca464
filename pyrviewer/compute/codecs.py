"""Decoding and encoding of image files: OpenCV does the work, Pillow the TIFF kinds it gets wrong.

Pixels come and go in R, G, B, A order; only here do they exist in OpenCV's B, G, R, A order.
"""

from __future__ import annotations

import io
import os
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
    from pathlib import Path

    from pyrviewer.compute.image import Origin
    from pyrviewer.compute.png import Buffer
    from pyrviewer.compute.ticket import Ticket

Decoded = tuple[Array, tuple[str, ...]]
"""Pixels of any dtype, and one sentence for each thing that was changed on decoding."""

_UPRIGHT_RGB = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_UPRIGHT_GRAY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION

LARGE = 1 << 20
"""Pixels from which on a file is worth the faster way of decoding."""

_CMYK_NOTE = "CMYK was converted to RGB without regard to its inks."
_LEFT_OUT_NOTE = "The fourth channel was left out: the file does not call it transparency."
_DIVIDED_NOTE = "Colours that had been multiplied by their alpha were divided by it."


def decode_pixels(
    data: Buffer,
    header: metadata.Header,
    origin: Origin,
    *,
    source: Path | None = None,
    ticket: Ticket | None = None,
) -> Decoded:
    """Decode one page; pages of TIFF files come out upright, other images as they are stored.

    Parameters
    ----------
    data : ndarray, shape (n,), uint8
        The file. If it is writable, it may be changed.
    header : Header
        Its header.
    origin : Origin
        What a person calls the file, and the page.
    source : Path, optional
        The file that the data were read from; large ones are decoded faster from there.
    ticket : Ticket, optional
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
        return _decode_tiff(data, header, header.page, origin, source, ticket)
    if header.keyed:
        return _decode_keyed(data, origin.name), ()
    flags = cv2.IMREAD_UNCHANGED
    if header.format == "JPEG":
        flags = _UPRIGHT_GRAY if header.channels == 1 else _UPRIGHT_RGB
    elif header.format == "PNG" and not header.in_order:
        data = png.essential(data)
    pixels = _decode_into_place(header, source, flags)
    if pixels is None:
        pixels = _decode_from_memory(data, flags)
    if pixels is None:
        raise metadata.damaged(origin.name, header.format)
    if header.format != "JPEG":
        _swap_red_and_blue(pixels, ticket)
    if header.format == "GIF" and pixels.ndim == 3 and np.all(pixels[..., 3:] == 255):
        pixels = np.ascontiguousarray(pixels[..., :3])  # the decoder adds alpha to animations
    return pixels, (_CMYK_NOTE,) if header.inks else ()


def _decode_from_memory(data: Buffer, flags: int, page: int = 0) -> Array | None:
    try:
        if page == 0:
            return cv2.imdecode(data, flags)
        return cv2.imdecodemulti(data, flags, range=(page, page + 1))[1][0]
    except (cv2.error, IndexError):
        return None


def _decode_into_place(header: metadata.Header, source: Path | None, flags: int) -> Array | None:
    """Decode a large file into an array of ours, or do not: `_decode_from_memory` then decides.

    All other functions of OpenCV decode into memory of its own and copy that, which takes a third
    longer and twice the memory. This one does not tell whether it succeeded, hence all the care.
    """
    if source is None or not header.in_order or header.channels is None or header.dtype is None:
        return None
    if header.width * header.height < LARGE or not _is_name_for_opencv(source):
        return None
    channels = () if header.channels == 1 else (header.channels,)
    pixels = np.empty((header.height, header.width, *channels), header.dtype)
    # The last row is the last to be decoded: while the mark is there, the decoder did not arrive.
    mark = np.random.default_rng(header.width).bytes(pixels[-1].nbytes)
    pixels[-1] = np.frombuffer(mark, pixels.dtype).reshape(pixels[-1].shape)
    try:
        done = cv2.imread(str(source), pixels, flags)
    except cv2.error:  # the size or the type is not what the header says
        return None
    return None if done is None or pixels[-1].tobytes() == mark else pixels


def _is_name_for_opencv(path: Path) -> bool:
    try:
        str(path).encode("ascii" if os.name == "nt" else "utf-8")
    except UnicodeEncodeError:
        return False
    return True


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
    data: Buffer,
    header: metadata.Header,
    described: tiff.Page,
    origin: Origin,
    source: Path | None,
    ticket: Ticket | None,
) -> Decoded:
    name, page = origin.name, origin.page
    if _opencv_is_right(described):
        pixels = _decode_into_place(header, source, cv2.IMREAD_UNCHANGED)
        if pixels is None:
            pixels = _decode_from_memory(data, cv2.IMREAD_UNCHANGED, page)
        if pixels is None:
            raise metadata.damaged(name, "TIFF")
        _swap_red_and_blue(pixels, ticket)
        return _interpret_samples(pixels, described, ticket), _notes(described)
    lab = described.photometric in tiff.LAB
    if described.bits <= 8 and described.sample_format == tiff.UNSIGNED and not lab:
        return _decode_with_pillow(data, name, page), _notes(described)
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


def _notes(page: tiff.Page) -> tuple[str, ...]:
    if page.photometric == tiff.CMYK:
        return (_CMYK_NOTE,)
    if page.photometric == tiff.RGB and page.samples == 4:
        notes = {tiff.UNSPECIFIED: _LEFT_OUT_NOTE, tiff.ASSOCIATED_ALPHA: _DIVIDED_NOTE}
        return tuple(note for meaning, note in notes.items() if page.extra == meaning)
    return ()


def _interpret_samples(pixels: Array, page: tiff.Page, ticket: Ticket | None) -> Array:
    """Do what the directory asks for and OpenCV leaves undone."""
    if page.photometric == tiff.WHITE_IS_ZERO and pixels.dtype == np.uint16:
        pixels = (1 << page.bits) - 1 - pixels
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        if page.extra == tiff.UNSPECIFIED:
            return np.ascontiguousarray(pixels[..., :3])
        if page.extra == tiff.ASSOCIATED_ALPHA:
            _divide_by_alpha(pixels, ticket)
    return pixels


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


def _decode_with_pillow(data: Buffer, name: str, page: int) -> Array:
    """Decode a TIFF page of at most 8 bits; Pillow turns it upright."""
    try:
        # Not Image.open: it compares the size with a limit of its own before anything else.
        with TiffImagePlugin.TiffImageFile(io.BytesIO(data.data)) as image:
            image.seek(page)
            return np.array(image.convert(_PILLOW_MODES.get(image.mode, "RGB")))
    except DecompressionBombError as error:
        raise UserError(f"{name} is too large for Pillow: {error}.") from error
    except Exception as error:
        raise metadata.damaged(name, "TIFF") from error
