"""Fixtures: one program at a time, in a place of its own, that leaves nothing behind."""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
from PyQt6 import sip
from PyQt6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from PyQt6.QtGui import QCursor
from PyQt6.QtWidgets import QApplication, QToolTip
from support import PHOTOS, Array, wait_idle

from pyrviewer.compute import network
from pyrviewer.session import samples
from pyrviewer.session.settings import Settings
from pyrviewer.ui import theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

# Screens of the offscreen platform and their pixel ratios; the first by name is the primary one.
SCREENS = {"plain": 1.0, "x1.5": 1.5, "x2": 2.0}
_failed = pytest.StashKey[bool]()
_applications: list[QApplication] = []


def pytest_configure(config: pytest.Config) -> None:
    """Choose the screens before Qt starts."""
    config.addinivalue_line("markers", "samples: the welcome page shows its samples")
    if os.environ.setdefault("QT_QPA_PLATFORM", "offscreen") != "offscreen":
        return
    screens = [
        {"name": name, "x": 5000 * k, "y": 0, "width": 1920, "height": 1200}
        for k, name in enumerate(SCREENS)
    ]
    path = Path(tempfile.mkdtemp(prefix="pyrviewer-tests-")) / "screens.json"
    path.write_text(json.dumps({"screens": screens}), encoding="utf-8")
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={path}"
    os.environ["QT_SCREEN_SCALE_FACTORS"] = ";".join(f"{n}={r}" for n, r in SCREENS.items())


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """Make the application as the program does."""
    from pyrviewer.app import make_application

    made = make_application()
    _applications.append(made)  # what a failed test leaves must not outlive it
    theme.apply(made, "dark")
    gc.collect()
    gc.freeze()  # what imports made is not looked at again: leak checks stay fast
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember failures: their tracebacks keep widgets alive, which is no leak."""
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings, session and crash reports in a folder of the test's own."""
    home = tmp_path / "home"
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(home))


def _alive() -> set[tuple[str, Any]]:
    """Return the windows, running timers, threads and open pools that there are."""
    found: set[tuple[str, Any]] = {("widgets", w) for w in QApplication.topLevelWidgets()}
    found |= {("threads", thread) for thread in threading.enumerate()}
    for living in gc.get_objects():
        if isinstance(living, QTimer) and not sip.isdeleted(living) and living.isActive():
            found.add(("timers", living))
        elif isinstance(living, ThreadPoolExecutor) and not living._shutdown:
            found.add(("pools", living))
    return found


def _settle() -> None:
    QToolTip.hideText()
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)  # what an error was raised from is no leak
    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a Qt test that leaves a window, a timer, a thread or a pool behind."""
    if not {"qapp", "qtbot", "program"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("qapp")
    before = _alive()
    yield
    if request.node.stash.get(_failed, False):
        return
    request.node.funcargs.clear()  # pytest would keep the program until the next test
    _settle()
    for thread in threading.enumerate():
        if ("threads", thread) not in before:
            thread.join(5)
    left = [f"{kind}: {found}" for kind, found in _alive() - before]
    assert not left, f"left behind: {left}"


@pytest.fixture
def settings(qapp: QApplication) -> Settings:
    """Empty settings."""
    return Settings()


@pytest.fixture
def sample_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the samples of the welcome page out, whose thumbnails take time, unless asked for."""
    if request.node.get_closest_marker("samples") is None:
        monkeypatch.setattr(samples, "samples", list)


@pytest.fixture
def program(
    qtbot: QtBot, sample_pictures: None, request: pytest.FixtureRequest
) -> Iterator[Program]:
    """Run the program in a window of 1280 x 720 that remembers nothing.

    With ``parametrize("program", ratios, indirect=True)`` on a screen of that pixel ratio.
    """
    from pyrviewer.app import Program

    QCursor.setPos(-100, -100)  # a mouse that a test left in the window would point at something
    made = Program(remember=False)
    ratio = getattr(request, "param", 1.0)
    screen = next(s for s in QApplication.screens() if s.devicePixelRatio() == ratio)
    made.window.setScreen(screen)
    made.window.move(screen.geometry().topLeft())
    made.start([])
    made.window.resize(1280, 720)
    qtbot.waitExposed(made.window)
    made.window.activateWindow()
    wait_idle(qtbot, made)
    yield made
    made.window.close()
    made.shutdown()
    assert made.rested, "a thread was still busy when the program ended"


@pytest.fixture
def photo() -> Path:
    """Return a photo in colour with odd sides: 451 x 300."""
    return PHOTOS / "chelsea.png"


@pytest.fixture
def gray_photo() -> Path:
    """Return a photo in gray: 512 x 512."""
    return PHOTOS / "camera.png"


@pytest.fixture
def alpha_photo() -> Path:
    """Return a picture with transparency: 500 x 500."""
    return PHOTOS / "logo.png"


@pytest.fixture
def noise() -> Array:
    """Return noise in colour, in which every pixel is unlike its neighbours."""
    return np.random.default_rng(3).integers(0, 256, (301, 403, 3), np.uint8)


@pytest.fixture
def cat() -> Array:
    """Return the pixels of `photo`: 300 x 451 x 3."""
    return np.asarray(PIL.Image.open(PHOTOS / "chelsea.png").convert("RGB"))


@pytest.fixture
def small(cat: Array) -> Array:
    """Return a part of `cat`: 96 x 128 x 3."""
    return np.ascontiguousarray(cat[60:156, 120:248])


@pytest.fixture(scope="session")
def net() -> network.Network:
    """Return the trained network."""
    return network.load()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Return two photos of one size: 300 x 451."""
    coffee = PIL.Image.open(PHOTOS / "coffee.png").convert("RGB").resize((451, 300))
    other = tmp_path / "coffee.png"
    coffee.save(other)
    return PHOTOS / "chelsea.png", other
