"""Which part of an image file is worked on, and at what scale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridsal_core.regions import Box


@dataclass(frozen=True)
class Frame:
    """A window of an image and the size it is worked on at.

    Parameters
    ----------
    full
        (height, width) of the whole image in pixels, upright.
    window
        The part that is worked on, in pixels of the whole image.
    size
        (height, width) in working pixels; the window is resized to it, never enlarged.
    """

    full: tuple[int, int]
    window: Box
    size: tuple[int, int]

    @classmethod
    def whole(cls, full: tuple[int, int]) -> Frame:
        """Return the frame that takes the whole image as it is."""
        return cls(full, Box(0, 0, *full), full)

    @property
    def scale(self) -> float:
        """Working pixels per image pixel, at most 1."""
        return self.size[1] / (self.window.right - self.window.left)


@dataclass(frozen=True)
class ImageView:
    """Pixels of a file: which page of it (0-based), and which frame; None is the whole page.

    `allow_large` is set once the user said that an image beyond the safe size may be decoded.
    """

    path: Path
    page: int = 0
    frame: Frame | None = None
    allow_large: bool = False
