"""What can be done in the Blend lab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.labs.blend.view import LAYOUT_ITEMS, TOOLS
from pyrviewer.session.actions import ActionSpec

if TYPE_CHECKING:
    from pyrviewer.labs.blend.controller import BlendLab

MENU = "Blend"
TOOL_KEYS = {
    "move": "M", "seam": "S", "rectangle": "", "ellipse": "", "polygon": "", "lasso": "",
    "gradient": "", "brush": "B", "eraser": "E",
}  # fmt: skip
COMPARES = (
    ("other", "Show the other", "A", "Show what the blend is compared with, or the blend again."),
    ("slider", "Compare with a slider", "V", "The other left of a divider, the blend right of it."),
    ("difference", "Show difference", "W", "The blend minus the other, zero in the middle."),
)


def actions(lab: BlendLab) -> list[ActionSpec]:
    """Return the lab's actions."""
    return [
        *_tools(lab), *_layouts(lab), *_pictures(lab), *_mask(lab), *_brush(lab),
        *_levels(lab), *_take_away(lab),
    ]  # fmt: skip


def _present(lab: BlendLab) -> bool:
    return lab.document is not None


def _paired(lab: BlendLab) -> bool:
    return lab.pair is not None


def _blended(lab: BlendLab) -> bool:
    return lab.finished


def _holds(lab: BlendLab, name: str) -> bool:
    return lab.hands.name == name


def _is(lab: BlendLab, name: str, value: object) -> bool:
    return bool(getattr(lab.state, name) == value)


def _tools(lab: BlendLab) -> list[ActionSpec]:
    return [
        ActionSpec(
            f"blend.tool.{name}", text, tip.partition(" (")[0].rstrip(".") + ".",
            partial(lab.hands.take, name), (TOOL_KEYS[name],) if TOOL_KEYS[name] else (), picture,
            f"{MENU}/Tool", enabled=partial(_paired, lab), checked=partial(_holds, lab, name),
        )
        for text, name, picture, tip in TOOLS
    ]  # fmt: skip


def _show(lab: BlendLab, how: str) -> None:
    """Compare in a way, or stop comparing in it."""
    if lab.state.layout != "blend":
        lab.change("layout", "blend")
    lab.change("show", "result" if lab.state.show == how else how)


def _layouts(lab: BlendLab) -> list[ActionSpec]:
    return [
        *(
            ActionSpec(
                f"blend.layout.{name}", f"{text} layout", f"{tip}.",
                partial(lab.change, "layout", name), (), picture, f"{MENU}/Layout",
                enabled=partial(_present, lab), checked=partial(_is, lab, "layout", name),
            )
            for text, name, picture, tip in LAYOUT_ITEMS
        ),
        *(
            ActionSpec(
                f"blend.show.{name}", text, tip, partial(_show, lab, name), (key,), "",
                f"{MENU}/Compare", enabled=partial(_present, lab),
                checked=partial(_is, lab, "show", name),
            )
            for name, text, key, tip in COMPARES
        ),
    ]  # fmt: skip


def _pictures(lab: BlendLab) -> list[ActionSpec]:
    placing, paired = lab.placing, partial(_paired, lab)
    steps = (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, -1), ("Down", 0, 1))
    return [
        ActionSpec("blend.open", "Open B ...", "Open the second picture.", placing.ask, (), "open",
                   MENU, enabled=partial(_present, lab)),
        ActionSpec("blend.swap", "Swap A and B", "Exchange the two pictures.", placing.swap,
                   ("X",), "swap", MENU, enabled=paired),
        ActionSpec("blend.align", "Align B", "Find where B lies on A.", placing.align, (), "",
                   MENU, enabled=paired),
        *(
            ActionSpec(f"blend.nudge_{key.lower()}", f"Move B {key.lower()}",
                       "Move B by a pixel of A.", partial(placing.nudge, dx, dy), (f"Alt+{key}",),
                       "", "", "view", paired)
            for key, dx, dy in steps
        ),
        ActionSpec("blend.fuse", "Fuse exposures ...", "Make one picture of several exposures.",
                   partial(lab.exporter.merge, "fuse"), (), "", MENU),
        ActionSpec("blend.stack", "Stack focus ...", "Make one sharp picture of several.",
                   partial(lab.exporter.merge, "stack"), (), "", MENU),
    ]  # fmt: skip


