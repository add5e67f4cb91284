"""A canvas on the screen, and a look at its pixels."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.views.canvas import Canvas

HEIGHT, WIDTH = 90, 160
WHITE = QColor(255, 255, 255)


def shown_canvas(qtbot: QtBot) -> Canvas:
    """Return an empty canvas that is on the screen."""
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 300)
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def at(canvas: Canvas, x: float, y: float) -> QPoint:
    """Return where a point of the image is on the canvas."""
    return canvas.to_viewport(QPointF(x, y)).toPoint()


def color(canvas: Canvas, x: float, y: float) -> QColor:
    """Return the colour that is seen at a point of the image."""
    picture: QImage = canvas.viewport().grab().toImage()
    return picture.pixelColor(at(canvas, x, y))
