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
    if source == "-":
        return image.decode(sys.stdin.buffer.read(), "stdin")
    return image.read(source)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; an existing one is fine."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path} cannot be made a folder: {error.strerror}.") from error
