"""One panel of a comparison: which result it shows, its map, and whose the salient context is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.models.class_rows import ClassRow
from app.models.map_picture import MapPicture
from app.models.results_table import RESULTS_MIME
from app.models.told_apart import Choice
from app.views.canvas_overlays import HintCard
from app.views.class_bars import NAMES, ClassBars, panel_color
from app.views.elided_label import ElidedLabel
from app.views.forms import shrinkable
from app.views.map_view import MapView

TITLE_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 1
ROOM_FOR_BAR_PX: Final = 24
CHOOSE: Final = "Choose a result…"
EMPTY_TITLE: Final = "Nothing here yet"
EMPTY_TEXT: Final = "Choose a result above, or drag one from the list of results."
NO_RESULTS: Final = "Nothing is explained yet. Pick a segment on the page Image and run it."
BARS_BESIDE_PX: Final = 150


@dataclass(frozen=True, eq=False)
class PanelContent:
    """What a panel shows of a result.

    Parameters
    ----------
    picture
        Image, map and request.
    differs
        What tells it from the other panels.
    scores, scores_tip
        Its three scores in one line, and what they say in words.
    source
        By what the classes below are counted.
    """

    picture: MapPicture
    differs: str
    scores: str
    scores_tip: str
    source: str


class _TitleDelegate(QStyledItemDelegate):
    """Shows results in full in the list that opens; the closed field has less room."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.text = index.data(TITLE_ROLE) or option.text

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        size = super().sizeHint(option, index)
        view = option.widget
        if isinstance(view, QAbstractItemView):
            view.setMinimumWidth(max(view.minimumWidth(), size.width() + ROOM_FOR_BAR_PX))
        return size


