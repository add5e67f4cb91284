"""How good, and how biased, a network is on test digits. Imports torch: import this module late."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from gridsal_core.toy.recipes import Recipe
from gridsal_core.toy.scenes import Bias
from gridsal_core.toy.scores import Iou, iou
from gridsal_core.toy.tensors import Statistics, batches, normalised, to_unit

_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Report:
    """Figures on the two test sets of section 4.1, which differ in nothing but the bias.

    Attributes
    ----------
    unbiased, biased : Iou
        On test images without the bias, and with the bias of the training.
    context_needed : float or None
        How much of the biased digit's score is gone when its context is, on biased images: the
        hinge of eq. 3 at the empty mask, in [0, 1]. None if the digit is never predicted.
    context_needed_by_others : float or None
        The same for the other digits: what there is to find without a bias.
    """

    unbiased: Iou
    biased: Iou
    context_needed: float | None
    context_needed_by_others: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, rounded to four digits."""
        return {
            "iou_unbiased": dict(self.unbiased.as_dict()),
            "iou_biased": dict(self.biased.as_dict()),
            "context_needed": _rounded(self.context_needed),
            "context_needed_by_others": _rounded(self.context_needed_by_others),
        }


def evaluate(network: torch.nn.Module, recipe: Recipe, statistics: Statistics) -> Report:
    """Measure a network on fresh test images, with and without the recipe's bias.

    Parameters
    ----------
    network : Module
        In eval mode; takes N x 1 x 64 x 64 normalised greys, gives N x 11 x 64 x 64 logits.
    recipe : Recipe
        Says which bias, how many test images and from which seed.
    statistics : Statistics
        Greys are normalised with these.
    """
    free = Bias(recipe.bias.digit, recipe.bias.texture, "none")
    images, labels = next(batches(recipe, "test", recipe.test_images, free))
    unbiased = iou(labels, predict(network, statistics, images))
    images, labels = next(batches(recipe, "test", recipe.test_images, recipe.bias))
    biased = iou(labels, predict(network, statistics, images))
    shown = labels.max(axis=(1, 2))
    gaps = context_gaps(network, statistics, images, shown)
    coupled = shown == 1 + recipe.bias.digit
    return Report(unbiased, biased, _mean(gaps[coupled]), _mean(gaps[~coupled]))


def predict(
    network: torch.nn.Module, statistics: Statistics, images: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return the class of every pixel.

    Parameters
    ----------
    network : Module
        In eval mode.
    statistics : Statistics
        Greys are normalised with these.
    images : ndarray
        N x 64 x 64, uint8.

    Returns
    -------
    ndarray
        N x 64 x 64, uint8, 0..10.
    """
    device = next(network.parameters()).device
    found = []
    with torch.inference_mode():
        for start in range(0, len(images), _BATCH):
            greys = to_unit(images[start : start + _BATCH])
            logits = network(normalised(greys, statistics, device))
            found.append(logits.argmax(dim=1).to("cpu", torch.uint8).numpy())
    return np.concatenate(found)


def context_gaps(
    network: torch.nn.Module,
    statistics: Statistics,
    images: NDArray[np.uint8],
    classes: NDArray[np.uint8],
) -> NDArray[np.float64]:
    """Say for each image how much of a class's score is lost with the context.

    The request is the predicted segment; the picture without context keeps it over the mean grey.
    Two forward passes tell so whether there is anything for an explanation to find.

    Parameters
    ----------
    network, statistics, images
        As in `predict`.
    classes : ndarray
        N, the class whose segment is the request.

    Returns
    -------
    ndarray
        N, the hinge of eq. 3 at the empty mask, in [0, 1]; nan where the class is not predicted.
    """
    device = next(network.parameters()).device
    gaps = []
    with torch.inference_mode():
        for start in range(0, len(images), _BATCH):
            greys = to_unit(images[start : start + _BATCH]).to(device)
            wanted = torch.from_numpy(classes[start : start + _BATCH]).to(device, torch.long)
            index = wanted[:, None, None, None].expand(-1, 1, *greys.shape[1:])
            logits = network(normalised(greys, statistics))
            region = logits.argmax(dim=1) == wanted[:, None, None]
            alone = torch.where(region, greys, statistics.mean)
            score = logits.softmax(dim=1).gather(1, index)[:, 0]
            left = network(normalised(alone, statistics)).softmax(dim=1).gather(1, index)[:, 0]
            lost = (region * (score - left).clamp(min=0)).sum(dim=(1, 2)) / region.sum(dim=(1, 2))
            gaps.append(lost.double().cpu().numpy())
    return np.concatenate(gaps)


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
