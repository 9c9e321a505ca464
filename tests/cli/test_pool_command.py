"""``pyrviewer pool`` and ``pyrviewer atrous`` without a window."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from reference import read_back
from scipy import ndimage
from support import PHOTOS

from pyrviewer import cli
from pyrviewer.compute import network

if TYPE_CHECKING:
    from pathlib import Path

CAT, CAMERA = PHOTOS / "chelsea.png", PHOTOS / "camera.png"


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run what must fail with one line on stderr, and return that."""
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


# pool


def test_vectors_and_cosines_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pool", CAT, CAMERA, "--levels", "3,1", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    first, second = report["images"]
    assert (first["maps"], second["maps"]) == ([3, 300, 451], [3, 512, 512])
    cat = read_back(CAT)
    u, v = np.array(first["vector"]), np.array(second["vector"])
    assert u.shape == v.shape == (30,)
    assert u[:9].reshape(3, 3)[1, 2] == cat[100:200, 300:, 0].max()
    assert u[27:].tolist() == cat.max(axis=(0, 1)).tolist()
    cosine = u @ v / np.sqrt((u @ u) * (v @ v))
    np.testing.assert_allclose(report["cosines"], [[1, cosine], [cosine, 1]])


def test_vectors_as_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("pool", CAT, CAMERA, "--reduce", "average", "--rule", "he", "-o")
    assert run(*arguments, tmp_path / "vectors.npy") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{CAT}: 3 maps of 451 x 300 in 63 numbers  1.0000 ")
    assert second.split()[-1] == "1.0000"
    vectors = np.load(tmp_path / "vectors.npy")
    cat = read_back(CAT)
    # 451 pixels: windows of 226 at strides of 225.
    assert vectors[0, 48 + 1] == pytest.approx(cat[:150, 225:451, 0].mean(), rel=1e-6)
    assert run(*arguments, tmp_path / "vectors.csv") == 0
    with (tmp_path / "vectors.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["grid", "channel", "row", "column", str(CAT), str(CAMERA)]
    assert rows[49][:4] == ["2", "0", "0", "1"]
    np.testing.assert_allclose(np.array(rows)[:, 4:].astype(float).T, vectors)


@pytest.mark.skipif(not network.available(), reason="needs the extra deep")
def test_maps_of_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pool", CAT, "--layer", "block 3", "--levels", "2", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["images"]
    assert found["maps"] == [24, 75, 113]
    maps = network.load().features(read_back(CAT), ["block 3"])["block 3"]
    assert found["vector"][3] == pytest.approx(maps[0, 37:, 56:].max(), rel=1e-6)
    for wrong, near in (("block 99", "block 9"), ("Block 5", "block 5")):
        said = fails(capsys, "pool", CAT, "--layer", wrong)
        assert f"no layer {wrong!r}, but {near}" in said
        assert len(said) < 120


@pytest.mark.parametrize("levels", ["a", "4,,1", "0", "65", "2.5", ""])
def test_levels_without_meaning(capsys: pytest.CaptureFixture[str], levels: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("pool", CAT, f"--levels={levels}")
    said = capsys.readouterr().err
    assert f"--levels: {levels!r}: bins are whole numbers of 1 to 64, such as 4,2,1" in said


# atrous


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".png"])
def test_a_kernel_spread_over_the_image(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"out{suffix}"
    assert run("atrous", CAT, "-o", path, "--rate", 4, "--kernel", "1,0,2;-1,3,-5") == 0
    assert "of the taps fell on padding" in capsys.readouterr().out
    wide = np.zeros((5, 9))
    wide[::4, ::4] = [[1, 0, 2], [-1, 3, -5]]
    # Two rows: the first lies 2 pixels above, the second 2 below.
    expected = np.stack(
        [ndimage.correlate(c, wide, mode="constant")
         for c in np.moveaxis(read_back(CAT).astype(float), 2, 0)]
    )  # fmt: skip
    if suffix == ".npy":
        found = np.load(path)
    else:
        found = np.moveaxis(read_back(path).astype(float), 2, 0) - 32768 * (suffix == ".png")
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_gray_images_have_three_equal_maps(tmp_path: Path) -> None:
    assert run("atrous", CAMERA, "-o", tmp_path / "o.npy", "--rate", 9, "--kernel", "mean") == 0
    first, second, third = np.load(tmp_path / "o.npy")
    gray = cv2.imread(str(CAMERA), cv2.IMREAD_GRAYSCALE)
    assert gray is not None
    assert first[100, 200] == pytest.approx(gray[91:110:9, 191:210:9].mean())
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pool", "missing.png"), "missing.png"),
        (("pool", CAT, "-o", "vector.txt"), "vector.txt"),
        (("atrous", "missing.png", "--rate", 2, "-o", "o.npy"), "missing.png"),
        (("atrous", CAT, "--rate", 2, "-o", "o.jpg"), "o.jpg"),
        (("atrous", CAT, "--rate", 2, "-o", "o.png", "--layer", "stem"), ".npy"),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple[object, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in fails(capsys, *arguments)
    assert not any(tmp_path.glob("[ov]*"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("pool", CAT, "--levels", "4,0"),
        ("pool", CAT, "--levels", "four"),
        ("atrous", CAT, "-o", "o.npy", "--rate", 0),
        ("atrous", CAT, "-o", "o.npy", "--rate", "a"),
        ("atrous", CAT, "-o", "o.npy", "--rate", 1, "--kernel", "1,2;3"),
        ("atrous", CAT, "-o", "o.npy", "--rate", 1, "--kernel", "blur"),
    ],
)
def test_arguments_without_meaning(
    arguments: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run(*arguments)
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert f"{str(arguments[-1])!r}: " in said
    assert "invalid" not in said  # which would name a function, and no reason
