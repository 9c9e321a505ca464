"""``pyrviewer fuse`` and ``pyrviewer stack`` without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from reference import psnr, read_back

from pyrviewer import cli
from pyrviewer.compute import fusion, image

if TYPE_CHECKING:
    from pathlib import Path

    from support import Array


@pytest.fixture
def exposures(cat: Array, tmp_path: Path) -> list[Path]:
    paths = []
    for stops in (-2, 0, 2):
        light = np.clip((cat / 255) ** 2.2 * 2.0**stops, 0, 1)
        paths.append(tmp_path / f"exposure{stops}.png")
        image.write(paths[-1], np.rint(255 * light ** (1 / 2.2)).astype(np.uint8))
    return paths


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_fused_picture_and_weights_are_written(
    exposures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, maps = tmp_path / "fused.png", tmp_path / "maps"
    assert run("fuse", *exposures, "-o", out, "--weights", maps) == 0
    expected = fusion.fuse([read_back(path) for path in exposures])
    np.testing.assert_array_equal(read_back(out), expected.pixels)
    written = sorted(maps.iterdir())
    assert [path.name for path in written] == [
        "001_exposure-2.png",
        "002_exposure0.png",
        "003_exposure2.png",
    ]
    for path, weights in zip(written, expected.weights, strict=True):
        np.testing.assert_allclose(read_back(path), 255 * weights, atol=0.51)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_stacked_picture_is_sharp_everywhere(cat: Array, tmp_path: Path) -> None:
    blurred = np.asarray(cv2.GaussianBlur(cat, (0, 0), 3))
    near, far = cat.copy(), cat.copy()
    near[:150], far[150:] = blurred[:150], blurred[150:]
    paths = [tmp_path / "near.png", tmp_path / "far.png"]
    for path, pixels in zip(paths, (near, far), strict=True):
        image.write(path, pixels)
    assert run("stack", *paths, "-o", tmp_path / "out.png") == 0
    assert psnr(read_back(tmp_path / "out.png"), cat) > 45
    assert max(psnr(near, cat), psnr(far, cat)) < 35


def test_moved_pictures_are_aligned_and_cut(cat: Array, tmp_path: Path) -> None:
    paths = []
    for k, (x, y) in enumerate(((0, 0), (9, 5), (14, 2))):
        paths.append(tmp_path / f"{k}.png")
        image.write(paths[-1], np.ascontiguousarray(cat[y : y + 280, x : x + 420]))
    assert run("fuse", *paths, "-o", tmp_path / "out.png", "--align") == 0
    result = read_back(tmp_path / "out.png")
    # All three show columns 14 to 420 and rows 5 to 280; a fraction of a pixel may be missing.
    assert 273 <= result.shape[0] <= 275
    assert 404 <= result.shape[1] <= 406
    original = cat[5:280, 14:420]
    score = cv2.matchTemplate(original, result, cv2.TM_CCOEFF_NORMED).max()
    assert score > 0.995


def test_opaque_transparency_is_left_out(cat: Array, tmp_path: Path) -> None:
    paths = [tmp_path / "plain.png", tmp_path / "opaque.png"]
    image.write(paths[0], cat)
    image.write(paths[1], np.dstack([cat, np.full(cat.shape[:2], 255, np.uint8)]))
    assert run("fuse", *paths, "-o", tmp_path / "out.png") == 0
    assert np.abs(read_back(tmp_path / "out.png").astype(int) - cat).max() <= 1


@pytest.mark.parametrize("command", ["fuse", "stack"])
def test_bad_input_is_one_line_and_nothing_is_written(
    command: str,
    exposures: list[Path],
    gray_photo: Path,
    cat: Array,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, clear = tmp_path / "out.png", tmp_path / "clear.png"
    image.write(clear, np.dstack([cat, cat[..., 0]]))
    for arguments, words in (
        ([exposures[0], gray_photo], "camera.png has 512 x 512"),
        ([exposures[0], gray_photo, "--align"], "cannot be aligned"),
        ([exposures[0], clear], "clear.png is transparent"),
        ([exposures[0], tmp_path / "missing.png"], "missing.png"),
        ([exposures[0]], "Two or more"),
        ([*exposures, "--levels", "40"], "levels must be"),
    ):
        assert run(command, *arguments, "-o", out, "--weights", tmp_path / "maps") == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert len(said.err.splitlines()) == 1
        assert words in said.err
        assert not out.exists()
        assert not (tmp_path / "maps").exists()


def test_output_that_cannot_be_written(
    exposures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fuse", *exposures, "-o", tmp_path / "out.xyz", "--weights", tmp_path / "maps") == 2
    assert "out.xyz cannot be written" in capsys.readouterr().err
    assert not (tmp_path / "maps").exists()
