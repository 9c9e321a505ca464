"""Strokes, and what is learned from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, QPointF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from pyrviewer.compute import segment
from pyrviewer.compute.mask import Brush
from pyrviewer.compute.segment import Stroke
from pyrviewer.compute.ticket import Ticket
from pyrviewer.labs.atrous import segmenting
from pyrviewer.labs.atrous.segmenting import CLASS_COLOURS, SegmentRequest
from pyrviewer.ui.overlays import Wash
from pyrviewer.ui.picture import qimage

if TYPE_CHECKING:
    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.image import Array
    from pyrviewer.compute.segment import Features
    from pyrviewer.labs.atrous.controller import AtrousLab
    from pyrviewer.labs.atrous.run import Tile
    from pyrviewer.labs.atrous.segmenting import Segmented
    from pyrviewer.session.document import Document
    from pyrviewer.ui.overlays import Overlay
    from pyrviewer.ui.picture import Mapping

STROKES_SIDE = 1000  # pixels of the longer side of what strokes are drawn in
SOLID = 215  # of 255: how much a stroke covers the picture
NEAR = 0.25  # of the radius: nearer points of a stroke are left out
FIRST = "Paint a thing, then press 2 and paint what is around."
MORE = "More strokes where it is wrong. Alt and wheel: size."
SECOND = "Now press {} and paint what is not class {}."


@dataclass(frozen=True, eq=False)
class _Line:
    """A stroke while it is painted."""

    stroke: Stroke

    def draw(self, painter: QPainter, mapping: Mapping, ratio: float) -> None:
        """Draw it."""
        label = self.stroke.label
        colour = QColor(CLASS_COLOURS[label - 1] if label else "#ffffff")
        colour.setAlpha(SOLID if label else 120)
        places = [QPointF(*mapping.to_device(x, y)) for x, y in self.stroke.points]
        pen = QPen(colour, 2 * self.stroke.radius * mapping.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPolyline(QPolygonF([*places, places[-1]]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


class Painting(QObject):
    """Turns drags into strokes, and strokes into a segmentation."""

    def __init__(self, lab: AtrousLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self.found: Segmented | None = None
        self.tiles: list[Tile] = []
        self._tiled: tuple[Segmented, int] | None = None
        self._source: FeatureSource | None = None  # of the features
        self._features: Features | None = None
        self._request: SegmentRequest | None = None
        self._points: list[tuple[float, float]] = []
        self._washes: list[Overlay] = []
        self._drawn: tuple[Stroke, ...] | None = None
        self._classes: list[int] = []
        make = lab.context.jobs.lane
        self._feature_lane = make("Making features", self)
        self._feature_lane.succeeded.connect(self._take_features)
        for signal in (self._feature_lane.cancelled, self._feature_lane.failed):
            signal.connect(self._on_no_features)
        self._lane = make("Learning the strokes", self)
        self._lane.succeeded.connect(self._take)
        self._lane.cancelled.connect(self._on_stopped)
        self._compare_lane = make("Comparing branches", self)
        self._compare_lane.succeeded.connect(lab.panel.show_changes)
        self.lanes = (self._feature_lane, self._lane, self._compare_lane)
        tool = lab.view.tool
        tool.stroked.connect(self._on_stroked)
        tool.began.connect(self._on_began)
        tool.ended.connect(self._on_ended)
        tool.cancelled.connect(self._on_cancelled)
        tool.sized.connect(self._on_sized)

    def show_document(self, document: Document | None) -> None:
        """Forget what belonged to another image."""
        for lane in self.lanes:
            lane.cancel()
        self.found = self._source = self._features = self._request = self._tiled = None
        self.tiles, self._points, self._washes, self._classes = [], [], [], []
        self._drawn = None

    def _on_stopped(self) -> None:
        """Let what was stopped be asked for again."""
        self._request = None

    def _on_no_features(self) -> None:
        self._source = None

    # Painting

    @property
    def radius(self) -> float:
        """The radius of the brush, in pixels of the image."""
        document, state = self._lab.document, self._lab.state
        return state.brush(document.pixels.shape) if document is not None else 1.0

    def _on_began(self) -> None:
        self._points = []

    def _on_stroked(self, _x0: float, _y0: float, x: float, y: float) -> None:
        near = self.radius * NEAR
        if self._points:
            last = self._points[-1]
            if abs(last[0] - x) + abs(last[1] - y) < near:
                return
        self._points.append((round(x, 1), round(y, 1)))
        self._point(self._stroke())

    def _stroke(self) -> Stroke:
        return Stroke(self._lab.state.label, self.radius, tuple(self._points))

    def _on_ended(self) -> None:
        if self._points and self._lab.document is not None:
            stroke, self._points = self._stroke(), []
            self._lab.change("strokes", (*self._lab.state.strokes, stroke))
            self._lab.refresh()

    def _on_cancelled(self) -> None:
        self._points = []
        self._point(None)

    def _on_sized(self, radius: float) -> None:
        self._lab.change("radius", radius)

    def _point(self, stroke: Stroke | None) -> None:
        line = [_Line(stroke)] if stroke is not None else []
        self._lab.view.point({"image paint": line})

    # Learning

    def refresh(self) -> None:
        """Show strokes and mask, and learn again where they changed."""
        lab, document = self._lab, self._lab.document
        if document is None:
            return
        lab.panel.scribble.show_radius(self.radius)
        lab.view.tool.brush = Brush(self.radius, 1.0)
        self.learn()
        self.show()

    def learn(self) -> None:
        """Learn the strokes, where they are not what was learned last."""
        lab, state = self._lab, self._lab.state
        document, source = lab.document, lab.network.source
        if document is None or source is None:
            return
        self._draw(document)
        if source is not self._source:
            self._source, self._features = source, None
            work = partial(segmenting.prepare, source=source, pixels=document.pixels)
            self._feature_lane.submit(work)
        if self._features is None:
            return
        request = SegmentRequest(
            document.pixels, self._features, state.strokes, state.branches,
            state.segment_rates, state.edges,
        )  # fmt: skip
        if len(self._classes) < 2 or not state.branches:
            self._lane.cancel()
            self._request = self.found = None
            lab.panel.show_changes({})
            lab.panel.show_segmented(None)
            lab.actions_changed.emit()
        elif not request.same_as(self._request):
            self._request = request
            self._compare_lane.cancel()
            self._lane.submit(partial(segmenting.run_segment, request=request))

    def _draw(self, document: Document) -> None:
        """Draw the strokes, at a size that takes no time."""
        strokes = self._lab.state.strokes
        if strokes is self._drawn:
            return
        self._drawn = strokes
        height, width = document.pixels.shape[:2]
        scale = min(1.0, STROKES_SIDE / max(height, width))
        shape = max(1, round(height * scale)), max(1, round(width * scale))
        labels = segment.rasterise(strokes, shape, scale=scale)
        self._classes = np.unique(labels[labels > 0]).tolist()
        shown = segmenting.paint(labels)
        shown[shown[..., 3] == segmenting.COVER, 3] = SOLID
        self._washes = [wash(shown, document)]

    def _advice(self) -> str:
        """Say what to paint next."""
        if not self._classes:
            return FIRST
        if len(self._classes) > 1:
            return MORE
        return SECOND.format(2 if self._classes[0] == 1 else 1, self._classes[0])

    def _take_features(self, features: Features) -> None:
        self._features = features
        self._lab.refresh()

    def _take(self, found: Segmented) -> None:
        self.found = found
        lab = self._lab
        lab.panel.show_segmented(found)
        self._compare_lane.submit(partial(segmenting.without_each, found=found))
        lab.actions_changed.emit()
        lab.refresh()

    def show(self) -> None:
        """Lay out the picture with mask and strokes, and what each branch says."""
        lab, document = self._lab, self._lab.document
        if document is None or lab.state.layout != "segment" or not lab.view.ready:
            return
        lab.view.forget_base()
        lab.view.hint.setText(self._advice())
        rows, tiles = [["image paint"]], {}
        if self.found is not None:
            tiles = {f"branch {k}": tile for k, tile in enumerate(self._branch_tiles(self.found))}
            rows.append(list(tiles))
        lab.view.show_tiles(rows, tiles, (0.74, 0.26) if tiles else ())
        mask = [wash(self.found.shown, document)] if self.found is not None else []
        lab.view.set_base("image paint", [*mask, *self._washes])
        self._point(self._stroke() if self._points else None)

    def _branch_tiles(self, found: Segmented) -> list[Tile]:
        """Return what each branch says for the class in hand; they are small."""
        key = found, self._lab.state.label
        if key != self._tiled:
            shape = found.request.pixels.shape
            self.tiles = segmenting.branch_tiles(found, key[1], shape, Ticket())
            self._tiled = key
        return self.tiles


def wash(shown: Array, document: Document) -> Wash:
    """Return a picture of B, G, R, A that lies on all of the image, as Qt draws it fastest."""
    height, width = document.pixels.shape[:2]
    form = QImage.Format
    picture = qimage(shown, form.Format_ARGB32).convertToFormat(form.Format_ARGB32_Premultiplied)
    return Wash(picture, (0.0, 0.0, float(width), float(height)))
