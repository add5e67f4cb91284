"""A network's outputs on a box of the image, for little more than what the box depends on.

f_c is asked inside R alone. What lies behind the last layer that looks at the whole image need be
computed on R's surroundings only: exactly, since every layer gets the margin that it looks at. How,
is read from a trace of the network's own operators; what the trace does not understand is computed
whole. Before it is used, the result is compared with the network's own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from math import inf, isnan
from typing import Final

import torch
from torch import Tensor, fx

from gridsal_core.answers import answer, relative_difference
from gridsal_core.cropped.cutting import box_of, cost, cut_to, traced
from gridsal_core.cropped.needs import Box2, area

log = logging.getLogger(__name__)

# Tracing takes about a second: small images and short runs are done by then, or nearly.
LEAST_PIXELS: Final = 2**16
LEAST_STEPS: Final = 15
# A larger box saves too little to pay for the trace.
LARGEST_SHARE: Final = 0.3
# Rounding alone; the largest difference on trained networks is some 1e-5 of the largest score.
TOLERANCE: Final = 1e-4
# Gradients cancel out more than outputs do.
OF_GRADIENT: Final = 10
_HOLDS: Final = "its gradient holds"

Outputs = Callable[[Tensor], Tensor]
Trace = Callable[[Tensor], fx.GraphModule]
"""From images to a trace of what gives outputs for such images."""


class CroppedOutputs:
    """Takes (B, C, H, W) images and gives the outputs (B, K, h, w) on a box of (h, w) pixels.

    Parameters
    ----------
    outputs
        From images to outputs of their size, (B, K, H, W).
    box
        Rows and columns.
    tolerance
        The largest difference from `outputs` that is let pass, relative to the largest output;
        ten times as much of the gradient, relative to its norm.
    trace
        Traces `outputs`; None to do so each time anew.
    """

    def __init__(
        self,
        outputs: Outputs,
        box: tuple[slice, slice],
        tolerance: float = TOLERANCE,
        trace: Trace | None = None,
    ) -> None:
        self._outputs, self._slices, self._tolerance = outputs, box, tolerance
        self._trace = trace or partial(traced, outputs)
        self._box = box_of(*box)
        self._cut: dict[int, fx.GraphModule | None] = {}

    def __call__(self, images: Tensor) -> Tensor:
        """Return what `outputs` gives, on the box."""
        rows = len(images)
        if rows not in self._cut:
            with torch.no_grad():
                self._cut[rows] = self._checked(images)
        cut = self._cut[rows]
        found: Tensor = self._whole(images) if cut is None else cut(images)
        return found

    def is_cropped(self, rows: int) -> bool:
        """Whether so many rows at once go the short way."""
        return self._cut.get(rows) is not None

    def _whole(self, images: Tensor) -> Tensor:
        return self._outputs(images)[(..., *self._slices)]

    def _checked(self, images: Tensor) -> fx.GraphModule | None:
        try:
            trace = self._trace(images)
            cut = cut_to(trace, self._box)
            if cut is None:
                return None
            difference = self._difference(cut, images)
            if difference > self._tolerance:
                told = "The network is run on the whole image: it would differ by %.1e."
                log.info(told, difference)
                return None
            every, left = cost(trace, self._box)
            share = 100 * left / max(every, 1)
            told = "The network is run on what the box needs: %.0f %% of its multiplications."
            log.info(told, share)
            holds = self._gradient_holds(trace, cut, images)
            return cut if holds else plain_cut(trace, self._box)
        # A network may be anything: what cannot be traced, or runs only its own way, runs whole.
        except Exception as error:  # noqa: BLE001
            log.info("The network is run on the whole image: %s", error)
            return None

    def _difference(self, cut: fx.GraphModule, images: Tensor) -> float:
        """Return the largest difference of the outputs, relative to the largest output."""
        whole, found = self._whole(images), cut(images)
        difference = float((whole - found).abs().max() / whole.abs().max().clamp_min(1))
        return inf if isnan(difference) else difference

    def _gradient_holds(self, trace: fx.GraphModule, cut: fx.GraphModule, images: Tensor) -> bool:
        """Compare the gradient with that of the network, for each trace once."""
        if _HOLDS not in trace.meta:
            (_, own), (_, found) = (answer(each, images) for each in (self._whole, cut))
            difference = relative_difference(own, found)
            trace.meta[_HOLDS] = difference <= OF_GRADIENT * self._tolerance
            log.info("Its gradient differs by %.1e.", difference)
        return bool(trace.meta[_HOLDS])


def graph_on(trace: fx.GraphModule, images: Tensor, box: tuple[slice, slice]) -> fx.GraphModule:
    """From a trace that gives outputs for such images write what gives them on a box.

    The graph computes no more than the box depends on where that saves anything.
    """
    return plain_cut(trace, box_of(*box)) or traced(lambda given: trace(given)[(..., *box)], images)


def plain_cut(trace: fx.GraphModule, box: Box2) -> fx.GraphModule | None:
    """Write what gives the pixels of a box with torch's own operators alone."""
    return cut_to(trace, box, keeps_less=False)


def cropped_outputs(
    outputs: Outputs,
    box: tuple[slice, slice],
    size: tuple[int, int],
    steps: int,
    tolerance: float = TOLERANCE,
    trace: Trace | None = None,
) -> CroppedOutputs | None:
    """Return the short way to the outputs on a box where it is worth it, else None.

    Parameters
    ----------
    outputs, box, tolerance, trace
        As of `CroppedOutputs`.
    size
        (height, width) of the images.
    steps
        How often it will be asked.
    """
    pixels = size[0] * size[1]
    if pixels < LEAST_PIXELS or steps < LEAST_STEPS:
        return None
    if area(box_of(*box)) > LARGEST_SHARE * pixels:
        return None
    return CroppedOutputs(outputs, box, tolerance, trace)
