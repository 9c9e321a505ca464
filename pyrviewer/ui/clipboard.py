"""Images between the clipboard and arrays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtGui import QGuiApplication, QImage

if TYPE_CHECKING:
    from PyQt6.QtCore import QMimeData

    from pyrviewer.compute.image import Array

DEEP = (
    QImage.Format.Format_Grayscale16, QImage.Format.Format_RGB30, QImage.Format.Format_BGR30,
    QImage.Format.Format_A2RGB30_Premultiplied, QImage.Format.Format_A2BGR30_Premultiplied,
)  # fmt: skip


def to_array(picture: QImage) -> Array:
    """Return a `QImage` as gray, RGB or RGBA; 16 bit where it has more than 8."""
    form = QImage.Format
    gray = picture.format() in (form.Format_Grayscale8, form.Format_Grayscale16)
    deep = picture.depth() > 32 or picture.format() in DEEP
    if gray:
        wanted, channels = (form.Format_Grayscale16 if deep else form.Format_Grayscale8), 1
    else:
        wanted, channels = (form.Format_RGBA64 if deep else form.Format_RGBA8888), 4
    copy = picture.convertToFormat(wanted)
    bits = copy.constBits()
    if bits is None:
        raise ValueError("an empty QImage has no pixels")
    flat = np.frombuffer(bits.asstring(copy.sizeInBytes()), np.uint16 if deep else np.uint8)
    rows = flat.reshape(copy.height(), copy.bytesPerLine() // flat.itemsize)
    pixels = rows[:, : copy.width() * channels].reshape(copy.height(), copy.width(), channels)
    if gray:
        return np.ascontiguousarray(pixels[..., 0])
    return np.ascontiguousarray(pixels if picture.hasAlphaChannel() else pixels[..., :3])


def pasted() -> Array | list[Path] | None:
    """Return what the clipboard holds; see `content`."""
    clipboard = QGuiApplication.clipboard()
    mime = clipboard.mimeData() if clipboard is not None else None
    return None if mime is None else content(mime)


def content(mime: QMimeData) -> Array | list[Path] | None:
    """Return what was copied or dropped: files, an image, or nothing that can be opened."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if paths:
        return paths
    picture = mime.imageData() if mime.hasImage() else None
    if isinstance(picture, QImage) and not picture.isNull():
        return to_array(picture)
    lines = [line.strip() for line in mime.text().splitlines() if line.strip()]
    named = [Path(line) for line in lines if os.path.isfile(line)]  # whatever the text is
    return named or None
