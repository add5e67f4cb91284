"""What the analyst made on one page of an image: its region in each frame, its class, its results.

A region belongs to the pixels it was made on. At another working scale it is carried over, and on
the way back only what was changed there comes along: nothing painted is lost or made coarser. That
is no step to undo; the edit that is carried is one, and so is taken back at every scale.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject

from app.models.framing import merged
from app.models.region import RegionDocument
from app.models.undo import Place, UndoStack
from gridsal_core.arrays import BoolArray
from gridsal_core.frames import Box, Frame
from gridsal_core.types import Explanation


class ImageItem:
    """Regions by frame, the class chosen by hand (None follows the prediction), and results.

    Parameters
    ----------
    on_region
        Called with the frame and the Box of pixels whenever a region may differ.
    undo_stack
        Keeps the steps; one of its own by default.
    place
        The image and page, for the steps.
    parent
        The Qt owner of the regions.
    """

    def __init__(
        self,
        on_region: Callable[[Frame, Box], None],
        undo_stack: UndoStack | None = None,
        place: Place | None = None,
        parent: QObject | None = None,
    ) -> None:
        self.class_index: int | None = None
        self._on_region, self._parent = on_region, parent
        self._undo_stack, self._place = undo_stack or UndoStack(), place
        self._results: dict[tuple[str, Frame | None], Explanation] = {}
        self._regions: dict[Frame, RegionDocument] = {}
        # Edits are numbered; a frame is brought up to the newest one when it is entered.
        self._newest = 0
        self._edited: dict[Frame, int] = {}
        self._known: dict[Frame, int] = {}
        self._is_carrying = False
        self._entered: Frame | None = None

    def enter(self, frame: Frame) -> RegionDocument:
        """Return the region in a frame, with what was changed in other frames carried over."""
        if any(known.full != frame.full for known in self._regions):
            # The file was replaced by one of another size: what was made on it means nothing.
            for old in self._regions.values():
                old.forget_steps()
            self._regions.clear()
            self._edited.clear()
        region = self._regions.get(frame)
        if region is None:
            start = self._caught_up(np.zeros(frame.size, bool), frame, 0)
            region = RegionDocument(
                *frame.size,
                start=start,
                undo_stack=self._undo_stack,
                place=self._place,
                parent=self._parent,
            )
            region.changed.connect(lambda box: self._changed(frame, box))
            self._regions[frame] = region
        elif self._known[frame] < self._newest:
            mask = self._caught_up(region.mask, frame, self._known[frame])
            self._is_carrying = True
            region.take_over(mask)
            self._is_carrying = False
        self._known[frame] = self._newest
        self._entered = frame
        return region

    def result(self, network: str, frame: Frame | None) -> Explanation | None:
        """Return the latest explanation of a network (its hash) on a frame."""
        return self._results.get((network, frame))

    def add_result(self, explanation: Explanation) -> None:
        """Keep an explanation with its network and the frame it was made on."""
        network = explanation.provenance.checkpoint_sha256
        self._results[network, unless_whole(explanation.request.frame)] = explanation

    def _caught_up(self, mask: BoolArray, frame: Frame, known: int) -> BoolArray:
        """Return a region with the edits made in other frames after the one that is `known`."""
        edits = sorted(
            ((number, other) for other, number in self._edited.items() if number > known),
            key=lambda edit: edit[0],
        )
        for _, other in edits:
            if other != frame:
                mask = merged(self._regions[other].mask, other, mask, frame)
        return mask

    def _changed(self, frame: Frame, box: Box) -> None:
        if self._is_carrying:
            self._on_region(frame, box)
            return
        self._newest += 1
        self._edited[frame] = self._known[frame] = self._newest
        self._on_region(frame, box)
        if self._entered is not None and frame != self._entered:
            self.enter(self._entered)  # an edit was taken back that was made at another frame


def unless_whole(frame: Frame | None) -> Frame | None:
    """Return the frame, or None if it is the whole image as it is."""
    return None if frame is None or frame == Frame.whole(frame.full) else frame
