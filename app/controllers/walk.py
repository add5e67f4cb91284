"""Going through many results one by one, with progress and cancel, holding one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QProgressDialog, QWidget

from app.models.results import ResultStore
from app.workers.engine_client import EngineClient
from app.workers.jobs import Job
from gridsal_core.session.kept import KeptResult
from gridsal_core.types import Explanation

SHOWN_AFTER_MS: Final = 400
Work = Callable[[KeptResult, Explanation], Job[Any]]


class ResultWalk(QObject):
    """Has a job done on each of several results, then hands on all answers.

    Parameters
    ----------
    engine, results
        Who does it, and where the results are.
    parent
        The Qt owner, over which progress is shown.
    title
        What is done, for the progress.
    """

    def __init__(
        self, engine: EngineClient, results: ResultStore, parent: QWidget, title: str
    ) -> None:
        super().__init__(parent)
        self._engine, self._results = engine, results
        self._answers: list[Any] = []
        self._ticket: int | None = None
        self._is_over = False
        self._progress = QProgressDialog(title, "Cancel", 0, 0, parent)
        self._progress.setWindowTitle("GridSal")
        self._progress.setMinimumDuration(SHOWN_AFTER_MS)
        self._progress.setAutoClose(False)
        self._progress.canceled.connect(self.cancel)

    @property
    def is_over(self) -> bool:
        """Whether it came to its end, failed, or was cancelled."""
        return self._is_over

    def cancel(self) -> None:
        """Give it up; nobody is told."""
        if not self._is_over:
            self._end()

    def start(
        self,
        kept: Sequence[KeptResult],
        make_job: Work,
        on_end: Callable[[list[Any]], None],
        on_failed: Callable[[str, str], None],
    ) -> None:
        """Begin; one of the two is called at the end, unless it is cancelled."""
        self._make_job, self._on_end, self._on_failed = make_job, on_end, on_failed
        self._waiting = list(kept)
        self._progress.setMaximum(len(kept))
        self._progress.setValue(0)
        self._next()

    def _next(self) -> None:
        if self._is_over:
            return
        if not self._waiting:
            self._end()
            self._on_end(self._answers)
            return
        kept = self._waiting.pop(0)
        self._results.fetch(
            kept.identity,
            lambda explanation: self._send(kept, explanation),
            lambda sentence: self._fail(sentence, ""),
        )

    def _send(self, kept: KeptResult, explanation: Explanation) -> None:
        if not self._is_over:
            job = self._make_job(kept, explanation)
            self._ticket = self._engine.submit(job, self._take, self._fail)

    def _take(self, answer: object) -> None:
        self._answers.append(answer)
        self._progress.setValue(len(self._answers))
        self._next()

    def _fail(self, sentence: str, trace: str) -> None:
        if not self._is_over:
            self._end()
            self._on_failed(sentence, trace)

    def _end(self) -> None:
        self._is_over = True
        if self._ticket is not None:
            self._engine.drop(self._ticket)
        self._progress.close()
        self._progress.deleteLater()
