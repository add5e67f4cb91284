"""The formats, in the order in which they are asked whether a source is theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gridsal_core.checkpoints import smp
from gridsal_core.checkpoints.source import Opened, Source


@dataclass(frozen=True)
class Format:
    """A kind of checkpoint: its name for the user, how to tell it, how to open it.

    `matches` looks at names and first bytes only and imports nothing heavy; what it claims is
    either opened by `load` or refused with a sentence of its own.
    """

    name: str
    matches: Callable[[Source], bool]
    load: Callable[[Source], Opened]


FORMATS: tuple[Format, ...] = (
    Format("segmentation-models-pytorch save_pretrained folder", smp.matches, smp.load),
)
