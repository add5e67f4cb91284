"""Segments of a class on an image that is not loaded: predicted and found in the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.workers.jobs import Desk
from gridsal_core.arrays import BoolArray, ByteArray, IndexArray
from gridsal_core.frames import ImageView
from gridsal_core.segments import segment_sizes, segments

MOST_SEGMENTS = 100


@dataclass(frozen=True, eq=False)
class FoundSegments:
    """The largest segments of a class on one image.

    Parameters
    ----------
    network_sha256
        The network that said so.
    size, bits
        (H, W) in working pixels, and each segment as `numpy.packbits` packs it, largest first.
    left_out
        Segments that are large enough, but beyond `MOST_SEGMENTS`.
    """

    network_sha256: str
    size: tuple[int, int]
    bits: tuple[ByteArray, ...]
    left_out: int = 0

    @property
    def regions(self) -> list[BoolArray]:
        """The segments as (H, W) bool, made anew."""
        count = self.size[0] * self.size[1]
        return [
            np.unpackbits(bits, count=count).reshape(self.size).astype(bool) for bits in self.bits
        ]


@dataclass(frozen=True)
class FindSegments:
    """Predict an image, and return the segments of a class that have `min_pixels` or more."""

    view: ImageView
    class_index: int
    min_pixels: int

    def run(self, desk: Desk) -> FoundSegments:
        """Do it; raises ImageError or DeviceError."""
        network = desk.network()
        class_map = network.predict(desk.read(self.view)).class_map
        found = largest_segments(class_map, self.class_index, self.min_pixels)
        sizes = segment_sizes(class_map, self.class_index)
        left_out = sum(size >= self.min_pixels for size in sizes) - len(found)
        size = (class_map.shape[0], class_map.shape[1])
        bits = tuple(np.packbits(region) for region in found)
        return FoundSegments(network.sha256, size, bits, left_out)


def largest_segments(class_map: IndexArray, class_index: int, min_pixels: int) -> list[BoolArray]:
    """Return the segments of a class that have `min_pixels` or more, at most `MOST_SEGMENTS`."""
    sizes = segment_sizes(class_map, class_index)
    # Each is a whole map: of a noisy prediction no more of them than are kept.
    least = sizes[MOST_SEGMENTS - 1] if len(sizes) > MOST_SEGMENTS else 1
    return segments(class_map, class_index, max(least, min_pixels))[:MOST_SEGMENTS]
