"""Which picture is B, and where it lies on A."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.compute import align, blend, mask
from pyrviewer.labs.blend.state import BlendState
from pyrviewer.labs.blend.washes import Ghost
from pyrviewer.session.document import OpenRequest
from pyrviewer.ui.exporter import ask_images

if TYPE_CHECKING:
    from pathlib import Path

    from pyrviewer.compute.align import Alignment
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.mask import Mask
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.blend.controller import BlendLab


class Placing(QObject):
    """Opens, moves, aligns and swaps."""

    def __init__(self, lab: BlendLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self._start = (0.0, 0.0)
        self._place = (0.0, 0.0)
        self.verdict = ""
        lane = lab.context.jobs.lane("Aligning", self)
        lane.succeeded.connect(self._take)
        self._lane = lane
        self.lanes = (lane,)
        lab.hands.move_begun.connect(self._on_begun)
        lab.hands.moved.connect(self._on_moved)
        lab.hands.move_ended.connect(self._on_ended)
        lab.hands.nudged.connect(self.nudge)
        lab.panel.opacity_of_b.valueChanged.connect(self._on_opacity)

    # Moving

    def _on_begun(self) -> None:
        state = self._lab.state
        self._start = self._place = (state.x, state.y)

    def _on_moved(self, dx: float, dy: float) -> None:
        self._place = (round(self._start[0] + dx, 1), round(self._start[1] + dy, 1))
        self.show(self._place)

    def show(self, place: tuple[float, float] | None = None) -> None:
        """Lay B over A while it is being moved, or could be."""
        lab = self._lab
        pair, opacity = lab.pair, lab.panel.opacity_of_b.value()
        if pair is None or lab.hands.name != "move" or opacity == 0:
            lab.view.show_ghost(None)
            return
        x, y = place or (lab.state.x, lab.state.y)
        lab.view.show_ghost(Ghost(pair.loose_b, x, y, lab.state.scale, opacity))

    def _on_opacity(self) -> None:
        self.show()

    def _on_ended(self) -> None:
        if self._place != self._start:
            self.verdict = ""
            self._lab.change("place", self._place)

    def nudge(self, dx: float, dy: float) -> None:
        """Move B by pixels of A."""
        state = self._lab.state
        self.verdict = ""
        self._lab.change("place", (state.x + dx, state.y + dy))

    def align(self) -> None:
        """Find where B lies on A, in the background."""
        pair = self._lab.pair
        if pair is not None:
            work = partial(_align, a=pair.request.a, b=pair.request.b, scale=self._lab.state.scale)
            self._lane.submit(work)

    def _take(self, found: Alignment) -> None:
        sure = f"confidence {found.confidence:.2f}"
        if not found.sure:
            self._lab.context.notices.warning(
                f"The pictures do not seem to share enough to be aligned ({sure}); B was not moved."
            )
            return
        self.verdict = f"Aligned, {sure}."
        self._lab.change("place", (round(found.dx, 2), round(found.dy, 2)))

    # Choosing

    def ask(self) -> None:
        """Ask for a file that is to be B."""
        for path in ask_images(self._lab.view, "Open B"):
            self.open(path)

    def open(self, path: Path) -> None:
        """Open a file as B."""
        self._lab.context.workspace.open(OpenRequest(path, activate=False))
        self._lab.change("other", str(path))

    def swap(self) -> None:
        """Show B's tab with A and B exchanged."""
        lab = self._lab
        document, pair = lab.document, lab.pair
        if document is None or pair is None:
            return
        partner = lab.partners.document(document, lab.state.other)
        if partner is None:
            lab.context.notices.info("B is not open in a tab of its own.")
            return
        state, theirs = lab.state, partner.state(lab.key, BlendState())
        outline, painted, shrink = state.parametric, lab.painting.mask, 1 / state.scale
        if outline is not None:
            outline = mask.scaled(mask.translated(outline, -state.x, -state.y), shrink)
        swapped = replace(
            state, other=document.key, x=-state.x * shrink, y=-state.y * shrink,
            scale=min(max(shrink, 0.01), 100.0), inverted=not state.inverted,
            soft=min(state.soft * shrink, 1000.0), outline=mask.to_json(outline) if outline else "",
        )  # fmt: skip

        def exchange() -> None:
            partner.change(lab.key, theirs, swapped, "Swap A and B")

        if outline is not None or painted is None:
            exchange()
            lab.context.workspace.activate(partner)
        else:
            work = partial(_carried, mask=painted.copy(), shape=partner.pixels.shape, to=swapped)
            lab.context.workspace.activate(partner)
            lab.painting.replace(work, "Swap A and B", exchange)


def _carried(
    ticket: Ticket, present: Mask | None, mask: Mask, shape: tuple[int, ...], to: BlendState
) -> Mask:
    """Return a mask in the frame of the other picture."""
    return blend.place(mask, shape, (to.x, to.y), to.scale, ticket=ticket).pixels


def _align(ticket: Ticket, a: Array, b: Array, scale: float) -> Alignment:
    return align.align(a, b, scales=(scale, scale) if scale != 1 else None, ticket=ticket)
