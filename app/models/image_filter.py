"""Which images of a folder are shown, and in which order: a wish, and the places it comes to.

A hundred thousand images are searched in some milliseconds, so that this is done while one types.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from gridsal_core.evaluation.folder import FolderStatistics
from gridsal_core.types import ClassInfo

Status = Literal["any", "explained", "noted", "errors", "unpredicted"]
Order = Literal["name", "error", "choice"]

STATUSES: Final[tuple[tuple[Status, str], ...]] = (
    ("any", "Any status"),
    ("explained", "Explained"),
    ("noted", "Noted"),
    ("errors", "With errors"),
    ("unpredicted", "Unpredicted"),
)
ORDERS: Final[tuple[tuple[Order, str], ...]] = (
    ("name", "By name"),
    ("error", "By error"),
    ("choice", "By choice"),
)

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ImageFilter:
    """What is wanted of an image to be shown.

    Parameters
    ----------
    text
        Part of its name; case does not matter.
    predicted, true
        A class that at least one pixel of it is predicted as, and one that at least one truly is.
    is_confusion
        Both at the same pixel: what truly is the one is predicted as the other.
    status
        What else it must be.
    order
        By name, by its error, or by the share of what `predicted` and `true` choose.
    """

    text: str = ""
    predicted: int | None = None
    true: int | None = None
    is_confusion: bool = False
    status: Status = "any"
    order: Order = "name"

    @property
    def chooses(self) -> bool:
        """Whether a class or a confusion is chosen."""
        return self.predicted is not None or self.true is not None

    @property
    def hides(self) -> bool:
        """Whether it may hide an image."""
        return bool(self.text.strip()) or self.chooses or self.status != "any"

    @property
    def counts_pixels(self) -> bool:
        """Whether what is shown depends on predictions."""
        return self.chooses or self.status in ("errors", "unpredicted") or self.order != "name"

    def words(self, classes: Sequence[ClassInfo]) -> str:
        """Say in a few words what is chosen besides the name."""
        parts = []
        if self.true is not None and self.predicted is not None and self.is_confusion:
            true, predicted = classes[self.true].name, classes[self.predicted].name
            parts.append(f"{true} predicted as {predicted}")
        else:
            if self.true is not None:
                parts.append(f"true {classes[self.true].name}")
            if self.predicted is not None:
                parts.append(f"predicted {classes[self.predicted].name}")
        if self.status != "any":
            parts.append(dict(STATUSES)[self.status].lower())
        return ", ".join(parts)


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What a filter goes by.

    Parameters
    ----------
    names
        Of all images, casefolded.
    statistics
        What is known of the predictions; None before there is a network.
    explained, noted
        Places of the images with an explanation, and of those with a note or tag on one.
    """

    names: Sequence[str]
    statistics: FolderStatistics | None = None
    explained: Collection[int] = field(default_factory=tuple)
    noted: Collection[int] = field(default_factory=tuple)


def shown_places(wanted: ImageFilter, known: Knowledge) -> Places | None:
    """Return the places of the images to show, in order; None if these are all by name."""
    if not wanted.hides and wanted.order == "name":
        return None
    is_shown = _with_status(wanted, known)
    text = wanted.text.strip().casefold()
    if text:
        is_shown &= np.fromiter((text in name for name in known.names), bool, len(known.names))
    if wanted.chooses:
        is_shown &= _with_choice(wanted, known)
    places = np.flatnonzero(is_shown)
    if wanted.order == "name" or known.statistics is None:
        return places
    values = _sort_values(wanted, known.statistics)[places]
    # Stable, and what is not known (NaN) comes last.
    return places[np.argsort(-values, kind="stable")]


def _with_status(wanted: ImageFilter, known: Knowledge) -> Flags:
    flags: Flags = np.zeros(len(known.names), bool)
    statistics = known.statistics
    match wanted.status:
        case "any":
            flags[:] = True
        case "explained":
            flags[list(known.explained)] = True
        case "noted":
            flags[list(known.noted)] = True
        case "errors" if statistics is not None:
            flags = statistics.error_shares > 0
        case "unpredicted":
            flags = np.ones(len(flags), bool) if statistics is None else ~statistics.known
    return flags


def _with_choice(wanted: ImageFilter, known: Knowledge) -> Flags:
    statistics = known.statistics
    if statistics is None:
        return np.zeros(len(known.names), bool)
    if wanted.is_confusion:
        return statistics.pixels_of(wanted.true, wanted.predicted) > 0
    flags: Flags = np.ones(len(known.names), bool)
    if wanted.true is not None:
        flags &= statistics.pixels_of(wanted.true, None) > 0
    if wanted.predicted is not None:
        flags &= statistics.pixels_of(None, wanted.predicted) > 0
    return flags


def _sort_values(wanted: ImageFilter, statistics: FolderStatistics) -> npt.NDArray[np.float32]:
    if wanted.order == "error":
        return statistics.error_shares
    if wanted.is_confusion or wanted.predicted is None:
        return statistics.shares_of(wanted.true, wanted.predicted)
    if wanted.true is None:
        return statistics.shares_of(None, wanted.predicted)
    # Both, but not at the same pixels: whichever there is less of.
    both = (statistics.shares_of(wanted.true, None), statistics.shares_of(None, wanted.predicted))
    return np.minimum(*both)
