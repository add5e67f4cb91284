"""Explain the test images of one network and measure the maps. Imports torch: import it late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from typing import Final

import numpy as np

from gridsal_core.arrays import FloatArray
from gridsal_core.grid_saliency import explain_many
from gridsal_core.metrics import context_bias_detection, context_bias_localization
from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import Settings
from gridsal_core.toy.bench.plan import Case
from gridsal_core.toy.material import Source, load_material
from gridsal_core.toy.scenes import Purpose, ToyImage, draw, generator
from gridsal_core.types import Explanation, Request

_MISSING: Final = ""


@dataclass(frozen=True)
class Row:
    """What was measured on one image.

    Parameters
    ----------
    index, digit
        Of the image.
    requested
        Pixels of the request: the prediction of the digit. Where it is 0 there is nothing to
        explain, and all that follows is missing.
    cbd, cbl
        Eq. 6 and 7; cbl is missing where the map is empty, and without a biased half.
    objective, residual, residual_without_context
        The loss of eq. 3 at the final mask, its hinge there, and its hinge at the empty mask:
        what there is to find. The objective is missing for gradient methods.
    """

    index: int
    digit: int
    requested: int
    cbd: float | None = None
    cbl: float | None = None
    objective: float | None = None
    residual: float | None = None
    residual_without_context: float | None = None

    @classmethod
    def header(cls) -> list[str]:
        """Return the names of the columns."""
        return [each.name for each in fields(cls)]

    def cells(self) -> list[str]:
        """Return the values as text, an empty one where a value is missing."""
        return [_MISSING if value is None else f"{value!r}" for value in astuple(self)]

    @classmethod
    def read(cls, cells: list[str]) -> Row:
        """Inverse of `cells`."""
        index, digit, requested, *rest = cells
        values = [None if text == _MISSING else float(text) for text in rest]
        return cls(int(index), int(digit), int(requested), *values)


def images_of(case: Case, digit: int, count: int, source: Source) -> list[ToyImage]:
    """Draw images of a digit that follow the case's bias; always the same ones.

    Those of a test case show scans of the test split. Validation images show training scans, so
    that no scan is both tuned and reported on.
    """
    is_test = case.role == "test"
    purpose: Purpose = "test" if is_test else "validation"
    dice = generator(case.seed, purpose, digit)
    material = load_material("test" if is_test else "train", source)
    return [draw(dice, material, case.bias, digit=digit) for _ in range(count)]


def measure(
    network: SegmentationNetwork, pictures: list[ToyImage], settings: Settings, batch: int
) -> Iterator[Row]:
    """Explain the predicted digit of every picture and measure the maps.

    The request is the network's prediction of the digit that the picture shows (section 4.2).

    Parameters
    ----------
    network
        Of the toy classes.
    pictures
        With the truth.
    settings
        Of the method; starts are given, not `auto`.
    batch
        Pictures that are explained together.
    """
    asked: list[tuple[int, ToyImage, Request]] = []
    for index, picture in enumerate(pictures):
        image = (picture.image[..., None] / np.float32(255)).astype(np.float32)
        region = network.predict(image).class_map == 1 + picture.digit
        if region.any():
            asked.append((index, picture, Request(image, region, 1 + picture.digit)))
        else:
            yield Row(index, picture.digit, 0)
    for first in range(0, len(asked), batch):
        some = asked[first : first + batch]
        requests = [request for _, _, request in some]
        for (index, picture, _), found in zip(
            some, explain_many(network, requests, settings), strict=True
        ):
            yield _row(index, picture, found)


def _row(index: int, picture: ToyImage, found: Explanation) -> Row:
    has_bias = picture.bias_half is not None
    saliency: FloatArray = found.saliency
    return Row(
        index=index,
        digit=picture.digit,
        requested=int(found.request.region.sum()),
        cbd=context_bias_detection(saliency, picture.object_mask),
        cbl=context_bias_localization(saliency, picture.object_mask, picture.bias_mask)
        if has_bias
        else None,
        objective=None
        if found.settings.is_gradient
        else float(found.settings.lam * found.mask.sum() + found.residual),
        residual=found.residual,
        residual_without_context=found.residual_without_context,
    )
