"""From an opened module to a network that was seen to run."""

from __future__ import annotations

import torch

from gridsal_core.checkpoints.probe import try_out
from gridsal_core.checkpoints.source import Opened
from gridsal_core.memory import memory_told
from gridsal_core.network import SegmentationNetwork


def assemble(opened: Opened, device: torch.device) -> SegmentationNetwork:
    """Put an opened module behind its card, on a device, after a trial run.

    Raises
    ------
    CheckpointError
        If the module does not run, or its output is not what the card says.
    DeviceError
        If the device's memory does not suffice for the weights.
    """
    card = opened.card
    if not card.name:
        card = card.model_copy(update={"name": opened.source.stem})
    with memory_told(device):
        module = opened.module.to(device).eval()
        seen = try_out(module, card, device, opened.trial_size)
    return SegmentationNetwork(
        module,
        seen.card,
        class_count=seen.channels,
        source=opened.source,
        sha256=opened.sha256,
        device=device,
        notes=(*opened.notes, *seen.notes),
        check=opened.check,
    )
