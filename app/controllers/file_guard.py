"""A session's file that somebody else has written meanwhile is not replaced without a question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox

from app.main_window import MainWindow
from gridsal_core.evaluation.stamps import FileState


class FileGuard(QObject):
    """Knows what the file was like when this window read or wrote it last."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._path: Path | None = None
        self._state: FileState | None = None

    def note(self, path: Path) -> None:
        """Remember what the file is like: it was just read or written here."""
        self._path, self._state = path, _state(path)

    def when_ours(self, path: Path, write: Callable[[], None]) -> None:
        """Call `write`, after a question if the file is another one than was noted."""
        now = _state(path)
        if path != self._path or now is None or now == self._state:
            write()
            return
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("GridSal")
        box.setText(f"Replace {path.name}?")
        box.setInformativeText(
            "Another window or program has changed it since it was opened or saved here; what that "
            "wrote would be lost. File > Save session as… keeps both."
        )
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Cancel)
        box.setDefaultButton(buttons.Cancel)
        box.finished.connect(lambda answer: write() if answer == buttons.Save else None)
        box.open()


def _state(path: Path) -> FileState | None:
    try:
        return FileState.of(path)
    except OSError:
        return None  # it is gone: nothing of it can be lost
