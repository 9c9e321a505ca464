"""Coarse to fine: from the peaks of a coarse octave down to full resolution, most hopeful first."""

from __future__ import annotations

import heapq
import itertools
from functools import cache, partial
from typing import TYPE_CHECKING

from pyrviewer.compute.search.exhaustive import octave_map
from pyrviewer.compute.search.peaks import apart, heights, peaks, peaks_of_each
from pyrviewer.compute.search.plan import Goal, expansion_cost
from pyrviewer.compute.search.zncc import exact_score, score_map, score_windows

if TYPE_CHECKING:
    from pyrviewer.compute.search.peaks import Heights, Peak
    from pyrviewer.compute.search.record import Record
    from pyrviewer.compute.search.template import Template
    from pyrviewer.compute.search.trace import ScoreMap
    from pyrviewer.compute.ticket import Ticket

REACH = 2
"""A place at one level is looked for within so many pixels of the next finer one."""

_DETAILS, _MARGIN = 0.05, 0.015
"""What details may add to an octave's score, and noise: enough in all but 2 of 2517 searches
whose best match scores 0.7 or more."""

_SHORTFALL = 0.1
"""The best match mostly scores no more below the coarsest octave's highest score."""

_RIDGE = 0.02
"""By how much a ridge of scores may rise from one place to the next."""

PERFECT = 1 - 1e-9
"""A score that nothing beats."""

_NEARLY = 0.999
"""What scores more in float32 may be perfect: it is scored in float64."""

_DIVES = 3
_PEAKS = 4096
_RANKED, _SHOWN = 8, 32  # places of the coarsest octave that are written down
_POLISH_SIDE = 48
_POLISH_REACH = 24
_CLIMB, _CLIMB_REACH, _CLIMB_SIZE = 8, 3, 1 << 13
_BATCH, _BATCH_PIXELS = 32, 1 << 15

_AROUND = tuple(itertools.product((-1, 0, 1), repeat=2))

Found = list[tuple[float, float, float]]


