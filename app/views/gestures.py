"""Who gets the mouse button and the keys of the canvas: the tool in use, or the hand that pans."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtGui import QMouseEvent

from app.tools.base import Tool
from app.tools.pan import PanTool
from app.views.canvas_view import pixel_at


class Gestures:
    """Hands a gesture to the tool that took its press, until the release.

    Parameters
    ----------
    pan_by
        Moves the content by image pixels: what the middle button does, and Space with the left.
    """

    def __init__(self, pan_by: Callable[[QPointF], None]) -> None:
        self.tool: Tool | None = None
        self._hand = PanTool(pan_by)
        self._acting: Tool | None = None
        self.is_space_down = False

    @property
    def is_acting(self) -> bool:
        """Whether a button is down."""
        return self._acting is not None

    @property
    def is_panning(self) -> bool:
        """Whether the hand has the image, or would take it."""
        return self.is_space_down or self._acting is self._hand

    @property
    def mouse_shape(self) -> Qt.CursorShape:
        """The mouse cursor that tells what a press does."""
        if isinstance(self._acting, PanTool):
            return Qt.CursorShape.ClosedHandCursor
        if self.is_space_down:
            return Qt.CursorShape.OpenHandCursor
        return self.tool.cursor if self.tool else Qt.CursorShape.ArrowCursor

    def press(self, event: QMouseEvent, point: QPointF, size: QSizeF, *, is_double: bool) -> bool:
        """Take a press at an image point; True if a gesture began.

        Parameters
        ----------
        size
            Of the image, in its pixels.
        is_double
            Whether it is the second press of a quick pair.
        """
        if self._acting is not None:
            return False
        is_pan = event.button() == Qt.MouseButton.MiddleButton or self.is_space_down
        tool = self._hand if is_pan else self.tool
        if tool is None or (not is_pan and event.button() != Qt.MouseButton.LeftButton):
            return False
        if tool.is_inside_only and pixel_at(point, size) is None:
            return False
        self._acting = tool
        press = tool.double_press if is_double else tool.press
        press(_for_tool(tool, point, size), event.modifiers())
        return True

    def move(self, event: QMouseEvent, point: QPointF, size: QSizeF) -> None:
        """Take a move of the pointer, with or without buttons."""
        tool = self._acting or self.tool
        if tool is not None:
            tool.move(_for_tool(tool, point, size), event.modifiers(), event.buttons())

    def release(self, event: QMouseEvent, point: QPointF, size: QSizeF) -> bool:
        """Take the release of a button; True if the gesture ended with it."""
        still_down = Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton
        if self._acting is None or event.buttons() & still_down:
            return False
        acting, self._acting = self._acting, None
        acting.release(_for_tool(acting, point, size))
        return True

    def drop_button(self) -> None:
        """Give up what the pressed button was doing."""
        acting, self._acting = self._acting, None
        if acting is not None:
            acting.cancel()

    def cancel(self) -> None:
        """Give up a running gesture, also one between two clicks."""
        self.drop_button()
        if self.tool is not None:
            self.tool.cancel()


def _for_tool(tool: Tool, point: QPointF, size: QSizeF) -> QPointF:
    if not tool.is_clipped:
        return point
    return QPointF(min(max(point.x(), 0), size.width()), min(max(point.y(), 0), size.height()))
