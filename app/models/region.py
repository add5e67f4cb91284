"""The request region of one image: one edit is one step to undo, stored as the changed box."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.models.undo import Place, Step, UndoStack
from app.tools.base import Combine
from gridsal_core import regions
from gridsal_core.arrays import BoolArray, ByteArray
from gridsal_core.frames import Box
from gridsal_core.types import RegionOrigin

PAINTED: RegionOrigin = "painted"
NOWHERE = Box(0, 0, 0, 0)

Point = tuple[float, float]


class RegionDocument(QObject):
    """Region R of the current image, how it was made, and the steps that led to it.

    Parameters
    ----------
    height, width
        Size of the image in pixels. `reset` changes it.
    start
        (height, width) bool to begin with, which no undo takes back; nothing by default.
    origin
        How that was made.
    undo_stack
        Keeps the steps, also those of others; a stack of its own by default.
    place
        The image and page, for the steps.
    parent
        The Qt owner.
    """

    changed = Signal(object)
    """The Box of pixels that may have changed. It is the whole image after a reset."""

    def __init__(
        self,
        height: int = 0,
        width: int = 0,
        *,
        start: BoolArray | None = None,
        origin: RegionOrigin = PAINTED,
        undo_stack: UndoStack | None = None,
        place: Place | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.undo_stack = undo_stack or UndoStack(self)
        self._place = place
        self._mask: BoolArray = np.zeros((height, width), bool) if start is None else start
        self._origin = origin
        self._stroke: _Stroke | None = None

    @property
    def mask(self) -> BoolArray:
        """(H, W) bool, a read-only window on the live mask: copy what has to last."""
        window = self._mask.view()
        window.flags.writeable = False
        return window

    @property
    def origin(self) -> RegionOrigin:
        """How the region was made; "painted" unless it is exactly one mask from elsewhere."""
        return self._origin

    @property
    def is_empty(self) -> bool:
        """True if no pixel is requested."""
        return not self._mask.any()

    @property
    def pixel_count(self) -> int:
        """Number of requested pixels."""
        return int(np.count_nonzero(self._mask))

    def reset(self, height: int, width: int) -> None:
        """Start over with an empty region for another image; nothing of this can be undone."""
        self._stroke = None
        self._mask = np.zeros((height, width), bool)
        self._origin = PAINTED
        self.forget_steps()
        self.changed.emit(Box(0, 0, height, width))

    def forget_steps(self) -> None:
        """Let none of its steps be taken back any more."""
        self.undo_stack.discard(
            lambda step: isinstance(step, _RegionStep) and step.document is self
        )

    def take_over(self, mask: BoolArray) -> None:
        """Follow an edit that was made, as a step, on the same image at another frame."""
        self.end_stroke()
        box = regions.bounding_box(mask ^ self._mask)
        if not box.is_empty:
            self._mask[:] = mask
            self._origin = PAINTED
            self.changed.emit(box)

    def replace_with(self, mask: BoolArray, origin: RegionOrigin, text: str) -> None:
        """Make `mask` the region; `text` names the step in the Edit menu."""
        self.combine(mask, "replace", origin, text)

    def combine(
        self,
        mask: BoolArray,
        how: Combine,
        origin: RegionOrigin,
        text: str,
        *,
        merge: bool = False,
    ) -> None:
        """Replace the region by `mask`, add `mask` to it, or subtract it.

        The region takes `origin` over if it now is exactly `mask`; otherwise it counts as painted.
        With `merge` it is one step with the last one, if that has the same `text`.

        Raises
        ------
        ValueError
            If the mask is not of the image's size.
        """
        if mask.shape != self._mask.shape:
            raise ValueError(f"mask {mask.shape} does not fit the image {self._mask.shape}")
        with self._step(text, origin, whole=mask, merge=merge):
            if how == "replace":
                self._mask[:] = mask
            elif how == "add":
                self._mask |= mask
            else:
                self._mask &= ~mask

    def rectangle(self, start: Point, end: Point, how: Combine) -> None:
        """Fill (or empty) the rectangle between two corners, (x, y) in image coordinates."""
        with self._step("Rectangle", PAINTED):
            if how == "replace":
                self._mask[:] = False
            regions.rectangle(self._mask, start, end, how != "subtract")

    def clear(self) -> None:
        """Empty the region."""
        with self._step("Clear region", PAINTED):
            self._mask[:] = False

    def begin_stroke(self, how: Combine) -> None:
        """Start a brush stroke that adds pixels, or takes them away for "subtract"."""
        self.end_stroke()
        if how == "replace":
            raise ValueError("a stroke adds or subtracts")
        self._stroke = _Stroke(self._mask.copy(), value=how == "add")

    def stroke(self, start: Point, end: Point, radius: float) -> None:
        """Draw one piece of the stroke at once; the undo step comes with `end_stroke`."""
        if self._stroke is None:
            return
        box = regions.brush(self._mask, start, end, radius, self._stroke.value)
        if not box.is_empty:
            self._stroke.box = self._stroke.box.union(box)
            self.changed.emit(box)

    def end_stroke(self) -> None:
        """Make the running stroke one undo step; without a running stroke nothing happens."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and not stroke.box.is_empty:
            text = "Paint" if stroke.value else "Erase"
            self._push(text, stroke.before, self._origin, stroke.box, PAINTED)

    def cancel_stroke(self) -> None:
        """Take the running stroke back as if it had not been begun."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and not stroke.box.is_empty:
            self._mask[stroke.box.slices] = stroke.before[stroke.box.slices]
            self.changed.emit(stroke.box)

    @contextmanager
    def _step(
        self,
        text: str,
        origin: RegionOrigin,
        whole: BoolArray | None = None,
        *,
        merge: bool = False,
    ) -> Iterator[None]:
        self.end_stroke()
        before, old_origin = self._mask.copy(), self._origin
        yield
        if whole is None or not np.array_equal(self._mask, whole) or not whole.any():
            origin = PAINTED
        box = regions.bounding_box(before ^ self._mask)
        if not box.is_empty or origin != old_origin:
            self._push(text, before, old_origin, box, origin, merge=merge)
            self.changed.emit(box)

    def _push(
        self,
        text: str,
        before: BoolArray,
        old_origin: RegionOrigin,
        box: Box,
        origin: RegionOrigin,
        *,
        merge: bool = False,
    ) -> None:
        old, new = before[box.slices], self._mask[box.slices]
        if np.array_equal(old, new) and old_origin == origin:
            return
        self._origin = origin
        edit = _Edit(box, np.packbits(old), np.packbits(new), old_origin, origin)
        self.undo_stack.push(_RegionStep(self, edit, text, self._place), merge=merge)

    def _restore(self, box: Box, bits: ByteArray, origin: RegionOrigin) -> None:
        # An undo in mid-stroke (a key while the button is down) drops the stroke: its before-image
        # would no longer be what is under it.
        self.cancel_stroke()
        _unpack(self._mask, box, bits)
        self._origin = origin
        self.changed.emit(box)

    def _joined(self, first: _Edit, second: _Edit) -> _Edit:
        """Return the edit that does what two did, of which the second has just been done."""
        before = self._mask.copy()
        _unpack(before, second.box, second.old)
        _unpack(before, first.box, first.old)
        box = first.box.union(second.box)
        old, new = np.packbits(before[box.slices]), np.packbits(self._mask[box.slices])
        return _Edit(box, old, new, first.old_origin, second.new_origin)


@dataclass
class _Stroke:
    before: BoolArray
    value: bool
    box: Box = NOWHERE


@dataclass(frozen=True, eq=False)
class _Edit:
    box: Box
    old: ByteArray
    new: ByteArray
    old_origin: RegionOrigin
    new_origin: RegionOrigin


class _RegionStep(Step):
    def __init__(
        self, document: RegionDocument, edit: _Edit, text: str, place: Place | None
    ) -> None:
        super().__init__(text, place)
        self.document = document
        self._edit = edit

    @property
    def byte_count(self) -> int:
        return self._edit.old.nbytes + self._edit.new.nbytes

    @property
    def is_nothing(self) -> bool:
        edit = self._edit
        return edit.old_origin == edit.new_origin and np.array_equal(edit.old, edit.new)

    def undo(self) -> None:
        self.document._restore(self._edit.box, self._edit.old, self._edit.old_origin)

    def redo(self) -> None:
        self.document._restore(self._edit.box, self._edit.new, self._edit.new_origin)

    def absorb(self, newer: Step) -> bool:
        if not isinstance(newer, _RegionStep) or newer.text != self.text:
            return False
        if newer.document is not self.document:
            return False
        self._edit = self.document._joined(self._edit, newer._edit)
        return True


def _unpack(mask: BoolArray, box: Box, bits: ByteArray) -> None:
    part = mask[box.slices]
    part[:] = np.unpackbits(bits, count=part.size).reshape(part.shape)
