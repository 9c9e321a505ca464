"""Starting the program, with and without a display, and the tour."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from support import PYTHON, clean_environment

import pyrviewer
from pyrviewer import cli

if TYPE_CHECKING:
    from pathlib import Path

NO_DISPLAY = {"DISPLAY": None, "WAYLAND_DISPLAY": None}


def start(
    *arguments: object, timeout: float = 120, **changes: str | None
) -> subprocess.CompletedProcess[str]:
    """Start pyrviewer as a user without a display does."""
    return subprocess.run(
        [PYTHON, "-m", "pyrviewer", *map(str, arguments)], capture_output=True, text=True,
        timeout=timeout, check=False, env=clean_environment({**NO_DISPLAY, **changes}),
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_version() -> None:
    ended = start("--version")
    assert (ended.returncode, ended.stdout) == (0, f"pyrviewer {pyrviewer.__version__}\n")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert f"pyrviewer {name} --help" in " ".join(said.split())


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: pyrviewer {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"QT_QPA_PLATFORM": "xcb"},
        {"DISPLAY": ":977"},
        {"DISPLAY": "nonsense"},
        {"DISPLAY": "localhost:977"},
    ],
    ids=str,
)
def test_without_a_display_one_line_names_the_tour(
    photo: Path, changes: dict[str, str | None]
) -> None:
    ended = start(photo, timeout=30, **changes)
    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("pyrviewer: ")
    assert "pyrviewer tour" in line
    display = changes.get("DISPLAY")
    assert f"The display {display!r}" in line if display else "There is no display" in line


def test_the_tour_writes_a_picture_of_every_lab(tmp_path: Path) -> None:
    folder = tmp_path / "tour"
    ended = start("tour", folder, "--size", "1280x720", HOME=str(tmp_path / "home"))
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    named = ended.stdout.splitlines()
    written = sorted(folder.glob("*.png"))
    assert sorted(named) == [str(path) for path in written]
    names = {path.stem for path in written}
    assert "welcome" in names
    assert {"octaves_both", "octaves_native", "octaves_rebuild"} <= names
    seen = set()
    for path in written:
        shot = np.asarray(PIL.Image.open(path).convert("RGB"))
        assert shot.shape == (720, 1280, 3)
        assert len(np.unique(shot.reshape(-1, 3), axis=0)) > 1000, path.name
        seen.add(shot.tobytes())
    assert len(seen) == len(written)  # each shows something else
    # Nothing of the user's is touched.
    assert [path for path in (tmp_path / "home").rglob("*") if path.suffix == ".conf"] == []


@pytest.mark.parametrize(
    "size", ["big", "1280", "1280x", "x720", "-5x10", "0x0", "1e3x1e3", "²x²", "99999x99999"]
)
def test_a_wrong_size_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: str
) -> None:
    assert cli.main(["tour", str(tmp_path / "out"), f"--size={size}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert size in line
    assert not (tmp_path / "out").exists()


def test_a_tour_to_nowhere_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["tour", str(tmp_path / "file" / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "file" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["pool", "x.png", "--levels", "a"],
        ["dream", "x.png"],
        ["blend", "a.png", "b.png", "m.png", "-o", "out.png", "--offset", "1"],
        ["octaves", "x.png", "--kind", "cubist"],
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_wrong_options_are_said_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"pyrviewer {arguments[0]}: ")


@pytest.mark.parametrize("which", [0, 1, 2])
def test_no_command_writes_over_what_it_reads(
    which: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / name for name in ("a.png", "b.png", "mask.png")]
    for path in paths:
        PIL.Image.fromarray(np.full((20, 30), 90, np.uint8)).save(path)
    before = paths[which].read_bytes()
    (tmp_path / "same.png").symlink_to(paths[which])
    assert cli.main(["blend", *map(str, paths), "-o", str(tmp_path / "same.png")]) == 2
    assert "write to another file" in capsys.readouterr().err
    assert paths[which].read_bytes() == before


def test_no_thread_of_blas_waits_busily() -> None:
    product = "import pyrviewer.__main__, time, numpy; a = numpy.ones((700, 700)); a @ a"
    idle = "before = time.process_time(); time.sleep(0.2); print(time.process_time() - before)"
    said = subprocess.run(
        [PYTHON, "-c", f"{product}; {idle}"], stdout=subprocess.PIPE, check=True,
        env=clean_environment({"OPENBLAS_THREAD_TIMEOUT": None}),
    )  # fmt: skip
    assert float(said.stdout) < 0.01  # seconds of the processor
