"""Checks of a map: made in the engine, followed and cancelled here, shown in a dialog."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Final

from PySide6.QtCore import QObject

from app.actions import allow
from app.controllers.dialogs import ask_file, show_error
from app.controllers.runs import RunController
from app.main_window import MainWindow
from app.models.running import duration
from app.models.session import Session
from app.settings import AppSettings
from app.views.check_dialog import CheckDialog
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from gridsal_core.checks.result import Check
from gridsal_core.types import Explanation

CURVES: Final = "Comma-separated values (*.csv)"
NOTE_MS: Final = 10_000


@dataclass
class UnderWay:
    """A check that the engine makes, and the dialog that waits for it."""

    ticket: int
    explanation: Explanation
    dialog: CheckDialog
    clock: tuple[int, float] | None = None

    def told(self, done: int, total: int) -> str:
        """Say how far it is, and how long it takes from here."""
        now = monotonic()
        if self.clock is None:
            self.clock = (done, now)
        first, began = self.clock
        text = f"Step {done:,} of {total:,}"
        if done <= first:
            return text
        return f"{text} · {duration((now - began) / (done - first) * (total - done))} left"


class CheckMapController(QObject):
    """Has the current result checked, one at a time, and the curves written."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        runs: RunController,
        engine: EngineClient,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._runs = window, session, runs
        self._engine, self._settings = engine, settings
        self._under_way: UnderWay | None = None
        self._exports: set[int] = set()
        window.action("check_map").triggered.connect(self.check)
        window.result.check_clicked.connect(self.check)
        runs.run_changed.connect(self._refresh)
        session.result_changed.connect(self._refresh)
        session.image_loaded.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        session.network_changed.connect(self._refresh)
        session.busy_changed.connect(self._refresh)
        engine.check_progressed.connect(self._on_progress)
        engine.checked.connect(self._on_checked)
        engine.exported.connect(lambda event: self._exports.discard(event.ticket))
        engine.failed.connect(self._on_failed)
        engine.died.connect(self._on_lost)
        self._refresh()

    @property
    def is_pending(self) -> bool:
        """Whether the engine still owes a check or a file."""
        return self._under_way is not None or bool(self._exports)

    def check(self) -> None:
        """Check the map of the current result."""
        result = self._session.result
        if result is None or self._why_not():
            return
        image = result.request.image_path
        place = "" if image is None else f" in {image.name}"
        dialog = CheckDialog(f"Check of the map: {result.class_name}{place}", self._window)
        check = self._under_way = UnderWay(self._engine.new_ticket(), result, dialog)
        dialog.finished.connect(lambda: self._on_closed(check.ticket))
        self._session.set_checking(True)
        self._engine.send(m.CheckMap(check.ticket, result))
        dialog.show()

    def cancel(self) -> None:
        """Give up the check that is under way: the window is free at once."""
        if self._under_way is not None:
            self._under_way.dialog.reject()

    def _on_closed(self, ticket: int) -> None:
        if self._ended(ticket) is not None:
            self._engine.send(m.Stop(ticket))
            self._window.status.showMessage("The check was cancelled.", NOTE_MS)

    def _on_progress(self, event: m.CheckProgress) -> None:
        check = self._under_way
        if check is not None and check.ticket == event.ticket:
            text = check.told(event.done, event.total)
            check.dialog.set_progress(event.done, event.total, text)

    def _on_checked(self, event: m.Checked) -> None:
        check = self._ended(event.ticket)
        if check is None:
            return
        dialog, explanation = check.dialog, check.explanation
        dialog.set_check(event.check)
        dialog.save_clicked.connect(lambda: self._save(dialog, explanation, event.check))

    def _save(self, dialog: CheckDialog, explanation: Explanation, check: Check) -> None:
        image = explanation.request.image_path
        stem = "image" if image is None else image.stem
        name = f"{stem}_{explanation.class_name}_{explanation.settings.method}_curves"
        path = ask_file(dialog, self._settings, "Save curves", name, CURVES)
        if path is not None:
            ticket = self._engine.new_ticket()
            self._exports.add(ticket)
            self._engine.send(m.ExportCurves(ticket, check, path))

    def _on_failed(self, event: m.Failed) -> None:
        check = self._ended(event.ticket)
        if check is not None:
            check.dialog.close()
        if check is not None or event.ticket in self._exports:
            self._exports.discard(event.ticket)
            show_error(self._window, event.message, event.trace)

    def _on_lost(self) -> None:
        check = None if self._under_way is None else self._ended(self._under_way.ticket)
        if check is not None:
            check.dialog.close()
            show_error(self._window, "The engine ended while the map was checked; check it again.")
        elif self._exports:
            show_error(self._window, "The engine ended before the curves were saved; save again.")
        self._exports.clear()

    def _ended(self, ticket: int) -> UnderWay | None:
        """Forget the check with this ticket, and return it if it was still waited for."""
        check = self._under_way
        if check is None or check.ticket != ticket:
            return None
        self._under_way = None
        self._session.set_checking(False)
        return check

    def _why_not(self) -> str:
        if self._session.is_checking:
            return "A map is being checked; wait for it, or cancel it."
        if self._runs.run is not None:
            return "A run is under way; wait for its end, or stop it."
        if self._session.result is None:
            return "There is no map yet; run an explanation first."
        return ""

    def _refresh(self) -> None:
        reason = self._why_not()
        action = self._window.action("check_map")
        allow(action, reason)
        self._window.result.set_check(action.toolTip(), is_enabled=not reason)
