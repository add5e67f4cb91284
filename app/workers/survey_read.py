"""What the page shows of a survey, read from its folder; called in threads of the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.survey.behind import Behind, CellPlace, explanations_behind
from gridsal_core.survey.bias import Pair, by_excess, by_flips
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.difference import DifferenceTable, compare_surveys
from gridsal_core.survey.examples import example_picture
from gridsal_core.survey.items import plan_image
from gridsal_core.survey.ledger import Ledger
from gridsal_core.survey.tables import Table, tabulate


@dataclass(frozen=True, eq=False)
class SurveyFound:
    """What a survey found so far.

    Parameters
    ----------
    folder, survey
        Where it is kept, and its definition.
    images
        The folder of its images.
    tables, by_excess, by_flips
        The tables, and the pairs of the bias finder.
    image_count, item_count
        How many images are finished, and requests.
    left_out
        Why images were left out, one sentence each.
    """

    folder: Path
    survey: Survey
    images: Path
    tables: tuple[Table, ...]
    by_excess: tuple[Pair, ...]
    by_flips: tuple[Pair, ...]
    image_count: int
    item_count: int
    left_out: tuple[str, ...]


def read_survey(folder: Path) -> SurveyFound:
    """Read a survey, and make its tables.

    Raises
    ------
    OutputError
        If there is none, or it is damaged.
    """
    with Ledger.open(folder) as ledger:
        tables = tabulate(ledger)
        states = tuple(ledger.states())
        return SurveyFound(
            folder,
            ledger.survey,
            Path(ledger.place),
            tables,
            by_excess(tables),
            by_flips(tables),
            sum(not state.note for state in states),
            ledger.item_count,
            tuple(state.note for state in states if state.note),
        )


def read_behind(folder: Path, cell: CellPlace) -> tuple[Behind, ...]:
    """List the explanations behind a cell; see `explanations_behind`."""
    with Ledger.open(folder) as ledger:
        return explanations_behind(ledger, cell)


def read_picture(folder: Path, images: Path, identity: str) -> ByteArray | None:
    """Draw a result small; see `example_picture`."""
    with Ledger.open(folder) as ledger:
        return example_picture(ledger, images, identity)


def read_difference(one: Path, other: Path) -> tuple[DifferenceTable, ...]:
    """Compare two surveys; see `compare_surveys`."""
    with Ledger.open(one) as first, Ledger.open(other) as second:
        return compare_surveys(first, second)


def count_requests(survey: Survey, class_map: IndexArray, label: IndexArray | None) -> int:
    """Count the requests of a survey on one image; see `plan_image`."""
    truth = label if survey.source == "labels" else None
    return len(plan_image(survey, "", "", class_map, truth))
