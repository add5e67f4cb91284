"""The prediction on the current image: made when it is missing, one at a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.models.loaded_image import LoadedImage
from app.models.session import Session
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from gridsal_core.frames import ImageView
from gridsal_core.types import Prediction

Recall = Callable[[LoadedImage, Callable[[Prediction | None], None]], bool]
"""Takes what is to be called, later, with the prediction or None; False if it will not be."""

GIVEN_UP = "The prediction was stopped; choose the image again to make it."


class PredictionController(QObject):
    """Asks the engine for what the session lacks, newest wish first."""

    noted = Signal(str)
    """What a user should know of the prediction that was just made."""

    def __init__(self, session: Session, engine: EngineClient) -> None:
        super().__init__(session)
        self._session, self._engine = session, engine
        self._under_way: tuple[int, ImageView] | None = None
        self._given_up: ImageView | None = None
        self.recall: Recall = _no_memory
        """Brings a prediction that was made before, if it can."""
        session.network_changed.connect(self._on_network)
        session.current_changed.connect(self._on_current)
        session.image_loaded.connect(self._ask)
        engine.predicted.connect(self._on_predicted)
        engine.failed.connect(self._on_failed)
        engine.died.connect(self._forget)
        engine.unable.connect(self._forget)

    def give_up(self) -> None:
        """Forget the prediction that is under way; the engine has to be restarted by the caller."""
        if self._under_way is not None:
            self._given_up = self._under_way[1]
            self._forget()

    def _on_network(self) -> None:
        self._forget()
        self._ask()

    def _on_current(self) -> None:
        self._given_up = None

    def _ask(self) -> None:
        # Only one is under way: whoever pages through a folder waits for the last, not for all.
        session = self._session
        if self._under_way or session.network is None or session.loaded is None:
            return
        if session.prediction is not None:
            return
        view = session.loaded.view
        if view == self._given_up:
            session.set_trouble(view, GIVEN_UP)
            return
        ticket, predictor = self._engine.new_ticket(), session.network.predictor
        self._under_way = (ticket, view)
        session.set_predicting(True)

        def take(found: Prediction | None) -> None:
            if not self._is_under_way(ticket):
                return
            if found is None:
                self._engine.send(m.Predict(ticket, view))
            else:
                self._on_predicted(m.Predicted(ticket, view, predictor, found))

        if not self.recall(session.loaded, take):
            self._engine.send(m.Predict(ticket, view))

    def _on_predicted(self, event: m.Predicted) -> None:
        self._session.add_prediction(event.predictor, event.view, event.prediction)
        if event.prediction.notes:
            self.noted.emit(" ".join(event.prediction.notes))
        if self._is_under_way(event.ticket):
            self._forget()
            self._ask()

    def _on_failed(self, event: m.Failed) -> None:
        if self._under_way is not None and self._is_under_way(event.ticket):
            view = self._under_way[1]
            self._forget()
            self._session.set_trouble(view, event.message)
            loaded = self._session.loaded
            if loaded is not None and loaded.view != view:
                self._ask()

    def _is_under_way(self, ticket: int) -> bool:
        return self._under_way is not None and self._under_way[0] == ticket

    def _forget(self) -> None:
        self._under_way = None
        self._session.set_predicting(False)


def _no_memory(loaded: LoadedImage, take: Callable[[Prediction | None], None]) -> bool:
    return False
