"""``pyrviewer stack``: one picture, sharp everywhere, of several that are sharp in places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrviewer.compute import fusion
from pyrviewer.headless.fuse import add_arguments, merge

if TYPE_CHECKING:
    import argparse

__all__ = ["DESCRIPTION", "add_arguments", "run"]

DESCRIPTION = "Make one picture, sharp everywhere, of several that are sharp in places."


def run(options: argparse.Namespace) -> int:
    """Do it."""
    return merge(options, fusion.stack)
