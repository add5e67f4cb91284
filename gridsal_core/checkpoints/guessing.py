"""What network bare weights belong to, as far as names and shapes tell, checked by building it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.build import build_module
from gridsal_core.checkpoints.card import BuildCard, InputCard, ModelCard, OutputCard
from gridsal_core.checkpoints.guess_decoder import (
    Shapes,
    architecture_of,
    classes_of,
    options_of,
)
from gridsal_core.checkpoints.guess_encoder import EncoderGuess, guess_encoder
from gridsal_core.checkpoints.guess_torchvision import STEMS, torchvision_of
from gridsal_core.checkpoints.preprocessing import IMAGENET, encoder_preprocessing
from gridsal_core.checkpoints.smp_build import on_meta
from gridsal_core.checkpoints.state_dict import MOST_NAMED, differences, fitted_names
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

# Depths to try where the decoder's names do not tell it; the library's default first.
_DEPTHS = {"PSPNet": (3, 4, 5, 2, 1), "DPT": (4,)}
_OTHER_DEPTHS = (5, 4, 3)
_SHAPED_DEPTH = ("Unet", "UnetPlusPlus", "MAnet", "Linknet", "DPT")
_TWINS_NAMED = 3


@dataclass(frozen=True)
class Guess:
    """What is known of a network.

    Parameters
    ----------
    card
        With `build` as far as it was found.
    problems
        One sentence each; empty if the network was found and every tensor fits.
    """

    card: ModelCard
    problems: tuple[str, ...] = ()


def guess_network(state: Mapping[str, Tensor], name: str) -> Guess:
    """Find the network that weights belong to.

    Parameters
    ----------
    state
        Tensors by name, as `read_state_dict` returns them.
    name
        Of the network, for the card.
    """
    shapes = _network_part({key: tuple(tensor.shape) for key, tensor in state.items()})
    found = torchvision_of(shapes)
    if found is not None:
        return _torchvision_guess(name, *found, state)
    return _smp_guess(name, shapes, state)


def fit_problems(
    build: BuildCard, state: Mapping[str, Tensor], *, channels: int, classes: int | None
) -> tuple[str, ...]:
    """Build a network without memory and list what of the weights does not fit into it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = on_meta(lambda: build_module(build, "the guess", channels, classes))
            module = module or build_module(build, "the guess", channels, classes)
    except CheckpointError as error:
        return (str(error),)
    expected = module.state_dict()
    found = differences(expected, fitted_names(expected, state))
    if not found:
        return ()
    named = tuple(f"The tensor does not fit: {entry}." for entry in found[:MOST_NAMED])
    return (f"{len(found)} of {len(expected)} tensors do not fit.", *named)


def _smp_guess(name: str, shapes: Shapes, state: Mapping[str, Tensor]) -> Guess:
    architecture = architecture_of(shapes)
    inside = {
        key.removeprefix("encoder."): shape
        for key, shape in shapes.items()
        if key.startswith("encoder.")
    }
    encoder = guess_encoder(inside, whole=architecture == "DPT")
    classes = classes_of(shapes)
    channels = encoder.in_channels if encoder else 3
    arguments = options_of(architecture, shapes)
    build = BuildCard(
        library="smp",
        architecture=architecture,
        encoder=encoder.name if encoder else "",
        arguments=arguments,
    )
    problems = _unknown(architecture, encoder, classes)
    if not problems:
        build, problems = _with_depth(build, state, channels, classes)
        problems += _twins(encoder)
    preprocessing = encoder_preprocessing(build.encoder) if build.encoder else None
    return Guess(_card(name, build, channels, classes, preprocessing or IMAGENET), problems)


def _with_depth(
    build: BuildCard, state: Mapping[str, Tensor], channels: int, classes: int | None
) -> tuple[BuildCard, tuple[str, ...]]:
    """Try depths of the encoder until everything fits; else what the first lacks."""
    if build.architecture in _SHAPED_DEPTH:
        return build, fit_problems(build, state, channels=channels, classes=classes)
    _, *others = _DEPTHS.get(build.architecture, _OTHER_DEPTHS)
    problems = fit_problems(build, state, channels=channels, classes=classes)
    for depth in others if problems else ():
        arguments = {**build.arguments, "encoder_depth": depth}
        other = build.model_copy(update={"arguments": arguments})
        if not fit_problems(other, state, channels=channels, classes=classes):
            return other, ()
    return build, problems


def _unknown(
    architecture: str, encoder: EncoderGuess | None, classes: int | None
) -> tuple[str, ...]:
    problems = []
    if not architecture:
        problems.append("The architecture is not known by the names of the tensors.")
    if encoder is None:
        problems.append("The encoder is not known by the names and shapes of the tensors.")
    if classes is None:
        problems.append("The number of classes is not told by the weights.")
    return tuple(problems)


def _twins(encoder: EncoderGuess | None) -> tuple[str, ...]:
    twins = encoder.twins if encoder else ()
    if not twins:
        return ()
    named = ", ".join(twins[:_TWINS_NAMED])
    return (f"Other encoders have the same tensors: {named}; choose the one that was trained.",)


def _torchvision_guess(
    name: str, builder: str, arguments: dict[str, Any], state: Mapping[str, Tensor]
) -> Guess:
    classes = int(arguments.pop("num_classes"))
    stem = next((key for key in STEMS if key in state and state[key].ndim == 4), None)
    channels = 3 if stem is None else int(state[stem].shape[1])
    build = BuildCard(library="torchvision", architecture=builder, arguments=arguments)
    problems = fit_problems(build, state, channels=channels, classes=classes)
    return Guess(_card(name, build, channels, classes, IMAGENET), problems)


def _card(
    name: str,
    build: BuildCard,
    channels: int,
    classes: int | None,
    preprocessing: dict[str, Any],
) -> ModelCard:
    normalisation = preprocessing if channels == 3 else {}
    output = OutputCard() if classes is None else OutputCard(channels=classes)
    inputs = InputCard(channels=channels, **normalisation)
    return ModelCard(name=name, build=build, input=inputs, output=output)


def _network_part(shapes: Shapes) -> Shapes:
    """Take away a prefix of any name, where the parts of a network follow it."""
    marks = ("segmentation_head.0.weight", "segmentation_head.head.4.weight", "classifier.4.weight")
    for mark in (*marks, "classifier.low_classifier.weight"):
        for key in shapes:
            if key.endswith(f".{mark}") and not key.endswith(f"aux_{mark}"):
                prefix = key.removesuffix(mark)
                return {
                    name.removeprefix(prefix): shape
                    for name, shape in shapes.items()
                    if name.startswith(prefix)
                }
    return shapes
