"""The Atrous lab on the screen: taps, phases, fields and nodes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from atrous_lab import LAPLACIAN, answer, change, lab_of, learned, overlay, point, show, start
from PyQt6.QtGui import QImage, QPainter
from scipy import ndimage
from support import Array, open_array, pixels_of, press, wait_idle

from pyrviewer.compute import image, network
from pyrviewer.compute.pooling.input import part
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.atrous import aspp, deeplab, marks
from pyrviewer.labs.atrous.overlays import OUTSIDE, Tap, Taps
from pyrviewer.labs.atrous.state import AtrousState, resolve
from pyrviewer.ui.overlays import Note, Outlines
from pyrviewer.ui.picture import Mapping

if TYPE_CHECKING:
    from pathlib import Path

    from PyQt6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program
    from pyrviewer.labs.atrous.controller import AtrousLab
    from pyrviewer.ui.overlays import Overlay


def dilated(kernel: Array, rate: int) -> Array:
    """Put rate - 1 zeros between the taps."""
    wide = np.zeros(((len(kernel) - 1) * rate + 1,) * 2)
    wide[::rate, ::rate] = kernel
    return wide


def correlated(maps: Array, kernel: Array, rate: int) -> Array:
    wide = dilated(kernel, rate)
    filtered = [ndimage.correlate(each.astype(float), wide, mode="constant") for each in maps]
    return np.stack(filtered)


# One convolution


def test_the_slider_convolves_at_its_rate(
    qtbot: QtBot, program: Program, photo: Path, cat: Array
) -> None:
    lab = start(qtbot, program, photo)
    lab.panel.rate.setValue(9)
    wait_idle(qtbot, program)
    expected = correlated(np.moveaxis(cat, 2, 0), LAPLACIAN, 9)
    values = np.moveaxis(answer(program).tiles["output"].values, 2, 0)
    np.testing.assert_allclose(values, expected, atol=1e-3)
    press(qtbot, program, "Ctrl+Z")
    wait_idle(qtbot, program)
    assert lab.state.rate == AtrousState().rate


def test_the_taps_are_drawn_where_the_mouse_is(qtbot: QtBot, program: Program, photo: Path) -> None:
    start(qtbot, program, photo)
    change(qtbot, program, "rate", 20)
    point(qtbot, program, "input", 200.5, 10.5)
    taps = overlay(program, "input", Taps)
    assert isinstance(taps, Taps)
    places = [(tap.box[0], tap.box[1]) for tap in taps.taps]
    assert places == [(x, y) for y in (-10, 10, 30) for x in (180, 200, 220)]
    assert [tap.inside for tap in taps.taps] == [False] * 3 + [True] * 6
    assert [tap.weight for tap in taps.taps] == LAPLACIAN.ravel().tolist()
    made = overlay(program, "output", Outlines)
    assert isinstance(made, Outlines)
    assert made.shapes[0][0] == (200, 10)
    rows = lab_of(program).panel.values_table.as_text()
    assert "6 on the map\t3 on padding" in rows


def test_a_rate_beyond_the_map_is_told(qtbot: QtBot, program: Program, noise: Array) -> None:
    program.window.show_lab("atrous")
    open_array(qtbot, program, np.ascontiguousarray(noise[:40, :50]))
    change(qtbot, program, "rate", 39)
    assert not answer(program).collapsed
    change(qtbot, program, "rate", 50)
    assert answer(program).share == pytest.approx(8 / 9)
    assert "1 × 1" in lab_of(program).panel.padding.text()
    note = overlay(program, "output", Note)
    assert isinstance(note, Note)
    assert note.text == marks.COLLAPSED


def test_what_was_stopped_is_computed_when_it_is_asked_for_again(
    qtbot: QtBot, program: Program, photo: Path
) -> None:
    lab = start(qtbot, program, photo)
    lab.change("rate", 31)
    assert program.window.cancel_work()
    wait_idle(qtbot, program)
    assert answer(program).request.state.rate == AtrousState().rate
    show(qtbot, program, "segment")
    show(qtbot, program, "rate")
    assert answer(program).request.state.rate == 31


def test_own_taps_can_be_typed(qtbot: QtBot, program: Program, gray_photo: Path) -> None:
    lab = start(qtbot, program, gray_photo)
    edit = lab.panel.taps.edits[2]
    edit.setText("2.5")
    edit.editingFinished.emit()
    wait_idle(qtbot, program)
    kernel = LAPLACIAN.copy()
    kernel[0, 2] = 2.5
    assert lab.state.kernel == "own"
    assert np.array_equal(answer(program).kernel, kernel)


@learned
def test_the_network_has_kernels_of_its_own(qtbot: QtBot, program: Program, photo: Path) -> None:
    """At rate 1 it is the network's own next layer, before its bias and ReLU6."""
    lab = start(qtbot, program, photo)
    change(qtbot, program, "layer", "block 3 expand")
    change(qtbot, program, "kernel", "network")
    change(qtbot, program, "rate", 1)
    found = answer(program)
    channel = found.channel
    net = network.load()
    made = net.features(found.maps.input, ["block 3 depthwise"])["block 3 depthwise"][channel]
    values = found.tiles["output"].values
    open_part = (made > 0) & (made < 6)
    apart = (made - values)[open_part]
    assert np.count_nonzero(open_part) > 50
    np.testing.assert_allclose(apart, np.median(apart), atol=1e-3)  # the bias
    assert lab.view.spots == ["image", "input", "output"]


