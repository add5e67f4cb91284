"""Headers of a table of classes: names that stand above columns, names that lie before rows."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from app.theme import current_colors

NAMES_MOST = 120
LEAST_WIDTH, LEAST_HEIGHT = 24, 16
SWATCH_PX = 12
GAP = 5


class StandingNames(QHeaderView):
    """Class names from bottom to top above their columns, each with its swatch at the foot."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(LEAST_WIDTH)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        longest = _longest(self, NAMES_MOST)
        return QSize(super().sizeHint().width(), longest + SWATCH_PX + 3 * GAP)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        name, image = _entry(self, section)
        painter.save()
        painter.setPen(QColor(current_colors().text))
        if image is None:
            bottom = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            painter.drawText(rect.adjusted(0, 0, 0, -GAP), bottom, name)
        else:
            left = rect.center().x() - SWATCH_PX // 2
            foot = QRect(left, rect.bottom() - GAP - SWATCH_PX, SWATCH_PX, SWATCH_PX)
            image.paint(painter, foot)
            painter.translate(rect.left(), foot.top() - GAP)
            painter.rotate(-90)
            room = QRect(0, 0, foot.top() - GAP - rect.top(), rect.width())
            _paint_name(painter, room, name)
        painter.restore()


class LyingNames(QHeaderView):
    """Class names before their rows, each with its swatch."""

    def __init__(self, parent: QWidget, name: str, most: int = NAMES_MOST) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._most = most
        self.setSectionsClickable(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(LEAST_HEIGHT)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(_longest(self, self._most) + SWATCH_PX + 4 * GAP, super().sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        name, image = _entry(self, section)
        painter.save()
        painter.setPen(QColor(current_colors().text))
        top = rect.center().y() - SWATCH_PX // 2 + 1
        if image is not None:
            image.paint(painter, QRect(rect.left() + GAP, top, SWATCH_PX, SWATCH_PX))
        indent = GAP if image is None else 2 * GAP + SWATCH_PX
        _paint_name(painter, rect.adjusted(indent, 0, -GAP, 0), name)
        painter.restore()


def _entry(header: QHeaderView, section: int) -> tuple[str, QIcon | None]:
    model, orientation = header.model(), header.orientation()
    name = model.headerData(section, orientation, Qt.ItemDataRole.DisplayRole) or ""
    image = model.headerData(section, orientation, Qt.ItemDataRole.DecorationRole)
    return name, image if isinstance(image, QIcon) else None


def _longest(header: QHeaderView, most: int) -> int:
    """Return the width of the longest name, within reason."""
    metrics = header.fontMetrics()
    names = (_entry(header, section)[0] for section in range(header.count()))
    return min(max((metrics.horizontalAdvance(name) + 2 for name in names), default=0), most)


def _paint_name(painter: QPainter, room: QRect, name: str) -> None:
    middle = Qt.TextElideMode.ElideMiddle
    shown = painter.fontMetrics().elidedText(name, middle, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
