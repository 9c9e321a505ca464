"""From what the user asks for to a dream that begins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.labs.dream.hints import offer
from pyrviewer.labs.dream.state import Branch, resolve

if TYPE_CHECKING:
    from pyrviewer.labs.dream.controller import DreamLab
    from pyrviewer.labs.dream.run import Dreamt
    from pyrviewer.labs.dream.state import DreamRequest


class Orders(QObject):
    """What the buttons above the panes do."""

    def __init__(self, lab: DreamLab) -> None:
        super().__init__(lab)
        self._lab = lab
        lab.dreaming.wanted.connect(self.again)

    @property
    def _request(self) -> DreamRequest | None:
        """What would be dreamt, where a dream can begin."""
        lab = self._lab
        return lab.request if lab.ready and not lab.busy else None

    def toggle(self) -> None:
        """Dream; pause; go on."""
        request, dreamt = self._request, self._lab.dreamt
        if self._lab.busy:
            self._lab.dreaming.pause()
        elif request is None or not offer(self._lab).can_go:
            return
        elif dreamt is not None and not dreamt.done and request.same_as(dreamt.request):
            self.dream(request, dreamt, dreamt.length, "Go on dreaming")
        else:
            self.dream(request, None, 0, "Dream")

    def step_once(self) -> None:
        """Make one more step of the dream, and rest."""
        request, dreamt = self._request, self._lab.dreamt
        if request is None:
            return
        if dreamt is not None and not dreamt.done:
            self.dream(request, dreamt, dreamt.length, "Dream a step", dreamt.length + 1)
        else:
            self.dream(request, None, 0, "Dream a step", 1)

    def branch(self) -> None:
        """Dream on from the step that is shown; or again, what is not in memory any more."""
        request, dreamt = self._request, self._lab.dreamt
        if dreamt is None:
            self.again()
        elif request is not None:
            self.dream(request, dreamt, self._lab.step, "Branch off the dream")

    def again(self) -> None:
        """Dream once more what was dreamt before."""
        branches = self.past
        if branches and self._request is not None:
            self._lab.dreaming.again(branches)

    @property
    def past(self) -> list[Branch]:
        """What was dreamt before, to be dreamt again; nothing where a guide of it is not open."""
        lab = self._lab
        made, document, who = lab.dreaming.recipe, lab.document, lab.network
        found: list[Branch] = []
        for start, state in zip(made.starts, made.states, strict=True):
            guide = lab.guide(state.guide)
            if document is None or who is None or (state.guide and guide is None):
                return []
            found.append(Branch(start, resolve(state, document.pixels, who, guide)))
        return found

    def dream(
        self,
        request: DreamRequest,
        base: Dreamt | None,
        kept: int,
        text: str,
        until: int | None = None,
    ) -> None:
        """Dream, or dream on from a step of another dream, with its octaves."""
        lab = self._lab
        lab.view.transport.stop()
        if base is not None:
            old = base.request.state
            state = replace(request.state, octaves=old.octaves, ratio=old.ratio)
            request = base.request if state == old else replace(request, state=state)
        lab.dreaming.begin(request, base, kept, until, text)
