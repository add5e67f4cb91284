"""Toy images on their way into a network. Imports torch: import this module late."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from gridsal_core.toy.material import load_material
from gridsal_core.toy.mnist import Split
from gridsal_core.toy.recipes import Recipe
from gridsal_core.toy.scenes import Bias, generator, stream

_MEASURED: Final = 1000


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and standard deviation of the greys of the training images, both in [0, 1]."""

    mean: float
    std: float


def measure_statistics(recipe: Recipe) -> Statistics:
    """Measure the greys of the first training images."""
    images, _ = next(batches(recipe, "train", _MEASURED, recipe.bias))
    scaled = images.astype(np.float64) / 255
    return Statistics(round(float(scaled.mean()), 4), round(float(scaled.std()), 4))


def batches(
    recipe: Recipe, split: Split, count: int, bias: Bias
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield images and labels, each count x 64 x 64, without end and never the same twice."""
    pictures = stream(generator(recipe.seed, split), load_material(split, recipe.source), bias)
    while True:
        batch = list(islice(pictures, count))
        yield np.stack([p.image for p in batch]), np.stack([p.label for p in batch])


def normalised(
    greys: torch.Tensor, statistics: Statistics, device: torch.device | None = None
) -> torch.Tensor:
    """Turn N x 64 x 64 greys in [0, 1] into the network's N x 1 x 64 x 64 input."""
    scaled = (greys.to(device)[:, None] - statistics.mean) / statistics.std
    return scaled.contiguous(memory_format=torch.channels_last)


def to_unit(images: NDArray[np.uint8]) -> torch.Tensor:
    """Turn uint8 greys into float32 in [0, 1]."""
    return torch.from_numpy(images).to(torch.float32) / 255
