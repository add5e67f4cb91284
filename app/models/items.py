"""What the analyst asks on one page of an image: its region in each frame, and its class.

A region belongs to the pixels it was made on. At another working scale it is carried over, and on
the way back only what was changed there comes along: nothing painted is lost or made coarser. That
is no step to undo; the edit that is carried is one, and so is taken back at every scale.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject

from app.models.framing import merged
from app.models.region import PAINTED, RegionDocument
from app.models.undo import Place, UndoStack
from gridsal_core.arrays import BoolArray
from gridsal_core.frames import Box, Frame
from gridsal_core.session.document import PageEntry, RegionEntry
from gridsal_core.types import RegionOrigin


class ImageItem:
    """Regions by frame, and the class chosen by hand (None follows the prediction) with its name.

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
        self.class_name = ""
        self._on_region, self._parent = on_region, parent
        self._undo_stack, self._place = undo_stack or UndoStack(), place
        self._regions: dict[Frame, RegionDocument] = {}
        # As they came from a session's document, until somebody looks at the page.
        self._stored: tuple[RegionEntry, ...] = ()
        # Edits are numbered; a frame is brought up to the newest one when it is entered.
        self._newest = 0
        self._edited: dict[Frame, int] = {}
        self._known: dict[Frame, int] = {}
        self._is_carrying = False
        self._entered: Frame | None = None

    def enter(self, frame: Frame) -> RegionDocument:
        """Return the region in a frame, with what was changed in other frames carried over.

        Raises
        ------
        SessionError
            If what a session holds of this page is damaged; it is dropped then.
        """
        self._unpack()
        if any(known.full != frame.full for known in self._regions):
            # The file was replaced by one of another size: what was made on it means nothing.
            for old in self._regions.values():
                old.forget_steps()
            self._regions.clear()
            self._edited.clear()
        region = self._regions.get(frame)
        if region is None:
            start = self._caught_up(np.zeros(frame.size, bool), frame, 0)
            region = self._new_region(frame, start)
        elif self._known[frame] < self._newest:
            mask = self._caught_up(region.mask, frame, self._known[frame])
            self._is_carrying = True
            region.take_over(mask)
            self._is_carrying = False
        self._known[frame] = self._newest
        self._entered = frame
        return region

    @classmethod
    def restored(
        cls,
        entry: PageEntry,
        on_region: Callable[[Frame, Box], None],
        undo_stack: UndoStack | None = None,
        parent: QObject | None = None,
    ) -> ImageItem:
        """Make what a session's document says of a page."""
        item = cls(on_region, undo_stack, (entry.image, entry.page), parent)
        item.class_index, item.class_name = entry.class_index, entry.class_name
        item._stored = entry.regions
        return item

    @property
    def stored(self) -> tuple[RegionEntry, ...]:
        """The regions of a session's document that nobody has looked at yet."""
        return self._stored

    @property
    def edited(self) -> tuple[tuple[Frame, int, RegionDocument], ...]:
        """The regions that were edited, each with the number of its last edit, in that order."""
        frames = sorted(self._edited, key=self._edited.__getitem__)
        return tuple((frame, self._edited[frame], self._regions[frame]) for frame in frames)

    @property
    def is_painted(self) -> bool:
        """Whether a region is there that was made by hand."""
        regions = (region for _, _, region in self.edited)
        return any(r.origin == PAINTED and not r.is_empty for r in regions) or any(
            entry.origin == PAINTED for entry in self._stored
        )

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was asked here, not even for a while."""
        return not (self._stored or self._edited) and self.class_index is None

    def drop(self) -> None:
        """Let go of the regions, which nobody uses any more."""
        for region in self._regions.values():
            region.forget_steps()
            # Not deleteLater, which waits for the event loop: nobody else holds it any more.
            region.changed.disconnect()
            region.setParent(None)

    def _unpack(self) -> None:
        entries, self._stored = self._stored, ()
        for entry in entries:
            self._new_region(entry.frame, entry.mask(), entry.origin)
            self._was_edited(entry.frame)

    def _new_region(
        self, frame: Frame, start: BoolArray, origin: RegionOrigin = PAINTED
    ) -> RegionDocument:
        region = RegionDocument(
            *frame.size,
            start=start,
            origin=origin,
            undo_stack=self._undo_stack,
            place=self._place,
            parent=self._parent,
        )
        region.changed.connect(lambda box: self._changed(frame, box))
        self._regions[frame] = region
        return region

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
        self._was_edited(frame)
        self._on_region(frame, box)
        if self._entered is not None and frame != self._entered:
            self.enter(self._entered)  # an edit was taken back that was made at another frame

    def _was_edited(self, frame: Frame) -> None:
        self._newest += 1
        self._edited[frame] = self._known[frame] = self._newest


def unless_whole(frame: Frame | None) -> Frame | None:
    """Return the frame, or None if it is the whole image as it is."""
    return None if frame is None or frame == Frame.whole(frame.full) else frame
