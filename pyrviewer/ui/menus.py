"""Menus and keys from the action registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu

from pyrviewer.ui.theme import icon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PyQt6.QtWidgets import QMenuBar, QWidget

    from pyrviewer.session.actions import ActionRegistry, ActionSpec

FIRST = ("File", "Edit", "View")
EXPORT = "File/Export"  # where labs put what can be taken away; only those of the present one show


def _rank(menu: str) -> int:
    """Return a menu's place: the labs stand in their order between View and Help."""
    return FIRST.index(menu) if menu in FIRST else len(FIRST) + (menu == "Help")


class Menus(QObject):
    """One `QAction` for each action, in the menus and on the window.

    Parameters
    ----------
    window : QWidget
        Where window-wide keys work.
    views : sequence of QWidget
        Where the keys of view-scope actions work, with their children: the panes, and nothing
        that needs such keys itself.
    lab : callable
        Tells the id of the lab on the screen.
    """

    def __init__(
        self,
        registry: ActionRegistry,
        bar: QMenuBar,
        window: QWidget,
        views: Sequence[QWidget],
        lab: Callable[[], str],
    ) -> None:
        super().__init__(window)
        self._registry = registry
        self._lab = lab
        self._bar = bar
        self._window, self._views = window, views
        self._menus: dict[str, QMenu] = {}
        self._actions: dict[str, QAction] = {}
        paths = dict.fromkeys(spec.menu.split("/")[0] for spec in registry if spec.menu)
        for name in sorted(paths, key=_rank):
            self._menu(name)
        for spec in registry:
            self._add(spec.id)
        self.refresh_keys()

    def menu(self, path: str) -> QMenu:
        """Return a menu by its path."""
        return self._menus[path]

    def action(self, identity: str) -> QAction:
        """Return the action of an id."""
        return self._actions[identity]

    def _menu(self, path: str) -> QMenu:
        if path in self._menus:
            return self._menus[path]
        parent, _, name = path.rpartition("/")
        made = QMenu(f"&{name}", self._bar)
        made.setToolTipsVisible(True)
        if parent:
            self._menu(parent).addMenu(made)
        else:
            self._bar.addMenu(made)
        made.aboutToShow.connect(self.refresh)
        self._menus[path] = made
        return made

    def _add(self, identity: str) -> None:
        spec = self._registry[identity]
        action = QAction(spec.text, self)
        action.setObjectName(identity)
        action.setToolTip(spec.tip)
        action.setStatusTip(spec.tip)
        action.setCheckable(spec.checked is not None)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.triggered.connect(self._run)
        if spec.scope == "view":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            for view in self._views:
                view.addAction(action)
        else:
            self._window.addAction(action)
        if spec.menu:
            self._menu(spec.menu).addAction(action)
        self._actions[identity] = action

    def _run(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.run(sender.objectName())

    def run(self, identity: str) -> None:
        """Do an action if it is enabled, and bring all of them up to date."""
        spec = self._registry[identity]
        if spec.enabled():
            spec.run()
        self.refresh()

    def refresh(self) -> None:
        """Ask every action for its state."""
        for identity, action in self._actions.items():
            spec = self._registry[identity]
            action.setEnabled(spec.enabled())
            if spec.checked is not None:
                action.setChecked(spec.checked())
            if spec.label is not None:
                action.setText(spec.label())
            if spec.menu == EXPORT:
                action.setVisible(self._registry.lab(identity) in ("", self._lab()))

    def refresh_keys(self) -> None:
        """Take the keys from the registry."""
        for identity, action in self._actions.items():
            keys = [QKeySequence(key) for key in self._registry.keys(identity)]
            action.setShortcuts(keys)


def context_menu(parent: QWidget, specs: Iterable[ActionSpec], identities: Sequence[str]) -> QMenu:
    """Return a menu of some actions, an empty id being a separator; it goes when it closes."""
    by_id = {spec.id: spec for spec in specs}
    menu, window = QMenu(parent), parent.window()
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for identity in identities:
        if not identity:
            menu.addSeparator()
            continue
        spec = by_id[identity]
        # The key, which may have been bound anew, as text: a second action would be ambiguous.
        bound = window.findChild(QAction, identity) if window is not None else None
        key = bound.shortcut().toString() if bound is not None else ""
        action = QAction(f"{spec.text}\t{key}" if key else spec.text, menu)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.setEnabled(spec.enabled())
        action.triggered.connect(spec.run)
        menu.addAction(action)
    return menu
