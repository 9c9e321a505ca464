"""Whether a window can be opened, asked before Qt, which would abort the process."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from pathlib import Path

from PyQt6.QtCore import QLibraryInfo

ADVICE = "Without a display, 'pyrviewer tour DIR' and 'pyrviewer octaves' work."


def problem() -> str | None:
    """Return in one sentence why no window can be opened, or None where one can."""
    if not sys.platform.startswith("linux"):
        return None
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform and not platform.startswith("xcb"):
        return None
    if not platform and os.environ.get("WAYLAND_DISPLAY"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        return f"There is no display to open a window on. {ADVICE}"
    if not _answers(display):
        return f"The display {display!r} does not answer. {ADVICE}"
    missing = _missing_library()
    if missing:
        return (
            f"Qt's window plugin cannot be loaded: {missing} is missing. "
            "'sh resources/quickstart.sh' installs what it needs."
        )
    return None


def _missing_library() -> str | None:
    """Load the plugin as Qt will, and return the library that it lacks."""
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    plugin = folder / "platforms" / "libqxcb.so"
    if not plugin.is_file():
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return str(error).split(":", maxsplit=1)[0]
    return None


def _answers(display: str) -> bool:
    """Connect to an X server as its clients do: a local socket, or TCP for a named host."""
    match = re.fullmatch(r"(?:unix)?([^:]*):(\d+)(?:\.\d+)?", display)
    if match is None:
        return False
    host, number = match[1], int(match[2])
    if host:
        targets: list[tuple[int, str | tuple[str, int]]] = [(socket.AF_INET, (host, 6000 + number))]
    else:
        path = f"/tmp/.X11-unix/X{number}"
        targets = [(socket.AF_UNIX, "\0" + path), (socket.AF_UNIX, path)]
    return any(_connects(family, address) for family, address in targets)


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True
