"""A colour bar with its numbers, as wide as it is given room."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.theme import current_colors
from gridsal_core.arrays import ByteArray

BAR: Final = QSize(96, 10)
GAP_PX: Final = 6


class ColorScale(QWidget):
    """What a colour means: a label, and a bar between two numbers in one line.

    Parameters
    ----------
    label
        What is measured.
    table
        (256, 4) uint8 colours with alpha, from the lowest to the highest value.
    ends
        What is written left and right of the bar.
    """

    def __init__(self, label: str, table: ByteArray, ends: tuple[str, str]) -> None:
        super().__init__()
        self._label, self._ends = label, ends
        row = np.ascontiguousarray(table[None])
        self._bar = QImage(row.data, 256, 1, 4 * 256, QImage.Format.Format_RGBA8888).copy()
        self.setAccessibleName(f"Colour scale: {label}, from {ends[0]} to {ends[1]}")
        self.setToolTip(f"{label}: a fixed scale from {ends[0]} to {ends[1]}, never stretched")

    def set_label(self, label: str) -> None:
        """Change what is measured."""
        self._label = label
        self.setAccessibleName(f"Colour scale: {label}, from {self._ends[0]} to {self._ends[1]}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        texts = (self._label, *self._ends)
        width = sum(metrics.horizontalAdvance(text) for text in texts)
        return QSize(width + BAR.width() + 3 * GAP_PX, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = current_colors()
        painter = QPainter(self)
        x = 0.0
        x = self._write(painter, x, self._label, colors.text) + GAP_PX
        x = self._write(painter, x, self._ends[0], colors.muted) + GAP_PX
        bar = QRectF(x, (self.height() - BAR.height()) / 2, BAR.width(), BAR.height())
        painter.fillRect(bar, QColor("#ffffff"))
        painter.drawImage(bar, self._bar)
        painter.setPen(QColor(colors.border))
        painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
        self._write(painter, bar.right() + GAP_PX, self._ends[1], colors.muted)

    def _write(self, painter: QPainter, x: float, text: str, color: str) -> float:
        width = self.fontMetrics().horizontalAdvance(text)
        painter.setPen(QColor(color))
        painter.drawText(
            QRectF(x, 0, width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, text
        )
        return x + width
