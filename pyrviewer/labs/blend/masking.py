"""What the tools and buttons do to the mask."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject

from pyrviewer.compute import image, mask
from pyrviewer.compute.errors import UserError
from pyrviewer.labs.blend import run
from pyrviewer.ui.exporter import ask_images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Brush, Mask, Parametric
    from pyrviewer.compute.resample import Rect
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.blend.controller import BlendLab
    from pyrviewer.labs.blend.run import Pair
    from pyrviewer.session.document import Document

    _Make = Callable[..., Mask]


class Masking(QObject):
    """Draws outlines, paints, and changes whole masks."""

    def __init__(self, lab: BlendLab) -> None:
        super().__init__(lab)
        self._lab = lab
        hands, panel = lab.hands, lab.panel
        hands.outline_dragged.connect(self._on_dragged)
        hands.outline_drawn.connect(self._on_drawn)
        hands.stroke_begun.connect(self._on_stroke)
        hands.stroke_went.connect(self._on_went)
        hands.stroke_ended.connect(self._on_stroke_end)
        hands.stroke_cancelled.connect(lab.painting.cancel)
        hands.brush_changed.connect(self._on_brush)
        lab.painting.painted.connect(self._on_painted)
        panel.brushed.connect(self._on_brushed)
        lab.context.workspace.mask_offered.connect(self._on_offered)

    # Outlines

    def begin_with_seam(self, pair: Pair) -> None:
        """Draw a seam down the middle of where both pictures are; that is no undo step."""
        lab = self._lab
        if lab.document is None:
            return
        x0, y0, x1, y1 = pair.covered
        x, y = pair.origin[0] + (x0 + x1) / 2, pair.origin[1]
        seam = mask.Seam((x, y + 0.2 * y0 + 0.8 * y1), (x, y + 0.8 * y0 + 0.2 * y1))
        state = replace(lab.state, outline=mask.to_json(seam))
        lab.document.adopt("blend", state, over=True)
        lab.panel.show_state(state, painting=lab.hands.painting)

    def _on_dragged(self, outline: Parametric | None) -> None:
        self._lab.view.redraw()
        self.preview(outline)

    def preview(self, outline: Parametric | None = None) -> None:
        """Show an outline, or the present one, as it is while something is dragged."""
        lab = self._lab
        outline = outline or lab.state.parametric
        if lab.pair is None or outline is None:
            return
        look = lab.view.look(lab.pair, drawn=True)
        if look is not None:
            state = lab.state
            source = run.MaskSource(outline, state.soft, state.inverted)
            tinted = lab.view.washes.mask_on
            lab.previewer.show_outline(source, look, tinted=tinted)

    def _on_drawn(self, outline: Parametric) -> None:
        self._lab.change("outline", mask.to_json(outline))

    # Strokes

    def _begin_painting(self) -> None:
        """Make an outline a painted mask."""
        lab = self._lab
        if lab.document is None or lab.pair is None:
            return
        outline = lab.state.parametric
        if outline is not None:
            shape = lab.document.pixels.shape[:2]
            work = partial(_rasterise, outline=outline, shape=shape, soft=lab.state.soft)
            lab.painting.replace(work, "Paint on the mask", self._started)

    def _started(self) -> None:
        if self._lab.state.outline:
            self._lab.change("outline", "")

    def _on_stroke(self, brush: Brush) -> None:
        lab = self._lab
        if lab.state.outline:
            self._begin_painting()
        flipped = brush.erase != lab.state.inverted  # an inverted mask is painted inverted
        lab.painting.begin(mask.Brush(brush.radius, brush.hardness, brush.opacity, flipped))

    def _on_went(self, x: float, y: float) -> None:
        lab = self._lab
        if not lab.painting.to(x, y) or not lab.previewer.ready:
            lab.view.redraw()  # no frame of the preview will

    def _on_stroke_end(self) -> None:
        self._lab.painting.end("Erase" if self._lab.hands.name == "eraser" else "Paint")

    def _on_painted(self, rect: Rect, patch: Mask) -> None:
        """Show a part of the mask, in the frame of the pair."""
        lab = self._lab
        pair = lab.pair
        look = lab.view.look(pair) if pair is not None else None
        if pair is None or look is None:
            return
        if lab.state.inverted:
            patch = mask.invert(patch)
        x, y = pair.origin
        x0, y0, x1, y1 = rect[0] - x, rect[1] - y, rect[2] - x, rect[3] - y
        left, top, right, bottom = pair.covered  # beyond B there is A alone
        inside = (max(x0, left), max(y0, top), min(x1, right), min(y1, bottom))
        if inside[0] < inside[2] and inside[1] < inside[3]:
            part = patch[inside[1] - y0 : inside[3] - y0, inside[0] - x0 : inside[2] - x0]
            lab.previewer.paint(inside, part, look)
            lab.view.washes.paint(inside, part)
            if lab.view.washes.mask_on:
                lab.view.redraw()

    def _on_brush(self) -> None:
        self._lab.panel.show_brush(self._lab.hands.brush)
        self._lab.view.redraw()

    def _on_brushed(self, field: str, value: float) -> None:
        brush = self._lab.hands.brush
        change = {"radius": brush.radius, "hardness": brush.hardness, "opacity": brush.opacity}
        change[field] = value
        self._lab.hands.set_brush(
            mask.Brush(change["radius"], change["hardness"], change["opacity"])
        )

    def flip_tint(self) -> None:
        """Tint A's part of the mask, or leave it alone."""
        washes = self._lab.view.washes
        washes.mask_on = not washes.mask_on
        self._lab.panel.tint.setChecked(washes.mask_on)
        self._lab.view.redraw()

    def flip_marks(self) -> None:
        """Mark clipped pixels, or leave them alone."""
        washes = self._lab.view.washes
        washes.clipped_on = not washes.clipped_on
        self._lab.panel.mark.setChecked(washes.clipped_on)
        self._lab.view.redraw()

    # Whole masks

    def invert(self) -> None:
        """Take B where A was."""
        self._lab.change("inverted", not self._lab.state.inverted)

    def clear(self) -> None:
        """Take B everywhere."""
        self._replace(partial(_cleared, shape=self._shape()), "Clear mask")

    def change(self, kind: str) -> None:
        """Grow, shrink or feather the mask by the panel's number of pixels."""
        lab = self._lab
        source, radius = lab.source, lab.panel.amount.value()
        inverted = {"grow": "shrink", "shrink": "grow"}
        kind = inverted.get(kind, kind) if source.inverted else kind
        if lab.pair is not None:
            work = partial(
                _changed, outline=source.outline, soft=source.soft, shape=self._shape(),
                kind=kind, radius=radius,
            )  # fmt: skip
            self._replace(work, f"{kind.capitalize()} mask")

    def ask_file(self) -> None:
        """Ask for a picture of a mask."""
        for path in ask_images(self._lab.view, "Open mask"):
            self.open_file(path)

    def open_file(self, path: Path) -> None:
        """Take a picture as the mask: white for A."""
        self._replace(partial(_from_file, path=path, shape=self._shape()), "Open mask")

    def from_alpha(self) -> None:
        """Take A where it is opaque."""
        if self._lab.document is not None:
            pixels = self._lab.document.pixels
            self._replace(partial(_from_alpha, pixels=pixels), "Mask from alpha")

    def _on_offered(self, document: Document, made: Mask) -> None:
        """Take the mask that another lab made of a document."""
        lab = self._lab
        lab.wanted.emit()
        if lab.document is document:
            lab.painting.replace(partial(_given, made=made), "Take mask", self._taken)

    def _taken(self) -> None:
        self._started()
        if self._lab.state.inverted:
            self.invert()

    def _shape(self) -> tuple[int, int]:
        document = self._lab.document
        return document.pixels.shape[:2] if document is not None else (1, 1)

    def _replace(self, make: _Make, text: str) -> None:
        if self._lab.pair is not None:
            self._lab.painting.replace(make, text, self._started)


