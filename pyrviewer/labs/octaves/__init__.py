"""Octaves: an image smoothed and halved, its bands, what they cost and what they lose."""

from __future__ import annotations

from pyrviewer.labs.octaves.controller import OctavesLab
from pyrviewer.labs.registry import LabSpec

LAB = LabSpec("octaves", "Octaves", "octaves", 10, OctavesLab)
