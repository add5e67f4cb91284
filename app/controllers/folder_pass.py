"""The pass over a folder: every image predicted in the background, one short job each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, QTimer

from app.actions import allow
from app.controllers.networks import NetworkController
from app.controllers.runs import RunController
from app.controllers.views import ViewsController
from app.main_window import MainWindow
from app.models.evaluation import FolderEvaluation, PassProgress
from app.models.loaded_image import LoadedImage
from app.models.running import duration
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.engine_client import LOST, EngineClient
from app.workers.evaluation import EvaluateImage, known_of_folder, recall_prediction
from app.workers.tasks import Tasks
from gridsal_core.datasets.folder import ImageListing
from gridsal_core.evaluation.cache import cache_path
from gridsal_core.evaluation.counts import ImageCounts
from gridsal_core.evaluation.folder import FolderStatistics
from gridsal_core.evaluation.stamps import predictor_key
from gridsal_core.types import Prediction

NO_FOLDER = "Open an image folder first: File > Open image folder."
NO_NETWORK = "Open a network first: File > Open model."
AT_WORK = "The images are being predicted."
ALL_KNOWN = "All images are predicted."
NOT_AT_WORK = "The images are not being predicted."
TOLD_MS = 10_000
# Weight of the newest image in the mean of what one takes.
NEWEST = 0.1


class FolderPassController(QObject):
    """Keeps the folder's statistics: what the cache knows, and what a pass adds to it.

    While an explanation or a check is computed the pass waits, so that it costs that nothing.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        evaluation: FolderEvaluation,
        networks: NetworkController,
        views: ViewsController,
        runs: RunController,
        engine: EngineClient,
        tasks: Tasks,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._evaluation = window, session, evaluation
        self._views, self._runs, self._engine, self._tasks = views, runs, engine, tasks
        self._pattern = settings.label_pattern
        self._cache = cache_path()
        self._opened: m.NetworkOpened | None = None
        self._predictor = ""
        self._generation = 0
        self._waiting: deque[int] = deque()
        self._under_way: tuple[int, int, float] | None = None
        self._lost: set[int] = set()
        self._done = self._total = 0
        self._mean_seconds: float | None = None
        networks.opened.connect(self._on_opened)
        session.network_changed.connect(self._on_network)
        session.images_changed.connect(self._reset)
        session.busy_changed.connect(self._go_on)
        runs.run_changed.connect(self._go_on)
        window.action("predict_all").triggered.connect(self.start)
        window.action("stop_predicting").triggered.connect(self.stop)
        window.closing.connect(self._close)
        # Someone has to look again after what makes no signal, such as a run that was stopped.
        self._again = QTimer(self)
        self._again.setInterval(200)
        self._again.timeout.connect(self._go_on)
        self._show_state()

    @property
    def is_at_work(self) -> bool:
        """Whether a pass is under way, also while it waits for an explanation."""
        return self._evaluation.progress is not None

    def set_label_pattern(self, pattern: str) -> None:
        """Say where label maps are; everything is counted anew."""
        self._pattern = pattern
        self._reset()

    def recall(self, loaded: LoadedImage, take: Callable[[Prediction | None], None]) -> bool:
        """Have `take` called with the prediction that a pass made here, or None; False if none did.

        It is called later, in the window's thread.
        """
        statistics, network, opened = (
            self._evaluation.statistics,
            self._session.network,
            self._opened,
        )
        images = self._session.images
        if statistics is None or network is None or opened is None or loaded.page:
            return False
        if opened.network is not network:
            return False  # its card comes right after it
        place = images.row_of(loaded.path) if isinstance(images, ImageListing) else None
        if place is None or not statistics.known[place]:
            return False
        predictor, cache = predictor_key(network.sha256, opened.card, ""), self._cache
        path, frame, count = loaded.path, loaded.frame, len(network.classes)
        self._tasks.submit(
            lambda: recall_prediction(path, frame, count, predictor, cache), take, self._tell
        )
        return True

    def start(self) -> None:
        """Predict all images that are not known yet, those that failed once more too."""
        reason = self._why_not()
        statistics = self._evaluation.statistics
        if reason or statistics is None:
            self._tell(reason or NO_NETWORK)
            return
        self._waiting = deque((~statistics.known).nonzero()[0].tolist())
        self._lost.clear()
        self._done, self._total = 0, len(self._waiting)
        self._mean_seconds = None
        self._again.start()
        self._show_progress()
        self._go_on()

    def stop(self) -> None:
        """End the pass; the image that is being predicted is given up."""
        was_at_work = self.is_at_work
        self._waiting.clear()
        if self._under_way is not None:
            self._engine.drop(self._under_way[0])
            self._under_way = None
        self._again.stop()
        self._evaluation.set_progress(None)
        self._show_state()
        if was_at_work:
            self._tell(f"Stopped after {self._done:,} of {self._total:,} images.")

    def _close(self) -> None:
        self._generation += 1  # what is being read of the cache is not waited for
        self.stop()

    def _on_opened(self, event: m.NetworkOpened) -> None:
        self._opened = event
        self._on_network()

    def _on_network(self) -> None:
        """Begin anew with another network; the same one, opened again, goes on."""
        opened, network = self._opened, self._session.network
        if opened is None or network is None or opened.network.sha256 != network.sha256:
            if network is None:
                self._reset()
            return  # its card comes with `opened`, right after this
        key = predictor_key(network.sha256, opened.card, self._pattern)
        if key != self._predictor or self._evaluation.statistics is None:
            self._reset()
        else:
            self._go_on()

    def _reset(self) -> None:
        """Forget what is known, and ask the cache."""
        self.stop()
        self._generation += 1
        generation, opened, network = self._generation, self._opened, self._session.network
        images = self._session.images
        self._evaluation.reset(None)
        if opened is None or network is None or not isinstance(images, ImageListing):
            self._show_state()
            return
        self._predictor = predictor_key(network.sha256, opened.card, self._pattern)
        count, plans = len(network.classes), self._views.plans
        pattern, predictor, cache = self._pattern, self._predictor, self._cache
        self._show_state()

        def work() -> FolderStatistics:
            return known_of_folder(
                images,
                count,
                plans,
                pattern,
                predictor,
                cache,
                lambda: generation == self._generation,
            )

        def take(found: FolderStatistics) -> None:
            if generation == self._generation:
                self._evaluation.reset(found)
                self._show_state()

        self._tasks.submit(work, take, self._tell)

    def _go_on(self) -> None:
        """Have the next image predicted, unless something else has the engine."""
        if self._under_way is not None or not self._waiting:
            return
        session, images = self._session, self._session.images
        must_wait = session.opening is not None or session.is_checking or self._runs.is_pending
        if session.network is None or must_wait or not isinstance(images, ImageListing):
            self._show_progress()
            return
        row = self._waiting.popleft()
        name = images.names[row]
        job = EvaluateImage(
            images.folder,
            name,
            self._views.plans.of(images.folder / name),
            self._pattern,
            self._predictor,
            self._cache,
        )
        ticket = self._engine.submit(
            job, lambda counts: self._on_done(row, counts), lambda *why: self._on_failed(row, *why)
        )
        self._under_way = (ticket, row, monotonic())
        self._show_progress()

    def _on_done(self, row: int, counts: ImageCounts) -> None:
        self._count()
        self._evaluation.add(row, counts)
        self._after()

    def _on_failed(self, row: int, sentence: str, trace: str) -> None:
        if sentence == LOST and row not in self._lost:
            # The engine ended, perhaps for another's sake; twice on one image is that image's.
            self._lost.add(row)
            self._waiting.append(row)
            self._under_way = None
            return
        self._count()
        self._evaluation.fail(row, sentence)
        self._after()

    def _count(self) -> None:
        if self._under_way is not None:
            seconds = monotonic() - self._under_way[2]
            mean = self._mean_seconds
            self._mean_seconds = seconds if mean is None else mean + NEWEST * (seconds - mean)
        self._under_way = None
        self._done += 1

    def _after(self) -> None:
        if self._waiting:
            self._go_on()
            return
        failed = len(self._evaluation.failures)
        self._again.stop()
        self._evaluation.set_progress(None)
        self._show_state()
        told = f" {failed:,} could not be predicted; their entries say why." if failed else ""
        self._tell(f"All {self._total:,} images are done.{told}")

    def _show_progress(self) -> None:
        text = f"{self._done:,} of {self._total:,}"
        if self._under_way is None and self._runs.is_pending:
            text += " · waits for the run"
        elif self._mean_seconds is not None:
            text += f" · {duration(self._mean_seconds * (self._total - self._done))} left"
        self._evaluation.set_progress(PassProgress(self._done, self._total, text))
        self._show_state()

    def _why_not(self) -> str:
        statistics = self._evaluation.statistics
        if self._session.network is None:
            return NO_NETWORK
        if not self._session.images:
            return NO_FOLDER
        if self.is_at_work:
            return AT_WORK
        if statistics is None:
            return "What is known of the folder is being read."
        return ALL_KNOWN if bool(statistics.known.all()) else ""

    def _show_state(self) -> None:
        allow(self._window.action("predict_all"), self._why_not())
        allow(self._window.action("stop_predicting"), "" if self.is_at_work else NOT_AT_WORK)

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, TOLD_MS)
