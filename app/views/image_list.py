"""The panel with the images of the folder: thumbnail beside name and status."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.models.image_list import REASON_ROLE, STATUS_ROLE
from app.theme import current_colors

THUMBNAIL_SIZE = QSize(72, 54)
SPACING = 8
ROW_HEIGHT = THUMBNAIL_SIZE.height() + SPACING
SEPARATORS = "_- /"
DEFAULT_HINT = "Open an image folder (Ctrl+Shift+O) or drop one here"


class ImageListPanel(QWidget):
    """A list of images with their count above, or a hint where there are none.

    Parameters
    ----------
    model
        An image list model; the panel changes nothing in it.
    parent
        The Qt owner.
    """

    image_selected = Signal(int)
    """Row of the image that became current, by mouse, keys or `select`."""

    def __init__(self, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._list = _list_of(model)
        self._hint = QLabel(DEFAULT_HINT)
        self._hint.setProperty("role", "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        self._hint.setMargin(2 * SPACING)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self._list)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        layout.addWidget(self._count)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self._list)

        self._list.selectionModel().currentChanged.connect(self._on_current)
        model.modelReset.connect(self._show_count)
        model.rowsInserted.connect(self._show_count)
        model.rowsRemoved.connect(self._show_count)
        self._show_count()

    @property
    def current_row(self) -> int | None:
        """The row that is selected."""
        row = self._list.currentIndex().row()
        return None if row < 0 else row

    def set_hint(self, text: str) -> None:
        """Set what is said where there are no images."""
        self._hint.setText(text)

    def select(self, row: int) -> None:
        """Make a row current and bring it into view; out of range, nothing happens."""
        index = self._model.index(row, 0)
        if index.isValid():
            command = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self._list.selectionModel().setCurrentIndex(index, command)
            self._list.scrollTo(index)

    def select_next(self) -> None:
        """Go to the next image; at the last one, nothing happens."""
        row = self.current_row
        self.select(0 if row is None else row + 1)

    def select_previous(self) -> None:
        """Go to the previous image; at the first one, nothing happens."""
        row = self.current_row
        self.select(0 if row is None else row - 1)

    def sizeHint(self) -> QSize:
        return QSize(220, 400)

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid():
            self.image_selected.emit(current.row())

    def _show_count(self) -> None:
        count = self._model.rowCount()
        self._count.setText("1 image" if count == 1 else f"{count:,} images")
        self._count.setVisible(count > 0)
        self._pages.setCurrentWidget(self._list if count else self._hint)


class ImageRowDelegate(QStyledItemDelegate):
    """Paints thumbnail, name and status of one row.

    Rows have one size, known without the data: asking for the thumbnail would read every file.
    """

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(THUMBNAIL_SIZE.width(), ROW_HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        rect, state = option.rect, option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        colors = current_colors()
        painter.save()
        if is_selected:
            painter.fillRect(rect, option.palette.highlight())
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colors.window))
        inner = rect.adjusted(SPACING // 2, SPACING // 2, -SPACING // 2, -SPACING // 2)
        frame = QRect(inner.topLeft(), THUMBNAIL_SIZE)
        _paint_thumbnail(painter, frame, index)

        area = inner.adjusted(THUMBNAIL_SIZE.width() + SPACING, 0, 0, 0)
        main, minor = (colors.on_accent,) * 2 if is_selected else (colors.text, colors.muted)
        if index.data(REASON_ROLE) and not is_selected:
            minor = colors.series[0]
        lines = [(line, main) for line in name_lines(index.data(), painter, area.width())]
        _paint_lines(painter, area, [*lines, (index.data(STATUS_ROLE), minor)])
        painter.restore()


def _list_of(model: QAbstractItemModel) -> QListView:
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(ImageRowDelegate(view))
    view.setUniformItemSizes(True)
    view.setMouseTracking(True)
    view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.verticalScrollBar().setSingleStep(ROW_HEIGHT // 2)
    view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
    view.setAccessibleName("Images of the folder")
    view.setToolTip("A click shows an image; PgUp and PgDown go to the previous and the next one")
    return view


def _paint_thumbnail(
    painter: QPainter, frame: QRect, index: QModelIndex | QPersistentModelIndex
) -> None:
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
        pen = painter.pen()
        pen.setColor(QColor(colors.muted))
        pen.setWidthF(1.5)
        painter.setPen(pen)
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
    height = painter.fontMetrics().height() + 1
    top = area.center().y() - len(shown) * height // 2 + 1
    for number, (text, color) in enumerate(shown):
        painter.setPen(QColor(color))
        line = QRect(area.left(), top + number * height, area.width(), height)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
