"""Taking away what a search found."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog

from pyrviewer.compute import writing
from pyrviewer.compute.search_report import COLUMNS, report
from pyrviewer.ui.menus import context_menu

if TYPE_CHECKING:
    from PyQt6.QtCore import QPoint

    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.search.controller import SearchLab
    from pyrviewer.labs.search.run import Found

MENU = ("search.copy_matches", "search.save_numbers", "search.copy_python", "", "search.clear")
SCRIPT = """\
from pyrviewer.compute import image, search

scene = image.read({scene!r}, page={page}).pixels
template = image.read({template!r}, page={template_page}).pixels{part}
trace = search.search(
    scene, template, max_matches={matches}, min_score={score}, exact={exact},
    angles={angles}, scales={scales}, coarsest={coarsest}, candidates={candidates},
)
for match in trace.matches:
    print(match.x, match.y, match.angle, match.scale, match.score)
print(trace.translations, "of", trace.exhaustive_translations, "translations;", trace.proof)
"""


def python_script(found: Found, path: str, page: int = 0) -> str:
    """Return a script that runs the same search in the scene at a path."""
    state, template = found.request.state, found.request.template
    x0, y0, x1, y1 = template.rect or (0, 0, 0, 0)
    return SCRIPT.format(
        scene=path,
        page=page,
        template=template.path or path,
        template_page=template.page,
        part=f"[{y0}:{y1}, {x0}:{x1}]" if template.rect else "",
        matches=state.max_matches,
        score=state.min_score,
        exact=state.exact,
        angles=state.angles,
        scales=state.scales,
        coarsest=None if state.coarsest < 0 else state.coarsest,
        candidates=state.candidates or None,
    )


class Exporter(QObject):
    """Writes and copies matches."""

    def __init__(self, lab: SearchLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self._lane = lab.context.jobs.lane("Exporting", self)
        self._lane.succeeded.connect(lab.context.notices.info)
        self._lane.failed.connect(lab.context.notices.error)
        lab.lanes = (*lab.lanes, self._lane)

    def save_numbers(self) -> None:
        """Ask for a file and write matches and cost."""
        found, settings = self._lab.found, self._lab.context.settings
        start = str(Path(settings.get("export_folder", "")) / "matches.json")
        name, _ = QFileDialog.getSaveFileName(
            self._lab.view, "Export matches", start, "Numbers (*.json *.csv)"
        )
        if found is not None and name:
            path = Path(name) if Path(name).suffix else Path(name).with_suffix(".json")
            settings.set("export_folder", str(path.parent))
            self._lane.submit(partial(write_matches, found=found, path=path))

    def copy_matches(self) -> None:
        """Put the table of matches on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._lab.panel.table.as_text())
            self._lab.context.notices.info("Matches copied.")

    def copy_python(self) -> None:
        """Put a script on the clipboard that runs the same search."""
        clipboard, found, document = (
            QGuiApplication.clipboard(),
            self._lab.found,
            self._lab.document,
        )
        if clipboard is not None and found is not None and document is not None:
            page = document.image.origin.page
            path = str(document.path or "image.png")
            clipboard.setText(python_script(found, path, page))
            self._lab.context.notices.info("Copied as Python.")

    def show_menu(self, place: QPoint) -> None:
        """Open the context menu."""
        context_menu(self._lab.view, self._lab.actions(), MENU).popup(place)


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
