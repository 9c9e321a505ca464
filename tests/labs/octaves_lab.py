"""What tests of the Octaves lab share: the lab, its tables, one image of each kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QTableWidget, QToolButton
from support import (
    PHOTOS,
    Array,
)

from pyrviewer.labs.octaves.controller import OctavesLab

if TYPE_CHECKING:
    from pyrviewer.app import Program

LAYOUTS = ("both", "native", "upsampled", "grid", "one", "rebuild", "aliasing")
KINDS = ("gaussian", "laplacian", "dog")
CONTROL = Qt.KeyboardModifier.ControlModifier


def lab(program: Program) -> OctavesLab:
    found = program.window.lab
    assert isinstance(found, OctavesLab)
    return found


def images() -> dict[str, Array]:
    """Return one image of each kind."""
    photo = np.asarray(cv2.imread(str(PHOTOS / "chelsea.png"), cv2.IMREAD_COLOR_RGB))
    gray = np.asarray(cv2.imread(str(PHOTOS / "camera.png"), cv2.IMREAD_GRAYSCALE))
    alpha = np.dstack([photo, photo[..., 0]])
    found: dict[str, Array] = {
        "rgb": photo,
        "gray": gray,
        "rgba": alpha,
        "uint16": photo.astype(np.uint16) * 257,
        "gray uint16": gray.astype(np.uint16) * 251,
        "float32": photo.astype(np.float32) / 255,
        "float32 with negatives": gray.astype(np.float32) - 100,
        "odd": photo[:97, :203],
        "1x1": photo[:1, :1],
        "1xN": photo[:1],
        "Nx1": gray[:, :1],
        "2x3": photo[:2, :3],
    }
    return found


IMAGES = images()


def table(program: Program, name: str) -> list[list[str]]:
    """Return what a table of the panel says."""
    found = next(
        t for t in lab(program).panel.findChildren(QTableWidget) if t.accessibleName() == name
    )
    return [
        [item.text() if (item := found.item(y, x)) else "" for x in range(found.columnCount())]
        for y in range(found.rowCount())
    ]


def result_text(program: Program) -> str:
    """Return what the panel says about the rebuilt image."""
    labels = lab(program).panel.equaliser.findChildren(QLabel)
    return next(t for label in labels if re.search("Exact|PSNR", t := label.text()))


def named(program: Program, kind: type[Any], name: str) -> Any:
    """Return the visible control of a name."""
    return next(
        w
        for w in program.window.findChildren(kind)
        if w.isVisible() and name in (w.accessibleName(), w.text() if kind is QToolButton else "")
    )


def measured(program: Program) -> float:
    found = re.search(r"PSNR <b>([\d.]+) dB", result_text(program))
    assert found is not None, result_text(program)
    return float(found[1])
