"""The one place in the window where an error, or a note, is shown."""

from __future__ import annotations

import logging

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

log = logging.getLogger(__name__)


def show_error(parent: QWidget | None, sentence: str, details: str = "") -> None:
    """Show one sentence in a dialog that waits for nobody; details fold away."""
    log.error("%s%s", sentence, f"\n{details}" if details else "")
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("GridSal")
    box.setText(sentence)
    if details:
        box.setDetailedText(details)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def show_notes(parent: QWidget | None, title: str, notes: tuple[str, ...]) -> None:
    """Show sentences to be read in peace, in a dialog that waits for nobody."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Information)
    box.setWindowTitle("GridSal")
    box.setText(title)
    box.setInformativeText("\n\n".join(notes))
    box.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
