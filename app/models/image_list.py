"""The images of a folder as a lazy list: a thumbnail is read when its row is painted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QStringListModel,
    Qt,
    SignalInstance,
)
from PySide6.QtGui import QImage, QPixmap

from gridsal_core.datasets.folder import ImageListing

CACHE_BYTES = 64 * 2**20
BYTES_PER_PIXEL = 4
THUMBNAIL_SIDE = 192
CANNOT_BE_READ = "cannot be read"

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2
REASON_ROLE = Qt.ItemDataRole.UserRole + 3

Index = QModelIndex | QPersistentModelIndex


class ThumbnailSource(Protocol):
    """Where thumbnails come from: `loaded(Path, QImage)` or `failed(Path, str)` answers."""

    @property
    def loaded(self) -> SignalInstance: ...
    @property
    def failed(self) -> SignalInstance: ...
    def request(self, path: Path) -> None: ...
    def clear(self) -> None: ...


class ImageListModel(QStringListModel):
    """Image paths with name, thumbnail and a short status.

    Roles: display is the file's name (from the folder on, if it is in a sub-folder), decoration
    the thumbnail (QPixmap, None until it is read), tool tip the path or why the image cannot be
    read, and PATH_ROLE, STATUS_ROLE, REASON_ROLE. The base class only knows how many rows there
    are: a view asks that once a row whenever it is laid out, which in Python would take seconds.

    Parameters
    ----------
    thumbnails
        Is asked only for rows whose decoration is asked for, so for visible ones.
    cache_bytes
        Bound of the thumbnails kept, the least recently shown go first.
    parent
        The Qt owner.
    """

    def __init__(
        self,
        thumbnails: ThumbnailSource,
        cache_bytes: int = CACHE_BYTES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._source = thumbnails
        self._cache_bytes = cache_bytes
        self._images = ImageListing(Path())
        self._pixmaps: OrderedDict[int, QPixmap] = OrderedDict()
        self._used_bytes = 0
        self._reasons: dict[int, str] = {}
        self._readable: set[int] = set()
        self._statuses: dict[int, str] = {}
        thumbnails.loaded.connect(self._on_loaded)
        thumbnails.failed.connect(self._on_failed)

    @property
    def paths(self) -> Sequence[Path]:
        """The images, in the order of the list."""
        return self._images

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Show other images; thumbnails, statuses and requests of the old ones go."""
        self._source.clear()
        self._images = paths if isinstance(paths, ImageListing) else ImageListing.of(paths)
        self._pixmaps.clear()
        self._used_bytes = 0
        self._reasons.clear()
        self._readable.clear()
        self._statuses.clear()
        self.setStringList([""] * len(self._images))

    def row_of(self, path: Path) -> int | None:
        """Return the row of an image, or None if it is not in the list."""
        return self._images.row_of(path)

    def set_status(self, path: Path, text: str) -> None:
        """Say something short about an image, such as "explained"; nothing takes it back."""
        row = self.row_of(path)
        if row is not None and self._statuses.get(row, "") != text:
            self._statuses[row] = text
            self._announce(row)

    def set_readable(self, path: Path, image: QImage) -> None:
        """Take back that an image cannot be read, now that it was; it serves as the thumbnail."""
        row = self.row_of(path)
        if row is None:
            return
        self._readable.add(row)
        if self._reasons.get(row):
            self._reasons[row] = ""
            aspect = Qt.AspectRatioMode.KeepAspectRatio
            smooth = Qt.TransformationMode.SmoothTransformation
            side = min(THUMBNAIL_SIDE, max(image.width(), image.height()))
            self._on_loaded(path, image.scaled(side, side, aspect, smooth))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        row = index.row()
        if not 0 <= row < len(self._images):
            return None
        name, reason = self._images.names[row], self._reasons.get(row, "")
        status = CANNOT_BE_READ if reason else self._statuses.get(row, "")
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnail(row)
            case Qt.ItemDataRole.ToolTipRole:
                return reason or str(self._images[row])
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{name}, {status}" if status else name
            case _ if role == PATH_ROLE:
                return self._images[row]
        return {int(STATUS_ROLE): status, int(REASON_ROLE): reason}.get(role)

    def _thumbnail(self, row: int) -> QPixmap | None:
        pixmap = self._pixmaps.get(row)
        if pixmap is not None:
            self._pixmaps.move_to_end(row)
        elif row not in self._reasons:
            self._source.request(self._images[row])
        return pixmap

    def _on_loaded(self, path: Path, image: QImage) -> None:
        row = self.row_of(path)
        if row is None or row in self._pixmaps:
            return
        pixmap = QPixmap.fromImage(image)
        self._pixmaps[row] = pixmap
        self._used_bytes += _bytes_of(pixmap)
        # The newest stays even where it alone is beyond the bound: it is being looked at.
        while self._used_bytes > self._cache_bytes and len(self._pixmaps) > 1:
            _, oldest = self._pixmaps.popitem(last=False)
            self._used_bytes -= _bytes_of(oldest)
        self._announce(row)

    def _on_failed(self, path: Path, reason: str) -> None:
        row = self.row_of(path)
        if row is not None:
            # Empty: there is no thumbnail to be had, and it is not asked for again.
            self._reasons[row] = "" if row in self._readable else reason
            self._announce(row)

    def _announce(self, row: int) -> None:
        index = self.index(row)
        self.dataChanged.emit(index, index)


def _bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * BYTES_PER_PIXEL
