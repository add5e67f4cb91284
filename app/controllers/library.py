"""The model library and its downloads, which go on while the window does other things."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.dialogs import show_error
from app.main_window import MainWindow
from app.models.library_table import LibraryTable, Presence, size_text
from app.views.library_window import LibraryWindow
from app.workers.downloads import Downloads, Transfer
from app.workers.tasks import Tasks
from gridsal_core.downloads import PART, torchvision_place
from gridsal_core.library import LIBRARY, LibraryEntry, is_on_disk


class LibraryController(QObject):
    """Owns the library window and the downloads."""

    def __init__(self, window: MainWindow, tasks: Tasks, open_model: Callable[[str], None]) -> None:
        super().__init__(window)
        self._window, self._tasks, self._open_model = window, tasks, open_model
        self._table = LibraryTable(LIBRARY, self)
        self._view: LibraryWindow | None = None
        self._then: dict[str, Callable[[], None]] = {}
        self.downloads = Downloads(self)
        self.downloads.changed.connect(self._on_changed)
        window.action("model_library").triggered.connect(self.show)
        window.status.cancel_button.clicked.connect(self._cancel_first)
        window.closing.connect(self._close)

    @property
    def view(self) -> LibraryWindow | None:
        """The library window, once it was shown."""
        return self._view

    def show(self) -> None:
        """Show the library beside the window, and look what is on the disk."""
        if self._view is None:
            view = self._view = LibraryWindow(self._table, self._window)
            view.fetch_wanted.connect(self.fetch)
            view.cancel_wanted.connect(self.downloads.cancel)
            view.open_wanted.connect(self.open)
            view.selected.connect(self._show_selected)
        self._view.show()
        self._view.raise_()
        self._view.activateWindow()
        self._view.filter.setFocus()
        self._show_selected()
        self._look()

    def fetch(self, source: str, then: Callable[[], None] | None = None) -> None:
        """Fetch a network, and do something once it is here."""
        if then is not None:
            self._then[source] = then
        self.downloads.start(source)

    def open(self, source: str) -> None:
        """Open a network of the library; what is not here is fetched first."""
        if self._view is not None:
            self._view.close()
        self._open_model(source)

    def _look(self) -> None:
        self._tasks.submit(_presence_of_all, self._on_looked, lambda _sentence: None)

    def _on_looked(self, presence: dict[str, Presence]) -> None:
        self._table.set_presence(presence)
        self._show_selected()

    def _on_changed(self, transfer: Transfer) -> None:
        self._table.set_doing(transfer.source, _doing(transfer))
        if not transfer.is_active:
            self._end(transfer)
        self._show_selected()
        self._show_in_status_line()

    def _end(self, transfer: Transfer) -> None:
        then = self._then.pop(transfer.source, None)
        if transfer.phase == "done":
            self._table.set_presence({transfer.source: "here"})
            self._window.status.showMessage(f"{transfer.source} is on this computer now.", 10000)
            if then is not None:
                then()
        elif transfer.phase == "failed" and (self._view is None or not self._view.isVisible()):
            show_error(self._window, transfer.message)
        self._look()

    def _show_selected(self) -> None:
        view = self._view
        entry = None if view is None else view.entry
        if view is None:
            return
        if entry is None:
            view.set_buttons("Download", "Open", is_cancel=False, can_fetch=False)
            view.set_message("")
            return
        transfer = self.downloads.transfer(entry.source)
        presence = self._table.presence(entry.source)
        if transfer is not None and transfer.is_active:
            view.set_buttons("Cancel", "Open", is_cancel=True, can_fetch=True)
            view.set_progress(transfer.percent, progress_text(transfer))
            return
        words = "Continue download" if presence == "part" else "Download"
        is_here = presence == "here"
        open_text = "Open" if is_here else "Download and open"
        view.set_buttons(words, open_text, is_cancel=False, can_fetch=not is_here)
        view.set_message(
            _ending(transfer), is_error=transfer is not None and bool(transfer.message)
        )

    def _show_in_status_line(self) -> None:
        active = self.downloads.active
        if not active:
            self._window.status.set_download(None)
            return
        more = f" and {len(active) - 1} more" if len(active) > 1 else ""
        text = f"Fetching {active[0].source}{more}"
        self._window.status.set_download(text, active[0].percent)

    def _cancel_first(self) -> None:
        if self.downloads.active:
            self.downloads.cancel(self.downloads.active[0].source)

    def _close(self) -> None:
        self.downloads.close()
        if self._view is not None:
            self._view.close()


def progress_text(transfer: Transfer) -> str:
    """Say how far a download is."""
    if transfer.phase == "waiting":
        return "Waiting for the download before it."
    if not transfer.total:
        return "Asking the server…"
    done, total = size_text(transfer.done), size_text(transfer.total)
    return f"{done} of {total} · {transfer.percent} %"


def _doing(transfer: Transfer) -> str:
    if transfer.phase != "running":
        # What has ended is told by what is on the disk.
        return "waiting" if transfer.phase == "waiting" else ""
    return "starting" if transfer.percent is None else f"{transfer.percent} %"


def _ending(transfer: Transfer | None) -> str:
    if transfer is None:
        return ""
    if transfer.phase == "cancelled":
        return "Cancelled; what came so far is kept."
    return transfer.message


def _presence_of_all() -> dict[str, Presence]:
    return {entry.source: _presence(entry) for entry in LIBRARY}


def _presence(entry: LibraryEntry) -> Presence:
    if is_on_disk(entry):
        return "here"
    return "part" if any(_parts(entry)) else "absent"


def _parts(entry: LibraryEntry) -> list[Path]:
    """Return what an earlier try to fetch has left."""
    if entry.url:
        place = torchvision_place(entry.url)
        return [part for part in (place.with_name(place.name + PART),) if part.is_file()]
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE) / f"models--{entry.source.replace('/', '--')}" / "blobs"
    return list(folder.glob(f"*{PART}"))
