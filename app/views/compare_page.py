"""The page that compares: two to four maps beside each other, under one scale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.models.compare_panels import FEWEST, MOST
from app.models.map_picture import DifferencePicture
from app.models.told_apart import Choice
from app.views.canvas_layers import heat_table
from app.views.color_scale import ColorScale
from app.views.compare_panel import ComparePanel
from app.views.elided_label import ElidedLabel
from app.views.forms import GAP
from app.views.map_view import DIFFERENCE_OPACITY, difference_table
from app.views.view_link import ViewLink

TOGGLE_STYLE: Final = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
ICONS: Final = {"add": "add", "link": "link", "difference": "difference", "fit": "fit"}


class ComparePage(QWidget):
    """Shows panels and emits what is wanted of them.

    Parameters
    ----------
    offers
        Actions that make a comparison, for the menu of the page and its empty state.
    """

    chosen = Signal(int, object)
    """A panel, and the identity of the result it is to show, or None."""
    dropped = Signal(int, object)
    """A panel, and the identities of results that were dropped on it."""
    swap_wanted = Signal(int, int)
    closed = Signal(int)
    add_wanted = Signal()
    difference_toggled = Signal(bool)
    stop_clicked = Signal()

    def __init__(self, offers: Sequence[QAction]) -> None:
        super().__init__()
        self.panels = tuple(ComparePanel(index) for index in range(MOST))
        for panel in self.panels:
            panel.setParent(self)
        self.link = ViewLink([panel.view for panel in self.panels], self)
        self._count = FEWEST
        self.new = _tool("Compare", "Make a comparison: what is missing for it is run")
        self.new.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.new)
        menu.setToolTipsVisible(True)
        menu.addActions(list(offers))
        self.new.setMenu(menu)
        self.add = _tool("Add panel", "Add an empty panel, up to four")
        self.linked = _tool("Linked", "Zoom and pan all panels together, relative to their images")
        self.linked.setCheckable(True)
        self.linked.setChecked(True)
        self.difference = _tool("Difference", "")
        self.difference.setCheckable(True)
        self.fit = _tool("Fit", "Show the whole of every image")
        self.common = ElidedLabel("muted")
        self.message = ElidedLabel("muted")
        self._progress = QWidget()
        self.progress_text = ElidedLabel("muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the comparison")
        self.stop = QPushButton("Stop")
        self.stop.setToolTip("End the runs of this comparison; finished ones are kept")
        self.scale = ColorScale("Context saliency", heat_table(1.0), ("0", "1"))
        self.difference_scale = ColorScale(
            "less map A", difference_table(DIFFERENCE_OPACITY), ("−1", "1")
        )
        self._grid = QGridLayout()
        self._lay_out()
        self._connect()
        self.set_count(FEWEST)
        self.set_difference_possible("Two maps of one image are needed")
        self.set_progress(None, 0, 0)
        self.difference_scale.hide()
        self._tint()

    @property
    def shown(self) -> tuple[ComparePanel, ...]:
        """The panels that are seen, in order."""
        return self.panels[: self._count]

    def set_count(self, count: int) -> None:
        """Show so many panels, two to four: in one row up to three, four in two rows."""
        self._count = count
        columns = 2 if count == MOST else count
        for index, panel in enumerate(self.panels):
            self._grid.removeWidget(panel)
            if index < count:
                self._grid.addWidget(panel, index // columns, index % columns)
            panel.setVisible(index < count)
            panel.set_beside(count == MOST)
            panel.set_others([i for i in range(count) if i != index])
        for column in range(MOST):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for row in range(2):
            self._grid.setRowStretch(row, 1 if row * columns < count else 0)
        self.add.setEnabled(count < MOST)
        self._order_tabs()

    def set_common(self, text: str) -> None:
        """Say what all panels show."""
        self.common.set_text(text, "In all panels")

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offer results in every panel."""
        for panel in self.panels:
            panel.set_choices(choices)

    def set_difference_possible(self, why_not: str) -> None:
        """Allow the view of differences, or say why there is none."""
        self.difference.setEnabled(not why_not)
        tip = "Show what each map has more or less than map A, in place of the maps"
        self.difference.setToolTip(f"{tip}\n{why_not}" if why_not else tip)
        if why_not:
            self.difference.setChecked(False)

    def set_differences(self, differences: Sequence[DifferencePicture | None]) -> None:
        """Show differences in the panels that have one, panel by panel; else the maps."""
        for panel, difference in zip(self.panels, differences, strict=False):
            panel.view.set_difference(difference)
        self.difference_scale.setVisible(any(each is not None for each in differences))

    def set_message(self, text: str) -> None:
        """Say something about what is compared, beside the scales."""
        self.message.set_text(text)

    def set_progress(self, text: str | None, done: int, total: int) -> None:
        """Say how far the runs of a comparison are; None hides it."""
        self._progress.setVisible(text is not None)
        self.progress_text.set_text(text or "")
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    @property
    def is_running(self) -> bool:
        """Whether it is said that runs are under way."""
        return not self._progress.isHidden()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_grid"):
            self._tint()

    def _connect(self) -> None:
        self.add.clicked.connect(self.add_wanted)
        self.linked.toggled.connect(self.link.set_on)
        self.difference.toggled.connect(self.difference_toggled)
        self.fit.clicked.connect(self.link.fit)
        self.stop.clicked.connect(self.stop_clicked)
        for index, panel in enumerate(self.panels):
            panel.chosen.connect(lambda identity, i=index: self.chosen.emit(i, identity))
            panel.dropped.connect(lambda found, i=index: self.dropped.emit(i, found))
            panel.swap_wanted.connect(lambda other, i=index: self.swap_wanted.emit(i, other))
            panel.closed.connect(lambda i=index: self.closed.emit(i))

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 4, 6, 0)
        bar.setSpacing(4)
        for button in (self.new, self.add, self.linked, self.difference, self.fit):
            bar.addWidget(button)
        bar.addSpacing(GAP)
        bar.addWidget(self.common, 1)
        progress = QHBoxLayout(self._progress)
        progress.setContentsMargins(GAP, 0, GAP, 0)
        progress.addWidget(self.progress_text, 2)
        progress.addWidget(self._bar, 1)
        progress.addWidget(self.stop)
        scales = QHBoxLayout()
        scales.setContentsMargins(GAP, 0, GAP, 4)
        scales.addWidget(self.scale)
        scales.addSpacing(3 * GAP)
        scales.addWidget(self.difference_scale)
        scales.addSpacing(GAP)
        scales.addWidget(self.message, 1)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(bar)
        layout.addWidget(self._progress)
        layout.addLayout(self._grid, 1)
        layout.addLayout(scales)

    def _order_tabs(self) -> None:
        """Tab goes through the buttons first, then panel by panel."""
        order: list[QWidget] = [self.new, self.add, self.linked, self.difference, self.fit]
        order.append(self.stop)
        for panel in self.shown:
            order += [panel.picker, panel.swap, panel.close_button, panel.view]
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    def _tint(self) -> None:
        for name, drawing in ICONS.items():
            button: QToolButton = getattr(self, "linked" if name == "link" else name)
            button.setIcon(icon(drawing))


def _tool(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(text)
    button.setToolTip(tip)
    button.setToolButtonStyle(TOGGLE_STYLE)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
