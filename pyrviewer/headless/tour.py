"""``pyrviewer tour``: run every lab on a sample and write a screenshot of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pyrviewer.compute.errors import UserError
from pyrviewer.headless.terminal import make_folder

if TYPE_CHECKING:
    import argparse

SMALLEST, LARGEST = 480, 8192  # pixels
DESCRIPTION = "Run every lab on a sample and write a screenshot of each."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--size", default="1280x720", metavar="WxH")
    parser.add_argument("--theme", choices=("light", "dark"), default="dark")


def run(options: argparse.Namespace) -> int:
    """Do it."""
    width, _, height = options.size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and _fits(int(width), int(height))):
        raise UserError(
            f"--size {options.size}: write it as 1280x720, with sides of {SMALLEST} to {LARGEST}."
        )
    make_folder(options.folder)
    from pyrviewer import tour  # Qt only once the arguments are right

    return tour.run(options.folder, int(width), int(height), options.theme)


def _fits(*sides: int) -> bool:
    return all(SMALLEST <= side <= LARGEST for side in sides)
