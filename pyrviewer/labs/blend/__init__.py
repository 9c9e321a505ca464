"""Blend: two images joined along a mask, seamlessly, while the mask is dragged."""

from __future__ import annotations

from pyrviewer.labs.blend.controller import BlendLab
from pyrviewer.labs.registry import LabSpec

LAB = LabSpec("blend", "Blend", "blend", 30, BlendLab)
