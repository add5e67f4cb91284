"""What the stories on the real window have in common: picking a digit, reading dialogs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMessageBox

from gridsal_core.arrays import ByteArray, IndexArray
from tests.driver import Driver

NO_KEYS = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
# What is tested is that nothing waits for the engine; how many milliseconds it takes is measured by
# `make bench`, since a busy test machine may be slow without anything being wrong.
QUICK_SECONDS = 2.0


def pixels(driver: Driver) -> ByteArray:
    """What the canvas shows, (H, W, 3)."""
    shot = driver.window.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    data = np.frombuffer(shot.constBits(), np.uint8)
    return data.reshape(shot.height(), shot.bytesPerLine())[:, : 3 * shot.width()].copy()


def error_text() -> str:
    """The sentence in the dialog that is open."""
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
    return next(box.text() for box in boxes if box.isVisible())


def dismiss() -> None:
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMessageBox):
            widget.close()


def label(driver: Driver) -> IndexArray:
    """The label map of the current image."""
    found = driver.loaded.label
    if found is None:
        raise AssertionError("no label map was found")
    return found


def phase(driver: Driver) -> str:
    return driver.running.phase


def is_running(driver: Driver) -> bool:
    return driver.app.runs.run is not None


def has_dialog() -> bool:
    return any(
        isinstance(widget, QMessageBox) and widget.isVisible()
        for widget in QApplication.topLevelWidgets()
    )


def digit_pixel(driver: Driver) -> tuple[int, int]:
    class_map = driver.prediction.class_map
    rows, columns = np.nonzero(class_map != np.bincount(class_map.ravel()).argmax())
    middle = len(rows) // 2
    return int(rows[middle]), int(columns[middle])


def click_digit(driver: Driver, modifiers: Qt.KeyboardModifier = NO_KEYS) -> int:
    """Click a pixel that is not background and return its predicted class."""
    y, x = digit_pixel(driver)
    driver.click(x, y, modifiers)
    driver.wait(lambda: not driver.region.is_empty)
    return int(driver.prediction.class_map[y, x])


def set_steps(driver: Driver, steps: int) -> None:
    settings = driver.window.settings
    settings.set_settings(replace(settings.settings(), steps=steps))
