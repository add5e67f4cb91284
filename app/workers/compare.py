"""What a panel of a comparison shows of a result; called in a thread, since it takes a while."""

from __future__ import annotations

from dataclasses import dataclass

from app.models.map_picture import (
    DifferencePicture,
    MapPicture,
    difference_picture,
    map_picture,
)
from app.workers.labels import FoundLabel, LabelRules, load_label
from gridsal_core.map_difference import frame_of, map_difference
from gridsal_core.statistics import ClassVotes, context_votes
from gridsal_core.types import Explanation
from gridsal_core.working_scale import label_in_frame


@dataclass(frozen=True, eq=False)
class Compared:
    """A result as it is compared.

    Parameters
    ----------
    explanation
        The whole of it.
    picture
        Its map.
    votes
        The classes of its salient context.
    label_note
        Why its labels are not used, or are not whole, if so.
    """

    explanation: Explanation
    picture: MapPicture
    votes: ClassVotes
    label_note: str


def compared(explanation: Explanation, pattern: str) -> Compared:
    """Count the classes of an explanation's salient context, and make its picture.

    Parameters
    ----------
    explanation
        What is compared.
    pattern
        Where label maps are; see `LabelRules`.
    """
    request, frame = explanation.request, frame_of(explanation)
    found = FoundLabel()
    if request.image_path is not None and request.page == 0:
        rules = LabelRules(pattern, explanation.classes)
        found = load_label(request.image_path, frame.full, rules)
    label = None if found.label is None else label_in_frame(found.label, frame)
    votes = context_votes(explanation, label)
    return Compared(explanation, map_picture(explanation), votes, found.note)


def difference(first: Explanation, other: Explanation) -> DifferencePicture:
    """Show what a map has more or less than the first one.

    Raises
    ------
    RequestError
        If they are of different images or parts.
    """
    return difference_picture(map_difference(other, first), other.request.image)
