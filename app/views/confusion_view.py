"""The confusion matrix as a picture: a table whose cells are coloured, chosen by mouse or keys."""

from __future__ import annotations

from math import isnan

from PySide6.QtCore import (
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.theme import current_colors
from app.views.cell_table import ColouredTable, Index, within
from app.views.class_headers import LyingNames, StandingNames
from app.views.confusion_model import SHARE_ROLE, ConfusionModel, cell_ramps, ramp_place
from app.views.ink import readable_ink
from gridsal_core.arrays import ByteArray

CELL_WIDTHS, CELL_HEIGHTS = (24, 110), (20, 64)
IOU_WIDTH = 64
GAP = 5


class ConfusionView(ColouredTable):
    """Cells fill the room there is, and scroll where the classes are many."""

    cell_chosen = Signal(int, int)
    """True and predicted class of a cell that was clicked, or of the current one at Enter."""

    def __init__(self, model: ConfusionModel) -> None:
        super().__init__()
        self._cells = CellDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self._cells)
        self.setHorizontalHeader(StandingNames(self, "Predicted classes"))
        self.setVerticalHeader(LyingNames(self, "True classes"))
        self.setAccessibleName("Confusion matrix: rows are true classes, columns predicted ones")
        model.modelReset.connect(self.fill)

    def fill(self) -> None:
        """Give the cells the size that fills the view."""
        count = self.model().rowCount()
        if not count:
            return
        names, tops = self.verticalHeader().sizeHint(), self.horizontalHeader().sizeHint()
        width = self.width() - 2 * self.frameWidth() - names.width() - IOU_WIDTH
        height = self.height() - 2 * self.frameWidth() - tops.height()
        header = self.horizontalHeader()
        header.setDefaultSectionSize(within(width // count, CELL_WIDTHS))
        header.resizeSection(count, IOU_WIDTH)
        self.verticalHeader().setDefaultSectionSize(within(height // count, CELL_HEIGHTS))

    def dress(self) -> None:
        self._cells.dress()

    def choose(self, index: Index) -> None:
        is_cell = index.isValid() and index.column() < self.model().rowCount()
        if is_cell and not isnan(index.data(SHARE_ROLE)):
            self.cell_chosen.emit(index.row(), index.column())


class CellDelegate(QStyledItemDelegate):
    """Paints a cell in the colour of its share, and the IoU as a bar."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._correct, self._wrong = cell_ramps(current_colors())

    def dress(self) -> None:
        """Take the colours of the theme in use."""
        self._correct, self._wrong = cell_ramps(current_colors())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        rect, share = option.rect.adjusted(0, 0, -1, -1), float(index.data(SHARE_ROLE))
        if index.column() == index.model().rowCount():
            self._paint_iou(painter, rect, index.data(), share)
        else:
            ramp = self._correct if index.row() == index.column() else self._wrong
            _paint_cell(painter, rect, ramp, index.data(), share)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(current_colors().accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(rect).adjusted(1, 1, -1, -1))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(QColor(current_colors().outline), 1))
            painter.drawRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.restore()

    def _paint_iou(self, painter: QPainter, rect: QRect, text: str, iou: float) -> None:
        colors = current_colors()
        area = rect.adjusted(GAP, 3, -2, -3)
        if not isnan(iou):
            bar = QRect(area.left(), area.top(), round(area.width() * iou), area.height())
            painter.fillRect(area, QColor(colors.window))
            painter.fillRect(bar, QColor(colors.pressed))
        painter.setPen(QColor(colors.text))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area.adjusted(0, 0, -4, 0), right, text)


def _paint_cell(painter: QPainter, rect: QRect, ramp: ByteArray, text: str, share: float) -> None:
    colors = current_colors()
    if isnan(share):
        painter.fillRect(rect, QColor(colors.window))
        return
    red, green, blue = (int(part) for part in ramp[ramp_place(share)])
    ground = QColor(red, green, blue)
    painter.fillRect(rect, ground)
    painter.setPen(readable_ink(ground))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
