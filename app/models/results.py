"""The explanations that are kept in this session, in the order they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from gridsal_core.session.kept import KeptResult, kept_result
from gridsal_core.types import Explanation


class ResultStore(QObject):
    """Keeps what is known of each result at hand; `fetch` brings all of it."""

    added = Signal(object)
    """The KeptResult."""
    changed = Signal(object)
    """The KeptResult, with another note or other tags."""
    removed = Signal(object)
    """The KeptResult."""
    was_reset = Signal()
    """Other results are kept now: a session was opened, or a new one begun."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: dict[str, KeptResult] = {}
        self._explanations: dict[str, Explanation] = {}

    @property
    def results(self) -> Sequence[KeptResult]:
        """All results, oldest first."""
        return tuple(self._kept.values())

    def get(self, identity: str) -> KeptResult | None:
        """Return the result of that identity, unless it was removed."""
        return self._kept.get(identity)

    def add(self, explanation: Explanation) -> KeptResult:
        """Keep an explanation that was just made."""
        kept = kept_result(explanation)
        self._kept[kept.identity] = kept
        self._explanations[kept.identity] = explanation
        self.added.emit(kept)
        return kept

    def fetch(
        self,
        identity: str,
        on_result: Callable[[Explanation], None],
        on_error: Callable[[str], None],
    ) -> None:
        """Call one of the two soon, in the window's thread, perhaps before this returns.

        `on_error` gets a sentence for the user.
        """
        explanation = self._explanations.get(identity)
        if explanation is None:
            on_error("This result was removed.")
        else:
            on_result(explanation)

    def describe(self, identity: str, *, note: str, tags: Iterable[str]) -> None:
        """Set a result's note and tags."""
        kept = replace(self._kept[identity], note=note, tags=tuple(sorted(set(tags))))
        self._kept[identity] = kept
        self.changed.emit(kept)

    def remove(self, identities: Iterable[str]) -> None:
        """Drop results."""
        for identity in identities:
            kept = self._kept.pop(identity)
            self._explanations.pop(identity, None)
            self.removed.emit(kept)
