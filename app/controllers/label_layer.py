"""The layer *Labels*: the label map of the current image in the classes' colours."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.main_window import MainWindow
from app.models.session import Session


class LabelLayerController(QObject):
    """Keeps the layer true to the label map; without one its box says why."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._box = window.layers.boxes["labels"]
        self._box.toggled.connect(self._show)
        window.action("toggle_labels").triggered.connect(self._explain_refusal)
        for signal in (
            session.network_changed,
            session.current_changed,
            session.image_loaded,
            session.label_changed,
        ):
            signal.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        session, layers = self._session, self._window.layers
        loaded, network = session.loaded, session.network
        if loaded is not None and loaded.label is not None and network is not None:
            layers.set_reason("labels", "")
        # While the next image is read the box stays as it is: who pages through images with their
        # labels in sight goes on so.
        elif loaded is not None or session.current is None:
            was_shown = self._box.isChecked()
            layers.set_reason("labels", session.why_no_labels)
            if was_shown:
                layers.boxes["prediction"].setChecked(session.result is None)
        self._show()

    def _show(self) -> None:
        """Colour the label map, only while it is looked at: on large images that takes a while."""
        loaded, network = self._session.loaded, self._session.network
        if loaded is None or network is None or not self._box.isChecked():
            self._window.canvas.set_labels(None, ())
        else:
            self._window.canvas.set_labels(loaded.label, network.classes)

    def _explain_refusal(self) -> None:
        if not self._box.isEnabled():
            self._window.status.showMessage(self._box.toolTip(), 8000)
