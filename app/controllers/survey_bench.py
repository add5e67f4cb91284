"""What leads away from the page *Survey*: explanations onto the bench, reports and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.controllers.dialogs import ask_file, show_error
from app.controllers.networks import NetworkController
from app.controllers.results import ResultsController
from app.controllers.session_state import SessionRecorder
from app.controllers.survey_page import SurveyPageController
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from app.workers.jobs import Job, OnDone
from app.workers.survey_bench import (
    RestoreItem,
    WriteSurveyDifference,
    WriteSurveyReport,
    WriteSurveyTable,
)
from app.workers.survey_read import SurveyFound
from gridsal_core.frames import ImageView
from gridsal_core.survey.difference import DifferenceTable
from gridsal_core.types import Explanation

TOLD_MS: Final = 10_000
TABLE: Final = "Comma-separated values (*.csv)"
FIGURES: Final = "PNG image (*.png);;SVG drawing (*.svg);;PDF document (*.pdf)"


class SurveyBenchController(QObject):
    """Opens explanations of a survey as kept results, and has its files written."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        page: SurveyPageController,
        networks: NetworkController,
        results: ResultsController,
        recorder: SessionRecorder,
        engine: EngineClient,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._page = window, session, page
        self._networks, self._results, self._recorder = networks, results, recorder
        self._engine, self._settings = engine, settings
        self._kept: dict[tuple[Path, str], str] = {}
        self._wanted: tuple[SurveyFound, str] | None = None
        self._pending: set[int] = set()
        page.explanation_chosen.connect(self.open)
        networks.opened.connect(self._on_network)
        window.action("survey_report").triggered.connect(self.open_report)
        window.action("survey_export").triggered.connect(self.ask_export)
        window.closing.connect(self._pending.clear)

    @property
    def is_pending(self) -> bool:
        """Whether the engine owes an explanation or a file."""
        return bool(self._pending)

    def open(self, found: SurveyFound, identity: str) -> None:
        """Show an explanation as it was: image, region, class, settings and map."""
        known = self._kept.get((found.folder, identity))
        if known is not None and self._session.results.get(known) is not None:
            self._results.restore(known)
            return
        survey, network = found.survey, self._session.network
        if network is None or network.sha256 != survey.network_sha256:
            self._open_network(found, identity)
            return
        self._tell("The explanation is being brought from the survey…")
        self._submit(
            RestoreItem(found.folder, identity, found.images),
            lambda explanation: self._take(found, identity, explanation),
        )

    def open_report(self) -> None:
        """Write the files of the survey, or of the comparison in sight, and open the report."""
        found, other = self._page.found, self._page.other
        if found is None:
            return
        job: Job[Path] = WriteSurveyReport(found.folder, found.images)
        if other is not None and isinstance(self._window.survey.in_sight, DifferenceTable):
            place = found.folder.parent / f"{found.folder.name}_against_{other.name}"
            job = WriteSurveyDifference(found.folder, other, place)
        self._tell("The report is being written…")
        self._submit(job, self._show_report)

    def ask_export(self) -> None:
        """Let the user choose a file, and write what is in sight to it."""
        found, shown = self._page.found, self._window.survey.in_sight
        if found is None:
            return
        kinds = TABLE if isinstance(shown, tuple) else f"{FIGURES};;{TABLE}"
        what = "bias" if isinstance(shown, tuple) else shown.section
        name = f"{found.folder.name}_{what}"
        path = ask_file(self._window, self._settings, "Export survey", name, kinds)
        if path is not None:
            self.export(path)

    def export(self, path: Path) -> None:
        """Write what is in sight, by the file's suffix."""
        self._tell(f"Writing {path.name}…")
        self._submit(
            WriteSurveyTable(self._window.survey.in_sight, path),
            lambda saved: self._tell(f"Saved {saved}"),
        )

    def _show_report(self, report: Path) -> None:
        self._tell(f"Saved {report}, with tables and figures beside it.")
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(report)))

    def _take(self, found: SurveyFound, identity: str, explanation: Explanation) -> None:
        request = explanation.request
        if request.image_path is None:
            return
        view = ImageView(request.image_path, request.page, request.frame)
        kept = self._session.add_result(view, explanation, is_shown=False)
        self._kept[found.folder, identity] = kept.identity
        self._window.status.clearMessage()
        self._results.restore(kept.identity)

    def _open_network(self, found: SurveyFound, identity: str) -> None:
        """Open the survey's network first where this session knows it."""
        survey = found.survey
        entries = self._recorder.networks
        entry = next((each for each in entries if each.sha256 == survey.network_sha256), None)
        if entry is None:
            show_error(
                self._window,
                f"The survey is of {survey.network}; open that network to see its explanations.",
            )
            return
        self._wanted = found, identity
        self._tell(f"Opening {entry.name}, which the survey is of…")
        self._networks.open_model(entry.source, entry.weights)

    def _on_network(self, event: m.NetworkOpened) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None and event.network.sha256 == wanted[0].survey.network_sha256:
            self.open(*wanted)

    def _submit(self, job: Job[Any], on_done: OnDone) -> None:
        ticket = 0

        def done(answer: Any) -> None:  # noqa: ANN401 - of any job
            self._pending.discard(ticket)
            on_done(answer)

        def fail(sentence: str, trace: str) -> None:
            self._pending.discard(ticket)
            self._window.status.clearMessage()
            show_error(self._window, sentence, trace)

        ticket = self._engine.submit(job, done, fail)
        self._pending.add(ticket)

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, TOLD_MS)
