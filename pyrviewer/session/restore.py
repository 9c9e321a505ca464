"""The session as a file: what is open, how it is looked at."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyrviewer.compute.errors import UserError
from pyrviewer.session.document import OpenRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyrviewer.session.document import Workspace

FORMAT = 1
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Session:
    """What a session file says."""

    requests: tuple[OpenRequest, ...]
    lab: str = ""


def _as_json(state: object) -> object:
    return asdict(state) if is_dataclass(state) and not isinstance(state, type) else state


def _states(states: Mapping[str, object]) -> dict[str, object]:
    return {key: _as_json(state) for key, state in states.items()}


def describe(workspace: Workspace, lab: str) -> str:
    """Return the session as JSON, with what is not open yet or could not be opened.

    Images without a file or a copy are left out.
    """
    documents = [
        {
            "path": str(document.path or document.backup),
            "backup_of": "" if document.path else document.image.origin.name,
            "page": document.image.origin.page,
            "active": document is workspace.active,
            "states": _states(document.states),
        }
        for document in workspace.documents
        if document.path is not None or document.backup is not None
    ]
    documents += [
        {
            "path": str(request.path),
            "backup_of": request.backup_of,
            "page": request.page,
            "active": False,
            "states": _states(request.states or {}),
        }
        for request in workspace.pending
        if request.path is not None and request.replacing is None
    ]
    return json.dumps({"pyrviewer": FORMAT, "lab": lab, "documents": documents}, indent=2)


def parse(text: str, name: str) -> Session:
    """Read a session.

    Raises
    ------
    UserError
        If the text is not one.
    """
    try:
        raw = json.loads(text)
        if raw["pyrviewer"] != FORMAT:
            raise UserError(f"{name} was written by another version of pyrviewer.")
        requests = tuple(_request(item) for item in raw["documents"])
        return Session(requests, str(raw.get("lab", "")))
    except UserError:
        raise
    except _MALFORMED as error:
        raise UserError(f"{name} is not a pyrviewer session.") from error


def _request(item: dict[str, Any]) -> OpenRequest:
    states = item.get("states", {})
    return OpenRequest(
        path=Path(item["path"]),
        page=int(item.get("page", 0)),
        states=dict(states),
        activate=bool(item.get("active", False)),
        backup_of=str(item.get("backup_of", "")),
    )


def save(path: Path, text: str) -> None:
    """Write a session, whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise UserError(f"{path.name} could not be written: {error.strerror}.") from error


def load(path: Path) -> Session:
    """Read a session file.

    Raises
    ------
    UserError
        If it is missing or not a session.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is not a pyrviewer session.") from error
