"""``pyrviewer blend`` without a window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pyrviewer import cli
from pyrviewer.compute import blend, image

if TYPE_CHECKING:
    from pathlib import Path

    from support import Array


@pytest.fixture
def other(photo: Path, tmp_path: Path) -> Path:
    """Return the photo upside down."""
    path = tmp_path / "other.png"
    image.write(path, image.read(photo).pixels[::-1].copy())
    return path


@pytest.fixture
def half(photo: Path, tmp_path: Path) -> Path:
    """Return a mask that takes the left half."""
    mask = np.zeros(image.read(photo).pixels.shape[:2], np.uint8)
    mask[:, :200] = 255
    path = tmp_path / "half.png"
    image.write(path, mask)
    return path


def run(*arguments: object) -> Array:
    """Blend into the file after -o, and read it."""
    words = [str(argument) for argument in arguments]
    assert cli.main(["blend", *words]) == 0
    return image.read(words[words.index("-o") + 1]).pixels


def test_the_file_is_the_blend(photo: Path, other: Path, half: Path, tmp_path: Path) -> None:
    a, b, mask = (image.read(path).pixels for path in (photo, other, half))
    out = tmp_path / "out.png"
    np.testing.assert_array_equal(run(photo, other, half, "-o", out), blend.blend(a, b, mask))
    np.testing.assert_array_equal(
        run(photo, other, half, "-o", out, "--levels", 3, "--linear", "--wrap"),
        blend.blend(a, b, mask, 3, linear=True, wrap=True),
    )


def test_kinds_are_brought_together_and_what_b_does_not_cover_is_a(
    photo: Path, gray_photo: Path, half: Path, tmp_path: Path
) -> None:
    deep = tmp_path / "deep.tif"
    image.write(deep, image.read(gray_photo).pixels[:100, :120].astype(np.uint16) * 257)
    out = tmp_path / "out.tif"
    options = ("--levels", 0, "--offset=-20,210")
    result = run(photo, deep, half, "-o", out, *options)
    assert result.dtype == np.uint16
    a = image.read(photo).pixels.astype(np.uint16) * 257
    np.testing.assert_array_equal(result, a)  # the mask takes A there
    image.write(half, np.zeros(a.shape[:2], np.uint8))
    result = run(photo, deep, half, "-o", out, *options)
    placed = image.read(deep).pixels[:90, 20:]
    np.testing.assert_array_equal(result[210:, :100], np.dstack([placed] * 3))
    np.testing.assert_array_equal(result[:210], a[:210])
    np.testing.assert_array_equal(result[:, 100:], a[:, 100:])


def test_json_tells_levels_reach_and_clipping(
    photo: Path, other: Path, half: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(photo, other, half, "-o", tmp_path / "out.png", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["levels"], told["reach"]) == (6, 252)
    assert 0 <= told["clipped"] < 0.1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"a": "missing.png"}, "missing.png"),
        ({"mask": "photo"}, "in colour"),
        ({"mask": "gray"}, "512 x 512"),
        ({"more": "--levels=20"}, "levels must be 0 to 9"),
        ({"more": "--offset=5000,0"}, "do not overlap"),
        ({"out": "out.xyz"}, ".xyz files are not written"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    photo: Path, gray_photo: Path, other: Path, half: Path, tmp_path: Path,
    change: dict[str, str], words: str, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    masks = {"photo": photo, "gray": gray_photo}
    a = tmp_path / change["a"] if "a" in change else photo
    mask = masks[change["mask"]] if "mask" in change else half
    out = tmp_path / change.get("out", "out.png")
    arguments = [a, other, mask, "-o", out, *change.get("more", "").split()]
    assert cli.main(["blend", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert words in said.err
    assert not out.exists()


@pytest.mark.parametrize("offset", ["5", "a,b", "1,2,3", "nan,0"])
def test_an_offset_that_is_none_is_refused(offset: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["blend", "a", "b", "m", "-o", "o.png", f"--offset={offset}"])
    assert "--offset" in capsys.readouterr().err
