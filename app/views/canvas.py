"""The canvas: the image with its layers, and the place where the tools work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt, Signal
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

from app.models.framing import is_whole
from app.models.picture import to_qimage
from app.theme import current_colors
from app.tools.base import Tool
from app.views.canvas_layers import ImageLayer, IndexLayer, OutlineLayer, heat_table
from app.views.canvas_overlays import CanvasOverlays
from app.views.canvas_view import MAX_ZOOM, ZoomView, pixel_at
from app.views.class_layers import ErrorLayer, PredictionLayer
from app.views.detail_layer import DetailLayer, FrameLayer, TileSource
from app.views.gestures import Gestures
from app.views.key_pointer import ARROWS, KeyPointer
from app.views.step_list import Step
from app.views.tool_cursor import ToolCursor
from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.frames import Box, Frame
from gridsal_core.types import ClassInfo

Layer = Literal["image", "labels", "prediction", "errors", "perturbed", "heat", "region"]

DEFAULT_HEAT_OPACITY = 0.8
ARROW_PAN_PX = 64


class Canvas(ZoomView):
    """Shows one image and what is known about it; turns gestures into calls of the tool.

    Layers from bottom to top: image, perturbed image, labels, prediction, errors, heat map, region
    outline, brush cursor, half-drawn outline. The wheel zooms about the pointer; the middle button,
    or Space and the left one, pans; the arrow keys pan; the right button asks for a menu.
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
        self._image = DetailLayer()
        self._frame_layer = FrameLayer()
        self._perturbed = ImageLayer()
        self._labels = PredictionLayer()
        self._prediction = PredictionLayer()
        self._errors = ErrorLayer()
        self._heat = IndexLayer()
        self._region = OutlineLayer()
        self._cursor = ToolCursor()
        self._layers: dict[Layer, ImageLayer | OutlineLayer] = {
            "image": self._image,
            "perturbed": self._perturbed,
            "labels": self._labels,
            "prediction": self._prediction,
            "errors": self._errors,
            "heat": self._heat,
            "region": self._region,
        }
        above = (item for name, item in self._layers.items() if name != "image")
        for item in (self._image, self._frame_layer, *above, *self._cursor.layers):
            self.add_layer(item)
        self._frame = Frame.whole((1, 1))
        self._perturbed.setVisible(False)
        self._errors.setVisible(False)
        self._labels.setVisible(False)
        self._picture_key = 0
        self._heat.set_table(heat_table(DEFAULT_HEAT_OPACITY))

        self._gestures = Gestures(self.pan_by)
        self.key_pointer = KeyPointer(self, self._image_size, self._is_drag)
        self._hovered: QPoint | None = None
        self._was_drawing = False
        self._overlays = CanvasOverlays(self.viewport())
        self.next_step = self._overlays.next_step
        self.zoom_changed.connect(self._region.set_zoom)
        self.zoom_changed.connect(self._cursor.set_zoom)
        self.zoom_changed.connect(self.key_pointer.set_zoom)
        self.setBackground(QColor(current_colors().canvas))

    def set_image(self, rgb: ByteArray | None) -> None:
        """Show (H, W, 3) uint8, or the hint; everything known about the last image goes."""
        if rgb is None:
            self.set_picture((), Frame.whole((1, 1)))
        else:
            self.set_picture((to_qimage(rgb),), Frame.whole((rgb.shape[0], rgb.shape[1])))

    def set_picture(
        self, levels: Sequence[QImage], frame: Frame, tiles: TileSource | None = None
    ) -> None:
        """Show an image that is worked on at a frame, whose working pixels all layers have.

        Parameters
        ----------
        levels
            The whole image, its half, its quarter and so on, as far as they are there; the first
            may have fewer pixels than the image. Nothing shows the hint.
        frame
            The part that is worked on, and its size; the rest of the image is seen, dimmed.
        tiles
            Where the pixels come from that the levels lack.
        """
        self.cancel_gesture()
        is_same = bool(levels) and levels[0].cacheKey() == self._picture_key
        self.set_prediction(None, ())
        self.set_labels(None, ())
        self.set_errors(None)
        self.set_perturbed(None)
        self.set_heat(None)
        self.set_region(None)
        self._picture_key = levels[0].cacheKey() if levels else 0
        full = QSizeF(frame.full[1], frame.full[0]) if levels else QSizeF()
        self._image.set_picture(levels, full, tiles)
        self._overlays.show_hint(not levels)
        self._show_cursor(None)
        self.key_pointer.hide()
        old, self._frame = self._frame, frame
        self._place_frame(old if is_same else None)

    @property
    def image_zoom(self) -> float:
        """Screen pixels per pixel of the whole image: 1.0 is 100 %."""
        return self.zoom * self._frame.scale

    def set_image_zoom(self, factor: float) -> None:
        """Zoom to `factor` screen pixels per pixel of the whole image."""
        self.set_zoom(factor / self._frame.scale)

    def set_perturbed(self, rgb: ByteArray | None) -> None:
        """Set the perturbed image, shown in the image's place while its layer is visible."""
        self._perturbed.set_rgb(rgb)

    def set_prediction(self, class_map: IndexArray | None, classes: tuple[ClassInfo, ...]) -> None:
        """Lay (H, W) class indices over the image in the colours of the classes.

        What `set_class_visible` has hidden stays hidden until the classes change.
        """
        self._prediction.set_prediction(class_map, classes)

    def set_class_visible(self, index: int, is_visible: bool) -> None:
        """Show or hide one class of the prediction and of the labels."""
        self._prediction.set_class_visible(index, is_visible)
        self._labels.set_class_visible(index, is_visible)

    def set_prediction_opacity(self, opacity: float) -> None:
        """Set the opacity of the prediction, 0 to 1."""
        self._prediction.set_strength(opacity)

    def set_labels(self, label: IndexArray | None, classes: tuple[ClassInfo, ...]) -> None:
        """Lay (H, W) true classes over the image while their layer is visible.

        Pixels whose value is no class stay clear.
        """
        self._labels.set_prediction(label, classes)

    def set_labels_opacity(self, opacity: float) -> None:
        """Set the opacity of the labels, 0 to 1."""
        self._labels.set_strength(opacity)

    def set_errors(self, verdicts: ByteArray | None) -> None:
        """Lay (H, W) verdicts of `compare` over the image while their layer is visible."""
        self._errors.set_indices(verdicts)

    def set_errors_opacity(self, opacity: float) -> None:
        """Set the opacity of the errors, 0 to 1."""
        self._errors.set_strength(opacity)

    def set_heat(self, saliency: FloatArray | None) -> None:
        """Lay (H, W) saliency in [0, 1] over the image in red, on the fixed scale 0 to 1."""
        self._heat.set_fractions(saliency)
        self._show_heat_bar()

    def set_heat_opacity(self, opacity: float) -> None:
        """Set the opacity of the heat map at the value 1, from 0 to 1."""
        self._heat.set_table(heat_table(opacity))

    def set_heat_label(self, label: str) -> None:
        """Say at the colour bar what the heat measures."""
        self._overlays.set_heat_label(label)

    def set_region(self, region: BoolArray | None, box: Box | None = None) -> None:
        """Outline (H, W) pixels; `box` tells where they differ from the last call."""
        self._region.set_region(region, box)

    def set_layer_visible(self, layer: Layer, is_visible: bool) -> None:
        """Show or hide a layer; the perturbed image, the labels and the errors start hidden."""
        self._layers[layer].setVisible(is_visible)
        self._show_heat_bar()

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
        if self._image.is_empty:
            return
        if self._gestures.press(event, point, self._working_size, is_double=is_double):
            self._show_mouse_cursor()
            self._show_cursor(point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.spontaneous():
            self.key_pointer.hide()
        point = self.to_image(event.position())
        self._hover(point)
        self._gestures.move(event, point, self._working_size)
        self._show_cursor(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = self.to_image(event.position())
        if self._gestures.release(event, point, self._working_size):
            self._show_mouse_cursor()
            self._show_cursor(point)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        pixel = pixel_at(self.to_image(QPointF(event.pos())), self._working_size)
        place = event.globalPos()
        # The menu key means the pixel under the pointer, if that is over the image.
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self._hovered is not None:
            pixel = self._hovered
            place = self.key_pointer.screen_position or QCursor.pos()
        if pixel is not None and not self._gestures.is_acting and not self._image.is_empty:
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

    @property
    def _working_size(self) -> QSizeF:
        height, width = self._frame.size
        return QSizeF(width, height)

    def _image_size(self) -> QSizeF:
        return QSizeF() if self._image.is_empty else self._working_size

    def _is_drag(self) -> bool:
        return self._gestures.tool is not None and self._gestures.tool.is_drag

    def _place_frame(self, old: Frame | None) -> None:
        """Put the image under the frame; of the same image as before, the same place is shown."""
        frame = self._frame
        center = self.to_image(QPointF(self.viewport().rect().center()))
        in_image = self._image.transform().inverted()[0].map(center)
        was_fitted, zoom = self.is_fitted, self.zoom
        self._image.set_frame(frame)
        inner = QRectF(QPointF(), self._working_size if not self._image.is_empty else QSizeF())
        is_part = not is_whole(frame)
        outer = self._image.mapRectToParent(self._image.boundingRect()) if is_part else inner
        self._frame_layer.set_rects(inner, outer)
        self.set_content(outer, MAX_ZOOM / frame.scale)
        if old is None or old == frame:
            return
        if is_part:
            self.show_rect(inner)
        elif not was_fitted:
            place = self._image.mapToParent(in_image)
            self.set_view(place.x(), place.y(), zoom * old.scale / frame.scale)

    def _drop_button(self) -> None:
        """Give up what the pressed button was doing."""
        self._gestures.drop_button()
        self.key_pointer.let_go()
        self.refresh_cursor()

    def _hover(self, point: QPointF | None) -> None:
        is_empty = point is None or self._image.is_empty
        pixel = None if point is None or is_empty else pixel_at(point, self._working_size)
        if pixel == self._hovered:
            return
        self._hovered = pixel
        if pixel is None:
            self.left.emit()
        else:
            self.hovered.emit(pixel.x(), pixel.y())

    def _show_cursor(self, point: QPointF | None) -> None:
        tool, gestures = self._gestures.tool, self._gestures
        has_circle = not self._image.is_empty and not gestures.is_panning
        self._cursor.show(tool, point, has_circle=has_circle)
        self._overlays.set_gesture_hint(tool.hint if tool is not None else "")
        if self._was_drawing != self.is_drawing:
            self._was_drawing = self.is_drawing
            self.drawing_changed.emit()

    def _show_mouse_cursor(self) -> None:
        self.viewport().setCursor(self._gestures.mouse_shape)

    def _show_heat_bar(self) -> None:
        self._overlays.show_heat_bar(not self._heat.is_empty and self._heat.isVisible())
