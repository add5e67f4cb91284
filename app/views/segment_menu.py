"""The menu of a segment: all of it, its correct part, a wrong part for each true class."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.views.legend_model import swatch

MOST_WRONG_PARTS = 8
REASON_PX = 460
NAME_PX = 260


@dataclass(frozen=True)
class PartOffer:
    """A part that can be selected: its true class, that class's name and colour, its pixels."""

    true_class: int
    name: str
    color: tuple[int, int, int]
    pixels: int


@dataclass(frozen=True)
class SegmentOffer:
    """What can be selected of a segment.

    Parameters
    ----------
    whole
        The predicted class and the pixels of the segment; None where nothing is predicted.
    correct
        The correct part; None where there is none.
    wrong
        The wrong parts, largest first.
    reason
        Why there are no parts, one sentence; empty where there are.
    """

    whole: PartOffer | None
    correct: PartOffer | None = None
    wrong: tuple[PartOffer, ...] = ()
    reason: str = ""


class SegmentMenu(QMenu):
    """Opens at the pointer and is gone once something was chosen."""

    chosen = Signal(object)
    """The true class of the part that was chosen, or None for the whole segment."""
    compare_chosen = Signal(int)
    """The true class of the wrong part that is to be compared with the correct one."""

    def __init__(self, parent: QWidget, offer: SegmentOffer) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setToolTipsVisible(True)
        self._reason = offer.reason
        self._offer_whole(offer.whole)
        self.addSeparator()
        if offer.reason:
            self._refuse()
        if offer.correct is not None:
            part = offer.correct
            text = f"Select its &correct part ({part.pixels:,} px)"
            self._add(self, text, part, f"What is predicted as {part.name}, and is {part.name}")
        for part in offer.wrong[:MOST_WRONG_PARTS]:
            self._add_wrong(self, part)
        rest = offer.wrong[MOST_WRONG_PARTS:]
        if rest:
            more = self.addMenu(f"… {len(rest)} more")
            more.setToolTipsVisible(True)
            for part in rest:
                self._add_wrong(more, part)
        if offer.correct is not None and offer.wrong:
            self.addSeparator()
            self._offer_comparison(offer.wrong[0])

    def _offer_comparison(self, wrong: PartOffer) -> None:
        text = f"Co&mpare correct and wrong part: {self._short(wrong.name)}"
        action = self.addAction(text)
        action.setToolTip(
            "Explain both parts, and show their context side by side: why was it taken for that?"
        )
        action.triggered.connect(lambda: self.compare_chosen.emit(wrong.true_class))

    def _offer_whole(self, whole: PartOffer | None) -> None:
        if whole is None:
            self.addAction("Select the &whole segment").setEnabled(False)
            return
        text = f"Select the &whole segment: {self._short(whole.name)} ({whole.pixels:,} px)"
        tip = f"Everything around this pixel that is predicted as {whole.name}"
        action = self._add(self, text, whole, tip)
        action.triggered.disconnect()
        action.triggered.connect(lambda: self.chosen.emit(None))

    def _refuse(self) -> None:
        for text in ("Select its &correct part", "Select its wrong part"):
            action = self.addAction(text)
            action.setEnabled(False)
            action.setToolTip(self._reason)
        # Said in the menu itself: who looks for a part should not have to wait for a tooltip.
        metrics = self.fontMetrics()
        text = metrics.elidedText(self._reason, Qt.TextElideMode.ElideMiddle, REASON_PX)
        told = self.addAction(text.replace("&", "&&"))
        told.setEnabled(False)
        told.setToolTip(self._reason)

    def _add_wrong(self, menu: QMenu, part: PartOffer) -> None:
        text = f"Select its wrong part: {self._short(part.name)} ({part.pixels:,} px)"
        self._add(menu, text, part, f"What of this segment truly is {part.name}")

    def _add(self, menu: QMenu, text: str, part: PartOffer, tip: str) -> QAction:
        action = menu.addAction(swatch(part.color), text)
        action.setToolTip(tip)
        action.setIconVisibleInMenu(True)
        action.triggered.connect(lambda: self.chosen.emit(part.true_class))
        return action

    def _short(self, name: str) -> str:
        elided = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, NAME_PX)
        return elided.replace("&", "&&")
