"""What can be done in the Atrous lab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute.segment import MOST_CLASSES
from pyrviewer.labs.atrous.state import MOST_RATE, STRIDES
from pyrviewer.labs.atrous.view import LAYOUT_ITEMS
from pyrviewer.session.actions import ActionSpec
from pyrviewer.ui.tools.brush import scaled

if TYPE_CHECKING:
    from pyrviewer.labs.atrous.controller import AtrousLab

MENU = "Atrous"


def actions(lab: AtrousLab) -> list[ActionSpec]:
    """Return the lab's actions."""
    return [*_layouts(lab), *_choices(lab), *_painting(lab), *_take_away(lab)]


def _present(lab: AtrousLab) -> bool:
    return lab.document is not None


def _in(lab: AtrousLab, *layouts: str) -> bool:
    return lab.document is not None and lab.state.layout in layouts


def _is(lab: AtrousLab, name: str, value: object) -> bool:
    return bool(getattr(lab.state, name) == value)


def _segmented(lab: AtrousLab) -> bool:
    return lab.document is not None and lab.painting.found is not None


def _found(lab: AtrousLab) -> bool:
    return lab.found is not None and lab.shows(lab.found)


def _scripted(lab: AtrousLab) -> bool:
    return _found(lab) or _in(lab, "deeplab") or (_in(lab, "segment") and _segmented(lab))


def _step(lab: AtrousLab, steps: int) -> None:
    """Change the rate, or the brush where one paints."""
    state = lab.state
    if state.layout == "segment":
        lab.change("radius", round(scaled(lab.painting.radius, steps), 1))
    else:
        lab.change("rate", min(max(1, state.rate + steps), MOST_RATE))


def _flip_fields(lab: AtrousLab) -> None:
    lab.change("fields", not lab.state.fields)


def _layouts(lab: AtrousLab) -> list[ActionSpec]:
    return [
        ActionSpec(f"atrous.layout.{value}", text, tip,
                   partial(lab.change, "layout", value), (), "", f"{MENU}/Layout",
                   enabled=partial(_present, lab), checked=partial(_is, lab, "layout", value))
        for text, value, _, tip in LAYOUT_ITEMS
    ]  # fmt: skip


def _choices(lab: AtrousLab) -> list[ActionSpec]:
    stepped = partial(_in, lab, "rate", "phases", "segment")
    return [
        ActionSpec("atrous.larger", "Larger rate or brush",
                   "Taps one pixel farther apart, or wider strokes.",
                   partial(_step, lab, 1), ("]",), "", MENU, "view", stepped),
        ActionSpec("atrous.smaller", "Smaller rate or brush",
                   "Taps one pixel nearer, or finer strokes.",
                   partial(_step, lab, -1), ("[",), "", MENU, "view", stepped),
        ActionSpec("atrous.open_network", "Open network (ONNX) ...",
                   "Take maps from a network of your own, an ONNX file.", lab.network.ask,
                   (), "folder", MENU, enabled=partial(_present, lab)),
        ActionSpec("atrous.fields", "Receptive fields",
                   "Show what each branch of the pyramid sees instead of its map.",
                   partial(_flip_fields, lab), ("V",), "", MENU, "view",
                   partial(_in, lab, "aspp"), partial(_is, lab, "fields", True)),
        *(
            ActionSpec(f"atrous.stride.{stride}", f"Output stride {stride}",
                       f"One position for every {stride} pixels.",
                       partial(lab.change, "stride", stride), (), "", f"{MENU}/Output stride",
                       enabled=partial(_in, lab, "deeplab"),
                       checked=partial(_is, lab, "stride", stride))
            for stride in STRIDES
        ),
    ]  # fmt: skip


def _painting(lab: AtrousLab) -> list[ActionSpec]:
    paints = partial(_in, lab, "segment")
    return [
        *(
            ActionSpec(f"atrous.class.{label}", f"Paint class {label}",
                       f"Strokes belong to class {label} from now on.",
                       partial(lab.change, "label", label), (str(label),), "", f"{MENU}/Class",
                       "view", paints, partial(_is, lab, "label", label))
            for label in range(1, MOST_CLASSES + 1)
        ),
        ActionSpec("atrous.erase", "Erase strokes", "Strokes take others away.",
                   partial(lab.change, "label", 0), ("E",), "eraser", MENU, "view", paints,
                   partial(_is, lab, "label", 0)),
        ActionSpec("atrous.clear", "Clear strokes", "Take all strokes away.", lab.clear,
                   ("Del",), "close", MENU, "view", partial(_painted, lab)),
    ]  # fmt: skip


def _painted(lab: AtrousLab) -> bool:
    return _in(lab, "segment") and bool(lab.state.strokes)


def _take_away(lab: AtrousLab) -> list[ActionSpec]:
    out, masked = lab.exporter, partial(_segmented, lab)
    return [
        ActionSpec("atrous.save_mask", "Save mask of class ...", "White where the class is.",
                   out.save_mask, (), "save", "File/Export", enabled=masked),
        ActionSpec("atrous.blend_mask", "Use as mask in Blend",
                   "Blend this image where the class in hand is.", out.blend_mask, (),
                   "blend", MENU, enabled=masked),
        ActionSpec("atrous.open_mask", "Open mask as image",
                   "Open the mask beside the image.", out.open_mask, (),
                   "open", MENU, enabled=masked),
        ActionSpec("atrous.save_classes", "Save all classes ...",
                   "A gray picture whose values are the classes.", out.save_classes, (), "save",
                   "File/Export", enabled=masked),
        ActionSpec("atrous.save_strokes", "Save strokes ...",
                   "As JSON, for pyrviewer segment.", out.save_strokes, (), "export",
                   "File/Export", enabled=partial(_painted, lab)),
        ActionSpec("atrous.save_picture", "Save atrous map as ...", "Save it with its own values.",
                   out.save_picture, (), "save", "File/Export", enabled=partial(_present, lab)),
        ActionSpec("atrous.copy_picture", "Copy atrous map", "Copy a map as it is displayed.",
                   out.copy_picture, (), "copy", "File/Export", enabled=partial(_present, lab)),
        ActionSpec("atrous.copy_python", "Copy convolution as Python",
                   "Copy a script that makes what is shown.", out.copy_python, (), "code",
                   "File/Export", enabled=partial(_scripted, lab)),
        ActionSpec("atrous.copy_torch", "Copy convolution as PyTorch",
                   "Copy a script that makes it with PyTorch.", out.copy_torch, (), "code",
                   "File/Export", enabled=partial(_found, lab)),
    ]  # fmt: skip
