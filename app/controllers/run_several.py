"""Several explanations by way of the queue; those that are kept already are not computed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import uuid4

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.controllers.queue import QueueController
from app.controllers.runs import RunController
from app.models.queue import QueueEntry
from app.models.run_request import RunRequest
from app.models.session import Session
from gridsal_core.session.kept import KeptResult
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation

OTHER_NETWORK = "Another network was opened meanwhile; what was finished is kept."
STOPPED = "The comparison was stopped; what was finished is kept."

OnDone = Callable[[tuple[str, ...]], None]


def with_settings(asked: RunRequest, settings: Settings) -> RunRequest:
    """Return another request, of the same with other settings."""
    return replace(asked, settings=settings, identity=uuid4().hex)


class RunSeveral(QObject):
    """Finds what is kept, queues the rest, and hands the identities of the results on."""

    found = Signal(int, str)
    """The place of what was wanted, and the identity of its result."""
    progressed = Signal(int, int)
    """How many are done, of how many."""
    ended = Signal(str)
    """All is done, or it was given up: then a sentence says why."""

    def __init__(
        self, session: Session, queue: QueueController, runs: RunController, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._queue, self._runs = session, queue, runs
        self._wanted: list[RunRequest] = []
        self._results: list[str | None] = []
        self._queued: dict[str, int] = {}
        self._on_done: OnDone | None = None
        queue.queue.entry_changed.connect(self._on_entry)
        queue.queue.entries_changed.connect(self._on_entries)
        session.network_changed.connect(self._on_network)

    @property
    def is_pending(self) -> bool:
        """Whether something is still to be run."""
        return self._on_done is not None

    def start(self, wanted: Sequence[RunRequest], on_done: OnDone) -> None:
        """Run these, then call `on_done` with the identities of their results in order."""
        if self.is_pending:
            return
        self._wanted, self._results = list(wanted), [None] * len(wanted)
        self._queued, self._on_done = {}, on_done
        self._tell()
        self._look_for(0)

    def stop(self) -> None:
        """Give up what is not done yet; the run that is under way ends after its step."""
        queued, run = self._queued, self._runs.run
        self._end(STOPPED)
        if run is not None and run.asked.identity in queued:
            self._runs.stop()
        entries = self._queue.queue.of_status("waiting")
        mine = [entry for entry in entries if entry.identity in queued]
        self._queue.queue.remove(mine, "Stop comparison")

    def _look_for(self, place: int) -> None:
        """Look from this place on for results that are kept already, then queue the rest."""
        if not self.is_pending:
            return
        if place == len(self._wanted):
            self._queue_missing()
            return
        wanted = self._wanted[place]
        fitting = [kept for kept in self._session.results.results if _fits(kept, wanted)]
        self._compare(place, fitting)

    def _compare(self, place: int, candidates: list[KeptResult]) -> None:
        """Take the newest candidate with the same region, if there is one."""
        if not candidates:
            self._look_for(place + 1)
            return
        kept, rest = candidates[-1], candidates[:-1]

        def take(found: Explanation) -> None:
            if not self.is_pending:
                return
            if np.array_equal(np.packbits(found.request.region), self._wanted[place].bits):
                self._take(place, kept.identity)
                self._look_for(place + 1)
            else:
                self._compare(place, rest)

        self._session.results.fetch(kept.identity, take, lambda _why: self._compare(place, rest))

    def _queue_missing(self) -> None:
        missing = [place for place, result in enumerate(self._results) if result is None]
        self._queued = {self._wanted[place].identity: place for place in missing}
        if missing:
            self._queue.add([self._wanted[place] for place in missing], "Compare")
        self._finish()

    def _on_entry(self, entry: QueueEntry) -> None:
        place = self._queued.get(entry.identity)
        if place is None or not self.is_pending:
            return
        if entry.status == "done" and entry.result is not None:
            del self._queued[entry.identity]
            self._take(place, entry.result)
            self._finish()
        elif entry.status == "failed":
            self._end(entry.reason)
        elif entry.status == "stopped":
            self._end(STOPPED)

    def _on_entries(self) -> None:
        """Give up when a request was taken off the queue."""
        here = {entry.identity for entry in self._queue.queue.entries}
        if self.is_pending and any(identity not in here for identity in self._queued):
            self._end(STOPPED)

    def _on_network(self) -> None:
        network = self._session.network
        sha256 = None if network is None else network.sha256
        if self.is_pending and any(wanted.network_sha256 != sha256 for wanted in self._wanted):
            self._end(OTHER_NETWORK)

    def _take(self, place: int, identity: str) -> None:
        self._results[place] = identity
        self.found.emit(place, identity)
        self._tell()

    def _tell(self) -> None:
        done = sum(result is not None for result in self._results)
        self.progressed.emit(done, len(self._results))

    def _finish(self) -> None:
        results = [result for result in self._results if result is not None]
        if self._on_done is not None and len(results) == len(self._wanted):
            on_done = self._on_done
            self._end("")
            on_done(tuple(results))

    def _end(self, sentence: str) -> None:
        if self.is_pending:
            self._on_done, self._queued = None, {}
            self.ended.emit(sentence)


def _fits(kept: KeptResult, wanted: RunRequest) -> bool:
    """Whether a kept result may be what is wanted, as far as is known without its arrays."""
    view = kept.view
    return (
        view is not None
        and (view.path, view.page, view.frame)
        == (wanted.view.path, wanted.view.page, wanted.view.frame)
        and kept.network_sha256 == wanted.network_sha256
        and kept.class_index == wanted.class_index
        and kept.settings == wanted.settings
        and kept.region_pixels == wanted.pixels
        and not kept.is_stopped
    )
