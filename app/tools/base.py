"""What every canvas tool is: press, move and release in image coordinates, and a few keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from PySide6.QtCore import QPointF, QRectF, Qt

Combine = Literal["replace", "add", "subtract"]


@dataclass(frozen=True)
class Outline:
    """An outline that is being drawn.

    Parameters
    ----------
    points
        From its beginning to the pointer, in image pixels.
    corners
        Those of the points that were set one by one, to be marked.
    is_closing
        Whether a click now would close the outline.
    """

    points: tuple[QPointF, ...]
    corners: tuple[QPointF, ...] = ()
    is_closing: bool = False


class Tool:
    """A canvas tool. Points are in image pixels, x right, y down, pixel centres at +0.5.

    A tool draws nothing and owns nothing: it turns gestures into calls of the functions that it
    was built with. The canvas shows `preview`, `outline`, `hint` and a circle of `cursor_radius`.

    Attributes
    ----------
    name
        The stable name of the tool, for settings and tests.
    cursor
        The mouse cursor over the canvas.
    is_inside_only
        True if a press outside the image means nothing to the tool.
    is_drag
        True if the tool is for dragging, from a press to a release elsewhere.
    is_clipped
        True if the tool gets points outside the image as the nearest ones on its border.
    """

    name: ClassVar[str]
    cursor: ClassVar[Qt.CursorShape] = Qt.CursorShape.ArrowCursor
    is_inside_only: ClassVar[bool] = False
    is_drag: ClassVar[bool] = False
    is_clipped: ClassVar[bool] = False

    @property
    def cursor_radius(self) -> float | None:
        """Radius of the circle around the pointer in image pixels, or None for no circle."""
        return None

    @property
    def preview(self) -> QRectF | None:
        """The rectangle that is being dragged, in image pixels, or None."""
        return None

    @property
    def outline(self) -> Outline | None:
        """The outline that is being drawn, or None; it may last from one click to the next."""
        return None

    @property
    def hint(self) -> str:
        """How the gesture goes on, while that has to be said."""
        return ""

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Take a press of the left button."""

    def double_press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Take the second press of a quick pair: one like any other, unless a tool knows better."""
        self.press(point, modifiers)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier, buttons: Qt.MouseButton) -> None:
        """Take a move of the pointer, with or without buttons."""

    def release(self, point: QPointF) -> None:
        """Take the release of the left button."""

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Take a key press; True if it was for this tool."""
        return False

    def take_back(self) -> None:
        """Take back the last piece of an outline that lasts between clicks."""

    def cancel(self) -> None:
        """Give up the running gesture (Escape, another tool, focus lost)."""


def combine_from(modifiers: Qt.KeyboardModifier) -> Combine:
    """Shift adds; Alt or Ctrl subtracts, because window managers like to keep Alt+drag."""
    subtracts = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return "add"
    return "subtract" if modifiers & subtracts else "replace"
