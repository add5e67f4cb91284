"""Scores along several orders of the cells: a small plot, and the lines' samples beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.theme import current_colors
from app.views.still_plot import still_plot
from gridsal_core.checks.result import Curve

SAMPLE_SIZE: Final = QSize(44, 14)
MARGIN: Final = 8
LEAST_HEIGHT: Final = 150


@dataclass(frozen=True)
class Line:
    """How the line of an order is drawn: told apart also where colours are not."""

    series: int
    style: Qt.PenStyle
    width: float

    def pen(self, ratio: float) -> QPen:
        """The pen in the colours of the theme in use, for so many dots to a pixel."""
        color = QColor(current_colors().series[self.series])
        pen = QPen(color, self.width * ratio, self.style)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        # Plots are drawn in their own units, lines in dots of the screen.
        pen.setCosmetic(True)
        return pen


LINES: Final = {
    "dilation": Line(2, Qt.PenStyle.DotLine, 2),
    "random": Line(1, Qt.PenStyle.DashLine, 2),
    "map": Line(0, Qt.PenStyle.SolidLine, 3),
}
"""By order; the last lies on top."""


class LineSample(QWidget):
    """A piece of an order's line, for a legend."""

    def __init__(self, order: str) -> None:
        super().__init__()
        self._line = LINES[order]
        self.setFixedSize(SAMPLE_SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._line.pen(self.devicePixelRatioF()))
        middle = self.height() // 2
        painter.drawLine(0, middle, self.width(), middle)


class CurvePlot(QWidget):
    """Scores over shares, both from 0 to 1, but where scores are logits.

    Parameters
    ----------
    name
        For screen readers.
    share
        What the horizontal axis counts.
    """

    def __init__(self, name: str, share: str) -> None:
        super().__init__()
        # Half of the outermost numbers would be cut off.
        margins = (MARGIN, MARGIN, 2 * MARGIN, MARGIN)
        plot = self._plot = still_plot(name, "score in the region", margins)
        plot.setLabel("bottom", share)
        plot.setXRange(0, 1, padding=0.05)
        plot.setYRange(0, 1, padding=0.03)
        self._lines = {order: plot.plot(antialias=True) for order in LINES}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(plot)
        self._dress()
        self.setMinimumHeight(LEAST_HEIGHT)

    def set_curves(self, curves: Mapping[str, Curve]) -> None:
        """Draw one curve for each order."""
        for order, line in self._lines.items():
            line.setData(curves[order].shares, curves[order].scores)
        if not all(0 <= c.scores.min() <= c.scores.max() <= 1 for c in curves.values()):
            self._plot.enableAutoRange(axis="y")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._dress()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        colors = current_colors()
        self._plot.setBackground(colors.background)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(colors.grid)
            axis.setTextPen(colors.foreground)
        for order, line in self._lines.items():
            line.setPen(LINES[order].pen(self.devicePixelRatioF()))
