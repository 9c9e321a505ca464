"""What every command needs: reading, folders, a progress bar."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pyrviewer.compute import image
from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from pyrviewer.compute.image import Image

BAR = 24  # characters


def show_progress(fraction: float) -> None:
    """Draw a bar where a person is watching."""
    if sys.stderr.isatty():
        done = round(BAR * fraction)
        end = "\n" if fraction >= 1 else ""
        print(f"\r[{'#' * done}{'.' * (BAR - done)}]", end=end, file=sys.stderr, flush=True)


def read(source: str) -> Image:
    """Read a file, or standard input for ``-``."""
    stdin = source == "-"
    opened = image.decode(sys.stdin.buffer.read(), "stdin") if stdin else image.read(source)
    for note in opened.notes:
        print(f"pyrviewer: {opened.origin.name}: {note}", file=sys.stderr)
    return opened


def make_folder(path: Path) -> None:
    """Make a folder and those above it; an existing one is fine."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path} cannot be made a folder: {error.strerror}.") from error
