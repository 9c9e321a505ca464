"""Finds the labs: every folder here that names a `LAB`."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyrviewer.labs

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtCore import QObject

    from pyrviewer.ui.lab import Lab, LabContext


@dataclass(frozen=True)
class LabSpec:
    """A lab before it is made.

    Parameters
    ----------
    id, title, icon : str
        The icon is a name in `pyrviewer.ui.theme`.
    order : int
        Place in the rail.
    make : callable
        Builds the lab, owned by the given parent.
    """

    id: str
    title: str
    icon: str
    order: int
    make: Callable[[LabContext, QObject], Lab]


def find_labs() -> list[LabSpec]:
    """Return the labs in the order of the rail."""
    found = []
    for module in pkgutil.iter_modules(pyrviewer.labs.__path__):
        if module.ispkg:
            package = importlib.import_module(f"pyrviewer.labs.{module.name}")
            if isinstance(getattr(package, "LAB", None), LabSpec):
                found.append(package.LAB)
    return sorted(found, key=lambda lab: lab.order)
