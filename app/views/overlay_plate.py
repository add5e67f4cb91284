"""The plate that words over the image stand on."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from app.theme import current_colors

PLATE_PADDING = 8
PLATE_ALPHA = 224
CORNER_MARGIN = 16


def paint_plate(painter: QPainter, rect: QRect) -> None:
    """Paint a half-transparent plate with round corners."""
    plate = QColor(current_colors().base)
    plate.setAlpha(PLATE_ALPHA)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(plate)
    painter.drawRoundedRect(rect, 6, 6)
