"""DeepLab's diagram with the maps of its nodes, and the classes at every output stride."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.compute.network import Network
from pyrviewer.labs.atrous import deeplab
from pyrviewer.labs.atrous.painting import wash
from pyrviewer.labs.atrous.state import STRIDES, MapsRequest
from pyrviewer.ui.overlays import Note, Outlines, Wash, box_corners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.labs.atrous.controller import AtrousLab
    from pyrviewer.labs.atrous.deeplab import Classes, Nodes
    from pyrviewer.session.document import Document
    from pyrviewer.ui.overlays import Overlay

NO_CLASSES = "Classes need the trained network"
NO_STROKES = "Paint strokes in Segment: the head that learns them is this node"


class Architecture(QObject):
    """Computes and shows what the diagram is of."""

    def __init__(self, lab: AtrousLab) -> None:
        super().__init__(lab)
        self._lab = lab
        self.nodes: Nodes | None = None
        self.classes: Classes | None = None
        self._wanted: tuple[object, ...] = ()
        self._washes: dict[int, Wash] = {}
        make = lab.context.jobs.lane
        self._node_lane = make("Computing the nodes", self)
        self._node_lane.succeeded.connect(self._take_nodes)
        self._node_lane.cancelled.connect(self._on_nodes_stopped)
        self._class_lane = make("Classifying every place", self)
        self._class_lane.partial.connect(self._take_classes)
        self._class_lane.succeeded.connect(self._take_classes)
        self._class_lane.cancelled.connect(self._on_classes_stopped)
        self.lanes = (self._node_lane, self._class_lane)
        lab.view.diagram.show_shape(lab.state.aspp, lab.state.stride)

    def show_document(self, document: Document | None) -> None:
        """Forget what belonged to another image."""
        for lane in self.lanes:
            lane.cancel()
        self.nodes = self.classes = None
        self._wanted = ()
        self._washes.clear()

    def refresh(self) -> None:
        """Compute what is missing, and show what is there."""
        lab, state = self._lab, self._lab.state
        document, source = lab.document, lab.own
        rates = deeplab.rates_at(state.aspp, state.stride)
        learned = source is None or source.learned
        lab.view.diagram.show_shape(rates, state.stride, learned=learned)
        lab.view.diagram.show_node(state.node)
        if document is None or source is None:
            return
        request = self._request(document)
        wanted = (state.side, state.aspp, state.stride, document.id, source)
        if wanted != self._wanted:
            self._wanted = wanted
            work = partial(
                deeplab.run_nodes, request=request, source=source,
                rates=state.aspp, stride=state.stride,
            )  # fmt: skip
            self._node_lane.submit(work)
        known = self.classes
        fresh = known is not None and known.request.same_as(request)
        if isinstance(source, Network) and not fresh:
            self.classes = deeplab.Classes(request, {}, (), {})
            self._washes.clear()
            self._class_lane.submit(partial(deeplab.run_classes, request=request, source=source))
        self.show()

    def _on_nodes_stopped(self) -> None:
        """Let what was stopped be asked for again."""
        self._wanted = ()

    def _on_classes_stopped(self) -> None:
        self.classes = None

    def _request(self, document: Document) -> MapsRequest:
        side = min(self._lab.state.side, max(document.pixels.shape[:2]))
        return MapsRequest(document.pixels, side, "", self._lab.own)

    def _take_nodes(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.show()

    def _take_classes(self, classes: Classes) -> None:
        self.classes = classes
        document = self._lab.document
        if document is None:
            return
        self._washes = {stride: wash(one.shown, document) for stride, one in classes.maps.items()}
        self._lab.panel.show_classes(classes)
        self.show()

    # Showing

    def show(self) -> None:
        """Show the maps of the node, or the classes."""
        lab, state = self._lab, self._lab.state
        if lab.document is None or state.layout != "deeplab" or not lab.view.ready:
            return
        lab.view.forget_base()
        if state.node == "classes" and lab.own is not None and lab.own.learned:
            self._show_classes()
        elif state.node == "prediction":
            self._show_prediction(lab.document)
        elif self.nodes is not None and state.node in self.nodes.tiles:
            tile, fact = self.nodes.tiles[state.node], self.nodes.facts[state.node]
            lab.view.show_tiles([["image", "node"]], {"node": tile})
            lab.view.set_base("node", [Note(fact)] if fact else [])
        else:
            lab.view.show_tiles([["image"]], {})
            note = [Note(NO_CLASSES)] if state.node == "classes" and lab.own else []
            lab.view.set_base("image", note)
        lab.pointing.again()

    def _show_classes(self) -> None:
        view = self._lab.view
        spots = [f"image {stride}" for stride in STRIDES]
        titles = {spot: f"Output stride {spot[6:]}" for spot in spots}
        view.show_tiles([spots], {}, titles=titles)
        for stride, spot in zip(STRIDES, spots, strict=True):
            shown = self._washes.get(stride)
            view.set_base(spot, [shown] if shown else [Note("Computing ...")])
        for canvas, stride in zip(view.grid.canvases, STRIDES, strict=True):
            canvas.set_selected(stride == self._lab.state.stride)

    def _show_prediction(self, document: Document) -> None:
        view, found = self._lab.view, self._lab.painting.found
        if found is None and self._lab.state.strokes:
            self._lab.painting.learn()
        view.show_tiles([["image", "image mask"]], {}, titles={"image mask": "Prediction"})
        if found is None:
            view.set_base("image mask", [Note(NO_STROKES)])
            return
        view.set_base("image mask", [wash(found.shown, document)])

    # Under the mouse

    def at(self, x: float, y: float) -> tuple[dict[str, Sequence[Overlay]], list[tuple[str, ...]]]:
        """Return frames around the positions that hold a point, and what is classified there."""
        classes, document = self.classes, self._lab.document
        marks: dict[str, Sequence[Overlay]] = {}
        rows: list[tuple[str, ...]] = []
        if classes is None or document is None or self._lab.state.node != "classes":
            return marks, rows
        for stride, one in classes.maps.items():
            step = [
                stride * whole / seen
                for whole, seen in zip(
                    document.pixels.shape[1::-1], one.shown.shape[1::-1], strict=True
                )
            ]
            column, row = int(x / step[0]), int(y / step[1])
            height, width = one.best.shape[:2]
            if not (0 <= column < width and 0 <= row < height):
                continue
            box = (column * step[0], row * step[1], (column + 1) * step[0], (row + 1) * step[1])
            index, likely = int(one.best[row, column, 0]), float(one.likely[row, column, 0])
            name = f"{classes.names[index]}, {deeplab.percent(likely)}"
            marks[f"image {stride}"] = [Outlines([box_corners(*box)], "#ffffff", [name], width=2)]
            rows += [
                (f"Stride {stride}" if k == 0 else "", classes.names[int(i)], f"{p:.1%}")
                for k, (i, p) in enumerate(
                    zip(one.best[row, column], one.likely[row, column], strict=True)
                )
            ]
        return marks, rows
