"""A request that can be run, now or later, whatever is on the screen then."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray
from gridsal_core.frames import ImageView
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, NetworkInfo, RegionOrigin


@dataclass(frozen=True, eq=False)
class RunRequest:
    """What is asked of which network about which pixels: plain values only.

    Parameters
    ----------
    view
        The pixels that the engine is to read.
    size, bits
        (H, W) in working pixels, and the region as `numpy.packbits` packs it, row by row.
    pixels
        Number of requested pixels.
    class_index, class_info
        The class c to explain, with its name and colour.
    origin, true_class
        See `gridsal_core.types.Request`.
    settings
        How it is to be explained.
    network, network_sha256
        The network's name and the hash of its weights: no other one can be asked.
    identity
        32 hexadecimal digits that no other request has.
    """

    view: ImageView
    size: tuple[int, int]
    bits: ByteArray
    pixels: int
    class_index: int
    class_info: ClassInfo
    origin: RegionOrigin
    true_class: int | None
    settings: Settings
    network: str
    network_sha256: str
    identity: str = field(default_factory=lambda: uuid4().hex)

    @property
    def region(self) -> BoolArray:
        """(H, W) bool, made anew."""
        count = self.size[0] * self.size[1]
        return np.unpackbits(self.bits, count=count).reshape(self.size).astype(bool)

    @property
    def byte_count(self) -> int:
        """Memory that it holds."""
        return self.bits.nbytes


def run_request(
    network: NetworkInfo,
    view: ImageView,
    region: BoolArray,
    class_index: int,
    origin: RegionOrigin,
    settings: Settings,
    *,
    true: int | None = None,
) -> RunRequest:
    """Ask a network for a class inside a region, (H, W) bool with at least one pixel."""
    return RunRequest(
        view=view,
        size=(region.shape[0], region.shape[1]),
        bits=np.packbits(region),
        pixels=int(np.count_nonzero(region)),
        class_index=class_index,
        class_info=network.classes[class_index],
        origin=origin,
        true_class=true,
        settings=settings,
        network=network.name,
        network_sha256=network.sha256,
    )
