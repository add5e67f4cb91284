"""Drag a rectangle."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt

from app.tools.base import Combine, Tool, combine_from

Point = tuple[float, float]
OnRectangle = Callable[[Point, Point, Combine], None]


class RectangleTool(Tool):
    """Drag from corner to corner; Shift adds, Alt or Ctrl subtracts, as of the press.

    Parameters
    ----------
    on_rectangle
        Called at the release with both corners (x, y) and how to combine.
    """

    name = "rectangle"
    is_drag = True
    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, on_rectangle: OnRectangle) -> None:
        self._on_rectangle = on_rectangle
        self._start: QPointF | None = None
        self._end = QPointF()
        self._how: Combine = "replace"

    @property
    def preview(self) -> QRectF | None:
        return None if self._start is None else QRectF(self._start, self._end).normalized()

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._start = self._end = QPointF(point)
        self._how = combine_from(modifiers)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier, buttons: Qt.MouseButton) -> None:
        self._end = QPointF(point)

    def release(self, point: QPointF) -> None:
        start, self._start = self._start, None
        # A click without a drag would replace the region by a single pixel: surely a slip.
        if start is not None and start != point:
            self._on_rectangle(start.toTuple(), point.toTuple(), self._how)

    def cancel(self) -> None:
        self._start = None
