"""Which part of an image file is worked on, and at what scale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Box:
    """A half-open box of pixels: rows top to bottom - 1, columns left to right - 1."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an (H, W) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def is_empty(self) -> bool:
        """True if the box holds no pixel."""
        return self.bottom <= self.top or self.right <= self.left

    def union(self, other: Box) -> Box:
        """Return the smallest box that holds both; an empty box adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


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
