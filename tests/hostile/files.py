"""The hostile set: the same files for the command line and for the window."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.images import write_images
from tests.hostile.networks import write_networks

SEED = 20261122
AT_LEAST = 300


@dataclass(frozen=True)
class HostileSet:
    """Files that nobody wants to be sent; `mark` appears if one of them ran its code."""

    networks: tuple[Path, ...]
    images: Path
    mark: Path

    @property
    def image_files(self) -> tuple[Path, ...]:
        """The images in the order of their names."""
        return tuple(sorted(self.images.iterdir()))


def make_hostile_set(folder: Path) -> HostileSet:
    """Write the set; the same one every time."""
    dice, mark = random.Random(SEED), folder / "code_was_executed"  # noqa: S311 - repeatable damage
    networks = write_networks(folder / "networks", mark, dice)
    write_images(folder / "images", dice)
    made = HostileSet(networks, folder / "images", mark)
    if len(networks) + len(made.image_files) < AT_LEAST or mark.exists():
        raise AssertionError("the set is too small, or making it ran its own code")
    return made


def may_open(path: Path) -> bool:
    """Whether the file may be in order after all.

    Turned bits can hit what nobody checks, the last byte of some formats says nothing, and the
    example inputs and recorded sizes of an exported program are never read.
    """
    return path.name.startswith(("flipped", "empty_pages", "circle", "cut1", "unread"))
