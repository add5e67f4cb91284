"""From requests to a problem: all that stays the same over an optimisation, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from gridsal_core.arrays import FloatArray
from gridsal_core.cropped.outputs import cropped_outputs
from gridsal_core.errors import RequestError, ScoresError
from gridsal_core.memory import Means
from gridsal_core.network import SegmentationNetwork
from gridsal_core.objective import Problem, repeated_rows
from gridsal_core.regions import bounding_box, widened
from gridsal_core.settings import Settings
from gridsal_core.types import Prediction, Request
from gridsal_core.upsampling import MATRICES

# A small image leaves a core half idle; an image of this many pixels does not.
PIXELS_AT_ONCE: Final = 2**17


@dataclass(frozen=True, eq=False)
class Start:
    """What is known before the first step; one entry or row for each request.

    `images` (B, C, H, W) are what was asked about, `predictions` the network's on them,
    `image_score` and `object_score` (B,) the mean over R of f_c on them and on the objects alone,
    `base_residual` (B,) the hinge at the empty mask.
    """

    problem: Problem
    images: Tensor
    predictions: tuple[Prediction, ...]
    image_score: Tensor
    object_score: Tensor
    base_residual: Tensor


def prepare(
    network: SegmentationNetwork,
    requests: Sequence[Request],
    settings: Settings,
    means: Means | None = None,
) -> Start:
    """Compute all that stays the same over the optimisation. Call it without gradient.

    Raises
    ------
    RequestError
        If the images differ in size, a class is not the network's or a region is not boolean.
    SettingsError, ImageError
        If the mask is larger than the image, or channels do not fit.
    ScoresError
        If the network's scores are not finite.
    """
    height, width = _common_size(requests)
    settings.check_image(height, width)
    for request in requests:
        check_class(network, request.class_index)
        if request.region.dtype != np.bool_:
            # NumPy would take numbers for the indices of rows.
            raise RequestError(
                f"The region holds {request.region.dtype} values; "
                "make it boolean, as in region > 0."
            )
    images = torch.cat([network.to_tensor(request.image) for request in requests])
    blanks = [
        torch.cat(
            [network.to_tensor(blank) for blank in uninformative_images(network, r, settings)]
        )
        for r in requests
    ]
    times = len(blanks[0])
    region = torch.from_numpy(np.stack([r.region for r in requests])).to(network.device)
    kept = torch.from_numpy(np.stack([widened(r.region, settings.dilation) for r in requests]))
    kept = kept.to(network.device)
    inside = repeated_rows(kept.unsqueeze(1), times)
    shown = repeated_rows(images, times)
    blank = torch.cat(blanks)
    alone = torch.where(inside, shown, blank)
    base = alone if settings.form == "context" else blank
    box = bounding_box(region.any(0).cpu().numpy()).slices
    matrix = MATRICES[settings.upsampling]
    inner = region[:, box[0], box[1]].to(images.dtype)
    asked = Problem(
        network=network,
        settings=settings,
        base=base,
        difference=shown - base,
        region=inner,
        kept=kept,
        area=region.sum((1, 2)).to(images.dtype),
        classes=torch.tensor([r.class_index for r in requests], device=network.device),
        reference=inner,  # until it is known
        lam=settings.lam,
        box=box,
        rows=torch.from_numpy(matrix(height, settings.mask_size[0])).to(network.device),
        columns=torch.from_numpy(matrix(width, settings.mask_size[1])).to(network.device),
        means=means,
        cropped=cropped_outputs(
            network.outputs, box, (height, width), settings.planned, trace=network.traced
        ),
    )
    predictions: list[Prediction] = []
    known = [images, alone] if base is alone else [images, alone, base]
    scores = _scores_on_each(asked, known, predictions)
    reference, alone_scores, base_scores = scores[0], scores[1], scores[-1]
    if not bool(reference.isfinite().all()):
        raise ScoresError(
            f"The network {network.card.name!r} gives scores that are not finite numbers; "
            "check its weights, and mean and std in its model card."
        )
    problem = replace(asked, reference=reference.squeeze(1))
    return Start(
        problem=problem,
        images=images,
        predictions=tuple(predictions),
        image_score=problem.mean_score(reference),
        object_score=problem.mean_score(alone_scores),
        base_residual=problem.preservation(base_scores),
    )


def _scores_on_each(
    asked: Problem, kinds: Sequence[Tensor], predictions: list[Prediction]
) -> list[Tensor]:
    """`scores_on` for several kinds of images, some for each request; predictions on the first.

    Small images go through the network together: each pass has its own cost. No more of them than
    the method itself will have at once.
    """
    count, total = len(asked.region), sum(len(images) for images in kinds)
    is_small = total * kinds[0].shape[-2] * kinds[0].shape[-1] <= PIXELS_AT_ONCE
    most = total if asked.means is None or asked.settings.is_gradient else asked.means.at_once
    if not is_small or most < total or len(asked.parts()) > 1:
        first = asked.scores_on(kinds[0], predictions)
        return [first, *(asked.scores_on(images) for images in kinds[1:])]
    rows = [images.reshape(count, -1, *images.shape[1:]) for images in kinds]
    scores = asked.scores_on(torch.cat(rows, 1).flatten(0, 1), predictions)
    return list(torch.split(scores, [each.shape[1] for each in rows], 1))


def check_class(network: SegmentationNetwork, class_index: int) -> None:
    """Raise RequestError unless the network has this class."""
    if not 0 <= class_index < len(network.classes):
        raise RequestError(
            f"Class {class_index} does not exist; the network has classes 0 to "
            f"{len(network.classes) - 1}."
        )


def _common_size(requests: Sequence[Request]) -> tuple[int, int]:
    sizes = {request.region.shape for request in requests}
    if len(sizes) != 1:
        raise RequestError(
            "Requests of one batch need images of one size; explain other sizes apart."
        )
    height, width = sizes.pop()
    return height, width


def uninformative_images(
    network: SegmentationNetwork, request: Request, settings: Settings
) -> list[FloatArray]:
    """Return the images a that stand in for what is removed, each (H, W, C) in [0, 1].

    One for each part of the perturbation; the first is the one that is shown.
    """
    mean = network.mean_color
    return [part.uninformative(request.image, mean) for part in settings.perturbation.parts]
