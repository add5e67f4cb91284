"""Commands on the region as a whole: clear, grow, shrink, invert, fill holes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent

from app.actions import allow
from app.actions.reasons import NO_IMAGE, NO_REGION
from app.main_window import MainWindow
from app.models.region import PAINTED
from app.models.session import Session
from gridsal_core.arrays import BoolArray
from gridsal_core.regions import filled, grown, shrunk

SAID_MS = 5000
TOO_THIN = "The region is too thin to shrink: nothing would be left of it."


@dataclass(frozen=True)
class Reshaping:
    """One command.

    Parameters
    ----------
    text
        What the Edit menu calls the step.
    reshape
        Makes the new region (H, W) of the old one, which it leaves as it is.
    unchanged
        What is said if it changes nothing.
    needs_region
        Whether an empty region cannot be reshaped.
    """

    text: str
    reshape: Callable[[BoolArray], BoolArray]
    unchanged: str = ""
    needs_region: bool = True


RESHAPINGS = {
    "grow": Reshaping("Grow region", grown, "The region fills the whole image; it cannot grow."),
    "shrink": Reshaping(
        "Shrink region", shrunk, "The region fills the whole image; it has no border to shrink."
    ),
    "invert": Reshaping("Invert region", np.logical_not, needs_region=False),
    "fill_holes": Reshaping("Fill holes", filled, "The region has no holes."),
}


class RegionEditsController(QObject):
    """Does what the commands say to the current region, one undo step each.

    What a key does while it is held is one step.
    """

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._is_held = False
        # A shortcut's key is announced before it acts, to where the focus is and up from there.
        window.installEventFilter(self)
        window.action("clear").triggered.connect(self._clear)
        for name in RESHAPINGS:
            window.action(name).triggered.connect(lambda _on=False, n=name: self._reshape(n))
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            self._is_held = event.isAutoRepeat()
        return False

    def refresh(self) -> None:
        """Offer what makes sense now, and say why not of the rest."""
        region = self._session.region
        allow(self._window.action("clear"), NO_IMAGE if region is None else "")
        for name, reshaping in RESHAPINGS.items():
            why_not = ""
            if region is None:
                why_not = NO_IMAGE
            elif reshaping.needs_region and region.is_empty:
                why_not = NO_REGION
            allow(self._window.action(name), why_not)

    def _clear(self) -> None:
        region = self._session.region
        if region is not None and not region.is_empty:
            region.clear()

    def _reshape(self, name: str) -> None:
        region, reshaping = self._session.region, RESHAPINGS[name]
        is_held, self._is_held = self._is_held, False
        if region is None:
            return
        if reshaping.needs_region and region.is_empty:
            self._say(NO_REGION)
            return
        mask = reshaping.reshape(region.mask)
        if reshaping.needs_region and not mask.any():
            self._say(TOO_THIN)
        elif np.array_equal(mask, region.mask):
            self._say(reshaping.unchanged)
        else:
            region.combine(mask, "replace", PAINTED, reshaping.text, merge=is_held)

    def _say(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, SAID_MS)
