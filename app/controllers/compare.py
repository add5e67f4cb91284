"""The page that compares kept results: what its panels show, and of what they are made."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QRectF, QTimer

from app.main_window import MainWindow
from app.models.class_rows import class_rows
from app.models.compare_panels import ComparePanels
from app.models.map_picture import DifferencePicture, MapPicture
from app.models.session import Session
from app.models.told_apart import choice, in_common, told_apart
from app.settings import AppSettings
from app.views.class_bars import percent
from app.views.compare_panel import PanelContent
from app.workers.compare import Compared, compared, difference
from app.workers.tasks import Tasks
from gridsal_core.reading import read_explanation
from gridsal_core.session.kept import KeptResult

BY_LABELS: Final = "Context by true class"
BY_PREDICTION: Final = "Context by predicted class, no labels"
SCORES_TIP: Final = (
    "Mean score of the class over the region, 0 to 1: on the image, on the object alone, and on "
    "what the map keeps"
)
NO_CONTEXT: Final = "The map shows no context"
TWO_NEEDED: Final = "Two maps of one image are needed: choose a result in panel A and another one."
OTHER_IMAGE: Final = "No panel shows another map of the image in panel A."
WORTH_TELLING: Final = 0.01


class CompareController(QObject):
    """Keeps the page true to the panels that were chosen."""

    def __init__(
        self, window: MainWindow, session: Session, tasks: Tasks, settings: AppSettings
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._tasks, self._settings = tasks, settings
        self._page = window.compare
        self.panels = ComparePanels(self)
        self._known: dict[str, Compared] = {}
        self._asked: set[str] = set()
        # Counts the views of differences that were asked for: answers to older ones are stale.
        self._difference_asked = 0
        self._teller = QTimer(self)
        self._teller.setSingleShot(True)
        self._teller.timeout.connect(self._offer_results)
        self._connect()
        self._offer_results()
        self._show()

    def show(self, identities: Sequence[str]) -> None:
        """Compare these results, and bring the page to the front."""
        self.panels.show(identities)
        self._window.workspace.show_page(self._page)

    def _connect(self) -> None:
        page, results, panels = self._page, self._session.results, self.panels
        panels.changed.connect(self._show)
        page.chosen.connect(panels.put)
        page.dropped.connect(self._on_dropped)
        page.swap_wanted.connect(panels.swap)
        page.closed.connect(panels.close)
        page.add_wanted.connect(panels.add)
        page.difference_toggled.connect(self._show_difference)
        for signal in (results.added, results.changed):
            signal.connect(self._teller.start)
        results.removed.connect(self._on_removed)
        results.was_reset.connect(self._on_reset)

    def relabel(self) -> None:
        """Count the classes anew: label maps are found elsewhere now."""
        self._known.clear()
        self._asked.clear()
        self._show()

    def _on_dropped(self, index: int, identities: Sequence[str]) -> None:
        known = [kept.identity for kept in self._session.results.found(identities)]
        for place, identity in enumerate(known):
            if place == 0:
                self.panels.put(index, identity)
            else:
                self.panels.include(identity)

    def _on_removed(self, result: KeptResult) -> None:
        self.panels.forget(result.identity)
        self._teller.start()

    def _on_reset(self) -> None:
        self.panels.clear()
        self._teller.start()

    def _offer_results(self) -> None:
        results = self._session.results.results
        choices = [choice(number, each) for number, each in enumerate(results, 1)]
        self._page.set_choices(choices[::-1])
        self._show()

    def _show(self) -> None:
        """Bring the page up to date; what is not known yet is fetched."""
        identities = self.panels.panels
        if len(identities) != len(self._page.shown):
            self._page.set_count(len(identities))
        self._known = {each: self._known[each] for each in identities if each in self._known}
        for panel, identity in zip(self._page.shown, identities, strict=True):
            panel.set_chosen(identity)
            if identity is None:
                panel.set_content(None)
            elif identity not in self._known:
                panel.set_content(None)
                panel.say("Reading the result…", "")
                self._fetch(identity)
        for panel in self._page.panels[len(identities) :]:
            panel.set_content(None)
        self._show_known()

    def _fetch(self, identity: str) -> None:
        if identity in self._asked:
            return
        self._asked.add(identity)
        pattern = self._settings.label_pattern
        self._session.results.fetch(
            identity,
            lambda found: self._tasks.submit(
                lambda: compared(found, pattern),
                partial(self._on_compared, identity),
                partial(self._on_failed, identity),
            ),
            partial(self._on_failed, identity),
        )

    def _on_compared(self, identity: str, found: Compared) -> None:
        self._asked.discard(identity)
        if identity in self.panels.panels:
            self._known[identity] = found
            self._show_known()

    def _on_failed(self, identity: str, sentence: str) -> None:
        self._asked.discard(identity)
        for panel, shown in zip(self._page.shown, self.panels.panels, strict=True):
            if shown == identity:
                panel.say("This result cannot be shown", sentence)

    def _show_known(self) -> None:
        found = [None if each is None else self._known.get(each) for each in self.panels.panels]
        differs = self._differs()
        for index, one in enumerate(found):
            differs[index] += "" if one is None else _truth(one)
        entries = [None if f is None else (f.votes, f.explanation.classes) for f in found]
        rows = class_rows(entries)
        for index, (panel, one) in enumerate(zip(self._page.shown, found, strict=True)):
            if one is None:
                continue
            if panel.view.picture is not one.picture:
                panel.set_content(_content(one, differs[index]))
            panel.set_differs(differs[index])
            panel.set_rows(rows, index)
        self._set_references([None if f is None else f.picture for f in found])
        self._page.link.join()
        self._show_difference()

    def _differs(self) -> list[str]:
        """Say what the panels have in common, and return what tells each from the others."""
        results = [
            None if each is None else self._session.results.get(each) for each in self.panels.panels
        ]
        there = [each for each in results if each is not None]
        told = iter(told_apart(there))
        self._page.set_common(in_common(there))
        return ["" if each is None else next(told) for each in results]

    def _set_references(self, pictures: Sequence[MapPicture | None]) -> None:
        """Let windows of one image lie at their places in it, so that linked views agree."""
        for panel, picture in zip(self._page.shown, pictures, strict=True):
            if picture is not None:
                rect = QRectF(picture.rect)
                for other in pictures:
                    if other is not None and _is_one_image(picture, other):
                        rect = rect.united(other.rect)
                panel.view.set_reference(rect)

    def _show_difference(self) -> None:
        self._difference_asked += 1
        number = self._difference_asked
        found = [None if each is None else self._known.get(each) for each in self.panels.panels]
        first = found[0]
        comparable = [
            i
            for i, other in enumerate(found)
            if i > 0 and first and other and _is_one_image(first.picture, other.picture)
        ]
        reason = "" if comparable else (OTHER_IMAGE if all(found) else TWO_NEEDED)
        self._page.set_difference_possible(reason)
        if first is None or not comparable or not self._page.difference.isChecked():
            self._page.set_differences([None] * len(found))
            self._page.set_message("")
            return
        others = [None if i not in comparable else found[i] for i in range(len(found))]
        self._tasks.submit(
            lambda: [
                None if o is None else difference(first.explanation, o.explanation) for o in others
            ],
            lambda answer: self._on_difference(number, answer),
            self._page.set_message,
        )

    def _on_difference(self, number: int, answer: Sequence[DifferencePicture | None]) -> None:
        if number != self._difference_asked:
            return
        self._page.set_differences(answer)
        names = self._page.shown
        told = [
            f"{panel.badge.text()} {each.mean_size:.3f}"
            for panel, each in zip(names, answer, strict=True)
            if each is not None
        ]
        self._page.set_message(f"mean size {', '.join(told)}")


def _content(found: Compared, differs: str) -> PanelContent:
    explanation, votes = found.explanation, found.votes
    reading = read_explanation(explanation)
    source = BY_LABELS if votes.source == "labels" else BY_PREDICTION
    if votes.shares is None:
        source = NO_CONTEXT
    elif votes.unlabelled_share >= WORTH_TELLING:
        source += f" · {percent(votes.unlabelled_share)} unlabelled"
    if found.label_note:
        source += f" · {found.label_note}"
    tip = f"{SCORES_TIP}\n{reading.headline} {reading.detail}"
    return PanelContent(found.picture, differs, _scores(found), tip, source)


def _truth(found: Compared) -> str:
    """Say what a wrong part truly is."""
    request, classes = found.explanation.request, found.explanation.classes
    if request.origin != "erroneous part" or request.true_class is None:
        return ""
    return f" · truly {classes[request.true_class].name}"


def _scores(found: Compared) -> str:
    scores, settings = found.explanation.scores, found.explanation.settings
    if settings.is_gradient:
        return f"image {scores.image:.2f}"
    return (
        f"image {scores.image:.2f} · alone {scores.object_alone:.2f} · map {scores.perturbed:.2f}"
    )


def _is_one_image(one: MapPicture, other: MapPicture) -> bool:
    """Whether two maps are of one image; without a file nobody knows."""
    same_file = one.image_path is not None and one.image_path == other.image_path
    return one is other or (
        same_file and one.page == other.page and one.frame.full == other.frame.full
    )
