"""The Octaves lab on the screen: layouts, footprints, values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from octaves_lab import IMAGES, lab, table
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from reference import octaves
from support import (
    Array,
    Mouse,
    at_view,
    canvases,
    click_on,
    grabbed,
    levels_shown,
    open_array,
    open_file,
    press,
    set_layout,
    tap,
    texts,
    wait_idle,
)

from pyrviewer.session.viewport import View
from pyrviewer.ui.canvas import Canvas

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")
KINDS = ("gaussian", "laplacian", "dog")
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize("name", IMAGES)
def test_every_layout_shows_every_kind_of_every_image(
    qtbot: QtBot, program: Program, name: str
) -> None:
    pixels = IMAGES[name]
    open_array(qtbot, program, pixels)
    flat = min(pixels.shape[:2]) < 8
    for kind in KINDS:
        program.menus.run(f"octaves.kind.{kind}")
        for layout in LAYOUTS:
            set_layout(qtbot, program, layout)
            shot = grabbed(lab(program).view.grid)
            colours = levels_shown(shot)
            assert colours > (4 if flat else 100), f"{kind} {layout}: {colours} colours"
            assert program.window.notices.texts == [], f"{kind} {layout}"


def test_panes_and_titles_by_layout(qtbot: QtBot, program: Program, photo: Path) -> None:
    open_file(qtbot, program, photo)
    count = {}
    for layout in LAYOUTS:
        set_layout(qtbot, program, layout)
        count[layout] = len(canvases(program))
    levels = 6  # 451 x 300 down to 15 x 10
    assert count == {
        "both": 1 + levels, "native": 1, "upsampled": levels, "grid": levels, "one": 1,
        "rebuild": 2, "aliasing": 6,
    }  # fmt: skip
    set_layout(qtbot, program, "native")
    titles = canvases(program)[0].accessibleName()
    assert titles == ", ".join(f"Octave {k}" for k in range(levels))


@pytest.mark.parametrize("level", [1, 3])
def test_an_enlarged_octave_lies_where_its_samples_lie(
    qtbot: QtBot, program: Program, level: int
) -> None:
    # A white pixel of the octave, at base pixel 2**level * k, is centred on that pixel.
    image = np.zeros((256, 256), np.uint8)
    image[128, 128] = 255
    for _ in range(level):
        image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 2.0**level).astype(np.float32)
    open_array(qtbot, program, image / image.max())
    set_layout(qtbot, program, "one")
    press(qtbot, program, str(level))
    wait_idle(qtbot, program)
    (canvas,) = canvases(program)
    x, y = canvas.width() % 2 / 2 / 4, canvas.height() % 2 / 2 / 4
    at_view(qtbot, program, canvas, View(128.5 + x, 128.5 + y, 4))

    def centre() -> tuple[float, float]:
        shot = grabbed(canvas)[60:-60, 60:-60, 0].astype(float)
        shot = np.where(shot > shot.max() * 0.5, shot, 0)
        rows, columns = np.indices(shot.shape)
        return (
            (columns * shot).sum() / shot.sum() - (shot.shape[1] - 1) / 2,
            (rows * shot).sum() / shot.sum() - (shot.shape[0] - 1) / 2,
        )

    true = centre()
    assert true == pytest.approx((0, 0), abs=1.0)  # a quarter of a base pixel
    press(qtbot, program, "G")
    wait_idle(qtbot, program)
    naive = centre()
    # Stacked edge to edge, level k lies (2**k - 1) / 2 base pixels too far down and right.
    drift = (2**level - 1) / 2 * 4
    assert naive == pytest.approx((drift, drift), abs=1.5)


# Footprints and values


def support(x: int, level: int, finer: int) -> tuple[int, int]:
    """Return first and last pixel that made pixel x, by the taps' reach of 2 at each step."""
    first = last = x
    for _ in range(level - finer):
        first, last = 2 * first - 2, 2 * last + 2
    return first, last


