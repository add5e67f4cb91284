"""The command palette: type a few letters of what you want to do, Enter does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.models.command_search import Command
from app.theme import current_colors
from app.views.forms import GAP, describe

SIZE = QSize(580, 430)
ROW_HEIGHT = 44
COMMAND_ROLE = Qt.ItemDataRole.UserRole
NOTHING = "Nothing fits. Try fewer letters, or another word."
LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QDialog):
    """A search field over a list of commands.

    Parameters
    ----------
    parent
        The window that it opens over.
    search
        Returns the commands that fit a text, the best first.
    """

    chosen = Signal(str)
    """The name of the command to run; the palette is closed by then."""

    def __init__(self, parent: QWidget, search: Callable[[str], Sequence[Command]]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Command palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._search = search
        self.field = QLineEdit()
        self.field.setPlaceholderText("What do you want to do?")
        self.field.setClearButtonEnabled(True)
        tip = "A few letters of a command, its menu or what it does; Enter runs the chosen one"
        describe(self.field, "Search for a command", tip)
        self._model = QStandardItemModel(self)
        self.list = _list_of(self._model)
        self._nothing = QLabel(NOTHING)
        self._nothing.setProperty("role", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._nothing, 1, Qt.AlignmentFlag.AlignCenter)
        self.field.textChanged.connect(self._show)
        self.field.installEventFilter(self)
        self.list.clicked.connect(self._run)
        self.list.activated.connect(self._run)
        self.resize(SIZE)
        self._show("")

    @property
    def commands(self) -> tuple[Command, ...]:
        """What is listed now."""
        rows = range(self._model.rowCount())
        return tuple(self._model.item(row).data(COMMAND_ROLE) for row in rows)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # The field keeps the focus while the arrow keys move through the list.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in LIST_KEYS:
                self.list.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _show(self, text: str) -> None:
        self._model.clear()
        for command in self._search(text):
            item = QStandardItem(command.title)
            item.setData(command, COMMAND_ROLE)
            item.setToolTip(command.tip)
            state = "" if command.is_enabled else ", cannot be used now"
            said = f"{command.title}, {command.menu}, {command.shortcut}{state}: {command.tip}"
            item.setData(said, Qt.ItemDataRole.AccessibleTextRole)
            self._model.appendRow(item)
        has_rows = self._model.rowCount() > 0
        self.list.setVisible(has_rows)
        self._nothing.setVisible(not has_rows)
        self.list.setCurrentIndex(self._model.index(0, 0))

    def _run(self, index: QModelIndex) -> None:
        command = index.data(COMMAND_ROLE)
        if isinstance(command, Command) and command.is_enabled:
            self.close()
            self.chosen.emit(command.name)


class CommandDelegate(QStyledItemDelegate):
    """Paints what a command does and its keys, and below its menu and what it is for."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(SIZE.width() // 2, ROW_HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        command: Command = index.data(COMMAND_ROLE)
        colors = current_colors()
        main, minor = colors.text, colors.muted
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, option.palette.highlight())
            main = minor = colors.on_accent
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colors.hover))
        area = option.rect.adjusted(GAP, GAP // 2, -GAP, -GAP // 2)
        line = painter.fontMetrics().height()
        first = QRect(area.left(), area.top(), area.width(), line)
        second = QRect(area.left(), area.bottom() - line, area.width(), line)
        painter.setPen(QColor(minor))
        painter.drawText(first, Qt.AlignmentFlag.AlignRight, command.shortcut)
        said = f"{command.menu}  ·  {command.tip}" if command.tip else command.menu
        elided = painter.fontMetrics().elidedText(
            said.replace("\n", " "), Qt.TextElideMode.ElideRight, area.width()
        )
        painter.drawText(second, Qt.AlignmentFlag.AlignLeft, elided)
        font = QFont(option.font)
        font.setWeight(QFont.Weight.DemiBold if command.is_enabled else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(main if command.is_enabled else minor))
        painter.drawText(first, Qt.AlignmentFlag.AlignLeft, command.title)
        painter.restore()


def _list_of(model: QStandardItemModel) -> QListView:
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(CommandDelegate(view))
    view.setUniformItemSizes(True)
    view.setMouseTracking(True)
    view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    describe(
        view, "Commands", "Enter or a click runs a command; a grey one says why it cannot be used"
    )
    return view
