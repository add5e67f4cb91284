"""How one image of the list is painted: as a row, or as a tile of a grid."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.models.image_list import REASON_ROLE, STATUS_ROLE
from app.theme import current_colors

THUMBNAIL_SIZE = QSize(72, 54)
SPACING = 8
ROW_HEIGHT = THUMBNAIL_SIZE.height() + SPACING
TILE_SIZE = QSize(98, 110)
TILE_THUMBNAIL = QSize(90, 68)
SEPARATORS = "_- /"

Index = QModelIndex | QPersistentModelIndex


class ImageRowDelegate(QStyledItemDelegate):
    """Paints thumbnail, name and status of one row.

    Rows have one size, known without the data: asking for the thumbnail would read every file.
    """

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(THUMBNAIL_SIZE.width(), ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        main, minor = paint_ground(painter, option, index)
        half = SPACING // 2
        inner = option.rect.adjusted(half, half, -half, -half)
        paint_thumbnail(painter, QRect(inner.topLeft(), THUMBNAIL_SIZE), index)
        area = inner.adjusted(THUMBNAIL_SIZE.width() + SPACING, 0, 0, 0)
        lines = [(line, main) for line in name_lines(index.data(), painter, area.width())]
        _paint_lines(painter, area, [*lines, (index.data(STATUS_ROLE), minor)])
        painter.restore()


class ImageTileDelegate(QStyledItemDelegate):
    """Paints a larger thumbnail with name and status below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return TILE_SIZE

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        main, minor = paint_ground(painter, option, index)
        inner = option.rect.adjusted(SPACING // 2, SPACING // 2, -SPACING // 2, -2)
        left = inner.left() + (inner.width() - TILE_THUMBNAIL.width()) // 2
        frame = QRect(QPoint(left, inner.top()), TILE_THUMBNAIL)
        paint_thumbnail(painter, frame, index)
        metrics, middle = painter.fontMetrics(), Qt.TextElideMode.ElideMiddle
        top = frame.bottom() + 2
        for text, color in ((index.data(), main), (index.data(STATUS_ROLE), minor)):
            line = QRect(inner.left(), top, inner.width(), metrics.height())
            painter.setPen(QColor(color))
            shown = metrics.elidedText(text or "", middle, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, shown)
            top += metrics.height()
        painter.restore()


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, index: Index) -> tuple[str, str]:
    """Paint what is behind an item; return the colours of its name and its status."""
    colors, state = current_colors(), option.state
    is_selected = bool(state & QStyle.StateFlag.State_Selected)
    if is_selected:
        painter.fillRect(option.rect, option.palette.highlight())
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(option.rect, QColor(colors.window))
    if is_selected:
        return colors.on_accent, colors.on_accent
    return colors.text, colors.series[0] if index.data(REASON_ROLE) else colors.muted


def paint_thumbnail(painter: QPainter, frame: QRect, index: Index) -> None:
    """Paint the thumbnail in the middle of a frame, an empty frame before it is read."""
    colors = current_colors()
    pixmap = index.data(Qt.ItemDataRole.DecorationRole)
    if isinstance(pixmap, QPixmap):
        size = pixmap.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(QPoint(), size)
        target.moveCenter(frame.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(target, pixmap)
        return
    painter.fillRect(frame, QColor(colors.canvas))
    if index.data(REASON_ROLE):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.muted), 1.5))
        cross = QRect(0, 0, 16, 16)
        cross.moveCenter(frame.center())
        painter.drawLine(cross.topLeft(), cross.bottomRight())
        painter.drawLine(cross.bottomLeft(), cross.topRight())


def name_lines(name: str, painter: QPainter, width: int) -> list[str]:
    """Break a file name into at most two lines, at a separator if there is one.

    The second is shortened in the middle: the end tells one image of a series from the next.
    """
    metrics = painter.fontMetrics()
    if metrics.horizontalAdvance(name) <= width:
        return [name]
    breaks = [i + 1 for i, char in enumerate(name) if char in SEPARATORS]
    fitting = [i for i in breaks if metrics.horizontalAdvance(name[:i]) <= width]
    cut = fitting[-1] if fitting else 0
    rest = metrics.elidedText(name[cut:], Qt.TextElideMode.ElideMiddle, width)
    return [name[:cut], rest] if cut else [rest]


def _paint_lines(painter: QPainter, area: QRect, lines: Sequence[tuple[str, str]]) -> None:
    """Paint non-empty lines one below the other, centred in height."""
    shown = [(text, color) for text, color in lines if text]
    metrics = painter.fontMetrics()
    height = metrics.height() + 1
    top = area.center().y() - len(shown) * height // 2 + 1
    for number, (text, color) in enumerate(shown):
        painter.setPen(QColor(color))
        line = QRect(area.left(), top + number * height, area.width(), height)
        fitting = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitting)
