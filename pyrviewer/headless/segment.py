"""``pyrviewer segment``: a few strokes, and the class of every pixel."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute import image, network, segment
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.filter_bank import FilterBank
from pyrviewer.headless.terminal import read, show_progress

if TYPE_CHECKING:
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.segment import Branch, Labels

DESCRIPTION = "Segment an image by a few strokes of each class."

_BRANCHES = ("low", "point", "atrous", "pooling")
_MOST_RATE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("image", metavar="IMAGE", help="a file, or - for stdin")
    parser.add_argument(
        "--strokes",
        type=Path,
        required=True,
        metavar="FILE",
        help=".json as the Atrous lab saves it, or a gray picture: 0 is nothing, 1 to 9 classes",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="gray picture of classes"
    )
    parser.add_argument("--mask", type=int, metavar="CLASS", help="255 where this class is, else 0")
    parser.add_argument(
        "--branches", type=_names, default=_BRANCHES, help=f"some of {','.join(_BRANCHES)}"
    )
    parser.add_argument("--rates", type=_rates, default=segment.RATES, metavar="N,N,...")
    parser.add_argument("--filters", action="store_true", help="fixed filters, not the network")
    parser.add_argument("--no-edges", action="store_true", help="do not follow the image's edges")
    parser.add_argument("--json", action="store_true", help="print the share of every class")


def run(options: argparse.Namespace) -> int:
    """Do it, and print the share of every class."""
    pixels = read(options.image).pixels
    labels = _labels(options.strokes, pixels.shape)
    source = FilterBank() if options.filters else network.load()
    features = segment.prepare(source, pixels)
    show_progress(0.5)
    head = segment.train(features, labels, _chosen(options.branches, options.rates))
    if options.mask is not None and options.mask not in head.classes:
        raise UserError(f"{options.strokes} has no strokes of class {options.mask}.")
    added = segment.contributions(head, features)
    scores = segment.scores(head, added, pixels, follow_edges=not options.no_edges)
    found = segment.classify(head, scores)
    shares = {label: float(np.mean(found == label)) for label in head.classes}
    if options.mask is not None:
        found = np.where(found == options.mask, 255, 0).astype(np.uint8)
    image.write(options.output, found)
    show_progress(1.0)
    if options.json:
        print(json.dumps({"shares": shares, "branches": options.branches}))
    else:
        print(*(f"class {label}: {share:.1%}" for label, share in shares.items()), sep="\n")
    return 0


def _chosen(names: tuple[str, ...], rates: tuple[int, ...]) -> list[Branch]:
    low, point, *atrous, pooling = segment.branches(rates)
    groups = dict(zip(_BRANCHES, ([low], [point], atrous, [pooling]), strict=True))
    return [branch for name in _BRANCHES if name in names for branch in groups[name]]


def _labels(path: Path, shape: tuple[int, ...]) -> Labels:
    """Read strokes for an image of that height and width."""
    if path.suffix.lower() == ".json":
        return segment.rasterise(_strokes(path), shape)
    painted = image.read(path).pixels
    if painted.ndim == 3 and np.array_equal(painted[..., 0], painted[..., 1]):
        painted = painted[..., 0]
    if painted.shape != shape[:2] or painted.dtype != np.uint8:
        raise UserError(f"{path} must be gray, of 8 bit, and as large as the image.")
    return _checked(painted, path)


def _checked(painted: Array, path: Path) -> Labels:
    if painted.max() > segment.MOST_CLASSES:
        raise UserError(f"{path}: classes are 1 to {segment.MOST_CLASSES}, not {painted.max()}.")
    return painted


def _strokes(path: Path) -> list[segment.Stroke]:
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        strokes = [
            segment.Stroke(
                int(each["label"]),
                float(each["radius"]),
                tuple((float(x), float(y)) for x, y in each["points"]),
            )
            for each in raw["strokes"]
        ]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} is not a file of strokes.") from error
    if not all(0 <= s.label <= segment.MOST_CLASSES and s.points for s in strokes):
        raise UserError(f"{path}: a stroke needs points and a class of 0 to 9.")
    return strokes


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not set(names) <= set(_BRANCHES):
        raise argparse.ArgumentTypeError(f"{text!r}: branches are some of {','.join(_BRANCHES)}")
    return names


def _rates(text: str) -> tuple[int, ...]:
    rates = tuple(int(rate) if rate.isdecimal() else 0 for rate in text.split(","))
    if not all(1 <= rate <= _MOST_RATE for rate in rates):
        raise argparse.ArgumentTypeError(
            f"{text!r}: rates are whole numbers of 1 to {_MOST_RATE}, such as 1,2,4"
        )
    return rates
