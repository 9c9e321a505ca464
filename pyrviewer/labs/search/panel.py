"""The parameters of the Search lab, its answer and what it cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QPalette
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from pyrviewer.labs.search.state import END
from pyrviewer.ui.picture import qimage
from pyrviewer.ui.widgets.form import Remark, Switch
from pyrviewer.ui.widgets.panel import Panel
from pyrviewer.ui.widgets.plot import Plot
from pyrviewer.ui.widgets.slider import FloatSlider
from pyrviewer.ui.widgets.table import TextTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrviewer.compute.image import Array
    from pyrviewer.compute.search import Match, SearchTrace
    from pyrviewer.labs.search.batch import Sighting
    from pyrviewer.labs.search.run import Found
    from pyrviewer.labs.search.state import SearchState

LEVELS = 8  # the coarsest octave offered
FOLLOWED = 64  # most candidates offered

PROOFS = {
    "bound": "Proved: the bound shows that no other place scores as much.",
    "perfect": "Proved: a score of 1 cannot be beaten.",
    "exhaustive": "Proved: every place was tested.",
    "estimate": "Not proved: every place that looked as if it could be better was followed.",
    "none": "Not proved: a fixed number of candidates was followed.",
}


class TemplateStrip(QWidget):
    """The template as each octave sees it."""

    HEIGHT = 92  # logical pixels

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._octaves: list[Array] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Template at every octave")

    def sizeHint(self) -> QSize:
        """Return the height of the largest octave and its caption."""
        return QSize(200, self.HEIGHT)

    def show_octaves(self, octaves: Sequence[Array]) -> None:
        """Take pictures: B, G, R, A."""
        self._octaves = list(octaves)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw every octave in a box of one size, its pixels as squares."""
        if not self._octaves:
            return
        painter = QPainter(self)
        count = len(self._octaves)
        side = min(68.0, (self.width() - 6.0 * (count - 1)) / count)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        for k, octave in enumerate(self._octaves):
            height, width = octave.shape[:2]
            scale = side / max(height, width)
            left = k * (side + 6)
            box = QRectF(left, (68 - height * scale) / 2, width * scale, height * scale)
            box.moveCenter(QPointF(left + side / 2, box.center().y()))
            painter.drawImage(box, qimage(octave))
            text = f"{width}×{height}" if side > 44 else str(max(height, width))
            place = QRectF(left - 3, 72, side + 6, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, text)
        painter.end()


