"""The hints that lead to a first result: steps on the empty canvas, one line over the image."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.controllers.runs import RunController
from app.main_window import MainWindow
from app.models.guide import STEPS, Progress
from app.models.session import Session
from app.settings import AppSettings
from app.views.step_list import Step

WELCOME = "Which context did your network need?"
WELCOME_TEXT = "Open a model and a folder of images, or drop both here."
FOLDER_TEXT = "The model is open. Now open a folder of images, or drop one here."
OPENING = "The network is being opened…"
# Over the image; without a folder there is none.
SENTENCES = (
    "Next: open a model (Ctrl+O), so that its prediction can be explained.",
    "",
    "Next: click a segment in the image, or paint a region with the brush (B).",
    "Next: press Run (F5). The map then shows which context the network needed.",
)


class GuideController(QObject):
    """Owns what is said to someone who has no result yet."""

    def __init__(
        self, window: MainWindow, session: Session, runs: RunController, settings: AppSettings
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._runs = window, session, runs
        self._settings = settings
        self._action = window.action("hints")
        self._action.setChecked(settings.shows_hints)
        self._action.toggled.connect(self._on_toggled)
        window.canvas.next_step.dismissed.connect(lambda: self._action.setChecked(False))
        for signal in (
            session.network_changed,
            session.busy_changed,
            session.current_changed,
            session.image_loaded,
            session.prediction_changed,
            runs.run_changed,
        ):
            signal.connect(self._show)
        session.region_changed.connect(self._on_region)
        session.result_changed.connect(self._on_result)
        self._show()

    def _on_toggled(self, is_on: bool) -> None:
        self._settings.shows_hints = is_on
        self._show()

    def _on_region(self, _box: object) -> None:
        # Every piece of a stroke comes by here.
        if self._settings.shows_hints:
            self._show()

    def _on_result(self, _image: object) -> None:
        """Whoever has a result knows the way."""
        if self._session.result is not None:
            self._action.setChecked(False)
        self._show()

    def _show(self) -> None:
        if self._session.current is None:
            self._show_steps()
        self._window.canvas.next_step.set_text(self._sentence())

    def _show_steps(self) -> None:
        progress = self._progress()
        steps = [Step(text, is_done) for text, is_done in zip(STEPS, progress.done, strict=True)]
        if self._session.opening is not None:
            text, names = OPENING, ["open_folder"]
        elif progress.has_network:
            text, names = FOLDER_TEXT, ["open_folder"]
        else:
            text, names = WELCOME_TEXT, ["open_demo", "open_model", "open_folder"]
        offers = [self._window.action(name) for name in names]
        self._window.canvas.set_hint(WELCOME, text, offers, steps)

    def _sentence(self) -> str:
        session = self._session
        step = self._progress().next_step
        is_waiting = session.is_busy or self._runs.run is not None or session.loaded is None
        if not self._settings.shows_hints or is_waiting or step is None:
            return ""
        if session.network is not None and session.prediction is None:
            return ""  # it failed, and that is told elsewhere
        return SENTENCES[step]

    def _progress(self) -> Progress:
        session = self._session
        region = session.region
        return Progress(
            has_network=session.network is not None,
            has_images=session.current is not None,
            has_region=region is not None and not region.is_empty,
            has_result=session.result is not None,
        )
