"""Pick the segment under the pointer, or a part of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QPointF, Qt

from app.tools.base import Combine, Tool, combine_from

PartKind = Literal["correct", "wrong"]


class PickTool(Tool):
    """One click picks a segment; Shift adds it to the region, Ctrl takes it away.

    With Alt, the click picks the segment's correct part, with Alt and Shift its wrong part under
    the pointer.

    Parameters
    ----------
    on_pick
        Called with the pixel (x, y), which is inside the image, and how to combine.
    on_part
        Called with the pixel and the kind of part that is to become the region.
    """

    name = "pick"
    cursor = Qt.CursorShape.PointingHandCursor
    is_inside_only = True

    def __init__(
        self,
        on_pick: Callable[[int, int, Combine], None],
        on_part: Callable[[int, int, PartKind], None],
    ) -> None:
        self._on_pick, self._on_part = on_pick, on_part

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        x, y = math.floor(point.x()), math.floor(point.y())
        if modifiers & Qt.KeyboardModifier.AltModifier:
            is_wrong = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
            self._on_part(x, y, "wrong" if is_wrong else "correct")
        else:
            self._on_pick(x, y, combine_from(modifiers))
