"""What the user named: a file, a folder, or something that is known by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Source:
    """What is to be opened, as every format gets it.

    Parameters
    ----------
    text
        As the user wrote it.
    path
        The file or folder, if there is one of that name; None for a name.
    weights
        A file of weights that was named besides.
    card, card_path
        The model card, and the file it came from if it came from one. A card without a file was
        handed over by the caller.
    trust_code
        Whether code that comes with the network may run.
    """

    text: str
    path: Path | None = None
    weights: Path | None = None
    card: ModelCard | None = None
    card_path: Path | None = None
    trust_code: bool = False

    @classmethod
    def parse(
        cls, source: str | Path, *, weights: str | Path | None = None, trust_code: bool = False
    ) -> Source:
        """Tell a path from a name: what exists is a path.

        Raises
        ------
        CheckpointError
            If `weights` is not a file.
        """
        path = _existing(source)
        beside = None if weights is None else _existing(weights)
        if weights is not None and (beside is None or not beside.is_file()):
            raise CheckpointError(f"There is no file of weights at {weights}; check the path.")
        return cls(str(source), path, beside, trust_code=trust_code)

    @property
    def scheme(self) -> str:
        """What stands before the first colon of a name, as `torchvision`; empty for a path."""
        return self.text.partition(":")[0] if self.path is None and ":" in self.text else ""

    @property
    def name(self) -> str:
        """What follows the scheme of a name; the name of a file without its ending."""
        if self.path is not None:
            return self.path.resolve().name if self.path.is_dir() else self.path.stem
        return self.text.partition(":")[2] if self.scheme else self.text


@dataclass(frozen=True, eq=False)
class Opened:
    """What a format makes of a source; `assembly.assemble` makes the network of it.

    Parameters
    ----------
    module
        Takes (B, C, H, W), gives (B, K, H', W') or a tuple, list or dict that holds it; on the CPU.
    card
        The user's card, completed with what the format knows. What is left unset in its `output`
        is found by a trial run.
    source
        For the record: where the checkpoint is, as a path or a name.
    sha256
        Of the weights.
    class_count
        Output channels K, if they are known without running the network.
    notes
        What a user should know of how it was opened, one sentence each.
    check
        For a converted network: gets the first image as the module got it, (1, C, H, W) normalised
        and padded, and what the module made of it; returns a sentence for the user if the runtime
        of the original format answers otherwise.
    trial_size
        Height and width at which it is sure to run, for a network that does not take any size.
    """

    module: nn.Module
    card: ModelCard
    source: Path
    sha256: str = ""
    class_count: int | None = None
    notes: tuple[str, ...] = ()
    check: Callable[[Tensor, object], str | None] | None = None
    trial_size: tuple[int, int] | None = None


def _existing(text: str | Path) -> Path | None:
    path = Path(text).expanduser()
    try:
        return path if path.exists() else None
    except (OSError, ValueError):  # too long for a name, or with a zero byte in it
        return None


def without_card(card: ModelCard | None) -> tuple[str, ...]:
    """What a user should know of a file that says nothing of its input, where no card does."""
    if card is not None:
        return ()
    return ("No model card: images are not normalised (mean 0, std 1).",)
