"""Many requests in one action: the segments of the region, or all segments of a class."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic

import numpy as np
from PySide6.QtCore import QObject, Qt

from app.actions import allow
from app.controllers.panel_settings import committed_settings
from app.controllers.queue import QueueController
from app.main_window import MainWindow
from app.models.queue import AddedRequests
from app.models.run_request import RunRequest, run_request
from app.models.running import duration
from app.models.session import Session
from app.views.queue_dialog import SegmentChoice, SegmentsDialog
from app.workers.engine_client import EngineClient
from app.workers.segment_jobs import (
    MOST_SEGMENTS,
    FindSegments,
    FoundSegments,
    largest_segments,
)
from app.workers.tasks import Tasks
from gridsal_core.arrays import BoolArray, IndexArray
from gridsal_core.comparison import true_class
from gridsal_core.frames import ImageView
from gridsal_core.segments import (
    connected_parts,
    majority_class,
    segment_sizes,
    whole_segments,
)
from gridsal_core.settings import Settings
from gridsal_core.types import NetworkInfo, Prediction, RegionOrigin

SAID_MS = 10_000
SMALLEST_SHARE = 0.001
"""Of an image's pixels: what is smaller is taken for noise at first."""


@dataclass(frozen=True, eq=False)
class Source:
    """What the requests on one image have in common; `label` is (H, W), where it is known."""

    network: NetworkInfo
    view: ImageView
    settings: Settings
    label: IndexArray | None = None

    def asked(
        self, region: BoolArray, class_index: int, origin: RegionOrigin = "predicted segment"
    ) -> RunRequest:
        """Ask for a class inside a region."""
        count = len(self.network.classes)
        true = None if self.label is None else true_class(self.label, region, count)
        return run_request(
            self.network, self.view, region, class_index, origin, self.settings, true=true
        )


@dataclass
class Search:
    """A search for segments through the folder, one image at a time."""

    network: NetworkInfo
    choice: SegmentChoice
    settings: Settings
    left: deque[Path]
    total: int
    step: AddedRequests | None = None
    found: int = 0
    began: float = field(default_factory=monotonic)
    troubles: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """How far it is."""
        done = self.total - len(self.left)
        told = f"Searching image {done:,} of {self.total:,}: {self.found:,} segments"
        if done < 2:
            return told
        pace = (monotonic() - self.began) / (done - 1)
        return f"{told}, about {duration(pace * (len(self.left) + 1))} left"


