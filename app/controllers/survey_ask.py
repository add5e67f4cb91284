"""The dialog *Survey the folder*: what it is asked about, and what becomes of its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from app.actions import allow
from app.actions.reasons import NO_FOLDER, NO_NETWORK
from app.controllers.panel_settings import committed_settings
from app.main_window import MainWindow
from app.models.session import Session
from app.models.settings_words import settings_in_short
from app.models.survey import SurveyState
from app.settings import AppSettings
from app.views.survey_dialog import SurveyChoice, SurveyDialog, SurveyFacts
from app.workers.survey_jobs import SurveyAsked
from app.workers.survey_read import count_requests
from app.workers.tasks import Tasks
from gridsal_core.datasets.label_files import find_label
from gridsal_core.errors import GridSalError
from gridsal_core.settings import Settings, suggest_settings
from gridsal_core.statistics import baseline_width
from gridsal_core.survey.definition import Means, Survey
from gridsal_core.survey.kinds import least_pixels
from gridsal_core.survey.ledger import LEDGER_NAME, is_inside
from gridsal_core.types import NetworkInfo

TOLD_MS: Final = 10_000
UNDER_WAY: Final = "A survey is under way; stop it before you begin another."
MOST_LETTERS: Final = 24
NO_PREDICTION: Final = "Open an image to see about how many requests there will be."


@dataclass(frozen=True)
class Subject:
    """What is surveyed: the network, the images, the panel's settings, the size of an image."""

    network: NetworkInfo
    images: Path
    settings: Settings
    size: tuple[int, int]
    labels: str | None

    @property
    def given(self) -> dict[str, Any]:
        """The settings that are not those suggested for the image's size."""
        suggested = suggest_settings(*self.size, self.network.explain)
        names = Settings.__dataclass_fields__
        mine = {name: getattr(self.settings, name) for name in names}
        return {k: v for k, v in mine.items() if v != getattr(suggested, k)}

    def survey(self, choice: SurveyChoice) -> Survey:
        """Return its definition, for checks and estimates.

        Raises
        ------
        RequestError, SettingsError
            If the parts do not fit each other.
        """
        return Survey(
            self.network.name,
            self.network.sha256,
            json.dumps({"explain": self.network.explain}),
            self.network.classes,
            choice.kinds,
            Means(1, 1, 1),
            choice.classes,
            choice.min_pixels,
            source="labels" if choice.uses_labels else "prediction",
            width=choice.width,
            flips=choice.flips,
        )


