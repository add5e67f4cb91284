"""Putting the window together, and what holds it up: logging, and errors nobody foresaw."""

from __future__ import annotations

import gc
import logging
import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.controllers.appearance import AppearanceController
from app.controllers.check_map import CheckMapController
from app.controllers.commands import CommandsController
from app.controllers.compare import CompareController
from app.controllers.compare_networks import CompareNetworksController
from app.controllers.comparisons import ComparisonsController
from app.controllers.composer import ComposerController
from app.controllers.confusion import ConfusionController
from app.controllers.copy_request import CopyRequestController
from app.controllers.data import DataController
from app.controllers.dialogs import show_error
from app.controllers.display import DisplayController
from app.controllers.errors import ErrorsController
from app.controllers.export import ExportController
from app.controllers.figures import FigureDesk
from app.controllers.files import FilesController
from app.controllers.folder_pass import FolderPassController
from app.controllers.guide import GuideController
from app.controllers.history import HistoryController
from app.controllers.image_filter import ImageFilterController
from app.controllers.label_layer import LabelLayerController
from app.controllers.labels import LabelsController
from app.controllers.library import LibraryController
from app.controllers.logs import LogsController, log_threads
from app.controllers.networks import NetworkController
from app.controllers.places import PlacesController
from app.controllers.prediction import PredictionController
from app.controllers.preferences import PreferencesController
from app.controllers.questions import QuestionsController
from app.controllers.queue import QueueController
from app.controllers.queue_segments import QueueSegmentsController
from app.controllers.recovery import RecoveryController
from app.controllers.report import ReportController
from app.controllers.request import RequestController
from app.controllers.results import ResultsController
from app.controllers.runs import RunController
from app.controllers.sessions import SessionsController
from app.controllers.survey_ask import SurveyAskController
from app.controllers.survey_bench import SurveyBenchController
from app.controllers.survey_page import SurveyPageController
from app.controllers.survey_run import SurveyRunController
from app.controllers.views import ViewsController
from app.controllers.what_if import WhatIfController
from app.main_window import MainWindow
from app.models.evaluation import FolderEvaluation
from app.models.image_list import ImageListModel
from app.models.session import Session
from app.models.survey import SurveyState
from app.settings import AppSettings, load_settings, save_settings, settings_path
from app.theme import apply_theme
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from app.workers.engine_process import EngineProcess
from app.workers.tasks import Tasks
from app.workers.thumbnails import ThumbnailLoader
from gridsal_core.errors import GridSalError, OutputError
from gridsal_core.figure.presets import FILE_NAME

log = logging.getLogger(__name__)


