"""Pictures to start with: ours, and scikit-image's photos when it is installed."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import pyrviewer


@dataclass(frozen=True)
class Sample:
    """A picture on the welcome page."""

    title: str
    path: Path
    hint: str


_OURS = (
    ("Hippo", "hippo.jpg", "A river scene. Look for the hippo's eye."),
    ("Zone plate", "zone_plate.png", "Every frequency at once: shows aliasing."),
    ("Chirp", "chirp.png", "Frequency rises to the right, contrast falls."),
    ("Apple", "apple.jpg", "One half of the classic blend."),
    ("Orange", "orange.jpg", "The other half."),
    ("16-bit gradient", "gradient16.png", "Steps too fine for 8 bits."),
)

_SKIMAGE = (
    ("Astronaut", "astronaut.png", "A portrait, 512 x 512."),
    ("Cat", "chelsea.png", "Fur in fine detail."),
    ("Coffee", "coffee.png", "A cup on a table."),
    ("Camera", "camera.png", "A photographer, gray."),
    ("Rocket", "rocket.jpg", "A launch."),
    ("Motorcycle", "motorcycle_left.png", "A workshop in fine detail."),
)


def resources() -> Path:
    """Return the folder of resources: inside the installed package, or beside a checkout."""
    package = Path(pyrviewer.__file__).parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def samples() -> list[Sample]:
    """Return the samples that are present on this machine."""
    found = [Sample(title, resources() / "samples" / name, hint) for title, name, hint in _OURS]
    spec = importlib.util.find_spec("skimage")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "data"
        found += [Sample(title, folder / name, hint) for title, name, hint in _SKIMAGE]
    return [sample for sample in found if sample.path.is_file()]
