"""The one place in the window where an error or a note is shown, and a file to save asked for."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.settings import AppSettings
from gridsal_core.logs import failure_report, log_folder

log = logging.getLogger(__name__)


def show_error(parent: QWidget | None, sentence: str, details: str = "") -> None:
    """Show one sentence in a dialog that waits for nobody; details fold away."""
    log.error("%s%s", sentence, f"\n{details}" if details else "")
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("GridSal")
    box.setText(sentence)
    if details:
        box.setInformativeText(f"The log, in {log_folder()}, says more.")
        box.setDetailedText(details)
    _add_copying(box, sentence, details)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def _add_copying(box: QMessageBox, sentence: str, details: str) -> None:
    """Add a button that copies what to send to whoever can help; the dialog stays."""
    box.addButton(QMessageBox.StandardButton.Ok)
    # With a second button Qt does not see by itself which one Escape and closing mean.
    box.setEscapeButton(QMessageBox.StandardButton.Ok)
    button = box.addButton("Copy report", QMessageBox.ButtonRole.ActionRole)
    button.setToolTip(
        "Copies the sentence, the versions and the end of the log: files and settings are named, "
        "no image is in it"
    )
    # Or the box would close.
    button.clicked.disconnect()

    def copy() -> None:
        QGuiApplication.clipboard().setText(failure_report(sentence, details))
        button.setText("Copied")

    button.clicked.connect(copy)


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


def ask_file(
    parent: QWidget, settings: AppSettings, title: str, name: str, kinds: str
) -> Path | None:
    """Let the user choose a file to save; None if they changed their mind.

    Parameters
    ----------
    parent
        The Qt owner of the dialog.
    settings
        Remembers the folder.
    title
        Of the dialog.
    name
        What is proposed, without its ending; what no file name should hold is replaced.
    kinds
        The filters, as Qt writes them; a name that has none of their endings gets one.
    """
    suffixes = re.findall(r"\*(\.\w+)", kinds)
    proposal = re.sub(r"[^\w.-]+", "_", name) + suffixes[0]
    folder = settings.export_folder or Path.home()
    chosen, kind = QFileDialog.getSaveFileName(parent, title, str(folder / proposal), kinds)
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() not in suffixes:
        path = path.with_name(path.name + (re.findall(r"\*(\.\w+)", kind) or suffixes)[0])
        if path.exists() and not _may_replace(parent, path):
            return None
    settings.export_folder = path.parent
    return path


def _may_replace(parent: QWidget, path: Path) -> bool:
    # The dialog asked about the name without its ending.
    answer = QMessageBox.question(parent, "GridSal", f"{path.name} exists already. Replace it?")
    return answer == QMessageBox.StandardButton.Yes
