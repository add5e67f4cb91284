"""Several explanations in a row, of which those that are kept already are not computed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.models.session import Session
from app.workers import messages as m
from app.workers.engine_client import EngineClient
from gridsal_core.arrays import BoolArray
from gridsal_core.frames import ImageView
from gridsal_core.session.kept import KeptResult
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation, RegionOrigin

OTHER_NETWORK = "Another network was opened meanwhile; what was finished is kept."

OnDone = Callable[[tuple[str, ...]], None]


@dataclass(frozen=True, eq=False)
class Wanted:
    """An explanation that is wanted of the open network; see `Request`."""

    view: ImageView
    region: BoolArray
    class_index: int
    origin: RegionOrigin
    settings: Settings


class RunSeveral(QObject):
    """Runs what is wanted, one after the other, and hands the identities of the results on."""

    found = Signal(int, str)
    """The place of what was wanted, and the identity of its result."""
    progressed = Signal(int, int)
    """How many are done, of how many."""
    ended = Signal(str)
    """All is done, or it was given up: then a sentence says why."""

    def __init__(self, session: Session, engine: EngineClient, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._engine = session, engine
        self._wanted: list[Wanted] = []
        self._found: list[str] = []
        self._on_done: OnDone | None = None
        self._ticket = 0
        self._network = ""
        engine.finished.connect(self._on_finished)
        engine.failed.connect(self._on_failed)
        engine.died.connect(lambda _code: self._end("The engine ended; compare again."))
        engine.unable.connect(self._end)
        session.network_changed.connect(self._on_network)

    @property
    def is_pending(self) -> bool:
        """Whether something is still to be run."""
        return self._on_done is not None

    def start(self, wanted: Sequence[Wanted], on_done: OnDone) -> None:
        """Run these, then call `on_done` with their identities in order."""
        network = self._session.network
        if self.is_pending or network is None:
            return
        self._wanted, self._found, self._on_done = list(wanted), [], on_done
        self._network = network.sha256
        self._next()

    def stop(self) -> None:
        """Give up what is not done yet; the run that is under way ends after its step."""
        if self._ticket:
            self._engine.send(m.Stop(self._ticket))
        self._end("The comparison was stopped; what was finished is kept.")

    def _next(self) -> None:
        if self._on_done is None:
            return
        done, total = len(self._found), len(self._wanted)
        self.progressed.emit(done, total)
        if done == total:
            on_done, found = self._on_done, tuple(self._found)
            self._end("")
            on_done(found)
            return
        wanted = self._wanted[done]
        self._look(wanted, [k for k in self._session.results.results if self._fits(k, wanted)])

    def _fits(self, kept: KeptResult, wanted: Wanted) -> bool:
        """Whether a kept result may be what is wanted, as far as is known without its arrays."""
        view = kept.view
        return (
            view is not None
            and (view.path, view.page, view.frame)
            == (wanted.view.path, wanted.view.page, wanted.view.frame)
            and kept.network_sha256 == self._network
            and kept.class_index == wanted.class_index
            and kept.settings == wanted.settings
            and kept.region_pixels == int(wanted.region.sum())
            and not kept.is_stopped
        )

    def _look(self, wanted: Wanted, candidates: list[KeptResult]) -> None:
        """Take the newest candidate with the same region, else run it."""
        if not candidates:
            self._run(wanted)
            return
        kept, rest = candidates[-1], candidates[:-1]

        def take(found: Explanation) -> None:
            if not self.is_pending:
                return
            if np.array_equal(found.request.region, wanted.region):
                self._take(kept.identity)
            else:
                self._look(wanted, rest)

        self._session.results.fetch(kept.identity, take, lambda _why: self._look(wanted, rest))

    def _run(self, wanted: Wanted) -> None:
        if not self.is_pending:
            return
        self._ticket = self._engine.new_ticket()
        self._engine.send(
            m.Explain(
                self._ticket,
                wanted.view,
                wanted.region,
                wanted.class_index,
                wanted.origin,
                wanted.settings,
                self._network,
            )
        )

    def _take(self, identity: str) -> None:
        self._found.append(identity)
        self.found.emit(len(self._found) - 1, identity)
        self._next()

    def _on_finished(self, event: m.Finished) -> None:
        if event.ticket != self._ticket or not self.is_pending:
            return
        self._ticket = 0
        view = self._wanted[len(self._found)].view
        self._session.add_result(view, event.explanation)
        self._take(self._session.results.results[-1].identity)

    def _on_failed(self, event: m.Failed) -> None:
        if event.ticket == self._ticket and self.is_pending:
            self._end(event.message)

    def _on_network(self) -> None:
        network = self._session.network
        if self.is_pending and (network is None or network.sha256 != self._network):
            self._end(OTHER_NETWORK)

    def _end(self, sentence: str) -> None:
        if self.is_pending:
            self._on_done, self._ticket = None, 0
            self.ended.emit(sentence)
