"""The dialog that says where label maps are, with what it finds for the image that is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.theme import current_colors
from app.views.forms import GAP, note

WIDTH = 560
PLACEHOLDER = "Empty: found by itself. Or, for example, ../labels/{stem}_label.png"
EXPLANATION = (
    "Where the label map of an image is, from the image's folder on. {stem} is the image's name "
    "without its ending, {name} with it, {folder} and {parent} the folder and the one above it, "
    "and {stem-ENDING} the name without ENDING. For Cityscapes that would be "
    "../../../gtFine/{parent}/{folder}/{stem-_leftImg8bit}_gtFine_labelIds.png; this and the "
    "layouts of Pascal VOC, ADE20K and COCO are also found with an empty line."
)


class LabelDialog(QDialog):
    """One line for a pattern; `chosen` brings it when the user is content.

    Parameters
    ----------
    pattern
        What is set now.
    parent
        The Qt owner.
    """

    pattern_edited = Signal(str)
    """With every letter; the owner answers with `show_found` or `show_wrong`."""
    chosen = Signal(str)

    def __init__(self, pattern: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Label maps")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._line = QLineEdit(pattern)
        self._line.setPlaceholderText(PLACEHOLDER)
        self._line.setAccessibleName("Label pattern")
        self._line.setToolTip("Where the label map of an image is, with {stem} for its name")
        self._line.setClearButtonEnabled(True)
        self._answer = note()
        self._answer.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self._answer.setAlignment(Qt.AlignmentFlag.AlignTop)
        kinds = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        title = QLabel("&Pattern")
        title.setBuddy(self._line)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        for widget in (title, self._line, self._answer, note(EXPLANATION)):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        self.setMinimumWidth(WIDTH)
        self._line.textChanged.connect(self.pattern_edited)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: self.chosen.emit(self.pattern))

    @property
    def pattern(self) -> str:
        """What stands in the line."""
        return self._line.text().strip()

    @property
    def answer(self) -> str:
        """What is said of it."""
        return self._answer.text()

    def show_found(self, sentence: str) -> None:
        """Say what the pattern finds for the current image."""
        self._show(sentence, is_good=True)

    def show_wrong(self, sentence: str) -> None:
        """Say what is wrong with the pattern; it cannot be chosen."""
        self._show(sentence, is_good=False)

    def _show(self, sentence: str, *, is_good: bool) -> None:
        self._answer.setText(sentence)
        colors = current_colors()
        self._answer.setStyleSheet(f"color: {colors.muted if is_good else colors.series[0]}")
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(is_good)
