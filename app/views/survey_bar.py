"""How far a survey is, with buttons that hold it, let it go on, and end it."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QProgressBar, QWidget

from app.views.action_button import ActionButton
from app.views.forms import note


class SurveyBar(QWidget):
    """A bar, a line of text, and what *Pause survey* and *Stop survey* do."""

    def __init__(self, pause: QAction, stop: QAction) -> None:
        super().__init__()
        self._bar, self._text = QProgressBar(), note()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName("Progress of the survey")
        self.pause_button, self.stop_button = ActionButton(pause), ActionButton(stop)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(3)
        layout.addWidget(self._bar, 0, 0)
        layout.addWidget(self._text, 1, 0)
        layout.addWidget(self.pause_button, 0, 1, 2, 1)
        layout.addWidget(self.stop_button, 0, 2, 2, 1)
        layout.setColumnStretch(0, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What is said of the survey."""
        return self._text.text()

    def set_progress(self, done: int, total: int, text: str) -> None:
        """Show how far it is; a total of 0 is not known yet."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._text.setText(text)
