"""Pointing at pixels with the keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from tests.driver import Driver

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def move_to(driver: Driver, x: int, y: int) -> None:
    """Move the pointer to a pixel, one at a time."""
    at = _place(driver)
    if at is None:
        driver.key(Qt.Key.Key_Right, CONTROL)
        at = _place(driver)
    if at is None:
        raise AssertionError("the pointer is not over the image")
    right = Qt.Key.Key_Right if x > at[0] else Qt.Key.Key_Left
    down = Qt.Key.Key_Down if y > at[1] else Qt.Key.Key_Up
    for key, count in ((right, abs(x - at[0])), (down, abs(y - at[1]))):
        for _ in range(count):
            driver.key(key, CONTROL | SHIFT)


def enter(driver: Driver) -> None:
    """Press the tool at the pointer, or release it."""
    driver.key(Qt.Key.Key_Return)


def _place(driver: Driver) -> tuple[int, int] | None:
    """The pixel (x, y) of the pointer."""
    canvas = driver.window.canvas
    pointer = canvas.key_pointer.screen_position
    if pointer is None:
        return None
    point = canvas.to_image(QPointF(canvas.viewport().mapFromGlobal(pointer)))
    return int(point.x()), int(point.y())
