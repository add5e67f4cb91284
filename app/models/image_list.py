"""The images of a folder as a lazy list: a thumbnail is read when its row is painted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
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

CACHE_BYTES = 24 * 2**20
BYTES_PER_PIXEL = 4
THUMBNAIL_SIDE = 192
CANNOT_BE_READ = "cannot be read"

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2
REASON_ROLE = Qt.ItemDataRole.UserRole + 3

Index = QModelIndex | QPersistentModelIndex
Places = npt.NDArray[np.intp]


class ThumbnailSource(Protocol):
    """Where thumbnails come from: `loaded(Path, QImage)` or `failed(Path, str)` answers."""

    @property
    def loaded(self) -> SignalInstance: ...
    @property
    def failed(self) -> SignalInstance: ...
    def request(self, path: Path) -> None: ...
    def clear(self) -> None: ...


class ImageListModel(QStringListModel):
    """Image paths with name, thumbnail and a short status: all of a folder, or some in any order.

    Where only some are shown, an image's place in the folder's listing is not its row. Roles:
    display is the file's name (from the folder on, if it is in a sub-folder), decoration the
    thumbnail (QPixmap, None until it is read), tool tip the path or why the image cannot be read,
    and PATH_ROLE, STATUS_ROLE, REASON_ROLE. The base class only knows how many rows there are: a
    view asks that once a row whenever it is laid out, which in Python would take seconds.

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
        self._remark: Callable[[int], str] = _nothing
        self._tip: Callable[[int], str] = _nothing
        # The place of each row, and the row of each place (-1: it is not shown); None: they agree.
        self._shown: Places | None = None
        self._rows: Places | None = None
        thumbnails.loaded.connect(self._on_loaded)
        thumbnails.failed.connect(self._on_failed)

    @property
    def paths(self) -> Sequence[Path]:
        """All images of the folder, by their places; not all of them need be shown."""
        return self._images

    @property
    def names(self) -> Sequence[str]:
        """Their names, by their places."""
        return self._images.names

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Show other images; thumbnails, statuses and requests of the old ones go."""
        self._source.clear()
        self._images = paths if isinstance(paths, ImageListing) else ImageListing.of(paths)
        self._pixmaps.clear()
        self._used_bytes = 0
        self._reasons.clear()
        self._readable.clear()
        self._statuses.clear()
        self.show_places(None)

    def show_places(self, places: Places | None) -> None:
        """Show only the images at these places of the listing, in this order; None shows all."""
        self._shown, self._rows = places, None
        if places is not None:
            self._rows = np.full(len(self._images), -1, np.intp)
            self._rows[places] = np.arange(len(places))
        self.setStringList([""] * (len(self._images) if places is None else len(places)))

    def is_showing(self, places: Places | None) -> bool:
        """Whether just these are shown, in this order."""
        if places is None or self._shown is None:
            return places is self._shown
        return np.array_equal(places, self._shown)

    def row_of(self, path: Path) -> int | None:
        """Return the row of an image, or None if it is not shown."""
        place = self.place_of(path)
        return None if place is None else self._row(place)

    def place_of(self, path: Path) -> int | None:
        """Return the place of an image in the listing, shown or not; None if it is not there."""
        return self._images.row_of(path)

    def path_at(self, row: int) -> Path:
        """Return the image of a row."""
        return self._images[self._place(row)]

    def set_status(self, path: Path, text: str) -> None:
        """Say something short about an image, such as "explained"; nothing takes it back."""
        place = self.place_of(path)
        if place is not None and self._statuses.get(place, "") != text:
            self._statuses[place] = text
            self._announce(place)

    def set_remark(self, remark: Callable[[int], str], tip: Callable[[int], str]) -> None:
        """Set what is said of the image at a place, asked whenever it is shown.

        `remark` comes after its status, `tip` after its path in the tool tip.
        """
        self._remark, self._tip = remark, tip
        self.refresh()

    def refresh(self, place: int | None = None) -> None:
        """Say that the remark on the image at a place may be another, or on any."""
        if place is not None:
            self._announce(place)
        elif self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def set_readable(self, path: Path, image: QImage) -> None:
        """Take back that an image cannot be read, now that it was; it serves as the thumbnail."""
        place = self.place_of(path)
        if place is None:
            return
        self._readable.add(place)
        if self._reasons.get(place):
            self._reasons[place] = ""
            aspect = Qt.AspectRatioMode.KeepAspectRatio
            smooth = Qt.TransformationMode.SmoothTransformation
            side = min(THUMBNAIL_SIDE, max(image.width(), image.height()))
            self._on_loaded(path, image.scaled(side, side, aspect, smooth))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < self.rowCount():
            return None
        place = self._place(index.row())
        name, reason = self._images.names[place], self._reasons.get(place, "")
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnail(place)
            case Qt.ItemDataRole.ToolTipRole:
                return reason or "\n".join(
                    filter(None, (str(self._images[place]), self._tip(place)))
                )
            case Qt.ItemDataRole.AccessibleTextRole:
                status = self._status(place)
                return f"{name}, {status}" if status else name
            case _ if role == PATH_ROLE:
                return self._images[place]
            case _ if role == STATUS_ROLE:
                return self._status(place)
        return reason if role == REASON_ROLE else None

    def _status(self, place: int) -> str:
        if self._reasons.get(place):
            return CANNOT_BE_READ
        parts = (self._statuses.get(place, ""), self._remark(place))
        return " · ".join(part for part in parts if part)

    def _place(self, row: int) -> int:
        return row if self._shown is None else int(self._shown[row])

    def _row(self, place: int) -> int | None:
        row = place if self._rows is None else int(self._rows[place])
        return None if row < 0 else row

    def _thumbnail(self, place: int) -> QPixmap | None:
        pixmap = self._pixmaps.get(place)
        if pixmap is not None:
            self._pixmaps.move_to_end(place)
        elif place not in self._reasons:
            self._source.request(self._images[place])
        return pixmap

    def _on_loaded(self, path: Path, image: QImage) -> None:
        place = self.place_of(path)
        if place is None or place in self._pixmaps:
            return
        pixmap = QPixmap.fromImage(image)
        self._pixmaps[place] = pixmap
        self._used_bytes += _bytes_of(pixmap)
        # The newest stays even where it alone is beyond the bound: it is being looked at.
        while self._used_bytes > self._cache_bytes and len(self._pixmaps) > 1:
            _, oldest = self._pixmaps.popitem(last=False)
            self._used_bytes -= _bytes_of(oldest)
        self._announce(place)

    def _on_failed(self, path: Path, reason: str) -> None:
        place = self.place_of(path)
        if place is not None:
            # Empty: there is no thumbnail to be had, and it is not asked for again.
            self._reasons[place] = "" if place in self._readable else reason
            self._announce(place)

    def _announce(self, place: int) -> None:
        row = self._row(place)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row))


def _nothing(place: int) -> str:
    return ""


def _bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * BYTES_PER_PIXEL
