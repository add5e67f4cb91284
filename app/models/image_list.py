"""The images of a folder as a lazy list: a thumbnail is read when its row is painted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    SignalInstance,
)
from PySide6.QtGui import QImage, QPixmap

CACHE_BYTES = 64 * 2**20
BYTES_PER_PIXEL = 4
CANNOT_BE_READ = "cannot be read"

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2
REASON_ROLE = Qt.ItemDataRole.UserRole + 3

_ROOT = QModelIndex()

Index = QModelIndex | QPersistentModelIndex


class ThumbnailSource(Protocol):
    """Where thumbnails come from: `loaded(Path, QImage)` or `failed(Path, str)` answers."""

    @property
    def loaded(self) -> SignalInstance: ...
    @property
    def failed(self) -> SignalInstance: ...
    def request(self, path: Path) -> None: ...
    def clear(self) -> None: ...


class ImageListModel(QAbstractListModel):
    """Image paths with name, thumbnail and a short status.

    Roles: display is the file name, decoration the thumbnail (QPixmap, None until it is read),
    tool tip the path or why the image cannot be read, and PATH_ROLE, STATUS_ROLE, REASON_ROLE.

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
        self._paths: tuple[Path, ...] = ()
        self._rows: dict[Path, int] = {}
        self._pixmaps: OrderedDict[Path, QPixmap] = OrderedDict()
        self._used_bytes = 0
        self._reasons: dict[Path, str] = {}
        self._statuses: dict[Path, str] = {}
        thumbnails.loaded.connect(self._on_loaded)
        thumbnails.failed.connect(self._on_failed)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The images, in the order of the list."""
        return self._paths

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Show other images; thumbnails, statuses and requests of the old ones go."""
        self.beginResetModel()
        self._source.clear()
        self._paths = tuple(paths)
        self._rows = {path: row for row, path in enumerate(self._paths)}
        self._pixmaps.clear()
        self._used_bytes = 0
        self._reasons.clear()
        self._statuses.clear()
        self.endResetModel()

    def row_of(self, path: Path) -> int | None:
        """Return the row of an image, or None if it is not in the list."""
        return self._rows.get(path)

    def set_status(self, path: Path, text: str) -> None:
        """Say something short about an image, such as "explained"; nothing takes it back."""
        if path in self._rows and self._statuses.get(path, "") != text:
            self._statuses[path] = text
            self._announce(path)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._paths)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        if not index.isValid():
            return None
        path = self._paths[index.row()]
        reason = self._reasons.get(path, "")
        status = CANNOT_BE_READ if reason else self._statuses.get(path, "")
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return path.name
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnail(path)
            case Qt.ItemDataRole.ToolTipRole:
                return reason or str(path)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{path.name}, {status}" if status else path.name
        return {int(PATH_ROLE): path, int(STATUS_ROLE): status, int(REASON_ROLE): reason}.get(role)

    def _thumbnail(self, path: Path) -> QPixmap | None:
        pixmap = self._pixmaps.get(path)
        if pixmap is not None:
            self._pixmaps.move_to_end(path)
        elif path not in self._reasons:
            self._source.request(path)
        return pixmap

    def _on_loaded(self, path: Path, image: QImage) -> None:
        if path not in self._rows or path in self._pixmaps:
            return
        pixmap = QPixmap.fromImage(image)
        self._pixmaps[path] = pixmap
        self._used_bytes += _bytes_of(pixmap)
        # The newest stays even where it alone is beyond the bound: it is being looked at.
        while self._used_bytes > self._cache_bytes and len(self._pixmaps) > 1:
            _, oldest = self._pixmaps.popitem(last=False)
            self._used_bytes -= _bytes_of(oldest)
        self._announce(path)

    def _on_failed(self, path: Path, reason: str) -> None:
        if path in self._rows:
            self._reasons[path] = reason
            self._announce(path)

    def _announce(self, path: Path) -> None:
        index = self.index(self._rows[path])
        self.dataChanged.emit(index, index)


def _bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * BYTES_PER_PIXEL
