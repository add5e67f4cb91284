"""The layers of the canvas: items in image coordinates that paint one thing each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.models.picture import halved, to_qimage
from app.views.outline_splice import NO_LINES, lines_within, spliced
from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.frames import Box

REGION_COLOR = QColor(0, 90, 255)
HALO_COLOR = QColor(255, 255, 255)
OUTLINE_PX = 2.0
HALO_PX = 4.0
TABLE_SIZE = 256
# What is being drawn, dark on light: one of the two is seen on any image.
DARK, LIGHT = QColor(0, 0, 0, 210), QColor(255, 255, 255)
STROKES = ((DARK, 4.0), (LIGHT, 2.0))

_MARGIN_PX = 4.0


class ImageLayer(QGraphicsItem):
    """A picture over the whole image: nearest neighbour when enlarged, smooth when reduced."""

    def __init__(self) -> None:
        super().__init__()
        # The picture, its half, its quarter and so on, as far as they were needed.
        self._levels: list[QImage] = [QImage()]
        self._size = QSizeF()

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to paint."""
        return self._levels[0].isNull()

    def set_rgb(self, rgb: ByteArray | None) -> None:
        """Show (H, W, 3) uint8 colours, or nothing."""
        if rgb is None:
            self._show(QImage())
            return
        self._show(to_qimage(rgb))

    def boundingRect(self) -> QRectF:
        return QRectF(QPointF(), self._size)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self.is_empty:
            return
        scale = painter.deviceTransform().m11() * self._size.width() / self._levels[0].width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        part = self._visible(painter, widget)
        picture = self._level(scale)
        across = picture.width() / self._size.width()
        down = picture.height() / self._size.height()
        painter.drawImage(part, picture, QTransform.fromScale(across, down).mapRect(part))

    def _level(self, scale: float) -> QImage:
        """Return the picture small enough: Qt's smooth reduction mixes only 2 x 2 pixels."""
        depth = 0
        while scale <= 0.5 and min(self._levels[0].width(), self._levels[0].height()) >> depth > 2:
            scale *= 2
            depth += 1
        while len(self._levels) <= depth:
            self._levels.append(halved(self._levels[-1]))
        return self._levels[depth]

    def _visible(self, painter: QPainter, widget: QWidget | None) -> QRectF:
        """Whole pixels in view: at a high zoom, the whole image would be beyond Qt's raster."""
        if widget is None:
            return self.boundingRect()
        to_item, _ = painter.worldTransform().inverted()
        seen = to_item.mapRect(QRectF(widget.rect())).toAlignedRect().adjusted(-1, -1, 1, 1)
        return QRectF(seen).intersected(self.boundingRect())

    def _show(self, *levels: QImage, size: QSizeF | None = None) -> None:
        """Show a picture, its half and so on, over a size that may be larger than its own."""
        size = QSizeF(levels[0].size()) if size is None else size
        if size != self._size:
            self.prepareGeometryChange()
            self._size = size
        self._levels = list(levels)
        self.update()


class IndexLayer(ImageLayer):
    """A picture of 8-bit values whose colours, alpha included, are a table of 256 entries."""

    def __init__(self) -> None:
        super().__init__()
        self._indices = QImage()
        self._table = [0] * TABLE_SIZE

    def set_table(self, rgba: ByteArray) -> None:
        """Colour value i with row i of (256, 4) uint8: red, green, blue, alpha."""
        r, g, b, a = rgba.astype(np.uint32).T
        self._table = (a << 24 | r << 16 | g << 8 | b).tolist()
        if not self._indices.isNull():
            self._indices.setColorTable(self._table)
            self._color()

    def set_indices(self, indices: IndexArray | None) -> None:
        """Show (H, W) values; 16-bit ones share the table modulo 256. None shows nothing."""
        if indices is None:
            self._clear()
            return
        self._pixels(indices.shape)[:] = indices.astype(np.uint8, copy=False)
        self._color()

    def set_fractions(self, fractions: FloatArray | None) -> None:
        """Show (H, W) values from 0 to 1 on the fixed scale 0 to 255. None shows nothing."""
        if fractions is None:
            self._clear()
            return
        scaled = fractions * np.float32(255)
        scaled += np.float32(0.5)
        np.clip(scaled, 0, 255, out=scaled)
        self._pixels(fractions.shape)[:] = scaled.astype(np.uint8)
        self._color()

    def _clear(self) -> None:
        self._indices = QImage()
        self._show(QImage())

    def _color(self) -> None:
        # Qt scales premultiplied colours four times as fast as indexed ones, and most repaints
        # (a brush move, a pan) change neither the values nor the table.
        self._show(self._indices.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied))

    def _pixels(self, shape: tuple[int, ...]) -> ByteArray:
        """Return the memory of the values as an array: written without a copy."""
        height, width = shape
        if (self._indices.height(), self._indices.width()) != (height, width):
            self._indices = QImage(width, height, QImage.Format.Format_Indexed8)
            self._indices.setColorTable(self._table)
        flat: ByteArray = np.frombuffer(self._indices.bits(), np.uint8)
        return flat.reshape(height, self._indices.bytesPerLine())[:, :width]


