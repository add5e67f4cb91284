"""The picture under all layers, at its own scale, and what sets the working frame off from it."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log2
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, SignalInstance
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.models.tile import Tile
from app.theme import current_colors
from app.views.canvas_layers import ImageLayer
from gridsal_core.frames import Frame

# A little enlarged, the overview looks as sharp as tiles would, and costs nothing.
OVERVIEW_STRETCH = 1.1
DIM_ALPHA = 150
BORDER_PX = 1.0
MARGIN_PX = 2.0


class TileSource(Protocol):
    """Where details come from; `arrived(Tile)` tells that one is there."""

    @property
    def arrived(self) -> SignalInstance: ...
    def get(self, tile: Tile) -> QImage | None: ...
    def want(self, tiles: Sequence[Tile]) -> None: ...


class DetailLayer(ImageLayer):
    """A whole image in its own pixels: an overview of it, and tiles where the zoom shows more.

    `set_frame` puts it where the working pixels, which are the canvas's coordinates, belong.
    """

    def __init__(self) -> None:
        super().__init__()
        self._tiles: TileSource | None = None

    def set_picture(
        self, levels: Sequence[QImage], full: QSizeF, tiles: TileSource | None = None
    ) -> None:
        """Show a picture, its half and so on, over `full` image pixels."""
        if self._tiles is not tiles:
            if self._tiles is not None:
                self._tiles.arrived.disconnect(self._on_arrived)
            if tiles is not None:
                tiles.arrived.connect(self._on_arrived)
            self._tiles = tiles
        self._show(*(levels or [QImage()]), size=full)

    def set_frame(self, frame: Frame) -> None:
        """Place the image so that the frame's window covers its working pixels."""
        across, down = scales(frame)
        left, top = -frame.window.left * across, -frame.window.top * down
        self.setTransform(QTransform(across, 0, 0, down, left, top))

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        super().paint(painter, option, widget)
        scale = painter.deviceTransform().m11()
        if self._tiles is None or self.is_empty or scale <= 0:
            return
        if scale > OVERVIEW_STRETCH * self._levels[0].width() / self._size.width():
            self._paint_tiles(painter, self._visible(painter, widget), scale, self._tiles)

    def _paint_tiles(
        self, painter: QPainter, seen: QRectF, scale: float, source: TileSource
    ) -> None:
        depth = max(0, floor(-log2(scale)))
        tiles = tiles_in(seen, depth)
        missing = [tile for tile in tiles if source.get(tile) is None]
        if missing:
            # What is there from before a zoom is better than the overview.
            for coarser in (depth + 2, depth + 1):
                for tile in tiles_in(seen, coarser):
                    self._paint_tile(painter, tile, source.get(tile), seen)
        for tile in tiles:
            self._paint_tile(painter, tile, source.get(tile), seen)
        source.want(missing)

    def _paint_tile(
        self, painter: QPainter, tile: Tile, image: QImage | None, seen: QRectF
    ) -> None:
        if image is None:
            return
        place = self._place(tile)
        # Only what is seen: much enlarged, a whole tile would be beyond Qt's raster.
        part = place.intersected(seen)
        to_tile = QTransform.fromTranslate(-place.left(), -place.top()) * QTransform.fromScale(
            image.width() / place.width(), image.height() / place.height()
        )
        painter.drawImage(part, image, to_tile.mapRect(part))

    def _place(self, tile: Tile) -> QRectF:
        corner = QPointF(tile.column * tile.span, tile.row * tile.span)
        return QRectF(corner, QSizeF(tile.span, tile.span)).intersected(self.boundingRect())

    def _on_arrived(self, tile: Tile) -> None:
        self.update(self._place(tile))


class FrameLayer(QGraphicsItem):
    """Dims the image around the working frame, and draws a thin line about it."""

    def __init__(self) -> None:
        super().__init__()
        self._inner, self._outer = QRectF(), QRectF()

    def set_rects(self, inner: QRectF, outer: QRectF) -> None:
        """Set the frame and the whole image, both in working pixels."""
        self.prepareGeometryChange()
        self._inner, self._outer = QRectF(inner), QRectF(outer)

    def boundingRect(self) -> QRectF:
        return self._outer

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._inner == self._outer:
            return
        to_item, _ = painter.worldTransform().inverted()
        view = QRectF(widget.rect()) if widget is not None else painter.viewport()
        seen = to_item.mapRect(QRectF(view)).intersected(self._outer)
        inner = self._inner.intersected(seen)
        dim = QColor(current_colors().canvas)
        dim.setAlpha(DIM_ALPHA)
        for part in around(inner, seen):
            painter.fillRect(part, dim)
        pen = QPen(QColor(current_colors().accent), BORDER_PX * painter.device().devicePixelRatio())
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self._inner)


def around(inner: QRectF, outer: QRectF) -> tuple[QRectF, ...]:
    """Return what `outer` has beside `inner`, which lies in it or is empty, as rectangles."""
    if inner.isEmpty():
        return (outer,)
    return (
        QRectF(outer.topLeft(), QPointF(outer.right(), inner.top())),
        QRectF(QPointF(outer.left(), inner.bottom()), outer.bottomRight()),
        QRectF(QPointF(outer.left(), inner.top()), inner.bottomLeft()),
        QRectF(inner.topRight(), QPointF(outer.right(), inner.bottom())),
    )


def tiles_in(seen: QRectF, depth: int) -> list[Tile]:
    """Return the tiles that are seen, those in the middle first."""
    span = Tile(depth, 0, 0).span
    rows = range(int(seen.top() // span), int((seen.bottom() - 1) // span) + 1)
    columns = range(int(seen.left() // span), int((seen.right() - 1) // span) + 1)
    middle = seen.center() / span - QPointF(0.5, 0.5)
    tiles = [Tile(depth, row, column) for row in rows for column in columns]
    return sorted(tiles, key=lambda t: (t.row - middle.y()) ** 2 + (t.column - middle.x()) ** 2)


def scales(frame: Frame) -> tuple[float, float]:
    """Return how many working pixels an image pixel takes across and down."""
    window = frame.window
    return (
        frame.size[1] / (window.right - window.left),
        frame.size[0] / (window.bottom - window.top),
    )
