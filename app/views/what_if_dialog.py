"""What if: before and after a change of the context, side by side, and what flipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QRadioButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.models.map_picture import MapPicture
from app.views.class_bars import percent
from app.views.forms import GAP, heading, note
from app.views.map_view import MapView
from app.views.number_field import NumberField
from app.views.request_panel import swatch
from app.views.view_link import ViewLink
from gridsal_core.types import ClassInfo
from gridsal_core.whatif import Flip, WhatIfKind

SIZE: Final = QSize(1000, 680)
SMALLEST: Final = QSize(640, 520)
KINDS: Final[dict[WhatIfKind, tuple[str, str]]] = {
    "remove": (
        "Without the salient context",
        "Remove the context that the map shows: does the label flip?",
    ),
    "keep": (
        "Only the object and the salient context",
        "Remove everything but the region and the context that the map shows",
    ),
    "painted": (
        "Without the painted context",
        "Remove what is selected in the window now, outside the explained region: paint it first",
    ),
}
WORD_COLUMNS: Final = 2
COLUMNS: Final = (
    ("From", "What the pixels were predicted as"),
    ("To", "What they are predicted as now"),
    ("Pixels", "How many pixels of the region"),
    ("Share", "Of the region's pixels"),
    ("Confidence before", "Mean probability of the predicted class there, on the image (0 to 1)"),
    ("Confidence after", "Mean probability of the predicted class there, on the changed image"),
)
NOTHING_FLIPPED: Final = "No pixel of the region is predicted as another class."
ROWS_SHOWN: Final = 4


class WhatIfDialog(QDialog):
    """Asks and shows one answer; it stays open beside the window.

    Parameters
    ----------
    title
        What was explained.
    classes
        Of the network.
    parent
        The Qt owner.
    """

    asked = Signal(str, object)
    """How the context is to be changed, and the threshold or None."""
    save_clicked = Signal()

    def __init__(self, title: str, classes: Sequence[ClassInfo], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._classes = tuple(classes)
        self.kinds: dict[WhatIfKind, QRadioButton] = {}
        self._group = QButtonGroup(self)
        for kind, (text, tip) in KINDS.items():
            button = self.kinds[kind] = QRadioButton(text)
            button.setToolTip(tip)
            self._group.addButton(button)
        self.is_cut = QCheckBox("Whole pixels from saliency")
        self.threshold = NumberField("The threshold", 0.01, 1, 0.5, 0.05)
        self.show_classes = QCheckBox("Predicted classes")
        self.text = QLabel()
        self.before, self.after = MapView("Before"), MapView("After")
        self.link = ViewLink([self.before, self.after], self)
        self.table = QTableWidget(0, len(COLUMNS))
        self.empty = note(NOTHING_FLIPPED)
        self._captions = (QLabel(), QLabel())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = buttons.addButton("Save figure…", QDialogButtonBox.ButtonRole.ActionRole)
        self.save.setToolTip("Write explanation, before and after as PNG, SVG or PDF")
        self.save.setEnabled(False)
        self._dress()
        self._lay_out(title, buttons)
        self._connect(buttons)
        self.resize(SIZE)

    @property
    def kind(self) -> WhatIfKind:
        """How the context is changed."""
        return next(kind for kind, button in self.kinds.items() if button.isChecked())

    def set_kind(self, kind: WhatIfKind) -> None:
        """Choose how the context is changed, without asking."""
        with QSignalBlocker(self._group):
            self.kinds[kind].setChecked(True)
        self._show_threshold()

    @property
    def cut(self) -> float | None:
        """The threshold; None if each pixel is taken by its saliency."""
        is_on = self.is_cut.isChecked() and self.kind != "painted"
        return self.threshold.value() if is_on else None

    def set_waiting(self) -> None:
        """Say that the network predicts again."""
        self.text.setText("The network predicts again…")
        self.save.setEnabled(False)

    def set_refused(self, sentence: str) -> None:
        """Say why there is no answer; the last one stays."""
        self.text.setText(sentence)

    def set_answer(
        self,
        sentence: str,
        before: MapPicture,
        after: MapPicture,
        scores: tuple[float, float],
        flips: Sequence[Flip],
    ) -> None:
        """Show what the network says."""
        self.text.setText(sentence)
        self.before.set_picture(before)
        self.after.set_picture(after)
        self.link.join()
        self._show_layers()
        for caption, name, score in zip(self._captions, ("Before", "After"), scores, strict=True):
            caption.setText(f"{name}: score {score:.2f} in the region")
        self._fill(flips)
        self.save.setEnabled(True)

    def _fill(self, flips: Sequence[Flip]) -> None:
        self.table.setRowCount(len(flips))
        for row, flip in enumerate(flips):
            for column, index in enumerate((flip.before, flip.after)):
                info = self._classes[index]
                self.table.setItem(row, column, QTableWidgetItem(swatch(info.color), info.name))
            numbers = (
                f"{flip.pixels:,}",
                percent(flip.share),
                f"{flip.confidence_before:.2f}",
                f"{flip.confidence_after:.2f}",
            )
            for column, text in enumerate(numbers, 2):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self.table.setVisible(bool(flips))
        self.empty.setVisible(not flips)

    def _dress(self) -> None:
        self.is_cut.setToolTip(
            "Take each pixel of at least this saliency (0.01 to 1) as a whole, and none of the "
            "others.\nOff: each pixel is taken by its saliency, as the method does"
        )
        self.threshold.setValue(0.5)
        self.threshold.setAccessibleName("Threshold of the saliency")
        self.threshold.setToolTip("From which saliency on a pixel counts, 0.01 to 1")
        self.show_classes.setChecked(True)
        self.show_classes.setToolTip(
            "Lay the predicted classes over both images; else the map lies over the first"
        )
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # Two lines: the views below must not jump from one answer to the next.
        self.text.setMinimumHeight(2 * self.text.fontMetrics().lineSpacing())
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        table = self.table
        table.setAccessibleName("Pixels that flipped, by class")
        table.setToolTip("The pixels of the region whose predicted class is another one now")
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        for column, (name, tip) in enumerate(COLUMNS):
            title = QTableWidgetItem(name)
            title.setToolTip(tip)
            side = (
                Qt.AlignmentFlag.AlignLeft if column < WORD_COLUMNS else Qt.AlignmentFlag.AlignRight
            )
            title.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            table.setHorizontalHeaderItem(column, title)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setToolTip("Pixels by the class before and after, and the mean confidence in each")
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.verticalHeader().hide()
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        row = table.verticalHeader().defaultSectionSize()
        table.setFixedHeight(ROWS_SHOWN * row + table.horizontalHeader().sizeHint().height())
        table.hide()
        self.empty.hide()

    def _lay_out(self, title: str, buttons: QDialogButtonBox) -> None:
        choice = QHBoxLayout()
        choice.setSpacing(2 * GAP)
        for button in self.kinds.values():
            choice.addWidget(button)
        choice.addStretch(1)
        options = QHBoxLayout()
        options.setSpacing(GAP)
        options.addWidget(self.is_cut)
        options.addWidget(self.threshold)
        options.addSpacing(2 * GAP)
        options.addWidget(self.show_classes)
        options.addStretch(1)
        views = QGridLayout()
        views.setSpacing(GAP)
        for column, view in enumerate((self.before, self.after)):
            views.addWidget(self._captions[column], 0, column)
            views.addWidget(view, 1, column)
            views.setColumnStretch(column, 1)
        views.setRowStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addWidget(heading(title))
        layout.addLayout(choice)
        layout.addLayout(options)
        layout.addWidget(self.text)
        layout.addLayout(views, 1)
        layout.addWidget(self.empty)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        self.setMinimumSize(SMALLEST)

    def _connect(self, buttons: QDialogButtonBox) -> None:
        self._group.buttonToggled.connect(self._on_kind)
        self.is_cut.toggled.connect(self._on_cut)
        self.threshold.valueChanged.connect(self._ask)
        self.threshold.refused.connect(self.set_refused)
        self.show_classes.toggled.connect(self._show_layers)
        self.save.clicked.connect(self.save_clicked)
        buttons.rejected.connect(self.reject)

    def _on_kind(self, _button: QRadioButton, is_on: bool) -> None:
        if is_on:
            self._show_threshold()
            self._ask()

    def _on_cut(self) -> None:
        self._show_threshold()
        self._ask()

    def _show_threshold(self) -> None:
        has_map = self.kind != "painted"
        self.is_cut.setEnabled(has_map)
        self.threshold.setEnabled(has_map and self.is_cut.isChecked())

    def _ask(self) -> None:
        self.asked.emit(self.kind, self.cut)

    def _show_layers(self) -> None:
        has_classes = self.show_classes.isChecked()
        for view in (self.before, self.after):
            view.set_overlay_visible("classes", has_classes)
            view.set_overlay_visible("heat", not has_classes)
