"""The class distribution of a map's salient context: bars, those of the other maps beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.models.class_rows import ClassRow, shortened
from app.theme import current_colors

NAMES: Final = "ABCD"
SWATCH_PX: Final = 9
GAP_PX: Final = 6
OWN_PX: Final = 8
OTHER_PX: Final = 3
BETWEEN_PX: Final = 1
ROW_GAP_PX: Final = 6
TRACK_ALPHA: Final = 110
FEWEST_ROWS: Final = 3
MOST_ROWS: Final = 6
LARGEST_NAME: Final = 0.36
"""Share of the width that names may take."""


class ClassBars(QWidget):
    """Draws one thick bar for each class, thin ones for the other maps below it.

    Where there is no room for all of them, the smallest classes are summed up.
    """

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[ClassRow, ...] = ()
        self._own = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setAccessibleName("Classes of the salient context")

    def set_rows(self, rows: Sequence[ClassRow], own: int) -> None:
        """Show the shares of map `own`, 0-based, and those of the others beside them."""
        self._rows, self._own = tuple(rows), own
        self.setAccessibleDescription("; ".join(self._told(row) for row in self._rows))
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> tuple[ClassRow, ...]:
        """What is shown, in the room there is."""
        return shortened(self._rows, max(1, self.height() // self._row_height()))

    def sizeHint(self) -> QSize:
        count = min(max(len(self._rows), 1), MOST_ROWS)
        return QSize(160, count * self._row_height())

    def minimumSizeHint(self) -> QSize:
        count = min(max(len(self._rows), 1), FEWEST_ROWS)
        return QSize(110, count * self._row_height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(event.pos())
            QToolTip.showText(event.globalPos(), "" if row is None else self._told(row), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for index, row in enumerate(self.rows):
            top = index * self._row_height()
            self._paint_row(painter, QRectF(0, top, self.width(), self._row_height()), row)

    def _paint_row(self, painter: QPainter, area: QRectF, row: ClassRow) -> None:
        colors, metrics = current_colors(), self.fontMetrics()
        line = QRectF(area.left(), area.top(), area.width(), area.height() - ROW_GAP_PX)
        number = metrics.horizontalAdvance("100 %")
        names = self._name_width()
        swatch = QRectF(0, line.center().y() - SWATCH_PX / 2, SWATCH_PX, SWATCH_PX)
        painter.fillRect(swatch, QColor(*row.color))
        painter.setPen(QColor(colors.border))
        painter.drawRect(swatch.adjusted(0.5, 0.5, -0.5, -0.5))
        left = SWATCH_PX + GAP_PX
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, names)
        painter.setPen(QColor(colors.text))
        painter.drawText(
            QRectF(left, line.top(), names, line.height()), Qt.AlignmentFlag.AlignVCenter, name
        )
        painter.drawText(
            QRectF(line.right() - number, line.top(), number, line.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            percent(row.shares[self._own]),
        )
        start = left + names + GAP_PX
        room = line.right() - number - GAP_PX - start
        self._paint_bars(painter, QRectF(start, line.top(), max(room, 0), line.height()), row)

    def _paint_bars(self, painter: QPainter, area: QRectF, row: ClassRow) -> None:
        colors = current_colors()
        others = [i for i in range(len(row.shares)) if i != self._own]
        height = OWN_PX + len(others) * (OTHER_PX + BETWEEN_PX)
        top = area.center().y() - height / 2
        for index in (self._own, *others):
            thick = OWN_PX if index == self._own else OTHER_PX
            share = row.shares[index]
            if index == self._own:
                track = QColor(colors.border)
                track.setAlpha(TRACK_ALPHA)
                painter.fillRect(QRectF(area.left(), top, area.width(), thick), track)
            if share is not None:
                bar = QRectF(area.left(), top, max(share * area.width(), 1.0), thick)
                painter.fillRect(bar, QColor(panel_color(index)))
            top += thick + BETWEEN_PX

    def _told(self, row: ClassRow) -> str:
        own = f"{row.name}: {percent(row.shares[self._own])}"
        others = [
            f"{NAMES[i]} {percent(share)}"
            for i, share in enumerate(row.shares)
            if i != self._own and share is not None
        ]
        return f"{own} ({', '.join(others)})" if others else own

    def _name_width(self) -> int:
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(row.name) for row in self._rows), default=0)
        return min(widest + 1, round(LARGEST_NAME * self.width()))

    def _row_height(self) -> int:
        others = max((len(row.shares) - 1 for row in self._rows), default=1)
        bars = OWN_PX + others * (OTHER_PX + BETWEEN_PX)
        return max(bars, self.fontMetrics().height()) + ROW_GAP_PX

    def _row_at(self, place: QPoint) -> ClassRow | None:
        index = place.y() // self._row_height()
        rows = self.rows
        return rows[index] if 0 <= index < len(rows) else None


def percent(share: float | None) -> str:
    """Write a share as one reads it; a small one is not written as none."""
    if share is None:
        return "–"
    return "< 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def panel_color(index: int) -> str:
    """The colour of a panel's letter and bars in the theme in use."""
    series = current_colors().series
    # Red is the map's own colour: the first panel has the plots' blue.
    order = (1, 3, 2, 0)
    return series[order[index % len(order)]]
