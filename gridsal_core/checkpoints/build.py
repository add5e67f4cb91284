"""Building the module that weights belong to, from what a card says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridsal_core.checkpoints.card import BuildCard
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import nn


def build_module(
    build: BuildCard,
    where: str,
    channels: int,
    classes: int | None,
    most_bytes: int | None = None,
) -> nn.Module:
    """Build a network of a library, without weights; nothing is fetched.

    Parameters
    ----------
    build
        Its arguments win over `channels` and `classes`.
    where
        What says so, for the error.
    channels, classes
        Of input and output; None leaves the library's default.
    most_bytes
        The size of the weights; a network far larger is refused before its memory is taken.

    Raises
    ------
    CheckpointError
        If it cannot be built.
    """
    if not build.architecture:
        raise CheckpointError(
            f"{where} does not say which architecture the weights belong to; write architecture "
            "and encoder under [build], or give --architecture and --encoder to gridsal card."
        )
    if build.library == "torchvision":
        from gridsal_core.checkpoints import torchvision_models

        given = {name: value for name, value in build.arguments.items() if name != "num_classes"}
        count = build.arguments.get("num_classes", classes or 1)
        return torchvision_models.build(build.architecture, count, given, channels=channels)
    from gridsal_core.checkpoints.smp_build import build_smp

    arguments = {"in_channels": channels, **build.arguments}
    if classes is not None:
        arguments.setdefault("classes", classes)
    if build.encoder:
        arguments["encoder_name"] = build.encoder
    return build_smp(build.architecture, arguments, where=where, most_bytes=most_bytes)
