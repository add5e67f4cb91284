"""The model library: networks that are known by name, on the disk or to be fetched."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.models.library_table import ON_DISK, SORT_ROLE, LibraryTable
from app.theme import current_colors
from app.views.forms import GAP, note
from gridsal_core.library import LibraryEntry

START_SIZE = (980, 620)
ROW_HEIGHT = 28
WIDEST_COLUMN = 300


class LibraryWindow(QDialog):
    """Shows a LibraryTable; what its buttons mean is decided elsewhere."""

    fetch_wanted = Signal(str)
    cancel_wanted = Signal(str)
    open_wanted = Signal(str)
    selected = Signal()

    def __init__(self, table: LibraryTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Model library")
        self._table = table
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(table)
        self._proxy.setSortRole(SORT_ROLE)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: a network, a data set, a licence")
        self.filter.setAccessibleName("Filter the networks")
        self.filter.setClearButtonEnabled(True)
        self.view = _view_of(self._proxy)
        self.about = note()
        self.about.setTextFormat(Qt.TextFormat.RichText)
        self.about.setOpenExternalLinks(True)
        self.message = note()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the download")
        self.fetch_button = QPushButton("Download")
        self.open_button = QPushButton("Open")
        self.open_button.setProperty("role", "primary")
        self.close_button = QPushButton("Close")
        for button in (self.fetch_button, self.open_button, self.close_button):
            button.setAutoDefault(False)
        self.filter.setToolTip("Show the networks whose row holds this text")
        self.fetch_button.setToolTip("Fetch the network; what came of an earlier try is kept")
        self.open_button.setToolTip("Open the network; it is fetched first where it is not here")
        self.close_button.setToolTip("Close the library; a download goes on")
        self._cancels = False
        self._lay_out()
        self._connect()
        self.view.selectRow(0)

    @property
    def entry(self) -> LibraryEntry | None:
        """The selected network."""
        index = self._proxy.mapToSource(self.view.currentIndex())
        return self._table.entry(index.row()) if index.isValid() else None

    def select(self, source: str) -> None:
        """Select a network by its name."""
        for row in range(self._proxy.rowCount()):
            found = self._proxy.mapToSource(self._proxy.index(row, 0))
            if self._table.entry(found.row()).source == source:
                self.view.selectRow(row)

    def set_buttons(self, fetch: str, open_text: str, *, is_cancel: bool, can_fetch: bool) -> None:
        """Say what the buttons do for the selected network."""
        self._cancels = is_cancel
        self.fetch_button.setText(fetch)
        self.fetch_button.setEnabled(can_fetch)
        self.open_button.setText(open_text)
        self.open_button.setEnabled(self.entry is not None)

    def set_progress(self, percent: int | None, text: str) -> None:
        """Show how far a download is; None for one whose size is not known yet."""
        self.bar.setRange(0, 0 if percent is None else 100)
        self.bar.setValue(percent or 0)
        self.bar.show()
        self._say(text, current_colors().muted)

    def set_message(self, text: str, *, is_error: bool = False) -> None:
        """Say how a download ended."""
        self.bar.hide()
        colors = current_colors()
        self._say(text, colors.series[0] if is_error else colors.muted)

    def _say(self, text: str, color: str) -> None:
        self.message.setText(text)
        self.message.setStyleSheet(f"color: {color}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "about"):
            # The colour of a link is taken when its text is set.
            text = self.about.text()
            self.about.clear()
            self.about.setText(text)

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox()
        # Not one that accepts: Enter in the filter would open, or download, the selected network.
        for button in (self.open_button, self.fetch_button):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.close_button, QDialogButtonBox.ButtonRole.RejectRole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(GAP)
        for widget in (self.filter, self.view, self.about, self.bar, self.message):
            layout.addWidget(widget, 1 if widget is self.view else 0)
        layout.addWidget(buttons)
        self.bar.hide()
        self.resize(*START_SIZE)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._on_filter)
        self.view.selectionModel().currentRowChanged.connect(self._on_row)
        self.view.doubleClicked.connect(self._want_open)
        enter = QShortcut(Qt.Key.Key_Return, self.view)
        enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(self._want_open)
        self.fetch_button.clicked.connect(self._want_fetch)
        self.open_button.clicked.connect(self._want_open)
        self.close_button.clicked.connect(self.close)

    def _on_filter(self, text: str) -> None:
        self._proxy.setFilterFixedString(text.strip())
        if not self.view.currentIndex().isValid():
            self.view.selectRow(0)
        self._on_row()

    def _on_row(self, *_: QModelIndex) -> None:
        entry = self.entry
        self.about.setText("" if entry is None else _about(entry))
        self.selected.emit()

    def _want_fetch(self) -> None:
        if self.entry is not None:
            (self.cancel_wanted if self._cancels else self.fetch_wanted).emit(self.entry.source)

    def _want_open(self, *_: object) -> None:
        if self.entry is not None:
            self.open_wanted.emit(self.entry.source)


def _about(entry: LibraryEntry) -> str:
    link = f"<a href='{entry.page}'>{entry.page}</a>"
    return f"<b>{entry.source}</b> · licence: {entry.license} · {link}"


def _view_of(model: QSortFilterProxyModel) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setStyleSheet("QTableView::item, QHeaderView::section { padding: 0 10px 0 6px; }")
    view.setAccessibleName("Networks that are known by name")
    view.setToolTip("Choose a network; a click on a heading sorts")
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setShowGrid(False)
    view.setTabKeyNavigation(False)
    view.setWordWrap(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    header = view.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    header.setMaximumSectionSize(WIDEST_COLUMN)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(ON_DISK, QHeaderView.ResizeMode.Stretch)
    view.setSortingEnabled(True)
    # The library's own order, until a header is clicked.
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    model.sort(-1)
    return view
