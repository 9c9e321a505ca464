"""What can be done in the Dream lab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.labs.dream.hints import offer
from pyrviewer.labs.dream.view import LAYOUT_ITEMS, REGION_ITEMS
from pyrviewer.session.actions import ActionSpec

if TYPE_CHECKING:
    from pyrviewer.labs.dream.controller import DreamLab

MENU = "Dream"
COMPARES = (
    ("original", "Show original", "A", "Show the original."),
    ("result", "Show dream", "B", "Show the dream."),
    ("slider", "Compare dream with a slider", "V", "Original left of a divider, dream right."),
    ("difference", "Show what was dreamt", "W", "Dream minus original, gray where it is equal."),
)


def actions(lab: DreamLab) -> list[ActionSpec]:
    """Return the lab's actions."""
    return [*_dreaming(lab), *_looking(lab), *_take_away(lab)]


def _present(lab: DreamLab) -> bool:
    return lab.document is not None


def _ready(lab: DreamLab) -> bool:
    return lab.ready


def _can_film(lab: DreamLab) -> bool:
    return lab.prepared and not lab.busy


def _can_go(lab: DreamLab) -> bool:
    return offer(lab).can_go


def _can_branch(lab: DreamLab) -> bool:
    return offer(lab).can_branch


def _dreamt(lab: DreamLab) -> bool:
    return lab.dreamt is not None and not lab.busy


def _is(lab: DreamLab, name: str, value: object) -> bool:
    return bool(getattr(lab.state, name) == value)


def _flip_even(lab: DreamLab) -> None:
    lab.change("even", not lab.state.even)


def _drawing(lab: DreamLab, kind: str) -> bool:
    return lab.view.drawing == kind


def _compare_as(lab: DreamLab, mode: str) -> None:
    lab.change("layout", "dream")
    lab.change("show", mode)


def _dreaming(lab: DreamLab) -> list[ActionSpec]:
    present, ready = partial(_present, lab), partial(_ready, lab)
    orders = lab.orders
    return [
        ActionSpec("dream.toggle", "Dream, or pause", "Dream; pause; go on.", orders.toggle, ("D",),
                   "dream", MENU, enabled=partial(_can_go, lab)),
        ActionSpec("dream.step", "One step further", "Make one more step of the dream.",
                   orders.step_once, ("T",), "forward", MENU, enabled=ready),
        ActionSpec("dream.branch", "Dream on from here",
                   "Dream on from the step that is shown, with the present settings.",
                   orders.branch, ("Ctrl+D",), "", MENU, enabled=partial(_can_branch, lab)),
        ActionSpec("dream.even", "Even out the gradient", "Let large forms grow as fast as noise.",
                   partial(_flip_even, lab), (), "", MENU, enabled=present,
                   checked=partial(_is, lab, "even", True)),
        *(
            ActionSpec(f"dream.region.{kind}", text, f"{tip}.",
                       partial(lab.pointing.draw_region, kind), (), picture, f"{MENU}/Region",
                       enabled=present, checked=partial(_drawing, lab, kind))
            for text, kind, picture, tip in REGION_ITEMS
        ),
    ]  # fmt: skip


def _looking(lab: DreamLab) -> list[ActionSpec]:
    present, dreamt = partial(_present, lab), partial(_dreamt, lab)
    return [
        *(
            ActionSpec(f"dream.layout.{value}", text, f"{tip}.",
                       partial(lab.change, "layout", value), (), "", f"{MENU}/Layout",
                       enabled=present, checked=partial(_is, lab, "layout", value))
            for text, value, _, tip in LAYOUT_ITEMS
        ),
        *(
            ActionSpec(f"dream.show.{mode}", text, tip, partial(_compare_as, lab, mode), (key,),
                       "", f"{MENU}/Compare", enabled=dreamt)
            for mode, text, key, tip in COMPARES
        ),
    ]  # fmt: skip


def _take_away(lab: DreamLab) -> list[ActionSpec]:
    out, dreamt = lab.exporter, partial(_dreamt, lab)
    menu = "File/Export"
    return [
        ActionSpec("dream.save", "Save dream as ...", "Save the picture in the image's own type.",
                   out.save, ("Ctrl+Alt+S",), "save", menu, enabled=dreamt),
        ActionSpec("dream.copy", "Copy dream", "Copy the picture as it is displayed.",
                   out.copy, ("Ctrl+Shift+C",), "copy", menu, enabled=dreamt),
        ActionSpec("dream.open", "Open dream in a tab", "Go on with the picture in any lab.",
                   out.open, ("Ctrl+Return",), "popout", MENU, enabled=dreamt),
        ActionSpec("dream.save_growth", "Export growth ...",
                   "Save all steps as a GIF or MP4.", out.save_growth, (), "export", menu,
                   enabled=dreamt),
        ActionSpec("dream.save_film", "Make zoom film ...",
                   "Dream, zoom in, dream again: a GIF or MP4.", lab.filming.toggle, (),
                   "export", menu, enabled=partial(_can_film, lab)),
        ActionSpec("dream.save_numbers", "Export steps ...",
                   "Save what the layer answered at each step as JSON or CSV.", out.save_numbers,
                   (), "export", menu, enabled=dreamt),
        ActionSpec("dream.copy_python", "Copy dream as Python",
                   "Copy a script that dreams the same.", out.copy_python, ("Ctrl+Alt+C",), "code",
                   menu, enabled=dreamt),
    ]  # fmt: skip
