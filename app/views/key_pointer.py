"""A pointer that the keys move over the image, so that every tool works without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.views.canvas_layers import STROKES, cosmetic_pen

if TYPE_CHECKING:
    from app.views.canvas_view import ZoomView

ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
STEP_PX = 16
MARGIN_PX = 24
ARM_PX, HOLE_PX = 11.0, 3.0
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class KeyPointer:
    """A cross on the image. Ctrl and the arrows move it; Enter presses and releases the tool there.

    It sends the view the events of a mouse, so that the tools need not know of it.

    Parameters
    ----------
    view
        What shows the image; the cross is laid on top of its layers.
    size
        Returns the size of the image in its pixels; empty without an image.
    is_drag
        Returns whether the tool in use is for dragging, from a press to a later release.
    """

    def __init__(
        self, view: ZoomView, size: Callable[[], QSizeF], is_drag: Callable[[], bool]
    ) -> None:
        self._view, self._size, self._is_drag = view, size, is_drag
        self._last_press: QPointF | None = None
        self._point: QPointF | None = None
        self._is_down = False
        self._cross = CrossLayer()
        view.add_layer(self._cross)

    @property
    def is_shown(self) -> bool:
        """Whether the keys point somewhere."""
        return self._point is not None

    @property
    def screen_position(self) -> QPoint | None:
        """Where it is on the screen; None while it is not shown."""
        if self._point is None:
            return None
        place = self._view.to_viewport(self._point).toPoint()
        position: QPoint = self._view.viewport().mapToGlobal(place)
        return position

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Take a key; True if it was for the pointer."""
        if key in ARROWS and modifiers & CONTROL:
            pixels = 1.0 if modifiers & SHIFT else max(1.0, round(STEP_PX / self._view.zoom))
            self._move(ARROWS[key] * pixels)
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._point is not None:
            self._press_or_release(modifiers & ~Qt.KeyboardModifier.KeypadModifier)
            return True
        return False

    def let_go(self) -> None:
        """Forget the press: the gesture was given up."""
        self._is_down = False

    def hide(self) -> None:
        """Take the cross away: the mouse points, or the image is another."""
        if not self._is_down:
            self._point = self._last_press = None
            self._cross.show_at(None)

    def set_zoom(self, zoom: float) -> None:
        """Tell how many screen pixels an image pixel takes."""
        self._cross.set_zoom(zoom)

    def _move(self, shift: QPointF) -> None:
        size = self._size()
        if size.isEmpty():
            return
        start = self._point
        if start is None:
            # It begins in the middle of what is seen.
            middle = QPointF(self._view.viewport().rect().center())
            start, shift = self._view.to_image(middle), QPointF()
        x = min(max(int(start.x() + shift.x()), 0), int(size.width()) - 1)
        y = min(max(int(start.y() + shift.y()), 0), int(size.height()) - 1)
        self._point = QPointF(x + 0.5, y + 0.5)
        self._view.show_point(self._point, MARGIN_PX)
        self._cross.show_at(self._point)
        self._last_press = None
        none = Qt.KeyboardModifier.NoModifier
        self._send(QEvent.Type.MouseMove, NONE, LEFT if self._is_down else NONE, none)

    def _press_or_release(self, modifiers: Qt.KeyboardModifier) -> None:
        if self._is_down:
            self._is_down = False
            self._send(QEvent.Type.MouseButtonRelease, LEFT, NONE, modifiers)
        else:
            self._is_down = True
            is_second = self._last_press == self._point
            self._last_press = None if is_second else self._point
            kind = QEvent.Type.MouseButtonDblClick if is_second else QEvent.Type.MouseButtonPress
            self._send(kind, LEFT, LEFT, modifiers)
            if not self._is_drag():
                self._press_or_release(modifiers)

    def _send(
        self,
        kind: QEvent.Type,
        button: Qt.MouseButton,
        buttons: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier,
    ) -> None:
        if self._point is None:
            return
        viewport = self._view.viewport()
        place = self._view.to_viewport(self._point)
        screen = QPointF(viewport.mapToGlobal(place.toPoint()))
        event = QMouseEvent(kind, place, screen, button, buttons, modifiers)
        QApplication.sendEvent(viewport, event)


class CrossLayer(QGraphicsItem):
    """A cross with a free middle, as large at every zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._point: QPointF | None = None
        self._zoom = 1.0

    def show_at(self, point: QPointF | None) -> None:
        """Move the cross, or take it away."""
        if point != self._point:
            self.prepareGeometryChange()
            self._point = point

    def set_zoom(self, zoom: float) -> None:
        """Tell how many screen pixels an image pixel takes."""
        self.prepareGeometryChange()
        self._zoom = zoom

    def boundingRect(self) -> QRectF:
        if self._point is None:
            return QRectF()
        reach = (ARM_PX + 4) / self._zoom
        return QRectF(self._point.x() - reach, self._point.y() - reach, 2 * reach, 2 * reach)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._point is None:
            return
        arm, hole = ARM_PX / self._zoom, HOLE_PX / self._zoom
        for color, width in STROKES:
            painter.setPen(cosmetic_pen(painter, color, width))
            for way in ARROWS.values():
                painter.drawLine(self._point + way * hole, self._point + way * arm)
