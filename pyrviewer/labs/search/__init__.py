"""Search: find a template in a coarse octave, then only near the candidates in finer ones."""

from __future__ import annotations

from pyrviewer.labs.registry import LabSpec
from pyrviewer.labs.search.controller import SearchLab

LAB = LabSpec("search", "Search", "zoom", 20, SearchLab)
