"""The prediction on the current image: made when it is missing, one at a time."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.main_window import MainWindow
from app.models.session import Session
from app.workers import messages as m
from app.workers.engine_client import EngineClient


class PredictionController(QObject):
    """Asks the engine for what the session lacks, newest wish first."""

    def __init__(self, window: MainWindow, session: Session, engine: EngineClient) -> None:
        super().__init__(window)
        self._window, self._session, self._engine = window, session, engine
        self._ticket = 0
        session.network_changed.connect(self._on_network)
        session.image_loaded.connect(self._ask)
        engine.predicted.connect(self._on_predicted)
        engine.failed.connect(self._on_failed)
        engine.died.connect(self._on_died)

    def _on_network(self) -> None:
        self._ticket = 0
        self._ask()

    def _ask(self) -> None:
        # Only one is under way: whoever pages through a folder waits for the last, not for all.
        session = self._session
        if self._ticket or session.network is None or session.loaded is None:
            return
        if session.prediction is not None:
            return
        self._ticket = self._engine.new_ticket()
        self._engine.send(m.Predict(self._ticket, session.loaded.path))

    def _on_predicted(self, event: m.Predicted) -> None:
        self._session.add_prediction(event.sha256, event.image, event.prediction)
        if event.ticket == self._ticket:
            self._ticket = 0
            self._ask()

    def _on_failed(self, event: m.Failed) -> None:
        if event.ticket == self._ticket:
            self._ticket = 0
            self._window.run.set_text(event.message)
            self._window.status.showMessage(event.message, 15000)

    def _on_died(self) -> None:
        self._ticket = 0