class SurveyAskController(QObject):
    """Asks for a survey, says what stands in the way, and hands it on.

    Parameters
    ----------
    window, session, state, tasks, settings
        What is around it.
    begin
        Begins a survey.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        state: SurveyState,
        tasks: Tasks,
        settings: AppSettings,
        begin: Callable[[SurveyAsked], None],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._state = window, session, state
        self._tasks, self._settings, self._begin = tasks, settings, begin
        window.action("survey").triggered.connect(self.ask)
        for signal in (session.network_changed, session.images_changed, state.changed):
            signal.connect(self._refresh)
        self._refresh()

    def ask(self) -> None:
        """Open the dialog."""
        subject = self._subject()
        if subject is None:
            return
        facts = SurveyFacts(
            subject.network.classes,
            subject.labels is not None,
            least_pixels("predicted", subject.size),
            least_pixels("correct", subject.size),
            baseline_width(subject.size, subject.settings.mask_size),
            _settings_told(subject),
            len(self._session.images),
        )
        dialog = SurveyDialog(facts, _proposed(subject), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        check = _Check(dialog, subject, self._session, self._tasks)
        dialog.changed.connect(check.look)
        dialog.browse_clicked.connect(lambda: self._browse(dialog))
        dialog.start_clicked.connect(lambda choice: self._on_start(subject, choice))
        check.look()
        dialog.open()

    def _subject(self) -> Subject | None:
        session = self._session
        settings = committed_settings(self._window.settings, self._tell)
        network, folder = session.network, session.folder
        if settings is None or network is None or folder is None or not session.images:
            return None
        loaded = session.loaded
        size = (64, 64) if loaded is None else loaded.frame.size
        pattern = self._settings.label_pattern
        image = session.current or session.images[0]
        try:
            found = find_label(image, pattern, len(network.classes))
        except (GridSalError, OSError):
            found = None
        return Subject(network, folder, settings, size, None if found is None else pattern)

    def _on_start(self, subject: Subject, choice: SurveyChoice) -> None:
        self._begin(
            SurveyAsked(
                subject.images,
                subject.labels if choice.uses_labels else None,
                Path(choice.folder).expanduser().absolute(),
                choice.kinds,
                choice.classes,
                choice.min_pixels,
                choice.width,
                choice.flips,
                subject.given,
            )
        )
        self._window.workspace.show_page(self._window.survey)

    def _browse(self, dialog: SurveyDialog) -> None:
        start = Path(dialog.choice.folder or ".").parent
        chosen = QFileDialog.getExistingDirectory(dialog, "Folder of the survey", str(start))
        if chosen:
            dialog.folder.setText(chosen)

    def _refresh(self) -> None:
        session = self._session
        nothing = NO_NETWORK if session.network is None else ""
        nothing = nothing or ("" if session.images and session.folder else NO_FOLDER)
        allow(
            self._window.action("survey"), nothing or (UNDER_WAY if self._state.is_active else "")
        )

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, TOLD_MS)


class _Check(QObject):
    """Keeps what the dialog says true to what is chosen there."""

    def __init__(
        self, dialog: SurveyDialog, subject: Subject, session: Session, tasks: Tasks
    ) -> None:
        super().__init__(dialog)
        self._dialog, self._subject, self._tasks = dialog, subject, tasks
        prediction, loaded = session.prediction, session.loaded
        self._class_map = None if prediction is None else prediction.class_map
        self._label = None if loaded is None else loaded.label
        self._images = len(session.images)
        self._asked = 0
        dialog.finished.connect(self._forget)

    def look(self) -> None:
        """Look at what is chosen now."""
        self._asked += 1
        choice = self._dialog.choice
        try:
            survey = self._subject.survey(choice)
        except GridSalError as error:
            self._dialog.set_told(str(error), can_start=False)
            self._dialog.set_estimate("")
            return
        if not self._dialog.classes.checked:
            self._dialog.set_told("Check at least one class.", can_start=False)
            self._dialog.set_estimate("")
            return
        told, can_start, button = folder_told(choice.folder, self._subject.images)
        self._dialog.set_told(told, can_start=can_start, button=button)
        self._estimate(survey)

    def _estimate(self, survey: Survey) -> None:
        class_map, label, number = self._class_map, self._label, self._asked
        if class_map is None:
            self._dialog.set_estimate(NO_PREDICTION)
            return

        def take(count: int) -> None:
            if number == self._asked:
                self._dialog.set_estimate(_estimate_told(count, self._images))

        self._tasks.submit(
            lambda: count_requests(survey, class_map, label), take, self._dialog.set_estimate
        )

    def _forget(self) -> None:
        self._asked += 1


def folder_told(text: str, images: Path) -> tuple[str, bool, str]:
    """Say what is to be known of a folder for a survey, whether it can begin, and on what button.

    Parameters
    ----------
    text
        The folder as it is typed.
    images
        Where the images are.
    """
    start = "Start"
    if not text:
        return "Name a folder for the survey.", False, start
    folder = Path(text).expanduser().absolute()
    if is_inside(folder, images):
        return (
            "Choose a folder outside that of the images, or its figures are surveyed.",
            False,
            start,
        )
    try:
        if (folder / LEDGER_NAME).is_file():
            return "The folder holds a survey; if it asks the same, it goes on.", True, "Go on"
        if folder.is_dir() and any(folder.iterdir()):
            return "The folder holds something else; choose a new or an empty one.", False, start
        if folder.exists() and not folder.is_dir():
            return "That is a file; choose a folder.", False, start
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"The folder cannot be looked at ({reason}); choose another.", False, start
    return "", True, start


def _proposed(subject: Subject) -> Path:
    network = re.sub(r"[^\w.-]+", "_", subject.network.name)[:MOST_LETTERS].strip("_.")
    return subject.images.parent / f"{subject.images.name}_survey_{network}"


def _settings_told(subject: Subject) -> str:
    short = settings_in_short(subject.settings)
    if not subject.given:
        return (
            f"The settings of the panel Explain, as suggested for each image's size; here {short}."
        )
    names = ", ".join(name.replace("_", " ") for name in subject.given)
    return (
        f"The settings of the panel Explain: {short}. What differs from the suggested ones is the "
        f"same on every image: {names}."
    )


def _estimate_told(count: int, images: int) -> str:
    here = "1 request" if count == 1 else f"{count:,} requests"
    if images == 1:
        return f"{here} on this image."
    return (
        f"{here} on this image; about {count * images:,} if the other {images - 1:,} are like it."
    )
