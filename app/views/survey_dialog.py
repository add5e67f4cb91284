"""What a survey of the open folder asks: requests, classes, sizes, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.views.class_checks import ClassChecks
from app.views.forms import GAP, add_row, beside, form, heading, note
from gridsal_core.survey.kinds import KINDS, RequestKind
from gridsal_core.types import ClassInfo

MOST_PIXELS, MOST_WIDTH = 100_000_000, 10_000
WIDTH: Final = 720
KIND_TITLES: Final[dict[RequestKind, str]] = {
    "predicted": "Predicted segments",
    "correct": "Correct parts of predicted segments",
    "erroneous": "Erroneous parts of predicted segments",
    "confusions": "Every pair of a true and a predicted class",
}
KIND_TIPS: Final[dict[RequestKind, str]] = {
    "predicted": "Each segment that the network sees, whatever is true: figure 6 of the paper",
    "correct": "The part of each segment that is right by the label map",
    "erroneous": "Each part of a segment that is of another class by the label map",
    "confusions": "On each image all pixels that are of one true class and are taken for one "
    "class, right or wrong: table 1 of the paper",
}
CLASSES_TIP: Final = (
    "Only requests about the checked classes are made, whether it is the predicted or the true one"
)
SIZE_TIP: Final = (
    "Smaller regions are left out: size in working pixels, 1 or more. At the lowest value it is as "
    "in the paper, 10,000 pixels for segments and 625 for the others at 1024 × 2048, scaled with "
    "the image's area."
)
WIDTH_TIP: Final = (
    "The baseline is what lies around a request in any case: how far the request is widened for "
    "it, in working pixels from 1 to 10,000. At the lowest value it is the side of a mask cell."
)
FLIPS_TIP: Final = (
    "Remove the salient context of each request, all of it and that of each larger class, and see "
    "whether the label flips: takes some more passes through the network"
)
COUNT_TIP: Final = "By what each pixel of the context counts"
NO_LABELS: Final = "No label map is found for this image; File > Label maps says where they are."


@dataclass(frozen=True)
class SurveyFacts:
    """What the dialog has to know.

    Parameters
    ----------
    classes
        Of the network.
    has_labels
        Whether label maps are found.
    segment_pixels, part_pixels
        The smallest regions as in the paper, at the size of the image in view.
    cell_pixels
        The width of the baseline as it is by default.
    settings
        How each request is explained, in words.
    images
        How many images there are.
    """

    classes: tuple[ClassInfo, ...]
    has_labels: bool
    segment_pixels: int
    part_pixels: int
    cell_pixels: int
    settings: str
    images: int


@dataclass(frozen=True)
class SurveyChoice:
    """What is chosen; None for what is as by default, no classes for all."""

    kinds: tuple[RequestKind, ...]
    uses_labels: bool
    classes: tuple[int, ...]
    min_pixels: int | None
    width: int | None
    flips: bool
    folder: str


class SurveyDialog(QDialog):
    """Asks for a SurveyChoice.

    Parameters
    ----------
    facts
        What there is.
    folder
        Where the survey is kept unless another place is chosen.
    parent
        The Qt owner.
    """

    changed = Signal()
    browse_clicked = Signal()
    start_clicked = Signal(object)
    """The SurveyChoice."""

    def __init__(self, facts: SurveyFacts, folder: Path, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Survey the folder")
        self._facts = facts
        self.kinds: dict[RequestKind, QCheckBox] = {}
        for kind in KINDS:
            box = self.kinds[kind] = QCheckBox(KIND_TITLES[kind])
            can = facts.has_labels or kind == "predicted"
            box.setEnabled(can)
            box.setToolTip(KIND_TIPS[kind] if can else NO_LABELS)
            box.setChecked(kind == "predicted" or (kind == "confusions" and can))
        self.count = QComboBox()
        self.count.addItem("True class, from the label maps", True)
        self.count.addItem("Predicted class", False)
        self.count.setCurrentIndex(0 if facts.has_labels else 1)
        self.count.setEnabled(facts.has_labels)
        self.classes = ClassChecks(facts.classes, "Classes that are asked about", CLASSES_TIP)
        self.pixels = _spin(
            MOST_PIXELS,
            f"As in the paper: {facts.segment_pixels:,} pixels, parts {facts.part_pixels:,}",
        )
        self.width_field = _spin(MOST_WIDTH, f"One cell of the mask: {facts.cell_pixels:,} pixels")
        self.flips = QCheckBox("Remove the context, and count how often the label flips")
        self.flips.setToolTip(FLIPS_TIP)
        self.flips.setChecked(True)
        self.folder = QLineEdit(str(folder))
        self.browse = QPushButton("Browse…")
        self.browse.setToolTip("Choose another folder")
        self._told, self._estimate = QLabel(), note("Counting…")
        self.start = QPushButton("Start")
        self._lay_out()
        self._connect()

    @property
    def choice(self) -> SurveyChoice:
        """What is chosen now."""
        kinds = tuple(kind for kind, box in self.kinds.items() if box.isChecked())
        checked = self.classes.checked
        is_all = len(checked) == len(self._facts.classes)
        return SurveyChoice(
            kinds,
            bool(self.count.currentData()),
            () if is_all else checked,
            self.pixels.value() or None,
            self.width_field.value() or None,
            self.flips.isChecked(),
            self.folder.text().strip(),
        )

    @property
    def told(self) -> str:
        """What stands in the way, or what the folder holds."""
        return self._told.text()

    @property
    def estimate(self) -> str:
        """What is said of the number of requests."""
        return self._estimate.text()

    def set_told(self, sentence: str, *, can_start: bool, button: str = "Start") -> None:
        """Say what stands in the way, or what the folder holds."""
        self._told.setText(sentence)
        self.start.setEnabled(can_start)
        self.start.setText(button)
        self.start.setToolTip(
            "Begin in the background; you can go on working" if can_start else sentence
        )

    def set_estimate(self, sentence: str) -> None:
        """Say about how many requests there will be."""
        self._estimate.setText(sentence)

    def _lay_out(self) -> None:
        facts = self._facts
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(GAP)
        left.addWidget(heading("What is explained"))
        for box in self.kinds.values():
            left.addWidget(box)
        left.addSpacing(GAP)
        left.addWidget(heading("Smallest region, baseline, flips"))
        fields = form()
        add_row(fields, "At least", self.pixels, SIZE_TIP)
        add_row(fields, "Baseline", self.width_field, WIDTH_TIP)
        add_row(fields, "Count by", self.count, COUNT_TIP)
        left.addLayout(fields)
        left.addWidget(self.flips)
        left.addStretch(1)
        right.addWidget(heading("About which classes"))
        right.addWidget(self.classes, 1)
        columns = QHBoxLayout()
        columns.setSpacing(3 * GAP)
        columns.addLayout(left, 3)
        columns.addLayout(right, 2)
        where = form()
        add_row(
            where,
            "Keep it in",
            beside(self.folder, self.browse, stretch=(0,)),
            "A new or empty folder for results, figures and report, or that of the same survey",
        )
        self.folder.setAccessibleName("Folder of the survey")
        self._told.setWordWrap(True)
        self._told.setMinimumHeight(2 * self._told.fontMetrics().lineSpacing())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(GAP)
        layout.addLayout(columns, 1)
        layout.addWidget(heading("How"))
        layout.addWidget(note(facts.settings))
        layout.addLayout(where)
        layout.addWidget(self._estimate)
        layout.addWidget(self._told)
        layout.addWidget(self._buttons())
        self.setMinimumWidth(WIDTH)

    def _buttons(self) -> QDialogButtonBox:
        cancel = QPushButton("Cancel")
        cancel.setToolTip("Survey nothing")
        cancel.clicked.connect(self.reject)
        self.start.setProperty("role", "primary")
        self.start.setDefault(True)
        self.start.clicked.connect(self._on_start)
        buttons = QDialogButtonBox()
        buttons.addButton(self.start, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        return buttons

    def _connect(self) -> None:
        for box in (*self.kinds.values(), self.flips):
            box.toggled.connect(self.changed)
        for field in (self.pixels, self.width_field):
            field.valueChanged.connect(self.changed)
        self.count.currentIndexChanged.connect(self.changed)
        self.classes.changed.connect(self.changed)
        self.folder.textChanged.connect(self.changed)
        self.browse.clicked.connect(self.browse_clicked)
        self.browse.setAutoDefault(False)

    def _on_start(self) -> None:
        self.start_clicked.emit(self.choice)
        self.accept()


def _spin(most: int, default: str) -> QSpinBox:
    """A number of pixels, whose lowest value stands for the default."""
    spin = QSpinBox()
    spin.setRange(0, most)
    spin.setGroupSeparatorShown(True)
    spin.setSuffix(" pixels")
    spin.setSpecialValueText(default)
    return spin
