"""Draw an outline: free-hand with the lasso, or corner by corner as a polygon."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from app.tools.base import Combine, Outline, Tool, combine_from

CLOSE_PX = 8
MIN_CORNERS = 3
TAKE_BACK = "Backspace takes one back  ·  Esc cancels"

Point = tuple[float, float]
OnOutline = Callable[[list[Point], Combine], None]


class LassoTool(Tool):
    """Drag around what is meant; the release closes the outline with a straight line.

    Parameters
    ----------
    on_outline
        Called at the release with the points (x, y) and how to combine, as of the press.
    """

    name = "lasso"
    is_drag = True
    cursor = Qt.CursorShape.CrossCursor
    is_clipped = True

    def __init__(self, on_outline: OnOutline) -> None:
        self._on_outline = on_outline
        self._points: list[QPointF] = []
        self._how: Combine = "replace"

    @property
    def outline(self) -> Outline | None:
        return Outline(tuple(self._points)) if self._points else None

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._points = [QPointF(point)]
        self._how = combine_from(modifiers)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier, buttons: Qt.MouseButton) -> None:
        if self._points and point != self._points[-1]:
            self._points.append(QPointF(point))

    def release(self, point: QPointF) -> None:
        points, self._points = self._points, []
        if points:
            self._on_outline([each.toTuple() for each in points], self._how)

    def cancel(self) -> None:
        self._points = []


class PolygonTool(Tool):
    """Click the corners; a double click, Enter or a click on the first corner closes.

    Backspace, and undo, take the last corner back, Escape all of them.

    Parameters
    ----------
    on_outline
        Called at the end with the corners (x, y) and how to combine, as of the first click.
    on_too_few
        Called instead if there are less than three corners; they stay.
    pixel_size
        Returns how many image pixels a screen pixel is: what counts as the first corner is a
        matter of the hand, not of the image.
    """

    name = "polygon"
    cursor = Qt.CursorShape.CrossCursor
    is_clipped = True

    def __init__(
        self,
        on_outline: OnOutline,
        *,
        on_too_few: Callable[[], None],
        pixel_size: Callable[[], float],
    ) -> None:
        self._on_outline, self._on_too_few = on_outline, on_too_few
        self._pixel_size = pixel_size
        self._corners: list[QPointF] = []
        self._pointer = QPointF()
        self._how: Combine = "replace"

    @property
    def outline(self) -> Outline | None:
        if not self._corners:
            return None
        corners = tuple(self._corners)
        is_closing = len(corners) >= MIN_CORNERS and self._is_at_first(self._pointer)
        return Outline(corners if is_closing else (*corners, self._pointer), corners, is_closing)

    @property
    def hint(self) -> str:
        if not self._corners:
            return ""
        if len(self._corners) < MIN_CORNERS:
            return f"Click the next corner  ·  {TAKE_BACK}"
        return f"Enter, double click or a click on the first corner closes  ·  {TAKE_BACK}"

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._pointer = QPointF(point)
        if not self._corners:
            self._how = combine_from(modifiers)
            self._corners = [QPointF(point)]
        elif self._is_at_first(point):
            self._close()
        elif point != self._corners[-1]:
            self._corners.append(QPointF(point))

    def double_press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        # The first press of the pair has set the last corner, or closed the outline.
        if self._corners:
            self._close()

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier, buttons: Qt.MouseButton) -> None:
        self._pointer = QPointF(point)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        if not self._corners:
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        elif key == Qt.Key.Key_Backspace:
            self.take_back()
        else:
            return False
        return True

    def take_back(self) -> None:
        if self._corners:
            self._corners.pop()

    def cancel(self) -> None:
        self._corners = []

    def _is_at_first(self, point: QPointF) -> bool:
        way = point - self._corners[0]
        return math.hypot(way.x(), way.y()) <= CLOSE_PX * self._pixel_size()

    def _close(self) -> None:
        if len(self._corners) < MIN_CORNERS:
            self._on_too_few()
            return
        corners, self._corners = self._corners, []
        self._on_outline([corner.toTuple() for corner in corners], self._how)
