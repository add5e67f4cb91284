"""The explanations that are kept in this session, in the order they were made.

What is known of each is in memory, its arrays are on the disk: `fetch` brings them, from a cache
that is bounded by bytes where it can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.models.byte_cache import ByteCache
from app.settings import data_folder
from app.workers.kept_files import KeptFiles, SessionState
from app.workers.tasks import Tasks
from gridsal_core.arrays import ByteArray
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.kept import KeptResult, kept_result
from gridsal_core.session.unfinished import Abandoned, Unfinished
from gridsal_core.types import Explanation

# Some fifteen of a 480 x 360 image, one of 2048 x 1024.
CACHE_BYTES: Final = 48 * 2**20
SESSIONS: Final = "sessions"
REMOVED: Final = "This result was removed."

OnResult = Callable[[Explanation], None]
OnError = Callable[[str], None]


class ResultStore(QObject):
    """Keeps what is known of each result at hand; `fetch` brings all of it.

    Parameters
    ----------
    parent
        The Qt owner.
    root
        Where the files of unfinished sessions are; None takes the user's place for data.
    cache_bytes
        Bound of the explanations kept in memory.
    """

    added = Signal(object)
    """The KeptResult."""
    changed = Signal(object)
    """The KeptResult, with another note or other tags."""
    removed = Signal(object)
    """The KeptResult."""
    was_reset = Signal()
    """Other results are kept now: a session was opened, or a new one begun."""
    unwritable = Signal(str)
    """An explanation could not be written; it stays in memory, and the sentence says why."""

    def __init__(
        self,
        parent: QObject | None = None,
        root: Path | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        super().__init__(parent)
        self._kept: dict[str, KeptResult] = {}
        self._order: dict[str, int] = {}
        self._cache = ByteCache[str, Explanation](cache_bytes, bytes_of)
        self._unwritten: dict[str, Explanation] = {}
        self._waiting: dict[str, list[tuple[OnResult, OnError]]] = {}
        self._large: set[Path] = set()
        self._folder: Path | None = None
        self._files = KeptFiles(root or data_folder() / SESSIONS)
        # One thread: what was written first is there first.
        self._tasks = Tasks(self, threads=1)

    @property
    def results(self) -> Sequence[KeptResult]:
        """All results, oldest first."""
        return tuple(self._kept.values())

    @property
    def folder(self) -> Path | None:
        """Where the engine may write what it finds; None until the session is on the disk."""
        return self._folder

    @property
    def cached_bytes(self) -> int:
        """What the explanations in memory take."""
        return self._cache.used_bytes

    def get(self, identity: str) -> KeptResult | None:
        """Return the result of that identity, unless it was removed."""
        return self._kept.get(identity)

    def found(self, identities: Iterable[str]) -> list[KeptResult]:
        """Return the results of those identities, in their order, without those removed."""
        return [kept for each in identities if (kept := self._kept.get(each)) is not None]

    def add(self, explanation: Explanation, identity: str | None = None) -> KeptResult:
        """Keep an explanation that was just made, under its request's identity if that is given."""
        kept = kept_result(explanation, identity)
        identity = kept.identity
        self._keep(kept)
        self._cache.put(identity, explanation)
        self._unwritten[identity] = explanation
        self._tasks.submit(
            lambda: self._files.write(identity, explanation),
            lambda _none: self._on_written(identity),
            self.unwritable.emit,
        )
        self.added.emit(kept)
        return kept

    def fetch(self, identity: str, on_result: OnResult, on_error: OnError) -> None:
        """Call one of the two soon, in the window's thread, perhaps before this returns.

        `on_error` gets a sentence for the user.
        """
        kept = self._kept.get(identity)
        if kept is None:
            on_error(REMOVED)
            return
        known = self._cache.get(identity) or self._unwritten.get(identity)
        if known is not None:
            on_result(known)
            return
        waiting = self._waiting.setdefault(identity, [])
        waiting.append((on_result, on_error))
        if len(waiting) > 1:
            return
        is_large = kept.image_path in self._large
        self._tasks.submit(
            lambda: self._files.read(kept, allow_large=is_large),
            lambda explanation: self._on_read(identity, explanation),
            lambda sentence: self._on_unreadable(identity, sentence),
        )

    def fetch_thumbnail(
        self, identity: str, on_picture: Callable[[ByteArray], None], on_error: OnError
    ) -> None:
        """Call one of the two soon: with (h, w, 3) uint8, the image and its map, or a sentence."""
        self._tasks.submit(lambda: self._files.thumbnail(identity), on_picture, on_error)

    def allow_large(self, image: Path) -> None:
        """Let an image beyond the safe size be read: the user said so."""
        self._large.add(image)

    def describe(self, identity: str, *, note: str, tags: Iterable[str]) -> None:
        """Set a result's note and tags."""
        kept = replace(self._kept[identity], note=note, tags=tuple(sorted(set(tags))))
        if kept != self._kept[identity]:
            self._kept[identity] = kept
            self.changed.emit(kept)

    def remove(self, identities: Iterable[str]) -> None:
        """Drop results; their files stay until the session is closed, so that `put_back` can be."""
        gone = tuple(identities)
        self._tasks.submit(
            lambda: self._files.forget(gone), lambda _none: None, self.unwritable.emit
        )
        for identity in gone:
            kept = self._kept.pop(identity)
            self._cache.drop(identity)
            self.removed.emit(kept)

    def put_back(self, results: Iterable[KeptResult]) -> None:
        """Take back that results were removed, each to its place."""
        for kept in results:
            self._keep(kept)
            self._kept = dict(sorted(self._kept.items(), key=lambda item: self._order[item[0]]))
            self.added.emit(kept)

    def reset(self, results: Iterable[KeptResult]) -> None:
        """Keep other results, whose files are those of the folder that was taken over."""
        self._kept.clear()
        self._order.clear()
        self._cache.clear()
        self._unwritten.clear()
        for identity in tuple(self._waiting):
            self._on_unreadable(identity, REMOVED)
        for kept in results:
            self._keep(kept)
        self.was_reset.emit()

    def autosave(self, state: SessionState, on_done: Callable[[], None], on_error: OnError) -> None:
        """Write the document of the session, and what could not be written before."""
        unwritten = self._not_written()

        def done(folder: Path) -> None:
            self._folder = folder
            on_done()

        self._tasks.submit(lambda: self._files.autosave(state, unwritten), done, on_error)

    def save(
        self,
        state: SessionState,
        path: Path,
        on_done: Callable[[SessionDocument], None],
        on_error: OnError,
    ) -> None:
        """Write the session into a `.gridsal` file."""
        unwritten = self._not_written()
        self._tasks.submit(lambda: self._files.save(state, unwritten, path), on_done, on_error)

    def open(
        self,
        document: SessionDocument,
        source: Path | Unfinished | None,
        on_done: Callable[[SessionDocument], None],
        on_error: OnError,
    ) -> None:
        """Take over the files of another session; its results follow with `reset`.

        `source` is a `.gridsal` file, a folder that this process holds, or None for a new session.
        """

        def work() -> Path:
            if source is None:
                self._files.begin()
            elif isinstance(source, Unfinished):
                self._files.use(source)
            else:
                self._files.open(document, source)
            return self._files.folder

        def done(folder: Path) -> None:
            self._folder = folder
            on_done(document)

        self._tasks.submit(work, done, on_error)

    def find_abandoned(self, on_found: Callable[[tuple[Abandoned, ...]], None]) -> None:
        """Claim what windows that are gone have left, and hand it over."""
        self._tasks.submit(self._files.abandoned, on_found, self.unwritable.emit)

    def release(self, folder: Unfinished, *, keep: bool) -> None:
        """Let go of the folder of a session that was not taken over."""
        self._tasks.submit(
            folder.release if keep else folder.discard, lambda _none: None, self.unwritable.emit
        )

    def close(self, *, keep: bool) -> None:
        """Finish writing, then delete the session's folder or leave it to the next start."""
        self._tasks.finish()
        self._files.close(keep=keep)

    def _keep(self, kept: KeptResult) -> None:
        self._kept[kept.identity] = kept
        self._order.setdefault(kept.identity, len(self._order))

    def _not_written(self) -> Mapping[str, Explanation]:
        """Return what is not known to be on the disk yet."""
        return {key: value for key, value in self._unwritten.items() if key in self._kept}

    def _on_written(self, identity: str) -> None:
        self._unwritten.pop(identity, None)

    def _on_read(self, identity: str, explanation: Explanation) -> None:
        if identity in self._kept:
            self._cache.put(identity, explanation)
        for on_result, _ in self._waiting.pop(identity, []):
            on_result(explanation)

    def _on_unreadable(self, identity: str, sentence: str) -> None:
        for _, on_error in self._waiting.pop(identity, []):
            on_error(sentence)


def bytes_of(explanation: Explanation) -> int:
    """Return what the arrays of an explanation take in memory."""
    request, prediction = explanation.request, explanation.prediction
    arrays: tuple[np.ndarray[tuple[int, ...], np.dtype[np.generic]], ...] = (
        request.image,
        request.region,
        explanation.mask,
        explanation.saliency,
        explanation.perturbed,
        explanation.losses,
        explanation.score_history,
        prediction.class_map,
        prediction.confidence,
    )
    return sum(array.nbytes for array in arrays)