class ComparePanel(QFrame):
    """Shows one kept result, or says how to choose one."""

    chosen = Signal(object)
    """The identity of a result, or None for none."""
    swap_wanted = Signal(int)
    """The panel, 0-based, to change places with."""
    closed = Signal()
    dropped = Signal(object)
    """list[str] of the identities that were dropped here."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self._index = index
        self._waiting = ""
        name = NAMES[index]
        self.setAcceptDrops(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.badge = QLabel(name)
        self.badge.setToolTip(f"Panel {name}: bars of this colour are its context")
        self.picker = QComboBox()
        self.picker.setAccessibleName(f"Result in panel {name}")
        self.picker.setMaxVisibleItems(20)
        self.picker.setItemDelegate(_TitleDelegate(self.picker))
        shrinkable(self.picker)
        self.picker.setMinimumContentsLength(4)
        self.swap = _button("swap", f"Let panel {name} change places with another one")
        self.swap.setProperty("role", "icon")
        self.swap.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._swap_menu = QMenu(self.swap)
        self.swap.setMenu(self._swap_menu)
        self.close_button = _button("close", f"Close panel {name}; the result is kept")
        self.differs = ElidedLabel("heading")
        self.scores = ElidedLabel("muted")
        self.view = MapView(f"Map in panel {name}")
        self.view.setToolTip(
            "The image, its context map in red, and the request in blue.\n"
            "Drag or the arrow keys pan, the wheel, + and - zoom, a double click or 0 shows all"
        )
        self.bars = ClassBars()
        self.source = ElidedLabel("muted")
        self._hint = HintCard(self.view.viewport())
        self._below = QWidget()
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._lay_out()
        self.picker.activated.connect(lambda: self.chosen.emit(self.picker.currentData()))
        self.close_button.clicked.connect(self.closed)
        self.set_content(None)
        self._tint()

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offer results."""
        chosen = self.picker.currentData()
        with QSignalBlocker(self.picker):
            self.picker.clear()
            self.picker.addItem(CHOOSE, None)
            for row, each in enumerate(choices, 1):
                self.picker.addItem(each.name, each.identity)
                self.picker.setItemData(row, each.title, TITLE_ROLE)
            self.picker.setCurrentIndex(max(self.picker.findData(chosen), 0))
        self.picker.setEnabled(bool(choices))

    def set_chosen(self, identity: str | None) -> None:
        """Show which result was chosen."""
        with QSignalBlocker(self.picker):
            self.picker.setCurrentIndex(max(self.picker.findData(identity), 0))
        tip = "Which result this panel shows"
        title = self.picker.currentData(TITLE_ROLE)
        self.picker.setToolTip(f"{tip}: {title}" if title else tip)

    def set_others(self, others: Sequence[int]) -> None:
        """Say which other panels there are."""
        self._swap_menu.clear()
        for other in others:
            action = self._swap_menu.addAction(f"Swap with &{NAMES[other]}")
            action.triggered.connect(lambda _on=False, o=other: self.swap_wanted.emit(o))
        self.swap.setEnabled(bool(others))

    def set_content(self, content: PanelContent | None) -> None:
        """Show a result; None shows how to choose one."""
        has = content is not None
        for widget in (self.differs, self.scores, self._below):
            widget.setVisible(has)
        self._hint.setVisible(not has)
        if content is None:
            self.view.set_picture(None)
            self._say_empty()
            return
        self.view.set_picture(content.picture)
        self.differs.set_text(content.differs)
        self.scores.set_text(content.scores, content.scores_tip)
        self.source.set_text(content.source)

    def set_differs(self, text: str) -> None:
        """Say what tells this result from the others, after another one came or went."""
        self.differs.set_text(text)

    def set_rows(self, rows: Sequence[ClassRow], own: int) -> None:
        """Show the class distribution, beside those of the others."""
        self.bars.set_rows(rows, own)

    def set_waiting(self, title: str) -> None:
        """Say that a result is to come here, as long as it is empty; nothing ends it."""
        self._waiting = title
        if self.view.picture is None:
            self._say_empty()

    def _say_empty(self) -> None:
        if self._waiting:
            self.say(self._waiting, "")
        else:
            self.say(EMPTY_TITLE, EMPTY_TEXT if self.picker.isEnabled() else NO_RESULTS)

    def say(self, title: str, text: str) -> None:
        """Say something in the place of the map, while there is none."""
        self._hint.set_hint(title, text)
        self._hint.setVisible(self.view.picture is None)
        self._hint.place(self.view.viewport().rect())

    @property
    def hint_text(self) -> str:
        """What is said in the map's place; empty while there is a map."""
        return "" if self._hint.isHidden() else self._hint.text

    def set_beside(self, is_beside: bool) -> None:
        """Put the bars beside the map, where there is more room than below it."""
        kind = QBoxLayout.Direction
        self._body.setDirection(kind.LeftToRight if is_beside else kind.TopToBottom)
        self._below.setMinimumWidth(BARS_BESIDE_PX if is_beside else 0)
        self._body.setStretch(0, 4 if is_beside else 1)
        self._body.setStretch(1, 3 if is_beside else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hint.place(self.view.viewport().rect())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(event.mimeData().hasFormat(RESULTS_MIME))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setAccepted(event.mimeData().hasFormat(RESULTS_MIME))

    def dropEvent(self, event: QDropEvent) -> None:
        data = bytes(event.mimeData().data(RESULTS_MIME).data())
        identities = data.decode("ascii", "ignore").split()
        if identities:
            event.acceptProposedAction()
            self.dropped.emit(identities)

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setSpacing(4)
        header.addWidget(self.badge)
        header.addWidget(self.picker, 1)
        header.addWidget(self.swap)
        header.addWidget(self.close_button)
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self.source)
        below.addWidget(self.bars, 1)
        below.addStretch(0)
        self._body.setSpacing(6)
        self._body.addWidget(self.view, 1)
        self._body.addWidget(self._below)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 6)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self.differs)
        layout.addWidget(self.scores)
        layout.addSpacing(2)
        layout.addLayout(self._body, 1)

    def _tint(self) -> None:
        self.badge.setStyleSheet(
            f"color: {panel_color(self._index)}; font-weight: 700; padding: 0 4px"
        )
        self.swap.setIcon(icon("swap"))
        self.close_button.setIcon(icon("close"))


def _button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
