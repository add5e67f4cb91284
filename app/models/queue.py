"""The queue of requests: what waits, what runs, what became of it; its edits can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from app.models.run_request import RunRequest
from app.models.undo import Step, UndoStack

Status = Literal["waiting", "running", "paused", "stopping", "done", "failed", "stopped"]

UNDER_WAY: Final = ("running", "paused", "stopping")
ENDED: Final = ("done", "failed", "stopped")


@dataclass(eq=False)
class QueueEntry:
    """One request of the queue, and how far it is.

    Attributes
    ----------
    asked
        The request.
    status
        Where it stands.
    step
        Steps, or gradients, that were done.
    reason
        Why it failed, or why it waits although nothing else runs; a sentence, or nothing.
    time_left
        Estimated seconds until it is done; None where nobody knows.
    result
        Identity of what is kept of it.
    """

    asked: RunRequest
    status: Status = "waiting"
    step: int = 0
    reason: str = ""
    time_left: float | None = None
    result: str | None = None

    @property
    def identity(self) -> str:
        """That of its request."""
        return self.asked.identity


class RequestQueue(QObject):
    """Entries in the order they are run in."""

    entry_changed = Signal(object)
    """A QueueEntry stands elsewhere now, or is further on."""
    status_changed = Signal(object)
    """A QueueEntry stands elsewhere now."""
    entries_changed = Signal()
    """There are others now, or in another order."""

    def __init__(self, undo_stack: UndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._undo_stack = undo_stack
        self._entries: list[QueueEntry] = []

    @property
    def entries(self) -> Sequence[QueueEntry]:
        """All entries, in order."""
        return tuple(self._entries)

    @property
    def left(self) -> Sequence[tuple[RunRequest, str]]:
        """What is to be saved: requests that still are to be run, and with the reason what failed.

        What is under way comes first.
        """
        left = [entry for entry in self._entries if entry.status not in ("done", "stopped")]
        return tuple(
            (entry.asked, entry.reason if entry.status == "failed" else "")
            for entry in sorted(left, key=lambda entry: entry.status not in UNDER_WAY)
        )

    def of_status(self, *statuses: Status) -> list[QueueEntry]:
        """Return the entries that stand so."""
        return [entry for entry in self._entries if entry.status in statuses]

    def load(self, requests: Iterable[tuple[RunRequest, str]]) -> None:
        """Queue what was saved in place of what waits and what ended; it cannot be undone."""
        self._undo_stack.discard(lambda step: isinstance(step, (AddedRequests, _OrderStep)))
        saved = [
            QueueEntry(asked, "failed" if failure else "waiting", reason=failure)
            for asked, failure in requests
        ]
        self._set([*self.of_status(*UNDER_WAY), *saved])

    def add(self, requests: Sequence[RunRequest], text: str) -> AddedRequests:
        """Queue requests at the end: a step to undo, which further ones can be added to."""
        step = AddedRequests(self, text)
        step.extend(requests)
        self._undo_stack.push(step)
        return step

    def remove(self, entries: Iterable[QueueEntry], text: str) -> None:
        """Take entries off the list, those under way excepted: a step to undo."""
        gone = {entry for entry in entries if entry.status not in UNDER_WAY}
        self._reorder([entry for entry in self._entries if entry not in gone], text)

    def move(self, entries: Iterable[QueueEntry], position: int, text: str) -> None:
        """Put entries before the one at `position`, in their order: a step to undo."""
        moved = set(entries)
        before = [entry for entry in self._entries[:position] if entry not in moved]
        after = [entry for entry in self._entries[position:] if entry not in moved]
        middle = [entry for entry in self._entries if entry in moved]
        self._reorder([*before, *middle, *after], text)

    def update(self, entry: QueueEntry, status: Status, reason: str = "") -> None:
        """Say where an entry stands now."""
        if (entry.status, entry.reason) != (status, reason):
            entry.status, entry.reason = status, reason
            self.entry_changed.emit(entry)
            self.status_changed.emit(entry)

    def show_progress(self, entry: QueueEntry, step: int, time_left: float | None) -> None:
        """Say how far an entry is."""
        if (entry.step, entry.time_left) != (step, time_left):
            entry.step, entry.time_left = step, time_left
            self.entry_changed.emit(entry)

    def _reorder(self, entries: list[QueueEntry], text: str) -> None:
        if entries != self._entries:
            self._undo_stack.push(_OrderStep(self, text, tuple(self._entries), tuple(entries)))
            self._set(entries)

    def _set(self, entries: list[QueueEntry]) -> None:
        self._entries = entries
        self.entries_changed.emit()


class AddedRequests(Step):
    """The step that queued requests; more of the same may follow."""

    def __init__(self, queue: RequestQueue, text: str) -> None:
        super().__init__(text)
        self._queue = queue
        self._entries: list[QueueEntry] = []
        self.is_taken_back = False

    @property
    def byte_count(self) -> int:
        return sum(entry.asked.byte_count for entry in self._entries)

    def extend(self, requests: Iterable[RunRequest]) -> None:
        """Queue more requests, as part of this step."""
        entries = [QueueEntry(asked) for asked in requests]
        self._entries += entries
        self._queue._set([*self._queue.entries, *entries])

    def undo(self) -> None:
        self.is_taken_back = True
        # What was begun goes on, and what ended stays: its result does so too.
        gone = {entry for entry in self._entries if entry.status == "waiting"}
        self._queue._set([entry for entry in self._queue.entries if entry not in gone])

    def redo(self) -> None:
        self.is_taken_back = False
        here = set(self._queue.entries)
        again = [entry for entry in self._entries if entry not in here]
        self._queue._set([*self._queue.entries, *again])


class _OrderStep(Step):
    """Entries were taken off the list, or put elsewhere in it."""

    def __init__(
        self,
        queue: RequestQueue,
        text: str,
        old: tuple[QueueEntry, ...],
        new: tuple[QueueEntry, ...],
    ) -> None:
        super().__init__(text)
        self._queue, self._old, self._new = queue, old, new

    @property
    def byte_count(self) -> int:
        gone = set(self._old) - set(self._new)
        return sum(entry.asked.byte_count for entry in gone)

    def undo(self) -> None:
        self._put(self._old, self._new)

    def redo(self) -> None:
        self._put(self._new, self._old)

    def _put(self, wanted: tuple[QueueEntry, ...], known: tuple[QueueEntry, ...]) -> None:
        # What was queued since stays at the end; what was begun since cannot be taken off.
        here, expected = self._queue.entries, set(wanted)
        others = [
            entry
            for entry in here
            if entry not in expected and (entry not in known or entry.status in UNDER_WAY)
        ]
        self._queue._set([*wanted, *others])