def test_the_footprint_is_outlined_in_finer_octaves(
    qtbot: QtBot, program: Program, cat: Array
) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "grid")
    panes = canvases(program)
    at_view(qtbot, program, panes[0], View(225, 150, 0.8))
    before = [grabbed(pane).astype(int) for pane in panes]
    level, x, y = 3, 27, 18
    view = panes[level].viewport.view
    mx = (x * 8 + 0.5 - view.x) * view.scale + panes[level].width() / 2
    my = (y * 8 + 0.5 - view.y) * view.scale + panes[level].height() / 2
    Mouse(panes[level]).move(mx, my)
    for finer in range(level):
        pane = panes[finer]
        changed = np.argwhere((grabbed(pane).astype(int) != before[finer]).any(-1))
        top, left = changed.min(0)
        bottom, right = changed.max(0) + 1
        step = 2**finer
        (x0, x1), (y0, y1) = support(x, level, finer), support(y, level, finer)
        # Pixel k of an octave covers (k - 1/2) * step + 1/2 to (k + 1/2) * step + 1/2.
        wanted = [
            ((x0 - 0.5) * step + 0.5 - view.x) * view.scale + pane.width() / 2,
            ((y0 - 0.5) * step + 0.5 - view.y) * view.scale + pane.height() / 2,
            ((x1 + 0.5) * step + 0.5 - view.x) * view.scale + pane.width() / 2,
            ((y1 + 0.5) * step + 0.5 - view.y) * view.scale + pane.height() / 2,
        ]
        assert [left, top, right, bottom] == pytest.approx(wanted, abs=3.0), f"level {finer}"
    # In the coarser ones the pixel that contains it, at least as large as a mark can be seen.
    for coarser in range(level, len(panes)):
        changed = np.argwhere((grabbed(panes[coarser]).astype(int) != before[coarser]).any(-1))
        top, left = changed.min(0)
        bottom, right = changed.max(0) + 1
        side = 2**coarser * view.scale
        assert right - left == pytest.approx(max(side, 5), abs=5)
        pane = panes[coarser]
        px, py = mx - panes[level].width() / 2, my - panes[level].height() / 2
        assert left - 3 <= px + pane.width() / 2 <= right + 3
        assert top - 3 <= py + pane.height() / 2 <= bottom + 3
    Mouse(panes[level]).leave()
    for pane, shot in zip(panes, before, strict=True):
        np.testing.assert_array_equal(grabbed(pane), shot)


