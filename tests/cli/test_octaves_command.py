"""``pyrviewer octaves``: files that read back to the bit, and one line for bad input."""

from __future__ import annotations

import io
import json
import subprocess
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import PIL.Image
import pytest
from reference import octaves, read_back
from support import PHOTOS, PYTHON, Array, clean_environment

from pyrviewer import cli
from pyrviewer.compute import pyramid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CAT = PHOTOS / "chelsea.png"


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_gaussian_octaves_read_back_to_the_bit(
    tmp_path: Path, cat: Array, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("octaves", CAT, "-o", tmp_path, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    expected = octaves(cat, 9)  # down to 1 x 1
    assert len(report["octaves"]) == 10
    for level, (row, octave) in enumerate(zip(report["octaves"], expected, strict=True)):
        assert (row["level"], row["height"], row["width"]) == (level, *octave.shape[:2])
        assert (row["samples"], row["bytes"]) == (octave.size, octave.nbytes)
        np.testing.assert_array_equal(read_back(row["file"]), octave)
    assert report["total"] == pytest.approx(sum(o.size for o in expected) / cat.size)
    assert report["total"] <= report["bound"]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        f"chelsea_gaussian_{k}.png" for k in range(10)
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("kind", ["gaussian", "laplacian", "dog"])
def test_every_kind_of_every_dtype(
    tmp_path: Path, cat: Array, capsys: pytest.CaptureFixture[str], kind: str, dtype: type[Any]
) -> None:
    image = cat.astype(dtype) * {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[dtype]
    image = image.astype(dtype)
    source = tmp_path / "source.tif"
    cv2.imwrite(str(source), image[..., ::-1])
    arguments = ("octaves", source, "-o", tmp_path / "out", "--kind", kind, "--levels", 3)
    assert run(*arguments, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["octaves"]
    found_octaves = octaves(image, 3)
    wide = [octave.astype(np.float64) for octave in found_octaves]
    for k, row in enumerate(rows):
        found = read_back(row["file"])
        if kind == "gaussian" or k == 3:
            expected = wide[k]
            assert found.dtype == dtype
        elif kind == "laplacian":
            grown = cv2.pyrUp(found_octaves[k + 1], dstsize=found_octaves[k].shape[1::-1])
            expected = wide[k] - grown
        else:
            taps = np.array([1, 4, 6, 4, 1]) / 16
            smooth = cv2.sepFilter2D(wide[k], -1, taps, taps)
            expected = wide[k] - (smooth if dtype == np.float32 else np.floor(smooth + 0.5))
        if dtype == np.float32:
            np.testing.assert_allclose(found, expected, atol=2e-6)
            continue
        if found.dtype == np.uint16 and (kind != "gaussian" and k < 3):
            assert dtype == np.uint8
            expected = expected + 32768  # signed bands of 8 bits, about the middle of 16
        np.testing.assert_array_equal(found, expected)


def test_upsampled_octaves_have_the_size_of_the_image(
    tmp_path: Path, cat: Array, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("octaves", CAT, "-o", tmp_path, "--upsampled", "--levels", 3, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["octaves"]
    for k, (row, octave) in enumerate(zip(rows, octaves(cat, 3), strict=True)):
        found = read_back(row["file"])
        assert found.shape == cat.shape
        np.testing.assert_array_equal(found, pyramid.upsample(octave, k, (300, 451)))
        assert (row["height"], row["width"]) == octave.shape[:2]


@pytest.mark.parametrize("prefilter", ["none", "box", "area", "lanczos", "max", "binomial"])
def test_prefilters_and_ratios(
    tmp_path: Path, cat: Array, capsys: pytest.CaptureFixture[str], prefilter: str
) -> None:
    ratio = 2 if prefilter == "max" else 1.5
    assert run("octaves", CAT, "--prefilter", prefilter, "--ratio", ratio, "--levels", 2,
               "-o", tmp_path, "--json") == 0  # fmt: skip
    rows = json.loads(capsys.readouterr().out)["octaves"]
    second = read_back(rows[1]["file"])
    assert second.shape[:2] == pytest.approx((300 / ratio, 451 / ratio), abs=0.51)
    assert second.mean() == pytest.approx(cat.mean(), rel=0.15)


def test_json_alone_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                   monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run("octaves", CAT, "--json") == 0
    assert "file" not in json.loads(capsys.readouterr().out)["octaves"][0]
    assert [path for path in tmp_path.iterdir() if path.name != "home"] == []


def test_standard_input(
    tmp_path: Path, cat: Array, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(CAT.read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert run("octaves", "-", "-o", tmp_path, "--levels", 1) == 0
    np.testing.assert_array_equal(read_back(tmp_path / "stdin_gaussian_0.png"), cat)
    assert capsys.readouterr().out == ""


def test_transparency_and_gray_are_kept(tmp_path: Path) -> None:
    for name, source in (("camera", PHOTOS / "camera.png"), ("logo", PHOTOS / "logo.png")):
        assert run("octaves", source, "-o", tmp_path, "--levels", 1) == 0
        expected = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
        assert expected is not None
        found = cv2.imread(str(tmp_path / f"{name}_gaussian_0.png"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(found, expected)


def test_folders_are_made_and_files_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b ü"
    for _ in range(2):
        assert run("octaves", CAT, "-o", target, "--levels", 1) == 0
    assert sorted(path.name for path in target.iterdir()) == [
        "chelsea_gaussian_0.png", "chelsea_gaussian_1.png",
    ]  # fmt: skip


# Bad input


def text_file(folder: Path) -> list[object]:
    (folder / "letter.png").write_text("Dear reader")
    return [folder / "letter.png"]


def empty_file(folder: Path) -> list[object]:
    (folder / "empty.png").touch()
    return [folder / "empty.png"]


def truncated(folder: Path) -> list[object]:
    (folder / "half.png").write_bytes(CAT.read_bytes()[:5000])
    return [folder / "half.png"]


def not_a_number(folder: Path) -> list[object]:
    values = np.zeros((20, 20), np.float32)
    values[3, 4] = np.nan
    cv2.imwrite(str(folder / "nan.tif"), values)
    return [folder / "nan.tif"]


def file_in_the_way(folder: Path) -> list[object]:
    (folder / "blocked").touch()
    return [CAT, "-o", folder / "blocked" / "out"]


BAD: dict[str, tuple[Callable[[Path], list[object]], str]] = {
    "missing": (lambda folder: [folder / "missing.png"], "missing.png does not exist"),
    "folder": (lambda folder: [folder], "is a folder"),
    "text": (text_file, "letter.png"),
    "empty": (empty_file, "empty.png"),
    "truncated": (truncated, "half.png"),
    "nan": (not_a_number, "nan.tif"),
    "ratio too small": (lambda _: [CAT, "--ratio", 1.05], "ratio"),
    "ratio too large": (lambda _: [CAT, "--ratio", 4.5], "ratio"),
    "ratio nan": (lambda _: [CAT, "--ratio", "nan"], "ratio"),
    "ratio inf": (lambda _: [CAT, "--ratio", "inf"], "ratio"),
    "too many levels": (lambda _: [CAT, "--levels", 10], "levels must be 0 to 9"),
    "negative levels": (lambda _: [CAT, "--levels", -1], "levels must be 0 to 9"),
    "max at another ratio": (lambda _: [CAT, "--prefilter", "max", "--ratio", 3], "max"),
    "laplacian by box": (lambda _: [CAT, "--kind", "laplacian", "--prefilter", "box"], "Laplacian"),
    "laplacian at 3": (lambda _: [CAT, "--kind", "laplacian", "--ratio", 3], "Laplacian"),
    "unwritable": (file_in_the_way, "blocked"),
    "nothing asked": (lambda _: [CAT, None], "-o DIR"),
    "nul": (lambda _: ["a\0b.png"], "name"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_code_2(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    make, words = BAD[case]
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    arguments = make(inputs)
    if arguments[-1] is None:
        arguments.pop()
    elif "-o" not in arguments:
        arguments += ["-o", tmp_path / "out"]
    before = sorted(path for path in tmp_path.rglob("*"))
    assert run("octaves", *arguments) == 2
    said = capfd.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("pyrviewer: ")
    assert lines[0].endswith(".")
    assert words in lines[0]
    assert sorted(path for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments", [["--kind", "wavelet"], ["--ratio", "two"], ["--levels", "2.5"], ["--colour"], []]
)
def test_wrong_options_are_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run("octaves", *([str(CAT)] if arguments else []), *arguments)
    assert ended.value.code == 2
    assert "pyrviewer octaves" in capsys.readouterr().err


def test_bad_standard_input(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for data in (b"", b"hello", CAT.read_bytes()[:3000]):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert run("octaves", "-", "--json") == 2
        said = capfd.readouterr()
        assert len(said.err.splitlines()) == 1
        assert "stdin" in said.err


def test_a_small_picture_has_few_octaves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dot.png"
    PIL.Image.fromarray(np.full((1, 1), 9, np.uint8)).save(path)
    for kind in ("gaussian", "laplacian", "dog"):
        assert run("octaves", path, "--json", "--kind", kind) == 0
        assert len(json.loads(capsys.readouterr().out)["octaves"]) == 1


def test_it_runs_without_qt_in_a_process_of_its_own(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pyrviewer import cli\n"
        f"code = cli.main(['octaves', {str(CAT)!r}, '-o', {str(tmp_path)!r}, '--levels', '1'])\n"
        "assert not [name for name in sys.modules if name.startswith('PyQt6')]\n"
        "sys.exit(code)"
    )
    ended = subprocess.run(
        [PYTHON, "-c", script], capture_output=True, text=True, timeout=60, check=False,
        env=clean_environment({"DISPLAY": None}),
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (tmp_path / "chelsea_gaussian_1.png").is_file()
