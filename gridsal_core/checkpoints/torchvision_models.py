"""Segmentation networks of torchvision, by name: published weights, or a file of one's own.

What torchvision knows of its weights (address, classes, mean, std) is read from torchvision, so a
name that a newer version adds opens too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.card import CARD_NAME, ClassCard, ModelCard, find_card, read_card
from gridsal_core.checkpoints.completion import complete_input
from gridsal_core.checkpoints.files import file_sha256, one_line
from gridsal_core.checkpoints.named_classes import class_cards
from gridsal_core.checkpoints.source import Opened, Source
from gridsal_core.checkpoints.state_dict import load_state, read_state_dict
from gridsal_core.downloads import download, hash_in_name, torchvision_place
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor, nn

SCHEME = "torchvision"
AUXILIARY = "aux_classifier."
# The layer that gives one score per class, in FCN and DeepLabV3 and in LR-ASPP.
_HEADS = ("classifier.4.weight", "classifier.low_classifier.weight")
_STEMS = ("backbone.conv1.weight", "backbone.0.0.weight")


def matches(source: Source) -> bool:
    """Whether the source is `torchvision:` and a name."""
    return source.scheme == SCHEME


def load(source: Source) -> Opened:
    """Open a network by its name, with its published weights or with `source.weights`.

    Raises
    ------
    CheckpointError
        If the name is unknown, the weights cannot be fetched or do not fit, or the card
        contradicts the network.
    """
    _check_name(source.name)
    return _load_own(source, source.weights) if source.weights else _load_published(source)


def names() -> tuple[str, ...]:
    """List the names of the installed torchvision's segmentation networks."""
    from torchvision.models import list_models, segmentation

    return tuple(list_models(module=segmentation))


def build(
    architecture: str,
    classes: int,
    arguments: Mapping[str, Any] | None = None,
    *,
    channels: int = 3,
) -> nn.Module:
    """Build a network without weights; nothing is fetched.

    Parameters
    ----------
    architecture
        The name of a builder of torchvision.models.segmentation.
    classes
        Output channels.
    arguments
        Keyword arguments of the builder, as `aux_loss`; weights that it names are not fetched.
    channels
        Input channels; the first layer is made anew where these are not 3.

    Raises
    ------
    CheckpointError
        If there is no such builder, or it does not take the arguments.
    """
    from torchvision.models import get_model

    _check_name(architecture)
    _check_arguments(architecture, arguments or {})
    given = {**(arguments or {}), "weights": None, "weights_backbone": None}
    given["num_classes"] = classes
    try:
        module: nn.Module = get_model(architecture, **given)
    except (TypeError, ValueError, LookupError, RuntimeError) as error:
        raise CheckpointError(
            f"torchvision cannot build {architecture} with these arguments ({one_line(error)}); "
            "correct arguments under [build] in the model card."
        ) from error
    if channels != 3:
        _replace_stem(module, channels)
    return module.eval()


def arguments_for(state: Iterable[str]) -> dict[str, Any]:
    """Return the builder's arguments that weights of these names need: with auxiliary head or not.

    LR-ASPP, which has none, takes no such argument.
    """
    keys = list(state)
    if any(name.startswith("classifier.low_classifier") for name in keys):
        return {}
    return {"aux_loss": any(name.startswith(AUXILIARY) for name in keys)}


def _check_name(name: str) -> None:
    known = names()
    if name in known:
        return
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(close)}?" if close else f"it has: {', '.join(known)}."
    raise CheckpointError(f"torchvision has no segmentation network {name!r}; {meant}")


def _check_arguments(name: str, arguments: Mapping[str, Any]) -> None:
    # The builders swallow what they do not know.
    from torchvision.models import get_model_builder

    known = signature(get_model_builder(name)).parameters
    wrong = [key for key in arguments if key not in known]
    if wrong:
        raise CheckpointError(
            f"torchvision cannot build {name} with {', '.join(wrong)}; correct arguments under "
            "[build] in the model card."
        )


