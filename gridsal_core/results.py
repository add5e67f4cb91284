"""What a method hands out, and the explanation that is made of it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import torch
from torch import Tensor

from gridsal_core.arrays import FloatArray
from gridsal_core.memory import memory_told
from gridsal_core.network import SegmentationNetwork
from gridsal_core.objective import Losses, Problem, split_rows
from gridsal_core.preparing import Start, uninformative_images
from gridsal_core.reduced import blended, enlarged_prediction
from gridsal_core.regions import widened
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation, Provenance, Request, Scores
from gridsal_core.upsampling import saliency_map

RECORDED_PACKAGES = ("gridsal", "torch", "segmentation-models-pytorch", "numpy", "pillow")


@dataclass(frozen=True, eq=False)
class Final:
    """The losses at the final masks (B, h, w), and the images (B, C, H, W) they leave.

    Of several perturbations of one row the first one's image is kept: it is the one that is shown.
    """

    masks: Tensor
    losses: Losses
    perturbed: Tensor


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a method found for one request: its row of `final`, and how it came there.

    `losses` (steps, 3) and `scores` (steps,) are before each step; see `Explanation`. `map` (h, w)
    is what is shown where that is not the final mask itself.
    """

    final: Final
    row: int
    losses: FloatArray
    scores: FloatArray
    init: float
    is_stopped: bool
    converged_at: int | None = None
    map: Tensor | None = None


def final_state(problem: Problem, masks: Tensor) -> Final:
    """Evaluate (B, h, w) masks in [0, 1] once more. Raises DeviceError if memory is short."""
    with memory_told(problem.network.device), torch.no_grad():
        masks = masks.to(problem.rows)
        parts = problem.parts()
        rows = split_rows(masks, len(parts[0].region))
        losses = [part.losses(some) for part, some in zip(parts, rows, strict=True)]
        shown = problem.perturbed(masks)[:: problem.copies]
        return Final(masks, Losses.joined(losses), shown)


def explanation_of(
    network: SegmentationNetwork,
    request: Request,
    settings: Settings,
    start: Start,
    outcome: Outcome,
    index: int,
    notes: tuple[str, ...],
) -> Explanation:
    """Make the explanation of the request at `index`."""
    final, row = outcome.final, outcome.row
    mask = (final.masks[row] if outcome.map is None else outcome.map).cpu().numpy()
    size = (request.region.shape[0], request.region.shape[1])
    perturbed = final.perturbed[row].cpu().numpy().transpose(1, 2, 0).copy()
    if perturbed.shape[:2] != size:  # it was worked on at a smaller scale
        blank = uninformative_images(network, request, settings)[0]
        perturbed = blended(request, blank, mask, settings)
    kept = widened(request.region, settings.dilation)
    return Explanation(
        request=request,
        settings=settings,
        classes=network.classes,
        mask=mask,
        saliency=saliency_map(mask, kept, settings.form, settings.upsampling),
        perturbed=perturbed,
        losses=outcome.losses,
        score_history=outcome.scores,
        scores=Scores(
            image=float(start.image_score[index]),
            object_alone=float(start.object_score[index]),
            perturbed=float(final.losses.score[row]),
        ),
        residual=float(final.losses.preservation[row]),
        residual_without_context=float(start.base_residual[index]),
        prediction=enlarged_prediction(start.predictions[index], size),
        init=outcome.init,
        stopped=outcome.is_stopped,
        converged_at=outcome.converged_at,
        provenance=provenance_of(network),
        notes=notes,
    )


def provenance_of(network: SegmentationNetwork) -> Provenance:
    """Say what an explanation of this network is repeated with."""
    return Provenance(
        network=network.card.name,
        checkpoint=str(network.source),
        checkpoint_sha256=network.sha256,
        device=str(network.device),
        versions=_versions(),
    )


# Looking them up on the disk takes longer than a step on a small image.
@cache
def _versions() -> tuple[tuple[str, str], ...]:
    packages = ((package, version(package)) for package in RECORDED_PACKAGES)
    return (("python", platform.python_version()), *packages)
