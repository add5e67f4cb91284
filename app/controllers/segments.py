"""Picking: a predicted segment, its correct part, or what of it truly is another class."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QPoint, Signal

from app.actions import allow
from app.main_window import MainWindow
from app.models.session import Session
from app.tools.base import Combine
from app.tools.pick import PartKind
from app.views.segment_menu import PartOffer, SegmentMenu, SegmentOffer
from gridsal_core.comparison import SegmentParts, segment_parts
from gridsal_core.segments import most_confused_pixel, segment_at
from gridsal_core.types import RegionOrigin

PICKED: Final[tuple[RegionOrigin, ...]] = ("predicted segment", "correct part", "erroneous part")
NO_PREDICTION = "There is no prediction to pick from yet; open a network, or paint a region."
NOT_PICKED = "Pick a segment first: choose the tool (S) and click one."
NOTHING_CORRECT = "No pixel of this segment is correct."
NOTHING_WRONG = "No pixel of this segment is wrong."
ONE_PART = "Correct and wrong part can be compared where a segment has both."
UNLABELLED = "No pixel of this segment is labelled with a class of the network."
ACTIONS = ("segment_whole", "segment_correct", "segment_wrong")


class SegmentsController(QObject):
    """Makes segments and their parts the region: by click, by menu, by key."""

    compare_wanted = Signal(object, int)
    """SegmentParts whose correct part and the part of this true class are to be compared."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        window.canvas.menu_wanted.connect(self._open_menu)
        for name, act in zip(
            ACTIONS, (self._whole_again, self._pick_correct, self._pick_next_wrong), strict=True
        ):
            window.action(name).triggered.connect(act)
        window.action("compare_parts").triggered.connect(self._compare_picked)
        for signal in (
            session.network_changed,
            session.current_changed,
            session.image_loaded,
            session.label_changed,
            session.prediction_changed,
            session.region_changed,
        ):
            signal.connect(self._refresh)
        self._refresh()

    def pick(self, x: int, y: int, how: Combine) -> None:
        """Replace the region by the segment at a pixel, add it, or take it away."""
        prediction, region = self._session.prediction, self._session.region
        if region is None:
            return
        if prediction is None:
            self._tell(NO_PREDICTION)
            return
        segment = segment_at(prediction.class_map, x, y)
        region.combine(segment, how, "predicted segment", "Pick segment")

    def pick_part(self, x: int, y: int, kind: PartKind) -> None:
        """Make the correct part of the segment at a pixel the region, or the wrong one there."""
        label = None if self._session.loaded is None else self._session.loaded.label
        parts = self._parts(x, y)
        if parts is None or label is None:
            self._tell(self._session.why_not_compared)
        elif kind == "correct":
            self._take_correct(parts)
        else:
            true_class = int(label[y, x])
            if true_class in (part.true_class for part in parts.erroneous):
                self._take(parts, true_class)
            elif true_class == parts.predicted:
                self._tell("This pixel is correct; point at one that is wrong (X shows them).")
            else:
                self._tell("This pixel has no label; point at one that is wrong (X shows them).")

    def pick_confusion(self, true_class: int, predicted: int) -> bool:
        """Make the largest part of a segment that is so confused the region; False if none is.

        The part is correct where the two classes are the same.
        """
        loaded, prediction = self._session.loaded, self._session.prediction
        if loaded is None or loaded.label is None or prediction is None:
            return False
        place = most_confused_pixel(prediction.class_map, loaded.label, true_class, predicted)
        parts = None if place is None else self._parts(*place)
        if parts is None:
            return False
        self._take(parts, true_class)
        return True

    def _open_menu(self, x: int, y: int, place: QPoint) -> None:
        if self._session.region is None:
            return
        menu = SegmentMenu(self._window.canvas, self._offer(x, y))
        menu.chosen.connect(lambda true_class: self._on_chosen(x, y, true_class))
        menu.compare_chosen.connect(lambda true_class: self._on_compare(x, y, true_class))
        menu.popup(place)

    def _on_chosen(self, x: int, y: int, true_class: int | None) -> None:
        if true_class is None:
            self.pick(x, y, "replace")
            return
        parts = self._parts(x, y)
        if parts is None:  # the image went while the menu was open
            self._tell(self._session.why_not_compared)
        else:
            self._take(parts, true_class)

    def _on_compare(self, x: int, y: int, true_class: int) -> None:
        parts = self._parts(x, y)
        if parts is None:  # the image went while the menu was open
            self._tell(self._session.why_not_compared)
        else:
            self.compare_wanted.emit(parts, true_class)

    def _compare_picked(self) -> None:
        """Compare the parts of the picked segment: with the wrong part that is picked, if one is.

        Else it is the largest one.
        """
        place = self._picked
        parts = None if place is None else self._parts(*place)
        if parts is None:
            return
        if parts.correct is None or not parts.erroneous:
            self._tell(ONE_PART)
            return
        now = self._session.true_class
        wrong = [part.true_class for part in parts.erroneous]
        self.compare_wanted.emit(parts, now if now in wrong else wrong[0])

    def _offer(self, x: int, y: int) -> SegmentOffer:
        prediction, network = self._session.prediction, self._session.network
        if prediction is None or network is None:
            return SegmentOffer(None, reason=NO_PREDICTION)

        def part(index: int, pixels: int) -> PartOffer:
            info = network.classes[index]
            return PartOffer(index, info.name, info.color, pixels)

        segment = segment_at(prediction.class_map, x, y)
        whole = part(int(prediction.class_map[y, x]), int(segment.sum()))
        parts = self._parts(x, y)
        if parts is None:
            return SegmentOffer(whole, reason=self._session.why_not_compared)
        correct = None if parts.correct is None else part(parts.predicted, parts.correct.pixels)
        wrong = tuple(part(each.true_class, each.pixels) for each in parts.erroneous)
        is_labelled = correct is not None or bool(wrong)
        return SegmentOffer(whole, correct, wrong, "" if is_labelled else UNLABELLED)

    def _parts(self, x: int, y: int) -> SegmentParts | None:
        """Return the parts of the segment at a pixel; None where they cannot be told."""
        session = self._session
        loaded, prediction, network = session.loaded, session.prediction, session.network
        if loaded is None or loaded.label is None or prediction is None or network is None:
            return None
        class_map = prediction.class_map
        segment = segment_at(class_map, x, y)
        return segment_parts(segment, class_map, loaded.label, len(network.classes))

    def _take_correct(self, parts: SegmentParts) -> None:
        if parts.correct is None:
            self._tell(NOTHING_CORRECT if parts.erroneous else UNLABELLED)
        else:
            self._take(parts, parts.predicted)

    def _take(self, parts: SegmentParts, true_class: int) -> None:
        """Make one part the region, and ask for the class that the network predicts there."""
        session = self._session
        region, item = session.region, session.item
        if region is None or item is None:
            return
        is_correct = true_class == parts.predicted
        origin: RegionOrigin = "correct part" if is_correct else "erroneous part"
        text = "Pick correct part" if is_correct else "Pick wrong part"
        with session.undo_stack.together(text):
            region.replace_with(parts.region(true_class), origin, text)
            if item.class_index is not None:
                # A part is one of what was predicted, and the question is why that was said here.
                session.set_class(None)
                self._tell("The class to explain follows the prediction again.")

    @property
    def _picked(self) -> tuple[int, int] | None:
        """A pixel (x, y) of the segment that the region is, or is a part of."""
        region = self._session.region
        if region is None or region.origin not in PICKED or region.is_empty:
            return None
        y, x = divmod(int(region.mask.argmax()), region.mask.shape[1])
        return x, y

    def _whole_again(self) -> None:
        if (place := self._picked) is not None:
            self.pick(*place, "replace")

    def _pick_correct(self) -> None:
        place = self._picked
        parts = None if place is None else self._parts(*place)
        if parts is not None:
            self._take_correct(parts)

    def _pick_next_wrong(self) -> None:
        """Take the largest wrong part, or where that is the region already, the next one."""
        place = self._picked
        parts = None if place is None else self._parts(*place)
        if parts is None:
            return
        classes = [part.true_class for part in parts.erroneous]
        if not classes:
            self._tell(UNLABELLED if parts.correct is None else NOTHING_WRONG)
            return
        now = self._session.true_class
        following = classes.index(now) + 1 if now in classes else 0
        self._take(parts, classes[following % len(classes)])

    def _refresh(self) -> None:
        session = self._session
        nothing = NO_PREDICTION if session.prediction is None else ""
        not_picked = "" if self._picked is not None else NOT_PICKED
        no_part = session.why_not_compared or not_picked
        for name, reason in zip(ACTIONS, (nothing or not_picked, no_part, no_part), strict=True):
            allow(self._window.action(name), reason)
        allow(self._window.action("compare_parts"), no_part)

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, 8000)