def _mask(lab: BlendLab) -> list[ActionSpec]:
    masking, paired, menu = lab.masking, partial(_paired, lab), f"{MENU}/Mask"
    return [
        ActionSpec("blend.invert", "Invert mask", "Take B where A was.", masking.invert,
                   ("Ctrl+I",), "", menu, enabled=paired,
                   checked=partial(_is, lab, "inverted", True)),
        ActionSpec("blend.clear", "Clear mask", "Take B everywhere.", masking.clear, ("Del",), "",
                   menu, "view", paired),
        *(
            ActionSpec(f"blend.{kind}", f"{kind.capitalize()} mask", tip,
                       partial(masking.change, kind), (), "", menu, enabled=paired)
            for kind, tip in (
                ("grow", "Make A's part larger."), ("shrink", "Make A's part smaller."),
                ("feather", "Smooth the mask's edges."),
            )
        ),
        ActionSpec("blend.mask_file", "Mask from file ...", "Take a gray picture as the mask.",
                   masking.ask_file, (), "open", menu, enabled=paired),
        ActionSpec("blend.alpha", "Mask from alpha", "Take A where it is opaque.",
                   masking.from_alpha, (), "", menu, enabled=paired),
        *_marks(lab),
    ]  # fmt: skip


def _marks(lab: BlendLab) -> list[ActionSpec]:
    washes, menu = lab.view.washes, f"{MENU}/Mask"

    def overlay() -> bool:
        return washes.mask_on

    def clipped() -> bool:
        return washes.clipped_on

    return [
        ActionSpec("blend.overlay", "Mask overlay", "Tint what is taken from A.",
                   lab.masking.flip_tint, ("\\",), "", menu, enabled=partial(_paired, lab),
                   checked=overlay),
        ActionSpec("blend.clipped", "Clipped pixels", "Mark pixels that left the range.",
                   lab.masking.flip_marks, (), "", menu, enabled=partial(_blended, lab),
                   checked=clipped),
    ]  # fmt: skip


def _brush(lab: BlendLab) -> list[ActionSpec]:
    hands, menu = lab.hands, f"{MENU}/Brush"

    def painting() -> bool:
        return hands.painting

    return [
        ActionSpec("blend.larger", "Larger brush", "Paint with a larger brush.",
                   partial(hands.resize, 1), ("]",), "", menu, enabled=painting),
        ActionSpec("blend.smaller", "Smaller brush", "Paint with a smaller brush.",
                   partial(hands.resize, -1), ("[",), "", menu, enabled=painting),
        ActionSpec("blend.harder", "Harder brush", "Paint with a harder edge.",
                   partial(hands.harden, 0.1), ("Shift+]", "}"), "", menu, enabled=painting),
        ActionSpec("blend.softer", "Softer brush", "Paint with a softer edge.",
                   partial(hands.harden, -0.1), ("Shift+[", "{"), "", menu, enabled=painting),
    ]  # fmt: skip


def _levels(lab: BlendLab) -> list[ActionSpec]:
    def apart() -> bool:
        return bool(lab.scene.levels) and lab.state.layout == "xray"

    return [
        ActionSpec("blend.coarser", "Coarser level", "Look at the next coarser level.",
                   partial(lab.xray.select, 1), ("Up",), "", "", "view", apart),
        ActionSpec("blend.finer", "Finer level", "Look at the next finer level.",
                   partial(lab.xray.select, -1), ("Down",), "", "", "view", apart),
    ]  # fmt: skip


def _take_away(lab: BlendLab) -> list[ActionSpec]:
    out, blended, menu = lab.exporter, partial(_blended, lab), "File/Export"
    return [
        ActionSpec("blend.save", "Save blend ...", "Save the blend with all its bits.", out.save,
                   ("Ctrl+Shift+S",), "save", menu, enabled=blended),
        ActionSpec("blend.save_mask", "Save mask ...", "Save the mask as a gray picture.",
                   out.save_mask, (), "save", menu, enabled=blended),
        ActionSpec("blend.save_animation", "Export blend animation ...",
                   "Save how the blend is rebuilt from coarse to fine.", out.save_animation, (),
                   "export", menu, enabled=blended),
        ActionSpec("blend.copy_python", "Copy blend as Python", "Copy a script that blends.",
                   out.copy_python, (), "code", menu, enabled=blended),
    ]  # fmt: skip
