"""What can be done in the Octaves lab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.session.actions import ActionSpec

if TYPE_CHECKING:
    from pyrviewer.labs.octaves.controller import OctavesLab
    from pyrviewer.ui.widgets.form import Section

MENU = "Octaves"
LAYOUTS = (
    ("both", "Both rows", "Native octaves above, the same at full size below."),
    ("native", "Native", "All octaves at the same pixel scale: the classical stack."),
    ("upsampled", "Upsampled", "Every octave at full size, in one row."),
    ("grid", "Grid", "Every octave at full size, as large as they fit."),
    ("one", "One octave", "The selected octave alone, to compare with the original."),
    ("rebuild", "Rebuild", "Rebuild the image from its bands, with a gain for each."),
    ("aliasing", "Aliasing bench", "The same octave by different prefilters."),
)
KINDS = (
    ("gaussian", "Gaussian octaves", "Show smoothed and halved images."),
    ("laplacian", "Laplacian bands", "Show the detail that each reduction loses."),
    ("dog", "Difference of Gaussians", "Show each octave minus its own smoothing."),
)
COMPARES = (
    ("first", "Show original", "A", "Show the original."),
    ("second", "Show result", "B", "Show the selected octave, or the rebuilt image."),
    ("slider", "Compare with a slider", "V", "Original left of a divider, result right of it."),
    ("difference", "Show difference", "W", "Result minus original, zero in the middle."),
)


def actions(lab: OctavesLab) -> list[ActionSpec]:
    """Return the lab's actions."""
    return [
        *_layouts(lab),
        *_kinds(lab),
        *_compare(lab),
        *_octaves(lab),
        *_display(lab),
        *_take_away(lab),
    ]


def _present(lab: OctavesLab) -> bool:
    return lab.build is not None


def _is(lab: OctavesLab, name: str, value: object) -> bool:
    return bool(getattr(lab.state, name) == value)


def _layouts(lab: OctavesLab) -> list[ActionSpec]:
    return [
        ActionSpec(
            f"octaves.layout.{name}", text, tip, partial(lab.change, "layout", name),
            icon=name, menu=f"{MENU}/Layout",
            enabled=partial(_present, lab), checked=partial(_is, lab, "layout", name),
        )
        for name, text, tip in LAYOUTS
    ]  # fmt: skip


def _kinds(lab: OctavesLab) -> list[ActionSpec]:
    return [
        ActionSpec(
            f"octaves.kind.{name}", text, tip, partial(lab.change, "kind", name),
            menu=f"{MENU}/Kind", enabled=partial(_present, lab),
            checked=partial(_is, lab, "kind", name),
        )
        for name, text, tip in KINDS
    ]  # fmt: skip


def _compare_as(lab: OctavesLab, mode: str) -> None:
    if lab.state.layout not in ("one", "rebuild"):
        lab.change("layout", "one")
    lab.change("compare", mode)


def _compare(lab: OctavesLab) -> list[ActionSpec]:
    return [
        ActionSpec(
            f"octaves.compare.{name}", text, tip, partial(_compare_as, lab, name),
            shortcut=(key,), menu=f"{MENU}/Compare", enabled=partial(_present, lab),
        )
        for name, text, key, tip in COMPARES
    ]  # fmt: skip


def _octaves(lab: OctavesLab) -> list[ActionSpec]:
    def coarser() -> None:
        lab.select(lab.state.selected + 1)

    def finer() -> None:
        lab.select(lab.state.selected - 1)

    numbered = [
        ActionSpec(
            f"octaves.select.{level}", f"Octave {level}", f"Select octave {level}.",
            partial(lab.select, level), shortcut=(str(level),), menu=f"{MENU}/Select",
            enabled=partial(_present, lab), checked=partial(_is, lab, "selected", level),
        )
        for level in range(10)
    ]  # fmt: skip
    return [
        ActionSpec(
            "octaves.coarser", "Coarser octave", "Select the next coarser octave.", coarser,
            shortcut=("Up",), scope="view", menu=f"{MENU}/Select", enabled=partial(_present, lab),
        ),
        ActionSpec(
            "octaves.finer", "Finer octave", "Select the next finer octave.", finer,
            shortcut=("Down",), scope="view", menu=f"{MENU}/Select", enabled=partial(_present, lab),
        ),
        *numbered,
    ]  # fmt: skip