def test_a_reading_does_not_stay_behind(qtbot: QtBot, program: Program, photo: Path) -> None:
    start(qtbot, program, photo)
    point(qtbot, program, "input", 200.5, 10.5)
    readout = program.window.status.readout
    assert readout.text().startswith("x 200  y 10")
    show(qtbot, program, "segment")
    assert readout.text() == ""


def drawn(mark: Overlay, width: int, height: int) -> Array:
    """Draw over a pane of that size in which pixel (0, 0) of the image is the middle."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    mark.draw(painter, Mapping(0, 0, 1, width, height), 1.0)
    painter.end()
    return pixels_of(image)


def test_a_long_note_is_broken_between_words(qapp: QApplication) -> None:
    shown = drawn(Note(marks.COLLAPSED, OUTSIDE), 200, 90).max(axis=2)
    assert not shown[:, [0, -1]].any()
    assert np.count_nonzero(shown.any(axis=1)) > 35  # two lines
    one = drawn(Note(marks.COLLAPSED, OUTSIDE), 600, 90).max(axis=2)
    assert np.count_nonzero(one.any(axis=1)) < 30


@pytest.mark.parametrize("spacing", [8, 12, 20, 40])
def test_marks_leave_what_lies_between_in_sight(qapp: QApplication, spacing: int) -> None:
    taps = [Tap((x, 0, x + 1, 1), 1, True) for x in (-spacing, 0, spacing)]
    shown = drawn(Taps(taps), 120, 60).max(axis=2)
    for between in (60 - spacing // 2, 60 + spacing // 2 + 1):
        assert not shown[:29, between].any()  # over the line that joins them
    assert shown[:29, 60].any()


def test_taps_on_padding_stay_in_sight(qapp: QApplication) -> None:
    taps = [Tap((x, 0, x + 1, 1), 1, x == 0) for x in (-90, 0, 90)]
    red = drawn(Taps(taps), 100, 60)
    red = (red[..., 0] > 200) & (red[..., 1] < 150)
    assert red[:, :15].any()
    assert red[:, -15:].any()


# Phases and stacks


def test_phases_are_ordinary_convolutions(qtbot: QtBot, program: Program, photo: Path) -> None:
    start(qtbot, program, photo, "phases")
    change(qtbot, program, "rate", 3)
    found = answer(program)
    assert found.apart < 1e-3
    height, width = 100, 151
    source, tiled = found.tiles["input"].values, found.tiles["phases"].values
    cell = np.s_[height : 2 * height, 2 * width : 2 * width + 150]
    assert np.array_equal(tiled[cell], source[1::3, 2::3])
    phase = np.moveaxis(source[1::3, 2::3], 2, 0)
    expected = np.moveaxis(correlated(phase, LAPLACIAN, 1), 0, 2)
    filtered = found.tiles["filtered"].values[cell]
    np.testing.assert_allclose(filtered, expected, atol=1e-3)
    point(qtbot, program, "input", 32.5, 31.5)  # row 1, column 2 of the phases; x 10, y 10 in it
    taps = overlay(program, "phases", Taps)
    assert isinstance(taps, Taps)
    dx, dy = found.tiles["phases"].step
    assert taps.taps[4].box[:2] == pytest.approx(((2 * width + 10) * dx, (height + 10) * dy))
    assert taps.taps[5].box[0] - taps.taps[4].box[0] == pytest.approx(dx)  # neighbours


@pytest.mark.parametrize(
    ("rates", "share"), [((2, 2, 2), "29%"), ((1, 2, 5), "100%"), ((1, 2, 9), "71%")]
)
def test_stacked_rates_leave_holes(
    qtbot: QtBot, program: Program, photo: Path, rates: tuple[int, ...], share: str
) -> None:
    lab = start(qtbot, program, photo, "stacked")
    lab.panel.rates.setText(", ".join(map(str, rates)))
    lab.panel.rates.editingFinished.emit()
    wait_idle(qtbot, program)
    assert lab.state.rates == rates
    assert f"<b>{share}</b>" in lab.panel.covered.text()
    side = 2 * sum(rates) + 1
    assert answer(program).tiles["pattern"].values.shape == (side, side)


def test_nonsense_is_no_list_of_rates(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo, "stacked")
    for text in ("0, 1", "two", "1,2,3,4,5,6,7", "", "1000"):
        lab.panel.rates.setText(text)
        lab.panel.rates.editingFinished.emit()
        assert lab.panel.rates.text() == "2, 2, 2"


# The pyramid


@learned
def test_branches_of_the_pyramid(qtbot: QtBot, program: Program, photo: Path) -> None:
    start(qtbot, program, photo, "aspp")
    change(qtbot, program, "channel", 7)
    found = answer(program)
    maps = network.load().features(found.maps.input, ["block 5"])["block 5"]
    mean = np.full((3, 3), 1 / 9)
    for k, rate in enumerate((6, 12, 18), 1):
        expected = correlated(maps[7:8], mean, rate)[0]
        np.testing.assert_allclose(found.tiles[f"branch {k}"].values, expected, atol=1e-3)
    np.testing.assert_allclose(found.tiles["branch 0"].values, maps[7], atol=1e-5)
    np.testing.assert_allclose(found.tiles["branch 4"].values, maps[7].mean(), atol=1e-4)
    assert "200 channels" in lab_of(program).panel.pyramid.note.text()


@learned
@pytest.mark.parametrize("rates", [(1, 2, 5), (6, 12, 18)])
def test_the_gradient_reaches_what_theory_says(cat: Array, rates: tuple[int, ...]) -> None:
    """At the corners, the edges and in the middle: taps on padding see nothing."""
    state = AtrousState(layout="aspp", aspp=rates, side=192)
    found = aspp.run_aspp(Ticket(), resolve(state, cat, network.load()), None)
    height, width = found.maps.values.shape[1:]
    sides = [aspp.theory(found, rate) for rate in aspp.branch_rates(rates)]
    assert sides == [67, *(67 + 16 * rate for rate in rates), 192]  # block 5: 67 pixels, 8 apart
    for x, y in itertools.product((0, width // 2, width - 1), (0, height // 2, height - 1)):
        fields = aspp.effective_fields(Ticket(), found, x, y)
        assert len(fields) == len(sides)
        for field, rate in zip(fields, aspp.branch_rates(rates), strict=True):
            rows, columns = np.nonzero(field.heat)
            box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            assert field.box == box == aspp.reach(found, rate, x, y)
            left, top, right, bottom = field.main
            assert box[0] <= left < right <= box[2]
            assert box[1] <= top < bottom <= box[3]
            power = np.square(field.heat, dtype=float)
            assert power[top:bottom, left:right].sum() >= 0.9 * power.sum()


@learned
def test_fields_are_told_where_the_mouse_rests(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start(qtbot, program, photo, "aspp")
    table = lab.panel.pyramid.table
    hidden = [table.isColumnHidden(column) for column in range(table.columnCount())]
    assert hidden == [False, False, False, False, True, True]
    program.menus.run("atrous.fields")
    assert table.isColumnHidden(1)
    for x, reached in ((230, "259×259"), (2, "137×259")):
        point(qtbot, program, "image", x, 150)
        row = table.as_text().splitlines()[3].split("\t")
        assert row[:1] + row[2:5] == ["Rate 12", "259", reached, reached]
        note = overlay(program, "branch 2", Note)
        assert isinstance(note, Note)
        assert note.text == f"sees {reached} px"
    assert overlay(program, "branch 1", Outlines)


# DeepLab

SIDE = 160  # pixels: the network is fast there


def start_small(qtbot: QtBot, program: Program, path: Path) -> AtrousLab:
    """Open a photo and reduce it before the network sees it."""
    lab = start(qtbot, program, path)
    change(qtbot, program, "side", SIDE)
    show(qtbot, program, "deeplab")
    return lab


def test_only_what_can_be_chosen_is_shown(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start_small(qtbot, program, photo)
    panel = lab.panel
    assert panel.side.isVisible()
    assert not panel.channel.isVisible()
    assert not panel.layer.isVisible()
    assert not panel.sizes.isVisible()  # they are those of the layer
    show(qtbot, program, "rate")
    assert panel.channel.isVisible()
    assert panel.layer.isVisible()
    assert "maps of" in panel.sizes.text()


@learned
def test_classes_are_those_of_the_classifier(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start_small(qtbot, program, photo)
    classes = lab.architecture.classes
    assert classes is not None
    net, pixels = network.load(), part(image.read(photo).pixels, None, SIDE)
    for stride in (32, 16, 8):
        logits = net.dense_logits(pixels, stride)
        one = classes.maps[stride]
        assert np.array_equal(one.best[..., 0], logits.argmax(axis=0))
        power = np.exp(logits - logits.max(axis=0))
        np.testing.assert_allclose(
            one.likely[..., 0], (power / power.sum(axis=0)).max(axis=0), rtol=1e-4
        )
        assert one.apart < 1e-4
    rows = lab.panel.architecture.top.as_text().splitlines()[1:]
    logits = net.dense_logits(pixels, 16).mean(axis=(1, 2), dtype=float)
    whole = np.exp(logits - logits.max())
    whole /= whole.sum()
    for row, (index, share) in zip(rows, classes.maps[16].top, strict=False):
        texts = (deeplab.percent(part) for part in (share, whole[index]))
        assert row.split("\t") == [network.class_names()[index], *texts]
    best = network.class_names()[int(whole.argmax())]
    assert f"</b> {best} {whole.max():.0%}" in lab.panel.architecture.apart.text()
    point(qtbot, program, "image 8", 225, 150)
    x, y = (int(at * SIDE / 451) // 8 for at in (225, 150))
    name = network.class_names()[int(classes.maps[8].best[y, x, 0])]
    assert name in lab.panel.values_table.as_text()


def test_little_is_not_written_as_nothing() -> None:
    shares = (0.0, 0.0004, 0.0049, 0.006, 0.994, 1.0)
    assert [deeplab.percent(share) for share in shares] == [
        "0%", "< 1%", "< 1%", "1%", "99%", "100%",
    ]  # fmt: skip


@learned
def test_every_node_shows_its_map(qtbot: QtBot, program: Program, photo: Path) -> None:
    lab = start_small(qtbot, program, photo)
    diagram, net = lab.view.diagram, network.load()
    for node in ("block 16", "aspp 2", "concat", "project", "upsample", "low", "decode", "refine"):
        diagram.button(node).click()
        wait_idle(qtbot, program)
        assert lab.state.node == node
        assert lab.view.spots == ["image", "node"]
        assert lab.view.tiles["node"].pixels[0].std() > 1
    change(qtbot, program, "stride", 8)
    diagram.button("block 16").click()
    wait_idle(qtbot, program)
    assert lab.view.tiles["node"].values.shape == (14, 20, 3)
    pixels = part(image.read(photo).pixels, None, SIDE)
    maps = net.features(pixels, ["block 16"], output_stride=8)["block 16"]
    flat = maps.reshape(320, -1)
    flat -= flat.mean(axis=1, keepdims=True)
    first = np.linalg.svd(flat, full_matrices=False)[2][0].reshape(14, 20)
    shown = lab.view.tiles["node"].values[..., 0]
    assert abs(np.corrcoef(shown.ravel(), first.ravel())[0, 1]) > 0.999
    assert diagram.button("aspp 1").text() == "Rate 12"  # doubled
    diagram.button("image").click()
    wait_idle(qtbot, program)
    assert lab.view.spots == ["image"]
