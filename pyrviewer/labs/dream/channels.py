"""A small dream of every channel, for worker threads; kept on disk."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import dream, image
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.ticket import Quiet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.network import Network
    from pyrviewer.compute.ticket import Ticket

SIDE = 64  # pixels
SETTINGS = {"octaves": 2, "ratio": 1.6, "steps": 8, "rate": 8.0, "jitter": 8}


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """What a channel dreams of noise: (64, 64, 3) uint8."""

    layer: str
    channel: int
    pixels: Array


def dream_of(network: Network, layer: str, channel: int, ticket: Ticket) -> Array:
    """Dream of gray noise, the same for all channels."""
    noise = np.random.default_rng(0).normal(0.5, 0.08, (SIDE, SIDE, 3))
    start = np.rint(np.clip(noise, 0, 1) * 255).astype(np.uint8)
    return dream.dream(
        start, network, ticket=Quiet(ticket), layer=layer, channel=channel, **SETTINGS
    ).result


def draw(
    ticket: Ticket, network: Network, layer: str, channels: Sequence[int], folder: Path
) -> None:
    """Offer a `Thumbnail` of every channel: from the folder, or made and put there."""
    folder.mkdir(parents=True, exist_ok=True)
    for done, channel in enumerate(channels):
        ticket.check(done / len(channels))
        path = folder / f"{layer.replace(' ', '_')}_{channel}.png"
        pixels = _kept(path)
        if pixels is None:
            pixels = dream_of(network, layer, channel, ticket)
            with suppress(UserError):  # a full disk does no harm
                image.write(path, pixels)
        ticket.offer(Thumbnail(layer, channel, pixels))


def _kept(path: Path) -> Array | None:
    try:
        pixels = image.read(path).pixels
    except UserError:
        return None  # not there, or damaged: it is made anew
    return pixels if pixels.shape == (SIDE, SIDE, 3) else None
