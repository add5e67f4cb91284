"""Explanations: from a request to a map, in one call or step by step."""

from __future__ import annotations

import platform
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor

from gridsal_core.arrays import FloatArray
from gridsal_core.errors import DeviceError
from gridsal_core.memory import (
    Means,
    MemoryShortError,
    give_back,
    ladder,
    lowest_scale,
    memory_told,
)
from gridsal_core.network import SegmentationNetwork
from gridsal_core.objective import Losses, Problem, Start, prepare, split_rows, uninformative
from gridsal_core.optimize import Step, descend
from gridsal_core.reduced import blended, enlarged_prediction, reduced_request
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation, Provenance, Request, Scores, Snapshot
from gridsal_core.upsampling import saliency_map

RECORDED_PACKAGES = ("gridsal", "torch", "segmentation-models-pytorch", "numpy", "pillow")


def explain(
    network: SegmentationNetwork,
    request: Request,
    settings: Settings | None = None,
    *,
    on_snapshot: Callable[[Snapshot], None] | None = None,
) -> Explanation:
    """Find the smallest part of the image that keeps the network's answer inside the region.

    Parameters
    ----------
    network
        What `load_network` gave.
    request
        Image, region R and class c.
    settings
        Defaults to `Settings()`.
    on_snapshot
        Called after every step.

    Raises
    ------
    RequestError, SettingsError, ImageError, DeviceError
        If the parts do not fit each other, or the device's memory does not suffice.

    Notes
    -----
    Eq. 3 for the context method, eq. 2 for the grid method. Where memory is short the run begins
    again more sparingly: fewer rows at once, half precision, a smaller working scale, the CPU; the
    explanation's notes say so.
    """
    steps = explain_steps(network, request, settings)
    while True:
        try:
            snapshot = next(steps)
        except StopIteration as finished:
            result: Explanation = finished.value
            return result
        if on_snapshot is not None:
            on_snapshot(snapshot)


def explain_steps(
    network: SegmentationNetwork,
    request: Request,
    settings: Settings | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Snapshot, None, Explanation]:
    """Do what `explain` does, and yield a snapshot after every step.

    The generator's return value (of `yield from`, or `StopIteration.value`) is the explanation.
    With `init="auto"` both starts run side by side and the snapshot shows the one that is ahead.

    Parameters
    ----------
    stop
        Asked after every step; once it says True, the explanation is made of what there is.

    Raises
    ------
    RequestError, SettingsError, ImageError, DeviceError
        As `explain`, at the first item drawn.
    """
    settings = settings or Settings()
    results = yield from _run(network, [request], settings, stop)
    return results[0]


def explain_many(
    network: SegmentationNetwork,
    requests: Sequence[Request],
    settings: Settings | None = None,
) -> list[Explanation]:
    """Explain requests on one image, or on images of one size, as one batch.

    Each result equals that of a single run, to rounding. An empty sequence gives an empty list.

    Raises
    ------
    RequestError, SettingsError, ImageError, DeviceError
        As `explain`; also if the images differ in size.
    """
    if not requests:
        return []
    steps = _run(network, requests, settings or Settings(), lambda: False)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            results: list[Explanation] = finished.value
            return results


def _run(
    network: SegmentationNetwork,
    requests: Sequence[Request],
    settings: Settings,
    stop: Callable[[], bool],
) -> Generator[Snapshot, None, list[Explanation]]:
    """Try with what memory there is; where it does not suffice begin again, more sparingly."""
    size = requests[0].region.shape
    lowest = lowest_scale((size[0], size[1]), settings.mask_size)
    notes: tuple[str, ...] = ()
    short = ""
    rungs = ladder(network.device, len(requests) * len(settings.starts), lowest)
    for means, sentence in rungs:
        notes += (sentence,) if sentence else ()
        try:
            with network.moved_to(means.device), network.borrowed():
                return (yield from _attempt(network, requests, settings, stop, means, notes))
        except MemoryShortError as error:
            short = str(error)
        give_back()
    raise DeviceError(short)


