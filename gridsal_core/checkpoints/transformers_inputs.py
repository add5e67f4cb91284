"""How a network of transformers wants its images, from its own processor's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.card import CARD_NAME
from gridsal_core.checkpoints.files import one_line
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from transformers import PretrainedConfig

PROCESSOR = "preprocessor_config.json"
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def read_inputs(folder: Path, config: PretrainedConfig) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read values for the card's `[input]`, with the size that images would be resized to.

    Returns
    -------
    Values of `InputCard`, and notes for the user.

    Raises
    ------
    CheckpointError
        If the processor's file is damaged.
    """
    channels = _channels(config)
    if not (folder / PROCESSOR).is_file():
        note = f"{folder} has no {PROCESSOR}: images are not normalised (mean 0, std 1)."
        if channels == 3:
            note = f"{folder} has no {PROCESSOR}: ImageNet's mean and std are used."
        known = {"channels": channels, **(_IMAGENET if channels == 3 else {})}
        return known, (f"{note} Write {CARD_NAME} into the folder to set them.",)
    from transformers import AutoImageProcessor

    try:
        # The class knows what older files leave out.
        loader: Any = AutoImageProcessor
        processor: dict[str, Any] = loader.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        ).to_dict()
        values = _values(processor, channels)
    except Exception as error:
        raise CheckpointError(
            f"{folder / PROCESSOR} cannot be used ({one_line(error)}); copy or save it again, or "
            f"take it away and set the preprocessing in {CARD_NAME}."
        ) from error
    notes: tuple[str, ...] = ()
    # Older files have the older name.
    if processor.get("do_reduce_labels") or processor.get("reduce_labels"):
        notes = ("In its data, labels count from 1: 0 is what is not labelled.",)
    return values, notes


def native_size(config: PretrainedConfig) -> tuple[int, int] | None:
    """Return the (height, width) that the network was made for, if its config tells."""
    size = getattr(config, "image_size", None)
    if isinstance(size, int):
        return size, size
    return (int(size[0]), int(size[1])) if isinstance(size, (tuple, list)) else None


def _values(processor: dict[str, Any], channels: int) -> dict[str, Any]:
    # Images are in [0, 1] here, and the factor is meant for 0..255.
    factor = float(processor["rescale_factor"]) if processor.get("do_rescale", True) else 1.0
    values: dict[str, Any] = {
        "channels": channels,
        "range": (0.0, round(255 * factor, 6)),
        "size": _fixed_size(processor.get("size")),
    }
    if processor.get("do_normalize"):
        values["mean"] = _per_channel(processor["image_mean"])
        values["std"] = _per_channel(processor["image_std"])
    if processor.get("do_flip_channel_order"):
        values["order"] = "BGR"
    return values


def _per_channel(value: float | list[float]) -> tuple[float, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _fixed_size(size: object) -> tuple[int, int] | None:
    if isinstance(size, dict) and size.get("height") and size.get("width"):
        return int(size["height"]), int(size["width"])
    return None


def _channels(config: PretrainedConfig) -> int:
    backbone = getattr(config, "backbone_config", None)
    own = getattr(config, "num_channels", None) or getattr(backbone, "num_channels", None)
    return int(own or 3)
