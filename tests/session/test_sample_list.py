"""The pictures of the welcome page."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from pyrviewer.compute import image
from pyrviewer.session import samples

if TYPE_CHECKING:
    import pytest


def test_every_sample_is_an_image_with_a_title_and_a_hint() -> None:
    found = samples.samples()
    assert {"Hippo", "Zone plate", "Apple", "Orange", "16-bit gradient"} <= {s.title for s in found}
    for sample in found:
        assert image.read(sample.path).pixels.size > 10_000, sample.title
        assert sample.hint.endswith("."), sample.title
    assert len({sample.title for sample in found}) == len(found)


def test_ours_come_first_and_scikit_images_when_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_photos = samples.samples()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ours = samples.samples()
    assert ours == with_photos[: len(ours)]
    assert {"Astronaut", "Cat"} <= {sample.title for sample in with_photos[len(ours) :]}


def test_the_gradient_is_deeper_than_8_bits() -> None:
    gradient = next(s for s in samples.samples() if s.title == "16-bit gradient")
    assert image.read(gradient.path).dtype == "uint16"
