"""How an array is drawn at any zoom: octaves for the screen, and where they lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from PyQt6.QtCore import QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QRegion, QTransform

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from pyrviewer.compute.geometry import LevelGeometry
    from pyrviewer.compute.image import Array

    Values = Array | None

NEAREST_FROM = 2.0  # device pixels per pixel: from here on pixels are drawn as squares
GRID_FROM = 10.0
DIGITS = 4.4  # widths of a value's text
LEADING = 1.5  # heights of a line
SMALLEST_TEXT, LARGEST_TEXT = 9, 24  # logical pixels of the values inside pixels


def qimage(pixels: Array, form: QImage.Format = QImage.Format.Format_RGB32) -> QImage:
    """Wrap contiguous bytes, B, G, R, A unless `form` says otherwise, for Qt without a copy.

    The image keeps the array alive.
    """
    height, width = pixels.shape[:2]
    data = cast("bytes", memoryview(cast("bytes", pixels)).cast("B"))  # any buffer will do
    return QImage(data, width, height, pixels.strides[0], form)


@dataclass(frozen=True, eq=False)
class Texture:
    """One octave of a picture as Qt draws it.

    Parameters
    ----------
    pixels : ndarray, uint8
        H x W x 4 (B, G, R, A in memory), H x W x 3 (R, G, B) or H x W (gray); kept alive by this
        object while Qt reads it.
    """

    pixels: npt.NDArray[np.uint8]
    image: QImage = field(init=False)

    def __post_init__(self) -> None:
        form = QImage.Format
        channels = 1 if self.pixels.ndim == 2 else self.pixels.shape[2]
        kind = {1: form.Format_Grayscale8, 3: form.Format_RGB888, 4: form.Format_RGB32}[channels]
        object.__setattr__(self, "image", qimage(self.pixels, kind))


class Picture:
    """A picture and its octaves, of which the nearest to the screen's resolution is drawn.

    Parameters
    ----------
    mips : sequence of ndarray or None
        Finest first, each half of the one before by `cv2.pyrDown`; None where not ready yet.
    """

    def __init__(self, mips: Sequence[Array | None]) -> None:
        self._textures = [None if mip is None else Texture(mip) for mip in mips]

    def choose(self, scale: float) -> tuple[Texture, int] | None:
        """Return the texture for `scale` device pixels per pixel, and its octave."""
        ready = [k for k, texture in enumerate(self._textures) if texture is not None]
        if not ready:
            return None
        wanted = round(-math.log2(scale)) if scale < 1 else 0
        best = min(ready, key=lambda k: (abs(k - wanted), k))
        texture = self._textures[best]
        return (texture, best) if texture is not None else None


@dataclass(frozen=True, eq=False)
class Patch:
    """A part of a layer at the screen's resolution, exact where a stretched octave is not."""

    texture: Texture
    geometry: LevelGeometry
    x: int
    y: int


@dataclass(frozen=True, eq=False)
class Layer:
    """A picture placed on a canvas.

    Parameters
    ----------
    level : int
        Which octave it shows.
    geometry : LevelGeometry
        Where its pixels lie: canvas = offset + scale * pixel.
    extent : tuple of float
        Left, top, right and bottom on the canvas; nothing is drawn outside.
    source : ndarray, optional
        The values behind it in their native dtype.
    range : str
        Which values black and white, or the ends of the colour map, stand for.
    smooth : bool
        Interpolate when enlarged instead of showing squares.
    """

    title: str
    level: int
    geometry: LevelGeometry
    extent: tuple[float, float, float, float]
    picture: Picture
    source: Values = None
    range: str = ""
    smooth: bool = False
    patch: Patch | None = None


@dataclass(frozen=True)
class Mapping:
    """From canvas coordinates to device pixels of a widget."""

    x: float
    y: float
    scale: float
    width: float
    height: float

    def to_device(self, x: float, y: float) -> tuple[float, float]:
        """Map a canvas point."""
        return (
            (x - self.x) * self.scale + self.width / 2,
            (y - self.y) * self.scale + self.height / 2,
        )

    def to_canvas(self, x: float, y: float) -> tuple[float, float]:
        """Map a device point back."""
        return (
            (x - self.width / 2) / self.scale + self.x,
            (y - self.height / 2) / self.scale + self.y,
        )

    def rect(self, left: float, top: float, right: float, bottom: float) -> QRectF:
        """Map a canvas rectangle."""
        x0, y0 = self.to_device(left, top)
        x1, y1 = self.to_device(right, bottom)
        return QRectF(x0, y0, x1 - x0, y1 - y0)


