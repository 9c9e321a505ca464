"""Everything the program can do, as data: menus, toolbar, palette, keys and README."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyrviewer.session.settings import Settings

Scope = Literal["window", "view"]


def _always() -> bool:
    return True


@dataclass(frozen=True)
class ActionSpec:
    """One thing that can be done.

    Parameters
    ----------
    id : str
        Unique name, such as ``file.open``.
    text : str
        What menus show.
    tip : str
        One sentence on what it does.
    run : callable
        Does it.
    shortcut : tuple of str
        Default keys, as `QKeySequence` text.
    icon : str
        Name in `pyrviewer.ui.theme`, or nothing.
    menu : str
        Menu path, such as ``File`` or ``View/Layout``; nothing keeps it out of the menus.
    scope : {"window", "view"}
        Where the keys work. Keys that sliders and lists need (arrows, Tab, Home) work in the
        view only.
    enabled, checked : callable
        State, asked whenever it may have changed; `checked` makes the action a toggle.
    label : callable, optional
        What menus show now instead of `text`.
    """

    id: str
    text: str
    tip: str
    run: Callable[[], object]
    shortcut: tuple[str, ...] = ()
    icon: str = ""
    menu: str = ""
    scope: Scope = "window"
    enabled: Callable[[], bool] = field(default=_always)
    checked: Callable[[], bool] | None = None
    label: Callable[[], str] | None = None


class ActionRegistry:
    """All actions by id, with the keys that the user gave them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._specs: dict[str, ActionSpec] = {}
        self._labs: dict[str, str] = {}

    def add(self, specs: Iterable[ActionSpec], lab: str = "") -> None:
        """Take actions in, those of the window or of a lab; an id is given once."""
        for spec in specs:
            if spec.id in self._specs:
                raise ValueError(f"two actions are called {spec.id!r}")
            self._specs[spec.id] = spec
            self._labs[spec.id] = lab

    def lab(self, identity: str) -> str:
        """Return the id of the lab that an action belongs to, or nothing."""
        return self._labs[identity]

    def meet(self, first: str, second: str) -> bool:
        """Tell whether two actions can be enabled at once: those of two labs never are."""
        labs = {self._labs[first], self._labs[second]} - {""}
        return len(labs) < 2

    def __iter__(self) -> Iterator[ActionSpec]:
        return iter(self._specs.values())

    def __getitem__(self, identity: str) -> ActionSpec:
        return self._specs[identity]

    def keys(self, identity: str) -> tuple[str, ...]:
        """Return the keys of an action: the user's, or the default ones."""
        bound = self._settings.get("keys", {}).get(identity)
        if isinstance(bound, list) and all(isinstance(key, str) for key in bound):
            return tuple(bound)
        return self._specs[identity].shortcut

    def rebind(self, identity: str, keys: tuple[str, ...]) -> None:
        """Give an action other keys; who had them, and can be meant by them, loses them."""
        bound = dict(self._settings.get("keys", {}))
        for spec in self:
            taken = spec.id != identity and self.meet(spec.id, identity)
            if taken and set(self.keys(spec.id)) & set(keys):
                bound[spec.id] = [key for key in self.keys(spec.id) if key not in keys]
        if keys == self._specs[identity].shortcut:
            bound.pop(identity, None)
        else:
            bound[identity] = list(keys)
        self._settings.set("keys", bound)

    def reset_keys(self) -> None:
        """Give every action its default keys again."""
        self._settings.set("keys", {})
