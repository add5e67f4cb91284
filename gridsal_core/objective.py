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

import torch
from torch import Tensor

from gridsal_core.cropped.outputs import CroppedOutputs, Outputs
from gridsal_core.memory import Means
from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import Settings
from gridsal_core.types import Prediction
from gridsal_core.upsampling import MATRICES

# Scores computed in another order differ by some 3e-6 in float32; relative to those above 1.
EQUAL: Final = 1e-5


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
    quick, quick_half
        A quicker way to the network's outputs on the box, and the 16-bit type it computes in, if
        any; see `quickened`.
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
    quick: Outputs | None = None
    quick_half: torch.dtype | None = None

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
        full = repeated_rows(full, self.copies).unsqueeze(1)
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
        if self.quick is not None:
            return self.quick(images)
        if self.cropped is not None and self.half is None:
            return self.cropped(images)
        return self.on_box(self.network.outputs(images, self.half))

    def on_box(self, outputs: Tensor) -> Tensor:
        """Cut the box out of (B, K, H, W) outputs."""
        return outputs[..., self.box[0], self.box[1]]

    def scores(self, outputs: Tensor) -> Tensor:
        """f_c on the box: (B, n, bh, bw) from the network's (B * n, K, bh, bw) on it."""
        each = len(outputs) // len(self.region)
        classes = repeated_rows(self.classes, each)
        chosen = self.network.class_scores(outputs, classes, self.settings.score)
        return chosen.reshape(len(self.region), each, *chosen.shape[1:])

    def preservation(self, scores: Tensor) -> Tensor:
        """Mean over R, and over the n images of a row, of max(f_c(x) - scores, 0): (B,).

        Scores that differ by rounding alone count as equal: else the first step from a full mask,
        where nothing is missing, would be as large as one where half of R is.
        """
        wanted = self.reference.unsqueeze(1)
        missing = wanted - scores
        is_missing = missing > EQUAL * wanted.abs().clamp_min(1)
        kept = torch.where(is_missing, missing, 0).mean(1)
        return (kept * self.region).sum((1, 2)) / self.area

    def mean_score(self, scores: Tensor) -> Tensor:
        """Mean over R, and over the n images of a row, of (B, n, bh, bw) scores: (B,)."""
        return self.scores_in_region(scores.detach()).mean(1)

    def scores_in_region(self, scores: Tensor) -> Tensor:
        """S(x, R, c) of eq. 4, differentiable, of each of the n images of a row: (B, n)."""
        return (scores * self.region.unsqueeze(1)).sum((2, 3)) / self.area.unsqueeze(1)

    def as_usual(self) -> Problem:
        """Ask the same of the network without a quicker way."""
        return replace(self, quick=None, quick_half=None)

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


def repeated_rows(rows: Tensor, times: int) -> Tensor:
    """Repeat every row so many times in a row; once is the tensor itself."""
    return rows if times == 1 else rows.repeat_interleave(times, 0)


def split_rows(tensor: Tensor, most: int) -> list[Tensor]:
    """Split a (B, ...) tensor into views of at most so many rows."""
    return [tensor[first : first + most] for first in range(0, len(tensor), most)]
