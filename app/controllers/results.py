"""The list of kept results: back to one of them, its settings for the next, notes, deletion."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QMessageBox

from app.actions import allow
from app.actions.reasons import NONE_CHOSEN, NOT_ONE
from app.controllers.dialogs import show_error
from app.controllers.networks import NetworkController
from app.controllers.places import PlacesController
from app.controllers.session_state import SessionRecorder
from app.main_window import MainWindow
from app.models.picture import to_thumbnail
from app.models.result_steps import DeletionStep, DescriptionStep
from app.models.session import Session
from app.views.results_panel import THUMBNAIL
from app.workers import messages as m
from gridsal_core.arrays import ByteArray
from gridsal_core.segments import majority_class
from gridsal_core.session.document import NetworkEntry
from gridsal_core.session.kept import KeptResult
from gridsal_core.types import Explanation

NOTE_MS: Final = 8_000
OTHER_SCALE: Final = (
    "The image is worked on at another scale than then, since it does not fit otherwise; the "
    "result is in the list, and its region is not brought back."
)


class ResultsController(QObject):
    """Keeps the list true to the store, and does what is asked of it."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        networks: NetworkController,
        places: PlacesController,
        recorder: SessionRecorder,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._store = window, session, session.results
        self._networks, self._places, self._recorder = networks, places, recorder
        self._panel, self._table = window.results, window.results_table
        self._deletion: DeletionStep | None = None
        self._after_opening: KeptResult | None = None
        self._follow_store()
        panel = self._panel
        panel.restore_wanted.connect(self.restore)
        panel.delete_wanted.connect(self.delete_selected)
        panel.undo_wanted.connect(self.undo_deletion)
        panel.selection_changed.connect(self._show_state)
        names = ("result_restore", "result_settings", "result_note", "result_delete")
        acts = (self.restore_selected, self.apply_settings, panel.edit_note, self.delete_selected)
        for name, act in zip(names, acts, strict=True):
            window.action(name).triggered.connect(lambda _on=False, a=act: a())
        panel.add_menu_actions(*(window.action(name) for name in names[:2]))
        panel.add_menu_actions(*(window.action(name) for name in names[2:]))
        networks.opened.connect(self._on_network)
        session.result_unreadable.connect(
            lambda sentence: window.status.showMessage(sentence, NOTE_MS)
        )
        self._show_state()

    def restore_selected(self) -> None:
        """Go back to the selected result."""
        selected = self._panel.selected_identities
        if selected:
            self.restore(selected[0])

    def restore(self, identity: str) -> None:
        """Show a result as it was: image, page, frame, region, class, settings and map."""
        kept = self._store.get(identity)
        if kept is None:
            return
        network = self._session.network
        if network is not None and network.sha256 == kept.network_sha256:
            self._fetch(kept)
        else:
            self._ask_for_network(kept)

    def apply_settings(self) -> None:
        """Compute the next explanation with the settings of the selected result."""
        selected = self._panel.selected_identities
        kept = self._store.get(selected[0]) if selected else None
        if kept is not None:
            self._window.settings.set_settings(kept.settings)
            self._window.status.showMessage("The settings are those of the result now.", NOTE_MS)

    def delete_selected(self) -> None:
        """Delete the selected results, a step to undo; the panel offers that too."""
        deleted = tuple(self._store.found(self._panel.selected_identities))
        if deleted:
            step = self._deletion = DeletionStep(self._store, deleted, self._on_deletion)
            step.redo()
            self._session.undo_stack.push(step)

    def undo_deletion(self) -> None:
        """Have the results back that were deleted last, whatever was done since."""
        step = self._deletion
        if step is not None:
            self._session.undo_stack.discard(lambda other: other is step)
            step.undo()

    def _on_deletion(self, results: tuple[KeptResult, ...], is_deleted: bool) -> None:
        self._panel.set_deleted(len(results) if is_deleted else 0)
        if not is_deleted:
            self._panel.select([kept.identity for kept in results])

    def _describe(self, identity: str, note: str, tags: list[str]) -> None:
        old = self._store.get(identity)
        self._store.describe(identity, note=note, tags=tags)
        new = self._store.get(identity)
        if old is not None and new is not None and old != new:
            self._session.undo_stack.push(DescriptionStep(self._store, old, new))

    def _follow_store(self) -> None:
        store, table = self._store, self._table
        table.set_results(store.results)
        store.added.connect(self._on_added)
        store.changed.connect(table.change)
        store.removed.connect(lambda kept: table.remove(kept.identity))
        store.was_reset.connect(self._on_reset)
        table.described.connect(self._describe)
        table.thumbnail_wanted.connect(self._fetch_thumbnail)

    def _on_added(self, kept: KeptResult) -> None:
        # One that was put back stands where it stood.
        results = self._store.results
        if results and results[-1].identity == kept.identity:
            self._table.add(kept)
        else:
            self._table.set_results(results)

    def _on_reset(self) -> None:
        self._deletion = self._after_opening = None
        self._panel.set_deleted(0)
        self._table.set_results(self._store.results)

    def _fetch_thumbnail(self, identity: str) -> None:
        self._store.fetch_thumbnail(
            identity,
            lambda picture: self._table.set_thumbnail(identity, self._small(picture)),
            lambda _sentence: None,  # the row stays without a picture
        )

    def _small(self, picture: ByteArray) -> QPixmap:
        return to_thumbnail(picture, THUMBNAIL, self._window.devicePixelRatioF())

    def _fetch(self, kept: KeptResult) -> None:
        def take(explanation: Explanation) -> None:
            if kept.image_path is None:
                show_error(self._window, "This result came from no image file; it has no place.")
                return
            self._places.go(
                kept.image_path,
                kept.page,
                kept.frame,
                lambda is_there: self._arrive(kept, explanation, is_there=is_there),
            )

        self._store.fetch(kept.identity, take, lambda s: show_error(self._window, s))

    def _arrive(self, kept: KeptResult, explanation: Explanation, *, is_there: bool) -> None:
        with self._session.undo_stack.together("Go back to a result"):
            self._bring_back(kept, explanation, is_there=is_there)

    def _bring_back(self, kept: KeptResult, explanation: Explanation, *, is_there: bool) -> None:
        session, window, request = self._session, self._window, explanation.request
        region = session.region
        with session.undo_stack.together("Go back to a result"):
            window.settings.set_settings(explanation.settings)
            if not is_there or region is None or region.mask.shape != request.region.shape:
                window.status.showMessage(OTHER_SCALE, NOTE_MS)
                return
            region.replace_with(request.region, request.origin, "Go back to a result")
            predicted = majority_class(explanation.prediction.class_map, request.region)
            session.set_class(None if predicted == request.class_index else request.class_index)
        session.use_result(kept)
        for layer in ("prediction", "errors"):  # red over other colours reads badly
            window.layers.boxes[layer].setChecked(False)
        window.layers.boxes["heat"].setChecked(True)
        window.workspace.setCurrentIndex(0)

    def _ask_for_network(self, kept: KeptResult) -> None:
        entry = self._entry_of(kept)
        if entry is None:
            show_error(
                self._window,
                f"This result is of {kept.network}, which is not open and was not opened in this "
                "session; open it, then come back here.",
            )
            return
        if self._session.network is None:
            self._open_network(entry, kept)
            return
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("GridSal")
        box.setText(f"Open {kept.network} to go back to this result?")
        box.setInformativeText(
            f"It was not made with {self._session.network.name}, which is open now."
        )
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Open | buttons.Cancel)
        box.setDefaultButton(buttons.Open)
        box.finished.connect(
            lambda answer: self._open_network(entry, kept) if answer == buttons.Open else None
        )
        box.open()

    def _entry_of(self, kept: KeptResult) -> NetworkEntry | None:
        entries = self._recorder.networks
        return next((each for each in entries if each.sha256 == kept.network_sha256), None)

    def _open_network(self, entry: NetworkEntry, kept: KeptResult) -> None:
        self._after_opening = kept
        self._networks.open_model(entry.source, entry.weights)

    def _on_network(self, event: m.NetworkOpened) -> None:
        kept, self._after_opening = self._after_opening, None
        if kept is None:
            return
        if event.network.sha256 == kept.network_sha256:
            self._fetch(kept)
        else:
            show_error(
                self._window,
                f"{event.network.name} has other weights now than when this result was made; "
                "it cannot be gone back to.",
            )

    def _show_state(self) -> None:
        count = len(self._panel.selected_identities)
        for name in ("result_restore", "result_settings", "result_note"):
            allow(self._window.action(name), "" if count == 1 else NOT_ONE)
        allow(self._window.action("result_delete"), "" if count else NONE_CHOSEN)
