"""``pyrviewer search`` without a window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pyrviewer import cli
from pyrviewer.compute import image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def template(photo: Path, tmp_path: Path) -> Path:
    path = tmp_path / "eye.png"
    image.write(path, image.read(photo).pixels[90:150, 150:230].copy())
    return path


def test_a_line_for_each_match(
    photo: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["search", str(photo), str(template)]) == 0
    words = capsys.readouterr().out.split(": ", 1)[1].split()
    found = dict(zip(words[::2], words[1::2], strict=True))
    assert (float(found["x"]), float(found["y"])) == (150, 90)
    assert float(found["score"]) == pytest.approx(1, abs=1e-4)


def test_json_of_many_scenes(
    photo: Path, gray_photo: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["search", str(photo), str(gray_photo), str(template), "--json", "--exact"]
    assert cli.main([*arguments, "--min-score", "0.9"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["matches"][0]["x"], first["matches"][0]["y"]) == (150, 90)
    assert second["matches"] == []
    assert second["best"]["score"] < 0.9
    assert first["proof"] in ("perfect", "bound", "exhaustive")


@pytest.mark.parametrize(
    ("scene", "words"),
    [("missing.png", "missing.png"), ("eye.png", "larger than the scene")],
)
def test_bad_input_is_one_line(
    photo: Path, template: Path, scene: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = photo if scene == "eye.png" else template
    assert cli.main(["search", str(template.parent / scene), str(other)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert words in said.err


def test_what_is_found_nowhere_is_told_by_the_exit_code(
    gray_photo: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["search", str(gray_photo), str(template), "--min-score", "0.99"]) == 1
    assert "no match" in capsys.readouterr().out


def test_one_bad_scene_does_not_hide_the_others(
    photo: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["search", "missing.png", str(photo), str(template)]) == 2
    said = capsys.readouterr()
    assert "x 150.00 y 90.00" in said.out
    assert len(said.err.splitlines()) == 1
    assert "missing.png" in said.err


def test_a_wrong_setting_is_called_as_it_was_typed(
    photo: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["search", str(photo), str(template), "--matches", "0"]) == 2
    assert "--matches must be at least 1" in capsys.readouterr().err
