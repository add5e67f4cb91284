"""What a network costs, and how far it looks: found by running it on small random images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gridsal_core.errors import CheckpointError
from gridsal_core.memory import MemoryShortError, memory_told
from gridsal_core.model_output import failures_told

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

# What is left is for the window, the libraries' own workspaces and whoever else computes here.
USABLE_SHARE = 0.6
# `auto` starts from two masks side by side.
STARTS = 2
# Smaller images are never proposed: on them the networks that people have see nothing.
LEAST_PIXELS = 256 * 256

_FLOAT = 4
_PROBE = 128
# A deep network with skips at every scale; for one that could not be measured.
_USUAL_BYTES_PER_PIXEL = 4000.0
# A strip is enough, since a network looks as far down as it looks to the side.
_STRIP = (32, 1024)
# The last cells see padding, so a field that comes closer to the end may go on behind it.
_SURE_SHARE = 0.45


@dataclass(frozen=True)
class Cost:
    """Bytes that one explanation takes: `fixed`, and besides `per_pixel` for each pixel."""

    fixed: float
    per_pixel: float

    def largest_image(self, free_bytes: int) -> int:
        """Return how many pixels an image may have where so much memory is free."""
        budget = USABLE_SHARE * free_bytes - self.fixed
        return max(LEAST_PIXELS, int(budget / self.per_pixel))


def measured_cost(network: SegmentationNetwork) -> Cost:
    """Measure what an explanation with two starts takes, from one pass over a small image.

    Counted is what the pass keeps for the gradient, twice the largest of it for what comes and
    goes meanwhile, and the images, masks and scores at the image's size.
    """
    size = network.card.input.size
    height, width = _small_size(network)
    channels, classes = network.card.input.channels, len(network.classes)
    frame = STARTS * _FLOAT * (6.0 * channels + 3.0 * classes)
    try:
        kept = _kept_for_gradient(network, height, width)
    except (CheckpointError, MemoryShortError):
        return Cost(0, STARTS * _USUAL_BYTES_PER_PIXEL)
    inner = STARTS * (sum(kept) + 2.0 * max(kept, default=0))
    return Cost(inner, frame) if size else Cost(0, inner / (height * width) + frame)


def _kept_for_gradient(network: SegmentationNetwork, height: int, width: int) -> list[int]:
    """Sizes in bytes of all that a pass over one image keeps, besides the weights."""
    own = [*network.module.parameters(), *network.module.buffers()]
    known = {tensor.untyped_storage().data_ptr() for tensor in own}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.layout is torch.strided:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in known:
                kept[storage.data_ptr()] = storage.nbytes()
        # Itself, an output would hold its own graph, and neither would ever be freed.
        return tensor.detach()

    image = _random_image(network, height, width).requires_grad_(True)
    with (
        memory_told(network.device),
        network.borrowed(),
        torch.enable_grad(),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        output = network.outputs(image)  # holds all that was kept until it has been counted
    return list(kept.values()) if output.requires_grad else []


def measured_receptive_field(network: SegmentationNetwork) -> int | None:
    """Measure how far from a pixel a change can reach its scores, in pixels to each side.

    Looks at where the gradient of a middle column's scores is not zero, on a strip 1024 pixels
    wide. None if it reaches the ends, as with a global pooling, if the network takes one size only,
    or if it cannot be told.
    """
    card = network.card.input
    if card.size is not None:
        return None
    height, width = (up_to(length, card.divisor) for length in _STRIP)
    try:
        reach = _reach(network, height, width)
    except (CheckpointError, MemoryShortError):
        return None
    return reach if reach is not None and reach < _SURE_SHARE * width else None


def _reach(network: SegmentationNetwork, height: int, width: int) -> int | None:
    image = _random_image(network, height, width).requires_grad_(True)
    middle = width // 2
    with memory_told(network.device), network.borrowed(), torch.enable_grad():
        output = network.outputs(image)
        if not output.requires_grad:
            return None
        # Random weights for the classes: after a softmax their plain sum says nothing.
        weights = torch.linspace(-1, 1, output.shape[1], device=output.device)
        score = (output[0, :, :, middle] * weights[:, None]).sum()
        with failures_told(network.card.name, image):
            (gradient,) = torch.autograd.grad(score, image)
    columns = gradient.abs().sum((0, 1, 2)).nonzero().flatten().cpu()
    if not len(columns):
        return None
    return int((columns - middle).abs().max())


def small_random_image(network: SegmentationNetwork) -> Tensor:
    """Return a (1, C, H, W) image in [0, 1] that the network takes, the same every time."""
    return _random_image(network, *_small_size(network))


def _small_size(network: SegmentationNetwork) -> tuple[int, int]:
    return network.card.input.size or (up_to(_PROBE, network.card.input.divisor),) * 2


def _random_image(network: SegmentationNetwork, height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, network.card.input.channels, height, width), generator=generator)
    return image.to(network.device)


def up_to(length: int, divisor: int) -> int:
    """Return the smallest multiple of `divisor` that is at least `length`."""
    return divisor * math.ceil(length / divisor)
