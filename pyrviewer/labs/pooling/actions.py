"""What can be done in the Pooling lab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.labs.pooling.view import LAYOUT_ITEMS
from pyrviewer.session.actions import ActionSpec

if TYPE_CHECKING:
    from pyrviewer.labs.pooling.controller import PoolingLab

MENU = "Pooling"
FLIPS = (
    ("he", "He's rule", "Windows of one size instead of bins that cover everything.",
     "rule", "adaptive", "he"),
    ("average", "Average pooling", "The mean of each bin instead of its largest value.",
     "reduce", "max", "average"),
    ("edges", "Enlarge edge to edge", "Lay edges, not corner pixels, on each other.",
     "corners", True, False),
)  # fmt: skip


def actions(lab: PoolingLab) -> list[ActionSpec]:
    """Return the lab's actions."""
    return [*_layouts(lab), *_choices(lab), _network(lab), *_take_away(lab)]


def _present(lab: PoolingLab) -> bool:
    return lab.document is not None


def _found(lab: PoolingLab) -> bool:
    return lab.found is not None


def _cropped(lab: PoolingLab) -> bool:
    return bool(lab.state.rect)


def _is(lab: PoolingLab, name: str, value: object) -> bool:
    return bool(getattr(lab.state, name) == value)


def _flip(lab: PoolingLab, name: str, off: object, on: object) -> None:
    lab.change(name, off if _is(lab, name, on) else on)


def _layouts(lab: PoolingLab) -> list[ActionSpec]:
    return [
        ActionSpec(f"pooling.layout.{value}", text, f"{tip}.",
                   partial(lab.change, "layout", value), (), "", f"{MENU}/Layout",
                   enabled=partial(_present, lab), checked=partial(_is, lab, "layout", value))
        for text, value, _, tip in LAYOUT_ITEMS
    ]  # fmt: skip


def _choices(lab: PoolingLab) -> list[ActionSpec]:
    return [
        *(
            ActionSpec(f"pooling.{key}", text, tip, partial(_flip, lab, name, off, on), (), "",
                       MENU, enabled=partial(_present, lab), checked=partial(_is, lab, name, on))
            for key, text, tip, name, off, on in FLIPS
        ),
        ActionSpec("pooling.whole", "Take the whole image", "Pool all of it, not a part.",
                   lab.take_whole, (), "fit", MENU, enabled=partial(_cropped, lab)),
    ]  # fmt: skip


def _network(lab: PoolingLab) -> ActionSpec:
    return ActionSpec("pooling.open_network", "Open network (ONNX) ...",
                      "Take maps from a network of your own, an ONNX file.", lab.network.ask,
                      (), "folder", MENU, enabled=partial(_present, lab))  # fmt: skip


def _take_away(lab: PoolingLab) -> list[ActionSpec]:
    out, found = lab.exporter, partial(_found, lab)
    return [
        ActionSpec("pooling.save_vector", "Save vector ...",
                   "Save the vector as NPY, CSV or JSON.", out.save_vector, (), "export",
                   "File/Export", enabled=found),
        ActionSpec("pooling.save_picture", "Save map as ...", "Save the map with its own values.",
                   out.save_picture, (), "save", "File/Export", enabled=found),
        ActionSpec("pooling.copy_picture", "Copy map", "Copy the map as it is displayed.",
                   out.copy_picture, (), "copy", "File/Export", enabled=found),
        ActionSpec("pooling.copy_python", "Copy pooling as Python",
                   "Copy a script that pools.", out.copy_python, (), "code", "File/Export",
                   enabled=found),
        ActionSpec("pooling.copy_torch", "Copy pooling as PyTorch",
                   "Copy a script that pools with PyTorch.", out.copy_torch, (), "code",
                   "File/Export", enabled=found),
    ]  # fmt: skip
