"""Quicker ways to compute the same, taken where they are verified on the user's own network.

bfloat16, `torch.compile` and CUDA graphs are asked for by the settings. Each is tried once before
the first step: f_c inside R and the gradient of its mean with respect to the mask are compared
with those of the usual way, at the mask 0.5. What differs by more than its tolerance, or does not
run, is left out; the log and the notes of the explanation say so. Only the optimisation goes the
quick way: the scores that are recorded, and the final losses, are always computed as usual.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import torch
from torch import Tensor, fx

from gridsal_core import cuda
from gridsal_core.answers import relative_difference
from gridsal_core.cropped.outputs import Outputs, cropped_outputs, graph_on
from gridsal_core.errors import DeviceError
from gridsal_core.objective import Problem
from gridsal_core.settings import Settings

log = logging.getLogger(__name__)

# Of outputs in bfloat16 on the box alone: rounding differs with what is computed beside it.
HALF_TOLERANCE: Final = 0.05


@dataclass(frozen=True)
class Way:
    """A way that can be asked for.

    Parameters
    ----------
    name
        As it is told to users.
    is_asked
        Whether the settings ask for it.
    change
        From a problem to the same one in this way.
    scores, gradient
        The largest differences that are let pass: of f_c, and of the mask's gradient relative to
        its size.
    """

    name: str
    is_asked: Callable[[Settings], bool]
    change: Callable[[Problem], Problem]
    scores: float
    gradient: float


def quickened(problem: Problem) -> tuple[Problem, tuple[str, ...]]:
    """Return the problem as its settings ask for it to be computed, and what was left out.

    Where memory is short nothing is tried: the run is then more sparing than quick.
    """
    notes: list[str] = []
    if problem.half is not None:
        return problem, ()
    for way in WAYS:
        if way.is_asked(problem.settings):
            problem, note = _tried(way, problem)
            notes += [note] if note else []
    return problem, tuple(notes)


def _tried(way: Way, problem: Problem) -> tuple[Problem, str]:
    """Return the problem with a way that holds, or as it was and a sentence that says why not."""
    try:
        quick = way.change(problem)
        found = _difference(problem.as_usual(), quick)
    # A network, a compiler and a driver may fail in any manner; the usual way is always there.
    except Exception as error:  # noqa: BLE001
        log.warning("%s is not used: %s", way.name, error)
        return problem, f"{way.name} is not used, since it does not run here; the log says more."
    if not (found[0] <= way.scores and found[1] <= way.gradient):
        told = f"scores would differ by {found[0]:.1g} and gradients by {100 * found[1]:.1g} %"
        log.warning("%s is not used: %s.", way.name, told)
        return problem, f"{way.name} is not used, since {told}."
    log.info("%s is used; differences on this request: %.1e, %.1e.", way.name, *found)
    return quick, ""


def _difference(usual: Problem, quick: Problem) -> tuple[float, float]:
    """Largest difference of f_c inside R, and of the mask's gradient relative to its size."""
    (scores, gradients), (own, own_gradients) = (_evaluated(each) for each in (usual, quick))
    return float((scores - own).abs().max()), relative_difference(gradients, own_gradients)


def _evaluated(problem: Problem) -> tuple[Tensor, Tensor]:
    """f_c inside R, 0 elsewhere, and the gradient of its mean, at the mask 0.5."""
    scores, gradients = [], []
    for part in problem.parts():
        cells = part.settings.mask_size
        masks = torch.full((len(part.region), *cells), 0.5, device=part.rows.device)
        with torch.enable_grad():
            masks.requires_grad_(True)
            found = part.scores(part.outputs_on_box(part.perturbed(masks)))
            (gradient,) = torch.autograd.grad(part.scores_in_region(found).sum(), masks)
        scores.append((found.detach() * part.region.unsqueeze(1)).flatten(0, 1))
        gradients.append(gradient)
    return torch.cat(scores), torch.cat(gradients)


def _in_bfloat16(problem: Problem) -> Problem:
    half = torch.bfloat16
    run = partial(problem.network.outputs, half=half)
    size = (problem.base.shape[-2], problem.base.shape[-1])
    steps = problem.settings.planned
    trace = partial(problem.network.traced, half=half)
    cropped = cropped_outputs(run, problem.box, size, steps, HALF_TOLERANCE, trace)
    quick = cropped or (lambda images: problem.on_box(run(images)))
    return replace(problem, quick=quick, quick_half=half)


class _ByCount:
    """Makes what computes outputs anew for every number of images, which its graph has fixed."""

    def __init__(self, make: Callable[[Tensor], Outputs]) -> None:
        self._make = make
        self._made: dict[tuple[int, bool], Outputs] = {}

    def __call__(self, images: Tensor) -> Tensor:
        """Compute the outputs of (B, C, H, W) images on the box."""
        count = len(images), images.requires_grad
        if count not in self._made:
            self._made[count] = self._make(images)
        return self._made[count](images)


def _compiled(problem: Problem) -> Problem:
    def make(images: Tensor) -> Outputs:
        compiled: Outputs = torch.compile(_graph(problem, images), dynamic=False)
        return compiled

    return replace(problem, quick=_ByCount(make))


def _as_cuda_graphs(problem: Problem) -> Problem:
    if problem.network.device.type != "cuda":
        raise DeviceError("CUDA graphs need a CUDA device.")
    make = _ByCount(lambda images: cuda.graphed(_graph(problem, images), images))
    return replace(problem, quick=make)


def _graph(problem: Problem, images: Tensor) -> fx.GraphModule:
    """The network on the box as plain operators, in the precision that is used."""
    given = images.detach()
    return graph_on(problem.network.traced(given, problem.quick_half), given, problem.box)


WAYS: Final = (
    # Masks moved by 0.04 at most where it was tried; f_c itself has three digits left.
    Way("bfloat16", lambda settings: settings.precision == "bfloat16", _in_bfloat16, 0.05, 0.2),
    Way("torch.compile", lambda settings: settings.execution == "compile", _compiled, 1e-3, 1e-2),
    Way(
        "CUDA graphs",
        lambda settings: settings.execution == "cuda-graphs",
        _as_cuda_graphs,
        1e-3,
        1e-2,
    ),
)
