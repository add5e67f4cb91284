"""What the user did, in one row for all images and panels, to be taken back and done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QObject, Signal

UNDO_LIMIT = 100
UNDO_BYTES = 64 * 2**20

Place = tuple[Path, int]
"""An image file and the 0-based page of it."""


class Step:
    """One thing the user did. It is done already when it is pushed.

    Attributes
    ----------
    text
        What the Edit menu calls it.
    place
        Where it can be seen; None if it belongs to no image.
    """

    def __init__(self, text: str, place: Place | None = None) -> None:
        self.text, self.place = text, place

    @property
    def byte_count(self) -> int:
        """Memory that it holds, beyond a few hundred bytes."""
        return 0

    @property
    def is_nothing(self) -> bool:
        """Whether taking it back would change nothing, after it took in a newer step."""
        return False

    def undo(self) -> None:
        """Take it back."""
        raise NotImplementedError

    def redo(self) -> None:
        """Do it again."""
        raise NotImplementedError

    def absorb(self, newer: Step) -> bool:
        """Take in a step that goes on with this one; False if they are to stay two."""
        return False


class Together(Step):
    """Several steps that are one for the user."""

    def __init__(self, text: str, steps: list[Step]) -> None:
        super().__init__(text, next((step.place for step in steps if step.place), None))
        self._steps = steps

    @property
    def byte_count(self) -> int:
        return sum(step.byte_count for step in self._steps)

    def undo(self) -> None:
        for step in reversed(self._steps):
            step.undo()

    def redo(self) -> None:
        for step in self._steps:
            step.redo()


class UndoStack(QObject):
    """The last steps, bounded in number and in bytes: the oldest go first, the newest stays.

    Not a QUndoStack, which has no bound in bytes and cannot drop a step in its middle.
    """

    changed = Signal()
    """What can be taken back or done again is another step."""
    walked = Signal(object)
    """The Step that was taken back or done again."""

    def __init__(
        self, parent: QObject | None = None, limit: int = UNDO_LIMIT, max_bytes: int = UNDO_BYTES
    ) -> None:
        super().__init__(parent)
        self._limit, self._max_bytes = limit, max_bytes
        self._steps: list[Step] = []
        self._done = 0
        self._is_walking = False
        self._is_sealed = False
        self._collected: list[Step] | None = None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._done > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return self._done < len(self._steps)

    @property
    def undo_text(self) -> str:
        """Name of the step that would be taken back; empty if there is none."""
        return self._steps[self._done - 1].text if self.can_undo else ""

    @property
    def redo_text(self) -> str:
        """Name of the step that would be done again; empty if there is none."""
        return self._steps[self._done].text if self.can_redo else ""

    @property
    def byte_count(self) -> int:
        """Memory that all steps hold."""
        return sum(step.byte_count for step in self._steps)

    def count(self) -> int:
        """Return the number of steps, with those that were taken back."""
        return len(self._steps)

    def push(self, step: Step, *, merge: bool = False) -> None:
        """Keep a step that was just done; what was taken back before cannot be done again then.

        Parameters
        ----------
        step
            What was done. While a step is taken back, what that brings about is no step.
        merge
            Whether the last step may take it in, unless `seal` was called since.
        """
        if self._is_walking:
            return
        if self._collected is not None:
            self._collected.append(step)
            return
        is_new = not (merge and not self._is_sealed and not self.can_redo and self._absorbed(step))
        self._is_sealed = False
        if is_new:
            self._steps[self._done :] = [step]
            self._done += 1
        self._trim()
        self.changed.emit()

    def seal(self) -> None:
        """Let no further step be taken in by the last one."""
        self._is_sealed = True

    @contextmanager
    def together(self, text: str) -> Iterator[None]:
        """Make one step of those that are pushed inside the block; of none, nothing."""
        if self._collected is not None:
            yield
            return
        self._collected = []
        try:
            yield
        finally:
            steps, self._collected = self._collected, None
            if len(steps) == 1:
                steps[0].text = text
            if steps:
                self.push(steps[0] if len(steps) == 1 else Together(text, steps))

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if self.can_undo:
            self._done -= 1
            step = self._steps[self._done]
            self._walk(step, step.undo)

    def redo(self) -> None:
        """Do the step again that was taken back last, if there is one."""
        if self.can_redo:
            step = self._steps[self._done]
            self._done += 1
            self._walk(step, step.redo)

    def clear(self) -> None:
        """Forget all steps."""
        self.discard(lambda _step: True)

    def discard(self, is_meant: Callable[[Step], bool]) -> None:
        """Forget those steps that mean nothing any more."""
        kept = [(number, step) for number, step in enumerate(self._steps) if not is_meant(step)]
        self._done = sum(number < self._done for number, _ in kept)
        self._steps = [step for _, step in kept]
        self.changed.emit()

    def _walk(self, step: Step, go: Callable[[], None]) -> None:
        self._is_walking = True
        try:
            go()
        finally:
            self._is_walking = False
            self._is_sealed = True
        self.changed.emit()
        self.walked.emit(step)

    def _absorbed(self, step: Step) -> bool:
        if not self.can_undo or not self._steps[self._done - 1].absorb(step):
            return False
        if self._steps[self._done - 1].is_nothing:
            del self._steps[self._done - 1]
            self._done -= 1
        return True

    def _trim(self) -> None:
        total = self.byte_count
        while len(self._steps) > 1 and (len(self._steps) > self._limit or total > self._max_bytes):
            total -= self._steps.pop(0).byte_count
            self._done -= 1
