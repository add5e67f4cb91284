"""Figures and data out of the window: files and clipboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from app.controllers.dialogs import show_error
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
        self._tickets: set[int] = set()
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

    def ask_figure(self) -> None:
        """Let the user choose a figure file and write it."""
        self._ask("Export figure", FIGURES, ".png")

    def ask_data(self) -> None:
        """Let the user choose a data file and write it."""
        self._ask("Export data", DATA, ".npz")

    def export(self, path: Path) -> None:
        """Write the current result; the suffix says as what."""
        result = self._session.result
        if result is not None:
            self._window.status.showMessage(f"Writing {path.name}…")
            self._engine.send(m.Export(self._new_ticket(), result, path))

    def copy_figure(self) -> None:
        """Put the figure of the current result on the clipboard."""
        result = self._session.result
        if result is not None:
            self._window.status.showMessage("Drawing the figure…")
            self._engine.send(m.Draw(self._new_ticket(), result))

    def _ask(self, title: str, kinds: str, suffix: str) -> None:
        result = self._session.result
        if result is None or self._session.current is None:
            return
        name = f"{self._session.current.stem} {result.class_name} {result.settings.method}{suffix}"
        folder = self._settings.export_folder or Path.home()
        chosen, kind = QFileDialog.getSaveFileName(
            self._window, title, str(folder / name.replace(" ", "_")), kinds
        )
        if chosen:
            path = Path(chosen)
            if not path.suffix:
                path = path.with_suffix(kind[kind.index("*") + 1 : -1])
            self._settings.export_folder = path.parent
            self.export(path)

    def _new_ticket(self) -> int:
        ticket = self._engine.new_ticket()
        self._tickets.add(ticket)
        return ticket

    def _on_exported(self, event: m.Exported) -> None:
        self._tickets.discard(event.ticket)
        self._window.status.showMessage(f"Saved {event.path}", 10000)

    def _on_drawn(self, event: m.Drawn) -> None:
        self._tickets.discard(event.ticket)
        QGuiApplication.clipboard().setImage(QImage.fromData(event.png))
        self._window.status.showMessage("The figure is on the clipboard.", 10000)

    def _on_failed(self, event: m.Failed) -> None:
        if event.ticket in self._tickets:
            self._tickets.discard(event.ticket)
            self._window.status.clearMessage()
            show_error(self._window, event.message, event.trace)
