"""The canvas: which pixel lands where, at any zoom and pixel ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from panes import EDGE, expected, hover_of, one_octave, ratio_of, squarely
from PyQt6.QtCore import Qt
from support import (
    Array,
    Mouse,
    at_view,
    canvases,
    grabbed,
    open_array,
    press,
    set_layout,
    wait_idle,
)

from pyrviewer.session.viewport import View
from pyrviewer.ui.canvas import short_title

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

CONTROL = Qt.KeyboardModifier.ControlModifier
RATIOS = [1.0, 1.5, 2.0]


@pytest.mark.parametrize(
    ("title", "short"),
    [("Octave 4", "4"), ("Octave 4 (2)", "4 (2)"), ("Level 4 × 4", "4 × 4"), ("A scene", "scene")],
)
def test_a_narrow_pane_says_which_of_several_it_is(title: str, short: str) -> None:
    assert short_title(title) == short


@pytest.mark.parametrize("program", RATIOS, indirect=True)
def test_100_percent_is_one_image_pixel_per_device_pixel(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    press(qtbot, program, "1", CONTROL)
    wait_idle(qtbot, program)
    assert canvas.viewport.view.scale == 1
    shot = grabbed(canvas)
    assert shot.shape[1] == pytest.approx(canvas.width() * ratio_of(program), abs=1)
    # The picture may lie half a device pixel off the centre, so it is searched for.
    middle = noise[120:180, 170:230]
    windows = np.lib.stride_tricks.sliding_window_view(shot[..., 0], middle.shape[:2])
    hits = np.argwhere((windows[..., :1, :] == middle[:1, :, 0]).all((-1, -2)))
    assert any(np.array_equal(shot[y : y + 60, x : x + 60], middle) for y, x in hits)


@pytest.mark.parametrize("scale", [2.0, 3.3, 8.0])
@pytest.mark.parametrize("program", RATIOS, indirect=True)
def test_from_2x_on_pixels_are_squares(
    qtbot: QtBot, program: Program, noise: Array, scale: float
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200.3, 150.7, scale))
    shot = grabbed(canvas)
    wanted, inside = expected(noise, canvas, shot)
    assert inside.sum() > 50_000
    np.testing.assert_array_equal(shot[inside], wanted[inside])


def test_a_grid_is_drawn_from_10x_and_can_be_switched_off(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    squarely(qtbot, program, canvas, 24)

    def agreement() -> float:
        shot = grabbed(canvas)
        wanted, inside = expected(noise, canvas, shot)
        return float((shot == wanted).all(-1)[inside].mean())

    assert agreement() < 0.95
    press(qtbot, program, "G", CONTROL)
    assert agreement() == 1
    press(qtbot, program, "G", CONTROL)
    squarely(qtbot, program, canvas, 8)
    assert agreement() == 1


def test_values_are_written_into_pixels_where_they_fit(qtbot: QtBot, program: Program) -> None:
    open_array(qtbot, program, np.full((64, 64), 128, np.uint8))
    canvas = one_octave(qtbot, program, 0)

    def inks(scale: float) -> int:
        # Of one pixel, without the lines around it.
        at_view(qtbot, program, canvas, View(32.5, 32.5, scale))
        shot = grabbed(canvas)
        y, x, reach = shot.shape[0] // 2, shot.shape[1] // 2, int(scale * 0.4)
        cell = shot[y - reach : y + reach, x - reach : x + reach].reshape(-1, 3)
        return len(np.unique(cell, axis=0))

    assert inks(20) == 1
    assert inks(64) > 2


def zone_plate(side: int) -> Array:
    """Return rings whose frequency reaches Nyquist at the middle of each side."""
    ramp = np.arange(side) - side / 2
    squares = ramp**2 + ramp[:, None] ** 2
    rings = 0.5 + 0.5 * np.cos(np.pi * squares / side)
    return np.asarray(np.rint(rings * 255), np.uint8)


@pytest.mark.parametrize("scale", [1 / 8, 1 / 6, 1 / 3])
def test_zoomed_out_nothing_aliases(qtbot: QtBot, program: Program, scale: float) -> None:
    side = 2048
    plate = zone_plate(side)
    open_array(qtbot, program, plate)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(side / 2, side / 2, scale))
    shot = grabbed(canvas)[..., 0].astype(float)
    height, width = shot.shape
    x = (np.arange(width) + 0.5 - width / 2) / scale
    y = (np.arange(height) + 0.5 - height / 2) / scale
    radius = np.hypot(x, y[:, None])
    frequency = radius / side / scale  # cycles per device pixel: the screen can hold 0.5
    plain = np.maximum(abs(x), abs(y[:, None])) < side / 2 - 2 / scale
    plain[:EDGE], plain[-EDGE:] = False, False
    moire = shot[plain & (frequency > 0.75)].std()
    rows, columns = (np.arange(0, side, 1 / scale).astype(int) for _ in range(2))
    naive = plate[rows][:, columns].astype(float)
    far = np.hypot(columns - side / 2, (rows - side / 2)[:, None]) / side / scale > 0.75
    assert naive[far].std() > 60
    assert moire < 0.06 * naive[far].std()
    low = shot[plain & (frequency < 0.3)]
    assert low.std() > 40  # what the screen can hold is still there


# Pointing


@pytest.mark.parametrize("program", RATIOS, indirect=True)
@pytest.mark.parametrize("scale", [0.5, 3.7, 40.0])
def test_hover_gives_the_pixel_that_is_seen(
    qtbot: QtBot, program: Program, noise: Array, scale: float
) -> None:
    ratio = ratio_of(program)
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    centre = (200.25, 150.75)
    at_view(qtbot, program, canvas, View(*centre, scale))
    for dx, dy in ((0, 0), (-3, 2), (5, -4), (2, 3)):
        x, y = 200 + dx, 150 + dy
        px = ((x + 0.5 - centre[0]) * scale) / ratio + canvas.width() / 2
        py = ((y + 0.5 - centre[1]) * scale) / ratio + canvas.height() / 2
        hover = hover_of(canvas, px, py)
        assert hover is not None
        assert (hover.level, hover.x, hover.y) == (0, x, y)


@pytest.mark.parametrize("level", [1, 2, 4])
def test_hover_on_an_enlarged_octave_follows_its_true_geometry(
    qtbot: QtBot, program: Program, noise: Array, level: int
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, level)
    at_view(qtbot, program, canvas, View(200.0, 150.0, 3.0))
    step = 2**level
    for k in range(1, 4):
        # Pixel k of an octave lies centred on base pixel k * 2**level.
        x, y = 192 // step + k, 144 // step + k
        px = (x * step + 0.5 - 200) * 3 + canvas.width() / 2
        py = (y * step + 0.5 - 150) * 3 + canvas.height() / 2
        hover = hover_of(canvas, px, py)
        assert hover is not None
        assert (hover.level, hover.x, hover.y) == (level, x, y)


def test_nothing_is_under_the_mouse_beside_the_picture(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200, 150, 0.25))
    assert hover_of(canvas, 60, 60) is None
    assert hover_of(canvas, canvas.width() / 2, canvas.height() / 2) is not None


def test_leaving_lets_go(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    Mouse(canvas).move(canvas.width() / 2, canvas.height() / 2)
    assert "Octave 0" in program.window.status.readout.text()
    Mouse(canvas).leave()
    assert program.window.status.readout.text() == ""


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 1), np.uint8),
        np.linspace(0, 65535, 5000, dtype=np.uint16)[None],
        np.linspace(-1, 3, 4000, dtype=np.float32)[:, None],
    ],
    ids=["1x1", "1xN", "Nx1"],
)
def test_thin_pictures_can_be_looked_at(
    qtbot: QtBot, program: Program, pixels: np.ndarray[Any, np.dtype[Any]]
) -> None:
    open_array(qtbot, program, pixels)
    for layout in ("native", "upsampled", "one"):
        set_layout(qtbot, program, layout)
        for canvas in canvases(program):
            shot = grabbed(canvas)
            assert shot.shape[0] > 40
            Mouse(canvas).wheel(canvas.width() / 2, canvas.height() / 2, 5)
            Mouse(canvas).drag((30, 30), (50, 50))


def test_every_pane_says_what_it_shows(qtbot: QtBot, program: Program, photo: Path) -> None:
    program.commands.open_path(photo)
    wait_idle(qtbot, program)
    set_layout(qtbot, program, "upsampled")
    names = [canvas.accessibleName() for canvas in canvases(program)]
    assert names == [f"Octave {k}" for k in range(len(names))]
    assert len(names) > 4
