"""Vanilla Gradient, SmoothGrad and Integrated Gradients for dense predictions (eq. 4 and 5).

With S(x, R, c) the mean over R of f_c(x), eq. 4, and G = dS/dx,

    VG: G(x),   SG: mean of G(x + noise),   IG: mean of G((k / n) x), k = 1..n,

summed over the channels. The context form leaves out R (eq. 5). A mean filter with the mask's cells
as kernel and stride brings the map to the mask's grid; by default absolute values are taken before
it and the map is divided by its maximum over the image. Gradients are added up one copy at a time,
of a small image a few, so that memory does not grow with n.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gridsal_core.memory import memory_told
from gridsal_core.methods import METHOD_INFOS
from gridsal_core.model_output import failures_told
from gridsal_core.objective import Problem, split_rows
from gridsal_core.optimize import check_gradient
from gridsal_core.preparing import PIXELS_AT_ONCE, Start
from gridsal_core.results import Outcome, final_state
from gridsal_core.settings import Settings
from gridsal_core.types import Snapshot


def averaged(
    start: Start, settings: Settings, stop: Callable[[], bool]
) -> Generator[Snapshot, None, list[Outcome]]:
    """Average the gradients of all requests side by side, and yield a snapshot now and then.

    After every copy, of a small image after a few.

    Parameters
    ----------
    start
        B requests.
    stop
        Asked as often; once it says True, the outcome is the mean so far.

    Returns
    -------
    One outcome for each request. Its losses are empty; its final state is that of the map, clipped
    to [0, 1], taken for a mask.
    """
    problem, images = start.problem, start.images
    total = torch.zeros_like(images)
    history: list[np.ndarray] = []
    rows = len(images)
    for some in _batched(_copies(images, settings), _copies_at_once(problem, images)):
        with memory_told(problem.network.device):
            gradient, scores = pixel_gradients(problem, torch.stack(some, 1).flatten(0, 1))
        total += gradient.reshape(rows, len(some), *gradient.shape[1:]).sum(1)
        history += list(scores.reshape(rows, len(some)).T.cpu().numpy())
        maps = _maps(problem, total / len(history), images, settings)
        yield Snapshot(
            step=len(history),
            steps=settings.planned,
            mask=maps[0].cpu().numpy(),
            losses=np.empty((0, 3), np.float32),
            scores=np.array([each[0] for each in history], np.float32),
        )
        if stop():
            break
    final = final_state(problem, maps.clamp(0, 1))
    scores_of = np.array(history, np.float32).T.copy()
    return [
        Outcome(
            final=final,
            row=row,
            losses=np.empty((0, 3), np.float32),
            scores=scores_of[row],
            init=0.0,
            is_stopped=len(history) < settings.planned,
            map=maps[row],
        )
        for row in range(len(images))
    ]


def pixel_gradients(problem: Problem, images: Tensor) -> tuple[Tensor, Tensor]:
    """Differentiate S(x, R, c) of every row at (B * n, C, H, W) images, in image space.

    The rows of `images` are n for the first request, then n for the second.

    Returns
    -------
    The gradients (B * n, C, H, W) and S (B * n,).
    """
    gradients, scores = [], []
    parts, each = problem.parts(), len(images) // len(problem.region)
    for part, rows in zip(parts, split_rows(images, each * len(parts[0].region)), strict=True):
        with torch.enable_grad():
            pixels = rows.detach().requires_grad_(True)
            found = part.scores_in_region(part.scores(part.outputs_on_box(pixels)))
            found = found.flatten()
            check_gradient(part, found)
            with failures_told(part.network.card.name, pixels):
                (gradient,) = torch.autograd.grad(found.sum(), pixels)
        gradients.append(gradient)
        scores.append(found.detach())
    return torch.cat(gradients), torch.cat(scores)


def _copies_at_once(problem: Problem, images: Tensor) -> int:
    if problem.means is not None and problem.means.at_once < len(images):
        return 1
    return max(1, PIXELS_AT_ONCE // (len(images) * images.shape[-2] * images.shape[-1]))


def _batched(copies: Iterator[Tensor], most: int) -> Generator[list[Tensor], None, None]:
    while some := list(islice(copies, most)):
        yield some


def _copies(images: Tensor, settings: Settings) -> Generator[Tensor, None, None]:
    kind, count = METHOD_INFOS[settings.method].gradient, settings.samples
    if kind == "vanilla":
        yield images
    elif kind == "integrated":
        for k in range(1, count + 1):
            yield images * (k / count)
    else:
        # Every row draws the same noise, so that a batch equals single runs.
        dice = torch.Generator().manual_seed(settings.seed)
        for _ in range(count):
            noise = torch.randn(images.shape[1:], generator=dice) * settings.noise
            yield images + noise.to(images)


def _maps(problem: Problem, mean: Tensor, images: Tensor, settings: Settings) -> Tensor:
    """From the mean gradient (B, C, H, W) to maps on the mask's grid (B, h, w)."""
    is_classic = settings.times_input and METHOD_INFOS[settings.method].gradient == "integrated"
    maps = (mean * images if is_classic else mean).sum(1)
    if settings.absolute:
        maps = maps.abs()
    if settings.scaled:
        peak = maps.abs().amax((1, 2), keepdim=True)
        maps = maps / peak.clamp_min(torch.finfo(maps.dtype).tiny)
    if settings.form == "context":
        maps = torch.where(problem.kept, 0.0, maps)
    # Where cells are no whole numbers of pixels, each is the mean over the pixels it touches.
    return functional.adaptive_avg_pool2d(maps.unsqueeze(1), settings.mask_size).squeeze(1)
