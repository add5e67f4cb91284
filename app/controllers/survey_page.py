"""The page *Survey*: kept true to what is in the survey's folder, its cells made links."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QFileDialog

from app.actions import allow
from app.actions.reasons import NO_SURVEY
from app.controllers.dialogs import show_error
from app.main_window import MainWindow
from app.models.picture import to_thumbnail
from app.models.session import Session
from app.models.survey import SurveyState
from app.settings import AppSettings
from app.views.survey_behind import PICTURE
from app.workers.survey_read import (
    SurveyFound,
    read_behind,
    read_difference,
    read_picture,
    read_survey,
)
from app.workers.tasks import Tasks
from gridsal_core.arrays import ByteArray
from gridsal_core.survey.behind import Behind, CellPlace
from gridsal_core.survey.difference import DifferenceTable

TOLD_MS: Final = 10_000
# Between two readings while the survey is under way; a long one is not made all the time.
LEAST_SECONDS: Final = 2.0
READING_SHARE: Final = 0.1
ABOUT: Final = (
    "A survey explains every large segment of the folder, right and wrong ones, and sums up of "
    "which classes the context is that the network looks at: the paper's figure 6 and table 1. It "
    "runs in the background; each cell then opens the explanations behind it."
)


class SurveyPageController(QObject):
    """Reads the survey in a thread, again while it grows, and answers clicks."""

    explanation_chosen = Signal(object, str)
    """A SurveyFound, and the identity of one of its explanations that is to be opened."""

    def __init__(
        self, window: MainWindow, session: Session, state: SurveyState, settings: AppSettings
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._settings, self._page = settings, window.survey
        self._tasks = Tasks(self)
        self._found: SurveyFound | None = None
        self._difference: tuple[DifferenceTable, ...] = ()
        self._other: Path | None = None
        self._cell: CellPlace | None = None
        self._read_items = -1
        self._pause = LEAST_SECONDS
        self._is_reading = False
        self._offers: list[QAction] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.read)
        page = self._page
        page.shown.connect(self._show)
        page.cell_chosen.connect(self.choose)
        page.explanation_chosen.connect(self._open)
        page.behind.model.picture_wanted.connect(self._fetch_picture)
        state.folder_changed.connect(self._on_folder)
        state.changed.connect(self._on_news)
        for signal in (session.network_changed, session.images_changed):
            signal.connect(self._show)
        window.action("show_survey").triggered.connect(self._turn_to)
        window.action("open_survey").triggered.connect(self.ask_open)
        window.action("survey_compare").triggered.connect(self.ask_compare)
        window.closing.connect(self._close)
        self._show()

    @property
    def found(self) -> SurveyFound | None:
        """What was read of the survey."""
        return self._found

    @property
    def other(self) -> Path | None:
        """The folder of the survey that it is compared with."""
        return self._other

    def ask_open(self) -> None:
        """Let the user choose the folder of a survey."""
        folder = self._ask_folder("Open survey")
        if folder is not None:
            self.open(folder)

    def open(self, folder: Path) -> None:
        """Show a survey that was made before."""
        if self._state.is_active:
            if folder != self._state.folder:
                self._tell("A survey is under way; stop it before you open another.")
            self._turn_to()
            return
        self._window.status.showMessage(f"Reading {folder.name}…")

        def take(found: SurveyFound) -> None:
            self._window.status.clearMessage()
            self._settings.remember_survey(folder)
            self._state.show(folder)
            self._take(found)
            self._turn_to()

        def fail(sentence: str) -> None:
            self._window.status.clearMessage()
            show_error(self._window, sentence)

        self._tasks.submit(lambda: read_survey(folder), take, fail)

    def read(self) -> None:
        """Read the survey that is shown once more."""
        folder = self._state.folder
        if self._is_reading or folder is None:
            return
        news = self._state.news
        if news is None and self._state.is_active:
            return  # its folder may not be there yet
        self._is_reading, began = True, monotonic()
        items = -1 if news is None else news.items

        def done() -> bool:
            self._is_reading = False
            took = monotonic() - began
            self._pause = max(LEAST_SECONDS, took / READING_SHARE)
            return self._state.folder == folder

        def take(found: SurveyFound) -> None:
            if done():
                self._read_items = items
                self._take(found)
                self._on_news()
            else:
                self.read()

        def fail(sentence: str) -> None:
            if done():
                self._tell(sentence)

        self._tasks.submit(lambda: read_survey(folder), take, fail)

    def choose(self, cell: CellPlace) -> None:
        """List the explanations behind a cell."""
        self._cell = cell
        self._list_behind()

    def ask_compare(self) -> None:
        """Let the user choose the survey of another network."""
        other = self._ask_folder("Survey to compare with")
        if other is not None:
            self.compare(other)

    def compare(self, other: Path) -> None:
        """Hold the survey that is shown against another one."""
        folder = self._state.folder
        if folder is None:
            return

        def take(tables: tuple[DifferenceTable, ...]) -> None:
            if self._state.folder == folder:
                self._difference, self._other = tables, other
                self._show()
                self._page.show_difference()

        self._tasks.submit(
            lambda: read_difference(folder, other),
            take,
            lambda sentence: show_error(self._window, sentence),
        )

    def _ask_folder(self, title: str) -> Path | None:
        recent = self._settings.recent_surveys
        start = str(recent[0].parent) if recent else ""
        chosen = QFileDialog.getExistingDirectory(self._window, title, start)
        return Path(chosen).absolute() if chosen else None

    def _turn_to(self) -> None:
        self._window.workspace.show_page(self._page)
        if self._found is not None:
            self._page.heat.setFocus()

    def _on_folder(self) -> None:
        self._found, self._difference, self._other = None, (), None
        self._cell = None
        self._read_items = -1
        self._page.show_behind("", ())
        self._show()

    def _on_news(self) -> None:
        """Read again, in a while, what has grown."""
        news = self._state.news
        if news is None or news.items == self._read_items or self._is_reading:
            return
        if self._found is None or not self._state.is_active:
            self._timer.start(0)
        elif not self._timer.isActive():
            self._timer.start(int(1000 * self._pause))

    def _take(self, found: SurveyFound) -> None:
        self._found = found
        self._show()
        if self._cell is not None:
            self._list_behind()

    def _show(self) -> None:
        found, page = self._found, self._page
        nothing = "" if found is not None else NO_SURVEY
        for name in ("survey_compare", "survey_report", "survey_export"):
            allow(self._window.action(name), nothing)
        if not page.isVisible():
            return  # it is brought up to date when it is shown
        if found is None or not found.tables:
            page.show_empty(*self._why_empty())
            return
        page.show_survey(
            _title(found), found.tables, found.by_excess, found.by_flips, self._difference
        )

    def _why_empty(self) -> tuple[str, str, tuple[QAction, ...]]:
        """Return what is said, and the actions that help."""
        action, session = self._window.action, self._session
        if self._state.is_active or self._is_reading:
            return (
                "The survey has begun",
                "Its first results show here as soon as they are there.",
                (),
            )
        if self._found is not None:
            text = "No region was large enough to be explained. Survey again with smaller regions."
            return "Nothing was explained", text, (action("survey"), action("open_survey"))
        if session.network is None:
            title, names = "Open a network and images, or a survey", ["open_model", "open_folder"]
        elif not session.images:
            title, names = "Open a folder of images, or a survey", ["open_folder"]
        else:
            title, names = "What does the network look at?", ["survey"]
        return title, ABOUT, (*map(action, (*names, "open_survey")), *self._recent())

    def _recent(self) -> list[QAction]:
        """Offer the survey that was shown last."""
        recent = self._settings.recent_surveys
        if not recent:
            return []
        again = QAction(f"Open {recent[0].name}", self)
        again.setToolTip(f"Show this survey again, and go on with it: {recent[0]}")
        again.triggered.connect(lambda: self.open(recent[0]))
        return [again]

    def _list_behind(self) -> None:
        cell, found = self._cell, self._found
        if cell is None or found is None:
            return
        folder = found.folder

        def take(entries: tuple[Behind, ...]) -> None:
            if self._cell == cell and self._state.folder == folder:
                self._page.show_behind(_behind_title(found, cell, len(entries)), entries)

        self._tasks.submit(lambda: read_behind(folder, cell), take, self._tell)

    def _fetch_picture(self, identity: str) -> None:
        found = self._found
        if found is None:
            return
        folder, images = found.folder, found.images

        def take(picture: ByteArray | None) -> None:
            if picture is not None and self._state.folder == folder:
                self._page.behind.model.set_picture(identity, self._small(picture))

        self._tasks.submit(
            lambda: read_picture(folder, images, identity), take, lambda _sentence: None
        )

    def _small(self, picture: ByteArray) -> QPixmap:
        return to_thumbnail(picture, PICTURE, self._window.devicePixelRatioF())

    def _open(self, identity: str) -> None:
        if self._found is not None:
            self.explanation_chosen.emit(self._found, identity)

    def _close(self) -> None:
        self._timer.stop()
        self._tasks.wait()

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, TOLD_MS)


def _title(found: SurveyFound) -> str:
    images = "1 image" if found.image_count == 1 else f"{found.image_count:,} images"
    parts = [found.survey.network, images, f"{found.item_count:,} requests"]
    if found.left_out:
        parts.append(f"{len(found.left_out):,} images left out")
    if found.survey.source == "prediction":
        parts.append("context by predicted class")
    return " · ".join(parts)


def _behind_title(found: SurveyFound, cell: CellPlace, count: int) -> str:
    classes = found.survey.classes
    name = classes[cell.class_index].name
    if cell.true_class is not None:
        name = f"{classes[cell.true_class].name} as {name}"
    order = "those that flip most first" if cell.by_flips else "strongest first"
    return f"{name} ← {classes[cell.context].name}: {count:,}, {order}"
