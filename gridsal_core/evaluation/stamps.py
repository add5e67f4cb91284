"""What the counts of an image depend on: where one of these is another now, they mean nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.frames import Frame

FORMAT = 1
"""Counted up when the same inputs give other counts than before."""


@dataclass(frozen=True)
class FileState:
    """Size in bytes and time of the last change, by which a file is known to be the same."""

    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """Look at a file.

        Raises
        ------
        OSError
            If it cannot be looked at.
        """
        state = path.stat()
        return cls(state.st_size, state.st_mtime_ns)


@dataclass(frozen=True)
class Stamp:
    """The frame that was predicted on, the image, and the label map, if there is one."""

    frame: Frame
    image: FileState
    label_path: Path | None = None
    label: FileState | None = None


def predictor_key(sha256: str, card: ModelCard, label_pattern: str) -> str:
    """Return a name for everything that counts depend on besides the files themselves.

    Parameters
    ----------
    sha256
        Of the network's weights.
    card
        Its card: the preprocessing, the output, and the classes that label maps are read for.
    label_pattern
        Where label maps are looked for.
    """
    parts = (FORMAT, sha256, card.input, card.output, card.build, card.classes, label_pattern)
    return hashlib.sha256(ascii(parts).encode()).hexdigest()