class SearchPanel(Panel):
    """Controls and read-outs, in sections.

    Signals
    -------
    compare_wanted(), file_wanted(), pin_wanted(), truth_wanted(), repair_wanted()
    match_chosen(int) : a row of the matches
    all_wanted(), image_chosen(int) : to search all open images; a row of what was found there
    """

    all_wanted = pyqtSignal()
    compare_wanted = pyqtSignal()
    file_wanted = pyqtSignal()
    image_chosen = pyqtSignal(int)
    match_chosen = pyqtSignal(int)
    pin_wanted = pyqtSignal()
    truth_wanted = pyqtSignal()
    repair_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._template_section()
        self._settings_section()
        self._descent_section()
        self._result_section()
        self._images_section()
        self._cost_section()
        self._failure_section()

    def _template_section(self) -> None:
        section = self.add_section(
            "Template", "What is looked for: a part of this image, or another image."
        )
        self.template = TemplateStrip(section)
        section.rows.addWidget(self.template)
        self.template_note = Remark("", section)
        section.rows.addWidget(self.template_note)
        line = QHBoxLayout()
        self.pin = QPushButton("Keep", section)
        self.pin.setCheckable(True)
        self.pin.setToolTip("Keep this template, to look for it in other images too.")
        self.pin.clicked.connect(self.pin_wanted)
        self.file = QPushButton("From file ...", section)
        self.file.setToolTip("Look for another image in this one.")
        self.file.clicked.connect(self.file_wanted)
        for button in (self.pin, self.file):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            line.addWidget(button)
        section.rows.addLayout(line)

    def _settings_section(self) -> None:
        section = self.add_section(
            "Search",
            "Scores are zero-mean normalised cross-correlation: 1 is the same pattern whatever "
            "its brightness and contrast, 0 is unrelated.",
        )
        self.exact = Switch("Exact search", section)
        self.exact.setToolTip(
            "The same answer as searching everywhere, proved: a bound rules out whatever cannot "
            "beat the first match; where it does not rule out enough, everything is tested."
        )
        self.bind(self.exact, "exact")
        section.rows.addWidget(self.exact)
        self.matches = self.add_slider(
            section, "Matches", 1, 50, "max_matches", "How many places to find."
        )
        self.min_score = FloatSlider(0.0, 1.0, 0.01, section)
        self.bind(self.min_score, "min_score")
        section.add_row("Minimum", self.min_score, "Places that score less are no matches.")
        self.angle = self.add_slider(
            section, "Rotation ±°", 0, 180, "angle",
            "Also look for the template turned by up to this.",
        )  # fmt: skip
        self.scale = self.add_slider(
            section, "Size ± %", 0, 50, "scale",
            "Also look for the template larger or smaller by this.",
        )  # fmt: skip

    def _descent_section(self) -> None:
        section = self.descent = self.add_section(
            "Descent",
            "How the search goes from coarse to fine. By itself it gives the answer that is "
            "most likely right; set by hand it can be seen to fail.",
        )
        self.coarsest = self.add_slider(
            section, "Start", END, LEVELS, "coarsest",
            "The octave to start from; 0 tests every place. By itself, the last octave where the "
            "template still has enough pixels.",
        )  # fmt: skip
        self.candidates = self.add_slider(
            section, "Candidates", 0, FOLLOWED, "candidates",
            "Places followed from every octave to the next, as the textbooks do it. By itself, "
            "all that may still beat the best.",
        )  # fmt: skip
        for slider in (self.coarsest, self.candidates):
            slider.set_word("auto")
        section.set_open(False)

    def _result_section(self) -> None:
        section = self.result = self.add_section(
            "Result", "Where it was found, and how sure that is."
        )
        self.proof = QLabel(section)
        self.proof.setWordWrap(True)
        section.rows.addWidget(self.proof)
        self.table = TextTable(("#", "x", "y", "Score", "Pose"), "Matches", section)
        self.table.setToolTip("Click a match to look at it.")
        self.table.chosen.connect(self.match_chosen)
        section.rows.addWidget(self.table)
        self.plan = Remark("", section)
        section.rows.addWidget(self.plan)

    def _images_section(self) -> None:
        section = self.images = self.add_section(
            "Open images", "The same template in every image that is open, the best first."
        )
        self.all = QPushButton("Search all open images", section)
        self.all.clicked.connect(self.all_wanted)
        section.rows.addWidget(self.all)
        self.sightings = TextTable(("Image", "Found", "Best"), "Open images", section, wide=0)
        self.sightings.setToolTip("Click an image to see it.")
        self.sightings.chosen.connect(self.image_chosen)
        self.sightings.hide()
        section.rows.addWidget(self.sightings)
        self.problems = Remark("", section)
        section.rows.addWidget(self.problems)

    def _cost_section(self) -> None:
        section = self.costs = self.add_section(
            "Cost",
            "Translations tested at each octave, against testing every one at full resolution. "
            "Time is another number: a Fourier transform tests many at once. Pruned: what the "
            "bound of exact search excluded without testing it.",
        )
        self.plot = Plot("octave", "translations", section, log_x=False)
        section.rows.addWidget(self.plot)
        self.cost = TextTable(
            ("Octave", "Tested", "Kept", "Pruned", "ms"), "Cost by octave", section, wide=1
        )
        section.rows.addWidget(self.cost)
        self.compare = QPushButton("Search everywhere, to compare", section)
        self.compare.clicked.connect(self.compare_wanted)
        section.rows.addWidget(self.compare)
        self.comparison = Remark("", section)
        section.rows.addWidget(self.comparison)

    def _failure_section(self) -> None:
        section = self.failure = self.add_section(
            "Why did it fail?", "Point out the true place, and see at which octave it was lost."
        )
        self.truth = QPushButton("Point out the true place", section)
        self.truth.setCheckable(True)
        self.truth.clicked.connect(self.truth_wanted)
        section.rows.addWidget(self.truth)
        self.miss = QLabel(section)
        self.miss.setWordWrap(True)
        section.rows.addWidget(self.miss)
        self.repair = QPushButton("Repair", section)
        self.repair.clicked.connect(self.repair_wanted)
        self.repair.hide()
        section.rows.addWidget(self.repair)
        section.set_open(False)

    # Showing

    def show_state(self, state: SearchState, *, pinned: bool) -> None:
        """Bring every control in line with the state."""
        self._showing = True
        self.exact.setChecked(state.exact)
        self.matches.setValue(state.max_matches)
        self.min_score.setValue(state.min_score)
        self.angle.setValue(round(state.angle))
        self.scale.setValue(round(state.scale))
        self.pin.setChecked(pinned)
        self.pin.setEnabled(pinned or bool(state.rect))
        self.coarsest.setValue(state.coarsest)
        self.candidates.setValue(state.candidates)
        self.descent.body.setEnabled(not state.exact)
        upright = state.angles is None and state.scales is None
        self.compare.setEnabled(upright)
        self.compare.setToolTip(
            "Test every place, and set the answers side by side."
            if upright
            else "An exhaustive search is made for one angle and one size only."
        )
        self._showing = False

    def show_nothing(self, text: str) -> None:
        """Say why there is no result."""
        for section in (self.result, self.images, self.costs, self.failure):
            section.hide()
        self.template.hide()
        self.template_note.setText(text)

    def show_found(self, found: Found) -> None:
        """Show the answer, its proof and its cost."""
        trace = found.trace
        for section in (self.result, self.images, self.costs, self.failure):
            section.show()
        self.template.show()
        self.template.show_octaves(found.template_octaves)
        self.template_note.setText(" ".join(trace.warnings))
        if trace.matches:
            self.proof.setText(PROOFS[trace.proof])
        elif trace.best is not None:
            self.proof.setText(_not_found(trace))
        self.plan.setText(trace.plan)
        self.table.show_rows(
            [
                (str(k + 1), f"{m.x:.1f}", f"{m.y:.1f}", f"{m.score:.3f}", _pose(m))
                for k, m in enumerate(trace.matches)
            ]
        )  # fmt: skip
        self._show_cost(found)

    def _show_cost(self, found: Found) -> None:
        trace = found.trace
        tested: dict[int, int] = {}
        rows = []
        for level in trace.levels:
            tested[level.level] = tested.get(level.level, 0) + level.translations
            kept = str(len(level.kept)) if level.level else "–"
            rows.append(
                (str(level.level), f"{level.translations:,}", kept,
                 "" if level.pruned is None else f"{level.pruned:.1%}",
                 f"{level.milliseconds:,.{0 if level.milliseconds >= 1000 else 1}f}")
            )  # fmt: skip
        self.cost.show_rows(rows)
        self.plot.clear()
        octaves = np.array(sorted(tested), np.float64)
        counts = np.array([tested[int(k)] for k in octaves], np.float64)
        self.plot.add_curve(octaves, counts, strong=True, dots=True)
        flat = np.full(2, float(trace.exhaustive_translations))
        ends = np.array([octaves.min(initial=0), max(octaves.max(initial=0), 1)])
        self.plot.add_curve(ends, flat, strong=False, colour="#f0883e", dashed=True)
        least, most = min(*counts[counts > 0], flat[0]), max(*counts, flat[0])
        self.plot.show_decades(math.floor(math.log10(least)), math.ceil(math.log10(most)))
        self.comparison.setText(
            f"{trace.translations:,} tested of {trace.exhaustive_translations:,}, "
            f"{trace.milliseconds:.1f} ms. Dashed: searching everywhere."
        )

    def show_sightings(self, sightings: Sequence[Sighting], shown: int) -> None:
        """Show in which of the open images the template was found; mark the one that is shown."""
        self.sightings.setVisible(bool(sightings))
        documents = [sighting.document for sighting in sightings]
        marked = documents.index(shown) if shown in documents else -1
        self.sightings.show_rows([_sighting(each) for each in sightings], marked)
        self.sightings.clearSelection()
        self.problems.setText(" ".join(s.problem for s in sightings if s.problem))

    def show_failure(self, text: str, repair: str) -> None:
        """Say where the true place was lost, and offer a repair or none."""
        self.miss.setText(text)
        if not repair and self.repair.hasFocus():
            self.truth.setFocus()  # before it goes: the keyboard stays in the section
        self.repair.setVisible(bool(repair))
        self.repair.setText(repair)
        if repair:
            self.failure.set_open(True)

    def show_comparison(self, found: Found, everywhere: Found) -> None:
        """Set the search beside an exhaustive one."""
        ours, full = found.trace, everywhere.trace
        same = len(ours.matches) == len(full.matches) and all(
            abs(a.x - b.x) < 1 and abs(a.y - b.y) < 1
            for a, b in zip(ours.matches, full.matches, strict=True)
        )
        ratio = full.milliseconds / max(ours.milliseconds, 1e-3)
        verdict = "The same places." if same else "Not the same places."
        self.comparison.setText(
            f"{verdict} Everywhere: {full.translations:,} translations, "
            f"{full.milliseconds:.1f} ms; ours: {ours.translations:,}, {ours.milliseconds:.1f} ms, "
            f"{ratio:.1f} times faster."
        )


def _not_found(trace: SearchTrace) -> str:
    """Say that no place scores enough, and what that means."""
    least, best = trace.settings.min_score, trace.best.score if trace.best else 0
    if trace.proof == "none":
        return f"None of the places that were followed reaches {least:.2f}; the best: {best:.3f}."
    return (
        f"No place reaches {least:.2f}; the best scores {best:.3f}: the template is probably not "
        "there."
    )


def _pose(match: Match) -> str:
    """Write angle and size, where they were searched."""
    turned = f"{match.angle:.2f}°" if match.angle else ""
    sized = f"{match.scale:.1%}" if match.scale != 1 else ""
    return " ".join(filter(None, (turned, sized))) or "–"


def _sighting(found: Sighting) -> tuple[str, str, str]:
    """Write how often a template was found in an image, and its best score there."""
    if found.trace is None:
        return found.name, "–", "–"
    return found.name, str(len(found.trace.matches)), f"{found.score:.3f}"