def _draw_texture(
    painter: QPainter, mapping: Mapping, texture: Texture, geometry: LevelGeometry, octave: int
) -> None:
    """Draw a texture whose octave 0 lies as `geometry` says, its outermost pixels repeated.

    Coarse octaves end up to a pixel before the base image does.
    """
    step = 2.0**octave
    shift = 0.5 - step / 2
    ax = geometry.scale_x * step * mapping.scale
    ay = geometry.scale_y * step * mapping.scale
    tx, ty = mapping.to_device(
        geometry.offset_x + geometry.scale_x * shift, geometry.offset_y + geometry.scale_y * shift
    )
    if abs(ax - 1) < 1e-6 and abs(ay - 1) < 1e-6:
        tx, ty = round(tx), round(ty)  # one image pixel is one device pixel: keep it sharp
    width, height = texture.image.width(), texture.image.height()
    left = max(0, math.floor(-tx / ax) - 1)
    top = max(0, math.floor(-ty / ay) - 1)
    right = min(width, math.ceil((mapping.width - tx) / ax) + 1)
    bottom = min(height, math.ceil((mapping.height - ty) / ay) + 1)
    if right <= left or bottom <= top:
        return
    painter.setTransform(QTransform(ax, 0, 0, ay, tx, ty), combine=True)
    for x, columns, from_x in _with_edges(left, right, width):
        for y, rows, from_y in _with_edges(top, bottom, height):
            target = QRectF(x, y, columns, rows)
            painter.drawImage(target, texture.image, QRectF(from_x, from_y, columns, rows))


def _with_edges(start: int, stop: int, size: int) -> list[tuple[int, int, int]]:
    """Return position, length and source of a range, and of a pixel before and after its image."""
    parts = [(start, stop - start, start)]
    if start == 0:
        parts.append((-1, 1, 0))
    if stop == size:
        parts.append((size, 1, size - 1))
    return parts


def _draw_patch(painter: QPainter, mapping: Mapping, patch: Patch) -> QRect:
    """Draw an exact part and return the device pixels that it covers wholly."""
    base, picture, grid = painter.transform(), patch.texture.image, patch.geometry
    step = grid.scale_x * mapping.scale
    zoomed = step >= NEAREST_FROM
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not zoomed)
    placed = replace(
        grid,
        offset_x=grid.offset_x + grid.scale_x * patch.x,
        offset_y=grid.offset_y + grid.scale_y * patch.y,
    )
    _draw_texture(painter, mapping, patch.texture, placed, 0)
    painter.setTransform(base)
    box = mapping.rect(
        placed.offset_x,
        placed.offset_y,
        placed.offset_x + grid.scale_x * picture.width(),
        placed.offset_y + grid.scale_y * picture.height(),
    )
    left, top = math.ceil(box.left()), math.ceil(box.top())
    return QRect(left, top, math.floor(box.right()) - left, math.floor(box.bottom()) - top)


def draw_layer(
    painter: QPainter, mapping: Mapping, layer: Layer, clip: QRectF, *, grid: bool = True
) -> None:
    """Draw a layer in device pixels, from the octave nearest to the screen's resolution.

    With `grid`, large pixels have lines between them, and their values where they fit.
    """
    pixel = layer.geometry.scale_x * mapping.scale
    chosen = layer.picture.choose(pixel)
    whole = mapping.rect(*layer.extent)
    if min(whole.width(), whole.height()) < 1:  # a thin picture is a line, not nothing
        whole = QRectF(whole.x(), whole.y(), max(1, whole.width()), max(1, whole.height()))
        if chosen is not None:
            painter.drawImage(QRectF(whole.toAlignedRect()), chosen[0].image)
        return
    area = whole.intersected(clip)
    if chosen is None or area.isEmpty():
        return
    texture, octave = chosen
    squares = not layer.smooth and pixel >= NEAREST_FROM
    painter.save()
    painter.setClipRect(area)
    if layer.patch is not None:
        covered = _draw_patch(painter, mapping, layer.patch)
        rest = QRegion(area.toAlignedRect()) - QRegion(covered)
        painter.setClipRegion(rest, Qt.ClipOperation.IntersectClip)
    if layer.patch is None or not painter.clipRegion().isEmpty():
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not squares)
        _draw_texture(painter, mapping, texture, layer.geometry, octave)
    painter.restore()
    if grid and squares and pixel >= GRID_FROM:
        _draw_grid(painter, mapping, layer, area)


