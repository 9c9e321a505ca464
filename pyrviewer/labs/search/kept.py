"""Templates that stay when the image is changed, or the program is started again."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pyrviewer.compute import image
from pyrviewer.compute import mask as masks
from pyrviewer.compute.errors import UserError
from pyrviewer.labs.search.state import Template

if TYPE_CHECKING:
    from pyrviewer.compute.ticket import Ticket

MOST_SAMPLES = 1 << 20  # written into a session, of a template that no file holds


def describe(template: Template) -> str:
    """Say in JSON where a template comes from, or what it is if it comes from no file."""
    outline = masks.to_json(template.outline) if template.outline is not None else ""
    said: dict[str, Any] = {"rect": template.rect, "outline": outline}
    if template.path:
        said |= {"path": template.path, "page": template.page}
    else:
        pixels, data = template.pixels, np.ascontiguousarray(template.pixels).data
        said |= {"dtype": pixels.dtype.name, "shape": pixels.shape, "sum": zlib.crc32(data)}
        if pixels.size <= MOST_SAMPLES:
            said["pixels"] = base64.b64encode(zlib.compress(data, 1)).decode()
    return json.dumps(said)


def revive(ticket: Ticket, kept: str) -> tuple[str, Template]:
    """Find a template again by what `describe` said of it; for worker threads.

    Raises
    ------
    UserError
        If its file cannot be read or has become smaller, or it was too large to be written down.
    """
    try:
        said = json.loads(kept)
        outline, rect = masks.from_json(said["outline"]), tuple(said["rect"])
        if said.get("path"):
            path, page = str(said["path"]), int(said["page"])
            whole = image.read(path, page=page, ticket=ticket).pixels
            cut = whole[rect[1] : rect[3], rect[0] : rect[2]] if rect else whole
            if rect and cut.shape[:2] != (rect[3] - rect[1], rect[2] - rect[0]):
                raise UserError(f"{Path(path).name} no longer holds the template that was kept.")
            return kept, Template(cut, path, page, rect, outline)
        data = zlib.decompress(base64.b64decode(said["pixels"]))
        pixels = np.frombuffer(data, said["dtype"]).reshape(said["shape"])
    except UserError:
        raise
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise UserError("The template that was kept is not known any more.") from error
    return kept, Template(pixels, rect=rect, outline=outline)


def opened(ticket: Ticket, path: Path) -> tuple[str, Template]:
    """Read a template from an image file; for worker threads."""
    found = image.read(path, ticket=ticket)
    template = Template(found.pixels, str(found.origin.path or ""), found.origin.page)
    return describe(template), template
