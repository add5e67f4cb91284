"""The command palette and the sheet of shortcuts: both show the table of actions."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.actions import CANVAS_KEYS, SPECS
from app.actions.spec import ActionSpec
from app.main_window import MainWindow
from app.models.command_search import Command, found
from app.settings import AppSettings
from app.views.command_palette import CommandPalette
from app.views.shortcut_sheet import ShortcutSheet

PALETTE = "palette"
ON_THE_IMAGE = "On the image"


class CommandsController(QObject):
    """Owns the two ways to find an action other than its menu."""

    def __init__(self, window: MainWindow, settings: AppSettings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        window.action(PALETTE).triggered.connect(self.show_palette)
        window.action("shortcuts").triggered.connect(self.show_shortcuts)

    def show_palette(self) -> None:
        """Open the palette over the window."""
        commands = [self._command(spec) for spec in SPECS if spec.name != PALETTE]
        recent = self._settings.recent_commands
        palette = CommandPalette(self._window, lambda text: found(commands, text, recent))
        palette.chosen.connect(self._run)
        palette.open()

    def show_shortcuts(self) -> None:
        """List all shortcuts by menu, and the keys of the canvas."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for spec in SPECS:
            if spec.shortcut:
                groups.setdefault(plain(spec.menu), []).append((spec.shortcut, plain(spec.text)))
        groups[ON_THE_IMAGE] = list(CANVAS_KEYS)
        ShortcutSheet(self._window, groups).open()

    def _command(self, spec: ActionSpec) -> Command:
        action = self._window.action(spec.name)
        tip = spec.tip if action.isEnabled() else action.toolTip()
        return Command(
            spec.name,
            plain(action.text()),
            plain(spec.menu),
            spec.shortcut,
            tip,
            action.isEnabled(),
        )

    def _run(self, name: str) -> None:
        self._settings.remember_command(name)
        self._window.action(name).trigger()


def plain(text: str) -> str:
    """Return the text of a menu entry without its marks."""
    return text.replace("&", "").removesuffix("…")
