"""One line on what can be done next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrviewer.labs.dream.run import Dreamt

HINTS = {
    "dream": "Shift shows the original.",
    "octaves": "Below, the detail that each added.",
    "gradient": "Below, each band is divided by its RMS.",
}


def hint(dreamt: Dreamt | None, layout: str, *, same: bool) -> str:
    """Return it; `same` where a new dream would be the one that is there."""
    if dreamt is None:
        return "Press Dream, or D."
    if not same:
        return "Settings have changed."
    return "Paused." if layout == "dream" and not dreamt.done else HINTS[layout]