def _load_published(source: Source) -> Opened:
    from torchvision.models import get_model_weights

    name = source.name
    weights = next(iter(get_model_weights(name)))
    place = torchvision_place(weights.url)
    download(weights.url, place)
    digest = file_sha256(place)
    if not digest.startswith(hash_in_name(place.name)):
        raise CheckpointError(
            f"{place} is damaged: it is not the file that was published; delete it, and it is "
            "fetched again."
        )
    categories = tuple(weights.meta["categories"])
    state = read_state_dict(place)
    module = build(name, len(categories), arguments_for(state))
    load_state(module, state, f"torchvision's {name}")
    card = _completed(source.card or ModelCard(), name, 3, class_cards(categories))
    return Opened(
        _without_auxiliary(module),
        card,
        Path(source.text),
        sha256=digest,
        class_count=len(categories),
        notes=(f"The published weights {weights.name} of torchvision are used, from {place}.",),
    )


def _load_own(source: Source, weights: Path) -> Opened:
    card = source.card
    if card is None and (beside := find_card(weights)) is not None:
        card = read_card(beside)
    state = read_state_dict(weights)
    classes = _dimension(state, _HEADS, 0)
    channels = _dimension(state, _STEMS, 1)
    if classes is None or channels is None:
        raise CheckpointError(
            f"{weights} holds no weights of a torchvision segmentation network; give the file "
            f"that belongs to {source.name}."
        )
    arguments = {**arguments_for(state), **_built_with(card)}
    module = build(source.name, classes, arguments, channels=channels)
    load_state(module, state, f"torchvision's {source.name}")
    notes: tuple[str, ...] = ()
    if card is None:
        notes = (
            "No model card: the mean and std of torchvision's own weights are used. Write "
            f"{CARD_NAME} beside the weights to set them.",
        )
    return Opened(
        _without_auxiliary(module),
        _completed(card or ModelCard(name=weights.stem), source.name, channels),
        weights,
        sha256=file_sha256(weights),
        class_count=classes,
        notes=notes,
    )


def _built_with(card: ModelCard | None) -> dict[str, Any]:
    return {} if card is None or card.build is None else card.build.arguments


def _completed(
    card: ModelCard, name: str, channels: int, classes: tuple[ClassCard, ...] = ()
) -> ModelCard:
    """Fill in what torchvision knows where the card is silent."""
    from torchvision.models import get_model_weights

    known: dict[str, Any] = {"channels": channels}
    if channels == 3:
        preset = next(iter(get_model_weights(name))).transforms()
        known |= {"mean": tuple(preset.mean), "std": tuple(preset.std)}
    return card.model_copy(
        update={
            "name": card.name or name,
            "input": complete_input(card, known),
            "output": card.output.model_copy(update={"kind": _kind(card)}),
            "classes": card.classes or classes,
        }
    )


def _kind(card: ModelCard) -> str:
    return card.output.kind if "kind" in card.output.model_fields_set else "logits"


def _dimension(state: Mapping[str, Tensor], keys: tuple[str, ...], axis: int) -> int | None:
    found = next((state[key] for key in keys if key in state), None)
    return int(found.shape[axis]) if found is not None and found.ndim == 4 else None


def _replace_stem(module: nn.Module, channels: int) -> None:
    from torch import nn

    stem_name, stem = next(
        (name, part) for name, part in module.named_modules() if isinstance(part, nn.Conv2d)
    )
    # Widths are tuples of two in every layer that torchvision makes.
    made = nn.Conv2d(
        channels,
        stem.out_channels,
        (stem.kernel_size[0], stem.kernel_size[1]),
        (stem.stride[0], stem.stride[1]),
        (int(stem.padding[0]), int(stem.padding[1])),
        bias=stem.bias is not None,
    )
    holder, _, last = stem_name.rpartition(".")
    setattr(module.get_submodule(holder), last, made)


def _without_auxiliary(module: nn.Module) -> nn.Module:
    # Only training needs it, and it would be computed at every step.
    if "aux_classifier" in dict(module.named_children()):
        module.register_module("aux_classifier", None)
    return module
