"""Colours, icons and style, light and dark.

Widgets that paint themselves read these colours from their palette, so that a change of
scheme reaches them without a signal: `Dark` is the surround of pictures, `Mid` a hairline,
`PlaceholderText` secondary text, `Highlight` the accent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import qtawesome
from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPalette,
    QPixmap,
)

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

RHYTHM = 8  # px: distances are multiples of this

ICONS = {
    "aliasing": "waves",
    "atrous": "circles-three",
    "back": "caret-left",
    "blend": "intersect",
    "both": "rows",
    "brush": "paint-brush",
    "cancel": "x-circle",
    "close": "x",
    "code": "code",
    "copy": "copy",
    "dream": "moon-stars",
    "ellipse": "circle",
    "eraser": "eraser",
    "error": "warning-octagon",
    "export": "export",
    "fit": "arrows-out",
    "folder": "folder-open",
    "forward": "caret-right",
    "gradient": "circle-half-tilt",
    "grid": "grid-four",
    "help": "question",
    "info": "info",
    "keyboard": "keyboard",
    "lasso": "scribble-loop",
    "link": "link",
    "move": "arrows-out-cardinal",
    "native": "stack-simple",
    "octaves": "stack",
    "one": "square",
    "open": "image",
    "palette": "command",
    "panel": "columns",
    "paste": "clipboard",
    "pause": "pause",
    "play": "play",
    "polygon": "polygon",
    "pooling": "dots-nine",
    "popout": "arrow-square-out",
    "rebuild": "sliders",
    "rectangle": "rectangle",
    "redo": "arrow-clockwise",
    "save": "floppy-disk",
    "seam": "line-segment",
    "swap": "swap",
    "theme": "circle-half",
    "undo": "arrow-counter-clockwise",
    "upsampled": "arrows-out-simple",
    "warning": "warning",
    "zoom": "magnifying-glass",
}


@dataclass(frozen=True)
class Scheme:
    """The colours of one scheme."""

    surround: str
    surface: str
    raised: str
    control: str
    line: str
    text: str
    dim: str
    disabled: str
    accent: str
    on_accent: str


LIGHT = Scheme(
    surround="#dfe2e7", surface="#f4f5f7", raised="#ffffff", control="#f9fafb", line="#cdd2da",
    text="#1b1f25", dim="#565e6a", disabled="#868d98", accent="#1f66d6", on_accent="#ffffff",
)  # fmt: skip
DARK = Scheme(
    surround="#141518", surface="#1f2125", raised="#191a1e", control="#2b2e34", line="#3b3f47",
    text="#e7e9ec", dim="#a0a7b2", disabled="#7d848f", accent="#5b9bff", on_accent="#0b1220",
)  # fmt: skip

STYLE = """
QToolTip { color: palette(tool-tip-text); background: palette(tool-tip-base);
    border: 1px solid palette(mid); padding: 4px 6px; }
QMainWindow::separator { background: palette(mid); width: 1px; height: 1px; }
QSplitter::handle { background: palette(mid); }
#rail { background: palette(window); border: 0; border-right: 1px solid palette(mid); }
#rail QToolButton { border: 1px solid transparent; border-radius: 8px; padding: 6px 0; }
#rail QToolButton:hover { background: palette(button); }
#rail QToolButton:checked { background: palette(highlight);
    color: palette(highlighted-text); }
#rail QToolButton:focus, #bar QToolButton:focus, #segments QToolButton:focus
    { border: 1px solid palette(highlight); }
#bar { background: palette(window); border-bottom: 1px solid palette(mid); }
#bar QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 3px 6px; }
#bar QToolButton:hover { background: palette(button); }
#segments { background: palette(button); border: 1px solid palette(mid); border-radius: 6px; }
#segments QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 3px 9px; }
#segments QToolButton#bare { padding: 3px 5px; }
#segments QToolButton:hover { background: palette(midlight); }
#segments QToolButton:checked { background: palette(highlight);
    color: palette(highlighted-text); }
QPushButton:checked { background: palette(highlight); color: palette(highlighted-text);
    border: 1px solid palette(highlight); border-radius: 3px; padding: 3px 6px; }
#status { background: palette(window); border-top: 1px solid palette(mid); }
#heading { font-weight: 600; }
QToolButton#heading { border: 1px solid transparent; border-radius: 4px; padding: 2px 4px 2px 0;
    background: transparent; }
