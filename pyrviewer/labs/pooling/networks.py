"""The networks that maps come from: the program's own, and one from a file of the user's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog

from pyrviewer.compute import deep_install, network
from pyrviewer.labs.pooling import run

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.onnx import OnnxNetwork
    from pyrviewer.labs.pooling.state import PoolingState
    from pyrviewer.ui.lab import LabContext
    from pyrviewer.ui.widgets.deep_banner import DeepBanner


class Networks(QObject):
    """Reads networks in the background.

    Signals
    -------
    found() : there is another one now
    opened(str) : the file that the user opened can be used
    failed(str) : the file that a state asks for cannot be used
    """

    found = pyqtSignal()
    opened = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, context: LabContext, banner: DeepBanner, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._own: FeatureSource | None = None
        self._users: OnnxNetwork | None = None
        self._wanted = ("", "")
        self._opening = False
        self._own_lane = context.jobs.lane("Loading the network", self)
        self._own_lane.succeeded.connect(self._take_own)
        self._own_lane.failed.connect(context.notices.error)
        self._users_lane = context.jobs.lane("Opening the network", self)
        self._users_lane.succeeded.connect(self._take_users)
        self._users_lane.failed.connect(self._take_failure)
        self._install_lane = context.jobs.lane("Installing the network", self)
        self._install_lane.succeeded.connect(self._take_install)
        self._install_lane.failed.connect(context.notices.error)
        self._install_lane.busy_changed.connect(banner.show_busy)
        banner.install_wanted.connect(self.install)
        self.lanes = (self._own_lane, self._users_lane, self._install_lane)

    def source(self, state: PoolingState) -> FeatureSource | None:
        """Return the network that a state asks for; None where it is not there yet."""
        if not state.network:
            return self._own
        users = self._users
        wanted = (state.network, state.scale)
        return users if users is not None and (str(users.path), users.scale) == wanted else None

    def want(self, state: PoolingState) -> None:
        """Read what a state asks for, unless that was done or is being done."""
        if self._own is None and not self._own_lane.busy:
            self._own_lane.submit(run.load_source)
        if state.network and self.source(state) is None:
            self._read(state.network, state.scale)

    def ask(self, parent: QWidget, scale: str) -> None:
        """Ask for a file and read it."""
        settings = self._context.settings
        folder = settings.get("network_folder", "")
        name, _ = QFileDialog.getOpenFileName(
            parent, "Open network", folder, "ONNX networks (*.onnx);;All files (*)"
        )
        if name:
            settings.set("network_folder", str(Path(name).parent))
            self._read(str(Path(name)), scale, opening=True)

    def install(self) -> None:
        """Bring the trained network with pip."""
        self._install_lane.submit(deep_install.install)

    def close(self) -> None:
        """End the process of the user's network."""
        if self._users is not None:
            self._users.close()

    def _read(self, path: str, scale: str, *, opening: bool = False) -> None:
        if opening or not self._users_lane.busy or self._wanted != (path, scale):
            self._wanted, self._opening = (path, scale), opening
            self._users_lane.submit(partial(run.open_network, path=path, scale=scale))

    def _take_own(self, source: FeatureSource) -> None:
        self._own = source
        self.found.emit()

    def _take_users(self, source: OnnxNetwork) -> None:
        self._users = source
        if self._opening:
            self.opened.emit(str(source.path))
        self.found.emit()

    def _take_failure(self, error: object) -> None:
        self._context.notices.error(error)
        if not self._opening:
            self.failed.emit(self._wanted[0])

    def _take_install(self) -> None:
        if network.available():
            self._context.notices.info("The network was installed.")
        self._own_lane.submit(run.load_source)
