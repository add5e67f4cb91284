"""Equations 2 and 3 over a batch of requests on images of one size.

Both are one formula. With b the image that is left when the mask is empty (the object alone,
p(x, R), for the context method; the uninformative image a for the grid method),

    p(M) = clip(b + (x - b) * M),    loss = λ Σ m + Σ_R max(f_c(x) - f_c(p(M)), 0) / |R|.

Each row of the batch has its own loss, and no row touches another's mask.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from gridsal_core.arrays import FloatArray
from gridsal_core.errors import CheckpointError, RequestError
from gridsal_core.memory import Means
from gridsal_core.network import SegmentationNetwork
from gridsal_core.regions import bounding_box
from gridsal_core.settings import Settings
from gridsal_core.types import Prediction, Request
from gridsal_core.upsampling import MATRICES


@dataclass(frozen=True, eq=False)
class Losses:
    """The terms of the loss and the mean score over R, one value for each row: (B,) each."""

    total: Tensor
    mask: Tensor
    preservation: Tensor
    score: Tensor

    def detached(self) -> Losses:
        """Return the values alone, without what is needed for a gradient."""
        return Losses(*(value.detach() for value in self._values))

    @classmethod
    def joined(cls, parts: Sequence[Losses]) -> Losses:
        """Put the rows of several parts of a batch together."""
        values = zip(*(part._values for part in parts), strict=True)
        return cls(*(torch.cat(rows) for rows in values))

    @property
    def _values(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.total, self.mask, self.preservation, self.score


@dataclass(frozen=True, eq=False)
class Problem:
    """A batch of requests, ready to be evaluated at any masks.

    Parameters
    ----------
    network, settings
        f, and how it is asked.
    base
        (B, C, H, W) in [0, 1], the image at the empty mask.
    difference
        (B, C, H, W), x - base; 0 inside R for the context method.
    region
        (B, bh, bw) float, R on the box around all regions of the batch.
    area
        (B,) number of pixels in R.
    classes
        (B,) class index c.
    reference
        (B, bh, bw), f_c(x) on the box; a constant of the optimisation.
    box
        The rows and columns of the box: f_c counts only inside R, so nothing else is looked at.
    rows, columns
        (H, h) and (W, w), the upsampling.
    means
        How sparing it is with memory; None as if there were enough.
    """

    network: SegmentationNetwork
    settings: Settings
    base: Tensor
    difference: Tensor
    region: Tensor
    area: Tensor
    classes: Tensor
    reference: Tensor
    box: tuple[slice, slice]
    rows: Tensor
    columns: Tensor
    means: Means | None = None

    @property
    def half(self) -> torch.dtype | None:
        """The 16-bit type the network computes in, if memory is short."""
        return None if self.means is None else self.means.half

    def perturbed(self, masks: Tensor) -> Tensor:
        """Blend (B, h, w) masks into p(x, M) or p_context(x, R, M): (B, C, H, W) in [0, 1]."""
        full = self.rows @ masks @ self.columns.T
        return torch.addcmul(self.base, self.difference, full.unsqueeze(1)).clamp(0, 1)

    def losses(self, masks: Tensor) -> Losses:
        """Evaluate eq. 2 or 3 at (B, h, w) masks, differentiable with respect to them."""
        scores = self.scores(self.network.outputs(self.perturbed(masks), self.half))
        size = self.settings.lam * masks.sum((1, 2))
        kept = self.preservation(scores)
        return Losses(size + kept, size, kept, self.mean_score(scores))

    def scores_on(self, images: Tensor, predictions: list[Prediction] | None = None) -> Tensor:
        """f_c on the box for (B, C, H, W) images: (B, bh, bw); gathers predictions if asked to."""
        found, first = [], 0
        for part in self.parts():
            rows = images[first : first + len(part.base)]
            first += len(rows)
            outputs = self.network.outputs(rows, self.half)
            if predictions is not None:
                predictions += [self.network.to_prediction(output) for output in outputs]
            found.append(part.scores(outputs))
        return torch.cat(found)

    def scores(self, outputs: Tensor) -> Tensor:
        """f_c on the box: (B, bh, bw) from the network's (B, K, H, W)."""
        crop = outputs[..., self.box[0], self.box[1]]
        return self.network.class_scores(crop, self.classes, self.settings.score)

    def preservation(self, scores: Tensor) -> Tensor:
        """Mean over R of max(f_c(x) - scores, 0): (B,)."""
        return ((self.reference - scores).relu() * self.region).sum((1, 2)) / self.area

    def mean_score(self, scores: Tensor) -> Tensor:
        """Mean over R of the scores: (B,)."""
        return (scores.detach() * self.region).sum((1, 2)) / self.area

    def repeated(self, times: int) -> Problem:
        """Give each row `times` in a row, to start from several initial masks."""
        if times == 1:
            return self
        return self._with_rows(lambda rows: rows.repeat_interleave(times, 0))

    def parts(self) -> list[Problem]:
        """Split the batch into what goes through the network together; views, nothing is copied."""
        most = len(self.base) if self.means is None else self.means.at_once
        if most >= len(self.base):
            return [self]
        starts = range(0, len(self.base), most)
        return [self._with_rows(operator.itemgetter(slice(k, k + most))) for k in starts]

    def _with_rows(self, change: Callable[[Tensor], Tensor]) -> Problem:
        return replace(
            self,
            base=change(self.base),
            difference=change(self.difference),
            region=change(self.region),
            area=change(self.area),
            classes=change(self.classes),
            reference=change(self.reference),
        )


