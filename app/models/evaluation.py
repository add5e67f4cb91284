"""What is known of the predictions on the open folder, and how far the pass over it is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from gridsal_core.evaluation.counts import ImageCounts
from gridsal_core.evaluation.folder import FolderStatistics

CALM_MS = 400


@dataclass(frozen=True)
class PassProgress:
    """How far a pass is: images done and to do in all, and what is to be said besides."""

    done: int
    total: int
    text: str


class FolderEvaluation(QObject):
    """The statistics of the open folder with the open network."""

    was_reset = Signal()
    """Another folder or network, or all that the cache knew has come."""
    row_changed = Signal(int)
    """One image is known now, or could not be predicted."""
    changed = Signal()
    """As both, but a few times a second at most: for whatever takes time to draw."""
    progress_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.statistics: FolderStatistics | None = None
        self.failures: dict[int, str] = {}
        """Row to the sentence that says why it could not be predicted."""
        self.progress: PassProgress | None = None
        """None while there is no pass."""
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM_MS)
        self._calm.timeout.connect(self.changed)

    def reset(self, statistics: FolderStatistics | None) -> None:
        """Take over other statistics, or none."""
        self.statistics = statistics
        self.failures.clear()
        self._calm.stop()
        self.was_reset.emit()
        self.changed.emit()

    def add(self, row: int, counts: ImageCounts) -> None:
        """Take over the counts of an image."""
        if self.statistics is not None:
            self.statistics.add(row, counts)
            self.failures.pop(row, None)
            self._announce(row)

    def fail(self, row: int, sentence: str) -> None:
        """Keep why an image could not be predicted."""
        self.failures[row] = sentence
        self._announce(row)

    def set_progress(self, progress: PassProgress | None) -> None:
        """Say how far the pass is, or that there is none."""
        if progress != self.progress:
            self.progress = progress
            self.progress_changed.emit()

    def _announce(self, row: int) -> None:
        self.row_changed.emit(row)
        if not self._calm.isActive():
            self._calm.start()
