"""What a survey keeps of one explanation, and how it is measured."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gridsal_core.arrays import BoolArray, FloatArray, IndexArray
from gridsal_core.frames import Box
from gridsal_core.reading import read_explanation
from gridsal_core.regions import widened
from gridsal_core.settings import Settings
from gridsal_core.statistics import ClassVotes, class_votes, surrounding_votes
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.items import Item
from gridsal_core.survey.kinds import RequestKind
from gridsal_core.types import Explanation, Scores
from gridsal_core.upsampling import saliency_map

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

# Context of at least this saliency (of a gradient's map: this share of its largest) is removed.
SALIENT_FROM: Final = 0.5
# A class that holds a smaller share of the salient pixels is not removed alone: each removal costs
# a pass through the network.
REMOVED_FROM: Final = 0.1


@dataclass(frozen=True)
class Flips:
    """What becomes of the region once salient context is removed from the image.

    Parameters
    ----------
    share
        Share of R that is predicted as another class without all of the salient context, in [0, 1];
        NaN where no context is salient.
    to
        The class that most pixels of R have then.
    by_class
        The same share without the salient context of one class only, for each class; NaN where
        less than a tenth of the salient context is of that class.
    """

    share: float
    to: int
    by_class: tuple[float, ...]


@dataclass(frozen=True)
class Summary:
    """The numbers of one result, without its arrays.

    `votes` and `baseline` are its votes by context class, see `statistics`; `flips` is None where
    nothing was removed. The rest as of `Item` and `Explanation`.
    """

    identity: str
    image: str
    ordinal: int
    kind: RequestKind
    class_index: int
    true_class: int | None
    size: tuple[int, int]
    region_pixels: int
    votes: ClassVotes
    baseline: ClassVotes
    scores: Scores
    residual: float
    residual_without_context: float
    verdict: str
    init: float
    steps: int
    flips: Flips | None
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Maps:
    """The arrays of one result: all that is needed to see it again.

    Parameters
    ----------
    region
        (H, W) bool, R.
    mask
        (h, w) float32.
    settings
        How it was explained.
    frame
        The part of the image file and the size it was worked on at, as JSON; empty for the whole.
    """

    region: BoolArray
    mask: FloatArray
    settings: Settings
    frame: str = ""

    @property
    def saliency(self) -> FloatArray:
        """(H, W) float32, the map as it was measured."""
        kept = widened(self.region, self.settings.dilation)
        return saliency_map(self.mask, kept, self.settings.form, self.settings.upsampling)


@dataclass(frozen=True, eq=False)
class Result:
    """One finished item."""

    summary: Summary
    maps: Maps


def measured(
    survey: Survey,
    item: Item,
    explanation: Explanation,
    class_map: IndexArray,
    flips: Flips | None,
) -> Result:
    """Measure an explanation.

    Parameters
    ----------
    survey, item
        What was asked.
    explanation
        The answer.
    class_map
        (H, W) the true classes, or without label maps the predicted ones.
    flips
        What `removed` found, if that was asked for.
    """
    count, size = len(survey.classes), (class_map.shape[0], class_map.shape[1])
    votes = class_votes(explanation.saliency, item.region, class_map, count, survey.source)
    width = survey.baseline_width(size)
    around = surrounding_votes(item.region, class_map, count, survey.source, width)
    summary = Summary(
        identity=item.identity,
        image=item.image,
        ordinal=item.ordinal,
        kind=item.kind,
        class_index=item.class_index,
        true_class=item.true_class,
        size=size,
        region_pixels=int(item.region.sum()),
        votes=votes,
        baseline=around,
        scores=explanation.scores,
        residual=explanation.residual,
        residual_without_context=explanation.residual_without_context,
        verdict=read_explanation(explanation).verdict,
        init=explanation.init,
        steps=explanation.steps,
        flips=flips,
        notes=explanation.notes,
    )
    frame = explanation.request.frame
    told = "" if frame is None else json.dumps([frame.full, _corners(frame.window), frame.size])
    maps = Maps(item.region, explanation.mask, explanation.settings, told)
    return Result(summary, maps)


def removed(network: SegmentationNetwork, explanation: Explanation, class_map: IndexArray) -> Flips:
    """Remove the salient context, all of it and that of each larger class, and predict again.

    Parameters
    ----------
    network
        The one that was explained.
    explanation
        Says which context is salient, and how it is removed.
    class_map
        (H, W) as of `measured`.
    """
    from gridsal_core.whatif import what_if

    salient, count = _salient(explanation), len(explanation.classes)
    nothing = (math.nan,) * count
    if not salient.any():
        return Flips(math.nan, explanation.request.class_index, nothing)
    found = what_if(network, explanation, "painted", salient)
    shares = np.bincount(class_map[salient], minlength=count) / np.count_nonzero(salient)
    by_class = np.full(count, math.nan)
    for index in np.flatnonzero(shares[:count] >= REMOVED_FROM).tolist():
        alone = found
        if shares[index] < 1:
            alone = what_if(network, explanation, "painted", salient & (class_map == index))
        by_class[index] = alone.share_flipped
    return Flips(found.share_flipped, found.segmentation[0][0], tuple(by_class.tolist()))


def _salient(explanation: Explanation) -> BoolArray:
    """(H, W) bool: what counts as salient context."""
    strength = np.abs(explanation.saliency)
    kept = widened(explanation.request.region, explanation.settings.dilation)
    strength[kept] = 0
    largest = float(strength.max()) if explanation.settings.is_gradient else 1.0
    salient: BoolArray = (strength >= SALIENT_FROM * largest) & (strength > 0)
    return salient


def _corners(box: Box) -> list[int]:
    return [box.top, box.left, box.bottom, box.right]
