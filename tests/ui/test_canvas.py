"""The canvas: which pixel lands where, at any zoom and pixel ratio, and what the mouse does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from PyQt6.QtCore import Qt
from support import (
    LEFT,
    MIDDLE,
    Array,
    Mouse,
    at_view,
    canvases,
    grabbed,
    hold_key,
    open_array,
    press,
    release_key,
    set_layout,
    wait_idle,
)

from pyrviewer.session.viewport import MAX_SCALE, MIN_SCALE, View

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.ui.canvas import Canvas
    from pyrviewer.ui.navigator import Hover

CONTROL = Qt.KeyboardModifier.ControlModifier
RATIOS = [1.0, 1.5, 2.0]
EDGE = 48  # logical pixels at the border of a pane that titles and the frame may cover


@pytest.fixture
def noise() -> Array:
    """Return noise in colour, in which every pixel is unlike its neighbours."""
    return np.random.default_rng(3).integers(0, 256, (301, 403, 3), np.uint8)


def one_octave(qtbot: QtBot, program: Program, level: int) -> Canvas:
    """Show one octave large and return its pane."""
    set_layout(qtbot, program, "one")
    press(qtbot, program, str(level))
    wait_idle(qtbot, program)
    (canvas,) = canvases(program)
    return canvas


def ratio_of(program: Program) -> float:
    """Return the device pixels per logical pixel, which must be those of the screen."""
    ratio = program.window.devicePixelRatioF()
    assert all(canvas.devicePixelRatioF() == ratio for canvas in canvases(program))
    return ratio


def squarely(qtbot: QtBot, program: Program, canvas: Canvas, scale: float) -> None:
    """Look at the middle so that borders of image pixels are borders of device pixels."""
    x, y = canvas.width() % 2 / 2 / scale, canvas.height() % 2 / 2 / scale
    at_view(qtbot, program, canvas, View(200 + x, 150 + y, scale))


def expected(pixels: Array, canvas: Canvas, shot: Array) -> tuple[Array, Array]:
    """Return what nearest neighbour puts on each device pixel, and where that is certain."""
    view, ratio = canvas.viewport.view, canvas.devicePixelRatioF()

    def axis(
        count: int, size: float, centre: float, side: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        # Through the centre of each device pixel, by the definition of centre and scale.
        place = (np.arange(count) + 0.5 - size * ratio / 2) / view.scale + centre
        pixel = np.floor(place).astype(np.int64)
        border = np.minimum(place - pixel, pixel + 1 - place) * view.scale
        # Where a border between two pixels meets the centre of a device pixel either is right.
        slack = 0.3 if view.scale % 1 == 0 else 0.6
        certain = (pixel >= 0) & (pixel < side) & (border > slack)
        edge = round(EDGE * ratio)
        certain[:edge] = certain[-edge:] = False
        return np.clip(pixel, 0, side - 1), certain

    x, sure_x = axis(shot.shape[1], canvas.width(), view.x, pixels.shape[1])
    y, sure_y = axis(shot.shape[0], canvas.height(), view.y, pixels.shape[0])
    return pixels[y][:, x], sure_y[:, None] & sure_x


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


def hover_of(canvas: Canvas, x: float, y: float) -> Hover | None:
    """Move the mouse and return what the canvas says is under it."""
    heard: list[Hover | None] = []
    canvas.hovered.connect(heard.append)
    Mouse(canvas).move(x, y)
    canvas.hovered.disconnect(heard.append)
    assert len(heard) == 1
    return heard[0]


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


# Moving


def base_under(canvas: Canvas, x: float, y: float) -> tuple[float, float]:
    hover = hover_of(canvas, x, y)
    assert hover is not None
    return hover.canvas_x, hover.canvas_y


@pytest.mark.parametrize("program", [1.0, 1.5], indirect=True)
def test_the_wheel_zooms_at_the_cursor(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200, 150, 2))
    spot = (canvas.width() * 0.3, canvas.height() * 0.6)
    before = base_under(canvas, *spot)
    for turns in (1.0, 1.0, 0.5, -1.0, 3.0, -2.5):
        scale = canvas.viewport.view.scale
        Mouse(canvas).wheel(*spot, turns)
        assert (canvas.viewport.view.scale > scale) == (turns > 0)
        assert base_under(canvas, *spot) == pytest.approx(before)


def test_zoom_stops_at_its_limits(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    set_layout(qtbot, program, "upsampled")
    for linked in (True, False):
        if not linked:
            press(qtbot, program, "L")
        canvas = canvases(program)[0]
        middle = (canvas.width() / 2, canvas.height() / 2)
        for turns, limit in ((200, MAX_SCALE), (-400, MIN_SCALE)):
            Mouse(canvas).wheel(*middle, turns)
            canvas.repaint()
            assert canvas.effective_view().scale == pytest.approx(limit)


def test_dragging_pans(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200, 150, 2))
    for button in (LEFT, MIDDLE):
        start, end = (400.0, 300.0), (320.0, 260.0)
        grasped = base_under(canvas, *start)
        Mouse(canvas).drag(start, end, button)
        # What was grasped is still under the mouse, but for the way that makes it a drag.
        assert base_under(canvas, *end) == pytest.approx(grasped, abs=0.01)


def test_a_pinch_of_motion_is_still_a_click(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    clicks: list[Hover] = []
    canvas.clicked.connect(clicks.append)
    before = canvas.viewport.view
    Mouse(canvas).drag((300, 300), (301, 301), steps=1)
    canvas.clicked.disconnect(clicks.append)
    assert len(clicks) == 1
    assert canvas.viewport.view == before


def test_a_trackpad_pans(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    at_view(qtbot, program, canvas, View(200, 150, 2))
    Mouse(canvas).scroll_pad(300, 300, 20, -10)
    view = canvas.viewport.view
    assert (view.x, view.y, view.scale) == pytest.approx((190, 155, 2))


def test_a_preference_swaps_wheel_and_pan(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    program.menus.run("view.wheel")
    at_view(qtbot, program, canvas, View(200, 150, 2))
    Mouse(canvas).wheel(300, 300, 1)
    assert canvas.viewport.view.scale == 2
    assert canvas.viewport.view.y < 150
    Mouse(canvas).wheel(300, 300, 1, CONTROL)
    assert canvas.viewport.view.scale > 2
    set_layout(qtbot, program, "grid")  # new panes obey, too
    canvas = canvases(program)[0]
    before = canvas.viewport.view.scale
    Mouse(canvas).wheel(20, 20, 1)
    assert canvas.viewport.view.scale == before


def test_double_click_goes_to_100_percent_there_and_back(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    fitted = canvas.viewport.view
    assert fitted.scale > 1
    spot = (canvas.width() * 0.4, canvas.height() * 0.6)
    before = base_under(canvas, *spot)
    Mouse(canvas).double_click(*spot)
    assert canvas.viewport.view.scale == 1
    assert base_under(canvas, *spot) == pytest.approx(before)
    Mouse(canvas).double_click(*spot)
    assert canvas.viewport.view == fitted


def test_fit_shows_everything_and_follows_the_size(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 0)
    for size in ((1280, 720), (900, 600), (1600, 1000)):
        program.window.resize(*size)
        wait_idle(qtbot, program)
        view, height, width = canvas.viewport.view, *noise.shape[:2]
        left = (0 - view.x) * view.scale + canvas.width() / 2
        top = (0 - view.y) * view.scale + canvas.height() / 2
        right, bottom = left + width * view.scale, top + height * view.scale
        assert 0 <= left < right <= canvas.width()
        assert 0 <= top < bottom <= canvas.height()
        room = max(width * view.scale / canvas.width(), height * view.scale / canvas.height())
        assert room > 0.75


# Several panes


def two_panes(qtbot: QtBot, program: Program, pixels: Array) -> tuple[Canvas, Canvas]:
    open_array(qtbot, program, pixels)
    set_layout(qtbot, program, "grid")
    first, second = canvases(program)[:2]
    at_view(qtbot, program, first, View(200, 150, 4))
    return first, second


def centre(canvas: Canvas) -> tuple[float, float]:
    return base_under(canvas, canvas.width() / 2, canvas.height() / 2)


def test_linked_panes_look_at_the_same_place(qtbot: QtBot, program: Program, noise: Array) -> None:
    first, second = two_panes(qtbot, program, noise)
    Mouse(first).drag((100, 90), (60, 70))
    Mouse(second).wheel(second.width() / 2, second.height() / 2, 1)
    assert centre(first) == pytest.approx(centre(second))
    assert centre(first) == pytest.approx((210, 155))


def test_ctrl_drag_moves_one_pane_alone_and_fit_aligns_it_again(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    first, second = two_panes(qtbot, program, noise)
    Mouse(second).drag((100, 90), (80, 70), keys=CONTROL)
    assert centre(first) == pytest.approx((200, 150))
    assert centre(second) == pytest.approx((205, 155))
    Mouse(first).drag((100, 90), (60, 90))  # together again, with the offset kept
    assert centre(first) == pytest.approx((210, 150))
    assert centre(second) == pytest.approx((215, 155))
    press(qtbot, program, "F")
    assert centre(first) == pytest.approx(centre(second))


def test_unlinked_panes_move_alone_and_keep_their_offset_when_linked_again(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    first, second = two_panes(qtbot, program, noise)
    press(qtbot, program, "L")
    Mouse(first).drag((100, 90), (60, 90))
    Mouse(first).wheel(first.width() / 2, first.height() / 2, 2)
    assert centre(first) == pytest.approx((210, 150))
    assert centre(second) == pytest.approx((200, 150))
    press(qtbot, program, "L")
    scale = first.effective_view().scale / second.effective_view().scale
    assert scale == pytest.approx(1.44)
    Mouse(second).drag((100, 90), (100, 50))
    assert centre(second) == pytest.approx((200, 160))
    assert centre(first) == pytest.approx((210, 160))
    Mouse(second).wheel(second.width() / 2, second.height() / 2, 1)
    ratio = first.effective_view().scale / second.effective_view().scale
    assert ratio == pytest.approx(scale)


def test_panes_made_while_unlinked_are_unlinked(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    two_panes(qtbot, program, noise)
    press(qtbot, program, "L")
    set_layout(qtbot, program, "upsampled")
    first, second = canvases(program)[:2]
    at_view(qtbot, program, first, View(200, 150, 4))
    Mouse(first).drag((100, 90), (60, 90))
    assert centre(second) == pytest.approx((200, 150))


def test_the_divider_is_dragged_and_splits_original_and_result(
    qtbot: QtBot, program: Program, noise: Array
) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 3)
    press(qtbot, program, "V")
    wait_idle(qtbot, program)
    at_view(qtbot, program, canvas, View(200, 150, 4))
    view = canvas.viewport.view
    width, height = canvas.width(), canvas.height()

    def rough(x0: float, x1: float) -> float:
        shot = grabbed(canvas).astype(float)
        return float(shot[EDGE : height - EDGE, round(x0 * width) : round(x1 * width)].std())

    assert rough(0.1, 0.45) > 5 * rough(0.55, 0.9)
    Mouse(canvas).drag((width / 2, height / 2), (width * 0.25, height / 2))
    assert canvas.viewport.view == view  # the picture stays
    assert rough(0.05, 0.2) > 5 * rough(0.3, 0.45)
    left, right = hover_of(canvas, width * 0.2, 300), hover_of(canvas, width * 0.3, 300)
    assert left is not None
    assert right is not None
    assert (left.level, right.level) == (0, 3)
    Mouse(canvas).drag((width * 0.25, height / 2), (-500, height / 2))
    Mouse(canvas).drag((width * 0.02, height / 2), (width * 0.7, height / 2))
    assert rough(0.3, 0.65) > 5 * rough(0.75, 0.9)


def test_shift_shows_the_original(qtbot: QtBot, program: Program, noise: Array) -> None:
    open_array(qtbot, program, noise)
    canvas = one_octave(qtbot, program, 4)
    squarely(qtbot, program, canvas, 4)
    before = grabbed(canvas)
    hold_key(canvas, Qt.Key.Key_Shift)
    during = grabbed(canvas)
    release_key(canvas, Qt.Key.Key_Shift)
    after = grabbed(canvas)
    wanted, inside = expected(noise, canvas, during)
    np.testing.assert_array_equal(during[inside], wanted[inside])
    np.testing.assert_array_equal(after, before)
    assert (before != during).any()


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
