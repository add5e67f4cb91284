"""The list of kept results: a table with a filter above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.models.results_table import IDENTITY_ROLE, Column, ResultsFilter, ResultsTable
from app.views.forms import GAP, describe, note

THUMBNAIL: Final = QSize(44, 26)
EMPTY: Final = "Nothing is explained yet. Every finished run is listed here."
NO_MATCH: Final = "No result holds these words; clear the filter to see all."
WIDTHS: Final = {
    Column.PICTURE: 56,
    Column.IMAGE: 120,
    Column.CLASS: 92,
    Column.TRUTH: 92,
    Column.SCORE: 52,
    Column.ALONE: 52,
    Column.VERDICT: 124,
    Column.NOTE: 140,
    Column.TAGS: 96,
    Column.SETTINGS: 230,
    Column.NETWORK: 120,
    Column.MADE: 124,
}
# How the room that is left in a wide window is shared among what may be longer.
SHARES: Final = {Column.IMAGE: 0.3, Column.NOTE: 0.3, Column.SETTINGS: 0.2, Column.NETWORK: 0.2}

_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_OWN_KEYS: Final = (*_ENTER, Qt.Key.Key_Delete, Qt.Key.Key_F2)


class ResultsPanel(QWidget):
    """Shows a table of results; what is to be done with them is told by signals.

    Parameters
    ----------
    table
        The results.
    parent
        The Qt owner.
    """

    restore_wanted = Signal(str)
    """The identity of the result that was double-clicked, or at which Enter was pressed."""
    delete_wanted = Signal()
    """Delete was pressed: of the selected results."""
    undo_wanted = Signal()
    """What was deleted last is to come back."""
    selection_changed = Signal()

    def __init__(self, table: ResultsTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._filter = ResultsFilter(table, self)
        self._actions: list[QAction] = []
        self.view = _Table()
        self.view.setModel(self._filter)
        _set_up(self.view)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Filter: class, truth, image, note, tag, verdict, network")
        self.words.setAccessibleName("Filter of the results")
        self.words.setToolTip("Shows the results that hold every one of these words")
        self.words.setClearButtonEnabled(True)
        self._count, self._deleted = QLabel(), QLabel()
        self._count.setProperty("role", "muted")
        self.undo = QPushButton("Undo")
        self.undo.setToolTip("Take back that these results were deleted")
        self.undo.setAccessibleName("Undo the deletion")
        self._hint = note(EMPTY)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self.view)
        self._lay_out()
        self._connect()
        self.set_deleted(0)
        self._show_count()

    @property
    def selected_identities(self) -> tuple[str, ...]:
        """Of the selected results, from top to bottom."""
        rows = self.view.selectionModel().selectedRows()
        return tuple(row.data(IDENTITY_ROLE) for row in sorted(rows, key=lambda index: index.row()))

    @property
    def shown_identities(self) -> tuple[str, ...]:
        """Of the results that the filter leaves, from top to bottom."""
        rows = range(self._filter.rowCount())
        return tuple(self._filter.index(row, 0).data(IDENTITY_ROLE) for row in rows)

    def select(self, identities: Sequence[str]) -> None:
        """Select results, and bring the first of them into view; others are not selected."""
        model = self.view.selectionModel()
        model.clearSelection()
        flags = QItemSelectionModel.SelectionFlag
        for identity in reversed(identities):
            row = self._table.row_of(identity)
            if row is None:
                continue
            index = self._filter.mapFromSource(self._table.index(row, Column.IMAGE))
            model.setCurrentIndex(index, flags.Select | flags.Rows)
            self.view.scrollTo(index)

    def add_menu_actions(self, *actions: QAction) -> None:
        """Offer actions in the context menu, in a group of their own below those before."""
        if self._actions:
            separator = QAction(self)
            separator.setSeparator(True)
            self._actions.append(separator)
        self._actions.extend(actions)

    def menu(self) -> QMenu:
        """Make the context menu for the selected results."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions(self._actions)
        return menu

    def edit_note(self) -> None:
        """Edit the note of the current result, or what is current of it if that can be edited."""
        index = self.view.currentIndex()
        if index.isValid():
            is_editable = bool(index.flags() & Qt.ItemFlag.ItemIsEditable)
            cell = index if is_editable else index.siblingAtColumn(Column.NOTE)
            self.view.setCurrentIndex(cell)
            self.view.edit(cell)

    def set_deleted(self, count: int) -> None:
        """Offer to take the last deletion back, of so many results; of none there is no offer."""
        self._deleted.setText("1 result deleted" if count == 1 else f"{count:,} results deleted")
        self._deleted.setVisible(count > 0)
        self.undo.setVisible(count > 0)

    def sizeHint(self) -> QSize:
        return QSize(640, 190)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(self.words, 1)
        for widget in (self._deleted, self.undo, self._count):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP // 2, GAP, GAP // 2)
        layout.setSpacing(GAP // 2)
        layout.addLayout(top)
        layout.addWidget(self._pages, 1)

    def _connect(self) -> None:
        self.words.textChanged.connect(self._on_words)
        self.undo.clicked.connect(self.undo_wanted)
        self.view.doubleClicked.connect(self._on_double_click)
        self.view.restore_pressed.connect(self._on_enter)
        self.view.delete_pressed.connect(self.delete_wanted)
        self.view.edit_pressed.connect(self.edit_note)
        self.view.menu_wanted.connect(lambda position: self.menu().popup(position))
        self.view.selectionModel().selectionChanged.connect(self.selection_changed)
        for signal in (
            self._filter.rowsInserted,
            self._filter.rowsRemoved,
            self._filter.modelReset,
            self._filter.layoutChanged,
            self._table.rowsInserted,
            self._table.rowsRemoved,
        ):
            signal.connect(self._show_count)

    def _on_words(self, text: str) -> None:
        self._filter.set_text(text)
        self._show_count()

    def _on_double_click(self, index: QModelIndex) -> None:
        if not index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.restore_wanted.emit(index.data(IDENTITY_ROLE))

    def _on_enter(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            self.restore_wanted.emit(index.data(IDENTITY_ROLE))

    def _show_count(self) -> None:
        everything, shown = self._table.rowCount(), self._filter.rowCount()
        text = "1 result" if everything == 1 else f"{everything:,} results"
        self._count.setText(text if shown == everything else f"{shown:,} of {text}")
        self._count.setVisible(everything > 0)
        self.words.setEnabled(everything > 0)
        self._hint.setText(NO_MATCH if everything else EMPTY)
        self._pages.setCurrentWidget(self.view if shown else self._hint)


class _Table(QTableView):
    """A table that takes Enter, Delete and F2 for itself, and shares out the room it has."""

    restore_pressed = Signal()
    delete_pressed = Signal()
    edit_pressed = Signal()
    menu_wanted = Signal(object)
    """Where on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._given: dict[int, int] = {}

    def share_room(self) -> None:
        """Widen the columns of long texts, but for those that the user has set."""
        room = max(0, self.viewport().width() - sum(WIDTHS.values()))
        for column, least in WIDTHS.items():
            if self.columnWidth(column) == self._given.get(column, self.columnWidth(column)):
                width = least + round(SHARES.get(column, 0.0) * room)
                self.setColumnWidth(column, width)
                self._given[column] = width

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_room()

    def event(self, event: QEvent) -> bool:
        # Delete is a shortcut of the window: it empties the region.
        is_asked = event.type() == QEvent.Type.ShortcutOverride
        if is_asked and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self.restore_pressed.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        elif event.key() == Qt.Key.Key_F2:
            self.edit_pressed.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.selectionModel().hasSelection():
            self.menu_wanted.emit(event.globalPos())


def _is_own(event: QKeyEvent) -> bool:
    return event.key() in _OWN_KEYS and not event.modifiers()


def _set_up(view: QTableView) -> None:
    describe(
        view,
        "Kept results",
        "Every explanation; a double click or Enter brings one back as it was, F2 edits its note",
    )
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setWordWrap(False)
    view.setShowGrid(False)
    view.setAlternatingRowColors(True)
    view.setIconSize(THUMBNAIL)
    view.setTabKeyNavigation(False)
    view.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
    rows = view.verticalHeader()
    rows.setVisible(False)
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(THUMBNAIL.height() + 2)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionsMovable(True)
    header.setStretchLastSection(True)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    view.setSortingEnabled(True)
    view.sortByColumn(Column.MADE, Qt.SortOrder.DescendingOrder)
