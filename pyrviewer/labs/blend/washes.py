"""What is drawn over the panes of the Blend lab: the mask, clipped pixels, B while it is moved."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QImage

from pyrviewer.compute import geometry
from pyrviewer.labs.blend.run import MASK_RGB, tint
from pyrviewer.ui.overlays import Outlines, Overlay, Wash, box_corners
from pyrviewer.ui.picture import Layer, Picture, draw_layer, qimage

if TYPE_CHECKING:
    from PyQt6.QtGui import QPainter

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Mask
    from pyrviewer.compute.resample import Rect
    from pyrviewer.labs.blend.run import Pair, Preview, Result, Shown
    from pyrviewer.ui.overlays import Box
    from pyrviewer.ui.picture import Mapping

FRAME = "#4c8dff"
FINE = 1_000_000  # pixels of a tint: about a screen


class Washes:
    """The tint of the mask and what else lies over a blend.

    Attributes
    ----------
    mask_on, clipped_on : bool
        Whether A's part of the mask is tinted, and clipped pixels are marked.
    """

    def __init__(self) -> None:
        self.mask_on = False
        self.clipped_on = False
        self._wash: Wash | None = None
        self._pixels: Array | None = None
        self._step = 1
        self._whole: tuple[Mask, Pair] | None = None
        self._ghost: Ghost | None = None

    def clear(self) -> None:
        """Forget the pictures."""
        self._wash = self._pixels = self._ghost = self._whole = None

    def overlays(self, pair: Pair | None, result: Result | None) -> list[Overlay]:
        """Return what is to be drawn now."""
        found: list[Overlay] = []
        if self.clipped_on and result is not None:
            found.append(_washed(result.clipped, box_of(result.pair)))
        if self.mask_on:
            found += self._tint()
        if self._ghost is not None:
            found.append(self._ghost)
        elif pair is not None and not pair.whole:
            x, y = pair.origin
            x0, y0, x1, y1 = pair.covered
            corners = box_corners(x + x0, y + y0, x + x1, y + y1)
            found.append(Outlines([corners], FRAME, width=1, dashed=True))
        return found

    def _tint(self) -> list[Overlay]:
        """Return the tint of the mask, made when it is first seen."""
        if self._whole is not None:
            (drawn, pair), self._whole = self._whole, None
            step = self._step = max(1, round(math.sqrt(drawn.size / FINE)))
            self._pixels = tint(drawn[::step, ::step], MASK_RGB)
            self._wash = _washed(self._pixels, box_of(pair))
        return [self._wash] if self._wash is not None else []

    def show_mask(self, drawn: Mask, pair: Pair) -> None:
        """Take the whole mask."""
        self._whole = (drawn, pair)

    def paint(self, rect: Rect, part: Mask) -> None:
        """Take a part of the mask while it is painted."""
        if self._pixels is None:
            return
        step = self._step
        x0, y0 = -(-rect[0] // step), -(-rect[1] // step)
        thin = part[y0 * step - rect[1] :: step, x0 * step - rect[0] :: step]
        height, width = thin.shape
        self._pixels[y0 : y0 + height, x0 : x0 + width] = tint(thin, MASK_RGB)

    def show_preview(self, preview: Preview, pair: Pair) -> None:
        """Take the mask as it was drawn for a frame of the preview."""
        if preview.wash is None:
            return
        grid = geometry.level_geometry(pair.shape, preview.look.octave)
        x0, y0, x1, y1 = preview.look.rect
        x, y = pair.origin
        left, top = grid.to_base(x0, y0)
        right, bottom = grid.to_base(x1, y1)
        self._pixels = self._whole = None
        box = (left + x, top + y, right + x, bottom + y)
        self._wash = _washed(preview.wash, box)

    def show_ghost(self, ghost: Ghost | None) -> None:
        """Lay B over the panes while it is moved."""
        self._ghost = ghost


def box_of(pair: Pair) -> Box:
    """Return where a pair's frame lies on A."""
    x, y = pair.origin
    height, width = pair.shape
    return (float(x), float(y), float(x + width), float(y + height))


def _washed(pixels: Array, box: Box) -> Wash:
    return Wash(qimage(pixels, QImage.Format.Format_ARGB32), box, smooth=True)


class Ghost:
    """B over the picture while it is placed."""

    def __init__(self, shown: Shown, x: float, y: float, scale: float, opacity: float) -> None:
        height, width = shown.grid.shape
        grid = replace(shown.grid, offset_x=x, offset_y=y, scale_x=scale, scale_y=scale)
        self._box = (x, y, x + scale * width, y + scale * height)
        self._layer = Layer("B", 0, grid, self._box, Picture(shown.mips))
        self._opacity = opacity

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw it, and its frame."""
        painter.save()
        painter.setOpacity(self._opacity)
        screen = QRectF(0, 0, mapping.width, mapping.height)
        draw_layer(painter, mapping, self._layer, screen, grid=False)
        painter.restore()
        Outlines([box_corners(*self._box)], FRAME, width=1.5).draw(painter, mapping, ratio)
