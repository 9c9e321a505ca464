"""``pyrviewer blend``: join two images along a mask, without a seam."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING

from pyrviewer.compute import blend, image, mask
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.ticket import Ticket
from pyrviewer.headless.terminal import read, show_progress

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array

DESCRIPTION = "Join two images along a mask, without a seam."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("a", metavar="A", help="the image whose frame the result has")
    parser.add_argument("b", metavar="B", help="the image that is laid on it")
    parser.add_argument("mask", metavar="MASK", help="gray, as large as A: white A, black B")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="the file to write")
    parser.add_argument("--levels", type=int, help="0 for cut-and-paste; as many as fit if absent")
    parser.add_argument("--linear", action="store_true", help="blend in linear light")
    parser.add_argument("--wrap", action="store_true", help="left and right edge meet")
    parser.add_argument(
        "--offset",
        type=_offset,
        default=(0.0, 0.0),
        metavar="X,Y",
        help="where B's corner lies on A, in pixels; write --offset=-3,4 if it begins with a minus",
    )
    parser.add_argument("--json", action="store_true", help="print levels and clipping as JSON")


def run(options: argparse.Namespace) -> int:
    """Do it."""
    a, b = blend.harmonise(read(options.a).pixels, read(options.b).pixels)
    chosen = mask.from_image(read(options.mask).pixels, options.mask)
    if chosen.shape != a.shape[:2]:
        raise UserError(
            f"{options.mask} has {_size(chosen)} pixels and {options.a} {_size(a)}: a mask is as "
            "large as image A."
        )
    placed = blend.place(b, a.shape, options.offset)
    levels = blend.auto_levels(a.shape) if options.levels is None else options.levels
    try:
        result = blend.blend_report(
            a,
            placed.pixels,
            placed.confine(chosen),
            levels,
            linear=options.linear,
            wrap=options.wrap,
            ticket=Ticket(show_progress),
        )
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"{options.a}: {error}.") from error
    image.write(options.output, result.pixels)
    if options.json:
        reach = blend.reach(levels)
        print(json.dumps({"levels": levels, "reach": reach, "clipped": result.clipped}, indent=2))
    return 0


def _offset(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"write {text!r} as two numbers, such as 12,-3.5"
        ) from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise argparse.ArgumentTypeError(f"{text} is not a place")
    return x, y


def _size(pixels: Array) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]}"
