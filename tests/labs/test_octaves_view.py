"""The Octaves lab on the screen: layouts, footprints, values, keys, the bench of gains."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QLabel, QMenu, QSlider, QTableWidget, QToolButton, QWidget
from reference import octaves, psnr, rebuilt
from support import (
    PHOTOS,
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

from pyrviewer.labs.octaves.controller import OctavesLab
from pyrviewer.session.viewport import View
from pyrviewer.ui.canvas import Canvas

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")
KINDS = ("gaussian", "laplacian", "dog")
CONTROL = Qt.KeyboardModifier.ControlModifier


def lab(program: Program) -> OctavesLab:
    found = program.window.lab
    assert isinstance(found, OctavesLab)
    return found


@pytest.fixture
def cat() -> Array:
    """Return a photo in colour, 300 x 451."""
    return np.asarray(cv2.imread(str(PHOTOS / "chelsea.png"), cv2.IMREAD_COLOR_RGB))


def images() -> dict[str, Array]:
    """Return one image of each kind."""
    photo = np.asarray(cv2.imread(str(PHOTOS / "chelsea.png"), cv2.IMREAD_COLOR_RGB))
    gray = np.asarray(cv2.imread(str(PHOTOS / "camera.png"), cv2.IMREAD_GRAYSCALE))
    alpha = np.dstack([photo, photo[..., 0]])
    found: dict[str, Array] = {
        "rgb": photo,
        "gray": gray,
        "rgba": alpha,
        "uint16": photo.astype(np.uint16) * 257,
        "gray uint16": gray.astype(np.uint16) * 251,
        "float32": photo.astype(np.float32) / 255,
        "float32 with negatives": gray.astype(np.float32) - 100,
        "odd": photo[:97, :203],
        "1x1": photo[:1, :1],
        "1xN": photo[:1],
        "Nx1": gray[:, :1],
        "2x3": photo[:2, :3],
    }
    return found


IMAGES = images()


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


def table(program: Program, name: str) -> list[list[str]]:
    """Return what a table of the panel says."""
    found = next(
        t for t in lab(program).panel.findChildren(QTableWidget) if t.accessibleName() == name
    )
    return [
        [item.text() if (item := found.item(y, x)) else "" for x in range(found.columnCount())]
        for y in range(found.rowCount())
    ]


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


# Rebuilding


def result_text(program: Program) -> str:
    """Return what the panel says about the rebuilt image."""
    labels = lab(program).panel.equaliser.findChildren(QLabel)
    return next(t for label in labels if re.search("Exact|PSNR", t := label.text()))


def named(program: Program, kind: type[Any], name: str) -> Any:
    """Return the visible control of a name."""
    return next(
        w
        for w in program.window.findChildren(kind)
        if w.isVisible() and name in (w.accessibleName(), w.text() if kind is QToolButton else "")
    )


def measured(program: Program) -> float:
    found = re.search(r"PSNR <b>([\d.]+) dB", result_text(program))
    assert found is not None, result_text(program)
    return float(found[1])


def test_exact_is_measured_and_goes_when_a_band_is_muted(qtbot: QtBot, program: Program) -> None:
    gray = IMAGES["gray"]
    open_array(qtbot, program, gray)
    set_layout(qtbot, program, "rebuild")
    assert "Exact" in result_text(program)
    Mouse(named(program, QToolButton, "Mute band 0")).click(8, 8)
    wait_idle(qtbot, program)
    assert "Exact" not in result_text(program)
    bands = len(table(program, "Storage by level")) - 1
    gains = [0, *(1,) * bands]
    assert measured(program) == pytest.approx(psnr(rebuilt(gray, gains), gray), abs=0.006)
    Mouse(named(program, QToolButton, "Mute band 1")).click(8, 8)
    wait_idle(qtbot, program)
    gains = [0, 0, *(1,) * (bands - 1)]
    assert measured(program) == pytest.approx(psnr(rebuilt(gray, gains), gray), abs=0.006)
    for _ in range(2):
        press(qtbot, program, "Z", CONTROL)
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)


def test_solo_is_that_band_alone(qtbot: QtBot, program: Program) -> None:
    gray = IMAGES["gray"]
    open_array(qtbot, program, gray)
    set_layout(qtbot, program, "rebuild")
    bands = len(table(program, "Storage by level")) - 1
    Mouse(named(program, QToolButton, "Solo residual")).click(8, 8)
    wait_idle(qtbot, program)
    gains = [*(0,) * bands, 1]
    assert measured(program) == pytest.approx(psnr(rebuilt(gray, gains), gray), abs=0.006)
    Mouse(named(program, QToolButton, "Solo residual")).click(8, 8)
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)


def test_a_gain_that_is_not_1_is_not_exact(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "rebuild")
    slider = named(program, QSlider, "Gain of band 1")
    slider.setFocus()
    tap(slider, Qt.Key.Key_Right)
    wait_idle(qtbot, program)
    assert "Exact" not in result_text(program)
    program.menus.run("octaves.reset_gains")
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)


@pytest.mark.parametrize("name", ["rgba", "uint16", "odd", "1x1", "1xN", "Nx1", "2x3"])
def test_integers_are_rebuilt_exactly(qtbot: QtBot, program: Program, name: str) -> None:
    open_array(qtbot, program, IMAGES[name])
    set_layout(qtbot, program, "rebuild")
    assert "Exact" in result_text(program)


def test_a_gain_drag_is_one_step(qtbot: QtBot, program: Program, cat: Array) -> None:
    document = open_array(qtbot, program, cat)
    set_layout(qtbot, program, "rebuild")
    slider = named(program, QSlider, "Gain of band 0")
    count = document.undo_stack.count()
    for value in range(20):
        slider.setValue(slider.value() - 1 - value % 2)
    wait_idle(qtbot, program)
    assert document.undo_stack.count() == count + 1
    assert "Exact" not in result_text(program)
    press(qtbot, program, "Z", CONTROL)
    wait_idle(qtbot, program)
    assert "Exact" in result_text(program)


# Keys


def test_numbers_and_arrows_select_an_octave(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)

    def after(key: str) -> int:
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        return lab(program).state.selected

    assert [after(str(k)) for k in range(6)] == [0, 1, 2, 3, 4, 5]
    assert after("9") == 5  # there is no octave 9: the coarsest one
    assert [after("Down"), after("Down"), after("Up")] == [4, 3, 4]
    assert [after("0"), after("Down")] == [0, 0]
    selected = [pane.selected for pane in canvases(program)[1:]]
    assert selected == [True] + [False] * 5


@pytest.mark.parametrize(
    ("key", "mode"), [("A", "first"), ("B", "second"), ("V", "slider"), ("W", "difference")]
)
def test_letters_compare(qtbot: QtBot, program: Program, cat: Array, key: str, mode: str) -> None:
    open_array(qtbot, program, cat)
    press(qtbot, program, "3")
    press(qtbot, program, key)
    wait_idle(qtbot, program)
    assert lab(program).state.compare == mode
    (pane,) = canvases(program)
    shot = grabbed(pane).astype(float)[60:-60]
    middle = shot[:, shot.shape[1] // 4 : -shot.shape[1] // 4]
    sharp = float(np.abs(np.diff(middle[..., 0], axis=1)).mean())
    assert {"first": sharp > 3, "second": sharp < 3, "slider": True, "difference": True}[mode]
    if mode == "difference":
        assert "−" in pane.accessibleName()
    half = shot.shape[1] // 2
    left = np.abs(np.diff(shot[:, half // 2 : half - 10, 0], axis=1)).mean()
    right = np.abs(np.diff(shot[:, half + 10 : half + half // 2, 0], axis=1)).mean()
    assert (left > 1.5 * right) == (mode == "slider")


def test_the_animation_plays_steps_and_jumps(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "rebuild")

    def after(key: str) -> int:
        press(qtbot, program, key)
        wait_idle(qtbot, program)
        return lab(program).state.detail

    assert after("Home") == 0
    assert [after("."), after("."), after(",")] == [1, 2, 1]
    assert after("End") == 5
    assert "Exact" in result_text(program)
    assert after(".") == 5
    press(qtbot, program, "P")  # at the end: from the start
    assert lab(program).state.detail == 0
    qtbot.waitUntil(lambda: lab(program).state.detail >= 2, timeout=5000)
    press(qtbot, program, "P")
    held = lab(program).state.detail
    bar = lab(program).view.transport
    assert not bar.playing
    wait_idle(qtbot, program)
    assert lab(program).state.detail == held


def test_play_from_another_layout_goes_to_rebuild(
    qtbot: QtBot, program: Program, cat: Array
) -> None:
    open_array(qtbot, program, cat)
    press(qtbot, program, "P")
    wait_idle(qtbot, program)
    assert lab(program).state.layout == "rebuild"
    assert lab(program).view.transport.playing
    set_layout(qtbot, program, "grid")
    qtbot.waitUntil(lambda: not lab(program).view.transport.playing)


def test_n_stretches_the_display_and_r_resets_it(qtbot: QtBot, program: Program) -> None:
    dull = (IMAGES["gray"] // 4 + 90).astype(np.uint8)
    open_array(qtbot, program, dull)
    set_layout(qtbot, program, "one")
    (pane,) = canvases(program)

    def spread() -> float:
        return float(np.ptp(np.percentile(grabbed(pane)[60:-60, 300:-300], (2, 98))))

    before = spread()
    press(qtbot, program, "N")
    wait_idle(qtbot, program)
    assert spread() > 2.5 * before
    Mouse(pane).wheel(100, 100, 3)
    press(qtbot, program, "R")
    wait_idle(qtbot, program)
    assert not lab(program).state.auto_range
    assert spread() == pytest.approx(before, abs=2)
    assert pane.viewport.fitting


def test_fit_and_100_percent(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    set_layout(qtbot, program, "one")
    (pane,) = canvases(program)
    fitted = pane.viewport.view
    for key, keys in (("F", None), ("0", CONTROL)):
        press(qtbot, program, "1", CONTROL)
        assert pane.viewport.view.scale == 1
        press(qtbot, program, key, keys or Qt.KeyboardModifier.NoModifier)
        wait_idle(qtbot, program)
        assert pane.viewport.view == fitted
    press(qtbot, program, "+")
    assert pane.viewport.view.scale > fitted.scale
    press(qtbot, program, "-")
    assert pane.viewport.view.scale == pytest.approx(fitted.scale)
    press(qtbot, program, "Right", CONTROL)
    assert pane.viewport.view.x > fitted.x


def test_l_links_and_unlinks(qtbot: QtBot, program: Program, cat: Array) -> None:
    open_array(qtbot, program, cat)
    link = program.menus.action("view.link")
    program.menus.refresh()
    assert link.isChecked()
    press(qtbot, program, "L")
    assert not link.isChecked()
    press(qtbot, program, "L")
    assert link.isChecked()


def test_every_control_of_the_panel_is_one_undo_step(
    qtbot: QtBot, program: Program, cat: Array
) -> None:
    document = open_array(qtbot, program, cat)
    start = lab(program).state
    for name, value in (
        ("kind", "dog"), ("levels", 3), ("ratio", 1.5), ("prefilter", "area"), ("layout", "one"),
        ("selected", 2), ("compare", "first"), ("true_geometry", False), ("smooth", False),
        ("auto_range", True),
    ):  # fmt: skip
        lab(program).change(name, value)
    wait_idle(qtbot, program)
    assert document.undo_stack.count() == 10
    end = lab(program).state
    for _ in range(10):
        press(qtbot, program, "Z", CONTROL)
    wait_idle(qtbot, program)
    assert lab(program).state == start
    for _ in range(10):
        press(qtbot, program, "Y", CONTROL)
    wait_idle(qtbot, program)
    assert lab(program).state == end
    assert program.window.notices.texts == []


@pytest.mark.parametrize("prefilter", ["binomial", "none", "box", "area", "lanczos", "max"])
def test_every_prefilter_and_ratio_is_shown(
    qtbot: QtBot, program: Program, cat: Array, prefilter: str
) -> None:
    open_array(qtbot, program, cat)
    lab(program).change("prefilter", prefilter)
    for ratio in (2.0, 1.1, 1.4, 4.0):
        lab(program).change("ratio", ratio)
        wait_idle(qtbot, program)
        used = 2.0 if prefilter == "max" else ratio
        rows = table(program, "Storage by level")
        w, h = (int(side) for side in rows[1][1].split("×"))
        assert (w, h) == pytest.approx((451 / used, 300 / used), abs=0.51)
        assert program.window.notices.texts == []
        assert levels_shown(grabbed(lab(program).view.grid)) > 1000


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
