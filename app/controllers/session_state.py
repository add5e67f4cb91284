"""What of the window belongs to a session, at one moment; and whether that is worth a question."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject

from app.controllers.compare import CompareController
from app.controllers.networks import NetworkController
from app.controllers.queue import QueueController
from app.main_window import MainWindow
from app.models.items import ImageItem
from app.models.run_request import RunRequest
from app.models.session import Session
from app.settings import AppSettings
from app.workers import messages as m
from app.workers.kept_files import AskedPage, AskedRegion, RegionKey, SessionState
from gridsal_core.errors import GridSalError
from gridsal_core.session.document import NetworkEntry, PlaceEntry, SessionDocument
from gridsal_core.settings import Settings


class SessionRecorder(QObject):
    """Takes the state of the window for a session's document.

    Regions that did not change since they were taken last are not copied again.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        networks: NetworkController,
        queue: QueueController,
        compare: CompareController,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._queue, self._compare = queue, compare
        self._window, self._session = window, session
        self._networks, self._settings = networks, settings
        self._known: dict[RegionKey, int] = {}
        self.networks: list[NetworkEntry] = []
        networks.opened.connect(self._on_opened)

    def begin(self, networks: tuple[NetworkEntry, ...] = ()) -> None:
        """Begin to record another session, whose files know none of these regions."""
        self._known.clear()
        self.networks = list(networks)
        self._note_open_network()

    def restore(
        self, document: SessionDocument, requests: Sequence[tuple[RunRequest, str]]
    ) -> None:
        """Bring back what lies beside images and results: the queue, and the pages' contents.

        `requests` are those of the document's queue. The results are there already.
        """
        results, window = self._session.results, self._window
        known = [each if each and results.get(each) else None for each in document.compared]
        self._compare.panels.show(known)
        self._queue.restore(requests)
        window.workspace.show_titled(document.shown_page)

    def state(self, file: Path | None, *, is_saved: bool) -> SessionState:
        """Return the session as it is now."""
        session = self._session
        document = SessionDocument(
            networks=tuple(self.networks),
            open_network=self._open_network(),
            folder=session.folder,
            label_pattern=self._settings.label_pattern,
            current=self._current(),
            results=tuple(session.results.results),
            compared=self._compare.panels.panels,
            shown_page=self._window.workspace.shown_title,
            settings=self._explain_settings(),
            window_state=self._window.saveState().toBase64().toStdString(),
            file=file,
            is_saved=is_saved,
        )
        pages = tuple(
            self._page(image, page, item)
            for (image, page), item in session.items.items()
            if item.class_index is not None or item.stored or item.edited
        )
        # A run that just ended is kept, and for a moment still in the queue.
        queue = tuple(
            each for each in self._queue.left if not session.results.get(each[0].identity)
        )
        return SessionState(document, pages, queue)

    @property
    def waiting(self) -> int:
        """How many requests wait in the queue."""
        return len(self._queue.queue.of_status("waiting"))

    @property
    def is_missed(self) -> bool:
        """Whether there is work that took more than a click: results, requests, painted regions."""
        return bool(self._session.results.results or self.waiting) or any(
            item.is_painted for item in self._session.items.values()
        )

    def _page(self, image: Path, page: int, item: ImageItem) -> AskedPage:
        regions = [
            AskedRegion((image, page, entry.frame), entry.origin, stored=entry)
            for entry in item.stored
        ]
        for frame, version, region in item.edited:
            key = image, page, frame
            is_known = self._known.get(key) == version
            self._known[key] = version
            mask = None if is_known else region.mask.copy()
            regions.append(AskedRegion(key, region.origin, mask))
        return AskedPage(image, page, item.class_index, item.class_name, tuple(regions))

    def _current(self) -> PlaceEntry | None:
        session = self._session
        if session.current is None:
            return None
        frame = None if session.loaded is None else session.loaded.view.frame
        return PlaceEntry(image=session.current, page=session.page, frame=frame)

    def _explain_settings(self) -> Settings | None:
        try:
            return self._window.settings.settings()
        except GridSalError:
            return None  # what is typed there does not go together

    def _open_network(self) -> int | None:
        asked, network = self._networks.open_now, self._session.network
        if asked is None or network is None:
            return None
        places = (
            number
            for number, entry in enumerate(self.networks)
            if (entry.source, entry.sha256) == (asked.source, network.sha256)
        )
        return next(places, None)

    def _on_opened(self, event: m.NetworkOpened) -> None:
        card = hashlib.sha256(event.card.model_dump_json().encode()).hexdigest()
        self._note_open_network(card)

    def _note_open_network(self, card: str = "") -> None:
        asked, network = self._networks.open_now, self._session.network
        if asked is None or network is None:
            return
        entry = NetworkEntry(
            source=asked.source,
            weights=asked.weights,
            name=network.name,
            sha256=network.sha256,
            card_sha256=card,
        )
        others = [
            known
            for known in self.networks
            if (known.source, known.sha256) != (entry.source, entry.sha256)
        ]
        self.networks = [*others, entry]
