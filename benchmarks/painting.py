"""What a stroke, a zoom and a pan take until they are painted."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.startup import Application
from benchmarks.table import Column, Value
from benchmarks.window import Subject, opened, quantile, timed

COLUMNS = (
    Column("what", width=34),
    Column("frames", "d", 7),
    Column("p50", ".1f", 6),
    Column("p99", ".1f", 6),
    Column("max", ".1f", 6),
)
MOVES = 200
NO_KEYS = Qt.KeyboardModifier.NoModifier
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def painting_rows(model: Path) -> list[tuple[Value, ...]]:
    """Measure on noise, which no picture format makes easy; the network is the demo's."""
    QApplication.instance() or QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        brush = _folder(Path(folder) / "brush", 2048, 2048)
        views = _folder(Path(folder) / "views", 1024, 2048)
        with opened(Subject("", model, brush)) as application:
            strokes = _row("brush at 2048x2048, size 40", _strokes(application))
        with opened(Subject("", model, views), 1920, 1080) as application:
            _lay_over(application)
            zooms = _row("zoom of 2048x1024, two overlays", _zooms(application))
            pans = _row("pan of 2048x1024, two overlays", _pans(application))
    return [strokes, zooms, pans]


def _folder(folder: Path, height: int, width: int) -> Path:
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    Image.fromarray(noise).save(folder / "noise.png", compress_level=1)
    return folder


def _strokes(application: Application) -> list[float]:
    """Times from a move of the brush until it is painted, the image fitted and at 100 %."""
    canvas = application.window.canvas
    application.window.action("clear").trigger()
    application.window.action("brush").trigger()
    application.window.brush_size.setValue(40)
    viewport = canvas.viewport()
    times = []
    for turn in range(2):
        if turn:
            canvas.set_image_zoom(1.0)
        QApplication.processEvents()
        size = viewport.size()
        angles = np.linspace(0, 6 * np.pi, MOVES // 2)
        points = [
            QPointF(
                size.width() * (0.5 + 0.4 * np.cos(angle)),
                size.height() * (0.5 + 0.4 * np.sin(1.3 * angle)),
            )
            for angle in angles
        ]
        QTest.mousePress(viewport, LEFT, NO_KEYS, points[0].toPoint())
        QApplication.processEvents()
        for point in points[1:]:
            where = QPointF(viewport.mapToGlobal(point.toPoint()))
            event = QMouseEvent(QEvent.Type.MouseMove, point, where, NONE, LEFT, NO_KEYS)
            times.append(_painted(partial(QApplication.sendEvent, viewport, event)))
        QTest.mouseRelease(viewport, LEFT, NO_KEYS, points[-1].toPoint())
        QApplication.processEvents()
    return times


def _lay_over(application: Application) -> None:
    """Show the prediction and a heat map at once."""
    window, loaded = application.window, application.session.loaded
    if loaded is None:
        raise RuntimeError("no image is loaded")
    heat = np.random.default_rng(1).random(loaded.rgb.shape[:2], np.float32)
    window.canvas.set_heat(heat)
    for layer in ("prediction", "heat"):
        window.layers.boxes[layer].setChecked(True)
    QApplication.processEvents()


def _zooms(application: Application) -> list[float]:
    canvas = application.window.canvas
    middle = QPointF(canvas.viewport().rect().center())
    factors = [1.1] * 25 + [1 / 1.1] * 25
    return [_painted(partial(canvas.zoom_by, factor, middle)) for factor in factors * (MOVES // 50)]


def _pans(application: Application) -> list[float]:
    canvas = application.window.canvas
    canvas.set_image_zoom(1.0)
    shifts = [QPointF(11, 3)] * 25 + [QPointF(-11, -3)] * 25
    return [_painted(partial(canvas.pan_by, shift)) for shift in shifts * (MOVES // 50)]


def _painted(change: Callable[[], object]) -> float:
    """Milliseconds of a change and all the painting that follows from it."""
    return timed(lambda: (change(), QApplication.processEvents()))


def _row(name: str, times: list[float]) -> tuple[Value, ...]:
    ordered = sorted(times)
    p50, p99 = quantile(ordered, 0.5), quantile(ordered, 0.99)
    return name, len(ordered), p50, p99, ordered[-1]
