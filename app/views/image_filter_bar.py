"""The line over the image list: a name to search for, and below it, folded, what else to go by."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, QTimer, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.models.image_filter import ORDERS, STATUSES, ImageFilter
from app.views.forms import add_row, beside, choose, form, shrinkable
from app.views.legend_model import swatch
from gridsal_core.types import ClassInfo

TYPING_MS = 60
ICON = QSize(16, 16)
SWATCH = QSize(12, 12)


class ImageFilterBar(QWidget):
    """Edits an `ImageFilter`."""

    changed = Signal(object)
    """The ImageFilter, a moment after the last key."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ImageFilter()
        self.name = QLineEdit()
        self.name.setPlaceholderText("Filter by name")
        self.name.setClearButtonEnabled(True)
        self.name.setAccessibleName("Filter the images by name")
        self.name.setToolTip("Show only images whose name holds this text (Ctrl+F)")
        self.fold_button, self.grid_button = QToolButton(), QToolButton()
        self.true, self.predicted = QComboBox(), QComboBox()
        self.confusion = QCheckBox("At the same pixels")
        self.status, self.order = QComboBox(), QComboBox()
        self.fold = self._make_fold()
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(self.name, 1)
        for button in (self.fold_button, self.grid_button):
            button.setIconSize(ICON)
            line.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(line)
        layout.addWidget(self.fold)
        self.fold.hide()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._take)
        self.name.textChanged.connect(lambda _text: self._typing.start())
        for combo in (self.true, self.predicted, self.status, self.order):
            combo.currentIndexChanged.connect(lambda _index: self._take())
        self.confusion.toggled.connect(lambda _on: self._take())
        self.set_classes(())

    @property
    def wanted(self) -> ImageFilter:
        """What is wanted now."""
        return self._wanted

    def set_classes(self, classes: tuple[ClassInfo, ...]) -> None:
        """Offer the classes of a network; none is chosen then."""
        for combo in (self.true, self.predicted):
            with QSignalBlocker(combo):
                combo.clear()
                combo.addItem("Any class", None)
                combo.setIconSize(SWATCH)
                for index, info in enumerate(classes):
                    combo.addItem(swatch(info.color), info.name, index)
            combo.setEnabled(bool(classes))
        self.set_filter(replace(self._wanted, true=None, predicted=None, is_confusion=False))

    def set_filter(self, wanted: ImageFilter) -> None:
        """Show a filter, and tell of it if it is another one."""
        fields = (self.name, self.true, self.predicted, self.confusion, self.status, self.order)
        with ExitStack() as stack:
            for each in fields:
                stack.enter_context(QSignalBlocker(each))
            self.name.setText(wanted.text)
            choose(self.true, wanted.true)
            choose(self.predicted, wanted.predicted)
            self.confusion.setChecked(wanted.is_confusion)
            choose(self.status, wanted.status)
            choose(self.order, wanted.order)
        self._take()

    def _make_fold(self) -> QWidget:
        for status, text in STATUSES:
            self.status.addItem(text, status)
        for order, text in ORDERS:
            self.order.addItem(text, order)
        self.confusion.setToolTip(
            "Only images with pixels that truly are the one class and are predicted as the other"
        )
        fold = QWidget()
        layout = form()
        layout.setVerticalSpacing(4)
        fold.setLayout(layout)
        add_row(layout, "True", self.true, "Show only images that truly hold this class")
        add_row(
            layout, "Predicted", self.predicted, "Show only images predicted to hold this class"
        )
        layout.addRow("", self.confusion)
        tips = (
            "Show only images that are explained, have a note or tag on an explanation, have "
            "errors, or are not predicted yet",
            "Order of the images: by name, or the largest first by the share of the labelled "
            "pixels that is wrong, or by the share of the chosen class or confusion",
        )
        both = zip((self.status, self.order), ("Status", "Order"), tips, strict=True)
        for combo, name, tip in both:
            combo.setToolTip(tip)
            combo.setAccessibleName(f"{name} of the images")
            shrinkable(combo)
        layout.addRow(beside(self.status, self.order, stretch=(0, 1)))
        return fold

    def _take(self) -> None:
        """Read the fields; what makes no sense with the others is put back."""
        self._typing.stop()
        true, predicted = self.true.currentData(), self.predicted.currentData()
        can_confuse = true is not None and predicted is not None
        with QSignalBlocker(self.confusion):
            self.confusion.setEnabled(can_confuse)
            self.confusion.setChecked(can_confuse and self.confusion.isChecked())
        self._allow_choice(true is not None or predicted is not None)
        wanted = ImageFilter(
            self.name.text(),
            predicted,
            true,
            self.confusion.isChecked(),
            self.status.currentData(),
            self.order.currentData(),
        )
        if wanted != self._wanted:
            self._wanted = wanted
            self.changed.emit(wanted)

    def _allow_choice(self, is_chosen: bool) -> None:
        entries = self.order.model()
        if isinstance(entries, QStandardItemModel):
            entries.item(self.order.findData("choice")).setEnabled(is_chosen)
        if not is_chosen and self.order.currentData() == "choice":
            choose(self.order, "name")
