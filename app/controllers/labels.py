"""Where label maps are: the user's choice, with a dialog that shows what it finds."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.main_window import MainWindow
from app.models.session import Session
from app.settings import AppSettings
from app.views.label_dialog import LabelDialog
from gridsal_core.datasets.label_files import check_pattern, find_label, label_place
from gridsal_core.errors import SettingsError


class LabelsController(QObject):
    """Keeps the pattern; whoever reads label maps reads them again when it changes."""

    pattern_changed = Signal(str)

    def __init__(self, window: MainWindow, session: Session, settings: AppSettings) -> None:
        super().__init__(window)
        self._window, self._session, self._settings = window, session, settings
        window.action("label_maps").triggered.connect(self.ask)

    def ask(self) -> None:
        """Let the user say where label maps are."""
        dialog = LabelDialog(self._settings.label_pattern, self._window)
        dialog.pattern_edited.connect(lambda _text: self._answer(dialog))
        dialog.chosen.connect(self.use)
        self._answer(dialog)
        dialog.open()

    def use(self, pattern: str) -> None:
        """Find label maps by a pattern from now on."""
        if pattern != self._settings.label_pattern:
            self._settings.label_pattern = pattern
            self.pattern_changed.emit(pattern)

    def _answer(self, dialog: LabelDialog) -> None:
        network = self._session.network
        count = None if network is None else len(network.classes)
        try:
            if dialog.pattern:
                check_pattern(dialog.pattern)
            dialog.show_found(_found_sentence(dialog.pattern, self._session.current, count))
        except SettingsError as error:
            dialog.show_wrong(str(error))
        except OSError as error:
            dialog.show_wrong(f"This cannot be looked up: {error.strerror or error}.")


def _found_sentence(pattern: str, image: Path | None, class_count: int | None) -> str:
    if image is None:
        return "Open an image folder to see what is found."
    found = find_label(image, pattern, class_count)
    if found is not None:
        return f"For {image.name}: {found}"
    if not pattern:
        return f"For {image.name} no label map is found."
    return f"For {image.name} there is no {label_place(image, pattern)}."