class OutlineLayer(QGraphicsItem):
    """The border of a region, blue with a white halo, as thick at every zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._shape = (0, 0)
        self._lines = NO_LINES
        self._margin = _MARGIN_PX
        # A brush move exposes a small rectangle; with it, only the lines there are drawn.
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_region(self, region: BoolArray | None, box: Box | None) -> None:
        """Outline a region; with a box, only its pixels have changed since the last call."""
        if region is None:
            region, box = np.zeros(self._shape, bool), None
        if region.shape != self._shape:
            self.prepareGeometryChange()
            self._shape, box = (region.shape[0], region.shape[1]), None
        whole = Box(0, 0, *self._shape)
        if box is None:
            self._lines = spliced(NO_LINES, region, whole)
        else:
            self._lines = spliced(self._lines, region, box)
        self.update(self._grown(box or whole))

    def set_zoom(self, zoom: float) -> None:
        """Tell how many screen pixels an image pixel takes: lines stick out of the image by it."""
        self.prepareGeometryChange()
        self._margin = _MARGIN_PX / zoom

    def boundingRect(self) -> QRectF:
        return self._grown(Box(0, 0, *self._shape))

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        m = self._margin
        exposed: QRectF = option.exposedRect.adjusted(-m, -m, m, m)
        x, y = lines_within(self._lines, exposed).reshape(-1, 2).T
        path = pg.functions.arrayToQPath(x, y, connect="pairs", finiteCheck=False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((HALO_COLOR, HALO_PX), (REGION_COLOR, OUTLINE_PX)):
            painter.setPen(cosmetic_pen(painter, color, width))
            painter.drawPath(path)

    def _grown(self, box: Box) -> QRectF:
        m = self._margin
        size = QSizeF(box.right - box.left, box.bottom - box.top)
        return QRectF(QPointF(box.left, box.top), size).adjusted(-m, -m, m, m)


class CursorLayer(QGraphicsItem):
    """The circle of the brush, of true size in image pixels, and the rectangle being dragged."""

    def __init__(self) -> None:
        super().__init__()
        self._circle = QRectF()
        self._rectangle = QRectF()
        self._margin = _MARGIN_PX

    def show_circle(self, center: QPointF | None, radius: float | None) -> None:
        """Move the circle, or take it away."""
        circle = QRectF()
        if center is not None and radius is not None:
            circle = QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius)
        if circle != self._circle:
            self.prepareGeometryChange()
            self._circle = circle

    def show_rectangle(self, rectangle: QRectF | None) -> None:
        """Change the dragged rectangle, or take it away."""
        rectangle = rectangle or QRectF()
        if rectangle != self._rectangle:
            self.prepareGeometryChange()
            self._rectangle = rectangle

    def set_zoom(self, zoom: float) -> None:
        """Tell how many screen pixels an image pixel takes."""
        self.prepareGeometryChange()
        self._margin = _MARGIN_PX / zoom

    def boundingRect(self) -> QRectF:
        m = self._margin
        return self._circle.united(self._rectangle).adjusted(-m, -m, m, m)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # The circle hides what it goes over, so it is finer.
        for color, width in ((QColor(0, 0, 0, 160), 3.0), (LIGHT, 1.0)):
            painter.setPen(cosmetic_pen(painter, color, width))
            painter.drawEllipse(self._circle)
        if not self._rectangle.isNull():
            for color, width in STROKES:
                painter.setPen(cosmetic_pen(painter, color, width))
                painter.drawRect(self._rectangle)


def cosmetic_pen(painter: QPainter, color: QColor, width: float) -> QPen:
    """Return a pen as thick on the screen at every zoom, with closed corners."""
    # Qt takes the width of a cosmetic pen in pixels of the device, not in scaled ones.
    pen = QPen(color, round(width * painter.device().devicePixelRatio()))
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.SquareCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return pen


def heat_table(opacity: float) -> ByteArray:
    """Return the (256, 4) table of a heat map: red whose alpha grows linearly with the value."""
    table: npt.NDArray[np.uint8] = np.zeros((TABLE_SIZE, 4), np.uint8)
    table[:, 0] = 255
    table[:, 3] = np.rint(np.arange(TABLE_SIZE) * opacity)
    return table
