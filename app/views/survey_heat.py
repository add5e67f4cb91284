"""The heat map of a survey: a table whose cells are coloured, chosen by mouse or keys."""

from __future__ import annotations

from math import isnan
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.theme import ThemeColors, current_colors
from app.views.cell_table import ColouredTable, Index, within
from app.views.class_headers import LyingNames, StandingNames
from app.views.confusion_model import ramp_place
from app.views.ink import readable_ink
from app.views.legend_model import swatch
from app.views.survey_lines import HeatCell, HeatLine
from gridsal_core.arrays import ByteArray
from gridsal_core.palette import perceptual_ramp
from gridsal_core.survey.behind import CellPlace
from gridsal_core.types import ClassInfo

CELL_ROLE: Final = Qt.ItemDataRole.UserRole + 1
LINE_ROLE: Final = Qt.ItemDataRole.UserRole + 2
WIDTHS: Final = (38, 160)
HEIGHTS: Final = (22, 56)
PALE_SHARE: Final = 0.75
NAMES_MOST: Final = 190
GAP: Final = 3
# Below this size a cell has no room for its interval.
INTERVAL_FROM: Final = (64, 36)

# Blue and orange are told apart by every eye; blue alone is the scale of shares.
_BLUE: Final = {False: (0, 84, 147), True: (96, 178, 255)}
_ORANGE: Final = {False: (150, 52, 0), True: (255, 150, 84)}

_ROOT = QModelIndex()


