"""What the canvas draws of the tool in use: its circle, and what is half drawn."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QGraphicsItem

from app.tools.base import Tool
from app.views.canvas_layers import CursorLayer
from app.views.draft_layer import DraftLayer


class ToolCursor:
    """Two layers that follow a tool and the pointer."""

    def __init__(self) -> None:
        self._marks, self._draft = CursorLayer(), DraftLayer()

    @property
    def layers(self) -> tuple[QGraphicsItem, ...]:
        """The layers, from bottom to top."""
        return (self._marks, self._draft)

    def set_zoom(self, zoom: float) -> None:
        """Tell how many screen pixels an image pixel takes."""
        self._marks.set_zoom(zoom)
        self._draft.set_zoom(zoom)

    def show(self, tool: Tool | None, point: QPointF | None, *, has_circle: bool) -> None:
        """Draw what the tool has to show, with its circle around an image point."""
        radius = tool.cursor_radius if tool is not None and has_circle else None
        self._marks.show_circle(point, radius)
        self._marks.show_rectangle(tool.preview if tool is not None else None)
        self._draft.show_outline(tool.outline if tool is not None else None)
