"""From an opened module to a network that was seen to run."""

from __future__ import annotations

import torch

from gridsal_core.checkpoints.source import Opened
from gridsal_core.network import SegmentationNetwork


def assemble(opened: Opened, device: torch.device) -> SegmentationNetwork:
    """Put an opened module behind its card, on a device.

    Raises
    ------
    CheckpointError
        If the module does not run, or its output is not what the card says.
    """
    card = opened.card
    if not card.name:
        card = card.model_copy(update={"name": opened.source.stem})
    return SegmentationNetwork(
        opened.module,
        card,
        class_count=opened.class_count or 1,
        source=opened.source,
        sha256=opened.sha256,
        device=device,
        notes=opened.notes,
    )
