"""``pyrviewer segment`` without a window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support import PHOTOS

from pyrviewer import cli
from pyrviewer.compute import image, segment
from pyrviewer.compute.filter_bank import FilterBank
from pyrviewer.compute.segment import Stroke

if TYPE_CHECKING:
    from pathlib import Path

CAT = PHOTOS / "chelsea.png"
STROKES = [
    Stroke(1, 5.0, ((200.0, 100.0), (260.0, 160.0))),
    Stroke(3, 5.0, ((20.0, 20.0), (20.0, 280.0))),
]


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    path = tmp_path / "strokes.json"
    path.write_text(json.dumps({"strokes": [stroke._asdict() for stroke in STROKES]}))
    return path


def run(*arguments: object) -> int:
    return cli.main(["segment", *(str(argument) for argument in arguments)])


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run what must fail with one line on stderr, and return that."""
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


def test_every_pixel_gets_a_class(
    tmp_path: Path, strokes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "classes.png"
    assert run(CAT, "--strokes", strokes, "-o", out, "--filters", "--json") == 0
    found = image.read(out).pixels
    assert found.shape == (300, 451)
    assert set(np.unique(found).tolist()) == {1, 3}
    for stroke in STROKES:
        for x, y in stroke.points:
            assert found[int(y), int(x)] == stroke.label
    shares = json.loads(capsys.readouterr().out)["shares"]
    assert shares["1"] == pytest.approx(float(np.mean(found == 1)))
    assert shares["1"] + shares["3"] == pytest.approx(1)


def test_strokes_may_be_a_picture_and_the_result_a_mask(tmp_path: Path, strokes: Path) -> None:
    painted, classes, mask = (tmp_path / name for name in ("painted.png", "c.png", "mask.png"))
    image.write(painted, segment.rasterise(STROKES, (300, 451)))
    assert run(CAT, "--strokes", strokes, "-o", classes, "--filters") == 0
    assert run(CAT, "--strokes", painted, "-o", mask, "--filters", "--mask", 3) == 0
    expected = np.where(image.read(classes).pixels == 3, 255, 0)
    assert np.array_equal(image.read(mask).pixels, expected)


def test_branches_can_be_chosen(tmp_path: Path, strokes: Path) -> None:
    out = tmp_path / "low.png"
    assert run(
        CAT, "--strokes", strokes, "-o", out, "--filters", "--branches", "low,point", "--no-edges"
    ) == 0  # fmt: skip
    pixels = image.read(CAT).pixels
    features = segment.prepare(FilterBank(), pixels)
    labels = segment.rasterise(STROKES, pixels.shape)
    head = segment.train(features, labels, segment.branches()[:2])
    added = segment.contributions(head, features)
    expected = segment.classify(head, segment.scores(head, added, pixels, follow_edges=False))
    assert np.array_equal(image.read(out).pixels, expected)


def test_bad_input_is_one_line(
    tmp_path: Path, strokes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    missing, broken, small = (tmp_path / name for name in ("no.json", "broken.json", "small.png"))
    broken.write_text('{"strokes": [{"label": 1}]}')
    image.write(small, np.ones((10, 10), np.uint8))
    high = tmp_path / "high.png"
    image.write(high, np.full((300, 451), 200, np.uint8))
    for path, said in (
        (missing, "cannot be read"),
        (broken, "not a file of strokes"),
        (small, "as large as the image"),
        (high, "classes are 1 to 9"),
    ):
        line = fails(capsys, CAT, "--strokes", path, "-o", out, "--filters")
        assert said in line
        assert path.name in line
    line = fails(capsys, CAT, "--strokes", strokes, "-o", out, "--filters", "--mask", 5)
    assert "class 5" in line
    one = tmp_path / "one.json"
    one.write_text(json.dumps({"strokes": [STROKES[0]._asdict()]}))
    line = fails(capsys, CAT, "--strokes", one, "-o", out, "--filters")
    assert "two classes" in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("option", "text", "reason"),
    [
        ("--branches", "low,foo", "branches are some of low,point,atrous,pooling"),
        ("--rates", "1,x", "rates are whole numbers of 1 to 64, such as 1,2,4"),
        ("--rates", "65", "rates are whole numbers of 1 to 64, such as 1,2,4"),
    ],
)
def test_options_without_meaning(
    tmp_path: Path, strokes: Path, capsys: pytest.CaptureFixture[str], option: str, text: str,
    reason: str,
) -> None:  # fmt: skip
    with pytest.raises(SystemExit, match="2"):
        run(CAT, "--strokes", strokes, "-o", tmp_path / "c.png", option, text)
    assert f"{option}: {text!r}: {reason}" in capsys.readouterr().err
