"""Everything seen in the Octaves lab can be taken away: scripts, pictures, animations, numbers."""

from __future__ import annotations

import csv
import json
import subprocess
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import PIL.Image
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from reference import octaves, rebuilt
from support import (
    PHOTOS,
    PYTHON,
    Array,
    Mouse,
    canvases,
    clean_environment,
    open_array,
    open_file,
    press,
    set_layout,
    wait_idle,
)

from pyrviewer.labs.octaves.controller import OctavesLab

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from pyrviewer.app import Program

Asked = dict[str, str]


def lab(program: Program) -> OctavesLab:
    found = program.window.lab
    assert isinstance(found, OctavesLab)
    return found


def photo() -> Array:
    """Return a photo in R, G, B, 300 x 451."""
    return np.asarray(cv2.imread(str(PHOTOS / "chelsea.png"), cv2.IMREAD_COLOR_RGB))


def shown(program: Program) -> list[Array]:
    """Return the values that the panes show, in their native dtype."""
    build = lab(program).build
    assert build is not None
    return [octave.source for octave in build.octaves]


def script(program: Program) -> str:
    """Copy as Python and return what was copied."""
    program.menus.run("octaves.copy_python")
    board = QGuiApplication.clipboard()
    assert board is not None
    return board.text()


def run(text: str) -> dict[str, Any]:
    """Run a script in this process and return its names."""
    names: dict[str, Any] = {}
    exec(compile(text, "copied.py", "exec"), names)
    return names


def in_rgb(script_text: str, arrays: list[Array]) -> list[Array]:
    """Turn around the channels of scripts that use OpenCV alone."""
    if "import cv2" not in script_text:
        return arrays
    turned = []
    for array in arrays:
        order = {2: None, 3: [2, 1, 0], 4: [2, 1, 0, 3]}[array.shape[2] if array.ndim == 3 else 2]
        turned.append(array if order is None else array[..., order])
    return turned


def write_exif(path: Path) -> None:
    picture = PIL.Image.fromarray(photo())
    exif = picture.getexif()
    exif[0x0112] = 6  # turned by a quarter
    picture.save(path, exif=exif, quality=95)


def write_pages(path: Path) -> None:
    gray = np.asarray(PIL.Image.open(PHOTOS / "camera.png"))
    pages = [PIL.Image.fromarray(gray[k : k + 200, :300]) for k in (0, 100, 200)]
    pages[0].save(path, save_all=True, append_images=pages[1:])


FILES: dict[str, Callable[[Path], object]] = {
    "rgb.png": lambda path: PIL.Image.fromarray(photo()).save(path),
    "photo.jpg": lambda path: PIL.Image.fromarray(photo()).save(path, quality=90),
    "turned.jpg": write_exif,
    "gray.png": lambda path: PIL.Image.fromarray(photo()[..., 0].copy()).save(path),
    "gray.jpg": lambda path: PIL.Image.fromarray(photo()[..., 0].copy()).save(path),
    "rgba.png": lambda path: PIL.Image.fromarray(np.dstack([photo(), photo()[..., 1]])).save(path),
    "gray alpha.png": lambda path: PIL.Image.fromarray(photo()[..., :2].copy(), "LA").save(path),
    "palette.png": lambda path: PIL.Image.fromarray(photo()).quantize(64).save(path),
    "one bit.png": lambda path: PIL.Image.fromarray(photo()[..., 0] > 99).save(path),
    "deep.png": lambda path: cv2.imwrite(str(path), photo().astype(np.uint16) * 257),
    "deep gray.tif": lambda path: cv2.imwrite(str(path), photo()[..., 0].astype(np.uint16) * 99),
    "float.tif": lambda path: cv2.imwrite(str(path), photo().astype(np.float32) / 255),
    "animated.gif": lambda path: PIL.Image.fromarray(photo()).quantize(32).save(path),
    "lossless.webp": lambda path: PIL.Image.fromarray(photo()).save(path, lossless=True),
    "pages.tif": write_pages,
    'ünï\'cödé "q".png': lambda path: PIL.Image.fromarray(photo()).save(path),
}


@pytest.mark.parametrize("name", FILES)
def test_the_script_reproduces_the_octaves_of_every_file(
    qtbot: QtBot, program: Program, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    FILES[name](path)
    open_file(qtbot, program, path)
    if name == "pages.tif":
        press(qtbot, program, "PgDown")
        wait_idle(qtbot, program)
    text = script(program)
    found = in_rgb(text, run(text)["octaves"])
    expected = shown(program)
    assert len(found) == len(expected) > 3
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ["gaussian", "laplacian", "dog"])
def test_the_script_reproduces_every_choice(qtbot: QtBot, program: Program, kind: str) -> None:
    open_file(qtbot, program, PHOTOS / "chelsea.png")
    lab(program).change("kind", kind)
    for prefilter, ratio, levels in (
        ("binomial", 2.0, -1), ("none", 2.0, 3), ("max", 2.0, 2), ("area", 1.4, -1),
        ("lanczos", 3.0, 2), ("binomial", 2.0, 0),
    ):  # fmt: skip
        for name, value in (("prefilter", prefilter), ("ratio", ratio), ("levels", levels)):
            lab(program).change(name, value)
        wait_idle(qtbot, program)
        text = script(program)
        found, expected = in_rgb(text, run(text)["octaves"]), shown(program)
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


