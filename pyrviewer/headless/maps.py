"""Feature maps for the commands: an image's colours, or a layer of the network."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from pyrviewer.compute import network
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.pooling.input import colour_maps
from pyrviewer.headless.terminal import read

if TYPE_CHECKING:
    import argparse

    from pyrviewer.compute.image import Array


def add_layer(parser: argparse.ArgumentParser) -> None:
    """Let the user choose a layer."""
    parser.add_argument("--layer", help="maps of the network, such as 'block 5'; else the colours")


def read_maps(source: str, layer: str | None) -> Array:
    """Read an image and return C x H x W float32 maps; colours are 0 to 255."""
    pixels = read(source).pixels
    if layer is None:
        return colour_maps(pixels)
    net = network.load()
    names = [one.name for one in net.layers]
    if layer not in names:
        near = difflib.get_close_matches(layer.lower(), names, 4, 0)
        raise UserError(f"There is no layer {layer!r}, but {', '.join(near)} and others.")
    return net.features(pixels, [layer])[layer]