def _rasterise(
    ticket: Ticket, present: Mask | None, outline: Parametric, shape: tuple[int, int], soft: float
) -> Mask:
    ticket.check()
    return mask.rasterise(outline, shape, soft=soft)


def _cleared(ticket: Ticket, present: Mask | None, shape: tuple[int, int]) -> Mask:
    ticket.check()
    return np.zeros(shape, np.uint8)


def _changed(
    ticket: Ticket,
    present: Mask | None,
    outline: Parametric | None,
    soft: float,
    shape: tuple[int, int],
    kind: str,
    radius: int,
) -> Mask:
    if outline is not None:
        present = mask.rasterise(outline, shape, soft=soft)
    if present is None:
        present = np.zeros(shape, np.uint8)
    ticket.check()
    change = {"grow": mask.grow, "shrink": mask.shrink, "feather": mask.feather}[kind]
    return change(present, radius)


def _from_file(ticket: Ticket, present: Mask | None, path: Path, shape: tuple[int, int]) -> Mask:
    found = mask.from_image(image.read(path, ticket=ticket).pixels, path.name)
    if found.shape != shape:
        raise UserError(
            f"{path.name} is {found.shape[1]} x {found.shape[0]} pixels; a mask for this picture "
            f"needs {shape[1]} x {shape[0]}."
        )
    return found


def _given(ticket: Ticket, present: Mask | None, made: Mask) -> Mask:
    ticket.check()
    return made


def _from_alpha(ticket: Ticket, present: Mask | None, pixels: Array) -> Mask:
    ticket.check()
    return mask.from_alpha(pixels)
