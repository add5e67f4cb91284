"""Bare weights: opened with the card that says what network they belong to, or asked for one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.archives import ZIP_START, first_bytes, member_names
from gridsal_core.checkpoints.card import BuildCard, ModelCard, card_place
from gridsal_core.checkpoints.completion import complete_input
from gridsal_core.checkpoints.files import file_sha256
from gridsal_core.checkpoints.smp import CONFIG, WEIGHTS
from gridsal_core.checkpoints.source import Opened, Source
from gridsal_core.checkpoints.state_dict import fitted_names, load_state, read_state_dict
from gridsal_core.checkpoints.torch_files import OLD_START, PICKLE_STARTS
from gridsal_core.errors import CardNeededError, CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

# Endings of weights, and of the pickles that people take for weights.
SUFFIXES = frozenset(
    (".pt", ".pth", ".bin", ".ckpt", ".safetensors", ".th", ".pkl", ".pickle", ".joblib", ".tar")
)


def matches(source: Source) -> bool:
    """Whether the source is a file of weights, or of anything else that was pickled."""
    path = source.path
    if path is None:
        return False
    if path.is_dir():
        return _has_build(source) and _only_weights(path) is not None
    if path.name == CONFIG or (path.name == WEIGHTS and (path.parent / CONFIG).exists()):
        return False
    beginning = first_bytes(path)
    return (
        path.suffix.lower() in SUFFIXES
        or beginning.startswith((OLD_START, *PICKLE_STARTS))
        or (beginning.startswith(ZIP_START) and _is_torch_zip(path))
    )


def load(source: Source) -> Opened:
    """Open weights with their card.

    Raises
    ------
    CheckpointError
        If the file is damaged, is no weights, or does not fit the network that the card describes.
    CardNeededError
        If no card says what network it is: what could be guessed.
    TrustNeededError
        If the card names a Python function and `trust_code` is not set.
    """
    path = source.path or Path()
    if path.is_dir():
        path = _only_weights(path) or path
    card = source.card
    if card is not None and card.build is not None and card.build.library == "python":
        from gridsal_core.checkpoints.python_function import load_with_weights

        return load_with_weights(source, card, card.build, path)
    if source.weights is not None:
        raise CheckpointError(
            f"{path} holds weights itself, so {source.weights} has no place; name one of them."
        )
    state = read_state_dict(path)
    if card is None or card.build is None:
        raise _card_needed(path, state, card or ModelCard())
    if card.build.library == "torchvision":
        return _torchvision(source, card, card.build, path)
    return _smp(source, card, card.build, path, state)


def _smp(
    source: Source, card: ModelCard, build: BuildCard, path: Path, state: Mapping[str, Tensor]
) -> Opened:
    from gridsal_core.checkpoints.build import build_module
    from gridsal_core.checkpoints.guess_decoder import classes_of
    from gridsal_core.checkpoints.smp_build import check_card, completed

    where = str(source.card_path or "The model card")
    named = card.output.channels or len(card.classes) or None
    # One channel stands for two classes.
    classes = classes_of({name: tuple(tensor.shape) for name, tensor in state.items()})
    if classes is None or (named is not None and (classes, named) != (1, 2)):
        classes = named or classes
    channels = _input_channels(card, build, where, state)
    module = build_module(build, where, channels, classes, path.stat().st_size)
    load_state(module, state, str(source.card_path or "the guess"))
    config = {"in_channels": channels, "classes": classes or 1, **build.arguments}
    known, notes = _normalisation(build.encoder, config["in_channels"], path, card)
    card = card.model_copy(update={"input": complete_input(card, known)})
    card = completed(card, config, module)
    check_card(where, card, config, module)
    return Opened(
        module.eval(),
        card,
        path,
        sha256=file_sha256(path),
        class_count=int(config["classes"]),
        notes=notes,
    )


def _torchvision(source: Source, card: ModelCard, build: BuildCard, path: Path) -> Opened:
    from gridsal_core.checkpoints import torchvision_models

    named = replace(
        source, text=f"torchvision:{build.architecture}", path=None, weights=path, card=card
    )
    return torchvision_models.load(named)


def _input_channels(
    card: ModelCard, build: BuildCard, where: str, state: Mapping[str, Tensor]
) -> int:
    """Return the card's input channels; if it is silent, those of the first layer's weights."""
    if "in_channels" in build.arguments or "channels" in card.input.model_fields_set:
        return int(build.arguments.get("in_channels", card.input.channels))
    from gridsal_core.checkpoints.build import build_module
    from gridsal_core.checkpoints.smp_build import on_meta

    module = on_meta(lambda: build_module(build, where, card.input.channels, 1))
    if module is None:
        return card.input.channels
    expected = module.state_dict()
    stem = next((name for name, tensor in expected.items() if tensor.ndim == 4), "")
    named = fitted_names(expected, state)
    fits = stem in named and named[stem].ndim == 4
    return int(named[stem].shape[1]) if fits else card.input.channels


def _normalisation(
    encoder: str, channels: int, path: Path, card: ModelCard
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what is known of the input, and what the user must know of it."""
    known: dict[str, Any] = {"channels": channels}
    if {"mean", "std", "range"} & card.input.model_fields_set:
        return known, ()
    from gridsal_core.checkpoints.preprocessing import IMAGENET, encoder_preprocessing

    advice = f"Write mean and std into {card_place(path).name} to set them."
    if channels != 3:
        return known, (f"Images are not normalised (mean 0, std 1). {advice}",)
    own = encoder_preprocessing(encoder)
    if own is None:
        return {**known, **IMAGENET}, (f"ImageNet's mean and std are used. {advice}",)
    return {**known, **own}, (f"The preprocessing of the encoder {encoder} is used. {advice}",)


def _card_needed(path: Path, state: Mapping[str, Tensor], card: ModelCard) -> CardNeededError:
    from gridsal_core.checkpoints.guessing import guess_network

    guess = guess_network(state, card.name or path.stem)
    proposal = _with_users(guess.card, card)
    build = proposal.build or BuildCard()
    command = [
        "gridsal",
        "card",
        path.name,
        *(["--library", "torchvision"] if build.library == "torchvision" else []),
        "--architecture",
        build.architecture or "NAME",
        *(["--encoder", build.encoder or "NAME"] if build.library == "smp" else []),
        "--classes",
        str(proposal.output.channels or "NUMBER"),
        "--write",
    ]
    return CardNeededError(
        f"{path} holds only weights, and nothing says what network they belong to; write "
        f"{card_place(path).name} beside it, as {shlex.join(command)} does.",
        proposal,
        guess.problems,
    )


def _with_users(guessed: ModelCard, users: ModelCard) -> ModelCard:
    """Put what the user's card says over what was guessed."""
    update = {name: getattr(users, name) for name in users.model_fields_set}
    for part in ("input", "output"):
        if part in update:
            own = update[part]
            values = {name: getattr(own, name) for name in own.model_fields_set}
            update[part] = getattr(guessed, part).model_copy(update=values)
    update.pop("build", None)
    return guessed.model_copy(update=update)


def _has_build(source: Source) -> bool:
    return source.card is not None and source.card.build is not None


def _only_weights(folder: Path) -> Path | None:
    """Return the one file of weights in a folder that is not of another kind."""
    if (folder / CONFIG).exists():
        return None
    try:
        found = [place for place in folder.iterdir() if place.suffix.lower() in SUFFIXES]
    except OSError:
        return None
    return found[0] if len(found) == 1 and found[0].is_file() else None


def _is_torch_zip(path: Path) -> bool:
    return any(name.endswith("/data.pkl") for name in member_names(path))