def pixel_range(mapping: Mapping, grid: LevelGeometry, area: QRectF) -> tuple[int, int, int, int]:
    """Return the level's pixels x0, y0, x1, y1 (half open) that meet a device rectangle."""
    left, top = mapping.to_canvas(area.left(), area.top())
    right, bottom = mapping.to_canvas(area.right(), area.bottom())
    height, width = grid.shape
    return (
        max(0, math.floor((left - grid.offset_x) / grid.scale_x)),
        max(0, math.floor((top - grid.offset_y) / grid.scale_y)),
        min(width, math.ceil((right - grid.offset_x) / grid.scale_x)),
        min(height, math.ceil((bottom - grid.offset_y) / grid.scale_y)),
    )


def level_rect(mapping: Mapping, layer: Layer, rect: tuple[float, float, float, float]) -> QRectF:
    """Map a rectangle in the layer's own pixels to device pixels."""
    grid = layer.geometry
    return mapping.rect(
        grid.offset_x + grid.scale_x * rect[0],
        grid.offset_y + grid.scale_y * rect[1],
        grid.offset_x + grid.scale_x * rect[2],
        grid.offset_y + grid.scale_y * rect[3],
    )


def _draw_grid(painter: QPainter, mapping: Mapping, layer: Layer, area: QRectF) -> None:
    """Draw lines between pixels, and the values inside them where they fit."""
    x0, y0, x1, y1 = pixel_range(mapping, layer.geometry, area)
    cell = min(layer.geometry.scale_x, layer.geometry.scale_y) * mapping.scale
    strength = min(1.0, (cell - GRID_FROM) / GRID_FROM + 0.35)
    gray = QColor(128, 128, 128, int(110 * strength))
    for x in range(x0, x1 + 1):  # a translucent line takes three times as long
        line = level_rect(mapping, layer, (x, y0, x, y1))
        painter.fillRect(QRectF(round(line.x()), line.y(), 1, line.height()), gray)
    for y in range(y0, y1 + 1):
        line = level_rect(mapping, layer, (x0, y, x1, y))
        painter.fillRect(QRectF(line.x(), round(line.y()), line.width(), 1), gray)
    if layer.source is not None:
        _draw_values(painter, mapping, layer, layer.source, (x0, y0, x1, y1))


def format_value(value: object, digits: int = 4) -> str:
    """Write a sample the way its dtype counts: integers whole, floats with `digits` digits."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.{digits}g}"


def _draw_values(
    painter: QPainter,
    mapping: Mapping,
    layer: Layer,
    source: Array,
    span: tuple[int, int, int, int],
) -> None:
    """Write values into pixels, dark on light ones and light on dark ones, if there is room."""
    x0, y0, x1, y1 = span
    lines = 1 if source.ndim == 2 else source.shape[2]
    cell, device = level_rect(mapping, layer, (0, 0, 1, 1)), painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    size = min(cell.width() / DIGITS, cell.height() / (LEADING * lines), LARGEST_TEXT * ratio)
    chosen = layer.picture.choose(cell.width())
    if size < SMALLEST_TEXT * ratio or chosen is None:
        return
    shown, octave = chosen[0].pixels, chosen[1]
    font = QFont(painter.font())
    font.setPixelSize(int(size))
    painter.setFont(font)
    for y in range(y0, y1):
        for x in range(x0, x1):
            sample = source[y, x]
            values = [sample.item()] if source.ndim == 2 else [v.item() for v in sample]
            text = "\n".join(format_value(value, 3) for value in values)
            light = shown[y >> octave, x >> octave][..., :3].mean() > 127
            painter.setPen(QColor("#000000" if light else "#ffffff"))
            box = level_rect(mapping, layer, (x, y, x + 1, y + 1))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
