"""A part of a huge picture, by its place in a grid."""

from __future__ import annotations

from dataclasses import dataclass

from gridsal_core.frames import Box

TILE_EDGE = 512


@dataclass(frozen=True)
class Tile:
    """A square of a picture, reduced by 2 to the power of `depth` to at most 512 pixels a side."""

    depth: int
    row: int
    column: int

    @property
    def span(self) -> int:
        """Edge in pixels of the whole image."""
        return TILE_EDGE << self.depth

    def box(self, full: tuple[int, int]) -> Box:
        """Return its pixels of an image of (height, width) `full`."""
        top, left = self.row * self.span, self.column * self.span
        return Box(top, left, min(top + self.span, full[0]), min(left + self.span, full[1]))
