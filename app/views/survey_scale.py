"""What the colours of a survey's heat map mean."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.theme import current_colors
from app.views.confusion_model import ramp_place
from app.views.survey_heat import heat_ramps
from gridsal_core.arrays import ByteArray

SHARES, DIFFERENCES = (0.0, 0.1, 0.25, 0.5, 1.0), (-1.0, -0.25, 0.0, 0.25, 1.0)
SIDE = 20


class HeatScale(QWidget):
    """One ramp from 0 to 100 %, or two from less to more."""

    def __init__(self) -> None:
        super().__init__()
        self._is_difference = False
        self.setAccessibleName("Colour scale of the heat map")
        self.set_difference(False)

    def set_difference(self, is_difference: bool) -> None:
        """Show the scale of differences, or that of shares."""
        self._is_difference = is_difference
        what = "points: blue is less, orange is more" if is_difference else "percent"
        self.setToolTip(
            f"Colours of the cells in {what}; by the square root, so that a few per cent are seen"
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(190, 2 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(150, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, line = QPainter(self), self.fontMetrics().height()
        more, less, shares = heat_ramps(current_colors())
        bar = QRectF(SIDE, 2, self.width() - 2 * SIDE, line - 5)
        if self._is_difference:
            middle = bar.center().x()
            left = QRectF(bar.left(), bar.top(), middle - bar.left(), bar.height())
            _fill(painter, left, less, reverse=True)
            right = QRectF(middle, bar.top(), bar.right() - middle, bar.height())
            _fill(painter, right, more, reverse=False)
        else:
            _fill(painter, bar, shares, reverse=False)
        painter.setPen(QColor(current_colors().muted))
        for value in DIFFERENCES if self._is_difference else SHARES:
            share = ramp_place(abs(value)) / 255
            if self._is_difference:
                share = 0.5 + 0.5 * (share if value > 0 else -share)
            x = bar.left() + bar.width() * share
            room = QRectF(x - SIDE, line, 2 * SIDE, line)
            text = f"{100 * value:+.0f}" if self._is_difference and value else f"{100 * value:.0f}"
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, text.replace("-", "−"))


def _fill(painter: QPainter, bar: QRectF, ramp: ByteArray, *, reverse: bool) -> None:
    ends = (bar.topRight(), bar.topLeft()) if reverse else (bar.topLeft(), bar.topRight())
    gradient = QLinearGradient(*ends)
    for place in range(0, 256, 15):
        gradient.setColorAt(place / 255, QColor(*(int(part) for part in ramp[place])))
    painter.fillRect(bar, gradient)
