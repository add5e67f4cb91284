"""Drag a rectangle around pixels that look alike."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from app.tools.rectangle import OnRectangle, RectangleTool

MIN_TOLERANCE, MAX_TOLERANCE = 0, 100


class SmartTool(RectangleTool):
    """A rectangle that begins on the pixel to go by; `[` and `]` change how near a colour must be.

    Parameters
    ----------
    on_rectangle
        Called at the release with both corners (x, y), the first of them inside the image, and how
        to combine.
    on_click
        Called instead if the pointer was not moved.
    on_tolerance
        Called with how far a key moves the tolerance, in its unit.
    """

    name = "smart"
    is_inside_only = True

    def __init__(
        self,
        on_rectangle: OnRectangle,
        *,
        on_click: Callable[[], None],
        on_tolerance: Callable[[int], None],
    ) -> None:
        super().__init__(on_rectangle)
        self._on_click, self._on_tolerance = on_click, on_tolerance

    def release(self, point: QPointF) -> None:
        is_click = self._start == point
        super().release(point)
        if is_click:
            self._on_click()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        if key not in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            return False
        self._on_tolerance(1 if key == Qt.Key.Key_BracketRight else -1)
        return True
