"""Results on their way out of the window: archives and the parts of a report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.workers.jobs import Desk
from gridsal_core.session.kept import KeptResult
from gridsal_core.types import Explanation

if TYPE_CHECKING:
    from gridsal_core.report import ReportEntry


@dataclass(frozen=True, eq=False)
class WriteArchive:
    """Write an explanation as .npz."""

    explanation: Explanation
    path: Path

    def run(self, desk: Desk) -> Path:
        """Write; see `gridsal_core.records.save_record`."""
        from gridsal_core.records import save_record

        save_record(self.explanation, self.path)
        return self.path


@dataclass(frozen=True, eq=False)
class ReportOn:
    """Read and draw one result for a report."""

    kept: KeptResult
    explanation: Explanation
    label_pattern: str

    def run(self, desk: Desk) -> ReportEntry:
        """Draw; see `gridsal_core.report.report_entry`."""
        from gridsal_core.figure.labels import label_of
        from gridsal_core.report import report_entry

        label = label_of(self.explanation, self.label_pattern)
        return report_entry(self.kept, self.explanation, label)


@dataclass(frozen=True, eq=False)
class RecordOf:
    """Say all there is of a result but its arrays."""

    kept: KeptResult
    explanation: Explanation

    def run(self, desk: Desk) -> dict[str, Any]:
        """Say it; see `gridsal_core.session.export.result_record`."""
        from gridsal_core.session.export import result_record

        return result_record(self.kept, self.explanation)
