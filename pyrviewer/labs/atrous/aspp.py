"""Atrous spatial pyramid pooling on the open image, and what its branches see of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pyrviewer.compute import atrous, display
from pyrviewer.compute.features import to_float
from pyrviewer.compute.network import Network
from pyrviewer.compute.principal import principal_maps
from pyrviewer.compute.receptive_field import reached
from pyrviewer.labs.atrous import run
from pyrviewer.labs.atrous.state import ALL, KERNELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.features import ReceptiveField
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.labs.atrous.run import Found
    from pyrviewer.labs.atrous.state import Request

    Box = tuple[int, int, int, int]

POINT, POOLED = -1, 0  # "rates" of the branches that are no atrous convolution
MAIN = 0.9  # of the squared gradient: the part of the field that matters


def branch_rates(rates: Sequence[int]) -> tuple[int, ...]:
    """Return the branches in their order: the 1 x 1, those of the rates, image pooling."""
    return (POINT, *rates, POOLED)


def branch_name(index: int, rates: Sequence[int]) -> str:
    """Return what a person calls a branch."""
    if index == 0:
        return "1 × 1"
    return f"Rate {rates[index - 1]}" if index <= len(rates) else "Image pooling"


@dataclass(frozen=True, eq=False)
class Pyramid:
    """What the branches make.

    Attributes
    ----------
    channels : int
        Of each branch.
    shares : tuple of float
        Of the taps of each branch, those that fall on padding.
    """

    channels: int
    shares: tuple[float, ...]


def run_aspp(ticket: Ticket, request: Request, before: Found | None) -> Found:
    """Run all branches; the same kernel filters every channel, as none is learned."""
    maps, state = run.kept_maps(ticket, request.maps, before), request.state
    channel = run.choose_channel(maps, state.channel)
    kernel = np.array(KERNELS[state.aspp_kernel], np.float32)
    shown = run.chosen_maps(maps, channel)
    tiles = {"input": run.kept_input(ticket, maps, channel, before)}
    limits = (float(shown.min()), float(shown.max()))
    signed = channel == ALL or state.aspp_kernel != "mean"
    for index, rate in enumerate(branch_rates(state.aspp)):
        ticket.check(index / 8)
        made = branch(shown, kernel, rate)
        name = branch_name(index, state.aspp)
        if signed:
            limit = display.signed_limit(run.hwc(shown)) if state.aspp_kernel == "mean" else None
            tiles[f"branch {index}"] = run.signed_tile(name, made, ticket, limit, maps.step)
        else:
            tiles[f"branch {index}"] = run.plain_tile(name, made, ticket, limits, maps.step)
    stack = np.concatenate([branch(maps.values, kernel, rate) for rate in branch_rates(state.aspp)])
    ticket.check(0.9)
    title = f"Stack of {len(stack)}"
    tiles["stack"] = run.signed_tile(title, principal_maps(stack), ticket, step=maps.step)
    shape = (shown.shape[1], shown.shape[2])
    shares = tuple(atrous.padding_share(shape, (3, 3), max(1, rate)) for rate in state.aspp)
    pyramid = Pyramid(len(maps.values), (0.0, *shares, 0.0))
    return run.Found(request, maps, channel, kernel, tiles=tiles, extra=pyramid)


def branch(maps: Array, kernel: Array, rate: int) -> Array:
    """Return what one branch makes of maps, channel by channel."""
    if rate == POOLED:
        mean = maps.mean(axis=(1, 2), keepdims=True)
        return np.asarray(np.broadcast_to(mean, maps.shape), np.float32)
    return maps if rate == POINT else np.asarray(atrous.atrous_filter(maps, kernel, rate))


# What a branch sees


def theory(found: Found, rate: int) -> int | None:
    """Return the side of a branch's receptive field in pixels of the picture as it was taken.

    It is the same everywhere, and may be larger than the picture; None where it is not known.
    """
    field = field_of(found)
    if rate == POOLED:
        return max(found.maps.sides)
    return None if field is None else field.size + 2 * max(rate, 0) * field.jump


def reach(found: Found, rate: int, x: int, y: int) -> Box | None:
    """Return what a branch sees of the picture as it was taken, from a position of the map.

    The union of what its taps see that lie on the map: the gradient reaches as far.
    """
    height, width = found.maps.sides
    field = field_of(found)
    if rate == POOLED:
        return 0, 0, width, height
    if field is None:
        return None
    rows, columns = found.maps.values.shape[1:]
    x0, x1 = reached(field, x, max(rate, 0), columns, width)
    y0, y1 = reached(field, y, max(rate, 0), rows, height)
    return x0, y0, x1, y1


def on_image(found: Found, box: Box) -> tuple[float, float, float, float]:
    """Return a box of the picture as it was taken on the image."""
    height, width = found.request.maps.pixels.shape[:2]
    down, across = height / found.maps.sides[0], width / found.maps.sides[1]
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def sides_text(box: Box) -> str:
    """Write how wide and high a box is."""
    return f"{box[2] - box[0]}×{box[3] - box[1]}"


def field_of(found: Found) -> ReceptiveField | None:
    """Return what a position of the maps sees of the reduced picture."""
    source, wanted = found.request.maps.source, found.request.maps.layer
    if source is None:
        return None
    layer = next(each for each in source.layers if each.name == wanted)
    return layer.field_at(found.request.maps.stride)


@dataclass(frozen=True, eq=False)
class Field:
    """How strongly the picture acts on one position of a branch.

    Attributes
    ----------
    heat : (h, w) float32 array
        The gradient's length, 1 at most, for the pixels of the reduced picture.
    shown : tuple of Array
        B, G, R, A for the screen.
    box : Box
        The pixels of the reduced picture that are reached at all.
    main : Box
        What of it lies in the smallest square around the position that holds `MAIN` of the squared
        gradient.
    """

    index: int
    place: tuple[int, int]
    heat: Array
    shown: Array
    box: Box
    main: Box


def effective_fields(ticket: Ticket, found: Found, x: int, y: int) -> list[Field]:
    """Follow the gradient from one position of each branch back to the picture.

    Offers what is there after every branch (Luo et al. 2016).
    """
    source = found.request.maps.source
    fields: list[Field] = []
    if not isinstance(source, Network):
        return fields
    picture = to_float(found.maps.input)
    for index, rate in enumerate(branch_rates(found.request.state.aspp)):
        heat = _gradient(ticket, found, source, picture, rate, (x, y))
        fields.append(_field(index, (x, y), heat, found))
        ticket.offer(list(fields))
    return fields


def _gradient(
    ticket: Ticket,
    found: Found,
    source: Network,
    picture: Array,
    rate: int,
    place: tuple[int, int],
) -> Array:
    """Return the gradient of a branch at a place, its length over the colours."""

    def seed(maps: Array) -> tuple[float, Array]:
        """Take the value of the branch, summed over its channels."""
        one = np.zeros((1, *maps.shape[1:]), np.float32)
        one[0, place[1], place[0]] = 1
        if rate == POOLED:
            back = np.full_like(one, 1 / one[0].size)
        elif rate == POINT:
            back = one
        else:
            weights = found.kernel[None, None]
            back = np.asarray(atrous.atrous_gradient(one, weights, rate, one.shape), np.float32)
        gradient = np.array(np.broadcast_to(back, maps.shape))
        return float((maps * gradient).sum()), gradient

    channel = None if found.channel == ALL else found.channel
    _, gradient = source.gradient(
        picture, found.request.maps.layer, channel, seed,
        output_stride=found.request.maps.stride, ticket=ticket,
    )  # fmt: skip
    return np.asarray(np.linalg.norm(gradient, axis=2), np.float32)


def _field(index: int, place: tuple[int, int], heat: Array, found: Found) -> Field:
    box = _box(heat)
    top = float(heat.max()) or 1.0
    share = np.sqrt(heat / top)
    shown = np.empty((*heat.shape, 4), np.uint8)
    for channel, stops in enumerate(((60, 40, 90), (70, 160, 255), (190, 250, 255))):
        shown[..., channel] = np.interp(share, (0, 0.5, 1), stops)
    shown[..., 3] = np.interp(share, (0, 0.03, 0.35), (0, 20, 235))
    main = _main(heat, place, found, box)
    return Field(index, place, heat / np.float32(top), shown, box, main)


def _box(heat: Array) -> Box:
    """Return the smallest box that holds all that is not 0."""
    rows, columns = np.nonzero(heat.any(axis=1))[0], np.nonzero(heat.any(axis=0))[0]
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _main(heat: Array, place: tuple[int, int], found: Found, box: Box) -> Box:
    """Return what a square around a position that holds most of the squared gradient reaches."""
    field = field_of(found)
    if field is None or not heat.any():
        return 0, 0, 0, 0
    x, y = (field.start + at * field.jump + (field.size - 1) / 2 for at in place)
    rows, columns = np.indices(heat.shape)
    far = np.ceil(np.maximum(np.abs(columns - x), np.abs(rows - y))).astype(int)
    power = np.cumsum(np.bincount(far.ravel(), (heat**2).ravel().astype(np.float64)))
    side = int(np.searchsorted(power, MAIN * power[-1]))
    return (
        max(box[0], math.ceil(x - side)), max(box[1], math.ceil(y - side)),
        min(box[2], math.floor(x + side) + 1), min(box[3], math.floor(y + side) + 1),
    )  # fmt: skip
