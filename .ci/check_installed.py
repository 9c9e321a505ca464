"""Check the pyrviewer that is installed beside this Python, from a folder of its own."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import pyrviewer
from pyrviewer.compute.opencv import cv2

COMMAND = Path(sys.prefix) / "bin" / "pyrviewer"
PACKAGE = Path(pyrviewer.__file__).parent
RESOURCES = PACKAGE / "resources"
CHECKOUT = Path(__file__).parent.parent


def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command without a display; return what it printed."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [str(COMMAND), *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    if done.returncode != code or "Traceback" in done.stderr:
        sys.exit(f"pyrviewer {' '.join(arguments)} left with {done.returncode}:\n{done.stderr}")
    return done


def expect(holds: object, message: str) -> None:
    """Leave with a message where something does not hold."""
    if not holds:
        sys.exit(message)


def check_files() -> None:
    """Find the samples in the installed package, and its version on the command line."""
    expect(PACKAGE.is_relative_to(sys.prefix), f"{PACKAGE} is not the installed package")
    for path in (CHECKOUT / "resources" / "samples").iterdir():
        expect((RESOURCES / "samples" / path.name).is_file(), f"{path.name} is not in the wheel")
    version = run("--version").stdout.split()[1]
    expect(version == importlib.metadata.version("pyrviewer"), f"wrong version: {version}")


def check_octaves() -> None:
    """Write octaves and read them back: each halves the one before."""
    sample = RESOURCES / "samples" / "hippo.jpg"
    rows = json.loads(run("octaves", str(sample), "-o", "octaves", "--json").stdout)["octaves"]
    width, height = Image.open(sample).size
    expect(len(rows) > 3, "too few octaves")
    for row in rows:
        size = Image.open(row["file"]).size
        expect(size == (width, height), f"{row['file']} is {size}, not {(width, height)}")
        width, height = (width + 1) // 2, (height + 1) // 2


def check_tour() -> None:
    """See something in the middle of each screenshot."""
    shots = run("tour", "tour").stdout.splitlines()
    expect(len(shots) > 3, "too few screenshots")
    for shot in shots:
        picture = np.asarray(Image.open(shot).convert("RGB"))
        # The panes are in the middle; a lab that drew nothing leaves one flat colour there.
        height, width = picture.shape[:2]
        middle = picture[height // 4 : height // 2, width // 4 : width // 2].reshape(-1, 3)
        colours = len(np.unique(middle, axis=0))
        expect((width, height) == (1280, 720) and colours > 200, f"{shot} shows {colours} colours")


def check_without_display() -> None:
    """Read one line that names what works without a display."""
    told = run(code=2).stderr
    expect(told.count("\n") == 1 and "pyrviewer tour" in told, f"without a display: {told}")


def main() -> None:
    """Run all checks in the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir()
    os.chdir(folder)
    check_files()
    check_octaves()
    check_tour()
    check_without_display()
    names = ("numpy", "pyqt6", "pyqtgraph", "superqt", "qtawesome", "pillow")
    versions = (f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"pyrviewer works with OpenCV {cv2.__version__}, {', '.join(versions)}")


if __name__ == "__main__":
    main()
