"""``pyrviewer fuse``: one picture of several exposures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import fusion, image
from pyrviewer.compute.align import Aligned
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.mask import from_alpha
from pyrviewer.compute.ticket import Ticket
from pyrviewer.headless.terminal import make_folder, read, show_progress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from pyrviewer.compute.image import Array

DESCRIPTION = "Make one picture of several exposures of a scene."


class Files:
    """Images that are read when they are asked for, so that one is in memory at a time."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._told: set[str] = set()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._paths)

    def __getitem__(self, index: int) -> Array:
        """Read one; transparency that hides nothing is left out."""
        path = self._paths[index]
        pixels = (image.read(path) if path in self._told else read(path)).pixels
        self._told.add(path)
        if pixels.shape[2:] == (4,) and from_alpha(pixels).min() == 255:
            return np.ascontiguousarray(pixels[..., :3])
        return pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="files of one size")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="the picture to write")
    parser.add_argument("--align", action="store_true", help="move them onto the middle one first")
    parser.add_argument("--levels", type=int, help="number of bands")
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="also write what each image gave"
    )


def run(options: argparse.Namespace) -> int:
    """Do it."""
    return merge(options, fusion.fuse)


def merge(options: argparse.Namespace, method: Callable[..., fusion.Fusion]) -> int:
    """Read the images, make one of them, and write it."""
    names = [Path(path).name for path in options.images]
    ticket = Ticket(on_progress=show_progress)
    images: fusion.Images = Files(options.images)
    if options.align:
        images = Aligned(images, names=names, ticket=ticket)
    maps: list[Array] = []

    def keep(_: int, weights: npt.NDArray[np.float32]) -> None:
        if options.weights is not None:
            maps.append(image.convert_dtype(weights, np.uint8))

    try:
        fused = method(images, levels=options.levels, names=names, on_weights=keep, ticket=ticket)
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"{names[0]}: {str(error).rstrip('.')}.") from error
    image.write(options.output, fused.pixels)
    if options.weights is not None:
        make_folder(options.weights)
        for number, (name, weights) in enumerate(zip(names, maps, strict=True), 1):
            image.write(options.weights / f"{number:03}_{Path(name).stem}.png", weights)
    show_progress(1.0)
    return 0
