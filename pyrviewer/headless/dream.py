"""``pyrviewer dream``: let a network dream of an image, or a film of zooming into its dreams."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyrviewer.compute import animation, dream, image, mask, network
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.ticket import Ticket
from pyrviewer.compute.writing import suffixes_for
from pyrviewer.headless.terminal import read, show_progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.network import Network

DESCRIPTION = "Let a network dream of an image, octave by octave."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("image", metavar="IMAGE", help="a file, or - for stdin")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="the file to write")
    parser.add_argument("--layer", default="block 11", help="such as 'block 5'; deeper: larger")
    parser.add_argument("--channel", type=int, help="the only channel that counts")
    parser.add_argument(
        "--objective", choices=("mean", "l2"), help="mean or squared norm; mean for one channel"
    )
    parser.add_argument("--octaves", type=int, default=4, help="number of sizes")
    parser.add_argument("--ratio", type=float, default=1.4, help="from size to size, 1.1 to 4")
    parser.add_argument("--steps", type=int, default=10, help="steps at each size")
    parser.add_argument("--rate", type=float, default=1.5, help="mean change of a step, of 255")
    parser.add_argument("--plain", action="store_true", help="do not even out the gradient's bands")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same bytes")
    parser.add_argument("--guide", metavar="IMAGE", help="dream towards what this one shows")
    parser.add_argument("--mask", metavar="IMAGE", help="gray: where it may dream")
    parser.add_argument("--film", type=int, metavar="N", help="N frames, zooming in: .gif or .mp4")
    parser.add_argument("--zoom", type=float, default=1.04, help="from frame to frame, 1 to 2")
    parser.add_argument("--fps", type=float, default=12.0, help="frames a second")


def run(options: argparse.Namespace) -> int:
    """Do it."""
    pixels = read(options.image).pixels
    _require_suffix(options, pixels)
    net = network.load()
    _require_layer(options, pixels, net)
    settings = _settings(options, pixels)
    try:
        if options.film is None:
            found = dream.dream(pixels, net, ticket=Ticket(show_progress), **settings).result
            image.write(options.output, found)
        else:
            frames = dream.film(pixels, net, options.film, options.zoom, **settings)
            animation.write(options.output, _counted(frames, options.film), options.fps)
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"This cannot be dreamt: {error}.") from error
    return 0


def _settings(options: argparse.Namespace, pixels: Array) -> dict[str, Any]:
    names = ("layer", "channel", "objective", "octaves", "ratio", "steps", "rate", "seed")
    return {
        **{name: getattr(options, name) for name in names},
        "normalise": "plain" if options.plain else "laplacian",
        "guide": options.guide and read(options.guide).pixels,
        "mask": options.mask and _mask(options, pixels),
    }


def _mask(options: argparse.Namespace, pixels: Array) -> Array:
    """Read the mask, which has the size of the image."""
    found = mask.from_image(read(options.mask).pixels, options.mask)
    if found.shape != pixels.shape[:2]:
        raise UserError(
            f"{options.mask} is {found.shape[1]} x {found.shape[0]} pixels, but {options.image} "
            f"{pixels.shape[1]} x {pixels.shape[0]}: a mask has the size of its image."
        )
    return found


def _require_layer(options: argparse.Namespace, pixels: Array, net: Network) -> None:
    """Refuse a layer that there is not, and one too deep for the image."""
    names = [layer.name for layer in net.layers]
    if options.layer not in names:
        near = ", ".join(difflib.get_close_matches(options.layer.lower(), names, 4, 0))
        raise UserError(f"There is no layer {options.layer!r}, but {near} and others.")
    try:
        dream.octave_shapes(pixels.shape[:2], 1, 2.0, net.layer(options.layer))
    except UserError as error:
        raise UserError(f"{options.image}: {error}") from error


def _require_suffix(options: argparse.Namespace, pixels: Array) -> None:
    """Refuse a file that cannot be written before the work, not after it."""
    usable = suffixes_for(pixels) if options.film is None else animation.SUFFIXES
    if Path(options.output).suffix.lower() not in usable:
        raise UserError(f"{options.output} cannot be written: use one of {', '.join(usable)}.")


def _counted(frames: Iterator[Array], count: int) -> Iterator[Array]:
    for done, frame in enumerate(frames, 1):
        show_progress(done / count)
        yield frame
