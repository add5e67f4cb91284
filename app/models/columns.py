"""The columns of a table: what their headers say, and on which side their texts stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt


@dataclass(frozen=True)
class Columns:
    """Named columns.

    Parameters
    ----------
    titles
        One for each column.
    numbers
        The columns of numbers, which stand on the right.
    tips
        One for each column, or none at all.
    """

    titles: Sequence[str]
    numbers: Collection[int] = ()
    tips: Sequence[str] = ()

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Return where the texts of a column stand."""
        is_number = column in self.numbers
        side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def header(self, section: int, orientation: Qt.Orientation, role: int) -> object:
        """Return what `headerData` of a table is asked for; rows have no headers."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.titles[section]
            case Qt.ItemDataRole.ToolTipRole if self.tips:
                return self.tips[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(section)
        return None
