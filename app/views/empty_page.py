"""What a page says while it has nothing to show, and the actions that change that."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.views.action_button import ActionButton
from app.views.forms import GAP


class EmptyPage(QWidget):
    """A title, a text and buttons in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self._title, self._text = QLabel(), QLabel()
        self._buttons = QHBoxLayout()
        self.offers: list[QPushButton] = []
        self._title.setProperty("role", "heading")
        self._text.setProperty("role", "muted")
        self._text.setWordWrap(True)
        self._text.setContentsMargins(4 * GAP, GAP, 4 * GAP, 2 * GAP)
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._buttons.addStretch(1)
        self._buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(self._buttons)
        layout.addStretch(1)

    @property
    def text(self) -> str:
        """What is said."""
        return self._text.text()

    def show_offers(self, title: str, text: str, offers: Sequence[QAction]) -> None:
        """Say something, and offer what helps."""
        self._title.setText(title)
        self._text.setText(text)
        for old in self.offers:
            self._buttons.removeWidget(old)
            old.deleteLater()
        self.offers = []
        for action in offers:
            button = ActionButton(action)
            self._buttons.insertWidget(self._buttons.count() - 1, button)
            self.offers.append(button)
        if self.offers:
            self.offers[0].setProperty("role", "primary")
