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

scene = image.read({path!r}).pixels
x0, y0, x1, y1 = {rect}
trace = search.search(
    scene, scene[y0:y1, x0:x1], max_matches={matches}, min_score={score}, exact={exact},
    angles={angles}, scales={scales},
)
for match in trace.matches:
    print(match.x, match.y, match.angle, match.scale, match.score)
print(trace.translations, "of", trace.exhaustive_translations, "translations;", trace.proof)
"""


def python_script(found: Found, path: str) -> str:
    """Return a script that runs the same search."""
    state = found.request.state
    height, width = found.trace.template_shape
    return SCRIPT.format(
        path=path,
        rect=state.rect or (0, 0, width, height),
        matches=state.max_matches,
        score=state.min_score,
        exact=state.exact,
        angles=state.angles,
        scales=state.scales,
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
            settings.set("export_folder", str(Path(name).parent))
            self._lane.submit(partial(write_matches, found=found, path=Path(name)))

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
            clipboard.setText(python_script(found, str(document.path or "image.png")))
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
