"""Where the pictures are taken: a window of a size, and a list of the scenes played on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.theme import Theme, apply_theme
from tests.driver import Driver

SCENES: dict[str, Scene] = {}


class Stage:
    """One window, and the street scene if there is one."""

    def __init__(self, folder: Path, model: Path, images: Path) -> None:
        if QApplication.instance() is None:
            QApplication([])
        self.folder = folder
        for variable in ("GRIDSAL_CACHE", "GRIDSAL_DATA"):
            os.environ[variable] = str(folder)  # the user's own is not a stage
        self.street = (model, images)
        self.has_street = model.is_dir() and images.is_dir()
        self.dress("light")  # as at a start: a window that is made before has other sizes
        self.driver = Driver(folder / "settings.json")
        self.driver.window.move(0, 0)

    def dress(self, theme: Theme) -> None:
        """Show another theme from now on."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, theme)

    def shoot(self, file: Path, size: tuple[int, int]) -> None:
        """Save what the screen shows of the window at a size, in pixels of the scaled screen."""
        window = self.driver.window
        window.resize(*size)
        self.driver.rest(600)
        window.screen().grabWindow(0, 0, 0, *size).save(str(file))

    def close(self) -> None:
        """Close the window, and a menu that is still open."""
        if (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        self.driver.close()


Scene = Callable[[Stage], bool]
"""Plays a story; False if there is nothing to be shown, for want of the street scene."""


def scene(name: str) -> Callable[[Scene], Scene]:
    """Put a story into the list of pictures, under the name of its files."""

    def add(story: Scene) -> Scene:
        SCENES[name] = story
        return story

    return add


def all_scenes() -> dict[str, Scene]:
    """Return the scenes of `tests/scenes.py` and of all `tests/scenes_*.py` beside it."""
    for file in sorted(Path(__file__).parent.glob("scenes*.py")):
        import_module(f"tests.{file.stem}")
    return SCENES
