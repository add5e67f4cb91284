"""The steps to a result: done, next, and still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.theme import ThemeColors, current_colors

ROW_HEIGHT = 28
DISC_PX = 20
GAP = 10
TICK = ((0.28, 0.52), (0.44, 0.68), (0.72, 0.36))


@dataclass(frozen=True)
class Step:
    """What is to be done, and whether it is."""

    text: str
    is_done: bool


class StepList(QWidget):
    """Numbered discs with words; those that are done carry a tick, the next one stands out."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: tuple[Step, ...] = ()
        self.hide()

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Show these; none hide the list."""
        self._steps = tuple(steps)
        said = (f"{step.text}{' (done)' if step.is_done else ''}" for step in self._steps)
        self.setAccessibleName("Steps: " + "; ".join(said))
        self.setFixedSize(self.sizeHint())
        self.setVisible(bool(steps))
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        # The next step is in bold, which is wider.
        widths = [metrics.horizontalAdvance(step.text) * 6 // 5 for step in self._steps]
        return QSize(DISC_PX + GAP + max(widths, default=0), ROW_HEIGHT * len(self._steps))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        upcoming = next((i for i, step in enumerate(self._steps) if not step.is_done), -1)
        for index, step in enumerate(self._steps):
            row = QRect(0, index * ROW_HEIGHT, self.width(), ROW_HEIGHT)
            self._paint_row(painter, row, index, step, is_next=index == upcoming)

    def _paint_row(
        self, painter: QPainter, row: QRect, index: int, step: Step, *, is_next: bool
    ) -> None:
        colors = current_colors()
        margin = (ROW_HEIGHT - DISC_PX) / 2
        disc = QRectF(row.left() + 0.5, row.top() + margin, DISC_PX - 1, DISC_PX - 1)
        fill = colors.accent if is_next else colors.canvas
        painter.setPen(QPen(QColor(colors.accent if is_next else colors.outline), 1))
        painter.setBrush(QColor(fill))
        painter.drawEllipse(disc)
        ink = QColor(colors.on_accent if is_next else colors.muted)
        if step.is_done:
            _paint_tick(painter, disc, colors)
        else:
            painter.setPen(ink)
            painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(index + 1))
        font = self.font()
        font.setBold(is_next)
        painter.setFont(font)
        painter.setPen(QColor(colors.text if is_next else colors.muted))
        words = row.adjusted(DISC_PX + GAP, 0, 0, 0)
        painter.drawText(
            words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, step.text
        )
        painter.setFont(self.font())


def _paint_tick(painter: QPainter, disc: QRectF, colors: ThemeColors) -> None:
    # Drawn: a letter for it is missing from common fonts.
    painter.setPen(QPen(QColor(colors.muted), 1.8))
    side = disc.width()
    points = [QPointF(disc.left() + x * side, disc.top() + y * side) for x, y in TICK]
    painter.drawPolyline(QPolygonF(points))
