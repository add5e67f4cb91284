"""What is done to kept results, as steps to undo."""

from __future__ import annotations

from collections.abc import Callable

from app.models.results import ResultStore
from app.models.undo import Step
from gridsal_core.session.kept import KeptResult


class DeletionStep(Step):
    """Results were deleted.

    Parameters
    ----------
    store
        Where they were.
    results
        What was deleted.
    on_walked
        Told whether they are deleted now.
    """

    def __init__(
        self,
        store: ResultStore,
        results: tuple[KeptResult, ...],
        on_walked: Callable[[tuple[KeptResult, ...], bool], None],
    ) -> None:
        super().__init__("Delete result" if len(results) == 1 else "Delete results")
        self._store, self._results, self._on_walked = store, results, on_walked

    def undo(self) -> None:
        self._store.put_back(self._results)
        self._on_walked(self._results, False)

    def redo(self) -> None:
        self._store.remove(kept.identity for kept in self._results)
        self._on_walked(self._results, True)


class DescriptionStep(Step):
    """A result got another note or other tags."""

    def __init__(self, store: ResultStore, old: KeptResult, new: KeptResult) -> None:
        super().__init__("Edit note" if old.note != new.note else "Edit tags")
        self._store, self._old, self._new = store, old, new

    def undo(self) -> None:
        self._describe(self._old)

    def redo(self) -> None:
        self._describe(self._new)

    def _describe(self, kept: KeptResult) -> None:
        # It may have been deleted since.
        if self._store.get(kept.identity) is not None:
            self._store.describe(kept.identity, note=kept.note, tags=kept.tags)
