"""Drag the image itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from app.tools.base import Tool


class PanTool(Tool):
    """Drag to move the view; the grabbed pixel stays under the pointer.

    Parameters
    ----------
    on_pan
        Called with how far the image is to move, in image pixels.
    """

    name = "pan"
    is_drag = True
    cursor = Qt.CursorShape.OpenHandCursor

    def __init__(self, on_pan: Callable[[QPointF], None]) -> None:
        self._on_pan = on_pan
        self._grabbed: QPointF | None = None

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._grabbed = QPointF(point)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier, buttons: Qt.MouseButton) -> None:
        if self._grabbed is not None:
            self._on_pan(point - self._grabbed)

    def release(self, point: QPointF) -> None:
        self._grabbed = None

    def cancel(self) -> None:
        self._grabbed = None
