"""A line over the lower edge of the image that says what to do next; it can be sent away."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app.views.forms import GAP, describe
from app.views.overlay_plate import CORNER_MARGIN, PLATE_PADDING, paint_plate

LEAST_WIDTH = 160
# A label wraps a little before its words fill it.
SLACK = 12


class NextStepBar(QWidget):
    """One sentence and a button that hides it."""

    dismissed = Signal()
    resized = Signal()
    """The sentence has changed, and with it the room that it needs."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QToolButton()
        self.button.setText("Hide")
        describe(self.button, "Hide the hints", "Hide the hints; Help > Hints brings them back")
        self.button.clicked.connect(self.dismissed)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(PLATE_PADDING, 2, 4, 2)
        layout.setSpacing(GAP)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.button)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty if nothing is."""
        return "" if self.isHidden() else self._label.text()

    def set_text(self, text: str) -> None:
        """Say something else; nothing hides the line."""
        if text != self.text:
            self._label.setText(text)
            self.setAccessibleName(text)
            self.setVisible(bool(text))
            self.resized.emit()

    def place(self, area: QRect) -> None:
        """Move to the lower left corner of `area`; what is too long for it wraps."""
        rest = self.button.sizeHint().width() + GAP + PLATE_PADDING + 4
        words = self._label.fontMetrics().horizontalAdvance(self._label.text()) + SLACK
        room = max(area.width() - 2 * CORNER_MARGIN, LEAST_WIDTH)
        width = min(words + rest, room)
        height = max(self._label.heightForWidth(width - rest), self.button.sizeHint().height()) + 4
        corner = QPoint(area.left() + CORNER_MARGIN, area.bottom() + 1 - CORNER_MARGIN - height)
        self.setGeometry(QRect(corner, QSize(width, height)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_plate(painter, self.rect())
