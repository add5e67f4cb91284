"""The network of a session that is opened: opened with it, unless it is open already."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.controllers.dialogs import show_error
from app.controllers.networks import NetworkController
from app.main_window import MainWindow
from app.models.session import Session
from app.workers import messages as m
from gridsal_core.session.document import NetworkEntry


class SessionNetwork(QObject):
    """Opens it, and says so where it is another one than it was."""

    def __init__(self, window: MainWindow, session: Session, networks: NetworkController) -> None:
        super().__init__(window)
        self._window, self._session, self._networks = window, session, networks
        self._expected: NetworkEntry | None = None
        networks.opened.connect(self._on_opened)

    @property
    def is_expected(self) -> bool:
        """Whether the network that is being opened is a session's."""
        return self._expected is not None

    def open(self, entry: NetworkEntry | None) -> None:
        """Open it, if the session has one."""
        network, open_now = self._session.network, self._networks.open_now
        is_open = (
            entry is not None
            and network is not None
            and open_now is not None
            and (open_now.source, network.sha256) == (entry.source, entry.sha256)
        )
        if entry is not None and not is_open:
            self._expected = entry
            self._networks.open_model(entry.source, entry.weights)

    def _on_opened(self, event: m.NetworkOpened) -> None:
        expected, self._expected = self._expected, None
        if expected is None or expected.sha256 == event.network.sha256:
            return
        open_now = self._networks.open_now
        if open_now is not None and open_now.source == expected.source:
            show_error(
                self._window,
                f"{expected.name} has other weights now than when the session was made; its "
                "results stay in the list, and belong to the old weights.",
            )
