"""What is remembered between two starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QSettings, QStandardPaths, pyqtSignal

RECENT_LIMIT = 12


class Settings(QObject):
    """Preferences, recent files and rebound keys, kept in a `QSettings`."""

    changed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = QSettings()

    def get(self, key: str, default: Any) -> Any:
        """Return a value of the default's type, or the default."""
        raw = self._store.value(f"app/{key}")
        if not isinstance(raw, str):
            return default
        try:
            value = json.loads(raw)
        except ValueError:
            return default
        return value if isinstance(value, type(default)) else default

    def set(self, key: str, value: Any) -> None:
        """Remember a value that JSON can hold."""
        text = json.dumps(value)
        if self._store.value(f"app/{key}") == text:
            return
        self._store.setValue(f"app/{key}", text)
        self.changed.emit(key)

    def geometry(self) -> bytes:
        """Return the window's saved geometry, or nothing."""
        raw = self._store.value("window/geometry")
        return bytes(raw) if raw is not None else b""

    def set_geometry(self, data: bytes) -> None:
        """Remember the window's geometry."""
        self._store.setValue("window/geometry", data)

    def recent(self) -> list[str]:
        """Return the files opened last, newest first."""
        return [str(path) for path in self.get("recent", [])]

    def add_recent(self, path: Path) -> None:
        """Put a file at the top of the recent ones."""
        name = str(path)
        rest = [other for other in self.recent() if other != name]
        self.set("recent", [name, *rest][:RECENT_LIMIT])


def data_folder() -> Path:
    """Return the folder for the session and crash reports; it exists."""
    location = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    folder = Path(location)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
