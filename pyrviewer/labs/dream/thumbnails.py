"""Fetches what the gallery asks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from pyrviewer.labs.dream import channels
from pyrviewer.session.settings import data_folder

if TYPE_CHECKING:
    from pyrviewer.compute.network import Network
    from pyrviewer.labs.dream.gallery import Gallery
    from pyrviewer.session.jobs import JobService


class Thumbnails(QObject):
    """Dreams of the channels in sight, in the background."""

    def __init__(self, jobs: JobService, gallery: Gallery, parent: QObject) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._network: Network | None = None
        self._layer = ""
        self.lane = jobs.lane("Dreaming of channels", self)
        self.lane.partial.connect(gallery.put)
        gallery.wanted.connect(self._draw)

    def show(self, network: Network | None, layer: str) -> None:
        """Dream of the channels of another layer."""
        if (network, layer) != (self._network, self._layer):
            self._network, self._layer = network, layer
            self.lane.cancel()

    def _draw(self, wanted: tuple[int, ...]) -> None:
        network = self._network
        if network is not None:
            folder = data_folder() / "dreams" / network.name
            work = partial(
                channels.draw, network=network, layer=self._layer, channels=wanted, folder=folder
            )
            self.lane.submit(work)