class Descent:
    """One or more passes over the octaves of a scene, which share what was scored.

    Parameters
    ----------
    template : Template
        What to look for.
    record : Record
        Where everything is written down.
    goal : Goal
        How many matches, of which score.
    budget : float
        Predicted nanoseconds that one pass may take, for one match.
    ticket : Ticket, optional
        Asked before every expansion.
    """

    _map: ScoreMap  # of the coarsest octave
    _heights: Heights  # of this map

    def __init__(
        self,
        template: Template,
        record: Record,
        goal: Goal,
        budget: float,
        ticket: Ticket | None = None,
    ) -> None:
        self._budget = budget
        self._template, self._record, self._goal, self._ticket = template, record, goal, ticket
        self._exact = cache(partial(exact_score, template.scene.pixels, template.reference))
        self._seen: set[tuple[int, int, int]] = set()
        self._found: dict[tuple[int, int], float] = {}
        self._summits: set[tuple[int, int]] = set()
        self._promises = [(1.0, 0.0)]
        self._queues: list[list[tuple[float, int, int, int]]] = []  # by octave
        self._waiting: list[Peak] = []  # of the coarsest octave, best last
        self._tie = itertools.count()
        self._coarsest = 0
        self._spent = 0.0

    @property
    def found(self) -> Found:
        """The best places at full resolution, as (score, x, y), that do not crowd each other."""
        return self._apart(self._goal.max_matches)

    @property
    def judged(self) -> Found:
        """`found`, scored in float64; best first."""
        judged = [(self._exact(int(x), int(y)), x, y) for _, x, y in self.found]
        return sorted(judged, key=lambda each: -each[0])

    def best_first(self, coarsest: int) -> bool:
        """Follow, from octave `coarsest` on, all that looks as if it could be better.

        Every score of an octave is taken for as good as it may become at full resolution. The
        first few peaks are followed straight down; after them the places with the highest
        estimates, as many of one octave as one call scores, until no estimate exceeds what has
        been found.

        Returns
        -------
        bool
            False if the budget ran out first.
        """
        self._begin(coarsest)
        expected = self._threshold()
        if self._goal.max_matches == 1:
            expected = max(expected, float(self._map.max()) - _SHORTFALL)
        self._wait(expected)
        for place in self._waiting[: -_RANKED - 1 : -1]:
            self._record.candidate(coarsest, *place)
        for _ in range(_DIVES):
            self._dive(self._threshold())
        if self._threshold() < expected:
            self._wait(self._threshold())
        settled = self._drain()
        if self._threshold() >= PERFECT:
            return settled  # no hidden or higher place is to be looked for
        if settled and self._goal.max_matches == 1 and self._overlooked():
            settled = self._drain()
        if settled and self._polish():
            settled = self._drain()
        self._climb()
        return settled

    def beam(self, coarsest: int, width: int) -> None:
        """Follow the `width` best places of every octave, and nothing else."""
        self._begin(coarsest)
        places = peaks(self._map, max(width, _SHOWN))
        for x, y, score in places:
            self._record.candidate(coarsest, x, y, score)
        for level in range(coarsest, 0, -1):
            children: dict[tuple[int, int], float] = {}
            for x, y, _ in places[:width]:
                self._record.keep(level, x, y)
                for column, row, score in self._expand(level, [(x, y)])[0][:1]:
                    children[column, row] = score
            places = sorted(((x, y, s) for (x, y), s in children.items()), key=lambda p: -p[2])
        for x, y, score in places:
            self._found[x, y] = score
        self._climb()

    def _begin(self, coarsest: int) -> None:
        """Score the whole of the coarsest octave."""
        self._coarsest, self._waiting, self._spent = coarsest, [], 0.0
        self._queues = [[] for _ in range(coarsest + 1)]
        self._seen = {place for place in self._seen if place[0] == 0}
        if coarsest > 0:
            self._template.scene.octave(coarsest, self._ticket)
        for level in range(len(self._promises), coarsest + 1):
            self._promises.append(self._template.promise(level))
        for level in range(coarsest, -1, -1):
            shape = self._template.scene.level_shape(level)
            self._record.page(level, shape, self._template.kernels[level].shape)
        with self._record.time(coarsest):
            self._map = octave_map(self._template, coarsest, self._ticket)
            self._record.scores(coarsest, 0, 0, self._map, self._template.kernels[coarsest])

    def _wait(self, threshold: float) -> None:
        """Let those peaks of the coarsest octave wait that may beat a threshold, best last."""
        with self._record.time(self._coarsest):
            fall = _RIDGE if self._goal.max_matches == 1 else 0.0
            least = self._needed(self._coarsest, threshold)
            self._heights = heights(self._map, least, fall)
            self._waiting = self._heights.peaks(_PEAKS)[::-1]

    def _around(self, level: int, x: int, y: int, reach: int) -> tuple[int, int, ScoreMap]:
        """Score the translations within `reach` of a place; also their first x and y."""
        if self._ticket is not None:
            self._ticket.check()
        height, width = self._template.scene.level_shape(level)
        kernel = self._template.kernels[level]
        rows, columns = kernel.shape
        x0, x1 = _span(x, reach, width - columns)
        y0, y1 = _span(y, reach, height - rows)
        patch = self._template.scene.patch(level, (x0, y0, x1 + columns, y1 + rows))
        scores = score_map(patch, kernel, precise=level == 0)
        self._record.scores(level, x0, y0, scores, kernel)
        return x0, y0, scores

    def _expand(self, level: int, places: list[tuple[int, int]]) -> list[list[Peak]]:
        """Look around places at the next finer level; up to two peaks of each, best first."""
        if self._ticket is not None:
            self._ticket.check()
        finer, scene = level - 1, self._template.scene
        kernel = self._template.kernels[finer]
        self._spent += expansion_cost(self._template, finer, len(places))
        with self._record.time(finer):
            corners, size = _windows(places, scene.level_shape(finer), kernel.shape)
            maps = score_windows(scene.windows(finer, corners, size), kernel)
            expanded = []
            for (x0, y0), scores, tops in zip(corners, maps, peaks_of_each(maps, 2), strict=True):
                self._record.scores(finer, x0, y0, scores, kernel)
                children = [(x0 + column, y0 + row, score) for column, row, score in tops]
                for child in children:
                    self._record.candidate(finer, *child)
                if finer == 0:
                    self._summits.update(
                        (x0 + column, y0 + row)
                        for column, row, _ in tops
                        if 0 < column < scores.shape[1] - 1 and 0 < row < scores.shape[0] - 1
                    )
                expanded.append(children)
        return expanded

    def _push(self, level: int, x: int, y: int, score: float) -> None:
        """Put a place into the queue, or among the found ones, unless it has been there."""
        if (level, x, y) in self._seen:
            return
        self._seen.add((level, x, y))
        if level == 0:
            self._find(x, y, score)
            return
        estimate = self._estimate(level, score)
        heapq.heappush(self._queues[level], (-estimate, next(self._tie), x, y))

    def _find(self, x: int, y: int, score: float) -> None:
        """Note a place at full resolution."""
        self._found[x, y] = self._exact(x, y) if score > _NEARLY else score

    def _estimate(self, level: int, score: float) -> float:
        """Return what the score of an octave may become at full resolution.

        What a copy loses between the octave's pixels is made good, and the details that the octave
        does not show are taken to be perfect, as far as that was ever seen to matter.
        """
        share, loss = self._promises[level]
        made_good = score + loss
        return made_good + min((1 - share) * max(1 - made_good, 0.0), _DETAILS) + _MARGIN

    def _needed(self, level: int, score: float) -> float:
        """Return what an octave must score at least for its estimate to exceed a score."""
        return score - self._promises[level][1] - _DETAILS - _MARGIN

    def _hope(self) -> tuple[float, int]:
        """Return the highest estimate of a place that has not been followed, and its octave."""
        hopes = [(-queue[0][0], level) for level, queue in enumerate(self._queues) if queue]
        if self._waiting:
            hopes.append((self._estimate(self._coarsest, self._waiting[-1][2]), self._coarsest))
        hope, level = max(hopes, default=(-2.0, 0))
        return min(hope, PERFECT), level

    def _take(self, level: int, most: int, threshold: float) -> list[tuple[int, int]]:
        """Take the most hopeful places of an octave that may beat a threshold, to be followed.

        None, if those that waited had been there before.
        """
        queue = self._queues[level]
        while level == self._coarsest and self._waiting and len(queue) < most:
            if self._estimate(level, self._waiting[-1][2]) <= threshold:
                break
            self._push(level, *self._waiting.pop())
        places: list[tuple[int, int]] = []
        while queue and len(places) < most and -queue[0][0] > threshold:
            x, y = heapq.heappop(queue)[2:]
            if level == self._coarsest:
                self._record.candidate(level, x, y, float(self._map[y, x]))
            self._record.keep(level, x, y)
            places.append((x, y))
        return places

    def _dive(self, threshold: float) -> None:
        """Follow the most hopeful place straight down, as long as it may beat a threshold."""
        hope, level = self._hope()
        places = self._take(level, 1, threshold) if hope > threshold else []
        if not places:
            return
        x, y = places[0]
        while level > 0:
            first, *others = self._expand(level, [(x, y)])[0]
            level -= 1
            for other in others:
                self._push(level, *other)
            x, y, score = first
            if level > 0 and self._estimate(level, score) <= threshold:
                self._push(level, x, y, score)
                return
            if (level, x, y) in self._seen:
                return
            self._seen.add((level, x, y))
            if level > 0:
                self._record.keep(level, x, y)
        self._find(x, y, score)

    def _drain(self) -> bool:
        """Expand what is estimated to beat the found ones; False if there is too much of it."""
        budget = self._budget * (1 + (self._goal.max_matches - 1) / 8)
        threshold = self._threshold()
        while True:
            hope, level = self._hope()
            if hope <= threshold:
                return True
            if self._spent >= budget:
                return False
            size = self._template.kernels[level - 1].weights.size
            places = self._take(level, max(1, min(_BATCH, _BATCH_PIXELS // size)), threshold)
            for children in self._expand(level, places) if places else []:
                for child in children:
                    self._push(level - 1, *child)
            if level == 1:
                threshold = self._threshold()

    def _overlooked(self) -> bool:
        """Queue places of the coarsest octave that are no peaks but may win; True if there are any.

        Along an edge the scores form a ridge, whose top need not be near the best match.
        """
        level, threshold = self._coarsest, self._threshold()
        near = {(x + dx, y + dy) for at, x, y in self._seen if at == level for dx, dy in _AROUND}
        before = len(self._queues[level])
        needed = self._needed(level, threshold)
        if needed < self._heights.least:
            self._heights = heights(self._map, needed, _RIDGE)
        for x, y, score in self._heights.peaks(_PEAKS, _RIDGE, needed):
            if self._estimate(level, score) > threshold and (x, y) not in near:
                self._push(level, x, y, score)
                near.update((x + dx, y + dy) for dx, dy in _AROUND)
        return len(self._queues[level]) > before

    def _polish(self) -> bool:
        """Look for peaks close to the best ones, hidden in coarser octaves; True if there are."""
        level = 0
        side = min(self._template.shape)
        while side >> level > _POLISH_SIDE and level < self._coarsest:
            level += 1
        reach = max(min(side // 3, _POLISH_REACH) >> level, REACH)
        before = len(self._queues[level]) + len(self._found)
        for _, x, y in self._apart(min(self._goal.max_matches, 4)):
            with self._record.time(level):
                x0, y0, scores = self._around(level, int(x) >> level, int(y) >> level, reach)
                for column, row, score in peaks(scores, 8):
                    self._push(level, x0 + column, y0 + row, score)
        return len(self._queues[level]) + len(self._found) > before

    def _climb(self) -> None:
        """Move the best places to the tops of their hills, at full resolution."""
        first = _CLIMB_REACH if self._template.values.size <= _CLIMB_SIZE else 1
        for score, start_x, start_y in self.found:
            x, y, best = int(start_x), int(start_y), score
            if first == 1 and (x, y) in self._summits:
                continue
            for k in range(_CLIMB):
                with self._record.time(0):
                    x0, y0, scores = self._around(0, x, y, 1 if k else first)
                    row, column = divmod(int(scores.argmax()), scores.shape[1])
                if (x0 + column, y0 + row) == (x, y) or scores[row, column] <= best:
                    break
                x, y, best = x0 + column, y0 + row, float(scores[row, column])
                self._record.candidate(0, x, y, best)
                self._found[x, y] = best

    def _threshold(self) -> float:
        """Return what a place must be expected to exceed to be worth a look."""
        wanted = self._goal.max_matches
        if wanted == 1:
            return max([self._goal.least, *self._found.values()])
        found = self._apart(wanted)
        last = found[-1][0] if len(found) == wanted else -2.0
        return max(self._goal.min_score, last)

    def _apart(self, count: int) -> Found:
        every = [(score, float(x), float(y)) for (x, y), score in self._found.items()]
        return apart(every, count, self._template.shape, self._goal.min_distance)


def _windows(
    places: list[tuple[int, int]], shape: tuple[int, int], template: tuple[int, int]
) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Corners, and the common size, of the windows that hold what lies near places one level up."""
    (height, width), (rows, columns) = shape, template
    across, down = min(2 * REACH, width - columns), min(2 * REACH, height - rows)
    corners = [
        (
            min(max(2 * x - REACH, 0), width - columns - across),
            min(max(2 * y - REACH, 0), height - rows - down),
        )
        for x, y in places
    ]
    return corners, (rows + down, columns + across)


def _span(middle: int, reach: int, last: int) -> tuple[int, int]:
    """First and last position within `reach` of the middle, between 0 and `last`."""
    middle = min(max(middle, 0), last)
    return max(middle - reach, 0), min(middle + reach, last)
