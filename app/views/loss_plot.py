"""Two small plots of a run: the loss terms, and the score over the region."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.theme import current_colors
from app.views.still_plot import still_plot
from gridsal_core.arrays import FloatArray

LOSSES = ("total", "mask", "preservation")
PEN_WIDTH = 2
BOTTOM_AXIS_HEIGHT = 34
TOP_MARGIN = 8
EMPTY_STEPS = 100
# Where the legend of the scores stands off the corner: at the lower right, at the upper left.
LATE, EARLY = (-8, -4), (60, 32)
# The total is often nearly one of its terms: it lies below them, and they are dashed.
STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)


class LossPlot(QWidget):
    """Shows (steps, 3) losses and (steps,) scores, each before that step's update."""

    def __init__(self) -> None:
        super().__init__()
        self._steps = EMPTY_STEPS
        self._loss = self._plot("loss", legend_offset=(-8, 2))
        self._score = self._plot("score", legend_offset=LATE)
        self._loss_curves = [self._loss.plot(name=name) for name in LOSSES]
        self._score_curve = self._score.plot(name="on what is kept")
        self._target = self._score.plot(name="on the image")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._loss, 1)
        layout.addWidget(self._score, 1)
        self._dress()
        self.setMinimumHeight(120)

    def set_curves(self, losses: FloatArray, scores: FloatArray, steps: int) -> None:
        """Draw what there is of a run of so many steps."""
        self._steps = max(steps, 2)
        # Gradients have scores and no losses; their scores rise late, where the legend is else.
        is_gradient = len(losses) == 0 < len(scores)
        self._loss.setVisible(not is_gradient)
        self._score.setLabel("bottom", "gradient" if is_gradient else "step")
        self._score.plotItem.legend.setOffset(EARLY if is_gradient else LATE)
        x, taken = np.arange(1, len(scores) + 1), np.arange(1, len(losses) + 1)
        for column, curve in enumerate(self._loss_curves):
            curve.setData(taken, losses[:, column])
        self._score_curve.setData(x, scores)
        for plot in (self._loss, self._score):
            plot.setXRange(0, self._steps, padding=0.02)
        if scores.size == 0 or 0 <= scores.min() <= scores.max() <= 1:
            self._score.setYRange(0, 1, padding=0.05)
        else:
            self._score.enableAutoRange(axis="y")

    def set_target(self, score: float | None) -> None:
        """Draw the score on the whole image as a dashed line."""
        if score is None:
            self._target.setData([], [])
        else:
            self._target.setData([0, self._steps], [score, score])

    def clear(self, steps: int = EMPTY_STEPS) -> None:
        """Show no run yet, on the axis of one of so many steps."""
        self.set_curves(np.empty((0, 3), np.float32), np.empty(0, np.float32), steps)
        self.set_target(None)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._dress()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _plot(self, title: str, legend_offset: tuple[int, int]) -> pg.PlotWidget:
        # Half of the topmost number would be cut off.
        plot = still_plot(title, title, (0, TOP_MARGIN, TOP_MARGIN, 0))
        plot.setLabel("bottom", "step")
        plot.getAxis("bottom").setHeight(BOTTOM_AXIS_HEIGHT)
        plot.addLegend(offset=legend_offset, labelTextSize="8pt", verSpacing=-6)
        plot.enableAutoRange(axis="y")
        return plot

    def _dress(self) -> None:
        colors = current_colors()
        # Qt takes these widths in dots of the screen, not in pixels.
        width = PEN_WIDTH * self.devicePixelRatioF()
        for plot in (self._loss, self._score):
            plot.setBackground(colors.background)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(colors.grid)
                axis.setTextPen(colors.foreground)
            plot.plotItem.legend.setLabelTextColor(colors.foreground)
        for curve, color, style in zip(self._loss_curves, colors.series[1:], STYLES, strict=True):
            curve.setPen(color, width=width, style=style)
        self._score_curve.setPen(colors.series[0], width=width)
        self._target.setPen(colors.foreground, width=width / 2, style=Qt.PenStyle.DashLine)
        for plot in (self._loss, self._score):
            legend = plot.plotItem.legend
            for sample, label in legend.items:
                label.setText(label.text, color=colors.foreground)
                sample.update()
