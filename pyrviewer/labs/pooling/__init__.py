"""Pooling: images of any size in vectors of one length, and context at several scales."""

from __future__ import annotations

from pyrviewer.labs.pooling.controller import PoolingLab
from pyrviewer.labs.registry import LabSpec

LAB = LabSpec("pooling", "Pooling", "grid", 40, PoolingLab)
