"""Reads the details of a picture that are in view, in two threads, and keeps a bounded number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QObject, QThreadPool, Signal
from PySide6.QtGui import QImage

from app.models.picture import Picture, to_qimage
from app.models.tile import Tile
from gridsal_core.errors import GridSalError

THREADS = 2
CACHE_BYTES = 256 * 2**20


class TileLoader(QObject):
    """Gives the tiles it has, and reads those that were wanted last; older wishes are dropped."""

    arrived = Signal(object)
    """The Tile that can be shown now."""
    failed = Signal(str)
    """Why details cannot be read; said once for each picture."""
    _read = Signal(int, object, object, str)

    def __init__(self, parent: QObject | None = None, cache_bytes: int = CACHE_BYTES) -> None:
        super().__init__(parent)
        self._cache_bytes = cache_bytes
        self._picture: Picture | None = None
        self._generation = 0
        self._tiles: OrderedDict[Tile, QImage] = OrderedDict()
        self._used_bytes = 0
        self._wanted: list[Tile] = []
        self._running: set[Tile] = set()
        self._has_failed = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._read.connect(self._take)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.shut_down)

    @property
    def used_bytes(self) -> int:
        """Memory of the tiles that are kept."""
        return self._used_bytes

    def use(self, picture: Picture | None) -> None:
        """Read from another picture; what is kept of the last one goes."""
        if picture is self._picture:
            return
        self._picture = picture
        self._generation += 1
        self._tiles.clear()
        self._used_bytes = 0
        self._wanted, self._has_failed = [], False
        self._running.clear()

    def get(self, tile: Tile) -> QImage | None:
        """Return a tile if it is there."""
        image = self._tiles.get(tile)
        if image is not None:
            self._tiles.move_to_end(tile)
        return image

    def want(self, tiles: Sequence[Tile]) -> None:
        """Read these tiles, the first ones first, and nothing else that still waits."""
        if not self._has_failed:
            self._wanted = [tile for tile in tiles if tile not in self._running]
            self._start()

    def shut_down(self) -> None:
        """Forget everything and wait for the threads."""
        self.use(None)
        self._pool.waitForDone()

    def _start(self) -> None:
        picture = self._picture
        while picture is not None and self._wanted and len(self._running) < THREADS:
            tile = self._wanted.pop(0)
            self._running.add(tile)
            self._pool.start(partial(self._work, self._generation, picture, tile))

    def _work(self, generation: int, picture: Picture, tile: Tile) -> None:
        image, reason = None, ""
        box = tile.box(picture.info.size)
        size = (-(-(box.bottom - box.top) >> tile.depth), -(-(box.right - box.left) >> tile.depth))
        try:
            image = to_qimage(picture.rgb8(box, size))
        except GridSalError as error:
            reason = str(error)
        self._read.emit(generation, tile, image, reason)

    def _take(self, generation: int, tile: Tile, image: QImage | None, reason: str) -> None:
        if generation != self._generation:
            return
        self._running.discard(tile)
        if image is None:
            # The rest of a damaged file would fail as well; the overview stays.
            self._wanted, self._has_failed = [], True
            self.failed.emit(reason)
            return
        self._tiles[tile] = image
        self._used_bytes += image.sizeInBytes()
        while self._used_bytes > self._cache_bytes and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self._used_bytes -= oldest.sizeInBytes()
        self._start()
        self.arrived.emit(tile)
