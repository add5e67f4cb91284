"""Reads thumbnails in a small thread pool, newest request first."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, QThreadPool, Signal
from PySide6.QtGui import QImage

from gridsal_core.errors import GridSalError
from gridsal_core.images import read_thumbnail

EDGE_PX = 192
THREADS = 2
MAX_PENDING = 64


class ThumbnailLoader(QObject):
    """Turns requests for thumbnails into `loaded` or `failed`, in the thread it was made in.

    While a list is scrolled fast, only the newest 64 requests wait; a view asks again for what it
    paints, so that nothing is missing for long.

    Parameters
    ----------
    edge
        Longest side of a thumbnail in pixels.
    parent
        The Qt owner.
    """

    loaded = Signal(object, object)
    """Path and QImage."""
    failed = Signal(object, str)
    """Path and the reason, a sentence for the user."""
    _read = Signal(int, object, object, str)

    def __init__(self, edge: int = EDGE_PX, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._edge = edge
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._pending: dict[Path, None] = {}
        self._running: set[Path] = set()
        self._generation = 0
        self._read.connect(self._take)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.shut_down)

    def request(self, path: Path) -> None:
        """Ask for a thumbnail; asking twice is asking once, but sooner."""
        if path in self._running:
            return
        self._pending.pop(path, None)
        self._pending[path] = None
        if len(self._pending) > MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        self._start()

    def clear(self) -> None:
        """Forget every request; what is being read now is dropped when it arrives."""
        self._generation += 1
        self._pending.clear()
        self._running.clear()

    def shut_down(self) -> None:
        """Forget every request and wait for the threads."""
        self.clear()
        self._pool.waitForDone()

    def _start(self) -> None:
        while self._pending and len(self._running) < THREADS:
            path, _ = self._pending.popitem()
            self._running.add(path)
            self._pool.start(partial(self._work, self._generation, path))

    def _work(self, generation: int, path: Path) -> None:
        image, reason = None, ""
        try:
            image = _to_image(read_thumbnail(path, self._edge))
        except GridSalError as error:
            reason = str(error)
        self._read.emit(generation, path, image, reason)

    def _take(self, generation: int, path: Path, image: QImage | None, reason: str) -> None:
        if generation != self._generation:
            return
        self._running.discard(path)
        self._start()
        if image is None:
            self.failed.emit(path, reason)
        else:
            self.loaded.emit(path, image)


def _to_image(rgb: np.typing.NDArray[np.uint8]) -> QImage:
    height, width = rgb.shape[:2]
    wrapped = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return wrapped.convertToFormat(QImage.Format.Format_RGB32)
