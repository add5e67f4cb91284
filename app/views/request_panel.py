"""The request: how large the region is, where it came from, and the class to explain."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from app.views.forms import GAP, add_row, beside, form, heading, note
from gridsal_core.types import ClassInfo

FOLLOW = -1


class RequestPanel(QWidget):
    """Shows the request and lets the class be chosen.

    Parameters
    ----------
    parts
        What the buttons do that make the region a part of the picked segment, by their text.
    compare
        Compares the parts of the picked segment.
    """

    class_chosen = Signal(object)
    """The class index, or None to follow the prediction."""

    def __init__(self, parts: Mapping[str, QAction], compare: QAction) -> None:
        super().__init__()
        self._region = note()
        self._region.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # A part takes two lines to tell: the buttons below must not move under the pointer.
        self._region.setMinimumHeight(2 * self._region.fontMetrics().lineSpacing())
        self.part_buttons = [_button(text, action) for text, action in parts.items()]
        self.compare_button = _button("Compare", compare)
        self.class_box = QComboBox()
        self.class_box.setMaxVisibleItems(20)
        fields = form()
        add_row(
            fields,
            "Class",
            self.class_box,
            "The class to explain inside the region: the predicted one, or any other.",
        )
        row = (*self.part_buttons, self.compare_button)
        buttons = beside(*row, stretch=tuple(range(len(row))))
        tip = (
            "What of the picked segment is the region: all, what is correct, or what is wrong; "
            "or compare correct and wrong."
        )
        add_row(fields, "Part", buttons, tip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Request"))
        layout.addWidget(self._region)
        layout.addLayout(fields)
        self.class_box.activated.connect(self._on_class)
        self.set_classes(())
        self.set_region("")

    def set_region(self, text: str) -> None:
        """Say what the region is."""
        self._region.setText(text or "Click a segment in the image, or paint a region.")

    def set_classes(self, classes: tuple[ClassInfo, ...]) -> None:
        """Offer the classes of a network."""
        with QSignalBlocker(self.class_box):
            self.class_box.clear()
            self.class_box.addItem("As predicted", FOLLOW)
            for index, entry in enumerate(classes):
                self.class_box.addItem(swatch(entry.color), entry.name, index)
        self.class_box.setEnabled(bool(classes))

    def set_class(self, chosen: int | None, predicted: str) -> None:
        """Show the class chosen by hand, or that it follows the predicted one."""
        self.class_box.setItemText(0, f"As predicted: {predicted}" if predicted else "As predicted")
        with QSignalBlocker(self.class_box):
            self.class_box.setCurrentIndex(0 if chosen is None else chosen + 1)

    def _on_class(self) -> None:
        index = self.class_box.currentData()
        self.class_chosen.emit(None if index == FOLLOW else index)


def _button(text: str, action: QAction) -> QPushButton:
    """Make a button that does what an action does, as long as that can be done."""
    button = QPushButton(text)
    button.setProperty("role", "compact")
    button.setAccessibleName(action.text().replace("&", ""))
    button.clicked.connect(action.trigger)

    def follow() -> None:
        button.setEnabled(action.isEnabled())
        button.setToolTip(action.toolTip())

    action.changed.connect(follow)
    follow()
    return button


def swatch(color: tuple[int, int, int]) -> QIcon:
    """Make a square icon of one colour."""
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(*color))
    return QIcon(pixmap)
