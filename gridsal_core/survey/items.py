"""The work items of one image: which regions of it are explained, each with a stable identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gridsal_core.arrays import BoolArray, IndexArray
from gridsal_core.comparison import segment_parts
from gridsal_core.segments import segments
from gridsal_core.settings import Settings
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.kinds import RequestKind


@dataclass(frozen=True, eq=False)
class Item:
    """One request of a survey.

    Parameters
    ----------
    identity
        64 hexadecimal digits: the same for the same network, card, image, request and settings,
        and for no others.
    image
        The image's name, relative to its folder.
    ordinal
        Its place among the items of the image.
    kind
        What made the region.
    class_index
        The class that is explained: the predicted one.
    true_class
        The class of the labels in the region; None for a predicted segment as a whole.
    region
        (H, W) bool, R.
    """

    identity: str
    image: str
    ordinal: int
    kind: RequestKind
    class_index: int
    true_class: int | None
    region: BoolArray


@dataclass(frozen=True, eq=False)
class _Cut:
    kind: RequestKind
    class_index: int
    true_class: int | None
    region: BoolArray


def plan_image(
    survey: Survey,
    image: str,
    content: str,
    class_map: IndexArray,
    label: IndexArray | None,
) -> tuple[Item, ...]:
    """Find what is to be explained in an image.

    Parameters
    ----------
    survey
        Says what is asked.
    image, content
        Its name, and the fingerprint of the image and of its label map.
    class_map
        (H, W) predicted classes.
    label
        (H, W) true classes, if there are label maps.

    Returns
    -------
    By kind, then by predicted class; segments of one class largest first.
    """
    size = (class_map.shape[0], class_map.shape[1])
    settings = survey.settings(size)
    cuts = (cut for kind in survey.kinds for cut in _cuts(survey, kind, class_map, label))
    return tuple(
        Item(
            _identity(survey, settings, image, content, cut),
            image,
            ordinal,
            cut.kind,
            cut.class_index,
            cut.true_class,
            cut.region,
        )
        for ordinal, cut in enumerate(cuts)
    )


def _cuts(
    survey: Survey, kind: RequestKind, class_map: IndexArray, label: IndexArray | None
) -> Iterator[_Cut]:
    least = survey.least_pixels(kind, (class_map.shape[0], class_map.shape[1]))
    if kind == "predicted":
        for index in np.unique(class_map).tolist():
            if survey.asks_about(index):
                for region in segments(class_map, index, least):
                    yield _Cut(kind, index, None, region)
    elif label is not None and kind == "confusions":
        yield from _confusions(survey, class_map, label, least)
    elif label is not None:
        yield from _parts(survey, kind, class_map, label, least)


def _confusions(
    survey: Survey, class_map: IndexArray, label: IndexArray, least: int
) -> Iterator[_Cut]:
    """Cut out what truly is of one class and is predicted as one class, wherever it lies."""
    count = len(survey.classes)
    known = label < count
    pairs = class_map[known].astype(np.int64) * count + label[known]
    sizes = np.bincount(pairs, minlength=count * count)
    for pair in np.flatnonzero(sizes >= least).tolist():
        predicted, true = divmod(pair, count)
        if survey.asks_about(predicted, true):
            region: BoolArray = (class_map == predicted) & (label == true)
            yield _Cut("confusions", predicted, true, region)


def _parts(
    survey: Survey, kind: RequestKind, class_map: IndexArray, label: IndexArray, least: int
) -> Iterator[_Cut]:
    """Cut predicted segments up by the true classes of their pixels."""
    count = len(survey.classes)
    for index in np.unique(class_map).tolist():
        for segment in segments(class_map, index, least):
            parts = segment_parts(segment, class_map, label, count)
            correct = () if parts.correct is None else (parts.correct,)
            for part in correct if kind == "correct" else parts.erroneous:
                if part.pixels >= least and survey.asks_about(index, part.true_class):
                    yield _Cut(kind, index, part.true_class, parts.region(part.true_class))


def _identity(survey: Survey, settings: Settings, image: str, content: str, cut: _Cut) -> str:
    size = cut.region.shape
    told = [
        survey.network_sha256,
        survey.card,
        survey.source,
        survey.baseline_width((size[0], size[1])),
        survey.flips,
        image,
        content,
        cut.kind,
        cut.class_index,
        cut.true_class,
        settings.to_dict(),
        list(size),
    ]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8", "surrogatepass"))
    digest.update(np.packbits(cut.region).tobytes())
    return digest.hexdigest()
