"""The panes of the Search lab: the scene with the template, and every level that was searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QLabel, QToolButton, QWidget

from pyrviewer.compute import geometry
from pyrviewer.compute.mask import Ellipse, Lasso, Parametric, Polygon
from pyrviewer.session.viewport import Viewport
from pyrviewer.ui.lab_view import LabView
from pyrviewer.ui.navigator import MARGIN, TITLE_HEIGHT
from pyrviewer.ui.overlays import Dots, Outlines, Overlay, Wash, box_corners
from pyrviewer.ui.pane_grid import Pane
from pyrviewer.ui.picture import Layer, Picture, qimage
from pyrviewer.ui.theme import icon
from pyrviewer.ui.tools.rectangle import RectangleTool
from pyrviewer.ui.tools.shape import PolygonTool, ShapeTool
from pyrviewer.ui.widgets.form import Segments
from pyrviewer.ui.widgets.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.search import Match
    from pyrviewer.labs.search.run import Found, HeatPiece, Shade, ShownScene, Stage
    from pyrviewer.ui.canvas import Canvas

TEMPLATE = "#4c8dff"
MATCH = "#3fb950"
KEPT = "#ffd34d"
DROPPED = "#9aa1ab"
WINDOW = "#ffffff"
TRUTH = "#ff7b72"
TOOLS = (
    ("Rectangle", "rectangle", "rectangle", "A template with straight sides"),
    ("Ellipse", "ellipse", "ellipse", "Only what is inside an ellipse counts"),
    (
        "Polygon",
        "polygon",
        "polygon",
        "Only what is inside clicked corners counts; a double click closes it",
    ),
    ("Lasso", "lasso", "lasso", "Only what is inside an outline drawn by hand counts"),
)
INVITATIONS = (
    "Drag around something to look for, or click it. Space or the middle button pans.",
    "Click corners around something to look for; a double click closes the outline.",
    "Draw around something to look for. Space or the middle button pans.",
)
SHAPES: dict[str, type[Parametric]] = {"ellipse": Ellipse, "lasso": Lasso}
MOST_SCORES = 5  # written beside their matches: more would cover each other; the table has all
MOST_DROPPED = 60  # dropped candidates shown per level, the best ones
MOST_COLOURED = 64 << 20  # bytes of coloured scores that are kept
MOST_WINDOWS = 400  # drawn outlines per level: more cannot be told apart


class SearchView(LabView):
    """Shows what the controller hands it and says what the user did.

    Signals
    -------
    picked(object) : a template rectangle was drawn, moved or resized
    outlined(Parametric) : an outline was drawn around the template
    moved(int) : the animation's cursor was moved
    """

    picked = pyqtSignal(object)
    outlined = pyqtSignal(object)
    moved = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shared = Viewport(self)
        self.strip = Viewport(self)
        self._rectangle = RectangleTool(TEMPLATE, self)
        self._rectangle.changed.connect(self._redraw)
        self._rectangle.finished.connect(self.picked)
        self._polygon, self._shape = PolygonTool(TEMPLATE, self), ShapeTool(TEMPLATE, self)
        for tool in (self._polygon, self._shape):
            tool.changed.connect(self._redraw)
            tool.revealed.connect(self._redraw)
            tool.finished.connect(self.outlined)
        self.tool: RectangleTool | ShapeTool = self._rectangle
        self._washes: dict[HeatPiece | Shade, QImage] = {}  # the last shown at the end
        self._scene: ShownScene | None = None
        self._picture: Picture | None = None
        self._followed: Stage | None = None
        self._everywhere: Found | None = None
        self._fill_bar()
        self.transport = Transport(self)
        self.transport.moved.connect(self.moved)
        self.column.addWidget(self.transport)

    def _fill_bar(self) -> None:
        bar = self.bar
        line = bar.line
        self.tools = Segments(TOOLS, bar, words=False)
        self.tools.setAccessibleName("Tool")
        self.tools.chosen.connect(self._choose_tool)
        self.tools.show_value("rectangle")
        line.addWidget(self.tools)
        self.hint = QLabel(bar)
        line.addWidget(self.hint, 1)
        self.count = QLabel(bar)
        self.count.setAccessibleName("Translations tested")
        line.addWidget(self.count)
        self.clear = QToolButton(bar)
        self.clear.setIcon(icon("close"))
        self.clear.setText("Clear")
        self.clear.setToolTip("Take the template away")
        self.clear.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        line.addWidget(self.clear)

    # Showing

    def show_empty(self) -> None:
        """Show no panes."""
        self._scene = self._picture = self._everywhere = None
        self._washes.clear()
        self.grid.show_rows([])

    def show_scene(self, scene: ShownScene, rect: tuple[int, ...]) -> None:
        """Show an image to search in."""
        self._scene, self._picture = scene, Picture(scene.mips)
        self._washes.clear()
        height, width = scene.pixels.shape[:2]
        shown = (rect[0], rect[1], rect[2], rect[3]) if rect else None
        self._rectangle.reset(width, height, shown)
        self.show_levels(())

    @property
    def invitation(self) -> str:
        """How to draw a template with the present tool."""
        kinds = (self._rectangle, self._polygon, self._shape)
        return INVITATIONS[kinds.index(self.tool)]

    def _choose_tool(self, name: object) -> None:
        self.take_tool(name)
        self.hint.setText(self.invitation)

    def take_tool(self, name: object) -> None:
        """Draw templates with another tool."""
        self.tools.show_value(name)
        if name in SHAPES:
            self._shape.kind = SHAPES[str(name)]
        self.tool.cancel()
        if name == "rectangle":
            self.tool = self._rectangle
        else:
            self.tool = self._polygon if name == "polygon" else self._shape
        self.hold_tool(False)

    def hold_tool(self, on: bool) -> None:
        """Let clicks pass by the tool that draws templates, or take it up again."""
        for canvas in self.grid.canvases[:1]:
            canvas.set_tool(None if on else self.tool)

    def show_outline(self, outline: Parametric | None) -> None:
        """Put the outline where the state has it."""
        for tool in (self._polygon, self._shape):
            tool.reset(outline)
        if outline is None and self.tool is not self._rectangle and self._rectangle.rect:
            self.take_tool("rectangle")
        elif outline is not None and self.tool is self._rectangle:
            polygon = isinstance(outline, Polygon) and not isinstance(outline, Lasso)
            names = {kind: name for name, kind in SHAPES.items()}
            self.take_tool("polygon" if polygon else names[type(outline)])
        self._redraw()

    def show_rect(self, rect: tuple[int, ...]) -> None:
        """Put the template's rectangle where the state has it."""
        if self._scene is not None:
            height, width = self._scene.pixels.shape[:2]
            shown = (rect[0], rect[1], rect[2], rect[3]) if rect else None
            if shown != self._rectangle.rect:
                self._rectangle.reset(width, height, shown)
            self._redraw()

    def _redraw(self) -> None:
        for canvas in self.grid.canvases[:1]:
            canvas.update()

    def _layer(self, scene: ShownScene, title: str, level: int) -> Layer:
        """Return the scene from a level on."""
        height, width = scene.pixels.shape[:2]
        top = min(level, len(scene.mips) - 1)
        grid = geometry.level_geometry((height, width), top)
        extent = (0.0, 0.0, float(width), float(height))
        picture = Picture(scene.mips[top:]) if top else self._picture or Picture(scene.mips)
        source = scene.pixels if top == 0 else None
        return Layer(title, level, grid, extent, picture, source)

    def show_levels(self, stages: Sequence[Stage]) -> None:
        """Lay out the scene above and one pane for each level that was searched."""
        scene = self._scene
        if scene is None:
            return
        self._washes.clear()
        self._followed = None
        rows = [[Pane(self.shared, [self._layer(scene, "Scene", 0)])]]
        if self._everywhere is not None:
            rows[0].append(Pane(self.shared, [self._layer(scene, "Searched everywhere", 0)]))
        shares: tuple[float, ...] = (1.0,)
        if stages:
            rows.append(
                [
                    Pane(self.strip, [self._layer(scene, _title(stage), stage.trace.level)])
                    for stage in stages
                ]
            )
            shares = self._shares(scene, len(stages))
        self.grid.show_rows(rows, shares)
        for canvas in self.grid.canvases:
            canvas.set_tool(None)
        self.grid.canvases[0].set_tool(self.tool)

    def show_everywhere(self, everywhere: Found | None) -> None:
        """Set the scores of every place beside the search, or take them away again."""
        self._everywhere = everywhere

    def _show_everywhere(self) -> None:
        if self._everywhere is not None:
            (stage,) = self._everywhere.stages
            washes = [self._wash(piece) for piece in stage.heat]
            self.grid.canvases[1].set_overlays([*washes, *_matches(self._everywhere)])

    def _stage_canvases(self) -> list[Canvas]:
        """Return the panes of the levels that were searched."""
        return self.grid.canvases[1 if self._everywhere is None else 2 :]

    def _shares(self, scene: ShownScene, panes: int) -> tuple[float, float]:
        height, width = scene.pixels.shape[:2]
        room = self.grid.width() / panes - 2 * MARGIN
        needed = room * height / width + 2 * MARGIN + TITLE_HEIGHT
        lower = min(max(needed / max(1, self.grid.height()), 0.2), 0.42)
        return 1 - lower, lower

    # Playing back

    def show_count(self, tested: int, everything: int) -> None:
        """Say how many translations were tested, against all there are at full resolution."""
        if tested >= everything:
            more = tested - everything
            text = f"all <b>{everything:,}</b> translations tested, and {more:,} coarser"
        else:
            share = everything / max(1, tested)
            text = f"<b>{tested:,}</b> of {everything:,} translations tested: 1 in {share:,.0f}"
        self.count.setText(text)

    def show_moment(self, found: Found, moment: int, truth: tuple[float, float] | None) -> None:
        """Show what had been computed at a moment of the playback."""
        if len(self._stage_canvases()) != len(found.stages):
            self.show_levels(found.stages)
        done = moment >= len(found.moments) - 1
        moment = found.moments[moment]
        current = self._current(found, moment)
        for canvas, stage in zip(self._stage_canvases(), found.stages, strict=True):
            canvas.set_overlays(self._stage_overlays(stage, moment))
            canvas.set_selected(not done and stage is current)
        self._follow(None if done else current)
        overlays: list[Overlay] = []
        if not done and current is not None:
            overlays = self._stage_overlays(current, moment)
        if done:
            overlays += _matches(found)
        if truth is not None:
            overlays.append(Dots([truth], TRUTH, 5))
        self.grid.canvases[0].set_overlays(overlays)
        self._show_everywhere()
        self._forget_washes()

    def _follow(self, stage: Stage | None) -> None:
        """Look at what a level searches while it is played back; look back at its end."""
        if stage is self._followed:
            return
        self._followed = stage
        if stage is None or not stage.heat:
            self.shared.set_view(self.grid.canvases[0].fitted(), fitting=True)
            return
        lefts, tops, rights, bottoms = zip(*(piece.box for piece in stage.heat), strict=True)
        reach = 2.0**stage.trace.level * max(stage.trace.template_shape)
        box = (min(lefts) - reach, min(tops) - reach, max(rights) + reach, max(bottoms) + reach)
        self.shared.set_view(self.grid.canvases[0].fitted(box), fitting=False)

    def look_at(self, match: Match) -> None:
        """Show a match with as much again around it."""
        xs, ys = zip(*match.corners, strict=True)
        reach = max(max(xs) - min(xs), max(ys) - min(ys))
        box = (min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach)
        self.shared.set_view(self.grid.canvases[0].fitted(box), fitting=False)

    def _current(self, found: Found, moment: int) -> Stage | None:
        """Return the level at which scores were computed last."""
        clocks = {
            max(past): stage
            for stage in found.stages
            if (past := [piece.order for piece in stage.heat if piece.order <= moment])
        }
        return clocks[max(clocks)] if clocks else None

    def _stage_overlays(self, stage: Stage, moment: int) -> list[Overlay]:
        heat = stage.shown(moment)
        pieces: list[HeatPiece | Shade] = [*heat]
        if stage.excluded is not None:
            pieces.insert(0, stage.excluded)
        overlays: list[Overlay] = [self._wash(piece) for piece in pieces]
        recent = [piece.box for piece in heat][-MOST_WINDOWS:]
        if len({piece.pile for piece in stage.heat}) > 1:
            overlays.append(Outlines([box_corners(*box) for box in recent], WINDOW, width=1))
        trace = stage.trace
        for group, colour, size in (
            (trace.dropped[:MOST_DROPPED], DROPPED, 2.5),
            (trace.kept, KEPT, 4.0),
        ):
            points = [stage.centre(each) for each in group if each.order <= moment]
            overlays.append(Dots(points, colour, size))
        return overlays

    def _wash(self, piece: HeatPiece | Shade) -> Wash:
        """Colour a piece, or find it among those that were shown before."""
        image = self._washes.pop(piece, None)
        if image is None:
            image = qimage(piece.pixels, QImage.Format.Format_ARGB32)
        self._washes[piece] = image
        return Wash(image, piece.box)

    def _forget_washes(self) -> None:
        """Let go of what was shown longest ago: a search over many angles has hundreds of maps."""
        total = sum(image.sizeInBytes() for image in self._washes.values())
        while total > MOST_COLOURED:
            total -= self._washes.pop(next(iter(self._washes))).sizeInBytes()


def _title(stage: Stage) -> str:
    again = f" ({stage.trace.attempt + 1})" if stage.trace.attempt else ""
    return f"Octave {stage.trace.level}{again}"


def _matches(found: Found) -> list[Overlay]:
    """Return the matches as outlines with their scores; the best one even below the minimum."""
    trace = found.trace
    if trace.matches:
        few = len(trace.matches) <= MOST_SCORES
        labels = [
            f"{k + 1}   {match.score:.3f}" if few else str(k + 1)
            for k, match in enumerate(trace.matches)
        ]
        return [Outlines([match.corners for match in trace.matches], MATCH, labels, width=2)]
    if trace.best is not None:
        label = f"best: {trace.best.score:.3f}, below the minimum"
        return [Outlines([trace.best.corners], DROPPED, [label], width=2, dashed=True)]
    return []
