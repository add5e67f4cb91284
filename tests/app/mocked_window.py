"""A window whose views are mocks, and an engine that only notes what it is sent."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, TypeVar
from unittest.mock import MagicMock

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from app.actions import make_actions
from app.workers import messages as m
from app.workers.engine_client import Mailbox
from gridsal_core.settings import Settings

T = TypeVar("T")


class MockedWindow(QObject):
    """Has the real actions; whatever else is asked of it is a mock that notes its calls."""

    closing = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._actions = make_actions(self)
        self._views: dict[str, MagicMock] = defaultdict(MagicMock)
        self.settings = MagicMock()
        self.settings.settings.return_value = settings
        self.settings.commit.return_value = True

    def action(self, name: str) -> QAction:
        return self._actions[name]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # any view
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__["_views"][name]


class NotingEngine(QObject):
    """Sends nothing anywhere; the test plays what the engine would answer."""

    network_opened = Signal(object)
    predicted = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    died = Signal(int)
    unable = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.mailbox = Mailbox()
        self.sent: list[m.Command] = []

    def new_ticket(self) -> int:
        return len(self.sent) + 1

    def send(self, command: m.Command) -> None:
        self.sent.append(command)

    def of(self, kind: type[T]) -> list[T]:
        """What was sent of a kind, in order."""
        return [command for command in self.sent if isinstance(command, kind)]
