"""Equations 2 and 3 over a batch of requests on images of one size.

Both are one formula. With b the image that is left when the mask is empty (the object alone,
p(x, R), for the context method; the uninformative image a for the grid method),

    p(M) = clip(b + (x - b) * M),    loss = λ Σ m + Σ_R max(f_c(x) - f_c(p(M)), 0) / |R|.

Each row of the batch has its own loss, and no row touches another's mask. A row may look at several
perturbed images, one for each part of a robust perturbation: its hinge is the mean over them.
Beyond the paper, and off unless asked for, are that, total variation and a widened R in b.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from gridsal_core.arrays import FloatArray
from gridsal_core.cropped.outputs import CroppedOutputs, cropped_outputs
from gridsal_core.errors import CheckpointError, RequestError
from gridsal_core.memory import Means
from gridsal_core.network import SegmentationNetwork
from gridsal_core.regions import bounding_box, widened
from gridsal_core.settings import Settings
from gridsal_core.types import Prediction, Request
from gridsal_core.upsampling import MATRICES

# A small image leaves a core half idle; an image of this many pixels does not.
PIXELS_AT_ONCE: Final = 2**17


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
        (B * P, C, H, W) in [0, 1], the images at the empty mask: for each row one for each of the P
        parts of its perturbation.
    difference
        (B * P, C, H, W), x - base; 0 inside R for the context method.
    region
        (B, bh, bw) float, R on the box around all regions of the batch.
    kept
        (B, H, W) bool, what the context form always keeps: R, widened if the settings say so.
    area
        (B,) number of pixels in R.
    classes
        (B,) class index c.
    reference
        (B, bh, bw), f_c(x) on the box; a constant of the optimisation.
    lam
        λ for each of the mask's cells.
    box
        The rows and columns of the box: f_c counts only inside R, so nothing else is looked at.
    rows, columns
        (H, h) and (W, w), the upsampling.
    means
        How sparing it is with memory; None as if there were enough.
    cropped
        The network on the box alone, where that is worth it.
    """

    network: SegmentationNetwork
    settings: Settings
    base: Tensor
    difference: Tensor
    region: Tensor
    kept: Tensor
    area: Tensor
    classes: Tensor
    reference: Tensor
    lam: float
    box: tuple[slice, slice]
    rows: Tensor
    columns: Tensor
    means: Means | None = None
    cropped: CroppedOutputs | None = None

    @property
    def half(self) -> torch.dtype | None:
        """The 16-bit type the network computes in, if memory is short."""
        return None if self.means is None else self.means.half

    @property
    def copies(self) -> int:
        """P, the perturbed images of one row."""
        return len(self.base) // len(self.region)

    def perturbed(self, masks: Tensor) -> Tensor:
        """Blend (B, h, w) masks into p(x, M) or p_context(x, R, M): (B * P, C, H, W) in [0, 1]."""
        full = self.rows @ masks @ self.columns.T
        full = _each(full, self.copies).unsqueeze(1)
        return torch.addcmul(self.base, self.difference, full).clamp(0, 1)

    def losses(self, masks: Tensor) -> Losses:
        """Evaluate eq. 2 or 3 at (B, h, w) masks, differentiable with respect to them."""
        scores = self.scores(self.outputs_on_box(self.perturbed(masks)))
        size = self.lam * masks.sum((1, 2)) + self._variation(masks)
        missing = self.preservation(scores)
        return Losses(size + missing, size, missing, self.mean_score(scores))

    def _variation(self, masks: Tensor) -> Tensor | float:
        weight = self.settings.total_variation
        if weight == 0:
            return 0.0
        # As if the cells were those of the final mask, of which a coarse border has several.
        down = (masks[:, 1:] - masks[:, :-1]).abs().sum((1, 2))
        across = (masks[:, :, 1:] - masks[:, :, :-1]).abs().sum((1, 2))
        rows, columns = self.settings.mask_size
        per_column, per_row = columns / masks.shape[2], rows / masks.shape[1]
        return weight * (per_column * down + per_row * across)

    def scores_on(self, images: Tensor, predictions: list[Prediction] | None = None) -> Tensor:
        """f_c on the box for (B * n, C, H, W) images: (B, n, bh, bw).

        The rows of `images` are n for the first request, then n for the second. Gathers what the
        network predicts on the first image of each if asked.
        """
        each = len(images) // len(self.region)
        found, first = [], 0
        for part in self.parts():
            rows = images[first : first + each * len(part.region)]
            first += len(rows)
            outputs = self.network.outputs(rows, self.half)
            if predictions is not None:
                predictions += [self.network.to_prediction(output) for output in outputs[::each]]
            found.append(part.scores(part.on_box(outputs)))
        return torch.cat(found)

    def outputs_on_box(self, images: Tensor) -> Tensor:
        """Run the network on (B * n, C, H, W) images: (B * n, K, bh, bw)."""
        if self.cropped is not None and self.half is None:
            return self.cropped(images)
        return self.on_box(self.network.outputs(images, self.half))

    def on_box(self, outputs: Tensor) -> Tensor:
        """Cut the box out of (B, K, H, W) outputs."""
        return outputs[..., self.box[0], self.box[1]]

    def scores(self, outputs: Tensor) -> Tensor:
        """f_c on the box: (B, n, bh, bw) from the network's (B * n, K, bh, bw) on it."""
        each = len(outputs) // len(self.region)
        classes = _each(self.classes, each)
        chosen = self.network.class_scores(outputs, classes, self.settings.score)
        return chosen.reshape(len(self.region), each, *chosen.shape[1:])

    def preservation(self, scores: Tensor) -> Tensor:
        """Mean over R, and over the n images of a row, of max(f_c(x) - scores, 0): (B,)."""
        missing = (self.reference.unsqueeze(1) - scores).relu().mean(1)
        return (missing * self.region).sum((1, 2)) / self.area

    def mean_score(self, scores: Tensor) -> Tensor:
        """Mean over R, and over the n images of a row, of (B, n, bh, bw) scores: (B,)."""
        return self.scores_in_region(scores.detach()).mean(1)

    def scores_in_region(self, scores: Tensor) -> Tensor:
        """S(x, R, c) of eq. 4, differentiable, of each of the n images of a row: (B, n)."""
        return (scores * self.region.unsqueeze(1)).sum((2, 3)) / self.area.unsqueeze(1)

    def repeated(self, times: int) -> Problem:
        """Give each row `times` in a row, to start from several initial masks."""
        if times == 1:
            return self
        return self._with_rows(
            lambda rows: rows.repeat_interleave(times, 0),
            lambda images: (
                images.reshape(-1, self.copies, *images.shape[1:])
                .repeat_interleave(times, 0)
                .flatten(0, 1)
            ),
        )

    def at_cells(self, cells: tuple[int, int]) -> Problem:
        """Ask the same with a mask of other cells, each weighing as much as what it covers."""
        size = self.settings.mask_size
        share = (size[0] * size[1]) / (cells[0] * cells[1])
        matrix = MATRICES[self.settings.upsampling]
        rows, columns = (
            torch.from_numpy(matrix(len(old), count)).to(old)
            for old, count in zip((self.rows, self.columns), cells, strict=True)
        )
        return replace(self, rows=rows, columns=columns, lam=self.settings.lam * share)

    def parts(self) -> list[Problem]:
        """Split the batch into what goes through the network together; views, nothing is copied."""
        most = len(self.region) if self.means is None else self.means.at_once
        if most >= len(self.region):
            return [self]
        starts = range(0, len(self.region), most)
        times = self.copies
        return [
            self._with_rows(
                operator.itemgetter(slice(k, k + most)),
                operator.itemgetter(slice(k * times, (k + most) * times)),
            )
            for k in starts
        ]

    def _with_rows(
        self, change: Callable[[Tensor], Tensor], change_images: Callable[[Tensor], Tensor]
    ) -> Problem:
        return replace(
            self,
            base=change_images(self.base),
            difference=change_images(self.difference),
            region=change(self.region),
            kept=change(self.kept),
            area=change(self.area),
            classes=change(self.classes),
            reference=change(self.reference),
        )


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
    inside = _each(kept.unsqueeze(1), times)
    shown = _each(images, times)
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
        cropped=cropped_outputs(network.outputs, box, (height, width), settings.planned),
    )
    predictions: list[Prediction] = []
    known = [images, alone] if base is alone else [images, alone, base]
    scores = _scores_on_each(asked, known, predictions)
    reference, alone_scores, base_scores = scores[0], scores[1], scores[-1]
    if not bool(reference.isfinite().all()):
        raise CheckpointError(
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


def _each(rows: Tensor, times: int) -> Tensor:
    """Repeat every row so many times in a row; once is the tensor itself."""
    return rows if times == 1 else rows.repeat_interleave(times, 0)


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


def uninformative_images(
    network: SegmentationNetwork, request: Request, settings: Settings
) -> list[FloatArray]:
    """Return the images a that stand in for what is removed, each (H, W, C) in [0, 1].

    One for each part of the perturbation; the first is the one that is shown.
    """
    mean = network.mean_color
    return [part.uninformative(request.image, mean) for part in settings.perturbation.parts]
