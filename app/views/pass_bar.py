"""How far the pass over the folder is, with a button that stops it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QProgressBar, QPushButton, QWidget

from app.views.forms import note


class PassBar(QWidget):
    """A bar, a line of text and *Stop*; hidden while there is no pass."""

    stop_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName("Progress of predicting all images")
        self._text = note()
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip("Stop predicting the images; what is known is kept")
        self.stop_button.clicked.connect(self.stop_clicked)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(3)
        layout.addWidget(self._bar, 0, 0)
        layout.addWidget(self._text, 1, 0)
        layout.addWidget(self.stop_button, 0, 1, 2, 1)
        layout.setColumnStretch(0, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What is said of the pass."""
        return self._text.text()

    def set_progress(self, done: int, total: int, text: str) -> None:
        """Show how far it is."""
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)
        self._text.setText(text)
        self.show()
