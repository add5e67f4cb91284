"""Where the logs are, and what ends up in them that nobody else would tell."""

from __future__ import annotations

import logging
import threading

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.controllers.dialogs import show_error
from app.main_window import MainWindow
from gridsal_core.atomic import make_folder
from gridsal_core.errors import OutputError
from gridsal_core.logs import log_folder

NOTE_MS = 15_000

log = logging.getLogger(__name__)


class LogsController(QObject):
    """Shows the folder of the logs."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.action("show_logs").triggered.connect(self.show_folder)

    def show_folder(self) -> None:
        """Open the folder in the desktop's file manager; where there is none, say where it is."""
        folder = log_folder()
        try:
            make_folder(folder)
        except OutputError as error:
            show_error(self._window, str(error))
            return
        self._window.status.showMessage(f"The logs are in {folder}", NOTE_MS)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def log_threads() -> None:
    """Log what ends a thread, which would only reach a terminal that nobody looks at."""

    def note(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_type is not SystemExit and ended.exc_value is not None:
            name = "" if ended.thread is None else ended.thread.name
            log.error("The thread %s ended", name, exc_info=ended.exc_value)

    threading.excepthook = note
