"""What a report says of one result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gridsal_core.arrays import IndexArray
from gridsal_core.figure import FigureSpec, compose, exhibit, rendered
from gridsal_core.figure.words import settings_parts
from gridsal_core.reading import read_explanation
from gridsal_core.session.kept import KeptResult
from gridsal_core.types import Explanation

REPORT_FIGURE: Final = FigureSpec(
    width=180, dpi=150, font_size=8, contour_width=1.0, caption="none", small_print=False
)
"""The look of a report's figures; the page itself says what the caption would."""


@dataclass(frozen=True, eq=False)
class ReportEntry:
    """One result: what is known of it, its verdict in words, its settings, its figure as PNG."""

    kept: KeptResult
    headline: str
    detail: str
    settings: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    png: bytes


def report_entry(
    kept: KeptResult,
    explanation: Explanation,
    label: IndexArray | None = None,
    figure: FigureSpec = REPORT_FIGURE,
) -> ReportEntry:
    """Read and draw a result.

    Parameters
    ----------
    kept, explanation
        The result.
    label
        (H, W) ground truth of its image, if there is any.
    figure
        How its figure looks.

    Raises
    ------
    SettingsError, RequestError
        As `gridsal_core.figure.compose`.
    """
    reading = read_explanation(explanation)
    return ReportEntry(
        kept=kept,
        headline=reading.headline,
        detail=reading.detail,
        settings=settings_parts(explanation),
        versions=explanation.provenance.versions,
        png=rendered(compose(figure, [exhibit(explanation, label)]), ".png"),
    )
