"""Has figures drawn in the engine: lays out there what is lacking, and asks again when it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject

from app.models.results import ResultStore
from app.workers.engine_client import LOST, EngineClient
from app.workers.figures import DrawFigure, Key, LayOut, Missing, WriteFigure
from app.workers.jobs import OnDone, OnFailed
from gridsal_core.figure.spec import FigureSpec
from gridsal_core.types import Explanation

FigureJob = DrawFigure | WriteFigure
MOST_ROUNDS: Final = 3
TOO_LARGE: Final = "These explanations are too large to be drawn together; choose fewer."


@dataclass(eq=False)
class _Order:
    """A figure that is waited for."""

    job: FigureJob
    on_done: OnDone
    on_failed: OnFailed
    rounds: int = 0
    ticket: int = 0


class FigureDesk(QObject):
    """Draws figures of kept results.

    Parameters
    ----------
    engine, results
        Who draws, and what.
    label_pattern
        Says where label maps are.
    parent
        The Qt owner.
    """

    def __init__(
        self,
        engine: EngineClient,
        results: ResultStore,
        label_pattern: Callable[[], str],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._engine, self._results, self._label_pattern = engine, results, label_pattern
        self._orders: list[_Order] = []

    @property
    def is_pending(self) -> bool:
        """Whether a figure is waited for that the user asked for, not just a preview."""
        return any(isinstance(o.job, WriteFigure) or not o.job.within for o in self._orders)

    def keys(self, spec: FigureSpec, identities: Sequence[str]) -> tuple[Key, ...]:
        """Name what a figure of these results needs to be laid out."""
        pattern = self._label_pattern()
        return tuple(Key(identity, spec.asked_changes, pattern) for identity in identities)

    def submit(self, job: FigureJob, on_done: OnDone, on_failed: OnFailed) -> None:
        """Have a figure drawn; one of the two is called, in the window's thread."""
        order = _Order(job, on_done, on_failed)
        self._orders.append(order)
        self._try(order)

    def close(self) -> None:
        """Wait for nothing any more: the window goes."""
        for order in self._orders:
            self._engine.drop(order.ticket)
        self._orders.clear()

    def _try(self, order: _Order) -> None:
        order.ticket = self._engine.submit(
            order.job,
            lambda answer: self._on_answer(order, answer),
            lambda sentence, trace: self._on_failed(order, sentence, trace),
        )

    def _on_answer(self, order: _Order, answer: object) -> None:
        if not isinstance(answer, Missing):
            self._orders.remove(order)
            order.on_done(answer)
        elif order.rounds == MOST_ROUNDS:
            self._fail(order, TOO_LARGE, "")
        else:
            order.rounds += 1
            self._lay_out(order, list(answer.keys))

    def _lay_out(self, order: _Order, keys: list[Key]) -> None:
        """Bring what is lacking to the engine, one after the other, then ask again."""
        if not keys:
            self._try(order)
            return
        key, rest = keys[0], keys[1:]

        def send(explanation: Explanation) -> None:
            if order not in self._orders:
                return  # closed meanwhile
            order.ticket = self._engine.submit(
                LayOut(key, explanation),
                lambda _none: self._lay_out(order, rest),
                lambda sentence, trace: self._on_failed(order, sentence, trace),
            )

        self._results.fetch(key.identity, send, lambda told: self._fail(order, told, ""))

    def _on_failed(self, order: _Order, sentence: str, trace: str) -> None:
        if sentence == LOST and order.rounds < MOST_ROUNDS:
            order.rounds += 1
            self._try(order)  # the new engine has nothing laid out, and says so
        else:
            self._fail(order, sentence, trace)

    def _fail(self, order: _Order, sentence: str, trace: str) -> None:
        if order in self._orders:
            self._orders.remove(order)
            order.on_failed(sentence, trace)
