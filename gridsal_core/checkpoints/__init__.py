"""Opening networks: one file per checkpoint format, and the one door `load_network`."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.checkpoints.card import ModelCard, find_card, read_card
from gridsal_core.checkpoints.source import Source
from gridsal_core.errors import CheckpointError
from gridsal_core.pipes import is_pipe

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

log = logging.getLogger(__name__)


def load_network(
    source: str | Path,
    device: str = "auto",
    *,
    weights: str | Path | None = None,
    card: ModelCard | Path | None = None,
    trust_code: bool = False,
) -> SegmentationNetwork:
    """Open a trained network.

    Parameters
    ----------
    source
        A file or folder, or a name: `torchvision:deeplabv3_mobilenet_v3_large`,
        `file.py:function`, `package.module:function`, or the id of a repository on the Hugging
        Face hub, as in `owner/name`.
    device
        `auto` (CUDA, else MPS, else the CPU), `cpu`, `cuda` or `mps`.
    weights
        A file of weights for a source that only describes a network.
    card
        The model card, or its file; by default the one beside the network.
    trust_code
        Whether Python code that comes with the network may run.

    Raises
    ------
    CheckpointError
        If nothing is there, a file is missing or corrupt, or the parts do not fit.
    CardNeededError
        If there are only weights and no card says what network they belong to.
    TrustNeededError
        If code would have to run and `trust_code` is not set.
    DeviceError
        If the device is unknown or not there.
    """
    # The window imports this package for cards alone.
    from gridsal_core.checkpoints.formats import FORMATS

    asked = Source.parse(source, trust_code=trust_code, weights=weights)
    for place in (asked.path, asked.weights):
        if place is not None and is_pipe(place):
            raise CheckpointError(
                f"{place} is a pipe or a device and no file; give the network's file or folder."
            )
    if isinstance(card, Path):
        asked = replace(asked, card=read_card(card), card_path=card)
    elif card is not None:
        asked = replace(asked, card=card)
    elif asked.path is not None and (beside := find_card(asked.path)) is not None:
        asked = replace(asked, card=read_card(beside), card_path=beside)
    for kind in FORMATS:
        if kind.matches(asked):
            # Late: torch is imported only for what is going to be opened.
            from gridsal_core.checkpoints.assembly import assemble
            from gridsal_core.devices import resolve_device

            target = resolve_device(device)
            log.info("Opening %s as %s on %s, weights %s", asked.text, kind.name, target, weights)
            network = assemble(kind.load(asked), target)
            log.info("Opened %s, SHA-256 %s", network.source, network.sha256)
            return network
    raise CheckpointError(_not_known(asked, [kind.name for kind in FORMATS]))


def _not_known(asked: Source, kinds: list[str]) -> str:
    if asked.path is None:
        return f"There is no network at {asked.text}; check the path or the name."
    known = "; ".join(kinds)
    return f"{asked.text} is not a network that GridSal can open. It opens: {known}."