@dataclass(frozen=True, eq=False)
class Start:
    """What is known before the first step; one entry or row for each request.

    `predictions` are the network's on the images, `image_score` and `object_score` (B,) the mean
    over R of f_c on them and on the objects alone, `base_residual` (B,) the hinge at the empty
    mask.
    """

    problem: Problem
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
    CheckpointError
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
    blank = torch.cat([network.to_tensor(uninformative(network, r, settings)) for r in requests])
    region = torch.from_numpy(np.stack([r.region for r in requests])).to(network.device)
    inside = region.unsqueeze(1)
    alone = torch.where(inside, images, blank)
    base = alone if settings.method == "context" else blank
    box = bounding_box(region.any(0).cpu().numpy()).slices
    matrix = MATRICES[settings.upsampling]
    inner = region[:, box[0], box[1]].to(images.dtype)
    asked = Problem(
        network=network,
        settings=settings,
        base=base,
        difference=images - base,
        region=inner,
        area=region.sum((1, 2)).to(images.dtype),
        classes=torch.tensor([r.class_index for r in requests], device=network.device),
        reference=inner,  # until it is known
        box=box,
        rows=torch.from_numpy(matrix(height, settings.mask_size[0])).to(network.device),
        columns=torch.from_numpy(matrix(width, settings.mask_size[1])).to(network.device),
        means=means,
    )
    predictions: list[Prediction] = []
    reference = asked.scores_on(images, predictions)
    if not bool(reference.isfinite().all()):
        raise CheckpointError(
            f"The network {network.card.name!r} gives scores that are not finite numbers; "
            "check its weights, and mean and std in its model card."
        )
    problem = replace(asked, reference=reference)
    alone_scores = problem.scores_on(alone)
    base_scores = alone_scores if settings.method == "context" else problem.scores_on(base)
    return Start(
        problem=problem,
        predictions=tuple(predictions),
        image_score=problem.mean_score(reference),
        object_score=problem.mean_score(alone_scores),
        base_residual=problem.preservation(base_scores),
    )


def split_rows(tensor: Tensor, most: int) -> list[Tensor]:
    """Split a (B, ...) tensor into views of at most so many rows."""
    return [tensor[first : first + most] for first in range(0, len(tensor), most)]


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


def uninformative(network: SegmentationNetwork, request: Request, settings: Settings) -> FloatArray:
    """Return the image a that stands in for what is removed: (H, W, C) in [0, 1]."""
    return settings.perturbation.uninformative(request.image, network.mean_color)
