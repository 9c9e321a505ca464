"""Which pictures of a blend go into which pane."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyrviewer.compute import geometry
from pyrviewer.labs.blend.run import TITLES
from pyrviewer.ui.pane_grid import Pane, best_columns
from pyrviewer.ui.picture import Layer, Patch, Picture, Texture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.labs.blend.run import Level, Method, Pair, Preview, Result, Shown
    from pyrviewer.labs.blend.state import BlendState
    from pyrviewer.session.viewport import Viewport

    Rows = list[Sequence[Pane]]

BLEND = "Blend"
SPLIT = 0.35  # where the divider begins: beside the first seam


@dataclass(frozen=True, eq=False)
class Scene:
    """All that there is to show.

    Attributes
    ----------
    single : Shown, optional
        Image A alone, while there is no B, and what each of several pictures gave to it.
    other, difference : optional
        What the blend is compared with.
    """

    single: Shown | None = None
    weights: tuple[tuple[str, Shown], ...] = ()
    pair: Pair | None = None
    result: Result | None = None
    other: Method | None = None
    difference: Shown | None = None
    methods: tuple[Method, ...] = ()
    levels: tuple[Level, ...] = ()

    def shown(self) -> list[Shown | None]:
        """Return every picture in it."""
        found = [self.single, self.difference, *(shown for _, shown in self.weights)]
        if self.pair is not None:
            found += [self.pair.shown_a, self.pair.shown_b]
        if self.result is not None:
            found += [self.result.shown, self.result.mask_shown]
        if self.other is not None:
            found.append(self.other.shown)
        found += [method.shown for method in self.methods]
        for level in self.levels:
            found += [level.mask, level.band_a, level.band_b, level.mixed, level.partial]
        return found


class PaneMaker:
    """Makes the panes of every layout; pictures are made once.

    Parameters
    ----------
    viewport : Viewport
        Where all of them look.
    """

    def __init__(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._pictures: dict[int, tuple[Shown, Picture]] = {}
        self.preview: Preview | None = None

    def clear(self) -> None:
        """Forget all pictures."""
        self._pictures.clear()
        self.preview = None

    def rows(self, scene: Scene, state: BlendState, width: int, height: int) -> Rows:
        """Return the panes that fit into a size in logical pixels."""
        alive = {id(shown) for shown in scene.shown()}
        self._pictures = {key: kept for key, kept in self._pictures.items() if key in alive}
        layers = self._layers(scene, state)
        if isinstance(layers, Pane):
            return [[layers]]
        shape = layers[0].geometry.shape if layers else (1, 1)
        columns = best_columns(len(layers), width, height, shape[1] / shape[0])
        panes = [Pane(self._viewport, [layer]) for layer in layers]
        return [panes[k : k + columns] for k in range(0, len(panes), columns)]

    def _layers(self, scene: Scene, state: BlendState) -> list[Layer] | Pane:
        """Return what is shown side by side, or one pane that compares."""
        pair = scene.pair
        if pair is None:
            singles = [("A", scene.single), *scene.weights]
            return [self._layer(title, shown) for title, shown in singles if shown is not None]
        if state.layout == "methods" and scene.methods:
            titled = [(TITLES[method.name], method.shown) for method in scene.methods]
            return [self._layer(title, shown, pair) for title, shown in titled]
        if state.layout == "xray" and scene.levels:
            return self._level(scene.levels, state.selected, pair)
        a = self._layer("A", pair.shown_a, pair)
        blended = self._blended(scene, pair)
        if state.layout == "sources":
            layers = [a, self._layer("B", pair.shown_b, pair)]
            if scene.result is not None:
                layers.append(self._layer("Mask", scene.result.mask_shown, pair))
            return [*layers, blended]
        return self._compared(scene, state, pair, a, blended)

    def _layer(self, title: str, shown: Shown, pair: Pair | None = None, level: int = 0) -> Layer:
        kept = self._pictures.get(id(shown))
        if kept is None:
            kept = self._pictures[id(shown)] = (shown, Picture(shown.mips))
        grid = shown.grid
        height, width = pair.shape if pair is not None else grid.shape
        x, y = pair.origin if pair is not None else (0, 0)
        placed = replace(grid, offset_x=grid.offset_x + x, offset_y=grid.offset_y + y)
        extent = (float(x), float(y), float(x + width), float(y + height))
        values = f"±{shown.limit:.3g}" if shown.limit else ""
        return Layer(title, level, placed, extent, kept[1], shown.source, values)

    def _blended(self, scene: Scene, pair: Pair) -> Layer:
        """Return the last blend with the live preview over it, or A before there is one."""
        done = scene.result is not None and scene.result.pair is pair
        shown = scene.result.shown if scene.result is not None and done else pair.shown_a
        return self.patched(self._layer(BLEND, shown, pair), pair)

    def patched(self, layer: Layer, pair: Pair) -> Layer:
        """Lay the live preview over the last finished blend."""
        if self.preview is None or layer.title not in (BLEND, TITLES["multiband"]):
            return layer
        look = self.preview.look
        grid = geometry.level_geometry(pair.shape, look.octave)
        x, y = pair.origin
        grid = replace(grid, offset_x=grid.offset_x + x, offset_y=grid.offset_y + y)
        patch = Patch(Texture(self.preview.pixels), grid, *look.rect[:2])
        return replace(layer, patch=patch)

    def _compared(
        self, scene: Scene, state: BlendState, pair: Pair, a: Layer, blended: Layer
    ) -> Pane:
        other = scene.other
        if other is None or state.show == "result":
            return Pane(self._viewport, [blended], peek=[a])
        shown = self._layer(TITLES[other.name], other.shown, pair)
        if state.show == "other":
            return Pane(self._viewport, [shown], peek=[blended])
        if state.show == "slider":
            return Pane(self._viewport, [shown], second=[blended], split=SPLIT)
        if scene.difference is None:
            return Pane(self._viewport, [blended], peek=[shown])
        title = f"{BLEND} − {TITLES[other.name].lower()}"
        found = self._layer(title, scene.difference, pair)
        return Pane(self._viewport, [found], peek=[blended])

    def _level(self, levels: Sequence[Level], selected: int, pair: Pair) -> list[Layer]:
        level = nearest(levels, selected)
        k = level.level
        noun = "Residual" if level is levels[-1] else "Band"
        parts = (
            (f"Mask {k}", level.mask), (f"A: {noun.lower()} {k}", level.band_a),
            (f"B: {noun.lower()} {k}", level.band_b), (f"Mixed {noun.lower()} {k}", level.mixed),
            (f"Rebuilt to {k}", level.partial),
        )  # fmt: skip
        return [self._layer(title, shown, pair, k) for title, shown in parts]


def nearest(levels: Sequence[Level], selected: int) -> Level:
    """Return the level that is selected, or the one next to it."""
    return min(levels, key=lambda level: math.fabs(level.level - selected))


def captions(scene: Scene, state: BlendState) -> list[str]:
    """Return what is written below each pane: how good the seams of the methods are."""
    if state.layout != "methods":
        return []
    scores = [method.score for method in scene.methods]
    return [
        f"jump {score.jump:.2f}   step {score.step:.2f}   detail {score.detail:.2f}"
        if score
        else ""
        for score in scores
    ]