class Application(QObject):
    """One window with its session, engine and controllers.

    Parameters
    ----------
    settings, settings_file
        What is remembered, and where.
    engine
        A running engine that outlives this window; None gives it one of its own.
    begun
        A process that its own engine takes to begin with.
    """

    def __init__(
        self,
        settings: AppSettings,
        settings_file: Path,
        engine: EngineClient | None = None,
        begun: EngineProcess | None = None,
    ) -> None:
        super().__init__()
        self._owns_engine = engine is None
        self.settings = settings
        self._settings_file = settings_file
        self.session = Session(self)
        self.engine = engine or EngineClient(self, begun)
        self.tasks = Tasks(self)
        thumbnails = ThumbnailLoader(parent=self)
        images = ImageListModel(thumbnails, parent=self)
        self.window = window = MainWindow(images)
        session = self.session
        engine = self.engine
        self.runs = RunController(window, session, engine)
        self.networks = NetworkController(window, session, engine, settings, lambda: self.is_busy)
        self.library = LibraryController(window, self.tasks, self.networks.open_model)
        self.questions = QuestionsController(window, session, self.networks, self.library, settings)
        self.files = FilesController(window, session, images, self.networks, self.tasks, settings)
        self.labels = LabelsController(window, session, settings)
        # Before whoever asks for predictions: another network may need another frame first.
        self.views = ViewsController(window, session, self.tasks, settings.label_pattern)
        self.labels.pattern_changed.connect(self.views.set_label_pattern)
        self.runs.cancelled.connect(self._cancel)
        self.predictions = PredictionController(session, engine)
        self.predictions.noted.connect(lambda text: window.status.showMessage(text, 15000))
        self.requests = RequestController(window, session, settings)
        self.networks.demo_opened.connect(self._on_demo)
        self.history = HistoryController(window, session, self.files.show_image)
        self.copies = CopyRequestController(window, session)
        self.queue = QueueController(window, session, self.runs, self.files.show_image)
        self.queue_segments = QueueSegmentsController(
            window, session, self.queue, engine, self.tasks, self.views.view_of
        )
        self.display = DisplayController(window, session, self.runs)
        # After the display, which empties the canvas for each new image.
        self.errors = ErrorsController(window, session, self.tasks)
        self.label_layer = LabelLayerController(window, session)
        self.figures = FigureDesk(engine, session.results, lambda: settings.label_pattern, self)
        window.closing.connect(self.figures.close)
        self.exports = ExportController(window, session, settings, self.figures)
        presets = settings_file.with_name(FILE_NAME)
        self.composers = ComposerController(window, session, settings, self.figures, presets)
        self.data = DataController(window, session, engine, self.tasks, settings)
        self.reports = ReportController(window, session, engine, self.tasks, settings)
        self.what_ifs = WhatIfController(window, session, engine, self.tasks, settings)
        self.checks = CheckMapController(window, session, self.runs, engine, settings)
        self.compare = CompareController(window, session, self.tasks, settings)
        self.labels.pattern_changed.connect(lambda _pattern: self.compare.relabel())
        self.comparisons = ComparisonsController(
            window, session, self.queue, self.runs, self.compare, self.requests.segments
        )
        self.compare_networks = CompareNetworksController(
            window, session, self.networks, self.comparisons, self.compare, settings
        )
        self.appearance = AppearanceController(window, settings)
        self.commands = CommandsController(window, settings)
        self.logs = LogsController(window)
        self.guide = GuideController(window, session, self.runs, settings)
        self.preferences = PreferencesController(window, settings)
        self.places = PlacesController(session, self.files, self.views)
        self.sessions = SessionsController(
            window,
            session,
            self.networks,
            self.files,
            self.labels,
            self.places,
            self.queue,
            self.compare,
            self.tasks,
            settings,
        )
        self.results = ResultsController(
            window, session, self.networks, self.places, self.sessions.recorder
        )
        self.queue.result_wanted.connect(self.results.restore)
        # Below what the list itself can do.
        published = ("compose_figure", "export_data", "report")
        window.results.add_menu_actions(*(window.action(name) for name in published))
        self.recovery = RecoveryController(window, session.results, self.sessions)
        self._add_finding(images)
        self._add_survey()
        engine.ready.connect(self._on_ready)
        window.closing.connect(self._close)
        window.closing.connect(thumbnails.shut_down)

    def _add_finding(self, images: ImageListModel) -> None:
        """Add what finds images and their errors in a folder."""
        window, session, settings = self.window, self.session, self.settings
        self.evaluation = FolderEvaluation(self)
        self.folder_pass = FolderPassController(
            window,
            session,
            self.evaluation,
            self.networks,
            self.views,
            self.runs,
            self.engine,
            self.tasks,
            settings,
        )
        self.labels.pattern_changed.connect(self.folder_pass.set_label_pattern)
        self.predictions.recall = self.folder_pass.recall
        self.image_filter = ImageFilterController(
            window, session, images, self.evaluation, settings
        )
        self.confusion = ConfusionController(
            window,
            session,
            images,
            self.evaluation,
            self.image_filter,
            self.requests,
            self.tasks,
            settings,
        )

    def _add_survey(self) -> None:
        """Add what surveys a folder, after the sessions, which ask before the window closes too."""
        window, session, settings = self.window, self.session, self.settings
        state = self.survey = SurveyState(self)
        self.survey_page = SurveyPageController(window, session, state, settings)
        self.survey_run = SurveyRunController(
            window, session, state, self.networks, self.runs, self.engine, settings
        )
        self.survey_ask = SurveyAskController(
            window, session, state, self.tasks, settings, self.survey_run.begin
        )
        self.survey_bench = SurveyBenchController(
            window,
            session,
            self.survey_page,
            self.networks,
            self.results,
            self.sessions.recorder,
            self.engine,
            settings,
        )

    @property
    def is_busy(self) -> bool:
        """Whether the engine owes a result or a file, and must not be restarted."""
        owing = (
            self.runs,
            self.comparisons,
            self.figures,
            self.data,
            self.reports,
            self.what_ifs,
            self.checks,
            self.survey_bench,
        )
        return any(each.is_pending for each in owing)

    def _on_ready(self, event: m.Ready) -> None:
        self.window.settings.set_devices(event.devices)

    def _on_demo(self) -> None:
        # A session brings its own regions.
        if not self.sessions.expects_network:
            self.requests.pick_first_segment()

    def _cancel(self) -> None:
        """Stop what is under way besides a run: an opening network, a check, or a prediction."""
        if self.session.opening is not None:
            self.networks.cancel_opening()
        elif self.session.is_checking:
            self.checks.cancel()
        elif self.session.is_predicting and not self.is_busy:
            self.predictions.give_up()
            self.networks.restart_engine()

    def show(
        self, model: str | Path | None, images: Path | None, session: Path | None = None
    ) -> None:
        """Show the window, then start the engine and open what was named."""
        self.window.show()
        # After the first paint: the engine's start must not delay the window.
        QTimer.singleShot(0, lambda: self._begin(model, images, session))

    def _begin(self, model: str | Path | None, images: Path | None, session: Path | None) -> None:
        # The first segment that is picked needs it, and the window would feel its import.
        self.tasks.submit(lambda: import_module("scipy.ndimage"), lambda _module: None, log.warning)
        if self._owns_engine and not self.engine.is_running:
            self.engine.start()
        if model is not None:
            self.networks.open_model(model)
        if images is not None:
            self.files.open_folder(images)
        if session is not None:
            self.sessions.open(session)
        self.recovery.look()

    def _close(self) -> None:
        if self._owns_engine:
            self.engine.close()
        self.tasks.wait()
        try:
            save_settings(self.settings, self._settings_file)
        except OutputError as error:
            log.warning("%s", error)


