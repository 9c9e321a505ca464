"""Coarse-to-fine search for a template in an image, with a trace of all that was done."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute.search_descent import Descent, Goal
from pyrviewer.compute.search_exhaustive import exhaustive_matches
from pyrviewer.compute.search_record import Record
from pyrviewer.compute.search_scene import Scene
from pyrviewer.compute.search_template import Template, prepare
from pyrviewer.compute.search_trace import (
    Candidate,
    LevelTrace,
    Match,
    Miss,
    Proof,
    Rect,
    ScorePiece,
    SearchSettings,
    SearchTrace,
)
from pyrviewer.compute.search_zncc import exact_score

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