class QueueSegmentsController(QObject):
    """Finds segments, here in a thread and elsewhere in the engine, and queues them.

    Parameters
    ----------
    window, session, queue, engine, tasks
        Where the wish comes from, and who fulfils it.
    view_of
        Gives, to be called in a thread, the view that an image would be worked on at.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        queue: QueueController,
        engine: EngineClient,
        tasks: Tasks,
        view_of: Callable[[Path], Callable[[], ImageView]],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._queue = window, session, queue
        self._engine, self._tasks, self._view_of = engine, tasks, view_of
        self._search: Search | None = None
        window.action("queue_segments").triggered.connect(self.add_segments)
        window.action("queue_class").triggered.connect(self.ask_class)
        window.action("queue_cancel_all").triggered.connect(self.cancel_search)
        window.queue.search_cancelled.connect(self.cancel_search)
        window.action("queue_add").changed.connect(self._refresh)
        session.prediction_changed.connect(self._refresh)
        session.network_changed.connect(self._on_network)
        self._refresh()

    def add_segments(self) -> None:
        """Queue one request for each segment of the region."""
        session, settings = self._session, committed_settings(self._window.settings, self._say)
        region, prediction, network = session.region, session.prediction, session.network
        loaded, item = session.loaded, session.item
        if settings is None or region is None or prediction is None or network is None:
            return
        if loaded is None or item is None:
            return
        source = Source(network, loaded.view, settings, loaded.label)
        work = partial(
            _split,
            source,
            region.mask.copy(),
            region.origin,
            prediction.class_map,
            item.class_index,
        )
        self._tasks.submit(work, lambda found: self._add(found, " of the region"), self._say)

    def ask_class(self) -> None:
        """Let a class, a size and the images be chosen; the number of segments here is shown."""
        session = self._session
        network, loaded, prediction = session.network, session.loaded, session.prediction
        if (
            network is None
            or loaded is None
            or prediction is None
            or committed_settings(self._window.settings, self._say) is None
        ):
            return
        chosen = session.class_index
        if chosen is None:
            chosen = int(np.bincount(prediction.class_map.ravel()).argmax())
        smallest = max(1, round(SMALLEST_SHARE * prediction.class_map.size))
        images = len(session.images)
        dialog = SegmentsDialog(network.classes, chosen, smallest, images, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        counter = _Counter(dialog, prediction, self._tasks, self._say)
        dialog.changed.connect(counter.count)
        dialog.queue_clicked.connect(partial(self._on_chosen, network, loaded.view, prediction))
        counter.count()
        dialog.open()

    def cancel_search(self) -> None:
        """Queue no segments of further images; those that were found stay."""
        if self._search is not None:
            self._finish("The search was stopped")

    def _on_chosen(
        self,
        network: NetworkInfo,
        view: ImageView,
        prediction: Prediction,
        choice: SegmentChoice,
    ) -> None:
        settings = committed_settings(self._window.settings, self._say)
        if settings is None:
            return
        if choice.is_folder:
            self.cancel_search()
            images = deque(self._session.images)
            self._search = Search(network, choice, settings, images, len(images))
            self._window.raise_dock("queue")
            self._next_image()
            return

        loaded = self._session.loaded
        label = loaded.label if loaded is not None and loaded.view == view else None
        work = partial(_of_class, Source(network, view, settings, label), prediction, choice)
        self._tasks.submit(work, self._add, self._say)

    def _add(self, requests: list[RunRequest], where: str = "") -> None:
        if len(requests) > MOST_SEGMENTS:
            self._say(
                f"The region falls into {len(requests):,} parts; queue at most {MOST_SEGMENTS} at "
                "once: pick fewer segments, or fill its holes."
            )
        elif requests:
            self._queue.add(requests, "Queue segments")
            self._say(f"Queued: {_segments(len(requests))}{where}.")

    def _next_image(self) -> None:
        search = self._search
        if search is None:
            return
        if search.step is not None and search.step.is_taken_back:
            self._finish("The search was stopped")
            return
        if not search.left:
            self._finish("Done")
            return
        path = search.left.popleft()
        self._window.queue.set_searching(search.text)
        self._tasks.submit(
            self._view_of(path),
            lambda view: self._find(search, view),
            lambda sentence: self._skip(search, sentence),
        )

    def _find(self, search: Search, view: ImageView) -> None:
        if self._search is not search:
            return
        choice = search.choice
        self._engine.submit(
            FindSegments(view, choice.class_index, choice.min_pixels),
            lambda found: self._take(search, view, found),
            lambda sentence, _trace: self._skip(search, sentence),
        )

    def _take(self, search: Search, view: ImageView, found: FoundSegments) -> None:
        if self._search is not search or found.network_sha256 != search.network.sha256:
            return
        source = Source(search.network, view, search.settings)
        requests = [source.asked(region, search.choice.class_index) for region in found.regions]
        search.found += len(requests)
        if found.left_out:
            search.troubles.append(f"{view.path.name} has {found.left_out:,} segments more")
        if requests and search.step is None:
            search.step = self._queue.add(requests, "Queue segments of the folder")
        elif requests and search.step is not None:
            search.step.extend(requests)
        self._next_image()

    def _skip(self, search: Search, sentence: str) -> None:
        if self._search is search:
            search.troubles.append(sentence)
            self._next_image()

    def _finish(self, how: str) -> None:
        search, self._search = self._search, None
        if search is None:
            return
        self._window.queue.set_searching("")
        self._queue.refresh()
        images = search.total - len(search.left)
        parts = [f"{how}: {_segments(search.found)} on {images:,} images."]
        if search.troubles:
            parts.append(f"{len(search.troubles):,} were left out, first: {search.troubles[0]}")
        self._say(" ".join(parts))

    def _on_network(self) -> None:
        network, search = self._session.network, self._search
        if search is not None and (network is None or network.sha256 != search.network.sha256):
            self._finish("The search ended with its network")
        self._refresh()

    def _refresh(self) -> None:
        session, action = self._session, self._window.action
        nothing = (
            ""
            if session.prediction is not None
            else ("There is no prediction yet; open a network and an image.")
        )
        allow(action("queue_class"), nothing)
        is_enabled = action("queue_add").isEnabled()
        allow(
            action("queue_segments"),
            nothing or ("" if is_enabled else action("queue_add").toolTip()),
        )

    def _say(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, SAID_MS)


class _Counter(QObject):
    """Keeps the number of segments in the dialog true to what is chosen there."""

    def __init__(
        self,
        dialog: SegmentsDialog,
        prediction: Prediction,
        tasks: Tasks,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(dialog)
        self._dialog, self._prediction = dialog, prediction
        self._tasks, self._say = tasks, say
        self._sizes: dict[int, list[int]] = {}
        self._is_open = True
        dialog.finished.connect(self._close)

    def count(self) -> None:
        """Count the segments of the class once, then those that are large enough."""
        index, class_map = self._dialog.choice.class_index, self._prediction.class_map
        if index in self._sizes:
            self._show()
            return

        def take(sizes: list[int]) -> None:
            self._sizes[index] = sizes
            self._show()

        self._tasks.submit(lambda: segment_sizes(class_map, index), take, self._say)

    def _show(self) -> None:
        if not self._is_open:
            return
        choice = self._dialog.choice
        sizes = self._sizes.get(choice.class_index)
        if sizes is None:
            return
        count = sum(size >= choice.min_pixels for size in sizes)
        text = f"{_segments(count)} on this image"
        if count > MOST_SEGMENTS:
            text += f", the {MOST_SEGMENTS} largest are taken"
        if choice.is_folder:
            text += "; the others are predicted one after the other in the background"
        self._dialog.set_found(f"{text}.", can_queue=choice.is_folder or count > 0)

    def _close(self) -> None:
        self._is_open = False


def _segments(count: int) -> str:
    return "1 segment" if count == 1 else f"{count:,} segments"


def _split(
    source: Source,
    region: BoolArray,
    origin: RegionOrigin,
    class_map: IndexArray,
    chosen: int | None,
) -> list[RunRequest]:
    """Ask for each segment of a region; for each connected part where it is not made of whole ones.

    Without a class `chosen` by hand, each is asked for the one that most of its pixels have.
    """
    parts = whole_segments(region, class_map)
    if parts is not None:
        origin = "predicted segment"
    else:
        parts = connected_parts(region)
        if origin == "predicted segment":
            origin = "painted"  # its prediction has gone: no part of it is a segment any more
    classes = [majority_class(class_map, part) if chosen is None else chosen for part in parts]
    return [
        source.asked(part, class_index, origin)
        for part, class_index in zip(parts, classes, strict=True)
    ]


def _of_class(source: Source, prediction: Prediction, choice: SegmentChoice) -> list[RunRequest]:
    """Ask for each segment of a class that is large enough, as many as are taken at once."""
    found = largest_segments(prediction.class_map, choice.class_index, choice.min_pixels)
    return [source.asked(region, choice.class_index) for region in found]
