"""The colours that values have: grays, or blue and orange where there are values below 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrviewer.compute import display

if TYPE_CHECKING:
    from pyrviewer.compute.pixels import Array


@dataclass(frozen=True)
class Tones:
    """Which values are black and white; where `signed`, the ends of a diverging map around 0."""

    low: float
    high: float
    signed: bool = False

    @property
    def text(self) -> str:
        """The range as a pane writes it."""
        return f"±{self.high:.3g}" if self.signed else f"{self.low:.3g} to {self.high:.3g}"

    def pixels(self, values: Array) -> Array:
        """Return (h, w) or (h, w, 3) float32 values for the screen: (h, w, 4) uint8."""
        if self.signed:
            return display.signed_to_display(values, self.high)
        return display.to_display(values, self.low, self.high)


BYTES = Tones(0.0, 255.0)


def tones(values: Array) -> Tones:
    """Return tones that tell all values apart."""
    low, high = float(values.min()) + 0.0, float(values.max()) + 0.0  # 0 instead of -0
    if low < 0:
        return Tones(low, max(-low, high), signed=True)
    return Tones(low, high) if high > low else Tones(low - 0.5, high + 0.5)
