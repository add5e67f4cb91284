"""The figure of the current result, as it is by default: into a file and onto the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QImage

from app.controllers.dialogs import ask_file, show_error
from app.controllers.figures import FigureDesk, FigureJob
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.workers.figures import DrawFigure, Drawn, Key, WriteFigure
from gridsal_core.figure.spec import FigureSpec

FIGURES: Final = "PNG image (*.png);;SVG drawing (*.svg);;PDF document (*.pdf)"
NOTE_MS: Final = 10_000


class ExportController(QObject):
    """Asks where to, has it drawn, and says when it is done."""

    def __init__(
        self, window: MainWindow, session: Session, settings: AppSettings, desk: FigureDesk
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._settings, self._desk = settings, desk
        window.action("export_figure").triggered.connect(self.ask_figure)
        window.action("copy_figure").triggered.connect(self.copy_figure)
        window.result.export_figure_clicked.connect(self.ask_figure)
        window.result.copy_clicked.connect(self.copy_figure)

    def ask_figure(self) -> None:
        """Let the user choose a figure file and write it."""
        result = self._session.result
        if result is None or self._session.current is None:
            return
        name = f"{self._session.current.stem}_{result.class_name}_{result.settings.method}"
        path = ask_file(self._window, self._settings, "Export figure", name, FIGURES)
        if path is not None:
            self.export(path)

    def export(self, path: Path) -> None:
        """Draw the current result into a file, by its suffix."""
        if may_write(self._window, self._session, path):
            self._window.status.showMessage(f"Writing {path.name}…")
            self._draw(
                lambda keys: WriteFigure(FigureSpec(), keys, path),
                lambda saved: self._window.status.showMessage(f"Saved {saved}", NOTE_MS),
            )

    def copy_figure(self) -> None:
        """Put the figure of the current result on the clipboard."""
        self._window.status.showMessage("Drawing the figure…")
        self._draw(
            lambda keys: DrawFigure(FigureSpec(), keys),
            lambda drawn: copy_drawn(self._window, drawn),
        )

    def _draw(
        self, make: Callable[[tuple[Key, ...]], FigureJob], on_done: Callable[[Any], None]
    ) -> None:
        identity = self._session.result_identity
        if identity is not None:
            keys = self._desk.keys(FigureSpec(), [identity])
            self._desk.submit(make(keys), on_done, self._fail)

    def _fail(self, sentence: str, trace: str) -> None:
        self._window.status.clearMessage()
        show_error(self._window, sentence, trace)


def copy_drawn(window: MainWindow, drawn: Drawn) -> None:
    """Put a drawn figure on the clipboard, and say so."""
    QGuiApplication.clipboard().setImage(QImage.fromData(drawn.data))
    window.status.showMessage("The figure is on the clipboard.", NOTE_MS)


def may_write(window: MainWindow, session: Session, path: Path) -> bool:
    """Whether a file may be written; one that is open may not, which is told."""
    if not path.exists():
        return True  # asking each of a hundred thousand images takes a second
    label = None if session.loaded is None else session.loaded.label_path
    files = session.images if label is None else (label, *session.images)
    if any(_is_same(file, path) for file in files):
        show_error(window, f"{path.name} is one of the opened files; give another name.")
        return False
    return True


def _is_same(file: Path, path: Path) -> bool:
    try:
        return file.samefile(path)
    except OSError:
        return False  # an image that is gone is none to be protected
