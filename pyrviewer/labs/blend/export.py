"""Taking away a blend, its mask and its making; and pictures made of more than two."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pyrviewer.compute import animation, display, fusion, image, pyramid, writing
from pyrviewer.compute.image import Origin, from_array
from pyrviewer.labs.blend import run
from pyrviewer.ui.exporter import Exporter, ask_images, write_picture
from pyrviewer.ui.menus import context_menu

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.blend.controller import BlendLab
    from pyrviewer.labs.blend.run import Result, Shown
    from pyrviewer.labs.blend.state import BlendState, Options

MENU = (
    "blend.save", "blend.save_mask", "blend.save_animation", "blend.copy_python", "",
    "blend.overlay", "blend.clipped", "blend.invert", "blend.clear",
)  # fmt: skip
SCRIPT = """\
from pyrviewer.compute import blend, image{mask_import}

a, b = blend.harmonise(image.read({a!r}, page={page}).pixels, image.read({b!r}).pixels)
placed = blend.place(b, a.shape, ({x}, {y}), {scale})
{mask}
{frame}
blended = blend.blend(a, b, mask, {levels}, linear={linear}, wrap={wrap}, gains={gains})
image.write("blended.tif", blended)
"""
OUTLINE = """\
outline = masks.from_dict({outline!r})
mask = masks.rasterise(outline, a.shape, soft={soft}, inverted={inverted})"""
PAINTED = """\
mask = image.read("mask.png").pixels  # save the painted mask first"""
WHOLE = "b, mask = placed.pixels, placed.confine(mask)"
COMMON = """\
x0, y0, x1, y1 = placed.rect
a, b, mask = (array[y0:y1, x0:x1] for array in (a, placed.pixels, mask))"""


def python_script(state: BlendState, chosen: Options, a: str, b: str, page: int = 0) -> str:
    """Return a script that blends the same two files."""
    from pyrviewer.compute import mask

    outline = state.parametric
    drawn = PAINTED
    if outline is not None:
        drawn = OUTLINE.format(
            outline=mask.to_dict(outline), soft=state.soft, inverted=state.inverted
        )
    return SCRIPT.format(
        mask_import="\nfrom pyrviewer.compute import mask as masks" if outline else "",
        a=a, b=b, page=page, x=state.x, y=state.y, scale=state.scale, mask=drawn,
        frame=COMMON if state.frame == "common" else WHOLE, levels=chosen.levels,
        linear=chosen.linear, wrap=chosen.wrap, gains=chosen.gains,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Merged:
    """One picture of many, and what each of them gave."""

    pixels: Array
    weights: tuple[tuple[str, Shown], ...]
    name: str


class BlendExporter(Exporter):
    """Writes and copies blends."""

    def __init__(self, lab: BlendLab) -> None:
        super().__init__(lab, lab.context)
        self._lab = lab
        self._merging = lab.context.jobs.lane("Merging pictures", self)
        self._merging.succeeded.connect(self._take_merged)
        self._merging.failed.connect(lab.context.notices.error)
        lab.lanes = (*lab.lanes, self._merging)

    def _stem(self) -> str:
        document = self._lab.document
        return Path(document.name).stem if document else "blend"

    def save(self) -> None:
        """Ask for a file and write the blend with its own values."""
        result = self._lab.scene.result
        if result is None:
            return
        pixels = result.report.pixels
        suffix = ".tif" if pixels.dtype == "float32" else ".png"
        path = self.ask("Save blend", f"{self._stem()}_blend{suffix}", writing.suffixes_for(pixels))
        if path is not None:
            self.write(partial(write_picture, pixels=pixels, path=path))

    def save_mask(self) -> None:
        """Ask for a file and write the mask."""
        result = self._lab.scene.result
        if result is None:
            return
        path = self.ask("Save mask", f"{self._stem()}_mask.png", writing.suffixes_for(result.mask))
        if path is not None:
            self.write(partial(write_picture, pixels=result.mask, path=path))

    def save_animation(self) -> None:
        """Ask for a file and write how the blend is rebuilt, level by level."""
        result, chosen = self._lab.scene.result, self._lab.chosen
        name = f"{self._stem()}_blend.gif"
        if result is None or chosen is None:
            return
        path = self.ask("Export animation", name, animation.SUFFIXES)
        if path is not None:
            self.write(partial(write_animation, result=result, chosen=chosen, path=path))

    def copy_python(self) -> None:
        """Put a script on the clipboard that blends the same."""
        lab = self._lab
        document, chosen, found = lab.document, lab.chosen, None
        if document is not None:
            found = lab.partners.find(document, lab.state.other)
        if document is not None and chosen is not None and found is not None:
            path, page = str(document.path or document.name), document.image.origin.page
            text = python_script(lab.state, chosen, path, found[0], page)
            self.copy_text(text, "Copied as Python.")

    def show_menu(self, place: QPoint) -> None:
        """Open the context menu."""
        context_menu(self._lab.view, self._lab.actions(), MENU).popup(place)

    # More than two pictures

    def merge(self, how: str) -> None:
        """Ask for pictures and make one of them."""
        title = "Fuse exposures" if how == "fuse" else "Stack focus"
        paths = ask_images(self._lab.view, title, several=True)
        if paths:
            self.merge_files(how, paths)

    def merge_files(self, how: str, paths: Sequence[Path]) -> None:
        """Make one picture of files, in the background; it opens in a tab of its own."""
        self._merging.submit(partial(merge, how=how, paths=tuple(paths)))

    def _take_merged(self, merged: Merged) -> None:
        picture = from_array(merged.pixels, Origin("clipboard", merged.name))
        document = self._lab.context.workspace.add(picture)
        self._lab.show_weights(document, merged.weights)


def write_animation(ticket: Ticket, result: Result, chosen: Options, path: Path) -> str:
    """Write how a blend is rebuilt from its coarsest level; for worker threads."""
    levels = run.take_apart(ticket, result, chosen)
    limits = display.auto_range(result.pair.a)
    found = [level.partial.source for level in levels]
    shape = (animation.MAX_SIDE, animation.MAX_SIDE)
    octaves = [octave for octave in found if max(octave.shape[:2]) <= max(shape)] or found[-1:]
    shown = [display.to_display(octave, *limits)[..., 2::-1] for octave in octaves]
    animation.write(path, animation.coarse_to_fine(shown, ticket), fps=12)
    return f"{path.name} saved."


class _Files:
    """Images that are read when they are asked for, so that one is in memory at a time."""

    def __init__(self, paths: Sequence[Path], ticket: Ticket) -> None:
        self._paths, self._ticket = paths, ticket

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> Array:
        return image.read(self._paths[index], ticket=self._ticket).pixels


def merge(ticket: Ticket, how: str, paths: Sequence[Path]) -> Merged:
    """Fuse exposures or stack focus; for worker threads."""
    shown: list[tuple[str, Shown]] = []

    def keep(index: int, weights: Array) -> None:
        small = pyramid.gaussian_pyramid(weights)
        fits = next(octave for octave in small if octave.size <= run.XRAY_PIXELS)
        shown.append((paths[index].name, run.show(ticket, fits)))

    work = fusion.fuse if how == "fuse" else fusion.stack
    names = [path.name for path in paths]
    found = work(_Files(paths, ticket), names=names, on_weights=keep, ticket=ticket)
    name = "fused.png" if how == "fuse" else "stacked.png"
    return Merged(found.pixels, tuple(shown), name)
