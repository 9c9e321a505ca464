"""The live preview of a blend: at the octave on the screen, renewed only where the mask changed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.blend.core import (
    Octave,
    Sources,
    check_gains,
    check_mask,
    check_pair,
    choose_levels,
    widen,
)
from pyrviewer.compute.blend.mask import MaskOctaves
from pyrviewer.compute.blend.strips import blend_strips, octaves_of
from pyrviewer.compute.blend.view import BlendView
from pyrviewer.compute.display import to_display
from pyrviewer.compute.geometry import level_shapes, max_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.pixels import Array
    from pyrviewer.compute.resample import Rect
    from pyrviewer.compute.ticket import Ticket


class BlendEngine:
    """Two images whose blend is shown while the mask is drawn.

    `render` gives octave `octave` of the blend as it is rebuilt from the coarsest level down: the
    partial collapse of what `export` gives, within 1 unit of 8 bits. Octaves and bands are made
    once; a change of the mask renews its octaves, the mixed bands and the sums only where it
    reaches. The mask begins all 0: B.

    All methods may be called from any thread; `export` holds up the others only while it copies
    the mask.

    Parameters
    ----------
    a, b : (H, W) or (H, W, 3 | 4) array of uint8, uint16 or float32
        Two images of one shape and dtype. Kept and not changed: do not change them either.
    levels : int, optional
        As in `blend.blend`.
    octave : int
        The octave to show, 0 to `coarsest`.
    linear, wrap : bool
        As in `blend.blend`.
    gains : sequence of float, optional
        As in `blend.blend`.
    ticket : Ticket, optional
        Told how far the preparation is, and asked whether to go on.

    Attributes
    ----------
    coarsest : int
        Largest octave and number of levels that the engine can be set to.

    Raises
    ------
    ValueError, UserError, Cancelled
        As `blend.blend`.
    """

    def __init__(
        self,
        a: Array,
        b: Array,
        levels: int | None = None,
        octave: int = 0,
        *,
        linear: bool = False,
        wrap: bool = False,
        gains: Sequence[float] | None = None,
        ticket: Ticket | None = None,
    ) -> None:
        check_pair(a, b)
        levels = choose_levels(a.shape, levels)
        automatic = choose_levels(a.shape, None)
        self.coarsest = max(levels, automatic) if wrap else max_levels(a.shape)
        self._lock = threading.RLock()
        self._images, self._options = (a, b), (linear, wrap)
        self._pad = 4 << self.coarsest if wrap else 0
        wide_a, wide_b = widen(a, self._pad), widen(b, self._pad)
        mask = np.zeros(wide_a.shape[:2], np.uint8)
        source = Sources(wide_a, wide_b, mask, linear, ticket)
        self._light = source.light
        octaves = octaves_of(source, self.coarsest, with_base=True, ticket=ticket)
        self._octaves: list[Sources | Octave] = [source, *octaves]
        self._masks = MaskOctaves(mask, [octave.m for octave in octaves])
        self._view: BlendView | None = None
        self._levels, self._gains = levels, check_gains(gains, levels)
        self._octave, self._rect = -1, (0, 0, 0, 0)
        self.shown(octave)

    @property
    def levels(self) -> int:
        """Number of levels."""
        return self._levels

    @property
    def octave(self) -> int:
        """The octave that is shown."""
        return self._octave

    def set_levels(self, levels: int, gains: Sequence[float] | None = None) -> None:
        """Choose the number of levels, 0 to `coarsest`, and the gains of their mixed bands.

        Where fewer levels are chosen than the octave on the screen, that octave is mixed by the
        octave of the mask: cut-and-paste, as far as one can tell at that size.
        """
        if not 0 <= levels <= self.coarsest:
            msg = f"levels must be 0 to {self.coarsest}, got {levels}"
            raise ValueError(msg)
        factors = check_gains(gains, levels)
        with self._lock:
            if (levels, factors) != (self._levels, self._gains):
                self._levels, self._gains, self._view = levels, factors, None

    def shown(self, octave: int, rect: Rect | None = None) -> None:
        """Choose what `render` gives.

        Parameters
        ----------
        octave : int
            0 to `coarsest`.
        rect : (int, int, int, int), optional
            x0, y0, x1, y1, half open, in pixels of that octave: the part on the screen. Memory and
            time go by its size. By default the whole octave.

        Raises
        ------
        ValueError
            For an octave outside the pyramid, and a rectangle that is empty or reaches outside.
        """
        if not 0 <= octave <= self.coarsest:
            msg = f"octave must be 0 to {self.coarsest}, got {octave}"
            raise ValueError(msg)
        height, width = level_shapes(self._images[0].shape, octave)[octave]
        x0, y0, x1, y1 = rect = (0, 0, width, height) if rect is None else rect
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            msg = f"rect {rect} is empty or reaches outside {height} x {width} pixels"
            raise ValueError(msg)
        with self._lock:
            if octave != self._octave:
                self._masks.restore()
            if (octave, rect) != (self._octave, self._rect):
                self._octave, self._rect, self._view = octave, rect, None

    def set_mask(self, mask: Array) -> None:
        """Take a mask at full resolution: uint8 of shape (H, W), 255 takes A. It is copied."""
        check_mask(mask, self._images[0].shape)
        with self._lock:
            self._mark(self._masks.restore())
            self._mark(self._masks.replace(0, widen(mask, self._pad)))

    def update(self, rect: Rect, patch: Array) -> None:
        """Replace a part of the mask.

        Parameters
        ----------
        rect : (int, int, int, int)
            x0, y0, x1, y1, half open, in pixels of the images; it may be empty.
        patch : (y1 - y0, x1 - x0) array of uint8
            The new values; copied.

        Raises
        ------
        ValueError
            For a rectangle that reaches outside, and a patch of another shape or dtype.
        """
        height, width = self._images[0].shape[:2]
        x0, y0, x1, y1 = rect
        inside = 0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height
        if not inside or patch.shape != (y1 - y0, x1 - x0) or patch.dtype != np.uint8:
            msg = (
                f"a mask of {height} x {width} pixels cannot take {patch.dtype} of shape "
                f"{patch.shape} at {rect}"
            )
            raise ValueError(msg)
        with self._lock:
            self._mark(self._masks.restore())
            for shift in self._copies():
                first, last = max(x0 + shift, 0), min(x1 + shift, width + 2 * self._pad)
                if first < last and y0 < y1:
                    part = patch[:, first - x0 - shift : last - x0 - shift]
                    self._mark(self._masks.write((first, y0, last, y1), part))

    def set_octave_mask(self, mask: Array) -> None:
        """Show another mask of the octave on the screen until the mask is changed again.

        For masks that are quickly drawn at that size while they are dragged. `export` knows
        nothing of it; `set_mask`, `update` or another octave takes it back. At octave 0 it is the
        mask itself.

        Parameters
        ----------
        mask : (H_k, W_k) array of uint8
            The mask at the octave that is shown, all of it; copied.
        """
        with self._lock:
            if not self._octave:
                self.set_mask(mask)
                return
            check_mask(mask, level_shapes(self._images[0].shape, self._octave)[-1])
            wide = widen(mask, self._pad >> self._octave)
            self._mark(self._masks.replace(self._octave, wide))

    def render(self) -> Array:
        """Return what is shown of the blend, in the dtype of the images; new memory."""
        with self._lock:
            return self._current().copy()

    def render_display(self, out: Array | None = None) -> Array:
        """Return what is shown as `display.to_display` makes it of `render`: B, G, R, A bytes."""
        with self._lock:
            return to_display(self._current(), out=out)

    def export(self, ticket: Ticket | None = None) -> Array:
        """Blend at full resolution with the mask as it is now, as `blend.blend` does."""
        with self._lock:
            mask, levels, gains = self._own_mask().copy(), self._levels, self._gains
        return blend_strips(*self._images, mask, levels, *self._options, gains, ticket)

    def _own_mask(self) -> Array:
        """Return the mask without the columns that were added to wrap around."""
        return self._masks.full[:, self._pad : self._pad + self._images[0].shape[1]]

    def _copies(self) -> range:
        """By how much a column of the images is shifted to where it lies in the wide ones."""
        width = self._images[0].shape[1]
        times = -(-self._pad // width)
        return range(self._pad - times * width, self._pad + times * width + 1, width)

    def _mark(self, changes: Sequence[Sequence[Rect]]) -> None:
        if self._view is not None:
            self._view.mark(changes)

    def _current(self) -> Array:
        """Bring the picture up to date; it is overwritten by the next call."""
        if self._view is None:
            x0, y0, x1, y1 = self._rect
            shift = self._pad >> self._octave
            rect = (x0 + shift, y0, x1 + shift, y1)
            self._view = BlendView(
                self._octaves, self._masks, self._gains, self._octave, rect, self._light
            )
        return self._view.render()
