"""Traces that are kept: one takes about a second, and serves every request of its image size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import Tensor, fx

from gridsal_core.cropped.cutting import traced

# A folder has few sizes of images; a trace holds no tensor but the network's own.
MOST_KEPT: Final = 8


class LatestTraces:
    """The latest traces of a network in one state."""

    def __init__(self) -> None:
        self._state: object = None
        self._kept: dict[object, fx.GraphModule] = {}

    def trace(
        self, outputs: Callable[[Tensor], Tensor], images: Tensor, way: object, state: object
    ) -> fx.GraphModule:
        """Trace what gives outputs for such images, unless that was done already.

        Parameters
        ----------
        way
            How the outputs are computed.
        state
            Of the network; traces of another one are forgotten.
        """
        if state != self._state:
            self._state, self._kept = state, {}
        key = images.shape, images.dtype, images.device, way
        found = self._kept.pop(key, None) or traced(outputs, images)
        self._kept[key] = found
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return found
