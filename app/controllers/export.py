"""Figures and data out of the window: files and clipboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QImage

from app.controllers.dialogs import ask_file, show_error
from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.engine_client import EngineClient

FIGURES = "PNG image (*.png);;SVG drawing (*.svg);;PDF document (*.pdf)"
DATA = "NumPy archive (*.npz)"


class ExportController(QObject):
    """Asks where to, has the engine write it, and says when it is done."""

    def __init__(
        self, window: MainWindow, session: Session, engine: EngineClient, settings: AppSettings
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._engine = window, session, engine
        self._settings = settings
        self._pending: dict[int, m.Export | m.Draw] = {}
        for name, act in (
            ("export_figure", self.ask_figure),
            ("export_data", self.ask_data),
            ("copy_figure", self.copy_figure),
        ):
            window.action(name).triggered.connect(act)
        window.result.export_figure_clicked.connect(self.ask_figure)
        window.result.export_data_clicked.connect(self.ask_data)
        window.result.copy_clicked.connect(self.copy_figure)
        engine.exported.connect(self._on_exported)
        engine.drawn.connect(self._on_drawn)
        engine.failed.connect(self._on_failed)
        engine.died.connect(self._send_again)

    def ask_figure(self) -> None:
        """Let the user choose a figure file and write it."""
        self._ask("Export figure", FIGURES)

    def ask_data(self) -> None:
        """Let the user choose a data file and write it."""
        self._ask("Export data", DATA)

    @property
    def is_pending(self) -> bool:
        """Whether a file or the clipboard still waits for the engine."""
        return bool(self._pending)

    def export(self, path: Path) -> None:
        """Write the current result; the suffix says as what. Inputs are never written over."""
        result = self._session.result
        if result is None:
            return
        if self._is_input(path):
            show_error(self._window, f"{path.name} is one of the opened files; give another name.")
            return
        self._window.status.showMessage(f"Writing {path.name}…")
        self._send(m.Export(self._engine.new_ticket(), result, path))

    def copy_figure(self) -> None:
        """Put the figure of the current result on the clipboard."""
        result = self._session.result
        if result is not None:
            self._window.status.showMessage("Drawing the figure…")
            self._send(m.Draw(self._engine.new_ticket(), result))

    def _ask(self, title: str, kinds: str) -> None:
        result = self._session.result
        if result is None or self._session.current is None:
            return
        name = f"{self._session.current.stem}_{result.class_name}_{result.settings.method}"
        path = ask_file(self._window, self._settings, title, name, kinds)
        if path is not None:
            self.export(path)

    def _is_input(self, path: Path) -> bool:
        if not path.exists():
            return False  # asking each of a hundred thousand images takes a second
        session = self._session
        label = None if session.loaded is None else session.loaded.label_path
        files = session.images if label is None else (label, *session.images)
        return any(_is_same(file, path) for file in files)

    def _send(self, command: m.Export | m.Draw) -> None:
        self._pending[command.ticket] = command
        self._engine.send(command)

    def _send_again(self) -> None:
        for command in self._pending.values():
            self._engine.send(command)

    def _on_exported(self, event: m.Exported) -> None:
        self._pending.pop(event.ticket, None)
        self._window.status.showMessage(f"Saved {event.path}", 10000)

    def _on_drawn(self, event: m.Drawn) -> None:
        self._pending.pop(event.ticket, None)
        QGuiApplication.clipboard().setImage(QImage.fromData(event.png))
        self._window.status.showMessage("The figure is on the clipboard.", 10000)

    def _on_failed(self, event: m.Failed) -> None:
        if self._pending.pop(event.ticket, None) is not None:
            self._window.status.clearMessage()
            show_error(self._window, event.message, event.trace)


def _is_same(file: Path, path: Path) -> bool:
    try:
        return file.samefile(path)
    except OSError:
        return False  # an image that is gone is none to be protected
