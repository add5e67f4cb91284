"""The loop that a capable user would write after reading the paper: what our speed is held against.

The network in eval mode, its parameters left as they are, one request at a time, NCHW, float32,
eager, and every pass over the whole image.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from gridsal_core.network import SegmentationNetwork
from gridsal_core.settings import Settings
from gridsal_core.types import Request

if TYPE_CHECKING:
    from torch import Tensor, nn


def naive_masks(
    module: nn.Module, network: SegmentationNetwork, request: Request, settings: Settings
) -> Generator[Tensor, None, None]:
    """Optimise the mask of a request with the paper's method, and yield it after every step.

    Parameters
    ----------
    module
        As its library loads it, in eval mode; its parameters may require gradients.
    network
        Says how the image is normalised and padded, and what colour stands for its mean.
    request, settings
        What is explained, with one initial value; the context form with the constant colour `mean`.
    """
    import torch
    from torch.nn import functional

    card = network.card.input
    shape = (1, -1, 1, 1)
    mean, std = torch.tensor(card.mean).view(shape), torch.tensor(card.std).view(shape)
    image = torch.from_numpy(request.image.transpose(2, 0, 1).copy())[None]
    height, width = image.shape[-2:]
    region = torch.from_numpy(request.region)
    color = torch.tensor(network.mean_color).view(shape)
    padding = (0, -width % card.divisor, 0, -height % card.divisor)

    def score(images: Tensor) -> Tensor:
        outputs = module(functional.pad((images - mean) / std, padding))
        likely: Tensor = outputs[..., :height, :width].softmax(1)[0, request.class_index]
        return likely

    with torch.no_grad():
        wanted = score(image)
    mask = torch.full((1, 1, *settings.mask_size), float(settings.init), requires_grad=True)
    optimizer = torch.optim.SGD([mask], settings.learning_rate, settings.momentum)
    for _ in range(settings.steps):
        optimizer.zero_grad()
        kept = functional.interpolate(mask, (height, width), mode="bilinear", align_corners=False)
        alone = torch.where(region, image, color)
        perturbed = (image * kept + alone * (1 - kept)).clamp(0, 1)
        missing = (region * (wanted - score(perturbed)).relu()).sum() / region.sum()
        loss = settings.lam * mask.sum() + missing
        torch.autograd.backward(loss)
        optimizer.step()
        with torch.no_grad():
            mask.clamp_(0, 1)
        yield mask.detach()[0, 0].clone()
