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
from gridsal_core.checkpoints.source import Opened, Source
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# Activations after which a score is a probability; a softmax of a logsoftmax is the softmax.
PROBABILITIES = ("sigmoid", "softmax", "softmax2d")

# Whatever the constructors of the library and of timm raise for arguments they do not know.
_CANNOT_BE_BUILT = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
)


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
    module = _build(folder, config).eval()
    _load_weights(module, weights)
    notes: tuple[str, ...] = ()
    if source.card is None:
        card, notes = _card_from_config(folder, config, module)
    else:
        card = _completed(source.card, config, module)
        _check_card(source.card_path or Path(CARD_NAME), card, config, module)
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
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}); copy or save the network again."
        ) from error
    if not isinstance(config, dict) or "_model_class" not in config:
        raise CheckpointError(
            f"{path} names no architecture (_model_class); "
            "save the network again with segmentation-models-pytorch 0.4 or newer."
        )
    return config


def _build(folder: Path, config: dict[str, Any]) -> nn.Module:
    import segmentation_models_pytorch
    from torch import nn

    name = config["_model_class"]
    architecture = getattr(segmentation_models_pytorch, str(name), None)
    if not (isinstance(architecture, type) and issubclass(architecture, nn.Module)):
        raise CheckpointError(
            f"{folder / CONFIG} names the architecture {name!r}, which the installed "
            f"segmentation-models-pytorch {segmentation_models_pytorch.__version__} does not have; "
            "install the version that saved it."
        )
    arguments = {key: value for key, value in config.items() if not key.startswith("_")}
    # The weights come from the file; with a name here they would be fetched first.
    arguments["encoder_weights"] = None
    try:
        return architecture(**arguments)
    except _CANNOT_BE_BUILT as error:
        raise CheckpointError(
            f"{folder / CONFIG} does not describe a {name} that can be built "
            f"({one_line(error)}); save the network again, or install the version that saved it."
        ) from error


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
    return _completed(card, config, module), notes


def _completed(card: ModelCard, config: dict[str, Any], module: nn.Module) -> ModelCard:
    """Fill in what the network itself knows where the card is silent."""
    inputs, output = card.input, card.output
    if "divisor" not in inputs.model_fields_set:
        inputs = inputs.model_copy(update={"divisor": _divisor(module)})
    if "kind" not in output.model_fields_set:
        probable = config.get("activation") in PROBABILITIES
        output = output.model_copy(update={"kind": "probabilities" if probable else "logits"})
    return card.model_copy(update={"input": inputs, "output": output})


def _divisor(module: nn.Module) -> int:
    """Return what height and width must be divisible by, or the network refuses the image."""
    if not getattr(module, "requires_divisible_input_shape", True):
        return 1
    return int(getattr(getattr(module, "encoder", None), "output_stride", 32))


def _encoder_normalisation(encoder: str, channels: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return range, mean, std and order as the library knows them, and what the user must know."""
    advice = f"Write {CARD_NAME} into the folder to set it."
    if channels != 3:
        return {}, (f"No model card: images are not normalised (mean 0, std 1). {advice}",)
    known = _known_preprocessing(encoder)
    if known is None:
        return (
            {"mean": IMAGENET_MEAN, "std": IMAGENET_STD},
            (
                f"No model card, and the preprocessing of the encoder {encoder} is not on this "
                f"computer: ImageNet's mean and std are used. {advice}",
            ),
        )
    low, high = known.get("input_range", (0, 1))
    return (
        {
            "range": (float(low), float(high)),
            "mean": tuple(known["mean"]),
            "std": tuple(known["std"]),
            "order": known.get("input_space", "RGB"),
        },
        (f"No model card: the preprocessing of the encoder {encoder} is used. {advice}",),
    )


def _known_preprocessing(encoder: str) -> dict[str, Any] | None:
    """Return what the library says of an encoder, or None if that is not on this computer.

    timm's encoders are described by timm itself. The library's own are described by a file on the
    hub, which is here if their weights were ever fetched; asking for it would retry for half a
    minute where there is no internet.
    """
    from huggingface_hub import try_to_load_from_cache
    from segmentation_models_pytorch import encoders

    if encoders.is_equivalent_to_timm_universal(encoder):
        # The same renaming as in the library's get_encoder.
        encoder = encoder.replace("timm-", "tu-tf_" if "mobilenetv3" in encoder else "tu-")
    try:
        if encoder.startswith("tu-"):
            found: dict[str, Any] = encoders.get_preprocessing_params(encoder)
            return found
        source = encoders.encoders[encoder]["pretrained_settings"]["imagenet"]
        cached = try_to_load_from_cache(
            source["repo_id"], "config.json", revision=source["revision"]
        )
        found = json.loads(Path(cached).read_text("utf-8")) if isinstance(cached, str) else {}
    # The library has no pretrained encoder of this name, or the file is not what it should be.
    except (OSError, ValueError, KeyError, RuntimeError):
        return None
    return found if {"mean", "std"} <= set(found) else None


def _check_card(path: Path, card: ModelCard, config: dict[str, Any], module: nn.Module) -> None:
    channels = int(config.get("in_channels", 3))
    if card.input.channels != channels:
        raise CheckpointError(
            f"{path} says {card.input.channels} input channels and the network has "
            f"{channels}; correct channels under [input]."
        )
    needed = _divisor(module)
    if card.input.divisor % needed:
        raise CheckpointError(
            f"{path} says divisor {card.input.divisor} and the network takes sizes divisible by "
            f"{needed}; correct divisor under [input]."
        )
