"""Folders that segmentation-models-pytorch's `save_pretrained` wrote.

The parts are read here, one by one, and not through the hub's loader: nothing is ever fetched for
a local folder, only safetensors is read, and each part that is wrong gets a sentence of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.card import CARD_NAME, InputCard, ModelCard
from gridsal_core.checkpoints.files import file_sha256, one_line
from gridsal_core.checkpoints.preprocessing import IMAGENET, encoder_preprocessing
from gridsal_core.checkpoints.smp_build import build_smp, check_card, completed
from gridsal_core.checkpoints.source import Opened, Source
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
WEIGHTS = "model.safetensors"


def matches(source: Source) -> bool:
    """Whether the source is meant as such a folder, complete or not."""
    path = source.path
    if path is None:
        return False
    if path.is_dir():
        return any((path / name).exists() for name in (CONFIG, WEIGHTS, CARD_NAME))
    return path.name in (CONFIG, WEIGHTS)


def load(source: Source) -> Opened:
    """Open the folder.

    Raises
    ------
    CheckpointError
        If a part is missing or damaged, or the parts do not fit.
    """
    path = source.path or Path()
    folder = path if path.is_dir() else path.parent
    config = _read_config(folder)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(
            f"{folder} has no {WEIGHTS}; save the network again with "
            "save_pretrained(folder), which writes it."
        )
    module = _build(folder, config, weights.stat().st_size).eval()
    _load_weights(module, weights)
    notes: tuple[str, ...] = ()
    if source.card is None:
        card, notes = _card_from_config(folder, config, module)
    else:
        card = completed(source.card, config, module)
        check_card(str(source.card_path or CARD_NAME), card, config, module)
    return Opened(
        module,
        card,
        folder,
        sha256=file_sha256(weights),
        class_count=int(config.get("classes", 1)),
        notes=notes,
    )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} has no {CONFIG}; save the network again with save_pretrained(folder), "
            "which writes it."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}); copy or save the network again."
        ) from error
    if not isinstance(config, dict) or "_model_class" not in config:
        raise CheckpointError(
            f"{path} names no architecture (_model_class); "
            "save the network again with segmentation-models-pytorch 0.4 or newer."
        )
    return config


def _build(folder: Path, config: dict[str, Any], most_bytes: int) -> nn.Module:
    arguments = {key: value for key, value in config.items() if not key.startswith("_")}
    return build_smp(
        str(config["_model_class"]), arguments, where=str(folder / CONFIG), most_bytes=most_bytes
    )


def _load_weights(module: nn.Module, weights: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(weights)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{weights} is damaged or incomplete ({one_line(error)}); copy or save it again."
        ) from error
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        # The first line only counts; the second is the first thing that is wrong.
        _, _, details = str(error).partition("\n")
        raise CheckpointError(
            f"{weights} does not fit the network that {CONFIG} describes "
            f"({one_line(details or error)}); copy both files from the same network."
        ) from error


def _card_from_config(
    folder: Path, config: dict[str, Any], module: nn.Module
) -> tuple[ModelCard, tuple[str, ...]]:
    """Make a card for a network that has none: the encoder's own preprocessing."""
    channels = int(config.get("in_channels", 3))
    normalisation, notes = _encoder_normalisation(str(config.get("encoder_name")), channels)
    card = ModelCard(
        name=folder.resolve().name, input=InputCard(channels=channels, **normalisation)
    )
    return completed(card, config, module), notes


def _encoder_normalisation(encoder: str, channels: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return range, mean, std and order as the library knows them, and what the user must know."""
    advice = f"Write {CARD_NAME} into the folder to set it."
    if channels != 3:
        return {}, (f"No model card: images are not normalised (mean 0, std 1). {advice}",)
    known = encoder_preprocessing(encoder)
    if known is None:
        return (
            IMAGENET,
            (
                f"No model card, and how images for the encoder {encoder} are normalised is not "
                f"known here: ImageNet's mean and std are used. {advice}",
            ),
        )
    return (
        known,
        (f"No model card: the preprocessing of the encoder {encoder} is used. {advice}",),
    )
