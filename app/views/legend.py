"""The class legend: colour, name and share of every class, and which ones the canvas shows."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.views.legend_model import CLASS_ROLE, NAME_COLUMN, SHARE_COLUMN, LegendModel, Order
from gridsal_core.arrays import FloatArray
from gridsal_core.types import ClassInfo

SPACING = 8
ROW_HEIGHT = 26
SWATCH_PX = 14
ORDERS: tuple[tuple[str, Order], ...] = (("By share", "share"), ("By index", "index"))


class Legend(QWidget):
    """Rows of classes: those in the current prediction first, then the others."""

    class_visible_changed = Signal(int, bool)
    """Class index, and whether the canvas is to show it."""
    class_activated = Signal(int)
    """Class index of a double-clicked row, or of the current one when Enter is pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = LegendModel(self)
        self._table = _table_of(self._model)
        self._order = QComboBox()
        for text, order in ORDERS:
            self._order.addItem(text, order)
        self._order.setToolTip("Order of the classes; those in the prediction come first.")
        self._order.setAccessibleName("Order of the classes")
        self._all = QPushButton("Hide all")
        self._all.setToolTip("Show or hide every class over the image.")
        self._hint = QLabel("Open a network (Ctrl+O) to see its classes")
        self._hint.setProperty("role", "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)

        header = QHBoxLayout()
        header.setSpacing(SPACING)
        header.addWidget(self._order, 1)
        header.addWidget(self._all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        layout.addLayout(header)
        layout.addWidget(self._hint, 1)
        layout.addWidget(self._table, 1)

        self._model.visible_changed.connect(self._on_visible)
        self._order.currentIndexChanged.connect(self._on_order)
        self._all.clicked.connect(self._on_all)
        # Not `activated`: on some desktops a single click activates.
        self._table.doubleClicked.connect(self._on_activated)
        enter = QShortcut(Qt.Key.Key_Return, self._table)
        enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(lambda: self._on_activated(self._table.currentIndex()))
        self._show_state()

    def set_classes(self, classes: tuple[ClassInfo, ...]) -> None:
        """Show the classes of a network; other classes than before are all visible again."""
        self._model.set_classes(classes)
        self._show_state()

    def set_shares(self, shares: FloatArray | None) -> None:
        """Set the (C,) share of each class in the prediction, 0 to 1; None: no prediction."""
        self._model.set_shares(shares)

    def is_class_visible(self, index: int) -> bool:
        """Whether the box of a class is checked."""
        return self._model.is_visible(index)

    def sizeHint(self) -> QSize:
        return QSize(240, 280)

    def _on_visible(self, index: int, is_visible: bool) -> None:
        self._show_state()
        self.class_visible_changed.emit(index, is_visible)

    def _on_order(self) -> None:
        self._model.set_order(self._order.currentData())

    def _on_all(self) -> None:
        self._model.set_all_visible(not self._model.are_all_visible)

    def _on_activated(self, index: QModelIndex) -> None:
        if index.isValid():
            self.class_activated.emit(index.data(CLASS_ROLE))

    def _show_state(self) -> None:
        has_classes = self._model.rowCount() > 0
        self._table.setVisible(has_classes)
        self._hint.setVisible(not has_classes)
        self._order.setEnabled(has_classes)
        self._all.setEnabled(has_classes)
        self._all.setText("Hide all" if self._model.are_all_visible else "Show all")


def _table_of(model: LegendModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName("Classes")
    table.setToolTip(
        "The box shows or hides a class; a double click or Enter makes it the class to explain"
    )
    table.setShowGrid(False)
    table.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setTextElideMode(Qt.TextElideMode.ElideRight)
    table.setTabKeyNavigation(False)
    table.horizontalHeader().hide()
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header = table.horizontalHeader()
    header.setSectionResizeMode(NAME_COLUMN, QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(SHARE_COLUMN, QHeaderView.ResizeMode.ResizeToContents)
    return table
