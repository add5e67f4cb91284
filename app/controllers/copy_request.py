"""The request of one image for another: copied, pasted, and taken along to the next image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject

from app.actions import allow
from app.actions.reasons import NO_IMAGE, NO_REGION
from app.main_window import MainWindow
from app.models.framing import carried
from app.models.region import PAINTED
from app.models.session import Session
from app.models.undo import Place
from gridsal_core.arrays import BoolArray, ByteArray
from gridsal_core.frames import Frame
from gridsal_core.types import ClassInfo, RegionOrigin

SAID_MS = 8000
NO_COPY = "No request was copied yet; copy one first (Ctrl+Alt+C)."
OUTSIDE = "The copied region lies outside the part of this image that is worked on."


@dataclass(frozen=True, eq=False)
class CopiedRequest:
    """A region, packed, with where it was made, and the class chosen by hand, if one was.

    `classes` are those of the network that was open: of others the class's number means another.
    """

    place: Place
    frame: Frame
    bits: ByteArray
    origin: RegionOrigin
    class_index: int | None
    classes: tuple[ClassInfo, ...]

    @property
    def region(self) -> BoolArray:
        """(H, W) bool in its frame, made anew."""
        height, width = self.frame.size
        return np.unpackbits(self.bits, count=height * width).reshape(height, width).astype(bool)


class CopyRequestController(QObject):
    """Keeps one copied request until another one is copied."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._copied: CopiedRequest | None = None
        self._is_taken_along = False
        window.action("copy_request").triggered.connect(self.copy)
        window.action("paste_request").triggered.connect(self.paste)
        window.action("copy_request_next").triggered.connect(self.copy_to_next)
        session.current_changed.connect(self._on_current)
        session.image_loaded.connect(self._on_image)
        session.region_changed.connect(self._on_region)
        # Changed a moment after the region became empty.
        window.action("grow").changed.connect(self._refresh)
        self._refresh()

    def copy(self) -> bool:
        """Copy the region and the class that was chosen by hand; False if there is no region."""
        loaded, region, item = self._session.loaded, self._session.region, self._session.item
        if loaded is None or region is None or item is None or region.is_empty:
            self._say(NO_REGION)
            return False
        self._copied = CopiedRequest(
            (loaded.path, loaded.page),
            loaded.frame,
            np.packbits(region.mask),
            region.origin,
            item.class_index,
            self._session.classes,
        )
        self._say(f"Copied: {region.pixel_count:,} pixels. Ctrl+Alt+V pastes them.")
        self._refresh()
        return True

    def paste(self) -> None:
        """Make the copied request the one of this image: one step to undo."""
        copied, session = self._copied, self._session
        loaded, region, item = session.loaded, session.region, session.item
        if copied is None or loaded is None or region is None or item is None:
            return
        mask = carried(copied.region, copied.frame, loaded.frame)
        if not mask.any():
            self._say(OUTSIDE)
            return
        is_same = (copied.place, copied.frame) == ((loaded.path, loaded.page), loaded.frame)
        origin: RegionOrigin = copied.origin if is_same else PAINTED
        has_class = copied.classes == session.classes
        with session.undo_stack.together("Paste request"):
            region.replace_with(mask, origin, "Paste request")
            if has_class:
                session.set_class(copied.class_index)
        self._say(self._told(copied, loaded.frame, has_class=has_class))

    def copy_to_next(self) -> None:
        """Go to the next image, and paste this one's request once it is there."""
        current = self._session.current
        if not self.copy():
            return
        self._is_taken_along = True
        self._window.images.select_next()
        if self._session.current == current:
            self._is_taken_along = False
            self._say("This is the last image of the folder; the request was copied.")

    def _told(self, copied: CopiedRequest, frame: Frame, *, has_class: bool) -> str:
        old, new = copied.frame.full, frame.full
        parts = ["The request was pasted."]
        if old != new:
            parts = [
                f"The region was scaled with the image, from {old[1]:,} × {old[0]:,} to "
                f"{new[1]:,} × {new[0]:,} pixels."
            ]
        if copied.class_index is not None and not has_class:
            parts.append("The class follows the prediction: this network has other classes.")
        return " ".join(parts)

    def _on_current(self) -> None:
        # The next image is chosen by the copy itself; whatever is chosen after that ends it.
        copied = self._copied
        if copied is not None and self._session.current == copied.place[0]:
            self._is_taken_along = False
        self._refresh()

    def _on_image(self) -> None:
        if self._is_taken_along:
            self._is_taken_along = False
            self.paste()
        self._refresh()

    def _on_region(self) -> None:
        # Looking at every pixel on every piece of a stroke would slow the brush on large images.
        if not self._window.action("copy_request").isEnabled():
            self._refresh()

    def _refresh(self) -> None:
        region, action = self._session.region, self._window.action
        why_not = NO_IMAGE if region is None else NO_REGION if region.is_empty else ""
        for name in ("copy_request", "copy_request_next"):
            allow(action(name), why_not)
        nothing = NO_COPY if self._copied is None else ""
        allow(action("paste_request"), NO_IMAGE if region is None else nothing)

    def _say(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, SAID_MS)
