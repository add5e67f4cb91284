"""Which of the kept results is shown: the latest one of what is seen, or one that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.result_index import ResultIndex
from app.models.results import ResultStore
from gridsal_core.frames import ImageView
from gridsal_core.session.kept import KeptResult
from gridsal_core.types import Explanation


class ShownResult(QObject):
    """The one result that is held as a whole, because it is looked at.

    Parameters
    ----------
    results
        The results that are kept.
    seen
        Returns the view of the image that is looked at and the hash of the open network, or None
        while there is not both.
    """

    changed = Signal(object)
    """The Path of the image whose results changed, or whose shown result was read."""
    unreadable = Signal(str)
    """Why the result that belongs to what is shown cannot be shown."""

    def __init__(
        self,
        results: ResultStore,
        seen: Callable[[], tuple[ImageView, str] | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._results = results
        self._seen = seen
        self._index = ResultIndex()
        self._held_back: set[str] = set()
        self._is_holding_back = False
        self._read: tuple[str, Explanation] | None = None
        results.added.connect(self._on_added)
        results.removed.connect(self._on_removed)
        results.was_reset.connect(self._on_reset)

    @property
    def identity(self) -> str | None:
        """Of the result that belongs to what is seen, whether it is read yet or not."""
        seen = self._seen()
        if seen is None:
            return None
        view, network = seen
        return self._index.latest(view.path, view.page, network, view.frame, self._held_back)

    @property
    def explanation(self) -> Explanation | None:
        """The result that belongs to what is seen, once it is read."""
        read = self._read
        return read[1] if read is not None and read[0] == self.identity else None

    def add(
        self, explanation: Explanation, *, is_shown: bool, identity: str | None = None
    ) -> KeptResult:
        """Keep an explanation; one that is not to be shown waits for its image to be chosen."""
        self._is_holding_back = not is_shown
        kept = self._results.add(explanation, identity)
        self._is_holding_back = False
        return kept

    def use(self, kept: KeptResult) -> None:
        """Show a result, and not a later one, where it belongs."""
        self._held_back.discard(kept.identity)
        self._index.use(kept)
        self._tell(kept)

    def show_later_ones(self) -> None:
        """Hold back nothing any more: another image or page was chosen."""
        self._held_back.clear()

    def read(self) -> None:
        """Have the result that belongs to what is seen, at once if it is in memory."""
        identity, seen = self.identity, self._seen()
        if self._read is not None and self._read[0] == identity:
            return
        self._read = None
        if identity is None or seen is None:
            return
        image, is_later = seen[0].path, False

        def take(explanation: Explanation) -> None:
            if self.identity == identity:
                self._read = (identity, explanation)
                if is_later:
                    self.changed.emit(image)

        self._results.fetch(identity, take, self.unreadable.emit)
        is_later = True

    def has_any(self, network: str, image: Path) -> bool:
        """Whether a network has explained something on an image, on any page or frame."""
        return self._index.has(network, image)

    def _tell(self, kept: KeptResult) -> None:
        self.read()
        if kept.image_path is not None:
            self.changed.emit(kept.image_path)

    def _on_added(self, kept: KeptResult) -> None:
        if self._is_holding_back:
            self._held_back.add(kept.identity)
        self._index.add(kept)
        self._tell(kept)

    def _on_removed(self, kept: KeptResult) -> None:
        self._index.remove(kept)
        self._tell(kept)

    def _on_reset(self) -> None:
        images = self._index.images
        self._index, self._read = ResultIndex(), None
        for kept in self._results.results:
            self._index.add(kept)
        self.read()
        for image in images | self._index.images:
            self.changed.emit(image)
