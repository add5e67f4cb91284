"""A line of text that gives way where there is no room for it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class ElidedLabel(QWidget):
    """One line of text that is shortened where it does not fit; the tooltip has all of it."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._text = ""
        self._role = role
        font = self.font()
        font.setBold(role == "heading")
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """All of the text."""
        return self._text

    def set_text(self, text: str, tip: str = "") -> None:
        """Change the text, and what its tooltip says besides."""
        self._text = text
        self.setToolTip(f"{text}\n{tip}" if tip else text)
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        role = self.foregroundRole()
        color = self.palette().color(role)
        if self._role == "muted":
            color = self.palette().placeholderText().color()
        painter.setPen(color)
        metrics = self.fontMetrics()
        text = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)
