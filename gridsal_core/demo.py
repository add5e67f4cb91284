"""The embedded demo: a small network with a known bias, and images that show it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from gridsal_core.errors import CheckpointError


@dataclass(frozen=True)
class Demo:
    """Where the demo's network and images are."""

    model: Path
    images: Path


def find_demo() -> Demo:
    """Locate the demo that came with the installation.

    Raises
    ------
    CheckpointError
        If it is not there.
    """
    folder = Path(str(files("resources"))) / "demo"
    demo = Demo(folder / "model", folder / "images")
    if not (demo.model.is_dir() and demo.images.is_dir()):
        raise CheckpointError(
            f"The embedded demo is missing at {folder}; install GridSal again, "
            "or make it with: gridsal toy train --preset demo."
        )
    return demo
