"""What if: the context is changed in the engine, and the answer shown before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from app.actions import allow
from app.actions.reasons import NO_RESULT
from app.controllers.dialogs import ask_file, show_error
from app.controllers.export import FIGURES
from app.main_window import MainWindow
from app.models.map_picture import MapPicture, segmented_picture
from app.models.session import Session
from app.settings import AppSettings
from app.views.what_if_dialog import KINDS, WhatIfDialog
from app.workers.engine_client import EngineClient
from app.workers.jobs import Job, OnDone, OnFailed
from app.workers.jobs_what_if import AskWhatIf, SaveWhatIf
from app.workers.tasks import Tasks
from gridsal_core.arrays import BoolArray
from gridsal_core.types import Explanation
from gridsal_core.whatif import WhatIf, WhatIfKind, told

ACTIONS: Final[dict[str, WhatIfKind]] = {
    "what_if_remove": "remove",
    "what_if_keep": "keep",
    "what_if_painted": "painted",
}
ELSEWHERE: Final = (
    "Another image than the explained one is shown; go back to it and paint what is to be removed."
)
SAID_MS: Final = 10_000

Pictures = tuple[MapPicture, MapPicture]


@dataclass(eq=False)
class _Talk:
    """One explanation that is questioned, and the dialog it is done in, once there is an answer."""

    explanation: Explanation
    dialog: WhatIfDialog | None = None
    answer: WhatIf | None = None
    asked: int = 0


class WhatIfController(QObject):
    """Asks the engine, shows its answers, and has their figures written."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        engine: EngineClient,
        tasks: Tasks,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._engine = window, session, engine
        self._tasks, self._settings = tasks, settings
        self._owed: set[int] = set()
        self._talks: list[_Talk] = []
        menu = QMenu(window.result.what_if)
        for name, kind in ACTIONS.items():
            action = window.action(name)
            action.triggered.connect(lambda _on=False, k=kind: self.ask(k))
            menu.addAction(action)
        window.result.what_if.setMenu(menu)
        window.closing.connect(self._drop)
        session.result_changed.connect(self._refresh)
        session.image_loaded.connect(self._refresh)
        session.current_changed.connect(self._refresh)
        session.network_changed.connect(self._refresh)
        self._refresh()

    @property
    def is_pending(self) -> bool:
        """Whether the engine still owes an answer or a file."""
        return bool(self._owed)

    def ask(self, kind: WhatIfKind) -> None:
        """Change the context of the current result, in the dialog that questions it, if any."""
        result = self._session.result
        if result is None:
            return
        talk = next((each for each in self._talks if each.explanation is result), None)
        if talk is None:
            talk = _Talk(result)
            self._talks.append(talk)
        if talk.dialog is not None:
            talk.dialog.set_kind(kind)
            talk.dialog.raise_()
        self._ask(talk, kind, None if talk.dialog is None else talk.dialog.cut)

    def _ask(self, talk: _Talk, kind: WhatIfKind, threshold: float | None) -> None:
        painted: BoolArray | None = None
        if kind == "painted":
            loaded, region = self._session.loaded, self._session.region
            request = talk.explanation.request
            is_here = loaded is not None and (
                (loaded.path, loaded.page) == (request.image_path, request.page)
            )
            if not is_here or region is None:
                self._refuse(talk, ELSEWHERE, "")
                return
            painted = region.mask.copy()
        talk.asked += 1
        number = talk.asked
        if talk.dialog is None:
            self._window.status.showMessage(f"{KINDS[kind][0]}: the network predicts again…")
        else:
            talk.dialog.set_waiting()
        self._submit(
            AskWhatIf(talk.explanation, kind, painted, threshold),
            lambda answer: self._on_answered(talk, number, answer),
            lambda sentence, trace: self._on_failed(talk, number, sentence, trace),
        )

    def _submit(self, job: Job[Any], on_done: OnDone, on_failed: OnFailed) -> None:
        """Have a job run, and know until its end that it is owed."""
        ticket = 0

        def done(answer: object) -> None:
            self._owed.discard(ticket)
            on_done(answer)

        def failed(sentence: str, trace: str) -> None:
            self._owed.discard(ticket)
            on_failed(sentence, trace)

        ticket = self._engine.submit(job, done, failed)
        self._owed.add(ticket)

    def _drop(self) -> None:
        """Wait for nothing any more: the window goes."""
        for ticket in self._owed:
            self._engine.drop(ticket)

    def _on_answered(self, talk: _Talk, number: int, answer: WhatIf) -> None:
        if number != talk.asked:
            return
        # What came back holds a copy of the explanation.
        answer = replace(answer, explanation=talk.explanation)
        self._tasks.submit(
            lambda: _pictures(answer),
            lambda pictures: self._show(talk, number, answer, pictures),
            lambda sentence: self._refuse(talk, sentence, ""),
        )

    def _show(self, talk: _Talk, number: int, answer: WhatIf, pictures: Pictures) -> None:
        if number != talk.asked:
            return
        self._window.status.clearMessage()
        talk.answer = answer
        dialog = talk.dialog or self._open(talk, answer.kind)
        scores = answer.score_before, answer.score_after
        dialog.set_answer(told(answer), *pictures, scores, answer.flips_by_class)

    def _open(self, talk: _Talk, kind: WhatIfKind) -> WhatIfDialog:
        explanation = talk.explanation
        image = explanation.request.image_path
        place = "" if image is None else f" in {image.name}"
        title = f"What if the context of {explanation.class_name}{place} were not there?"
        dialog = talk.dialog = WhatIfDialog(title, explanation.classes, self._window)
        dialog.set_kind(kind)
        dialog.asked.connect(lambda kind, threshold: self._ask(talk, kind, threshold))
        dialog.save_clicked.connect(lambda: self._save(talk))
        dialog.finished.connect(lambda: self._close(talk))
        dialog.show()
        return dialog

    def _close(self, talk: _Talk) -> None:
        talk.asked += 1  # what is still to come is stale
        talk.dialog = None
        self._talks.remove(talk)

    def _save(self, talk: _Talk) -> None:
        answer, dialog = talk.answer, talk.dialog
        if answer is None or dialog is None:
            return
        image = answer.explanation.request.image_path
        stem = "image" if image is None else image.stem
        name = f"{stem}_{answer.explanation.class_name}_{answer.kind}"
        path = ask_file(dialog, self._settings, "Save figure", name, FIGURES)
        if path is None:
            return
        self._submit(
            SaveWhatIf(answer, path),
            lambda _path: self._window.status.showMessage(f"Saved {path}", SAID_MS),
            lambda sentence, trace: show_error(self._window, sentence, trace),
        )

    def _on_failed(self, talk: _Talk, number: int, sentence: str, trace: str) -> None:
        if number == talk.asked:
            self._refuse(talk, sentence, trace)

    def _refuse(self, talk: _Talk, sentence: str, trace: str) -> None:
        self._window.status.clearMessage()
        if talk.dialog is not None and not trace:
            talk.dialog.set_refused(sentence)
        else:
            show_error(self._window, sentence, trace)
        if talk.dialog is None and talk in self._talks:
            self._talks.remove(talk)

    def _refresh(self) -> None:
        reason = NO_RESULT if self._session.result is None else ""
        for name in ACTIONS:
            allow(self._window.action(name), reason)


def _pictures(answer: WhatIf) -> Pictures:
    """Return before and after, the flipped pixels marked; called in a thread."""
    explanation = answer.explanation
    image = explanation.request.image
    before = segmented_picture(
        explanation, image, explanation.prediction, saliency=explanation.saliency
    )
    after = segmented_picture(explanation, answer.image, answer.prediction, marked=answer.flipped)
    return before, after
