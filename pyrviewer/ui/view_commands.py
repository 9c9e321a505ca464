"""How the window looks: zoom, linked panes, playback, colours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QApplication, QMessageBox

import pyrviewer
from pyrviewer.session.actions import ActionSpec, Scope
from pyrviewer.ui import theme
from pyrviewer.ui.pane_grid import PaneGrid

if TYPE_CHECKING:
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.main_window import MainWindow

NUDGE = 48  # logical pixels


class ViewCommands(QObject):
    """What the window can do with the panes of any lab."""

    def __init__(self, window: MainWindow, context: LabContext) -> None:
        super().__init__(window)
        self._window, self._context = window, context

    def _grid(self) -> PaneGrid | None:
        lab = self._window.lab
        return lab.view.findChild(PaneGrid) if lab is not None else None

    def _on_grid(self, name: str, *values: object) -> None:
        grid = self._grid()
        if grid is not None:
            getattr(grid, name)(*values)

    def _grid_is(self, name: str) -> bool:
        return bool(getattr(self._grid(), name, False))

    # Panes

    def toggle_link(self) -> None:
        """Link panes, or let each move alone."""
        grid = self._grid()
        if grid is not None:
            grid.set_linked(not grid.linked)
            state = "Panes move together." if grid.linked else "Each pane moves alone."
            self._context.notices.info(state)

    def toggle_pixel_grid(self) -> None:
        """Draw or leave out the lines between large pixels."""
        self._on_grid("set_pixel_grid", not self._grid_is("pixel_grid"))

    def toggle_wheel(self) -> None:
        """Swap what the wheel and Ctrl + wheel do."""
        on = not self._context.settings.get("wheel_pans", False)
        self._context.settings.set("wheel_pans", on)
        self.apply_wheel()

    def apply_wheel(self) -> None:
        """Use the wheel in all panes as the settings say."""
        for grid in self._window.views.findChildren(PaneGrid):
            grid.set_wheel_pans(self._context.settings.get("wheel_pans", False))

    # Playback

    def _can_play(self) -> bool:
        return self._window.lab is not None and self._window.lab.can_play()

    def _can_step(self) -> bool:
        lab = self._window.lab
        return lab is not None and lab.transport is not None and lab.transport.isVisible()

    def play(self) -> None:
        """Play back what the lab has computed, or pause."""
        if self._window.lab is not None:
            self._window.lab.play()

    def _move(self, step: str) -> None:
        lab = self._window.lab
        if lab is not None and lab.transport is not None:
            getattr(lab.transport, step)()

    # Window

    def set_theme(self, choice: str) -> None:
        """Use the light, the dark or the system's colours."""
        self._context.settings.set("theme", choice)
        self.apply_theme()

    def apply_theme(self) -> None:
        """Use the colours of the settings, which may be the system's present ones."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.apply(application, self._context.settings.get("theme", "system"))

    def flip_theme(self) -> None:
        """Use light colours where they are dark, and the other way round."""
        dark = self._window.palette().window().color().lightness() < 128
        self.set_theme("light" if dark else "dark")

    def full_screen(self) -> None:
        """Enter or leave full screen."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def about(self) -> None:
        """Say what this is."""
        box = QMessageBox(self._window)
        box.setWindowTitle("About pyrviewer")
        box.setText(
            f"<b>pyrviewer {pyrviewer.__version__}</b><br>See, use and teach image pyramids."
            "<br><br>Free software under the GNU General Public License, version 3 or later."
        )
        box.open()

    # Actions

    def specs(self) -> list[ActionSpec]:
        """Return the actions on the view."""
        return [
            *self._zoom_specs(),
            *self._pane_specs(),
            *self._theme_specs(),
            *self._playback_specs(),
            *self._window_specs(),
        ]

    def _active(self) -> bool:
        return self._context.workspace.active is not None

    def _zoom_specs(self) -> list[ActionSpec]:
        active, grid = self._active, self._on_grid
        moves = (("Left", -NUDGE, 0), ("Right", NUDGE, 0), ("Up", 0, -NUDGE), ("Down", 0, NUDGE))
        return [
            ActionSpec("view.fit", "Fit", "Show everything, all panes aligned.",
                       partial(grid, "fit"), ("F", "Ctrl+0"), "fit", "View", enabled=active),
            ActionSpec("view.actual", "100 %", "One image pixel on one pixel of the screen.",
                       partial(grid, "zoom_to", 1.0), ("Ctrl+1",), "", "View", enabled=active),
            ActionSpec("view.zoom_in", "Zoom in", "Enlarge.", partial(grid, "zoom_by", 1.25),
                       ("+", "=", "Ctrl++"), "zoom", "View", enabled=active),
            ActionSpec("view.zoom_out", "Zoom out", "Reduce.", partial(grid, "zoom_by", 0.8),
                       ("-", "Ctrl+-"), "", "View", enabled=active),
            *(
                ActionSpec(f"view.nudge_{key.lower()}", f"Move view {key.lower()}",
                           "Move the view a little.", partial(grid, "nudge", dx, dy),
                           (f"Ctrl+{key}",), "", "", "view", active)
                for key, dx, dy in moves
            ),
        ]  # fmt: skip

    def _pane_specs(self) -> list[ActionSpec]:
        active, settings = self._active, self._context.settings
        return [
            ActionSpec("view.link", "Link panes", "Let all panes look at the same place.",
                       self.toggle_link, ("L",), "link", "View", enabled=active,
                       checked=partial(self._grid_is, "linked")),
            ActionSpec("view.pixel_grid", "Pixel grid", "Lines between large pixels, and values.",
                       self.toggle_pixel_grid, ("Ctrl+G",), "grid", "View", enabled=active,
                       checked=partial(self._grid_is, "pixel_grid")),
            ActionSpec("view.wheel", "Wheel pans", "The wheel pans, and zooms with Ctrl held.",
                       self.toggle_wheel, (), "", "View",
                       checked=partial(settings.get, "wheel_pans", False)),
        ]  # fmt: skip

    def _theme_specs(self) -> list[ActionSpec]:
        def themed(choice: str) -> bool:
            return bool(self._context.settings.get("theme", "system") == choice)

        return [
            ActionSpec(f"view.theme_{choice}", text, f"Use {text.lower()} colours.",
                       partial(self.set_theme, choice), (), "", "View/Theme",
                       checked=partial(themed, choice))
            for choice, text in (("system", "System"), ("light", "Light"), ("dark", "Dark"))
        ]  # fmt: skip

    def _playback_specs(self) -> list[ActionSpec]:
        def scope(key: str) -> Scope:
            return "view" if len(key) > 1 else "window"  # sliders need Home and End

        return [
            ActionSpec("playback.play", "Play or pause", "Play back what the lab computed.",
                       self.play, ("P",), "play", "View/Animation", enabled=self._can_play),
            *(
                ActionSpec(f"playback.{name}", text, tip, partial(self._move, name), (key,),
                           picture, "View/Animation", scope(key), self._can_step)
                for name, text, tip, key, picture in (
                    ("step_back", "Step back", "One step back.", ",", "back"),
                    ("step_forward", "Step forward", "One step on.", ".", "forward"),
                    ("first", "First step", "Where it begins.", "Home", ""),
                    ("last", "Last step", "Where it ends.", "End", ""),
                )
            ),
        ]  # fmt: skip

    def _window_specs(self) -> list[ActionSpec]:
        window = self._window
        return [
            ActionSpec("view.panels", "Panels", "Fold the rail and the panel away.",
                       window.toggle_panels, ("Tab",), "panel", "View", "view"),
            ActionSpec("view.full_screen", "Full screen", "Use the whole screen.",
                       self.full_screen, ("F11",), "", "View"),
            ActionSpec("view.cancel", "Cancel", "Stop what runs, else close the notices.",
                       window.escape, ("Esc",), "cancel", ""),
            ActionSpec("help.about", "About", "Say what this is.", self.about, (), "info", "Help"),
        ]  # fmt: skip
