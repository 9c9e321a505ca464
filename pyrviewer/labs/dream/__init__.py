"""Dream: a network changes the picture so that one of its layers says more, octave by octave."""

from __future__ import annotations

from pyrviewer.labs.dream.controller import DreamLab
from pyrviewer.labs.registry import LabSpec

LAB = LabSpec("dream", "Dream", "dream", 60, DreamLab)
