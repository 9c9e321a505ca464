"""What can be done in the Search lab."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyrviewer.session.actions import ActionSpec

if TYPE_CHECKING:
    from pyrviewer.labs.search.controller import SearchLab

MENU = "Search"


def actions(lab: SearchLab) -> list[ActionSpec]:
    """Return the lab's actions."""
    return [*_picking(lab), *_take_away(lab)]


def _present(lab: SearchLab) -> bool:
    return lab.document is not None


def _found(lab: SearchLab) -> bool:
    return lab.found is not None


def _template(lab: SearchLab) -> bool:
    return lab.has_template


def _upright(lab: SearchLab) -> bool:
    return lab.found is not None and lab.state.angles is None and lab.state.scales is None


def _exact(lab: SearchLab) -> bool:
    return lab.state.exact


def _flip_exact(lab: SearchLab) -> None:
    lab.change("exact", not lab.state.exact)


def _picking(lab: SearchLab) -> list[ActionSpec]:
    found = partial(_found, lab)
    return [
        ActionSpec("search.clear", "Clear template", "Take the template away.", lab.clear,
                   ("Del",), "close", MENU, "view", partial(_template, lab)),
        ActionSpec("search.file", "Template from file ...", "Look for another image in this one.",
                   lab.ask_template, (), "open", MENU, enabled=partial(_present, lab)),
        ActionSpec("search.paste", "Template from clipboard", "Look for what was copied.",
                   lab.paste_template, ("Ctrl+Alt+V",), "paste", MENU,
                   enabled=partial(_present, lab)),
        ActionSpec("search.pin", "Keep template", "Look for it in other images too.",
                   lab.toggle_pin, (), "", MENU, enabled=found),
        ActionSpec("search.exact", "Exact search", "The same answer as searching everywhere.",
                   partial(_flip_exact, lab), (), "", MENU, enabled=partial(_present, lab),
                   checked=partial(_exact, lab)),
        ActionSpec("search.compare", "Search everywhere", "Compare with an exhaustive search.",
                   lab.compare, (), "", MENU, enabled=partial(_upright, lab)),
        ActionSpec("search.all", "Search all open images",
                   "Keep the template and look for it in every image that is open.",
                   lab.batch.search, (), "", MENU, enabled=found),
    ]  # fmt: skip


def _take_away(lab: SearchLab) -> list[ActionSpec]:
    out, found = lab.exporter, partial(_found, lab)
    return [
        ActionSpec("search.save_numbers", "Export matches ...",
                   "Save matches and cost as JSON or CSV.", out.save_numbers, (), "export",
                   "File/Export", enabled=found),
        ActionSpec("search.save_animation", "Export search animation ...",
                   "Save the playback as it is seen, as GIF or MP4.", out.save_animation, (),
                   "export", "File/Export", enabled=found),
        ActionSpec("search.copy_matches", "Copy matches", "Copy the table of matches.",
                   out.copy_matches, (), "copy", "File/Export", enabled=found),
        ActionSpec("search.copy_python", "Copy search as Python", "Copy a script that searches.",
                   out.copy_python, (), "code", "File/Export", enabled=found),
    ]  # fmt: skip