def _open(section: Section) -> bool:
    return section.open


def _flip(lab: OctavesLab, name: str) -> None:
    lab.change(name, not getattr(lab.state, name))


def _display(lab: OctavesLab) -> list[ActionSpec]:
    items = (
        ("true_geometry", "True geometry", "G", "Place octaves where their samples lie."),
        ("smooth", "Smooth enlargement", "S", "Enlarge octaves with the pyramid's own kernel."),
        ("auto_range", "Auto range", "N", "Stretch the display to the values that occur."),
    )

    def reset() -> None:
        lab.change("auto_range", False)
        lab.view.grid.fit()

    return [
        *(
            ActionSpec(
                f"octaves.{name}", text, tip, partial(_flip, lab, name), shortcut=(key,),
                menu=MENU, enabled=partial(_present, lab), checked=partial(_is, lab, name, True),
            )
            for name, text, key, tip in items
        ),
        *_sections(lab),
        ActionSpec(
            "octaves.reset_gains", "Reset gains", "Set every gain to 1 and hear every band.",
            partial(lab.change, "reset", None), menu=MENU, enabled=partial(_present, lab),
        ),
        ActionSpec(
            "octaves.reset", "Reset display", "Full range, and everything in view.", reset,
            shortcut=("R",), menu=MENU, enabled=partial(_present, lab),
        ),
    ]  # fmt: skip


def _sections(lab: OctavesLab) -> list[ActionSpec]:
    panel = lab.panel

    def fold(section: Section) -> None:
        section.set_open(not section.open)
        if section.open:
            panel.ensureWidgetVisible(section)

    return [
        ActionSpec(
            f"octaves.show_{text.lower()}", text, f"Fold the {text.lower()} section in or out.",
            partial(fold, section), shortcut=(key,), menu=f"{MENU}/Sections",
            enabled=partial(_present, lab), checked=partial(_open, section),
        )
        for text, key, section in (
            ("Values", "I", panel.values),
            ("Histogram", "H", panel.histogram),
            ("Spectrum", "Shift+H", panel.spectrum),
        )
    ]  # fmt: skip


def _take_away(lab: OctavesLab) -> list[ActionSpec]:
    out = lab.exporter
    items = (
        ("save_octave", "Save picture as ...",
         "Save the selected octave, or the rebuilt image.", out.save_octave, "save",
         ("Ctrl+Alt+S",)),
        ("save_all", "Save all octaves ...", "Save every octave into a folder.", out.save_all,
         "folder", ()),
        ("save_animation", "Export animation ...",
         "Save the coarse-to-fine animation as GIF or MP4.", out.save_animation, "export", ()),
        ("save_numbers", "Export numbers ...", "Save sizes and bytes as JSON or CSV.",
         out.save_numbers, "export", ()),
        ("copy_octave", "Copy picture", "Copy the selected octave, or the rebuilt image.",
         out.copy_octave, "copy", ("Ctrl+Shift+C",)),
        ("copy_python", "Copy as Python", "Copy a script that computes what is shown.",
         out.copy_python, "code", ("Ctrl+Alt+C",)),
        ("pop_out", "Open in its own window", "Show the selected picture alone.",
         out.pop_out, "popout", ("Ctrl+Return",)),
    )  # fmt: skip
    return [
        ActionSpec(
            f"octaves.{name}", text, tip, slot, icon=picture, shortcut=keys,
            menu="File/Export", enabled=partial(_present, lab),
        )
        for name, text, tip, slot, picture, keys in items
    ]  # fmt: skip
