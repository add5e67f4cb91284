"""Asks where a folder or a network is on this machine."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import current_colors
from app.views.forms import GAP, heading, note

WIDTH: Final = 520


class MovedDialog(QDialog):
    """One question; `folder_wanted` and `file_wanted` ask the owner for a choice.

    Parameters
    ----------
    title
        The question.
    place
        Where it was.
    explanation
        What is there, and what the answer does.
    can_be_file
        Whether it may be a file too.
    parent
        The Qt owner.
    """

    folder_wanted = Signal()
    file_wanted = Signal()
    left_out = Signal()
    """The session is to be opened without it."""

    def __init__(
        self, title: str, place: str, explanation: str, *, can_be_file: bool, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open session")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        where = QLabel(place)
        where.setWordWrap(True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._answer = note()
        self._answer.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self._answer.setAlignment(Qt.AlignmentFlag.AlignTop)
        roles = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox()
        self.folder = QPushButton("Choose folder…")
        self.folder.setToolTip("Show the folder that holds it now")
        self.file = QPushButton("Choose file…")
        self.file.setToolTip("Show the file that it is now")
        self.without = QPushButton("Go on without it")
        self.without.setToolTip("Open the session; what needs it can be restored another time")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Do not open the session")
        buttons.addButton(self.folder, roles.ActionRole)
        if can_be_file:
            buttons.addButton(self.file, roles.ActionRole)
        buttons.addButton(self.without, roles.ActionRole)
        buttons.addButton(self.cancel, roles.RejectRole)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        for widget in (heading(title), where, note(explanation), self._answer, buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(WIDTH)
        self.folder.setDefault(True)
        self.folder.clicked.connect(self.folder_wanted)
        self.file.clicked.connect(self.file_wanted)
        self.without.clicked.connect(self.left_out)
        buttons.rejected.connect(self.reject)

    @property
    def answer(self) -> str:
        """Why what was chosen is not it."""
        return self._answer.text()

    def show_wrong(self, sentence: str) -> None:
        """Say why what was chosen is not it."""
        self._answer.setText(sentence)
        self._answer.setStyleSheet(f"color: {current_colors().series[0]}")
