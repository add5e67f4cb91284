"""The report of a session: one web page with all results, or with those that are selected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject

from app.actions import allow
from app.actions.reasons import NO_RESULT
from app.controllers.dialogs import ask_file, show_error
from app.controllers.export import NOTE_MS, may_write
from app.controllers.walk import ResultWalk
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.workers.engine_client import EngineClient
from app.workers.publishing import ReportOn
from app.workers.tasks import Tasks
from gridsal_core import __version__
from gridsal_core.report.entry import ReportEntry
from gridsal_core.report.page import ReportHead, write_report
from gridsal_core.session.kept import KeptResult

PAGE: Final = "Web page (*.html)"


class ReportController(QObject):
    """Asks where to, has every result drawn, and writes the page."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        engine: EngineClient,
        tasks: Tasks,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._engine = window, session, engine
        self._tasks, self._settings = tasks, settings
        self._walk: ResultWalk | None = None
        window.action("report").triggered.connect(self.ask)
        window.closing.connect(self._close)
        for signal in (session.results.added, session.results.removed):
            signal.connect(self._refresh)
        session.results.was_reset.connect(self._refresh)
        self._refresh()

    @property
    def is_pending(self) -> bool:
        """Whether results are still being drawn."""
        return self._walk is not None and not self._walk.is_over

    def ask(self) -> None:
        """Let the user choose a file and write the report."""
        path = ask_file(self._window, self._settings, "Report", "report", PAGE)
        if path is not None and may_write(self._window, self._session, path):
            self.write(path)

    def write(self, path: Path) -> None:
        """Write the report."""
        store = self._session.results
        chosen = store.found(self._window.results.selected_identities)
        # One selected result is where the user stands, and not a choice.
        kept: Sequence[KeptResult] = chosen if len(chosen) > 1 else store.results
        pattern = self._settings.label_pattern
        head = ReportHead(_title(path), datetime.now(UTC), __version__)
        self._walk = ResultWalk(
            self._engine, store, self._window, f"Drawing {len(kept)} results for the report…"
        )
        self._walk.start(
            kept,
            lambda each, explanation: ReportOn(each, explanation, pattern),
            lambda entries: self._finish(head, entries, path),
            lambda sentence, trace: show_error(self._window, sentence, trace),
        )

    def _finish(self, head: ReportHead, entries: list[ReportEntry], path: Path) -> None:
        self._tasks.submit(
            lambda: write_report(head, entries, path),
            lambda _: self._window.status.showMessage(f"Saved {path}", NOTE_MS),
            lambda sentence: show_error(self._window, sentence),
        )

    def _close(self) -> None:
        if self._walk is not None:
            self._walk.cancel()

    def _refresh(self) -> None:
        allow(self._window.action("report"), "" if self._session.results.results else NO_RESULT)


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").strip() or "Report"
