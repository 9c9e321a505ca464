"""Installing the extra with pip, without a network: what fails, and what is stopped."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from pyrviewer.compute import deep_install
from pyrviewer.compute.errors import UserError
from pyrviewer.compute.ticket import Cancelled, Ticket


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run a script in place of pip; it is the last argument of the command."""
    script: list[str] = []
    start = subprocess.Popen

    def begin(command: list[str], **options: object) -> object:
        assert command[:4] == [sys.executable, "-m", "pip", "install"]
        assert command[-2:] == list(deep_install.PACKAGES)
        return start([sys.executable, "-c", script[0]], **options)  # type: ignore[call-overload] # Any

    monkeypatch.setattr(subprocess, "Popen", begin)
    return script


def test_it_returns_when_pip_has_done_its_work(pip: list[str]) -> None:
    pip.append("import time; time.sleep(0.12)")
    assert deep_install.can_install()
    deep_install.install(Ticket())


def test_what_pip_said_last_is_told(pip: list[str]) -> None:
    pip.append("import sys; sys.stderr.write('one\\nERROR: no such thing\\n'); sys.exit(1)")
    with pytest.raises(UserError, match=r"^The network could not be installed: ERROR: no such"):
        deep_install.install(Ticket())


def test_cancelling_stops_pip(pip: list[str]) -> None:
    pip.append("import time; time.sleep(60)")
    ticket = Ticket()
    timer = threading.Timer(0.2, ticket.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        deep_install.install(ticket)
    timer.join()
