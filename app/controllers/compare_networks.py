"""The same request to another network: opened in the place of this one, then both maps shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer

from app.controllers.compare import CompareController
from app.controllers.comparisons import ComparisonsController
from app.controllers.networks import NetworkController
from app.main_window import MainWindow
from app.models.current_request import known_true_class
from app.models.framing import carried
from app.models.run_request import RunRequest, run_request
from app.models.session import Session
from app.settings import AppSettings, RecentModel
from app.views.compare_dialogs import NetworkDialog
from gridsal_core.frames import Frame
from gridsal_core.segments import majority_class

NOTE_MS: Final = 8000
WHAT: Final = "Another network"


@dataclass(frozen=True)
class _Waiting:
    """A request that waits for another network, and the result of the one before."""

    wanted: RunRequest
    class_name: str
    network: str
    identity: str


class CompareNetworksController(QObject):
    """Asks the open network, opens another one, and asks it the same."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        networks: NetworkController,
        comparisons: ComparisonsController,
        compare: CompareController,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._networks = window, session, networks
        self._comparisons, self._compare, self._settings = comparisons, compare, settings
        self._waiting: _Waiting | None = None
        window.action("compare_network").triggered.connect(lambda _on=False: self.ask())
        session.prediction_changed.connect(self._on_prediction)
        # Later: the network is told only after the end of its opening.
        session.busy_changed.connect(lambda: QTimer.singleShot(0, self._forget_if_refused))

    def ask(self) -> None:
        """Let the user choose one of the recent networks."""
        now, network = self._comparisons.request(), self._session.network
        if now is None or network is None:
            return
        is_open = self._networks.open_now
        recent = [
            entry
            for entry in self._settings.recent_models
            if is_open is None or (entry.source, entry.weights) != (is_open.source, is_open.weights)
        ]
        dialog = NetworkDialog([entry.title for entry in recent], self._window)
        dialog.chosen.connect(lambda row: self._begin(now, recent[row]))
        dialog.open()

    def _begin(self, now: RunRequest, other: RecentModel) -> None:
        network = self._session.network
        if network is None:
            return
        name, sha256 = network.classes[now.class_index].name, network.sha256

        def go_on(found: tuple[str, ...]) -> None:
            self._waiting = _Waiting(now, name, sha256, found[0])
            self._networks.open_model(other.source, other.weights)

        self._comparisons.run(WHAT, [now], go_on)

    def _on_prediction(self) -> None:
        """Ask the other network once it is open and has predicted the same image."""
        waiting, session = self._waiting, self._session
        network, loaded, prediction = session.network, session.loaded, session.prediction
        if waiting is None or network is None or network.sha256 == waiting.network:
            return
        if loaded is None or prediction is None:
            return
        self._waiting = None
        wanted = waiting.wanted
        if (loaded.path, loaded.page) != (wanted.view.path, wanted.view.page):
            self._tell("Another image was chosen meanwhile; nothing was compared.")
            return
        region = wanted.region
        if wanted.view.frame is not None or loaded.view.frame is not None:
            height, width = region.shape
            old = wanted.view.frame or Frame.whole((height, width))
            region = carried(region, old, loaded.frame)
        if not region.any():
            self._tell("The request lies outside of what this network works on.")
            return
        names = [entry.name.casefold() for entry in network.classes]
        name = waiting.class_name.casefold()
        is_known = name in names
        index = names.index(name) if is_known else majority_class(prediction.class_map, region)
        again = run_request(
            network,
            loaded.view,
            region,
            index,
            wanted.origin,
            wanted.settings,
            true=known_true_class(session, region),
        )
        self._comparisons.run(
            WHAT, [again], lambda found: self._compare.show((waiting.identity, *found))
        )

    def _forget_if_refused(self) -> None:
        """Forget the request when the other network does not open."""
        session, waiting = self._session, self._waiting
        network = session.network
        is_same = network is not None and waiting is not None and network.sha256 == waiting.network
        if waiting is not None and session.opening is None and is_same:
            self._waiting = None

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, NOTE_MS)
