"""The rows behind the class legend."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from app.theme import current_colors
from gridsal_core.arrays import FloatArray
from gridsal_core.types import ClassInfo

Order = Literal["share", "index"]

NAME_COLUMN, SHARE_COLUMN = 0, 1
CLASS_ROLE = Qt.ItemDataRole.UserRole + 1
SMALLEST_SHOWN_SHARE = 0.0005

_ROOT = QModelIndex()
_SWATCH_PX = 64

Index = QModelIndex | QPersistentModelIndex


class LegendModel(QAbstractTableModel):
    """Classes with colour, name, visibility (a check box) and share of pixels."""

    visible_changed = Signal(int, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[ClassInfo, ...] = ()
        self._swatches: tuple[QIcon, ...] = ()
        self._shares: FloatArray | None = None
        self._hidden: set[int] = set()
        self._order: Order = "share"
        self._rows: list[int] = []

    @property
    def are_all_visible(self) -> bool:
        """True if no class is hidden."""
        return not self._hidden

    def is_visible(self, index: int) -> bool:
        """Whether a class is shown."""
        return index not in self._hidden

    def set_classes(self, classes: tuple[ClassInfo, ...]) -> None:
        """Show other classes, all visible and without shares; the same ones change nothing."""
        if classes == self._classes:
            return
        self.beginResetModel()
        self._classes = classes
        self._swatches = tuple(swatch(info.color) for info in classes)
        self._shares = None
        self._hidden.clear()
        self._rows = self._sorted()
        self.endResetModel()

    def set_shares(self, shares: FloatArray | None) -> None:
        """Set the share of every class, or None where there is no prediction."""
        if shares is not None and len(shares) != len(self._classes):
            raise ValueError(f"{len(shares)} shares for {len(self._classes)} classes")
        self._shares = shares
        self._rearrange()

    def set_order(self, order: Order) -> None:
        """Sort by share or by class index; present classes come first in both."""
        self._order = order
        self._rearrange()

    def set_all_visible(self, is_visible: bool) -> None:
        """Show or hide every class."""
        for index in range(len(self._classes)):
            self._set_visible(index, is_visible)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._classes)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 2

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.column() == NAME_COLUMN:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        number = self._rows[index.row()]
        if role == CLASS_ROLE:
            return number
        if role == Qt.ItemDataRole.ForegroundRole and not self._is_present(number):
            return QColor(current_colors().muted)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self._classes[number].name} (class {number})"
        if index.column() == SHARE_COLUMN:
            return self._share_data(number, role)
        return self._name_data(number, role)

    def setData(
        self,
        index: Index,
        value: Any,  # noqa: ANN401 - whatever Qt hands over
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != NAME_COLUMN:
            return False
        checked = Qt.CheckState(value) == Qt.CheckState.Checked
        self._set_visible(self._rows[index.row()], checked)
        return True

    def _name_data(self, number: int, role: int) -> object:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._classes[number].name
            case Qt.ItemDataRole.DecorationRole:
                return self._swatches[number]
            case Qt.ItemDataRole.CheckStateRole:
                is_visible = self.is_visible(number)
                return Qt.CheckState.Checked if is_visible else Qt.CheckState.Unchecked
        return None

    def _share_data(self, number: int, role: int) -> object:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return "" if self._shares is None else share_text(float(self._shares[number]))
            case Qt.ItemDataRole.TextAlignmentRole:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _is_present(self, number: int) -> bool:
        return self._shares is None or bool(self._shares[number] > 0)

    def _set_visible(self, number: int, is_visible: bool) -> None:
        if is_visible == self.is_visible(number):
            return
        (self._hidden.discard if is_visible else self._hidden.add)(number)
        cell = self.index(self._rows.index(number), NAME_COLUMN)
        self.dataChanged.emit(cell, cell, [Qt.ItemDataRole.CheckStateRole])
        self.visible_changed.emit(number, is_visible)

    def _rearrange(self) -> None:
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        classes = [self._rows[index.row()] for index in old]
        self._rows = self._sorted()
        new = [
            self.index(self._rows.index(number), index.column())
            for number, index in zip(classes, old, strict=True)
        ]
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

    def _sorted(self) -> list[int]:
        count = len(self._classes)
        shares = np.zeros(count) if self._shares is None else self._shares
        if self._order == "share":
            return sorted(range(count), key=lambda index: (-shares[index], index))
        return sorted(range(count), key=lambda index: (shares[index] <= 0, index))


def share_text(share: float) -> str:
    """Return a share as per cent; what is there is never written as none."""
    if share <= 0:
        return "–"
    return f"{100 * share:.1f} %" if share >= SMALLEST_SHOWN_SHARE else "< 0.1 %"


def swatch(color: tuple[int, int, int]) -> QIcon:
    """Make a square icon of one colour with a rim."""
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    # A grey rim keeps a white swatch on white, and a black one on black, in sight.
    painter.setPen(QPen(QColor(128, 128, 128), _SWATCH_PX / 16))
    painter.setBrush(QColor(*color))
    inset = _SWATCH_PX / 16
    rect = QRectF(pixmap.rect()).adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(rect, _SWATCH_PX / 5, _SWATCH_PX / 5)
    painter.end()
    # A selected row would tint the swatch; the colour is what the row is about.
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