@pytest.mark.parametrize("name", ["rgb", "gray", "rgba", "uint16", "float32"])
def test_the_table_lists_the_values_in_the_native_dtype(
    qtbot: QtBot, program: Program, name: str
) -> None:
    pixels = IMAGES[name]
    open_array(qtbot, program, pixels)
    set_layout(qtbot, program, "grid")
    panes = canvases(program)
    at_view(qtbot, program, panes[0], View(225, 150, 3))
    level, x, y = 2, 56, 37
    view = panes[level].viewport.view
    mx = (x * 4 + 0.5 - view.x) * view.scale + panes[level].width() / 2
    my = (y * 4 + 0.5 - view.y) * view.scale + panes[level].height() / 2
    Mouse(panes[level]).move(mx, my)
    rows = table(program, "Values by level")
    wanted = octaves(pixels, len(rows) - 1)
    assert [row[0] for row in rows] == [str(k) for k in range(len(wanted))]
    for k, row in enumerate(rows):
        column, line = (int(part) for part in row[1].split(","))
        # The centre of pixel x of level 2 lies on base pixel 4 * x.
        assert (column, line) == ((x * 4 + 2**k // 2) >> k, (y * 4 + 2**k // 2) >> k), k
        shown = [float(value) for value in row[2].split()]
        true = np.atleast_1d(wanted[k][line, column])
        if pixels.dtype == np.float32:
            assert shown == pytest.approx(true.tolist(), rel=1e-3)
        else:
            assert shown == true.tolist()
    readout = program.window.status.readout.text()
    assert f"Octave {level}" in readout
    assert f"x {x}" in readout
    assert f"y {y}" in readout


def test_the_values_of_bands_are_signed(qtbot: QtBot, program: Program) -> None:
    gray = IMAGES["gray"]
    open_array(qtbot, program, gray)
    program.menus.run("octaves.kind.laplacian")
    set_layout(qtbot, program, "grid")
    coarse = octaves(gray, 1)[1]
    band = gray.astype(int) - cv2.pyrUp(coarse, dstsize=(512, 512)).astype(int)
    y, x = np.unravel_index(np.argmin(band[100:400, 100:400]), (300, 300))
    y, x = y + 100, x + 100
    pane = canvases(program)[0]
    at_view(qtbot, program, pane, View(x + 0.5, y + 0.5, 8))
    Mouse(pane).move(pane.width() / 2, pane.height() / 2)
    row = table(program, "Values by level")[0]
    assert row[1] == f"{x}, {y}"
    assert int(row[2]) == band[y, x] < -20


def test_a_click_holds_the_values_and_esc_lets_go(
    qtbot: QtBot, program: Program, cat: Array
) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "one")
    press(qtbot, program, "0")
    wait_idle(qtbot, program)
    (pane,) = canvases(program)
    mouse = Mouse(pane)
    middle = (pane.width() / 2, pane.height() / 2)
    mouse.move(*middle)
    mouse.click(*middle)
    held = table(program, "Values by level")
    mouse.move(middle[0] + 80, middle[1] + 40)
    assert table(program, "Values by level") == held
    press(qtbot, program, "Escape")
    mouse.move(middle[0] + 80, middle[1] + 40)
    assert table(program, "Values by level") != held
    mouse.click(*middle)
    mouse.click(middle[0] + 80, middle[1] + 40)  # another pixel is held instead
    mouse.move(*middle)
    assert table(program, "Values by level") != held
    at_view(qtbot, program, pane, View(225.5, 150.5, 40))
    for shift in (-12, 9):  # anywhere on the pixel
        mouse.click(middle[0] + shift, middle[1] + shift)
    mouse.move(middle[0] + 120, middle[1])
    assert table(program, "Values by level")[0][1] == "228, 150"


def test_storage_is_counted(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    rows = table(program, "Storage by level")
    sizes = [(451, 300), (226, 150), (113, 75), (57, 38), (29, 19), (15, 10)]
    assert [row[1] for row in rows] == [f"{w}×{h}" for w, h in sizes]
    total = 0
    for row, (w, h) in zip(rows, sizes, strict=True):
        total += w * h
        assert float(row[3]) == pytest.approx(total / (451 * 300), abs=6e-5)


# Elsewhere


def test_an_octave_pops_out_into_a_window_of_its_own(
    qtbot: QtBot, program: Program, cat: Array
) -> None:
    open_array(qtbot, program, cat)
    press(qtbot, program, "2")
    wait_idle(qtbot, program)
    program.menus.run("octaves.pop_out")
    wait_idle(qtbot, program)
    (window,) = (w for w in QApplication.topLevelWidgets() if "Octave 2" in w.windowTitle())
    (pane,) = window.findChildren(Canvas)
    assert levels_shown(grabbed(pane)) > 1000
    view = pane.viewport.view
    fill = max(113 * view.scale / pane.width(), 75 * view.scale / pane.height())
    assert 0.7 < fill <= 1
    Mouse(pane).move(pane.width() / 2, pane.height() / 2)
    said = next(text for text in texts(window) if text.startswith("x "))
    x, y, *values = (int(number) for number in re.findall(r"\d+", said))
    assert values == octaves(cat, 2)[2][y, x].tolist()
    assert (x, y) == pytest.approx((56, 37), abs=8)
    program.menus.run("file.close")  # it stays when the image is closed
    wait_idle(qtbot, program)
    assert levels_shown(grabbed(pane)) > 1000
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    tap(pane, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_right_click_selects_and_offers_a_menu(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "grid")
    pane = canvases(program)[3]
    Mouse(pane).click(pane.width() / 2, pane.height() / 2, Qt.MouseButton.RightButton)
    wait_idle(qtbot, program)
    assert lab(program).state.selected == 3
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    labels = [action.text().split("\t")[0] for action in menu.actions()]
    assert {"Copy picture", "Save picture as ...", "Copy as Python"} <= set(labels)
    menu.close()


def test_the_layout_buttons_do_what_they_say(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    bar = next(w for w in lab(program).view.findChildren(QWidget) if w.objectName() == "bar")
    buttons = [b for b in bar.findChildren(QToolButton) if b.isVisible() and b.text()]
    seen = []
    for button in buttons[:7]:
        click_on(button)
        wait_idle(qtbot, program)
        seen.append(lab(program).state.layout)
        assert button.isChecked()
    assert sorted(seen) == sorted(LAYOUTS)
