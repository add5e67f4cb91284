"""Results of a survey on their way out of its folder: onto the bench, and into files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.workers.jobs import Desk
from gridsal_core.survey.bias import Pair
from gridsal_core.survey.difference import DifferenceTable
from gridsal_core.survey.tables import Table

if TYPE_CHECKING:
    from gridsal_core.types import Explanation


@dataclass(frozen=True)
class RestoreItem:
    """Make an explanation of a result of a survey; see `restored_explanation`."""

    folder: Path
    identity: str
    images: Path

    def run(self, desk: Desk) -> Explanation:
        """Read image and result, and predict the image."""
        from gridsal_core.survey.ledger import Ledger
        from gridsal_core.survey.restored import restored_explanation

        with Ledger.open(self.folder) as ledger:
            return restored_explanation(desk.network(), ledger, self.identity, self.images)


@dataclass(frozen=True)
class WriteSurveyReport:
    """Write tables, figures and report of a survey into its folder; see `write_report`."""

    folder: Path
    images: Path

    def run(self, desk: Desk) -> Path:
        """Write; returns the report's file."""
        from gridsal_core.survey.ledger import Ledger
        from gridsal_core.survey.report import REPORT_NAME, write_report

        with Ledger.open(self.folder) as ledger:
            write_report(ledger, self.images)
        return self.folder / REPORT_NAME


@dataclass(frozen=True)
class WriteSurveyDifference:
    """Compare two surveys, and write table, figures and report into a folder."""

    one: Path
    other: Path
    folder: Path

    def run(self, desk: Desk) -> Path:
        """Write; returns the report's file."""
        from gridsal_core.survey.ledger import Ledger
        from gridsal_core.survey.report import REPORT_NAME, write_difference

        with Ledger.open(self.one) as first, Ledger.open(self.other) as second:
            write_difference(first, second, self.folder)
        return self.folder / REPORT_NAME


@dataclass(frozen=True, eq=False)
class WriteSurveyTable:
    """Write what the page shows: a table as CSV or as a figure, the bias finder as CSV."""

    shown: Table | DifferenceTable | tuple[Pair, ...]
    path: Path

    def run(self, desk: Desk) -> Path:
        """Draw or list it, and write; returns where."""
        from gridsal_core.atomic import write_atomic
        from gridsal_core.figure.files import rendered
        from gridsal_core.survey import files
        from gridsal_core.survey.picture import draw_difference, draw_table

        shown = self.shown
        if isinstance(shown, tuple):
            files.write_table(self.path, files.BIAS_COLUMNS, files.bias_records(shown))
        elif self.path.suffix.lower() == ".csv":
            if isinstance(shown, Table):
                files.write_table(self.path, files.SHARE_COLUMNS, files.share_records([shown]))
            else:
                records = files.difference_records([shown])
                files.write_table(self.path, files.DIFFERENCE_COLUMNS, records)
        else:
            figure = draw_table(shown) if isinstance(shown, Table) else draw_difference(shown)
            data = rendered(figure, self.path.suffix.lower())
            write_atomic(self.path, lambda opened: opened.write(data))
        return self.path
