"""Images between the clipboard and arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtGui import QGuiApplication, QImage

if TYPE_CHECKING:
    from PyQt6.QtCore import QMimeData

    from pyrviewer.compute.image import Array


def to_array(picture: QImage) -> Array:
    """Return a `QImage` as RGB or RGBA, H x W x 3 or 4; 16 bit where it has 16."""
    deep = picture.depth() > 32
    alpha = picture.hasAlphaChannel()
    form, dtype = (
        (QImage.Format.Format_RGBA64, np.uint16)
        if deep
        else (QImage.Format.Format_RGBA8888, np.uint8)
    )
    copy = picture.convertToFormat(form)
    bits = copy.constBits()
    if bits is None:
        raise ValueError("an empty QImage has no pixels")
    flat = np.frombuffer(bits.asstring(copy.sizeInBytes()), dtype)
    step = copy.bytesPerLine() // flat.itemsize
    pixels = flat.reshape(copy.height(), step)[:, : copy.width() * 4]
    pixels = pixels.reshape(copy.height(), copy.width(), 4)
    return np.ascontiguousarray(pixels if alpha else pixels[..., :3])


def pasted() -> Array | list[Path] | None:
    """Return what the clipboard holds: an image, files, or nothing that can be opened."""
    clipboard = QGuiApplication.clipboard()
    mime = clipboard.mimeData() if clipboard is not None else None
    return None if clipboard is None or mime is None else _content(mime, clipboard.image())


def _content(mime: QMimeData, picture: QImage) -> Array | list[Path] | None:
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if paths:
        return paths
    if not picture.isNull():
        return to_array(picture)
    lines = [line.strip() for line in mime.text().splitlines() if line.strip()]
    named = [Path(line) for line in lines if Path(line).is_file()]
    return named or None
