"""A survey under way: begun, held, resumed and ended here, one slice after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMessageBox

from app.actions import allow
from app.controllers.dialogs import show_error
from app.controllers.networks import NetworkController
from app.controllers.runs import RunController
from app.main_window import MainWindow
from app.models.session import Session
from app.models.survey import SurveyState
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.engine_client import LOST, EngineClient
from app.workers.jobs import Job
from app.workers.survey_jobs import (
    BeginSurvey,
    EndSurvey,
    ResumeSurvey,
    SurveyAsked,
    SurveyNews,
    SurveySlice,
)

TOLD_MS: Final = 10_000
# The engine may die for another's sake; so often without any progress it is the survey's.
MOST_LOSSES: Final = 2
NOT_UNDER_WAY: Final = "No survey is under way."
NOTHING_LEFT: Final = "The survey is finished."
PAUSE, RESUME = "&Pause survey", "&Resume survey"


class SurveyRunController(QObject):
    """Keeps the engine at work on a survey while nobody else needs it.

    While an explanation or a check is computed the survey waits, so that it costs that nothing.
    """

    finished = Signal()
    """Nothing of the survey is left to do."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        state: SurveyState,
        networks: NetworkController,
        runs: RunController,
        engine: EngineClient,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._runs, self._engine, self._settings = runs, engine, settings
        self._ticket: int | None = None
        self._is_in_engine = False
        self._is_engine_new = False
        self._network = ""
        self._losses = 0
        self._may_close = False
        networks.opened.connect(self._on_opened)
        session.network_changed.connect(self._on_network)
        session.busy_changed.connect(self._go_on)
        runs.run_changed.connect(self._go_on)
        state.changed.connect(self._show)
        window.action("survey_pause").triggered.connect(self.pause_or_resume)
        window.action("survey_stop").triggered.connect(self.stop)
        window.closing.connect(self._close)
        before = window.may_close
        window.may_close = lambda: self._ask_to_close() and before()
        # Someone has to look again after what makes no signal, such as a run that was stopped.
        self._again = QTimer(self)
        self._again.setInterval(200)
        self._again.timeout.connect(self._go_on)
        self._show()

    def begin(self, asked: SurveyAsked) -> None:
        """Begin a survey, or go on with the same one."""
        self._start(asked.folder, BeginSurvey(asked))

    def pause_or_resume(self) -> None:
        """Hold the survey that is under way, or let the one that is shown go on."""
        state = self._state
        if state.phase == "running":
            state.set_phase("paused")
            self._again.stop()
        elif state.phase == "paused":
            state.set_phase("running")
            self._again.start()
            self._go_on()
        elif state.folder is not None:
            self._start(state.folder, ResumeSurvey(state.folder))

    def stop(self) -> None:
        """End the survey; the batch that is worked on is given up, what is finished is kept."""
        if not self._state.is_active:
            return
        self._end()
        self._state.set_phase("stopped")
        self._tell("The survey was stopped. What is finished is kept; Resume survey goes on.")

    def let_close(self) -> None:
        """Let the window close without a question: what is finished is kept in any case."""
        self._may_close = True

    def _start(self, folder: Path, job: Job[SurveyNews]) -> None:
        network = self._session.network
        if network is None:
            self._tell("Open the survey's network first: File > Open model.")
            return
        self._end()
        self._network, self._losses = network.sha256, 0
        self._settings.remember_survey(folder)
        self._state.show(folder)
        self._state.set_phase("running")
        self._again.start()
        self._submit(job, self._on_begun)

    def _submit(self, job: Job[SurveyNews], take: Callable[[SurveyNews], None]) -> None:
        def done(news: SurveyNews) -> None:
            self._ticket = None
            take(news)

        self._ticket = self._engine.submit(job, done, self._on_failed)

    def _on_begun(self, news: SurveyNews) -> None:
        self._is_in_engine = True
        self._state.set_news(news)
        self._go_on()

    def _go_on(self) -> None:
        """Have the next slice worked on, unless something else has the engine."""
        state, session = self._state, self._session
        if self._ticket is not None or state.phase != "running" or state.folder is None:
            return
        network = session.network
        if network is None or session.opening is not None or self._is_engine_new:
            state.set_waits_for("the network")
        elif session.is_checking or self._runs.is_pending:
            state.set_waits_for("the check" if session.is_checking else "the run")
        else:
            state.set_waits_for("")
            if self._is_in_engine:
                self._submit(SurveySlice(state.folder), self._on_slice)
            else:
                self._submit(ResumeSurvey(state.folder), self._on_begun)

    def _on_slice(self, news: SurveyNews) -> None:
        if self._state.news is not None and news.items > self._state.news.items:
            self._losses = 0
        self._state.set_news(news)
        for sentence in news.notes:
            self._tell(f"Left out: {sentence}")
        if not news.is_done:
            self._go_on()
            return
        self._is_in_engine = False
        self._again.stop()
        self._state.set_phase("done")
        self._tell(f"The survey is finished: {news.items:,} requests.")
        self.finished.emit()

    def _on_failed(self, sentence: str, trace: str) -> None:
        self._ticket = None
        self._is_in_engine = False
        if sentence == LOST and self._losses < MOST_LOSSES:
            self._losses += 1
            self._is_engine_new = True  # it goes on once the network is open again
            self._go_on()
            return
        self._again.stop()
        self._state.set_phase("stopped")
        show_error(self._window, sentence, trace)

    def _on_opened(self, event: m.NetworkOpened) -> None:
        # On another device or after a crash: the survey goes on with what is open now.
        self._is_engine_new = False
        if self._state.is_active and event.network.sha256 == self._network:
            self._let_go()
            self._go_on()

    def _on_network(self) -> None:
        network = self._session.network
        if network is None or not self._state.is_active or network.sha256 == self._network:
            return
        self._end()
        self._state.set_phase("stopped")
        self._tell("The survey was stopped, since another network is open; Resume survey goes on.")

    def _let_go(self) -> None:
        """Forget what the engine has of the survey, or was asked for it."""
        if self._ticket is not None:
            self._engine.drop(self._ticket)
            self._ticket = None
        self._is_in_engine = False

    def _end(self) -> None:
        was_there = self._is_in_engine or self._ticket is not None
        self._let_go()
        self._again.stop()
        if was_there:
            self._engine.submit(EndSurvey(), _nothing, _nothing)

    def _close(self) -> None:
        self._end()

    def _ask_to_close(self) -> bool:
        if self._may_close or self._state.phase != "running":
            return True
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("GridSal")
        box.setText("Close the window while the survey is under way?")
        box.setInformativeText(
            f"{self._state.text}. What is finished is kept, and Survey > Open survey goes on with "
            "it the next time."
        )
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Close | buttons.Cancel)
        box.setDefaultButton(buttons.Cancel)
        box.finished.connect(self._on_close_answer)
        box.open()
        return False

    def _on_close_answer(self, answer: int) -> None:
        if answer == QMessageBox.StandardButton.Close:
            # Should another question keep the window open, the survey can be resumed.
            self.stop()
            self._window.close()

    def _show(self) -> None:
        state, action = self._state, self._window.action
        pause = action("survey_pause")
        pause.setText(PAUSE if state.phase == "running" else RESUME)
        nothing = NOT_UNDER_WAY if state.folder is None else ""
        allow(pause, nothing or (NOTHING_LEFT if state.phase == "done" else ""))
        allow(action("survey_stop"), "" if state.is_active else NOT_UNDER_WAY)
        bar, news = self._window.survey.bar, state.news
        bar.setVisible(state.folder is not None and state.phase != "done")
        # While it begins nobody knows how much there is.
        done, total = (0, 0 if state.is_active else 1)
        if news is not None:
            done, total = news.images, news.images_total
        bar.set_progress(done, total, state.text)

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, TOLD_MS)


def _nothing(*_given: Any) -> None:  # noqa: ANN401 - whatever is answered
    """Wait for no answer."""
