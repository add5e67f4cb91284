"""Opening networks: one file per checkpoint format, and the one door `load_network`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.checkpoints import smp
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork


@dataclass(frozen=True)
class Format:
    """A kind of checkpoint: its name for the user, how to tell it, how to open it."""

    name: str
    matches: Callable[[Path], bool]
    load: Callable[[Path, str], SegmentationNetwork]


FORMATS: tuple[Format, ...] = (
    Format("segmentation-models-pytorch save_pretrained folder", smp.matches, smp.load),
)


def load_network(path: str | Path, device: str = "auto") -> SegmentationNetwork:
    """Open a trained network.

    Parameters
    ----------
    path
        A folder that segmentation-models-pytorch's `save_pretrained` wrote: `config.json`,
        `model.safetensors` and, if there is one, the model card `gridsal.toml`.
    device
        `auto` (CUDA when there is one, else the CPU), `cpu` or `cuda`.

    Raises
    ------
    CheckpointError
        If nothing is there, a file is missing or corrupt, or the parts do not fit.
    DeviceError
        If the device is unknown or not there.
    """
    place = Path(path).expanduser()
    if not place.exists():
        raise CheckpointError(f"There is no network at {place}; check the path.")
    for kind in FORMATS:
        if kind.matches(place):
            return kind.load(place, device)
    known = "; ".join(kind.name for kind in FORMATS)
    raise CheckpointError(f"{place} is not a network that GridSal can open. It opens: {known}.")
