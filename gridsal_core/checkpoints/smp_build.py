"""Building networks of segmentation-models-pytorch from what a stranger's file says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.checkpoints.files import one_line
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import nn

# Activations after which a score is a probability; a softmax of a logsoftmax is the softmax.
PROBABILITIES = ("sigmoid", "softmax", "softmax2d")
# Whatever the constructors of the libraries raise for arguments they do not know.
CANNOT_BE_BUILT = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    MemoryError,
)
# timm takes some names for places to fetch from or to read: hf-hub:..., local-dir:...
_ENCODER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
# Arguments that timm takes for files and places.
_REACHING_OUT = re.compile(r"(pretrained|checkpoint|cache_dir|url|file|hf_hub|weights).*")
# Weights may be saved in half precision, and a network has buffers that are not saved.
_MOST_GROWTH, _SMALL_NETWORK = 4, 2**28


def build_smp(
    architecture: str, arguments: Mapping[str, Any], *, where: str, most_bytes: int | None = None
) -> nn.Module:
    """Build a network without weights, for a CPU; nothing is fetched or read.

    Parameters
    ----------
    architecture
        A class of segmentation-models-pytorch.
    arguments
        Of its constructor.
    where
        The file that says so, for the error.
    most_bytes
        The size of the weights that are to go in; a network far larger is refused before its
        memory is taken.

    Raises
    ------
    CheckpointError
        If it cannot be built, or the arguments reach out of the file.
    """
    import segmentation_models_pytorch
    import torch
    from torch import nn

    found = getattr(segmentation_models_pytorch, architecture, None)
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise CheckpointError(
            f"{where} names the architecture {one_line(repr(architecture))}, which the installed "
            f"segmentation-models-pytorch {segmentation_models_pytorch.__version__} does not have; "
            "install the version that saved it."
        )
    refuse_reaching_out(arguments, where)
    # The weights come from the file; with a name here they would be fetched first.
    given = {**arguments, "encoder_weights": None}
    try:
        if most_bytes is not None:
            check_size(lambda: found(**given), most_bytes, where)
        module: nn.Module = found(**given)
    except CANNOT_BE_BUILT as error:
        raise CheckpointError(
            f"{where} does not describe a {architecture} that can be built "
            f"({one_line(error)}); save the network again, or install the version that saved it."
        ) from error
    # On a CPU small networks are up to 1.4 times as fast with the channels last, and none slower.
    return module.to(memory_format=torch.channels_last)


def refuse_reaching_out(arguments: Mapping[str, Any], where: str) -> None:
    """Refuse names and arguments for which timm would fetch or read something else.

    Raises
    ------
    CheckpointError
        If there is one.
    """
    encoder = arguments.get("encoder_name")
    if encoder is not None and not _ENCODER.fullmatch(str(encoder)):
        raise CheckpointError(
            f"{where} names the encoder {one_line(repr(encoder))}, which is no name of an encoder "
            "but a place to fetch one from; write the plain name of the encoder."
        )
    for name in arguments:
        if _REACHING_OUT.match(str(name)):
            raise CheckpointError(
                f"{where} has the argument {one_line(repr(name))}, which would read or fetch "
                "another file; take it away."
            )


def check_size(build: Callable[[], nn.Module], most_bytes: int, where: str) -> None:
    """Refuse a network that is far larger than its weights, without taking memory for it.

    Raises
    ------
    CheckpointError
        If it is.
    """
    module = on_meta(build)
    if module is None:
        return
    needed = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    if needed > _MOST_GROWTH * most_bytes + _SMALL_NETWORK:
        raise CheckpointError(
            f"{where} describes a network of {needed:,} bytes and there are {most_bytes:,} bytes "
            "of weights; correct it, or take the weights that belong to it."
        )


def on_meta(build: Callable[[], nn.Module]) -> nn.Module | None:
    """Build a module that has shapes and no memory; None if its constructor needs numbers.

    The few that do (the mix transformers) have fixed sizes.
    """
    import torch

    try:
        with torch.device("meta"):
            return build()
    except (RuntimeError, CheckpointError) as error:
        if "meta" not in str(error):
            raise
        return None


def divisor_of(module: nn.Module) -> int:
    """Return what height and width must be divisible by, or the network refuses the image."""
    if not getattr(module, "requires_divisible_input_shape", True):
        return 1
    return int(getattr(getattr(module, "encoder", None), "output_stride", 32))


def only_size_of(module: nn.Module) -> tuple[int, int] | None:
    """Return the height and width of the images, if a vision transformer takes no others."""
    for part in module.modules():
        # timm's layer that cuts the image into patches.
        if getattr(part, "strict_img_size", False):
            size = getattr(part, "img_size", None)
            if isinstance(size, (tuple, list)) and len(size) == 2:
                return int(size[0]), int(size[1])
    return None


def completed(card: ModelCard, config: Mapping[str, Any], module: nn.Module) -> ModelCard:
    """Fill in what the network itself knows where the card is silent."""
    inputs, output = card.input, card.output
    if "divisor" not in inputs.model_fields_set:
        inputs = inputs.model_copy(update={"divisor": divisor_of(module)})
    size = only_size_of(module)
    if "size" not in inputs.model_fields_set and size is not None:
        inputs = inputs.model_copy(update={"size": size})
    if "kind" not in output.model_fields_set:
        probable = config.get("activation") in PROBABILITIES
        output = output.model_copy(update={"kind": "probabilities" if probable else "logits"})
    return card.model_copy(update={"input": inputs, "output": output})


def check_card(where: str, card: ModelCard, config: Mapping[str, Any], module: nn.Module) -> None:
    """Compare what the card says with the network.

    Raises
    ------
    CheckpointError
        If they contradict each other: what to correct.
    """
    channels = int(config.get("in_channels", 3))
    if card.input.channels != channels:
        raise CheckpointError(
            f"{where} says {card.input.channels} input channels and the network has "
            f"{channels}; correct channels under [input]."
        )
    needed = divisor_of(module)
    if card.input.divisor % needed:
        raise CheckpointError(
            f"{where} says divisor {card.input.divisor} and the network takes sizes divisible by "
            f"{needed}; correct divisor under [input]."
        )
    classes = int(config.get("classes", 1))
    if card.output.channels not in (None, classes):
        raise CheckpointError(
            f"{where} says {card.output.channels} output channels and the network has {classes}; "
            "correct channels under [output]."
        )
