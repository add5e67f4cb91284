"""The bias finder of a survey: pairs of requests and a class of their context, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView

from app.views.cell_table import CellTable, Index
from app.views.forms import GAP
from app.views.legend_model import swatch
from app.views.survey_lines import cell_told, percent, points
from gridsal_core.survey.behind import CellPlace
from gridsal_core.survey.bias import Pair

COLUMNS: Final = ("Requests", "Context", "Points more", "Flipped", "Share", "Baseline")
TIPS: Final = (
    "What was explained",
    "The class of the context that it looks at",
    "Share minus baseline, in percentage points; bold and marked where it is significant",
    "How often removing this context flipped the label, of how many times it was removed",
    "Share of the salient context, 0 to 100 %",
    "Share of what lies around the requests in any case, 0 to 100 %",
)
LEAST_NAMES: Final = 140
_NUMBERS_FROM: Final = 2
_DIFFERENCE: Final = 2
SWATCH: Final = QSize(14, 14)

_ROOT = QModelIndex()


class BiasModel(QAbstractTableModel):
    """A row for each pair, in the order that it is given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pairs: tuple[Pair, ...] = ()
        self._by_flips = False

    def set_pairs(self, pairs: Sequence[Pair], by_flips: bool) -> None:
        """Show other pairs, and say whether they are ranked by how often the label flips."""
        self.beginResetModel()
        self._pairs, self._by_flips = tuple(pairs), by_flips
        self.endResetModel()

    def place(self, row: int) -> CellPlace:
        """Return the cell that a row is about."""
        pair = self._pairs[row]
        table, found = pair.table, pair.row
        return CellPlace(
            table.section, found.class_index, found.true_class, pair.context, self._by_flips
        )

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._pairs)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        pair, column = self._pairs[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _texts(pair)[column]
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return cell_told(pair.table, pair.row, pair.context)
            case Qt.ItemDataRole.DecorationRole if column == 1:
                return swatch(pair.table.classes[pair.context].color)
            case Qt.ItemDataRole.TextAlignmentRole if column >= _NUMBERS_FROM:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.FontRole if (
                pair.cell.excess.is_significant and column == _DIFFERENCE
            ):
                font = QFont()
                font.setBold(True)
                return font
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401
        if orientation == Qt.Orientation.Vertical:
            return section + 1 if role == Qt.ItemDataRole.DisplayRole else None
        return {
            int(Qt.ItemDataRole.DisplayRole): COLUMNS[section],
            int(Qt.ItemDataRole.ToolTipRole): TIPS[section],
        }.get(role)


class BiasView(CellTable):
    """The ranking; a click or Enter chooses a pair."""

    cell_chosen = Signal(object)
    """CellPlace of the pair."""

    def __init__(self, model: BiasModel) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setAccessibleName("Bias finder: context that exceeds what lies around, ranked")
        self.setToolTip("A click or Enter on a line lists the explanations behind it")
        self.setIconSize(SWATCH)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(24)
        model.modelReset.connect(self.fill)

    def fill(self) -> None:
        """Give the names what the numbers leave, but no more than they need, to be read across."""
        others = sum(self.columnWidth(column) for column in range(1, len(COLUMNS)))
        room, needed = self.viewport().width() - others, self.sizeHintForColumn(0) + GAP
        self.setColumnWidth(0, max(LEAST_NAMES, min(room, needed)))

    def choose(self, index: Index) -> None:
        if index.isValid():
            self.cell_chosen.emit(self._model.place(index.row()))


def _texts(pair: Pair) -> tuple[str, ...]:
    cell = pair.cell
    mark = ""
    if cell.excess.is_significant:
        mark = " ▲" if cell.excess.value > 0 else " ▼"
    return (
        pair.table.name(pair.row),
        pair.table.classes[pair.context].name,
        points(cell.excess.value).removesuffix(" points") + mark,
        f"{cell.flipped} of {cell.tried}" if cell.tried else "–",
        percent(cell.share.value),
        percent(cell.baseline.value),
    )
