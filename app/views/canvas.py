"""The canvas: the place where the tools work on the image and its layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from app.theme import current_colors
from app.tools.base import Tool
from app.views.canvas_overlays import CanvasOverlays
from app.views.canvas_view import pixel_at
from app.views.detail_layer import TileSource
from app.views.gestures import Gestures
from app.views.key_pointer import ARROWS, KeyPointer
from app.views.layered_view import LayeredView
from app.views.step_list import Step
from app.views.tool_cursor import ToolCursor
from gridsal_core.frames import Frame

ARROW_PAN_PX = 64


class Canvas(LayeredView):
    """Turns gestures over the image into calls of the tool, whose marks lie over all layers.

    The wheel zooms about the pointer; the middle button, or Space and the left one, pans; the arrow
    keys pan; the right button asks for a menu.
    """

    hovered = Signal(int, int)
    """Column and row of the pixel under the pointer."""
    left = Signal()
    """The pointer left the image."""
    files_dropped = Signal(object)
    """list[Path] of what was dropped."""
    drawing_changed = Signal()
    """An outline that lasts between clicks was begun, or is there no more."""
    menu_wanted = Signal(int, int, QPoint)
    """Column and row of the pixel that a menu is wanted for, and where on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Image canvas")
        self.setAccessibleDescription("The image with prediction, heat map and request region")
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self._cursor = ToolCursor()
        for item in self._cursor.layers:
            self.add_layer(item)
        self._gestures = Gestures(self.pan_by)
        self.key_pointer = KeyPointer(self, self.image_size, self._is_drag)
        self._hovered: QPoint | None = None
        self._was_drawing = False
        self._overlays = CanvasOverlays(self.viewport())
        self.next_step = self._overlays.next_step
        self.zoom_changed.connect(self._cursor.set_zoom)
        self.zoom_changed.connect(self.key_pointer.set_zoom)
        self.heat_shown.connect(self._overlays.show_heat_bar)
        self.setBackground(QColor(current_colors().canvas))

    def set_picture(
        self, levels: Sequence[QImage], frame: Frame, tiles: TileSource | None = None
    ) -> None:
        """Show an image, see `LayeredView.set_picture`, or the hint; gestures are given up."""
        self.cancel_gesture()
        super().set_picture(levels, frame, tiles)
        self._overlays.show_hint(not levels)
        self._show_cursor(None)
        self.key_pointer.hide()

    def set_heat_label(self, label: str) -> None:
        """Say at the colour bar what the heat measures."""
        self._overlays.set_heat_label(label)

    def set_tool(self, tool: Tool | None) -> None:
        """Give the left button to a tool; what the last one was doing is cancelled."""
        self.cancel_gesture()
        self._gestures.tool = tool
        self._show_mouse_cursor()
        self.refresh_cursor()

    def set_hint(
        self, title: str, text: str, actions: Sequence[QAction] = (), steps: Sequence[Step] = ()
    ) -> None:
        """Set what is said and offered where there is no image, and the steps to a result."""
        self._overlays.set_hint(title, text, actions, steps)

    @property
    def hint_text(self) -> str:
        """What the hint says while it is shown, else nothing."""
        return self._overlays.hint_text

    def cancel_gesture(self) -> None:
        """Give up a running gesture, also one between two clicks."""
        self._gestures.cancel()
        self.refresh_cursor()

    @property
    def is_drawing(self) -> bool:
        """Whether corners of an outline were set that can be taken back one by one."""
        tool = self._gestures.tool
        outline = None if tool is None else tool.outline
        return outline is not None and bool(outline.corners)

    def take_back(self) -> None:
        """Take back the last corner of the outline that is being drawn."""
        if self._gestures.tool is not None:
            self._gestures.tool.take_back()
        self.refresh_cursor()

    @property
    def gesture_hint(self) -> str:
        """What is said of how the running gesture goes on; empty if nothing is."""
        return self._overlays.gesture_hint

    def refresh_cursor(self) -> None:
        """Draw the tool's circle anew, for instance after its size was changed elsewhere."""
        pointer = QPointF(self.viewport().mapFromGlobal(QCursor.pos()))
        self._show_cursor(self.to_image(pointer) if self.viewport().underMouse() else None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press(event, is_double=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._press(event, is_double=True)

    def _press(self, event: QMouseEvent, *, is_double: bool) -> None:
        point = self.to_image(event.position())
        if self.is_empty:
            return
        if self._gestures.press(event, point, self.image_size(), is_double=is_double):
            self._show_mouse_cursor()
            self._show_cursor(point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.spontaneous():
            self.key_pointer.hide()
        point = self.to_image(event.position())
        self._hover(point)
        self._gestures.move(event, point, self.image_size())
        self._show_cursor(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = self.to_image(event.position())
        if self._gestures.release(event, point, self.image_size()):
            self._show_mouse_cursor()
            self._show_cursor(point)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        pixel = pixel_at(self.to_image(QPointF(event.pos())), self.image_size())
        place = event.globalPos()
        # The menu key means the pixel under the pointer, if that is over the image.
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self._hovered is not None:
            pixel = self._hovered
            place = self.key_pointer.screen_position or QCursor.pos()
        if pixel is not None and not self._gestures.is_acting and not self.is_empty:
            self.menu_wanted.emit(pixel.x(), pixel.y(), place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, tool = Qt.Key(event.key()), self._gestures.tool
        if key == Qt.Key.Key_Space:
            self._gestures.is_space_down = True
            self._show_mouse_cursor()
        elif key == Qt.Key.Key_Escape and self._gestures.is_acting:
            self._drop_button()
        elif key == Qt.Key.Key_Escape and tool is not None and tool.outline is not None:
            self.cancel_gesture()
        elif self.key_pointer.key(key, event.modifiers()):
            event.accept()
        elif tool is not None and tool.key(key, event.modifiers()):
            self.refresh_cursor()
        elif key in ARROWS:
            self.pan_by(-ARROWS[key] * ARROW_PAN_PX / self.zoom)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._gestures.is_space_down = False
            self._show_mouse_cursor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._gestures.is_space_down = False
        # What lasts between clicks stays: a look at another window must not cost a polygon.
        self._drop_button()
        self._show_mouse_cursor()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        self._show_cursor(None)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        # pyqtgraph resizes from its own constructor, before this class has its state.
        if hasattr(self, "_overlays"):
            self._overlays.place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setBackground(QColor(current_colors().canvas))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setAccepted(event.mimeData().hasUrls())

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setAccepted(event.mimeData().hasUrls())

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)

    def _is_drag(self) -> bool:
        return self._gestures.tool is not None and self._gestures.tool.is_drag

    def _drop_button(self) -> None:
        """Give up what the pressed button was doing."""
        self._gestures.drop_button()
        self.key_pointer.let_go()
        self.refresh_cursor()

    def _hover(self, point: QPointF | None) -> None:
        is_empty = point is None or self.is_empty
        pixel = None if point is None or is_empty else pixel_at(point, self.image_size())
        if pixel == self._hovered:
            return
        self._hovered = pixel
        if pixel is None:
            self.left.emit()
        else:
            self.hovered.emit(pixel.x(), pixel.y())

    def _show_cursor(self, point: QPointF | None) -> None:
        tool, gestures = self._gestures.tool, self._gestures
        has_circle = not self.is_empty and not gestures.is_panning
        self._cursor.show(tool, point, has_circle=has_circle)
        self._overlays.set_gesture_hint(tool.hint if tool is not None else "")
        if self._was_drawing != self.is_drawing:
            self._was_drawing = self.is_drawing
            self.drawing_changed.emit()

    def _show_mouse_cursor(self) -> None:
        self.viewport().setCursor(self._gestures.mouse_shape)
