"""The session as a file: new, open, save, autosave, and the question before something is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.controllers.compare import CompareController
from app.controllers.dialogs import ask_file, show_error
from app.controllers.file_guard import FileGuard
from app.controllers.files import FilesController
from app.controllers.labels import LabelsController
from app.controllers.moved import MovedController
from app.controllers.networks import NetworkController
from app.controllers.places import PlacesController
from app.controllers.queue import QueueController
from app.controllers.session_network import SessionNetwork
from app.controllers.session_state import SessionRecorder
from app.main_window import MainWindow
from app.models.queued import queued_requests
from app.models.run_request import RunRequest
from app.models.session import Session
from app.models.undo import Step
from app.settings import AppSettings
from app.workers.tasks import Tasks
from gridsal_core.session.archive import read_session
from gridsal_core.session.document import SessionDocument
from gridsal_core.session.unfinished import Unfinished

KINDS: Final = "GridSal session (*.gridsal)"
AUTOSAVED_AFTER_MS: Final = 300
TRIED_AGAIN_AFTER_MS: Final = 10_000
NOTE_MS: Final = 8_000

Requests = list[tuple[RunRequest, str]]


class SessionsController(QObject):
    """Owns the file of the session, and what is written of it on every change."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        networks: NetworkController,
        files: FilesController,
        labels: LabelsController,
        places: PlacesController,
        queue: QueueController,
        compare: CompareController,
        tasks: Tasks,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._settings = window, session, settings
        self._labels, self._places = labels, places
        self._tasks = tasks
        self.recorder = SessionRecorder(window, session, networks, queue, compare, settings)
        self._moved = MovedController(window, tasks)
        self._guard = FileGuard(window)
        self._file: Path | None = None
        self._changes = 0
        self._saved_changes = 0
        self._network = SessionNetwork(window, session, networks)
        self._question: QMessageBox | None = None
        self._is_writing = self._is_written_again = False
        self._has_warned = self._may_close = self._is_kept = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._autosave)
        window.may_close = self._ask_to_close
        window.closing.connect(self._end)
        self._connect_actions(files)
        self._watch()
        self._watch_beside(queue, compare)
        self._fill_recent()
        self._show()

    @property
    def file(self) -> Path | None:
        """The file of the session, once it was saved or if it was opened from one."""
        return self._file

    @property
    def is_modified(self) -> bool:
        """Whether the session has something that its file has not."""
        return self._changes != self._saved_changes

    @property
    def expects_network(self) -> bool:
        """Whether the network that is being opened is a session's."""
        return self._network.is_expected

    def new(self) -> None:
        """Begin without results and regions, once nothing can be lost."""
        self._when_safe(lambda: self._take_over(SessionDocument(), None))

    def ask_open(self) -> None:
        """Let the user choose a session."""
        recent = self._settings.recent_sessions
        start = str(recent[0].parent) if recent else ""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open session", start, KINDS)
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path) -> None:
        """Open a session's file, once nothing can be lost."""
        self._when_safe(lambda: self._read(path))

    def restore(
        self, document: SessionDocument, folder: Unfinished, then: Callable[[], None]
    ) -> None:
        """Go on with an unfinished session, once nothing can be lost; `then` tells that it is."""

        def take_over(located: SessionDocument) -> None:
            self._take_over(located, folder, then)

        self._when_safe(lambda: self._moved.locate(document, take_over))

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save the session into its file, or ask for one; `then` is called if it was saved."""
        file = self._file
        if file is None:
            self.save_as(then)
        else:
            self._guard.when_ours(file, lambda: self._write(file, then))

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Save the session into a file that the user names."""
        folder = self._session.folder
        name = self._file.stem if self._file else folder.name if folder else "session"
        path = ask_file(self._window, self._settings, "Save session", name, KINDS)
        if path is not None:
            self._write(path, then)

    def keep_for_next_start(self) -> None:
        """Let the window close without a question; the session is offered at the next start."""
        self._may_close = self._is_kept = True

    def discard(self) -> None:
        """Let the window close without a question; what is not saved is lost."""
        self._may_close = True

    def _connect_actions(self, files: FilesController) -> None:
        for name, act in (
            ("new_session", self.new),
            ("open_session", self.ask_open),
            ("save_session", self.save),
            ("save_session_as", self.save_as),
        ):
            self._window.action(name).triggered.connect(lambda _on=False, a=act: a())
        files.session_dropped.connect(self.open)

    def _watch(self) -> None:
        session, results = self._session, self._session.results
        for signal in (session.region_changed, session.class_changed, results.changed):
            signal.connect(self._on_work)
        for signal in (results.added, results.removed):
            signal.connect(self._on_result)
        for signal in (
            session.current_changed,
            session.image_loaded,
            session.network_changed,
            session.images_changed,
            self._labels.pattern_changed,
            self._window.settings.changed,
        ):
            signal.connect(self._later)
        session.undo_stack.walked.connect(self._on_walked)
        results.unwritable.connect(self._warn)

    def _watch_beside(self, queue: QueueController, compare: CompareController) -> None:
        queue.queue.entries_changed.connect(self._on_work)
        for signal in (
            queue.queue.status_changed,
            queue.run_changed,
            compare.panels.changed,
            self._window.workspace.currentChanged,
        ):
            signal.connect(self._later)

    def _on_work(self) -> None:
        was_modified = self.is_modified
        self._changes += 1
        if not was_modified:
            self._show()
        self._later()

    def _on_walked(self, step: Step) -> None:
        # On another image than the one that is shown nobody else tells.
        if step.place is not None:
            self._on_work()

    def _on_result(self) -> None:
        self._on_work()
        # A result took minutes: nothing waits for the timer.
        self._timer.stop()
        self._autosave()

    def _later(self) -> None:
        # One that failed and is to be tried again does not hold up another change.
        if not self._timer.isActive() or self._timer.remainingTime() > AUTOSAVED_AFTER_MS:
            self._timer.start(AUTOSAVED_AFTER_MS)

    def _autosave(self) -> None:
        if self._is_writing:
            self._is_written_again = True
            return
        self._is_writing = True
        state = self.recorder.state(self._file, is_saved=not self.is_modified)
        self._session.results.autosave(state, self._on_autosaved, self._on_not_autosaved)

    def _on_autosaved(self) -> None:
        self._is_writing = self._has_warned = False
        if self._is_written_again:
            self._is_written_again = False
            self._later()

    def _on_not_autosaved(self, sentence: str) -> None:
        self._is_writing = self._is_written_again = False
        if not self._timer.isActive():
            # The disk may have room again while nothing more is changed.
            self._timer.start(TRIED_AGAIN_AFTER_MS)
        self._warn(sentence)

    def _warn(self, sentence: str) -> None:
        self._window.status.showMessage(f"Not autosaved: {sentence}", NOTE_MS)
        if not self._has_warned:
            self._has_warned = True
            show_error(self._window, f"The session cannot be autosaved: {sentence}")

    def _write(self, path: Path, then: Callable[[], None] | None) -> None:
        changes = self._changes
        self._window.status.showMessage(f"Saving {path.name}…")

        def done(_document: SessionDocument) -> None:
            self._file, self._saved_changes = path, changes
            self._guard.note(path)
            self._settings.remember_session(path)
            self._fill_recent()
            self._show()
            self._window.status.showMessage(f"Saved {path}", NOTE_MS)
            if then is not None:
                then()

        def fail(sentence: str) -> None:
            self._window.status.clearMessage()
            show_error(self._window, f"The session is not saved: {sentence}")

        state = self.recorder.state(path, is_saved=True)
        self._session.results.save(state, path, done, fail)

    def _read(self, path: Path) -> None:
        self._window.status.showMessage(f"Opening {path.name}…")
        where = path.absolute()
        self._tasks.submit(
            lambda: read_session(where),
            lambda document: self._moved.locate(document, lambda d: self._take_over(d, where)),
            self._fail,
        )

    def _take_over(
        self,
        document: SessionDocument,
        source: Path | Unfinished | None,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Have the files of another session, then show it."""

        def apply(requests: Requests) -> None:
            self._apply(document, requests, source)
            then()

        def open_files(requests: Requests) -> None:
            self._timer.stop()
            self._session.results.open(document, source, lambda _d: apply(requests), self._fail)

        if document.queue:
            # Unpacking many regions would hold up the window.
            self._tasks.submit(lambda: queued_requests(document.queue), open_files, self._fail)
        else:
            open_files([])

    def _apply(
        self, document: SessionDocument, requests: Requests, source: Path | Unfinished | None
    ) -> None:
        session = self._session
        session.restore(document.pages)
        session.results.reset(document.results)
        self.recorder.begin(document.networks)
        self._window.status.clearMessage()
        if isinstance(source, Path):
            self._settings.remember_session(source)
            self._fill_recent()
            self._guard.note(source)
            self._file, is_saved = source, True
        else:
            self._file, is_saved = document.file, document.is_saved or source is None
        if source is not None:
            self._show_document(document)
        self.recorder.restore(document, requests)
        session.undo_stack.clear()
        self._changes = 0 if is_saved else 1
        self._saved_changes = 0
        self._show()
        self._later()

    def _show_document(self, document: SessionDocument) -> None:
        self._labels.use(document.label_pattern)
        if document.window_state:
            state = QByteArray.fromBase64(document.window_state.encode())
            self._window.restoreState(state)
        if document.settings is not None:
            self._window.settings.set_settings(document.settings)
        self._network.open(document.network)
        current = document.current
        if current is not None:
            self._places.go(
                current.image, current.page, current.frame, lambda _is_there: None, document.folder
            )

    def _when_safe(self, then: Callable[[], None]) -> None:
        """Do something that ends this session, once it is saved or may be lost."""
        if self._question is not None:
            return  # it is being asked already
        if not self._would_be_missed:
            then()
            return
        box = self._question = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("GridSal")
        box.setText(f"Save the changes of {self._name or 'this session'}?")
        box.setInformativeText(self._unsaved_text)
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)

        def answer(button: int) -> None:
            self._question = None
            if button == buttons.Save:
                self.save(then)
            elif button == buttons.Discard:
                then()

        box.finished.connect(answer)
        box.open()

    @property
    def _would_be_missed(self) -> bool:
        return self.is_modified and (self._file is not None or self.recorder.is_missed)

    @property
    def _unsaved_text(self) -> str:
        if self._file is not None:
            return f"{self._file.name} lacks what was changed since it was saved."
        count, waiting = len(self._session.results.results), self.recorder.waiting
        if not count and waiting:
            return f"{waiting:,} request{'s wait' if waiting != 1 else ' waits'} in the queue."
        if not count:
            return "The regions that you painted are in no file yet."
        return f"{count:,} result{'s are' if count != 1 else ' is'} in no file yet."

    @property
    def _name(self) -> str:
        return "" if self._file is None else self._file.stem

    def _ask_to_close(self) -> bool:
        if self._may_close or not self._would_be_missed:
            return True
        self._when_safe(self._close)
        return False

    def _close(self) -> None:
        self._may_close = True
        self._window.close()

    def _end(self) -> None:
        self._timer.stop()
        if self._is_kept:
            self._is_writing = False
            self._autosave()
        self._session.results.close(keep=self._is_kept)

    def _show(self) -> None:
        self._window.name_session(self._name, is_modified=self.is_modified)

    def _fill_recent(self) -> None:
        menu, recent = self._window.recent_sessions, self._settings.recent_sessions
        menu.clear()
        menu.setEnabled(bool(recent))
        for path in recent:
            action = menu.addAction(f"{path.name}   ({path.parent})")
            action.triggered.connect(lambda _on=False, p=path: self.open(p))

    def _fail(self, sentence: str) -> None:
        self._window.status.clearMessage()
        show_error(self._window, sentence)