def test_the_script_of_a_rebuilt_image_rebuilds_it(
    qtbot: QtBot, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file(qtbot, program, PHOTOS / "camera.png")
    set_layout(qtbot, program, "rebuild")
    lab(program).change("gains", (0.0, 2.5))
    wait_idle(qtbot, program)
    monkeypatch.chdir(tmp_path)
    found = run(script(program))["rebuilt"]
    gray = np.asarray(PIL.Image.open(PHOTOS / "camera.png"))
    bands = len(shown(program)) - 1
    expected = rebuilt(gray, [0, 2.5, *(1,) * (bands - 1)])
    # Float32 in place of float64 may round a half the other way.
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1
    assert (found != expected).mean() < 0.001


@pytest.mark.parametrize("kind", ["gaussian", "dog"])
def test_the_script_runs_by_itself(
    qtbot: QtBot, program: Program, tmp_path: Path, kind: str
) -> None:
    open_file(qtbot, program, PHOTOS / "chelsea.png")
    program.menus.run(f"octaves.kind.{kind}")
    wait_idle(qtbot, program)
    path = tmp_path / "copied.py"
    path.write_text(script(program), encoding="utf-8")
    ended = subprocess.run(
        [PYTHON, str(path)], capture_output=True, text=True, timeout=60, check=True,
        cwd=tmp_path, env=clean_environment({}),
    )  # fmt: skip
    dtype = {"gaussian": "uint8", "dog": "int16"}[kind]
    lines = ended.stdout.splitlines()
    assert lines[0] == f"0 (300, 451, 3) {dtype}"
    assert lines[2].startswith("2 (75, 113, 3)")
    assert ended.stderr == ""


# Files


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Answer the file dialogs: `name` is what the user chooses, `offered` what was offered."""
    answer: Asked = {"name": "", "offered": ""}

    def save(_parent: object, _title: str, offered: str, _filters: str) -> tuple[str, str]:
        answer["offered"] = offered
        return answer["name"], ""

    def folder(*_args: object) -> str:
        return answer["name"]

    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getSaveFileName", save)
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getExistingDirectory", folder)
    return answer


def do(qtbot: QtBot, program: Program, identity: str) -> str:
    """Run an export and return what was said at the end."""
    program.window.notices.clear()
    program.menus.run(identity)
    wait_idle(qtbot, program)
    texts = program.window.notices.texts
    return texts[-1] if texts else ""


def read(path: Path) -> Array:
    """Read a file as it is, R, G, B, A."""
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    if found.ndim == 3:
        found = found[..., [2, 1, 0, 3][: found.shape[2]]]
    return np.asarray(found)


@pytest.mark.parametrize("level", [0, 2])
def test_an_octave_is_saved_with_its_values(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked, level: int
) -> None:
    for pixels, suffix in (
        (photo(), ".png"), (photo()[..., 0].astype(np.uint16) * 257, ".png"),
        (photo().astype(np.float32) / 255, ".tif"), (np.dstack([photo(), photo()]), ""),
    ):  # fmt: skip
        image = pixels if suffix else pixels[..., :4].copy()
        open_array(qtbot, program, image, name="cat.png")
        press(qtbot, program, str(level))
        wait_idle(qtbot, program)
        path = tmp_path / f"saved{suffix or '.png'}"
        asked["name"] = str(path)
        assert "saved" in do(qtbot, program, "octaves.save_octave")
        found, expected = read(path), octaves(image, level)[level]
        assert found.dtype == expected.dtype
        if image.dtype == np.float32:
            np.testing.assert_allclose(found, expected, atol=1e-6)
        else:
            np.testing.assert_array_equal(found, expected)
        assert asked["offered"].endswith(path.suffix)
        assert "cat" in asked["offered"]


def test_a_name_without_a_suffix_gets_one(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked
) -> None:
    open_array(qtbot, program, photo())
    asked["name"] = str(tmp_path / "plain")
    do(qtbot, program, "octaves.save_octave")
    assert (tmp_path / "plain.png").is_file()


def test_signed_bands_are_saved_as_16_bits_about_32768(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked
) -> None:
    image = photo()
    open_array(qtbot, program, image)
    program.menus.run("octaves.kind.laplacian")
    press(qtbot, program, "0")
    wait_idle(qtbot, program)
    asked["name"] = str(tmp_path / "band.png")
    do(qtbot, program, "octaves.save_octave")
    found = read(tmp_path / "band.png")
    assert found.dtype == np.uint16
    grown = cv2.pyrUp(octaves(image, 1)[1], dstsize=(451, 300))
    np.testing.assert_array_equal(found.astype(int) - 32768, image.astype(int) - grown)


def test_all_octaves_are_saved(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked
) -> None:
    image = photo()
    open_array(qtbot, program, image, name="cat.png")
    asked["name"] = str(tmp_path)
    assert "6 octaves saved" in do(qtbot, program, "octaves.save_all")
    files = sorted(tmp_path.glob("*.png"))
    assert [path.name for path in files] == [f"cat_gaussian_{k}.png" for k in range(6)]
    for path, expected in zip(files, octaves(image, 5), strict=True):
        np.testing.assert_array_equal(read(path), expected)


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_the_animation_can_be_read_elsewhere(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked, suffix: str
) -> None:
    image = photo()[:121, :201]
    open_array(qtbot, program, image)
    path = tmp_path / f"animation{suffix}"
    asked["name"] = str(path)
    assert do(qtbot, program, "octaves.save_animation") == f"{path.name} saved."
    frames: list[Array] = []
    if suffix == ".gif":
        with PIL.Image.open(path) as found:
            for k in range(getattr(found, "n_frames", 1)):
                found.seek(k)
                frames.append(np.asarray(found.convert("RGB")))
        assert frames[0].shape == image.shape
    else:
        capture = cv2.VideoCapture(str(path))
        while (read_one := capture.read())[0]:
            frames.append(np.asarray(read_one[1])[..., ::-1])
        capture.release()
        assert frames[0].shape == (122, 202, 3)  # even sides
    assert len(frames) > 10
    sharp = [float(np.abs(np.diff(f[..., 1].astype(float), axis=1)).mean()) for f in frames]
    assert sharp[-1] > 1.5 * sharp[0]  # coarse to fine, over the dither of a GIF
    last = frames[-1][: image.shape[0], : image.shape[1]].astype(float) - image
    assert np.abs(last).mean() < 12


def test_numbers_are_written_as_json_and_csv(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked
) -> None:
    open_array(qtbot, program, photo().astype(np.uint16))
    sizes = [(451, 300), (226, 150), (113, 75), (57, 38), (29, 19), (15, 10)]
    asked["name"] = str(tmp_path / "n.json")
    do(qtbot, program, "octaves.save_numbers")
    written = json.loads((tmp_path / "n.json").read_text())
    rows = written["levels"]
    assert [(row["width"], row["height"]) for row in rows] == sizes
    assert [row["samples"] for row in rows] == [3 * w * h for w, h in sizes]
    assert [row["bytes"] for row in rows] == [6 * w * h for w, h in sizes]
    total = sum(w * h for w, h in sizes) / (451 * 300)
    assert rows[-1]["cumulative"] == pytest.approx(total)
    assert written["bound"] == pytest.approx(4 / 3 + (300 + 451 + 5) / (300 * 451))
    asked["name"] = str(tmp_path / "n.csv")
    do(qtbot, program, "octaves.save_numbers")
    with (tmp_path / "n.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [{key: float(value) for key, value in row.items()} for row in table] == rows


def test_a_cancelled_dialog_writes_nothing(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked
) -> None:
    open_array(qtbot, program, photo())
    for name in ("save_octave", "save_all", "save_animation", "save_numbers"):
        assert do(qtbot, program, f"octaves.{name}") == ""
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".png", ".gif")] == []


@pytest.mark.parametrize("name", ["save_octave", "save_animation", "save_numbers"])
@pytest.mark.parametrize("target", ["missing/x", "folder", "x.xyz"])
def test_what_cannot_be_written_is_said_in_one_sentence(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked, name: str, target: str
) -> None:
    open_array(qtbot, program, photo()[:64, :96])
    suffix = {"save_octave": ".png", "save_animation": ".gif", "save_numbers": ".csv"}[name]
    path = tmp_path / (target if "." in target else target + suffix)
    if target == "folder":
        path.mkdir()
    asked["name"] = str(path)
    said = do(qtbot, program, f"octaves.{name}")
    if name == "save_numbers" and target == "x.xyz":
        assert said == "x.xyz saved."  # as JSON
        json.loads(path.read_text())
        return
    assert path.name in said
    assert said.endswith(".")
    assert "\n" not in said
    assert [p for p in tmp_path.rglob("*") if p.is_file() and "home" not in p.parts] == []


def test_what_was_clicked_is_what_the_menu_saves(
    qtbot: QtBot, program: Program, tmp_path: Path, asked: Asked
) -> None:
    image = photo()
    open_array(qtbot, program, image)
    set_layout(qtbot, program, "grid")
    pane = canvases(program)[2]
    Mouse(pane).click(pane.width() / 2, pane.height() / 2, Qt.MouseButton.RightButton)
    menu = QGuiApplication.instance()
    assert menu is not None
    asked["name"] = str(tmp_path / "clicked.png")
    popup = program.window.findChildren(type(program.menus.menu("File")))
    shown_menu = next(m for m in popup if m.isVisible())
    entry = next(a for a in shown_menu.actions() if a.text().startswith("Save picture"))
    entry.trigger()
    shown_menu.close()
    wait_idle(qtbot, program)
    np.testing.assert_array_equal(read(tmp_path / "clicked.png"), octaves(image, 2)[2])
