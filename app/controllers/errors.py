"""The error view: where the prediction is correct or wrong, found in a thread when it is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.main_window import MainWindow
from app.models.session import Session
from app.workers.tasks import Tasks
from gridsal_core.arrays import IndexArray
from gridsal_core.comparison import Comparison, compare


class ErrorsController(QObject):
    """Keeps the layer *Errors* and its legend true to the prediction and the label map."""

    def __init__(self, window: MainWindow, session: Session, tasks: Tasks) -> None:
        super().__init__(window)
        self._window, self._session, self._tasks = window, session, tasks
        self._asked: tuple[IndexArray, IndexArray] | None = None
        self._found: Comparison | None = None
        self._box = window.layers.boxes["errors"]
        self._box.toggled.connect(self._show)
        window.action("toggle_errors").triggered.connect(self._explain_refusal)
        for signal in (
            session.network_changed,
            session.current_changed,
            session.image_loaded,
            session.label_changed,
            session.prediction_changed,
        ):
            signal.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        session, layers = self._session, self._window.layers
        loaded = session.loaded
        if loaded is not None and loaded.label is not None and session.network is not None:
            layers.set_reason("errors", "")
        # While the next image is read the box stays as it is: who pages through images with their
        # errors in sight goes on so.
        elif loaded is not None or session.current is None:
            was_shown = self._box.isChecked()
            layers.set_reason("errors", session.why_not_compared)
            if was_shown:
                layers.boxes["prediction"].setChecked(session.result_identity is None)
        self._show()

    def _show(self) -> None:
        """Show what is known of the maps that are there now, or have them compared."""
        maps = self._maps() if self._box.isChecked() else None
        if maps is None:
            self._asked = self._found = None
        elif self._asked is None or any(
            old is not new for old, new in zip(self._asked, maps, strict=True)
        ):
            self._ask(*maps)
        found = self._found
        self._window.canvas.set_errors(None if found is None else found.verdicts)
        self._window.layers.error_legend.set_shares(
            *((None, None) if found is None else (found.shares, found.mean_iou))
        )

    def _maps(self) -> tuple[IndexArray, IndexArray] | None:
        """Return the prediction and the label map, if they are there and of one size."""
        loaded, prediction = self._session.loaded, self._session.prediction
        if loaded is None or loaded.label is None or prediction is None:
            return None
        return prediction.class_map, loaded.label

    def _ask(self, class_map: IndexArray, label: IndexArray) -> None:
        network = self._session.network
        if network is None:
            return
        count = len(network.classes)
        self._asked, self._found = (class_map, label), None
        asked = self._asked

        def take(found: Comparison) -> None:
            if self._asked is asked:
                self._found = found
                self._show()

        self._tasks.submit(lambda: compare(class_map, label, count), take, self._tell)

    def _explain_refusal(self) -> None:
        if not self._box.isEnabled():
            self._tell(self._box.toolTip())

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, 8000)
