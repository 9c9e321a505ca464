"""What the panes of the Dream lab show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute.geometry import LevelGeometry
from pyrviewer.ui.pane_grid import Pane
from pyrviewer.ui.picture import Layer, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.labs.dream.run import Explained, Frame, Moment, Shown, Tile
    from pyrviewer.labs.dream.state import DreamState
    from pyrviewer.session.viewport import Viewport

SIGNED = 1000  # levels from here on are signed


@dataclass(frozen=True, eq=False)
class Scene:
    """All that there is to show.

    Attributes
    ----------
    original : Shown
        The image.
    moment : Moment or None
        A dream that goes on.
    frame : Frame or None
        The step of a dream that rests.
    live : tuple of Shown
        The last picture of each octave so far.
    tiles : tuple of Tile
        The octaves that are finished.
    film : Shown or None
        A frame of a film that is being made.
    """

    original: Shown
    moment: Moment | None = None
    frame: Frame | None = None
    live: tuple[Shown, ...] = ()
    tiles: tuple[Tile, ...] = ()
    explained: Explained | None = None
    film: Shown | None = None

    @property
    def picture(self) -> Shown | None:
        """The dream as it is seen now."""
        if self.film is not None:
            return self.film
        if self.moment is not None:
            return self.moment.picture
        return self.frame.picture if self.frame is not None else None


def rows(
    scene: Scene, state: DreamState, viewport: Viewport, close_up: Viewport
) -> list[list[Pane]]:
    """Lay out the panes of the state's layout; gradients are looked at from near."""
    maker = _Maker(scene.original.source.shape[:2])
    original = maker.layer(scene.original, "Original", 0)
    if state.layout == "octaves" and (scene.live or scene.tiles):
        above, below = maker.octaves(scene)
        waiting = [Pane(viewport, [])] * (len(above) - len(below))  # its detail is not there yet
        return [
            [Pane(viewport, [layer]) for layer in above],
            [*(Pane(viewport, [layer]) for layer in below), *waiting],
        ]
    if state.layout == "gradient" and scene.explained is not None:
        return [[Pane(close_up, [layer]) for layer in row] for row in maker.slopes(scene.explained)]
    picture = scene.picture
    if picture is None:
        return [[Pane(viewport, [original])]]
    seen = maker.layer(picture, _title(scene), _octave(scene))
    return [[_compared(scene, state, viewport, maker, original, seen)]]


def _compared(
    scene: Scene, state: DreamState, viewport: Viewport, maker: _Maker, original: Layer, seen: Layer
) -> Pane:
    """Return the dream, or what the state compares it with."""
    if state.layout != "dream" or scene.moment is not None or scene.frame is None:
        return Pane(viewport, [seen], peek=[original])
    if state.show == "original":
        return Pane(viewport, [original], peek=[seen])
    if state.show == "slider":
        return Pane(viewport, [original], second=[seen], split=0.5)
    if state.show == "difference":
        changed = maker.layer(scene.frame.difference, "Dream − original", SIGNED)
        return Pane(viewport, [changed], peek=[original])
    return Pane(viewport, [seen], peek=[original])


def _octave(scene: Scene) -> int:
    if scene.moment is not None:
        return scene.moment.dreamt.trace.steps[-1].octave
    return scene.frame.octave if scene.frame is not None else 0


def _title(scene: Scene) -> str:
    if scene.film is not None:
        return "Film"
    if scene.moment is None and scene.frame is not None and scene.frame.final:
        return "Dream"
    return f"Octave {_octave(scene) + 1}"


class _Maker:
    """Places arrays of any size over the image."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._height, self._width = shape[:2]

    def layer(self, shown: Shown, title: str, level: int) -> Layer:
        """Return an array that covers the image."""
        height, width = shown.source.shape[:2]
        grid = LevelGeometry(
            level, (height, width), self._width / width, self._height / height, 0.0, 0.0
        )
        extent = (0.0, 0.0, float(self._width), float(self._height))
        smaller = (height, width) != (self._height, self._width)
        span = f"± {shown.limit:.2g}" if shown.limit else ""
        return Layer(
            title, level, grid, extent, Picture(shown.mips), shown.source, span, smooth=smaller
        )

    def octaves(self, scene: Scene) -> list[list[Layer]]:
        """Return what came out of each octave, and the detail that it added."""
        pictures: Sequence[Shown] = scene.live
        if len(scene.tiles) >= len(pictures):
            pictures = [tile.picture for tile in scene.tiles]
        above = [self.layer(p, f"Octave {k + 1}", k) for k, p in enumerate(pictures)]
        below = [
            self.layer(tile.added, f"Added {k + 1}", SIGNED + k)
            for k, tile in enumerate(scene.tiles)
        ]
        return [above, below]

    def slopes(self, explained: Explained) -> list[list[Layer]]:
        """Return the gradient and its bands, these evened out, and the step of each."""
        bands = [*(f"Band\u00a0{k}" for k in range(len(explained.before) - 2)), "Rest"]
        titles = (
            ("Gradient", *bands),
            ("Evened\u00a0sum", *(f"{band}\u00a0/\u00a0RMS" for band in bands)),
            ("Step\u00a0plain", "Step\u00a0evened"),
        )
        parts = (explained.before, explained.after, explained.steps)
        return [
            [
                self.layer(shown, title, SIGNED + 100 * row + k)
                for k, (shown, title) in enumerate(zip(shown_row, title_row, strict=True))
            ]
            for row, (shown_row, title_row) in enumerate(zip(parts, titles, strict=True))
        ]