class HeatModel(QAbstractTableModel):
    """A row for each HeatLine, a column for each class of the context."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[ClassInfo, ...] = ()
        self._swatches: tuple[QIcon, ...] = ()
        self._lines: tuple[HeatLine, ...] = ()

    @property
    def lines(self) -> tuple[HeatLine, ...]:
        """The lines that are shown."""
        return self._lines

    def set_lines(self, lines: tuple[HeatLine, ...], classes: tuple[ClassInfo, ...]) -> None:
        """Show other lines; where only their numbers differ, what is selected stays so."""
        is_same = classes == self._classes and _shape(lines) == _shape(self._lines)
        if not is_same:
            self.beginResetModel()
            if classes != self._classes:
                self._swatches = tuple(swatch(info.color) for info in classes)
            self._classes = classes
        self._lines = lines
        if not is_same:
            self.endResetModel()
        elif lines:
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(lines) - 1, len(self._classes) - 1)
            )
            self.headerDataChanged.emit(Qt.Orientation.Vertical, 0, len(lines) - 1)

    def place(self, index: Index) -> CellPlace:
        """Return which cell of the survey's tables an index is."""
        line = self._lines[index.row()]
        return CellPlace(line.section, line.class_index, line.true_class, index.column())

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() or not self._lines else len(self._classes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        line = self._lines[index.row()]
        cell = line.cells[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell_text(cell, is_difference=line.is_difference)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return cell.told
            case _ if role == CELL_ROLE:
                return cell
            case _ if role == LINE_ROLE:
                return line
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401
        if orientation == Qt.Orientation.Vertical:
            line = self._lines[section]
            return {
                int(Qt.ItemDataRole.DisplayRole): line.name,
                int(Qt.ItemDataRole.ToolTipRole): line.tip,
            }.get(role)
        return {
            int(Qt.ItemDataRole.DisplayRole): self._classes[section].name,
            int(Qt.ItemDataRole.DecorationRole): self._swatches[section],
            int(Qt.ItemDataRole.ToolTipRole): f"Context of the class {self._classes[section].name}",
        }.get(role)


class HeatView(ColouredTable):
    """Cells fill the room there is, and scroll where the classes or requests are many."""

    cell_chosen = Signal(object)
    """CellPlace of a cell that was clicked, or of the current one at Enter."""
    told = Signal(str)
    """What the cell under the pointer or the keys holds, in words; empty for none."""

    def __init__(self, model: HeatModel) -> None:
        super().__init__()
        self._model, self._has_intervals = model, False
        self._cells = HeatDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self._cells)
        self.setHorizontalHeader(StandingNames(self, "Classes of the context"))
        self.setVerticalHeader(LyingNames(self, "Requests", NAMES_MOST))
        self.setAccessibleName("Heat map: lines are requests, columns classes of their context")
        self.setToolTip("A click or Enter on a cell lists the explanations behind it")
        self.entered.connect(self._tell)
        model.modelReset.connect(self.fill)

    def fill(self) -> None:
        """Give the cells the size that fills the view."""
        columns, lines = self._model.columnCount(), self._model.lines
        if not columns:
            return
        names, tops = self.verticalHeader().sizeHint(), self.horizontalHeader().sizeHint()
        width = self.width() - 2 * self.frameWidth() - names.width()
        height = self.height() - 2 * self.frameWidth() - tops.height()
        widths, heights = WIDTHS, HEIGHTS
        if self._has_intervals:
            widths, heights = (
                (INTERVAL_FROM[0], WIDTHS[1]),
                (INTERVAL_FROM[1] + GAP + 1, HEIGHTS[1]),
            )
        parts = sum(PALE_SHARE if line.is_pale else 1.0 for line in lines)
        whole = within(int(height / parts), heights)
        self.horizontalHeader().setDefaultSectionSize(within(width // columns, widths))
        for row, line in enumerate(lines):
            share = PALE_SHARE if line.is_pale and not self._has_intervals else 1.0
            self.verticalHeader().resizeSection(row, int(whole * share))

    def set_intervals(self, has_intervals: bool) -> None:
        """Give every cell room for its interval, or not."""
        self._has_intervals = has_intervals
        self.fill()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self._tell(current)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._tell(self.currentIndex())

    def dress(self) -> None:
        self._cells.dress()

    def _tell(self, index: Index) -> None:
        self.told.emit(index.data(Qt.ItemDataRole.ToolTipRole) if index.isValid() else "")

    def choose(self, index: Index) -> None:
        if index.isValid():
            self.cell_chosen.emit(self._model.place(index))


class HeatDelegate(QStyledItemDelegate):
    """Paints a cell in the colour of its value, with its number, mark and interval."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.dress()

    def dress(self) -> None:
        """Take the colours of the theme in use."""
        self._more, self._less, self._shares = heat_ramps(current_colors())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell, line = index.data(CELL_ROLE), index.data(LINE_ROLE)
        painter.save()
        rect = option.rect.adjusted(0, GAP if line.is_first else 0, -1, -1)
        ground = self._ground(cell, line)
        painter.fillRect(rect, ground)
        painter.setPen(readable_ink(ground))
        _write(painter, rect, cell, line, index.data())
        if option.state & QStyle.StateFlag.State_Selected:
            _frame(painter, rect, current_colors().accent, 2)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            _frame(painter, rect, current_colors().outline, 1)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(WIDTHS[0], HEIGHTS[0])

    def _ground(self, cell: HeatCell, line: HeatLine) -> QColor:
        if isnan(cell.value):
            return QColor(current_colors().window)
        ramp = self._shares
        if line.is_difference:
            ramp = self._more if cell.value > 0 else self._less
        return QColor(*(int(part) for part in ramp[ramp_place(abs(cell.value))]))


def heat_ramps(colors: ThemeColors) -> tuple[ByteArray, ByteArray, ByteArray]:
    """Return the (256, 3) colours of more, of less, and of a share, from 0 to 1."""
    ground = QColor(colors.base)
    low = (ground.red(), ground.green(), ground.blue())
    blue = perceptual_ramp(low, _BLUE[colors.is_dark])
    return perceptual_ramp(low, _ORANGE[colors.is_dark]), blue, blue


def cell_text(cell: HeatCell, *, is_difference: bool) -> str:
    """Write the percent of a cell with its mark; nothing where it rounds to none."""
    if isnan(cell.value):
        return "–"
    number = f"{100 * cell.value:+.0f}" if is_difference else f"{100 * cell.value:.0f}"
    if not cell.mark and float(number) == 0:
        return "·" if abs(cell.value) > 0 else ""
    return number.replace("-", "−") + {1: "▲", -1: "▼", 0: ""}[cell.mark]


def _write(painter: QPainter, rect: QRect, cell: HeatCell, line: HeatLine, text: str) -> None:
    has_room = rect.width() >= INTERVAL_FROM[0] - 1 and rect.height() >= INTERVAL_FROM[1] - GAP
    font = QFont(painter.font())
    font.setBold(bool(cell.mark))
    if line.is_pale:
        font.setPointSizeF(0.9 * font.pointSizeF())
    painter.setFont(font)
    if isnan(cell.low) or not has_room or not text:
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        return
    upper, lower = QRect(rect), QRect(rect)
    upper.setBottom(rect.center().y() + 1)
    lower.setTop(rect.center().y() + 1)
    bottom = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
    painter.drawText(upper, bottom, text)
    font.setBold(False)
    font.setPointSizeF(0.82 * font.pointSizeF())
    painter.setFont(font)
    between = f"{100 * cell.low:.0f} to {100 * cell.high:.0f}".replace("-", "−")
    painter.drawText(lower, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, between)


def _frame(painter: QPainter, rect: QRect, color: str, width: int) -> None:
    painter.setPen(QPen(QColor(color), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRect(QRectF(rect).adjusted(inset, inset, -inset, -inset))


def _shape(lines: tuple[HeatLine, ...]) -> list[tuple[object, ...]]:
    return [
        (line.section, line.class_index, line.true_class, line.is_pale, line.is_difference)
        for line in lines
    ]
