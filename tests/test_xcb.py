"""The real program on a real X server: windows, keys and mouse as a user's are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import PIL.ImageGrab
import pytest
from support import PHOTOS, PYTHON, Array, clean_environment, levels_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.xcb,
    pytest.mark.skipif(not os.environ.get("DISPLAY"), reason="there is no X server: no DISPLAY"),
    pytest.mark.skipif(shutil.which("xdotool") is None, reason="xdotool is not installed"),
]
PATIENCE = 30.0  # seconds
WIDTH, HEIGHT = 1000, 640


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


def xdotool(*arguments: object) -> str:
    """Do something as a user at the X server."""
    ended = subprocess.run(
        ["xdotool", *map(str, arguments)], capture_output=True, text=True, timeout=20, check=False
    )
    return ended.stdout


class Screen:
    """The program's window on the X server."""

    def __init__(self, home: Path, process: subprocess.Popen[str]) -> None:
        self._home, self.process = home, process

    def window(self, title: str) -> str:
        """Return the id of a window that is shown, or nothing."""
        found = xdotool("search", "--onlyvisible", "--name", title).split()
        return found[-1] if found else ""

    def focus(self, title: str) -> None:
        """Wait for a window and give it the keyboard."""
        until(lambda: self.window(title), f"the window {title!r}")
        xdotool("windowfocus", "--sync", self.window(title))

    def shot(self) -> Array:
        """Return what the screen shows where the window is."""
        grabbed = PIL.ImageGrab.grab(xdisplay=os.environ["DISPLAY"])
        return np.asarray(grabbed.convert("RGB"))[:HEIGHT, :WIDTH]

    def state(self, name: str) -> object:
        """Return a parameter of the Octaves lab, as the session remembers it."""
        files = list(self._home.rglob("last.pyrsession"))
        documents = json.loads(files[0].read_text())["documents"] if files else []
        return documents[0]["states"].get("octaves", {}).get(name) if documents else None


@contextmanager
def started(home: Path) -> Iterator[Screen]:
    """Start the program on a photo; it must end in order."""
    environment = clean_environment(
        {"HOME": str(home), "XDG_DATA_HOME": None, "XDG_CONFIG_HOME": None,
         "QT_QPA_PLATFORM": "xcb"}
    )  # fmt: skip
    process = subprocess.Popen(
        [PYTHON, "-m", "pyrviewer", str(PHOTOS / "chelsea.png")], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    screen = Screen(home, process)
    try:
        screen.focus("chelsea.png - pyrviewer")
        window = screen.window("chelsea.png - pyrviewer")
        xdotool("windowmove", window, 0, 0, "windowsize", window, WIDTH, HEIGHT)
        until(lambda: levels_shown(screen.shot()) > 5000, "the photo")
        yield screen
        screen.focus("chelsea.png - pyrviewer")
        xdotool("key", "ctrl+q")
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "Traceback" not in said
        assert "qt.qpa" not in said
    finally:
        if process.poll() is None:
            process.kill()
            print(process.communicate()[1])  # pytest shows it with the failure


def test_the_window_opens_and_shows_the_photo(tmp_path: Path) -> None:
    with started(tmp_path) as screen:

        def painted() -> bool:
            shot = screen.shot()
            # The rail at the left, the panes in the middle, the panel at the right.
            parts = shot[:, :70], shot[:, 100:600], shot[:, -280:]
            return all(levels_shown(part) > 20 for part in parts) and levels_shown(parts[1]) > 5000

        until(painted, "all of the window")


def test_real_keys(tmp_path: Path) -> None:
    with started(tmp_path) as screen:
        xdotool("key", "3")
        until(lambda: screen.state("selected") == 3, "octave 3")
        xdotool("key", "Up")
        until(lambda: screen.state("selected") == 4, "the coarser octave")
        xdotool("key", "shift+w")  # not a key of its own
        xdotool("key", "w")
        until(lambda: screen.state("compare") == "difference", "the difference")
        xdotool("key", "ctrl+z")
        until(lambda: screen.state("compare") == "second", "undo")
        xdotool("key", "question")  # Shift and another key on most keyboards
        screen.focus("Keys and mouse")
        xdotool("key", "Escape")
        until(lambda: not screen.window("Keys and mouse"), "the end of the sheet")


def test_real_mouse(tmp_path: Path) -> None:
    with started(tmp_path) as screen:
        xdotool("key", "0")
        xdotool("key", "b")
        until(lambda: screen.state("layout") == "one", "one octave")
        time.sleep(0.3)
        before = screen.shot()
        xdotool("mousemove", 400, 350)
        for _ in range(5):
            xdotool("click", 4)  # the wheel

        def changed(shot: Array) -> float:
            return float((shot[150:500, 150:600] != before[150:500, 150:600]).any(-1).mean())

        until(lambda: changed(screen.shot()) > 0.5, "the zoom")
        xdotool("click", "--repeat", 2, "--delay", 60, 1)  # from anywhere to fitting
        until(lambda: changed(screen.shot()) < 0.05, "the fit")
        xdotool("mousemove", 400, 350, "mousedown", 1)
        for step in range(1, 9):
            xdotool("mousemove", 400 + 10 * step, 350 + 5 * step)
        xdotool("mouseup", 1)
        until(lambda: changed(screen.shot()) > 0.5, "the pan")
        panned = screen.shot()
        # Away from the mouse, which marks the pixel under it.
    np.testing.assert_array_equal(panned[240:360, 280:440], before[200:320, 200:360])
