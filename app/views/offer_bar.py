"""A line over the image that offers something and waits for nobody."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy

from app.views.forms import GAP


class OfferBar(QFrame):
    """Says what can be had back, with three answers; hidden while there is nothing to offer."""

    accepted = Signal()
    declined = Signal()
    postponed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "offer")
        self.setAccessibleName("Offer")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.restore = QPushButton("Restore")
        self.restore.setProperty("role", "primary")
        self.restore.setToolTip("Open it as it was, in place of what is open now")
        self.discard = QPushButton("Discard…")
        self.discard.setToolTip("Delete it")
        self.later = QPushButton("Later")
        self.later.setToolTip("Keep it, and ask again at the next start")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GAP, GAP, 2 * GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self._text, 1)
        for button in (self.restore, self.later, self.discard):
            layout.addWidget(button)
        self.restore.clicked.connect(self.accepted)
        self.discard.clicked.connect(self.declined)
        self.later.clicked.connect(self.postponed)
        self.hide()

    @property
    def text(self) -> str:
        """What is offered; empty if nothing is."""
        return "" if self.isHidden() else self._text.text()

    def offer(self, text: str) -> None:
        """Offer something, or nothing if there is no text."""
        self._text.setText(text)
        self.setVisible(bool(text))
