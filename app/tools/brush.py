"""Brush and eraser: one tool that draws round strokes, adding or subtracting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QPointF, Qt

from app.tools.base import Combine, Tool

MIN_SIZE = 1
MAX_SIZE = 400
DEFAULT_SIZE = 20

Point = tuple[float, float]


class BrushTool(Tool):
    """Freehand strokes with a round tip; `[` and `]` make the tip smaller and larger.

    Parameters
    ----------
    how
        "add" for the brush, "subtract" for the eraser.
    on_stroke_begin
        Called with `how` when the button goes down.
    on_stroke
        Called with start (x, y), end (x, y) and radius for each piece of the stroke.
    on_stroke_end, on_stroke_cancel
        Called when the button goes up, or when Escape takes the stroke back.
    on_size
        Called with the new size after a key changed it.
    size
        Diameter of the tip in image pixels.
    """

    name = "brush"
    is_drag = True
    cursor = Qt.CursorShape.CrossCursor

    def __init__(
        self,
        how: Literal["add", "subtract"],
        *,
        on_stroke_begin: Callable[[Combine], None],
        on_stroke: Callable[[Point, Point, float], None],
        on_stroke_end: Callable[[], None],
        on_stroke_cancel: Callable[[], None],
        on_size: Callable[[int], None] | None = None,
        size: int = DEFAULT_SIZE,
    ) -> None:
        self._how: Combine = how
        self._on_stroke_begin = on_stroke_begin
        self._on_stroke = on_stroke
        self._on_stroke_end = on_stroke_end
        self._on_stroke_cancel = on_stroke_cancel
        self._on_size = on_size
        self._last: Point | None = None
        self.size = size

    @property
    def size(self) -> int:
        """Diameter of the tip in image pixels, kept within 1 to 400."""
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        self._size = min(max(size, MIN_SIZE), MAX_SIZE)

    @property
    def cursor_radius(self) -> float:
        return self._size / 2

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._on_stroke_begin(self._how)
        self._last = point.toTuple()
        self._on_stroke(self._last, self._last, self.cursor_radius)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier, buttons: Qt.MouseButton) -> None:
        if self._last is None:
            return
        start, self._last = self._last, point.toTuple()
        self._on_stroke(start, self._last, self.cursor_radius)

    def release(self, point: QPointF) -> None:
        if self._last is not None:
            self._last = None
            self._on_stroke_end()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        if key not in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
            return False
        step = max(1, round(self._size * 0.1))
        self.size += step if key == Qt.Key.Key_BracketRight else -step
        if self._on_size is not None:
            self._on_size(self._size)
        return True

    def cancel(self) -> None:
        if self._last is not None:
            self._last = None
            self._on_stroke_cancel()


class EraserTool(BrushTool):
    """The brush under its other name, so that each has its own entry in a tool bar."""

    name = "eraser"
