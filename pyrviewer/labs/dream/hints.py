"""What can be done next, as the line above the panes says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrviewer.labs.dream.controller import DreamLab

HINTS = {
    "dream": "Shift shows the original.",
    "octaves": "Below, the detail that each added.",
    "gradient": "The framed step was taken: rate × g / mean |g|.",
}


@dataclass(frozen=True)
class Offer:
    """The words of the buttons, which of them can be pressed, and one sentence."""

    go: str
    can_go: bool
    can_step: bool
    branch: str
    can_branch: bool
    hint: str


def offer(lab: DreamLab) -> Offer:
    """Return what a lab offers now."""
    dreamt, request = lab.dreamt, lab.request
    same = dreamt is not None and request is not None and request.same_as(dreamt.request)
    unfinished = dreamt is not None and same and not dreamt.done
    repeated = dreamt is not None and same and dreamt.done and len(dreamt.branches) == 1
    free = lab.ready and not lab.busy
    go, branch = "Dream", "From here"
    can_branch = free and (dreamt is not None or bool(lab.orders.past))
    if lab.filming.here:
        go = "Filming"
    elif lab.busy:
        go = "Pause"
    elif unfinished and dreamt is not None:
        go = "Go on" if lab.step == dreamt.length else f"Go on from {dreamt.length}"
    if dreamt is not None and not lab.busy:
        branch = f"From step {lab.step}"
    elif lab.dreaming.recipe.starts and not lab.busy:
        branch = "Dream again"
    can_go = lab.ready and (lab.busy or not repeated)
    can_step = free and (unfinished or not same)
    return Offer(go, can_go, can_step, branch, can_branch, _hint(lab, same))


def _hint(lab: DreamLab, same: bool) -> str:
    dreamt, made = lab.dreamt, lab.dreaming.recipe
    if lab.filming.here:
        return lab.filming.progress
    if lab.problem:
        return f"Too small for {lab.state.layer}."
    if lab.busy and lab.state.layout == "gradient":
        return "Pause to see the gradient."
    if lab.busy or lab.scene is None or lab.request is None:
        return ""
    if dreamt is None and made.starts and not lab.orders.past:
        return "This was dreamt with a guide that is not open."
    if dreamt is None:
        return "Dream again brings back what was dreamt." if made.starts else "Press Dream, or D."
    if not same:
        return "Settings have changed."
    paused = lab.state.layout == "dream" and not dreamt.done
    return "Paused." if paused else HINTS[lab.state.layout]