def _attempt(
    network: SegmentationNetwork,
    requests: Sequence[Request],
    settings: Settings,
    stop: Callable[[], bool],
    means: Means,
    notes: tuple[str, ...],
) -> Generator[Snapshot, None, list[Explanation]]:
    starts = settings.starts
    smaller = [reduced_request(request, means.scale) for request in requests]
    with memory_told(network.device), torch.no_grad():
        start = prepare(network, smaller, settings, means)
        problem = start.problem.repeated(len(starts))
        masks = _initial_masks(len(requests), settings).to(network.device)
    history = _History(settings, len(masks), notes)
    for step in descend(problem, masks):
        history.add(step)
        yield history.snapshot(range(len(starts)))
        if stop():
            break
    with memory_told(network.device), torch.no_grad():
        final = _final(problem, history.masks.to(network.device))
        return [
            _explanation(network, request, settings, start, history, final, row)
            for row, request in enumerate(requests)
        ]


@dataclass(frozen=True, eq=False)
class _Final:
    """The losses at the final masks, and the perturbed images (B, C, H, W) they make."""

    losses: Losses
    perturbed: Tensor


def _final(problem: Problem, masks: Tensor) -> _Final:
    parts = problem.parts()
    rows = split_rows(masks, len(parts[0].base))
    losses = [part.losses(some) for part, some in zip(parts, rows, strict=True)]
    return _Final(Losses.joined(losses), problem.perturbed(masks))


class _History:
    """The losses and scores of all rows so far, and the masks as they are now."""

    def __init__(self, settings: Settings, rows: int, notes: tuple[str, ...]) -> None:
        self.settings = settings
        self.notes = notes
        self.done = 0
        self.masks = torch.empty(0)
        self._losses = np.empty((rows, settings.steps, 3), np.float32)
        self._scores = np.empty((rows, settings.steps), np.float32)

    def add(self, step: Step) -> None:
        self._losses[:, self.done] = step.losses.numpy()
        self._scores[:, self.done] = step.scores.numpy()
        self.masks = step.masks
        self.done += 1

    def losses(self, row: int) -> FloatArray:
        return self._losses[row, : self.done].copy()

    def scores(self, row: int) -> FloatArray:
        return self._scores[row, : self.done].copy()

    def snapshot(self, rows: range) -> Snapshot:
        """Show that row of `rows` whose objective was lowest before this step."""
        row = min(rows, key=lambda candidate: float(self._losses[candidate, self.done - 1, 0]))
        return Snapshot(
            step=self.done,
            steps=self.settings.steps,
            mask=self.masks[row].numpy(),
            losses=self.losses(row),
            scores=self.scores(row),
            notes=self.notes,
        )


def _initial_masks(requests: int, settings: Settings) -> Tensor:
    """Return (requests * starts, h, w): the starts of the first request, then of the second."""
    values = torch.tensor(settings.starts).repeat(requests)
    return values.view(-1, 1, 1).expand(-1, *settings.mask_size).contiguous()


def _explanation(
    network: SegmentationNetwork,
    request: Request,
    settings: Settings,
    start: Start,
    history: _History,
    final: _Final,
    index: int,
) -> Explanation:
    count = len(settings.starts)
    rows = range(index * count, (index + 1) * count)
    losses = final.losses
    row = min(rows, key=lambda candidate: float(losses.total[candidate]))
    mask = history.masks[row].numpy()
    size = request.region.shape
    perturbed = final.perturbed[row].cpu().numpy().transpose(1, 2, 0).copy()
    if perturbed.shape[:2] != size:  # it was worked on at a smaller scale
        perturbed = blended(request, uninformative(network, request, settings), mask, settings)
    return Explanation(
        request=request,
        settings=settings,
        classes=network.classes,
        mask=mask,
        saliency=saliency_map(mask, request.region, settings.method, settings.upsampling),
        perturbed=perturbed,
        losses=history.losses(row),
        score_history=history.scores(row),
        scores=Scores(
            image=float(start.image_score[index]),
            object_alone=float(start.object_score[index]),
            perturbed=float(losses.score[row]),
        ),
        residual=float(losses.preservation[row]),
        residual_without_context=float(start.base_residual[index]),
        prediction=enlarged_prediction(start.predictions[index], (size[0], size[1])),
        init=settings.starts[row - rows.start],
        stopped=history.done < settings.steps,
        provenance=_provenance(network),
        notes=history.notes,
    )


def _provenance(network: SegmentationNetwork) -> Provenance:
    versions = [("python", platform.python_version())]
    versions += [(package, version(package)) for package in RECORDED_PACKAGES]
    return Provenance(
        network=network.card.name,
        checkpoint=str(network.source),
        checkpoint_sha256=network.sha256,
        device=str(network.device),
        versions=tuple(versions),
    )
