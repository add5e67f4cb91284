"""Which segments are to be queued: of which class, how large, and where."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import GAP, add_row, form, note
from app.views.request_panel import swatch
from gridsal_core.types import ClassInfo

MOST_PIXELS = 100_000_000
WIDTH = 380


@dataclass(frozen=True)
class SegmentChoice:
    """Segments of a class with at least so many pixels, on one image or on all of the folder."""

    class_index: int
    min_pixels: int
    is_folder: bool


class SegmentsDialog(QDialog):
    """Asks for a SegmentChoice, and says how many segments it gives on this image.

    Parameters
    ----------
    classes
        Of the network.
    chosen
        The class to begin with.
    min_pixels
        The size to begin with, in working pixels.
    images
        How many images the folder has.
    parent
        The Qt owner.
    """

    changed = Signal()
    queue_clicked = Signal(object)
    """The SegmentChoice."""

    def __init__(
        self,
        classes: tuple[ClassInfo, ...],
        chosen: int,
        min_pixels: int,
        images: int,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Queue every segment of a class")
        self.class_box = QComboBox()
        self.class_box.setMaxVisibleItems(20)
        for index, entry in enumerate(classes):
            self.class_box.addItem(swatch(entry.color), entry.name, index)
        self.class_box.setCurrentIndex(chosen)
        self.pixels = QSpinBox()
        self.pixels.setRange(1, MOST_PIXELS)
        self.pixels.setGroupSeparatorShown(True)
        self.pixels.setSuffix(" pixels")
        self.pixels.setValue(min_pixels)
        self.here = QRadioButton("On this image")
        self.here.setToolTip("Only the segments of the image that is shown")
        self.everywhere = QRadioButton(f"On all {images:,} images of the folder")
        self.everywhere.setToolTip("Each image is predicted in the background; labels are not used")
        self.everywhere.setEnabled(images > 1)
        self.here.setChecked(True)
        self._group = QButtonGroup(self)
        for button in (self.here, self.everywhere):
            self._group.addButton(button)
        self._found = note("Counting…")
        self.queue_button = QPushButton("Add to queue")
        self.queue_button.setProperty("role", "primary")
        self.queue_button.setToolTip("Queue one request for each segment, with the settings of now")
        self._lay_out()
        self.class_box.currentIndexChanged.connect(self.changed)
        self.pixels.valueChanged.connect(self.changed)
        self._group.buttonToggled.connect(self.changed)

    @property
    def choice(self) -> SegmentChoice:
        """What is chosen now."""
        return SegmentChoice(
            self.class_box.currentIndex(), self.pixels.value(), self.everywhere.isChecked()
        )

    @property
    def found_text(self) -> str:
        """What is said of what is found."""
        return self._found.text()

    def set_found(self, text: str, *, can_queue: bool) -> None:
        """Say how many segments there are, and whether they can be queued."""
        self._found.setText(text)
        self.queue_button.setEnabled(can_queue)

    def _lay_out(self) -> None:
        fields = form()
        add_row(fields, "Class", self.class_box, "The predicted class whose segments are queued.")
        add_row(
            fields,
            "At least",
            self.pixels,
            "Smaller segments are left out: size in working pixels, 1 or more.",
        )
        cancel = QPushButton("Cancel")
        cancel.setToolTip("Queue nothing")
        cancel.clicked.connect(self.reject)
        self.queue_button.clicked.connect(self._on_accepted)
        self.queue_button.setDefault(True)
        buttons = QDialogButtonBox()
        buttons.addButton(self.queue_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(GAP)
        layout.addLayout(fields)
        layout.addWidget(self.here)
        layout.addWidget(self.everywhere)
        self._found.setMinimumHeight(2 * self._found.fontMetrics().lineSpacing())
        layout.addWidget(self._found)
        layout.addWidget(buttons)
        self.setMinimumWidth(WIDTH)

    def _on_accepted(self) -> None:
        self.queue_clicked.emit(self.choice)
        self.accept()
