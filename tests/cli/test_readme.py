"""The README says what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import image, pyramid
from pyrviewer.labs.registry import find_labs

if TYPE_CHECKING:
    import pytest

    from pyrviewer.app import Program

README = Path(__file__).parents[2] / "README.md"
KEYS = re.compile(r"<!-- keys: [^\n]* -->\n(.*)<!-- /keys -->", re.DOTALL)


def key_table(program: Program) -> str:
    """Write the keys of all actions as the README's table, those of each lab together."""
    rows = ["| Keys | Action | |", "| --- | --- | --- |"]
    titles = {"": "Everywhere"} | {spec.id: f"{spec.title} lab" for spec in find_labs()}
    for lab, title in titles.items():
        rows.append(f"| | **{title}** | |")
        for spec in program.registry:
            if spec.shortcut and program.registry.lab(spec.id) == lab:
                keys = ", ".join(f"`{key}`" for key in spec.shortcut)
                rows.append(f"| {keys} | {spec.text.removesuffix(' ...')} | {spec.tip} |")
    return "\n".join(rows) + "\n"


def test_the_keys_are_those_of_the_actions(program: Program) -> None:
    found = KEYS.search(README.read_text(encoding="utf-8"))
    assert found is not None
    expected = key_table(program)
    assert found[1] == expected, f"put this between the marks:\n{expected}"


def test_the_library_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = image.read(photo).pixels
    image.write("photo.png", pixels)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    gains = [1.5, 1.2, 1, 1, 1]
    expected = pyramid.laplacian_pyramid(pixels, 4).collapse(gains)
    assert np.array_equal(image.read("sharper.png").pixels, expected)


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert pictures
    for name in pictures:
        assert (README.parent / name).is_file(), name