QToolButton#heading:hover { background: palette(button); }
QToolButton#heading:focus { border: 1px solid palette(highlight); }
#section { border: 0; border-bottom: 1px solid palette(mid); }
QHeaderView { background: palette(window); border: 0; }
QHeaderView::section { background: palette(window); color: palette(placeholder-text); border: 0;
    padding: 2px 4px; }
QTableWidget { background: palette(window); border: 0; }
QToolButton#toggle:checked { background: palette(highlight); color: palette(highlighted-text);
    border: 1px solid palette(highlight); border-radius: 3px; }
QTabBar { background: palette(window); }
QTabBar::tab { background: palette(window); color: palette(placeholder-text); border: 0;
    border-right: 1px solid palette(mid); padding: 5px 10px; max-width: 220px; }
QTabBar::tab:selected { background: palette(dark); color: palette(text); }
QTabBar::tab:focus { text-decoration: underline; }
QTabBar QToolButton { border: 0; border-radius: 4px; padding: 1px; }
QTabBar QToolButton:hover { background: palette(mid); }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: palette(mid); border-radius: 4px; min-height: 32px;
    margin: 1px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
#caption { color: palette(placeholder-text); }
#panel { background: palette(window); border-left: 1px solid palette(mid); }
#notice { background: palette(base); border: 1px solid palette(mid); border-radius: 8px; }
#card { background: palette(base); border: 1px solid palette(mid); border-radius: 10px; }
#card:hover, #card:focus { border: 1px solid palette(highlight); }
"""


def palette(scheme: Scheme) -> QPalette:
    """Build the palette of a scheme."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    colours = {
        role.Window: scheme.surface, role.WindowText: scheme.text,
        role.Base: scheme.raised, role.AlternateBase: scheme.surface,
        role.Text: scheme.text, role.PlaceholderText: scheme.dim,
        role.Button: scheme.control, role.ButtonText: scheme.text,
        role.BrightText: "#ff5d5d", role.Light: scheme.control, role.Midlight: scheme.line,
        role.Mid: scheme.line, role.Dark: scheme.surround, role.Shadow: "#000000",
        role.Highlight: scheme.accent, role.HighlightedText: scheme.on_accent,
        role.Accent: scheme.accent, role.Link: scheme.accent, role.LinkVisited: scheme.accent,
        role.ToolTipBase: scheme.raised, role.ToolTipText: scheme.text,
    }  # fmt: skip
    built = QPalette()
    for key, value in colours.items():
        built.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        built.setColor(group.Disabled, key, QColor(scheme.disabled))
    built.setColor(group.Disabled, role.Highlight, QColor(scheme.line))
    return built


def apply(app: QApplication, choice: str) -> None:
    """Use the light, the dark, or the system's scheme (`choice` is "system")."""
    scheme, hints = Qt.ColorScheme, QGuiApplication.styleHints()
    if hints is None:
        return
    wanted = {"light": scheme.Light, "dark": scheme.Dark}.get(choice, scheme.Unknown)
    hints.setColorScheme(wanted)
    dark = hints.colorScheme() == scheme.Dark if wanted == scheme.Unknown else choice == "dark"
    built = palette(DARK if dark else LIGHT)
    if app.palette() != built or not app.styleSheet():
        app.setStyle("Fusion")
        app.setPalette(built)
        app.setStyleSheet(STYLE)


def fixed_font() -> QFont:
    """Return the application's font at fixed pitch.

    `QFontDatabase.systemFont` would do, but once it was asked for the fixed font, Qt (6.11) gives
    that to every widget when the colours of a GNOME desktop change.
    """
    font = QGuiApplication.font()
    font.setFamilies(["Menlo", "Consolas", "monospace"])
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


class _Glyph(QIconEngine):
    """A character of the icon font in the palette's present colour."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(
        self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State
    ) -> None:
        if painter is None:
            return
        colours = QGuiApplication.palette()
        group = QPalette.ColorGroup.Normal
        if mode == QIcon.Mode.Disabled:
            group = QPalette.ColorGroup.Disabled
        on = state == QIcon.State.On or mode == QIcon.Mode.Selected
        role = QPalette.ColorRole.HighlightedText if on else QPalette.ColorRole.ButtonText
        painter.save()
        painter.setFont(qtawesome.font("ph", rect.height()))
        painter.setPen(colours.color(group, role))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, qtawesome.charmap(f"ph.{self._name}"))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return picture

    def clone(self) -> QIconEngine:
        return _Glyph(self._name)


def icon(name: str) -> QIcon:
    """Return a line icon that follows the palette."""
    return QIcon(_Glyph(ICONS[name]))
