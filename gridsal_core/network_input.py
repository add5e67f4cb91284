"""From images in [0, 1] to what a network's module is given: order, normalisation, size."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gridsal_core.arrays import FloatArray
from gridsal_core.checkpoints.card import InputCard

# Images that are short of a network's only size by less than any divisor are padded to it, so that
# an export at a padded size says what the network itself does.
PADDED_BELOW: Final = 32


class NetworkInput:
    """What a model card says of a network's input, ready to be applied on a device."""

    def __init__(self, card: InputCard, device: torch.device) -> None:
        self._card = card
        low, high = card.range
        shape = (1, -1, 1, 1)
        mean = torch.tensor(card.mean, device=device).view(shape)
        std = torch.tensor(card.std, device=device).view(shape)
        self._scale = (high - low) / std
        self._shift = (low - mean) / std

    def __call__(self, images: Tensor) -> Tensor:
        """Return what the module gets for (B, C, H, W) images in [0, 1]."""
        height, width = images.shape[-2:]
        card = self._card
        if card.order == "BGR":
            images = images.flip(1)
        inputs = torch.addcmul(self._shift, images, self._scale)
        if card.size is not None and self.resizes(height, width):
            return functional.interpolate(
                inputs, card.size, mode="bilinear", align_corners=False, antialias=True
            )
        if card.size is not None:
            below, right = card.size[0] - height, card.size[1] - width
        else:
            below, right = -height % card.divisor, -width % card.divisor
        return functional.pad(inputs, (0, right, 0, below)) if below or right else inputs

    def resizes(self, height: int, width: int) -> bool:
        """Whether an image of this size is resized to the only one that the network takes."""
        size = self._card.size
        if size is None:
            return False
        return not all(
            0 <= wanted - have < PADDED_BELOW
            for wanted, have in zip(size, (height, width), strict=True)
        )


def mean_color(card: InputCard) -> FloatArray:
    """Return the colour (C,) in [0, 1] that normalisation takes to 0."""
    low, high = card.range
    center = (np.asarray(card.mean, np.float32) - low) / (high - low)
    if card.order == "BGR":
        center = center[::-1]
    return np.clip(np.broadcast_to(center, (card.channels,)), 0, 1).astype(np.float32)
