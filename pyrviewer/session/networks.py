"""The networks that maps come from, read once for all labs: the program's own and the user's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from pyrviewer.compute import deep_install, network
from pyrviewer.compute.filter_bank import FilterBank
from pyrviewer.compute.onnx import OnnxNetwork

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyrviewer.compute.features import FeatureSource
    from pyrviewer.compute.ticket import Ticket
    from pyrviewer.session.jobs import JobService
    from pyrviewer.session.notices import Notices

KEPT = 2  # files whose networks are kept: what two labs use at most


class Networks(QObject):
    """Reads networks in the background, and brings the trained one with pip.

    Signals
    -------
    found() : there is another one now
    failed(str) : a file that was wanted cannot be used
    installing(bool) : pip begins, and ends
    """

    found = pyqtSignal()
    failed = pyqtSignal(str)
    installing = pyqtSignal(bool)

    def __init__(self, jobs: JobService, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices = notices
        self.own: FeatureSource | None = None
        self._files: dict[tuple[str, str], OnnxNetwork] = {}
        self._reading = ("", "")
        self._then: Callable[[str], object] | None = None
        self._own_lane = jobs.lane("Loading the network", self)
        self._own_lane.succeeded.connect(self._take_own)
        self._file_lane = jobs.lane("Opening the network", self)
        self._file_lane.succeeded.connect(self._take_file)
        self._file_lane.failed.connect(self._lose_file)
        self._install_lane = jobs.lane("Installing the network", self)
        self._install_lane.succeeded.connect(self._take_install)
        self._install_lane.busy_changed.connect(self.installing)
        self.lanes = (self._own_lane, self._file_lane, self._install_lane)
        for lane in self.lanes:
            lane.failed.connect(notices.error)

    def source(self, path: str = "", scale: str = "") -> FeatureSource | None:
        """Return the network of a file, or the program's own; None where it is not there yet."""
        return self._files.get((path, scale)) if path else self.own

    def want(self, path: str = "", scale: str = "") -> None:
        """Read a network, unless that was done or is being done; the program's own as well."""
        if self.own is None and not self._own_lane.busy:
            self._own_lane.submit(load)
        reading = self._file_lane.busy and self._reading == (path, scale)
        if path and (path, scale) not in self._files and not reading:
            self._read(path, scale, None)

    def open(self, path: str, scale: str, then: Callable[[str], object]) -> None:
        """Read the file that the user chose, and call `then` with it where it can be used."""
        self._read(path, scale, then)

    def install(self) -> None:
        """Bring the trained network with pip."""
        self._install_lane.submit(deep_install.install)

    def close(self) -> None:
        """End the processes of the user's networks."""
        for source in self._files.values():
            source.close()

    def _read(self, path: str, scale: str, then: Callable[[str], object] | None) -> None:
        self._reading, self._then = (path, scale), then
        self._file_lane.submit(partial(read_file, path=path, scale=scale))

    def _take_own(self, source: FeatureSource) -> None:
        self.own = source
        self.found.emit()

    def _take_file(self, source: OnnxNetwork) -> None:
        key, then = self._reading, self._then
        kept = {other: kept for other, kept in self._files.items() if other != key}
        replaced = [self._files[key]] if key in self._files else []
        while len(kept) >= KEPT:
            replaced.append(kept.pop(next(iter(kept))))
        for other in replaced:
            other.close()
        self._files = {**kept, key: source}
        self._then = None
        if then is not None:
            then(key[0])
        self.found.emit()

    def _lose_file(self) -> None:
        then, self._then = self._then, None
        if then is None:
            self.failed.emit(self._reading[0])

    def _take_install(self) -> None:
        if network.available():
            self._notices.info("The network was installed.")
        self._own_lane.submit(load)


def load(ticket: Ticket) -> FeatureSource:
    """Read the trained network, or make the filters that stand in for it; for worker threads."""
    ticket.check()
    return network.load() if network.available() else FilterBank()


def read_file(ticket: Ticket, path: str, scale: str) -> OnnxNetwork:
    """Read the user's own network; for worker threads."""
    return OnnxNetwork(path, scale, ticket=ticket)
