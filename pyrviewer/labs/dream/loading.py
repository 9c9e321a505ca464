"""The network: read where it is installed, brought where it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.compute import deep_install, network
from pyrviewer.labs.dream import run

if TYPE_CHECKING:
    from pyrviewer.compute.network import Network
    from pyrviewer.labs.dream.run import Loaded
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.widgets.deep_banner import DeepBanner


class Loading(QObject):
    """Reads the network once, and again after it was installed.

    Signals
    -------
    found(Loaded)
    """

    found = pyqtSignal(object)

    def __init__(self, context: LabContext, banner: DeepBanner, parent: QObject) -> None:
        super().__init__(parent)
        self._notices, self._banner = context.notices, banner
        self.loaded: Loaded | None = None
        self._lane = context.jobs.lane("Loading the network", self)
        self._lane.succeeded.connect(self._take)
        self._install_lane = context.jobs.lane("Installing the network", self)
        self._install_lane.succeeded.connect(self._take_install)
        self._install_lane.busy_changed.connect(banner.show_busy)
        self.lanes = (self._lane, self._install_lane)
        banner.install_wanted.connect(self.install)

    @property
    def network(self) -> Network | None:
        """The network; None where it is not there, or not yet."""
        return self.loaded.network if self.loaded is not None else None

    def start(self) -> None:
        """Read it, unless that was done."""
        if self.loaded is None and not self._lane.busy:
            self._lane.submit(run.load_network)

    def _take(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self._banner.show_missing(loaded.network is None)
        self.found.emit(loaded)

    def install(self) -> None:
        """Bring it with pip."""
        self._install_lane.submit(deep_install.install)

    def _take_install(self) -> None:
        if network.available():
            self._notices.info("The network was installed.")
        self._lane.submit(run.load_network)
