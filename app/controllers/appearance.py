"""Theme, window layout, and what the window says of itself."""

from __future__ import annotations

from importlib.metadata import version

from PySide6.QtCore import QByteArray, QObject
from PySide6.QtWidgets import QApplication, QMessageBox

from app.main_window import MainWindow
from app.settings import AppSettings
from app.theme import THEMES, Theme, apply_theme

ABOUT = """<h3>GridSal {version}</h3>
<p>Shows which context a semantic segmentation network needed for what it says of a region.</p>
<p>Implements <i>Grid Saliency for Context Explanations of Semantic Segmentation</i>,
L. Hoyer, M. Munoz, P. Katiyar, A. Khoreva, V. Fischer, NeurIPS 2019.</p>
<p>MIT licence.</p>"""


class AppearanceController(QObject):
    """Owns what the window looks like."""

    def __init__(self, window: MainWindow, settings: AppSettings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        for theme in THEMES:
            action = window.action(f"theme_{theme}")
            action.setChecked(theme == settings.theme)
            action.triggered.connect(lambda _on=False, t=theme: self.use_theme(t))
        window.action("about").triggered.connect(self.show_about)
        window.action("quit").triggered.connect(window.close)
        window.closing.connect(self._remember_layout)
        window.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode()))
        window.restoreState(QByteArray.fromBase64(settings.window_state.encode()))

    def use_theme(self, theme: Theme) -> None:
        """Dress the application and remember it."""
        self._settings.theme = theme
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)

    def show_about(self) -> None:
        """Say what this is."""
        QMessageBox.about(self._window, "About GridSal", ABOUT.format(version=version("gridsal")))

    def _remember_layout(self) -> None:
        self._settings.window_geometry = self._window.saveGeometry().toBase64().toStdString()
        self._settings.window_state = self._window.saveState().toBase64().toStdString()
