"""Atrous: kernels whose taps lie apart, pyramids of them, and what networks do with both."""

from __future__ import annotations

from pyrviewer.labs.atrous.controller import AtrousLab
from pyrviewer.labs.registry import LabSpec

LAB = LabSpec("atrous", "Atrous", "atrous", 50, AtrousLab)
