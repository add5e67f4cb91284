"""The step that another class was chosen to be explained."""

from __future__ import annotations

from typing import Protocol

from app.models.undo import Place, Step
from gridsal_core.types import ClassInfo


class Chooser(Protocol):
    """Who keeps the classes that are chosen: the session."""

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """The open network's."""
        ...

    def put_class(self, place: Place, class_index: int | None) -> None:
        """Choose a class on an image, as no step."""
        ...


class ClassStep(Step):
    """Another class was chosen by hand on an image, or none any more."""

    def __init__(self, chooser: Chooser, place: Place, old: int | None, new: int | None) -> None:
        super().__init__("Choose class", place)
        self._chooser, self._at, self._old, self._new = chooser, place, old, new
        self._classes = chooser.classes

    def undo(self) -> None:
        self._put(self._old)

    def redo(self) -> None:
        self._put(self._new)

    def _put(self, class_index: int | None) -> None:
        # Of another network's classes the number would name another one.
        if self._chooser.classes == self._classes:
            self._chooser.put_class(self._at, class_index)
