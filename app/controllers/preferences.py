"""The device and the explanation's settings, as they were when the last window was closed."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.main_window import MainWindow
from app.settings import AppSettings
from gridsal_core.errors import SettingsError


class PreferencesController(QObject):
    """Brings them back at the start and remembers them at the end."""

    def __init__(self, window: MainWindow, settings: AppSettings) -> None:
        super().__init__(window)
        self._panel, self._settings = window.settings, settings
        self._panel.set_preset(settings.explain_preset, settings.explain_settings)
        self._panel.set_device(settings.device)
        window.closing.connect(self._remember)

    def _remember(self) -> None:
        panel, settings = self._panel, self._settings
        settings.device = panel.device
        settings.explain_preset = panel.preset
        try:
            settings.explain_settings = panel.settings()
        except SettingsError:
            return  # what is typed there does not go together; the last ones stay