def run_window(
    model: str | Path | None,
    images: Path | None,
    session: Path | None = None,
    begun: EngineProcess | None = None,
) -> int:
    """Open the window, with an engine that was begun if any; return when it was closed."""
    # Beside the log that `gridsal` keeps, for whoever started it from a terminal.
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.getLogger().addHandler(terminal)
    log_threads()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError("another kind of Qt application is running in this process")
    app.setApplicationName("GridSal")
    app.setDesktopFileName("gridsal")
    path = settings_path()
    settings = load_settings(path)
    apply_theme(app, settings.theme)
    application = Application(settings, path, begun=begun)
    sys.excepthook = lambda kind, error, trace: _show_unforeseen(application, kind, error, trace)
    application.show(model, images, session)
    # What is there now stays to the end: no later collection has to look at it.
    gc.freeze()
    gc.enable()
    return app.exec()


def _show_unforeseen(
    application: Application,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Turn an error nobody caught into a dialog; the window stays."""
    if isinstance(error, KeyboardInterrupt):
        # Nobody can be asked: what is not saved is offered at the next start.
        application.sessions.keep_for_next_start()
        application.survey_run.let_close()
        application.window.close()
        return
    if isinstance(error, GridSalError):
        show_error(application.window, str(error))
        return
    details = "".join(traceback.format_exception(kind, error, trace))
    sentence = f"Something went wrong that GridSal did not foresee: {error}"
    show_error(application.window, sentence, details)
