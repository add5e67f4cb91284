"""A view of one map: image, heat or difference, request; it pans, zooms, and can be linked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from app.models.map_picture import DifferencePicture, MapPicture, placed
from app.theme import current_colors
from app.views.canvas_layers import IndexLayer, OutlineLayer, heat_table
from app.views.canvas_view import ZoomView
from app.views.class_layers import PredictionLayer
from app.views.detail_layer import DetailLayer
from gridsal_core.arrays import BoolArray, ByteArray
from gridsal_core.frames import Frame

Overlay = Literal["heat", "classes", "marks", "region"]

HEAT_OPACITY: Final = 0.8
DIFFERENCE_OPACITY: Final = 0.95
# Of ColorBrewer's PuOr, which colour-blind eyes tell apart: more in this map, more in the first.
MORE: Final = (230, 97, 1)
LESS: Final = (94, 60, 153)
HATCH_PERIOD: Final = 4
ARROW_PAN_PX: Final = 48
ZOOM_STEP: Final = 1.25

_ARROWS: Final = {
    Qt.Key.Key_Left: QPointF(1, 0),
    Qt.Key.Key_Right: QPointF(-1, 0),
    Qt.Key.Key_Up: QPointF(0, 1),
    Qt.Key.Key_Down: QPointF(0, -1),
}


@dataclass(frozen=True)
class ViewPlace:
    """What a view shows, so that a view of another image can show the same of it.

    Parameters
    ----------
    across, down
        The middle of the view as a share of the image's width and height.
    scale
        Screen pixels per square root of the image's area.
    is_fitted
        Whether the whole image is shown, as large as it goes.
    """

    across: float
    down: float
    scale: float
    is_fitted: bool


class MapView(ZoomView):
    """Shows one MapPicture in pixels of the whole image.

    Drag or the arrow keys pan; the wheel, + and - zoom; a double click or 0 shows everything.
    """

    moved = Signal()
    """The user moved the view; not emitted when it was resized or told where to go."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(96, 72)
        self._image = DetailLayer()
        self._classes = PredictionLayer()
        self._heat = IndexLayer()
        self._difference = IndexLayer()
        self._marks = IndexLayer()
        self._region = OutlineLayer()
        self._overlays: dict[Overlay, IndexLayer | OutlineLayer] = {
            "heat": self._heat,
            "classes": self._classes,
            "marks": self._marks,
            "region": self._region,
        }
        for item in (
            self._image,
            self._classes,
            self._heat,
            self._difference,
            self._marks,
            self._region,
        ):
            self.add_layer(item)
        self._heat.set_table(heat_table(HEAT_OPACITY))
        self._difference.set_table(difference_table(DIFFERENCE_OPACITY))
        self._marks.set_table(_marks_table())
        self._picture: MapPicture | None = None
        self._reference = QRectF()
        self._is_quiet = False
        self._dragged: QPointF | None = None
        self.view_changed.connect(self._on_view)
        self.setBackground(QColor(current_colors().canvas))
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)

    @property
    def picture(self) -> MapPicture | None:
        """What is shown."""
        return self._picture

    def set_picture(self, picture: MapPicture | None) -> None:
        """Show a picture, or nothing."""
        self._picture = picture
        self._difference.set_fractions(None)
        if picture is None:
            self._image.set_picture((), QSizeF())
            self._region.set_region(None, None)
            for layer in (self._heat, self._classes, self._marks):
                layer.set_indices(None)
            return
        self._show_image(picture.levels)
        self._heat.set_fractions(picture.saliency)
        self._classes.set_prediction(picture.class_map, picture.classes)
        marked = None if picture.marked is None else hatched(picture.marked)
        self._marks.set_indices(marked)
        self._region.set_region(picture.region, None)
        for item, pixels in (
            (self._heat, picture.saliency),
            (self._classes, picture.class_map),
            (self._marks, picture.marked),
            (self._region, picture.region),
        ):
            if pixels is not None:
                height, width = pixels.shape
                item.setTransform(placed(picture.frame, (height, width)))
        self.set_reference(picture.rect)
        self._on_zoom(self.zoom)

    def set_difference(self, difference: DifferencePicture | None) -> None:
        """Show a difference in the map's place, over the image in grey; None shows the map."""
        picture = self._picture
        if picture is None:
            return
        self._heat.setVisible(difference is None)
        self._show_image(picture.levels if difference is None else difference.grey)
        if difference is None:
            self._difference.set_fractions(None)
            return
        self._difference.set_fractions((difference.values + np.float32(1)) / np.float32(2))
        height, width = difference.values.shape
        self._difference.setTransform(placed(difference.frame, (height, width)))

    def set_overlay_visible(self, overlay: Overlay, is_visible: bool) -> None:
        """Show or hide what lies over the image."""
        self._overlays[overlay].setVisible(is_visible)

    def set_reference(self, rect: QRectF) -> None:
        """Set the part of the whole image that a fit shows and that places are relative to."""
        self._is_quiet = True
        try:
            self._reference = QRectF(rect)
            self.set_content(rect)
        finally:
            self._is_quiet = False

    @property
    def place(self) -> ViewPlace | None:
        """What is shown now; None without a picture."""
        reference = self._reference
        if self._picture is None or reference.isEmpty():
            return None
        middle = self.to_image(QPointF(self.viewport().width(), self.viewport().height()) / 2)
        return ViewPlace(
            (middle.x() - reference.left()) / reference.width(),
            (middle.y() - reference.top()) / reference.height(),
            self.zoom * _edge(reference),
            self.is_fitted,
        )

    def go_to(self, place: ViewPlace) -> None:
        """Show the place that another view shows."""
        reference = self._reference
        if self._picture is None or reference.isEmpty():
            return
        self._is_quiet = True
        try:
            if place.is_fitted:
                self.fit()
            else:
                x = reference.left() + place.across * reference.width()
                y = reference.top() + place.down * reference.height()
                self.set_view(x, y, place.scale / _edge(reference))
        finally:
            self._is_quiet = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._dragged = event.position()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None:
            self.pan_by((event.position() - self._dragged) / self.zoom)
            self._dragged = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        middle = QPointF(self.viewport().width(), self.viewport().height()) / 2
        if key in _ARROWS:
            self.pan_by(_ARROWS[key] * ARROW_PAN_PX / self.zoom)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(ZOOM_STEP, middle)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / ZOOM_STEP, middle)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        if not hasattr(self, "_reference"):
            super().resizeEvent(event)  # of pyqtgraph's constructor
            return
        self._is_quiet = True
        try:
            super().resizeEvent(event)
        finally:
            self._is_quiet = False

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setBackground(QColor(current_colors().canvas))

    def _show_image(self, levels: Sequence[QImage]) -> None:
        picture = self._picture
        if picture is None:
            return
        self._image.set_picture(levels, picture.rect.size())
        whole = Frame.whole(picture.frame.full)
        self._image.setTransform(placed(whole, whole.size).translate(*_corner(picture.rect)))

    def _on_view(self) -> None:
        self._on_zoom(self.zoom)
        if not self._is_quiet:
            self.moved.emit()

    def _on_zoom(self, zoom: float) -> None:
        # The outline's own unit is the working pixel.
        self._region.set_zoom(zoom * self._region.transform().m11())


def difference_table(opacity: float) -> ByteArray:
    """Return the (256, 4) table of a difference: purple below 0, orange above, clear at it."""
    table = np.zeros((256, 4), np.uint8)
    size = np.abs(np.arange(256) - 127.5) / 127.5
    table[:128, :3], table[128:, :3] = LESS, MORE
    table[:, 3] = np.rint(255 * opacity * size)
    return table


def hatched(marked: BoolArray) -> ByteArray:
    """Return (H, W) of 1 on diagonals of what is marked, 2 beside them, 0 elsewhere."""
    height, width = marked.shape
    phase = (np.arange(height)[:, None] + np.arange(width)) % HATCH_PERIOD
    result: ByteArray = np.where(marked, np.where(phase == 0, 1, 2), 0).astype(np.uint8)
    return result


def _marks_table() -> ByteArray:
    table = np.zeros((256, 4), np.uint8)
    table[1], table[2] = (255, 255, 255, 255), (0, 0, 0, 70)
    return table


def _edge(rect: QRectF) -> float:
    return sqrt(rect.width() * rect.height())


def _corner(rect: QRectF) -> tuple[float, float]:
    return rect.left(), rect.top()
