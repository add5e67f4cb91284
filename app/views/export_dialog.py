"""Which results are written as data, and as what."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import GAP, heading, note

# Past the circle of a choice, to its words.
INDENT: Final = 26

Scope = Literal["this", "selected", "all"]

SCOPE_TIPS: Final[dict[Scope, str]] = {
    "this": "The result of the image in view",
    "selected": "The rows that are selected in the list of results",
    "all": "Every row of the list of results, whatever the filter hides",
}
FORMATS: Final = {
    ".npz": ("NumPy archive (.npz)", "Maps, region, prediction, losses, scores and settings"),
    ".csv": ("Table (.csv)", "A row for each result: class, scores, settings, notes"),
    ".json": ("Document (.json)", "All settings, versions, paths, scores and notes"),
}


class ExportDialog(QDialog):
    """Asks for scope and format; `chosen` brings both.

    Parameters
    ----------
    counts
        How many results each scope holds; one that holds none cannot be chosen.
    preferred
        What is chosen at first, if it holds any.
    parent
        The Qt owner.
    """

    chosen = Signal(str, str)
    """Scope and suffix."""

    def __init__(self, counts: dict[Scope, int], preferred: Scope, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export data")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.scopes: dict[Scope, QRadioButton] = {
            "this": QRadioButton("The result that is shown"),
            "selected": QRadioButton(f"Selected results ({counts['selected']})"),
            "all": QRadioButton(f"All results of this session ({counts['all']})"),
        }
        self.formats = {suffix: QRadioButton(title) for suffix, (title, _) in FORMATS.items()}
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self.go = buttons.button(kinds.Ok)
        self.go.setText("Export…")
        self.go.setProperty("role", "primary")
        self.go.setToolTip("Choose a file, or a folder for several archives")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Results"))
        # Each group excludes within itself only.
        groups = QButtonGroup(self), QButtonGroup(self)
        for scope, button in self.scopes.items():
            button.setEnabled(counts[scope] > 0)
            button.setToolTip(SCOPE_TIPS[scope] if counts[scope] else "There is none")
            groups[0].addButton(button)
            layout.addWidget(button)
        layout.addSpacing(GAP)
        layout.addWidget(heading("Format"))
        for suffix, button in self.formats.items():
            button.setToolTip(FORMATS[suffix][1])
            groups[1].addButton(button)
            layout.addLayout(_told(button, note(FORMATS[suffix][1])))
        layout.addSpacing(GAP)
        layout.addWidget(buttons)
        self.scopes[preferred if counts[preferred] else "all"].setChecked(True)
        self.formats[".npz"].setChecked(True)
        self.setMinimumWidth(400)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(self._tell)

    def _tell(self) -> None:
        scope = next(each for each, button in self.scopes.items() if button.isChecked())
        suffix = next(each for each, button in self.formats.items() if button.isChecked())
        self.chosen.emit(scope, suffix)


def _told(button: QRadioButton, said: QLabel) -> QVBoxLayout:
    """Put a choice and what is said of it close together."""
    said.setContentsMargins(INDENT, 0, 0, 0)
    both = QVBoxLayout()
    both.setSpacing(2)
    both.addWidget(button)
    both.addWidget(said)
    return both
