"""The zooming and panning view under the canvas: it knows scale and place, not what is shown."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFocusEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsItem, QWidget

from app.theme import current_colors

MAX_ZOOM = 64.0
MIN_SHORT_EDGE_PX = 32.0
FIT_MARGIN_PX = 8
FOCUS_PX = 2
WHEEL_STEP = 1.25
WHEEL_UNITS_PER_STEP = 120.0


class ZoomView(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph is untyped
    """Shows a rectangle of image pixels, y down, aspect locked, on the raster engine.

    Zoom is in device-independent screen pixels per image pixel: 1.0 is 100 %.
    """

    zoom_changed = Signal(float)
    view_changed = Signal(float, float, float)
    """Centre x, centre y (image pixels) and zoom after any change, for linked views."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        # pyqtgraph counts a frame to the view; so the focus is painted inside, see paintEvent.
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._rect = QRectF()
        self._max_zoom = MAX_ZOOM
        self._zoom = 1.0
        self._center = QPointF()
        self._is_fitted = True
        # The view box carries the transform; gestures are the canvas's own.
        self._box = pg.ViewBox(
            lockAspect=True, invertY=True, enableMouse=False, enableMenu=False, defaultPadding=0
        )
        self._box.disableAutoRange()
        self.setCentralItem(self._box)
        self.viewport().setMouseTracking(True)
        # As Qt has it, Tab would go from the view to its viewport, which hands the focus back.
        self.viewport().setFocusProxy(None)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def add_layer(self, item: QGraphicsItem) -> None:
        """Put an item with image coordinates on top of those already there."""
        self._box.addItem(item, ignoreBounds=True)

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel."""
        return self._zoom

    @property
    def is_fitted(self) -> bool:
        """True while the whole image is shown as large as it goes, also after a resize."""
        return self._is_fitted

    def set_content(self, rect: QRectF, max_zoom: float = MAX_ZOOM) -> None:
        """Set where the content is; a fit is renewed, other views of the same place stay."""
        is_new = rect != self._rect
        self._rect, self._max_zoom = QRectF(rect), max_zoom
        if is_new or self._is_fitted:
            self.fit()

    def fit(self) -> None:
        """Show everything, as large as it goes, and keep it so when the window is resized."""
        self._is_fitted = True
        if not self._rect.isEmpty():
            self._place(self._rect.center(), self._zoom_for(self._rect.size()))

    def show_rect(self, rect: QRectF) -> None:
        """Show a part of the content, as large as it goes."""
        if not self._rect.isEmpty():
            self._is_fitted = False
            self._place(rect.center(), self._clamped(self._zoom_for(rect.size())))

    def set_zoom(self, factor: float) -> None:
        """Zoom to `factor` screen pixels per image pixel about the middle of the view."""
        self._zoom_to(factor, self._middle())

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom by a factor about a viewport position, by default the pointer if it is inside."""
        if about is None:
            pointer = QPointF(self.viewport().mapFromGlobal(QCursor.pos()))
            is_inside = self.viewport().underMouse()
            about = pointer if is_inside else self._middle()
        self._zoom_to(self._zoom * factor, about)

    def pan_by(self, shift: QPointF) -> None:
        """Move the content by `shift` image pixels."""
        if not self._rect.isEmpty():
            self._is_fitted = False
            self._place(self._center - shift, self._zoom)

    def set_view(self, center_x: float, center_y: float, zoom: float) -> None:
        """Show what another view announced with `view_changed`."""
        if not self._rect.isEmpty():
            self._is_fitted = False
            self._place(QPointF(center_x, center_y), self._clamped(zoom))

    def to_image(self, position: QPointF) -> QPointF:
        """Image coordinates of a viewport position."""
        return self._center + (position - self._middle()) / self._zoom

    def to_viewport(self, point: QPointF) -> QPointF:
        """Viewport position of a point of the image."""
        return self._middle() + (point - self._center) * self._zoom

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / WHEEL_UNITS_PER_STEP
        if steps:
            self.zoom_by(WHEEL_STEP**steps, event.position())
        event.accept()

    def close(self) -> bool:
        """Close the widget."""
        # pyqtgraph's own close() takes the viewport apart, and Qt then paints into nothing.
        return QWidget.close(self)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        # pyqtgraph calls this from its own constructor, before this class has its state.
        if not hasattr(self, "_box"):
            return
        if self._is_fitted:
            self.fit()
        elif not self._rect.isEmpty():
            self._place(self._center, self._zoom)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(QColor(current_colors().focus), FOCUS_PX))
            inner = QRectF(self.viewport().rect())
            painter.drawRect(inner.adjusted(1, 1, -1, -1))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def show_point(self, point: QPointF, margin_px: float) -> None:
        """Move the content as little as brings an image point into view, with a margin."""
        place, size = self.to_viewport(point), self.viewport().size()
        x = min(max(place.x(), margin_px), size.width() - margin_px) - place.x()
        y = min(max(place.y(), margin_px), size.height() - margin_px) - place.y()
        if x or y:
            self.pan_by(QPointF(x, y) / self._zoom)

    def _zoom_to(self, zoom: float, about: QPointF) -> None:
        if self._rect.isEmpty():
            return
        self._is_fitted = False
        zoom = self._clamped(zoom)
        anchor = self.to_image(about)
        self._place(anchor - (about - self._middle()) / zoom, zoom)

    def _clamped(self, zoom: float) -> float:
        shortest = min(self._rect.width(), self._rect.height())
        return min(max(zoom, min(1.0, MIN_SHORT_EDGE_PX / shortest)), self._max_zoom)

    def _zoom_for(self, size: QSizeF) -> float:
        room = QSizeF(self.viewport().size()) - QSizeF(2 * FIT_MARGIN_PX, 2 * FIT_MARGIN_PX)
        return max(min(room.width() / size.width(), room.height() / size.height()), 1e-3)

    def _place(self, center: QPointF, zoom: float) -> None:
        is_zoomed = zoom != self._zoom
        self._zoom = zoom
        # The middle of the view stays over the image, so that it cannot be lost.
        self._center = self._snapped(
            QPointF(
                min(max(center.x(), self._rect.left()), self._rect.right()),
                min(max(center.y(), self._rect.top()), self._rect.bottom()),
            )
        )
        span = QSizeF(self.viewport().size()) / zoom
        origin = self._center - QPointF(span.width() / 2, span.height() / 2)
        self._box.setRange(QRectF(origin, span), padding=0)
        if is_zoomed:
            self.zoom_changed.emit(zoom)
        self.view_changed.emit(self._center.x(), self._center.y(), zoom)

    def _snapped(self, center: QPointF) -> QPointF:
        """Move the centre by less than a device pixel, so that the image starts on one."""
        per_pixel: float = self._zoom * self.devicePixelRatioF()
        middle = self._middle() / self._zoom
        origin = (center - middle) * per_pixel
        return QPointF(round(origin.x()), round(origin.y())) / per_pixel + middle

    def _middle(self) -> QPointF:
        size: QSize = self.viewport().size()
        return QPointF(size.width() / 2, size.height() / 2)


def pixel_at(point: QPointF, size: QSizeF) -> QPoint | None:
    """Return the pixel that holds an image point, or None outside of `size`."""
    if 0 <= point.x() < size.width() and 0 <= point.y() < size.height():
        return QPoint(int(point.x()), int(point.y()))
    return None
