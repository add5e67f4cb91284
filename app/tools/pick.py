"""Pick the segment under the pointer."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from app.tools.base import Combine, Tool, combine_from


class PickTool(Tool):
    """One click picks a segment; Shift adds it to the region, Alt or Ctrl takes it away.

    Parameters
    ----------
    on_pick
        Called with the pixel (x, y), which is inside the image, and how to combine.
    """

    name = "pick"
    cursor = Qt.CursorShape.PointingHandCursor
    is_inside_only = True

    def __init__(self, on_pick: Callable[[int, int, Combine], None]) -> None:
        self._on_pick = on_pick

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._on_pick(math.floor(point.x()), math.floor(point.y()), combine_from(modifiers))
