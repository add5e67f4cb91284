"""The rows and columns behind the confusion matrix, and the colours of its cells."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QColor, QIcon

from app.theme import ThemeColors
from app.views.legend_model import share_text, swatch
from gridsal_core.arrays import ByteArray
from gridsal_core.evaluation.confusion import Confusion
from gridsal_core.palette import perceptual_ramp
from gridsal_core.types import ClassInfo

SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
"""Share of the true class's pixels, 0 to 1, or the IoU; NaN where there is none."""
IOU_TIP = "Intersection over union of this class over all images, from 0 to 1"

# Bluish green for what is correct and vermilion for what is wrong, as far from their ground in
# either theme; both of Okabe and Ito's kind, so that no eye takes one for the other.
_CORRECT = {False: (0, 92, 67), True: (73, 205, 164)}
_WRONG = {False: (150, 52, 0), True: (255, 150, 84)}

_ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class ConfusionModel(QAbstractTableModel):
    """A row for each true class, a column for each predicted one, and one for the IoU."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[ClassInfo, ...] = ()
        self._swatches: tuple[QIcon, ...] = ()
        self._pixels: npt.NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._shares: npt.NDArray[np.float64] = np.zeros((0, 0))
        self._iou: npt.NDArray[np.float64] = np.zeros(0)

    def set_confusion(self, confusion: Confusion, classes: tuple[ClassInfo, ...]) -> None:
        """Show other figures; the rows and columns stay where the classes do."""
        is_other = classes != self._classes
        if is_other:
            self.beginResetModel()
            self._classes = classes
            self._swatches = tuple(swatch(info.color) for info in classes)
        self._pixels, self._shares = confusion.labelled, confusion.shares
        self._iou = confusion.iou
        if is_other:
            self.endResetModel()
        elif classes:
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """The classes shown."""
        return self._classes

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._classes)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() or not self._classes else len(self._classes) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = index.row(), index.column()
        is_iou = column == len(self._classes)
        value = float(self._iou[row] if is_iou else self._shares[row, column])
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _iou_text(value) if is_iou else _cell_text(value)
            case _ if role == SHARE_ROLE:
                return value
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._iou_tip(row) if is_iou else self._cell_tip(row, column)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        is_row = orientation == Qt.Orientation.Vertical
        if section >= len(self._classes):
            return {
                int(Qt.ItemDataRole.DisplayRole): "IoU",
                int(Qt.ItemDataRole.ToolTipRole): IOU_TIP,
            }.get(role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._classes[section].name
            case Qt.ItemDataRole.DecorationRole:
                return self._swatches[section]
            case Qt.ItemDataRole.ToolTipRole:
                name = self._classes[section].name
                axis = 1 if is_row else 0
                pixels = int(self._pixels.sum(axis=axis)[section])
                return f"{name}: {'truly' if is_row else 'predicted'} {pixels:,} pixels"
        return None

    def _cell_tip(self, row: int, column: int) -> str:
        true, predicted = self._classes[row].name, self._classes[column].name
        share = float(self._shares[row, column])
        if isnan(share):
            return f"No pixel truly is {true}"
        pixels = int(self._pixels[row, column])
        of = f"{pixels:,} pixels, {share_text(share)} of {true}"
        return f"{true} predicted as {predicted}: {of}"

    def _iou_tip(self, row: int) -> str:
        iou, name = float(self._iou[row]), self._classes[row].name
        if isnan(iou):
            return f"{name} is neither in the label maps nor in the predictions"
        return f"IoU of {name}: {iou:.3f}"


def cell_ramps(colors: ThemeColors) -> tuple[ByteArray, ByteArray]:
    """Return the (256, 3) colours of correct and of wrong cells, from share 0 to share 1."""
    ground = QColor(colors.base)
    low = (ground.red(), ground.green(), ground.blue())
    return tuple(perceptual_ramp(low, high[colors.is_dark]) for high in (_CORRECT, _WRONG))  # type: ignore[return-value]  # two of them


def ramp_place(share: float) -> int:
    """Return the place of a share in a ramp: its square root, so that few per cent are seen."""
    return round(255 * sqrt(min(max(share, 0.0), 1.0)))


def _cell_text(share: float) -> str:
    if isnan(share) or share <= 0:
        return ""
    return f"{100 * share:.0f}" if share >= 0.005 else "·"


def _iou_text(iou: float) -> str:
    return "–" if isnan(iou) else f"{iou:.2f}"
