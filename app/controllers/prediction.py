"""The prediction on the current image: made when it is missing, one at a time."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from app.models.session import Session
from app.workers import messages as m
from app.workers.engine_client import EngineClient


class PredictionController(QObject):
    """Asks the engine for what the session lacks, newest wish first."""

    def __init__(self, session: Session, engine: EngineClient) -> None:
        super().__init__(session)
        self._session, self._engine = session, engine
        self._ticket = 0
        self._image: Path | None = None
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
        self._ticket, self._image = self._engine.new_ticket(), session.loaded.path
        self._engine.send(m.Predict(self._ticket, self._image))

    def _on_predicted(self, event: m.Predicted) -> None:
        self._session.add_prediction(event.sha256, event.image, event.prediction)
        if event.ticket == self._ticket:
            self._ticket = 0
            self._ask()

    def _on_failed(self, event: m.Failed) -> None:
        if event.ticket == self._ticket and self._image is not None:
            self._ticket = 0
            self._session.set_trouble(self._image, event.message)
            if self._image != self._session.current:
                self._ask()

    def _on_died(self) -> None:
        self._ticket = 0
