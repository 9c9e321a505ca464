"""Taking away what a search found."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.compute import animation, writing
from pyrviewer.compute import mask as masks
from pyrviewer.compute.search.report import COLUMNS, report
from pyrviewer.labs.search.state import INSIDE
from pyrviewer.ui.exporter import Exporter
from pyrviewer.ui.menus import context_menu
from pyrviewer.ui.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.search.controller import SearchLab
    from pyrviewer.labs.search.run import Found
    from pyrviewer.labs.search.state import Template

MOST_FRAMES = 80
FPS = 10
REST = 12  # frames that the end is looked at
MENU = (
    "search.copy_matches",
    "search.save_numbers",
    "search.save_animation",
    "search.copy_python",
    "",
    "search.clear",
)
SCRIPT = """\
from pyrviewer.compute import image, search
from pyrviewer.compute import mask as masks

scene = image.read({scene!r}, page={page}).pixels
template = image.read({template!r}, page={template_page}).pixels{part}
{mask}trace = search.search(
    scene, template, mask=mask, max_matches={matches}, min_score={score}, exact={exact},
    angles={angles}, scales={scales}, coarsest={coarsest}, candidates={candidates},
    always_coarse=True,
)
for match in trace.matches:
    print(match.x, match.y, match.angle, match.scale, match.score)
print(trace.translations, "of", trace.exhaustive_translations, "translations;", trace.proof)
"""


def python_script(found: Found, path: str, page: int = 0) -> str:
    """Return a script that runs the same search in the scene at a path.

    A kept template that no file holds is called template.png there.
    """
    state, template = found.request.state, found.request.template
    x0, y0, x1, y1 = template.rect or (0, 0, 0, 0)
    lost = bool(state.kept) and not template.path
    return SCRIPT.format(
        scene=path,
        page=page,
        template=template.path or ("template.png" if lost else path),
        template_page=template.page,
        mask=_mask(template),
        part=f"[{y0}:{y1}, {x0}:{x1}]" if template.rect and not lost else "",
        matches=state.max_matches,
        score=state.min_score,
        exact=state.exact,
        angles=state.angles,
        scales=state.scales,
        coarsest=None if state.coarsest < 0 else state.coarsest,
        candidates=state.candidates or None,
    )


def _mask(template: Template) -> str:
    if template.outline is None:
        return "mask = None\n"
    stored = masks.to_dict(template.outline)
    return (
        f"outline = masks.from_dict({stored!r})\n"
        f"mask = masks.rasterise(outline, template.shape, soft=0) >= {INSIDE}\n"
    )


class SearchExporter(Exporter):
    """Writes and copies matches."""

    def __init__(self, lab: SearchLab) -> None:
        super().__init__(lab, lab.context)
        self._lab = lab
        self.recorder = Recorder(self)
        self.recorder.recorded.connect(self._take_frames)
        self._film: Path | None = None

    def save_numbers(self) -> None:
        """Ask for a file and write matches and cost."""
        found = self._lab.found
        path = self.ask("Export matches", "matches.json", (".json", ".csv"))
        if found is not None and path is not None:
            self.write(partial(write_matches, found=found, path=path))

    def save_animation(self) -> None:
        """Ask for a file and write the playback as it is seen."""
        found = self._lab.found
        path = self.ask("Export animation", "search.gif", animation.SUFFIXES)
        if found is not None and path is not None:
            self.record(path)

    def record(self, path: Path) -> None:
        """Play back into a file."""
        found, self._film = self._lab.found, path
        if found is not None:
            count = len(found.moments)
            steps = [*range(0, count, -(-count // MOST_FRAMES)), *[count - 1] * REST]
            self.recorder.start(self._lab.view.grid, steps, self._lab.go)

    def _take_frames(self, frames: list[Array]) -> None:
        if self._film is not None:
            self.write(partial(write_frames, frames=frames, path=self._film))

    def copy_matches(self) -> None:
        """Put the table of matches on the clipboard."""
        self.copy_text(self._lab.panel.table.as_text(), "Matches copied.")

    def copy_python(self) -> None:
        """Put a script on the clipboard that runs the same search."""
        found, document = self._lab.found, self._lab.document
        if found is not None and document is not None:
            path, page = str(document.path or "image.png"), document.image.origin.page
            self.copy_text(python_script(found, path, page), "Copied as Python.")

    def show_menu(self, place: QPoint) -> None:
        """Open the context menu."""
        context_menu(self._lab.view, self._lab.actions(), MENU).popup(place)


def write_frames(ticket: Ticket, frames: list[Array], path: Path) -> str:
    """Write an animation; for worker threads."""
    ticket.check()
    animation.write(path, frames, FPS)
    return f"{path.name} saved."


def write_matches(ticket: Ticket, found: Found, path: Path) -> str:
    """Write matches and cost as JSON or CSV; for worker threads."""
    ticket.check(0)
    numbers = report(found.trace)
    if path.suffix.lower() == ".csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(numbers["matches"])
        text = out.getvalue()
    else:
        text = json.dumps(numbers, indent=2)
    writing.replace_file(path, text.encode())
    return f"{path.name} saved."
