"""A line that says that maps are not learned, and brings those that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from pyrviewer.compute import deep_install
from pyrviewer.ui.theme import RHYTHM

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from pyrviewer.session.networks import Networks

TEXT = (
    "<b>Not learned:</b> these maps come from fixed filters. The extra <i>deep</i> "
    "brings a network trained on ImageNet (17 MB)."
)


class DeepBanner(QFrame):
    """Shown where the trained network is not installed.

    Parameters
    ----------
    text : str
        What that means, and what the extra brings.
    """

    def __init__(self, parent: QWidget | None = None, text: str = TEXT) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QHBoxLayout(self)
        line.setContentsMargins(RHYTHM * 2, RHYTHM // 2, RHYTHM, RHYTHM // 2)
        label = QLabel(text, self)
        label.setWordWrap(True)
        line.addWidget(label, 1)
        self.button = QPushButton("Install", self)
        line.addWidget(self.button)
        self.hide()

    def follow(self, networks: Networks) -> None:
        """Let the button install the network, and show that pip runs."""
        self.button.clicked.connect(networks.install)
        networks.installing.connect(self._show_busy)

    def show_missing(self, missing: bool) -> None:
        """Show or hide the line; without pip it says how to install by hand."""
        self.setVisible(missing)
        with_pip = deep_install.can_install()
        self.button.setEnabled(with_pip)
        packages = " ".join(deep_install.PACKAGES)
        self.button.setToolTip(
            "Run pip in the background." if with_pip else f"pip is not there. Install {packages}."
        )

    def _show_busy(self, busy: bool) -> None:
        self.button.setText("Installing ..." if busy else "Install")
        self.button.setEnabled(not busy and deep_install.can_install())
