"""The explanations behind a cell of a survey: a list with small pictures, strongest first."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QVBoxLayout, QWidget

from app.views.forms import note
from app.views.survey_lines import percent
from gridsal_core.survey.behind import Behind

PICTURE: Final = QSize(104, 78)
IDENTITY_ROLE: Final = Qt.ItemDataRole.UserRole + 1
HOW: Final = "A double click or Enter shows it on the page Image, as it was explained."

_ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class BehindModel(QAbstractListModel):
    """A row for each explanation; its picture is asked for when the row is painted."""

    picture_wanted = Signal(str)
    """Identity of an explanation in sight."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Behind, ...] = ()
        self._pictures: dict[str, QPixmap | None] = {}

    @property
    def entries(self) -> tuple[Behind, ...]:
        """What is listed."""
        return self._entries

    def set_entries(self, entries: Sequence[Behind]) -> None:
        """List other explanations; the same ones change nothing."""
        if tuple(entries) == self._entries:
            return
        self.beginResetModel()
        self._entries = tuple(entries)
        known = {each.identity for each in entries}
        self._pictures = {k: v for k, v in self._pictures.items() if k in known}
        self.endResetModel()

    def set_picture(self, identity: str, picture: QPixmap) -> None:
        """Show the picture of an explanation, if it is still listed."""
        for row, each in enumerate(self._entries):
            if each.identity == identity:
                self._pictures[identity] = picture
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        entry = self._entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _lines(entry)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return told(entry)
            case Qt.ItemDataRole.DecorationRole:
                if entry.identity not in self._pictures:
                    self._pictures[entry.identity] = None
                    self.picture_wanted.emit(entry.identity)
                return self._pictures[entry.identity] or _blank()
            case _ if role == IDENTITY_ROLE:
                return entry.identity
        return None


def _lines(entry: Behind) -> str:
    lines = [_short(entry.image), percent(entry.share), f"baseline {percent(entry.baseline)}"]
    if not isnan(entry.flip_share):
        lines.append(f"flips {percent(entry.flip_share)}")
    return "\n".join(lines)


class BehindPanel(QWidget):
    """The list with its title; hidden until a cell is chosen."""

    chosen = Signal(str)
    """Identity of an explanation that is to be opened."""

    def __init__(self) -> None:
        super().__init__()
        self.model = BehindModel(self)
        self.list = _List(self.model)
        self.list.chosen.connect(self.chosen)
        self._title, self._how = note(), note(HOW)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._title)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._how)
        self.hide()

    @property
    def title(self) -> str:
        """What is said of the list."""
        return self._title.text()

    def show_entries(self, title: str, entries: Sequence[Behind]) -> None:
        """List the explanations behind a cell; an empty title takes the list away."""
        self._title.setText(title)
        current = self.list.currentIndex().data(IDENTITY_ROLE)
        self.model.set_entries(entries)
        # Enter opens the strongest at once; while the list grows, the chosen one stays chosen.
        rows = (row for row, each in enumerate(entries) if each.identity == current)
        self.list.setCurrentIndex(self.model.index(next(rows, 0)))
        self.setVisible(bool(title))


class _List(QListView):
    chosen = Signal(str)

    def __init__(self, model: BehindModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setAccessibleName("Explanations behind the chosen cell, strongest first")
        self.setToolTip(HOW)
        self.setIconSize(PICTURE)
        self.setSpacing(2)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.doubleClicked.connect(self._choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(IDENTITY_ROLE))


def told(entry: Behind) -> str:
    """Say in words what is known of an explanation."""
    flips = ""
    if not isnan(entry.flip_share):
        flips = f" Without it {percent(entry.flip_share)} of the region flips."
    return (
        f"{entry.image}: {percent(entry.share)} of the salient context is of this class, around "
        f"the region {percent(entry.baseline)}. Verdict: {entry.verdict}.{flips} {HOW}"
    )


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _blank() -> QPixmap:
    pixmap = QPixmap(PICTURE)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap
