"""Explanations: from a request to a map, in one call or step by step."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch

from gridsal_core.errors import DeviceError, ScoresError
from gridsal_core.gradients import averaged
from gridsal_core.memory import (
    Means,
    MemoryShortError,
    give_back,
    ladder,
    lowest_scale,
    memory_told,
)
from gridsal_core.network import SegmentationNetwork
from gridsal_core.optimised import optimised
from gridsal_core.preparing import prepare
from gridsal_core.quickened import quickened
from gridsal_core.reduced import reduced_request
from gridsal_core.regions import bounding_box
from gridsal_core.results import explanation_of
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation, Request, Snapshot

_Result = TypeVar("_Result")

log = logging.getLogger(__name__)


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
    CheckpointError
        If the network answers with values that are no numbers.

    Notes
    -----
    Eq. 3 for the context method, eq. 2 for the grid method, eq. 4 and 5 for the gradients, whose
    map is one of sensitivity: it says nothing of what would suffice. Where memory is short the run
    begins again more sparingly: fewer rows at once, half precision, a smaller working scale, the
    CPU; the explanation's notes say so.
    """
    return _drawn(explain_steps(network, request, settings), on_snapshot)


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
    *,
    on_snapshot: Callable[[Snapshot], None] | None = None,
) -> list[Explanation]:
    """Explain requests on one image, or on images of one size, as one batch.

    Each result equals that of a single run, to rounding. An empty sequence gives an empty list.

    Parameters
    ----------
    network
        What `load_network` gave.
    requests
        Image, region R and class c of each.
    settings
        The same for all; defaults to `Settings()`.
    on_snapshot
        Called after every step of the batch. Its step, steps and notes are those of the whole
        batch; its mask, losses and scores are those of the first request.

    Raises
    ------
    RequestError, SettingsError, ImageError, DeviceError
        As `explain`; also if the images differ in size.
    """
    return _drawn(explain_many_steps(network, requests, settings), on_snapshot)


def explain_many_steps(
    network: SegmentationNetwork, requests: Sequence[Request], settings: Settings | None = None
) -> Generator[Snapshot, None, list[Explanation]]:
    """Do what `explain_many` does, and yield a snapshot after every step of the batch.

    The generator's return value is the list of explanations; closing it gives the run up.

    Raises
    ------
    RequestError, SettingsError, ImageError, DeviceError
        As `explain_many`, at the first item drawn.
    """
    if not requests:
        return []
    return (yield from _run(network, requests, settings or Settings(), lambda: False))


def _drawn(
    steps: Generator[Snapshot, None, _Result], on_snapshot: Callable[[Snapshot], None] | None
) -> _Result:
    """Draw every snapshot and return the result."""
    while True:
        try:
            snapshot = next(steps)
        except StopIteration as finished:
            result: _Result = finished.value
            return result
        if on_snapshot is not None:
            on_snapshot(snapshot)


def _run(
    network: SegmentationNetwork,
    requests: Sequence[Request],
    settings: Settings,
    stop: Callable[[], bool],
) -> Generator[Snapshot, None, list[Explanation]]:
    """Try with what memory there is; where it does not suffice begin again, more sparingly."""
    _note(network, requests, settings)
    size = requests[0].region.shape
    lowest = lowest_scale((size[0], size[1]), settings.mask_size)
    notes: tuple[str, ...] = ()
    short = ""
    rungs = ladder(network.device, len(requests) * len(settings.starts), lowest)
    for means, sentence in rungs:
        notes += (sentence,) if sentence else ()
        if sentence:
            log.warning("%s", sentence)
        try:
            with network.moved_to(means.device), network.borrowed():
                return (yield from _attempt(network, requests, settings, stop, means, notes))
        except MemoryShortError as error:
            short = str(error)
        give_back()
    raise DeviceError(short)


def _note(network: SegmentationNetwork, requests: Sequence[Request], settings: Settings) -> None:
    """Log what is asked, so that it can be asked again."""
    log.info("Explaining with SHA-256 %s: %s", network.sha256, settings.to_dict())
    for request in requests:
        log.info(
            "%s, page %d, %s, shape %s: class %d, %d pixels of %s (%s)",
            request.image_path,
            request.page,
            request.frame,
            request.image.shape,
            request.class_index,
            request.region.sum(),
            bounding_box(request.region),
            request.origin,
        )


def _check_numbers(snapshot: Snapshot) -> None:
    if np.isnan(snapshot.scores[-1:]).any() or np.isnan(snapshot.mask).any():
        raise ScoresError(
            f"At step {snapshot.step} the network answered with values that are no numbers (NaN), "
            "so there is nothing to explain; check its weights, or the range and the normalisation "
            "of its images in its model card."
        )


def _attempt(
    network: SegmentationNetwork,
    requests: Sequence[Request],
    settings: Settings,
    stop: Callable[[], bool],
    means: Means,
    notes: tuple[str, ...],
) -> Generator[Snapshot, None, list[Explanation]]:
    smaller = [reduced_request(request, means.scale) for request in requests]
    with memory_told(network.device), torch.no_grad():
        network.speed_up()
        start = prepare(network, smaller, settings, means)
    if settings.is_gradient:
        steps = averaged(start, settings, stop)
    else:
        with memory_told(network.device):
            quick, told = quickened(start.problem)
        notes += told
        steps = optimised(start, settings, stop, quick)
    while True:
        try:
            snapshot = next(steps)
        except StopIteration as finished:
            outcomes = finished.value
            break
        if len(requests) == 1:
            _check_numbers(snapshot)
        yield replace(snapshot, notes=notes)
    return [
        explanation_of(network, request, settings, start, outcome, row, notes)
        for row, (request, outcome) in enumerate(zip(requests, outcomes, strict=True))
    ]
