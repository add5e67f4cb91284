"""The outline that is being drawn with the lasso or as a polygon."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.tools.base import Outline
from app.views.canvas_layers import DARK, LIGHT, REGION_COLOR, STROKES, cosmetic_pen

DASH_PX = 6.0
CORNER_PX = 4.0
FIRST_PX = 6.0
CLOSING_PX = 8.0
_MARGIN_PX = CLOSING_PX + 4.0


class DraftLayer(QGraphicsItem):
    """White lines with a dark rim; the side that would close the outline is dashed until then.

    The first corner is a ring, which is filled while a click on it would close.
    """

    def __init__(self) -> None:
        super().__init__()
        self._outline: Outline | None = None
        self._zoom = 1.0

    def show_outline(self, outline: Outline | None) -> None:
        """Change the outline, or take it away."""
        if outline != self._outline:
            self.prepareGeometryChange()
            self._outline = outline

    def set_zoom(self, zoom: float) -> None:
        """Tell how many screen pixels an image pixel takes."""
        self.prepareGeometryChange()
        self._zoom = zoom

    def boundingRect(self) -> QRectF:
        if self._outline is None:
            return QRectF()
        m = _MARGIN_PX / self._zoom
        # Not QPolygonF's own way to join rectangles, which forgets those without an area.
        points = self._outline.points
        left, right = min(p.x() for p in points), max(p.x() for p in points)
        top, bottom = min(p.y() for p in points), max(p.y() for p in points)
        return QRectF(left, top, right - left, bottom - top).adjusted(-m, -m, m, m)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._outline is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_lines(painter, self._outline)
        self._paint_corners(painter, self._outline)

    def _paint_lines(self, painter: QPainter, outline: Outline) -> None:
        points = outline.points
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in STROKES:
            pen = cosmetic_pen(painter, color, width)
            # A free hand turns so sharply that mitred joins would stick out like thorns.
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(points))
        if len(points) > 2:
            for color, width in STROKES:
                pen = cosmetic_pen(painter, color, width)
                pen.setCapStyle(Qt.PenCapStyle.FlatCap)
                if not outline.is_closing:
                    # In units of the width: the same dashes for both.
                    pen.setDashPattern([DASH_PX / width, DASH_PX / width])
                painter.setPen(pen)
                painter.drawLine(points[-1], points[0])

    def _paint_corners(self, painter: QPainter, outline: Outline) -> None:
        if not outline.corners:
            return
        painter.setPen(cosmetic_pen(painter, DARK, 1.0))
        painter.setBrush(LIGHT)
        side = 2 * CORNER_PX / self._zoom
        for corner in outline.corners[1:]:
            painter.drawRect(QRectF(corner.x() - side / 2, corner.y() - side / 2, side, side))
        radius = (CLOSING_PX if outline.is_closing else FIRST_PX) / self._zoom
        if outline.is_closing:
            painter.setBrush(REGION_COLOR)
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in STROKES:
            painter.setPen(cosmetic_pen(painter, color, width))
            painter.drawEllipse(QPointF(outline.corners[0]), radius, radius)
