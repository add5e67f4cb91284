"""The queue of requests: a list with progress, and what can be done to it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.models.queue_table import IMAGE, PROGRESS, PROGRESS_ROLE, SETTINGS, STATUS_ROLE
from app.theme import current_colors
from app.views.elided_label import ElidedLabel
from app.views.forms import GAP

ROW_HEIGHT = 24
BAR_WIDTH, BAR_HEIGHT = 44, 6
WIDTHS = (124, 104, 60, 146, 132, 80)
EMPTY = (
    "No request is queued. Pick a segment and press Q to add it with the present settings; "
    "Alt+Q adds each of several picked segments, Shift+Q every segment of a class."
)


class QueuePanel(QWidget):
    """Shows a QueueTable; Delete, Alt+Up and Alt+Down, Enter and the mouse edit the queue.

    Parameters
    ----------
    actions
        What the buttons do.
    """

    removed = Signal(object)
    """Rows that are to be taken off the list."""
    moved = Signal(object, int)
    """Rows, and whether they go up (-1) or down (1)."""
    activated = Signal(int)
    """The row whose image is wanted."""
    search_cancelled = Signal()
    start_wanted = Signal()
    """A queue that is paused is to go on."""

    def __init__(self, actions: Sequence[QAction]) -> None:
        super().__init__()
        self.view = _QueueView()
        self.view.removed.connect(self.removed)
        self.view.moved.connect(self.moved)
        self.view.opened.connect(self.activated)
        self._sum = self._searching = ""
        self._summary = ElidedLabel("muted")
        self._empty = QLabel(EMPTY)
        self._empty.setProperty("role", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setMargin(2 * GAP)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.view)
        self.search_button = QToolButton()
        self.search_button.setText("Stop searching")
        self.search_button.setToolTip("Queue no segments of further images")
        self.search_button.clicked.connect(self.search_cancelled)
        self.search_button.hide()
        self.start_button = QToolButton()
        self.start_button.setText("Start queue")
        self.start_button.setToolTip("Go on with the first request that waits")
        self.start_button.clicked.connect(self.start_wanted)
        self.start_button.hide()
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._summary, 1)
        row.addWidget(self.start_button)
        row.addWidget(self.search_button)
        for action in actions:
            row.addWidget(_button(action))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, 2, GAP, 4)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self._pages, 1)
        self.setMinimumHeight(96)

    @property
    def summary(self) -> str:
        """What is said of the whole queue."""
        return self._summary.text

    @property
    def empty_text(self) -> str:
        """What is said where nothing is queued, while that is so."""
        return self._empty.text() if self._pages.currentWidget() is self._empty else ""

    def set_model(self, model: QAbstractItemModel) -> None:
        """Show a QueueTable."""
        self.view.setModel(model)
        self.view.dress()
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            signal.connect(self._show_page)
        self._show_page()

    def set_summary(self, text: str) -> None:
        """Sum the queue up; while segments are searched for, that is said instead."""
        self._sum = text
        self._summary.set_text(self._searching or text)

    def set_can_start(self, can_start: bool) -> None:
        """Offer to start the queue: it is paused, and something waits."""
        self.start_button.setVisible(can_start)

    def set_searching(self, text: str) -> None:
        """Say how far a search for segments is; empty when there is none."""
        self._searching = text
        self.search_button.setVisible(bool(text))
        self.set_summary(self._sum)

    def _show_page(self) -> None:
        has_rows = self.view.model().rowCount() > 0
        self._pages.setCurrentWidget(self.view if has_rows else self._empty)


class _QueueView(QTableView):
    """A table whose rows can be taken off, moved and opened by keys."""

    removed = Signal(object)
    moved = Signal(object, int)
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Queue of requests")
        self.setAccessibleDescription(
            "Delete takes rows off, Alt+Up and Alt+Down move them, Enter shows the image"
        )
        self.setItemDelegate(_ProgressDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDragDropOverwriteMode(False)
        self.setDropIndicatorShown(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))

    def dress(self) -> None:
        """Give the columns their widths."""
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(50)
        for column, width in enumerate(WIDTHS):
            self.setColumnWidth(column, width)
        for column in (IMAGE, SETTINGS):  # what is cut off first shares what is left
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    @property
    def selected_rows(self) -> list[int]:
        """The rows that are selected, from the top."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def event(self, event: QEvent) -> bool:
        # Delete would empty the region, and Alt+Up be lost: here they mean the list.
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and self._meant(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        meant = self._meant(event)
        if meant is None:
            super().keyPressEvent(event)
        elif rows := self.selected_rows:
            if meant == "open":
                self.opened.emit(rows[0])
            elif meant == "remove":
                self.removed.emit(rows)
            else:
                self.moved.emit(rows, -1 if meant == "up" else 1)

    @staticmethod
    def _meant(event: QKeyEvent) -> str | None:
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        keys = {Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"} if alt else {}
        if plain:
            keys = {
                Qt.Key.Key_Delete: "remove",
                Qt.Key.Key_Return: "open",
                Qt.Key.Key_Enter: "open",
            }
        return keys.get(Qt.Key(event.key()))


class _ProgressDelegate(QStyledItemDelegate):
    """Paints a bar before the text of what is under way."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        share = index.data(PROGRESS_ROLE) if index.column() == PROGRESS else None
        own = QStyleOptionViewItem(option)
        if index.column() == IMAGE:  # the end tells one image of a series from the next
            own.textElideMode = Qt.TextElideMode.ElideMiddle
        own.state &= ~QStyle.StateFlag.State_HasFocus  # the row is selected, not a cell
        if share is None:
            if index.column() == PROGRESS and index.data(STATUS_ROLE) == "failed":
                own.palette.setColor(own.palette.ColorRole.Text, QColor(current_colors().series[0]))
            super().paint(painter, own, index)
            return
        self.initStyleOption(own, index)
        style, text = own.widget.style(), own.text
        own.text = ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, own.widget)
        _paint_bar(painter, own, share)
        role = own.palette.ColorRole
        is_selected = bool(own.state & QStyle.StateFlag.State_Selected)
        painter.setPen(own.palette.color(role.HighlightedText if is_selected else role.Text))
        rest = own.rect.adjusted(BAR_WIDTH + 2 * GAP, 0, -4, 0)
        elided = own.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(WIDTHS[index.column()], ROW_HEIGHT)


def _paint_bar(painter: QPainter, option: QStyleOptionViewItem, share: float) -> None:
    colors = current_colors()
    is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
    place = QRect(0, 0, BAR_WIDTH, BAR_HEIGHT)
    place.moveCenter(option.rect.center())
    place.moveLeft(option.rect.left() + GAP // 2)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colors.border))
    painter.drawRoundedRect(place, 3, 3)
    place.setWidth(round(BAR_WIDTH * min(max(share, 0.0), 1.0)))
    painter.setBrush(QColor(colors.on_accent if is_selected else colors.accent))
    painter.drawRoundedRect(place, 3, 3)
    painter.restore()


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
