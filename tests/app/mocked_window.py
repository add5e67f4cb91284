"""A window whose views are mocks, an engine that only notes, and tasks that the test has done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar, cast
from unittest.mock import MagicMock

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget
from shiboken6 import Shiboken

from app.actions import make_actions
from app.main_window import MainWindow
from app.workers import messages as m
from app.workers.engine_client import EngineClient, Mailbox
from app.workers.tasks import Tasks
from gridsal_core.errors import GridSalError
from gridsal_core.settings import Settings

T = TypeVar("T")

_views: list[MockedView] = []


def end_mocked_views() -> None:
    """Delete those that were made, with the controllers that they own and their timers."""
    while _views:
        view = _views.pop()
        if Shiboken.isValid(view):
            Shiboken.delete(view)


class MockedView(QWidget):
    """A widget of which all that is not Qt's own is a mock that notes its calls."""

    def __init__(self) -> None:
        super().__init__()
        self._mocks: dict[str, MagicMock] = defaultdict(MagicMock)
        _views.append(self)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any view
        if name.startswith("__") or "_mocks" not in self.__dict__:
            raise AttributeError(name)
        return self._mocks[name]

    def __setattr__(self, name: str, value: object) -> None:
        """Hold what a test says that the view holds."""
        super().__setattr__(name, value)


class MockedWindow(MockedView):
    """Has the real actions, and mocks for views."""

    closing = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._actions = make_actions(self)
        self.settings = MagicMock()
        self.settings.settings.return_value = settings
        self.settings.commit.return_value = True
        self.results.selected_identities = ()
        self.results.view.hasFocus.return_value = False

    def action(self, name: str) -> QAction:
        return self._actions[name]

    @property
    def real(self) -> MainWindow:
        """Itself, for whoever wants a window."""
        return cast(MainWindow, self)

    @property
    def told(self) -> str:
        """What the status line was given last."""
        calls = self.status.showMessage.call_args_list
        return str(calls[-1].args[0]) if calls else ""


class NotingEngine(QObject):
    """Sends nothing anywhere; the test plays what the engine would answer."""

    network_opened = Signal(object)
    card_needed = Signal(object)
    trust_needed = Signal(object)
    predicted = Signal(object)
    finished = Signal(object)
    exported = Signal(object)
    check_progressed = Signal(object)
    checked = Signal(object)
    failed = Signal(object)
    died = Signal(int)
    unable = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.mailbox = Mailbox()
        self.sent: list[m.Command] = []
        self.restarts = 0
        self.is_running = True
        self._tickets = 0
        self._jobs: dict[int, tuple[Callable[[Any], None], Callable[[str, str], None]]] = {}

    def new_ticket(self) -> int:
        self._tickets += 1
        return self._tickets

    def start(self) -> None:
        self.is_running = True

    def restart(self) -> None:
        self.restarts += 1

    def send(self, command: m.Command) -> None:
        self.sent.append(command)

    def submit(
        self,
        job: Any,  # noqa: ANN401 - a job of any kind
        on_done: Callable[[Any], None],
        on_failed: Callable[[str, str], None],
    ) -> int:
        ticket = self.new_ticket()
        self._jobs[ticket] = (on_done, on_failed)
        self.send(m.RunJob(ticket, job))
        return ticket

    def drop(self, ticket: int) -> None:
        self._jobs.pop(ticket, None)

    @property
    def real(self) -> EngineClient:
        """Itself, for whoever wants an engine."""
        return cast(EngineClient, self)

    @property
    def jobs(self) -> list[Any]:
        """The jobs that are waited for, in order."""
        asked = self.of(m.RunJob)
        return [command.job for command in asked if command.ticket in self._jobs]

    def of(self, kind: type[T]) -> list[T]:
        """What was sent of a kind, in order."""
        return [command for command in self.sent if isinstance(command, kind)]

    def answer(self, result: object) -> None:
        """Be done with the oldest job."""
        self._jobs.pop(min(self._jobs))[0](result)

    def refuse(self, sentence: str, trace: str = "") -> None:
        """Fail at the oldest job."""
        self._jobs.pop(min(self._jobs))[1](sentence, trace)


class PlayedTasks:
    """Keeps what is submitted until the test has it done, in its own thread."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None], Any]] = []

    def submit(
        self,
        work: Callable[[], Any],
        on_result: Callable[[Any], None],
        on_error: Callable[[str], None],
    ) -> None:
        self.waiting.append((work, on_result, on_error))

    def finish(self) -> None:
        """Do all of it, and what follows from that."""
        while self.waiting:
            work, on_result, on_error = self.waiting.pop(0)
            try:
                result = work()
            except GridSalError as error:
                on_error(str(error))
            else:
                on_result(result)

    @property
    def real(self) -> Tasks:
        """Itself, for whoever wants tasks."""
        return cast(Tasks, self)


def says(signal: MagicMock, *values: object) -> None:
    """Let a mocked view emit a signal."""
    for call in signal.connect.call_args_list:
        call.args[0](*values)


def mocked_dialog(monkeypatch: pytest.MonkeyPatch, place: str) -> MockedView:
    """Put a mock in the place of a dialog's class, as in "what_if.WhatIfDialog"."""
    dialog = MockedView()
    monkeypatch.setattr(f"app.controllers.{place}", lambda *_given, **_named: dialog)
    return dialog


def errors_shown(monkeypatch: pytest.MonkeyPatch, *modules: str) -> list[str]:
    """Note the sentences of the error dialogs that these controllers open."""
    shown: list[str] = []

    def note(_parent: object, sentence: str, _details: str = "") -> None:
        shown.append(sentence)

    for module in modules:
        monkeypatch.setattr(f"app.controllers.{module}.show_error", note)
    return shown
