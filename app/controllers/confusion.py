"""The page *Confusion*: the folder's matrix, and from its cells to images and their wrong parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from app.actions import allow
from app.controllers.dialogs import ask_file, show_error
from app.controllers.image_filter import ImageFilterController
from app.controllers.request import RequestController
from app.main_window import MainWindow
from app.models.evaluation import FolderEvaluation
from app.models.image_list import ImageListModel
from app.models.session import Session
from app.settings import AppSettings
from app.views.confusion_page import Example
from app.workers.tasks import Tasks
from gridsal_core.evaluation.confusion import Confusion, write_confusion

CSV = "Comma-separated values (*.csv)"
NOTHING_TO_EXPORT = "Predict images with label maps first: Network > Predict all images."
MOST_EXAMPLES = 200
TOLD_MS = 10_000


@dataclass(frozen=True)
class Cell:
    """One kind of pixel: its true and its predicted class."""

    true: int
    predicted: int


class ConfusionController(QObject):
    """Keeps the page true to what is known, and makes its cells links."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        images: ImageListModel,
        evaluation: FolderEvaluation,
        image_filter: ImageFilterController,
        requests: RequestController,
        tasks: Tasks,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._images = window, session, images
        self._evaluation, self._filter, self._requests = evaluation, image_filter, requests
        self._tasks, self._settings = tasks, settings
        self._cell: Cell | None = None
        self._wanted: tuple[Path, Cell] | None = None
        page = window.confusion
        page.shown.connect(self._show)
        page.cell_chosen.connect(self.choose)
        page.example_chosen.connect(self.open_example)
        page.pass_bar.stop_clicked.connect(window.action("stop_predicting").trigger)
        window.action("show_confusion").triggered.connect(self._turn_to)
        window.action("export_confusion").triggered.connect(self.ask_export)
        evaluation.was_reset.connect(self._forget_cell)
        evaluation.changed.connect(self._show)
        evaluation.progress_changed.connect(self._show_progress)
        session.images_changed.connect(self._show)
        session.network_changed.connect(self._show)
        session.label_changed.connect(self._pick_wanted)
        session.prediction_changed.connect(self._pick_wanted)
        session.current_changed.connect(self._on_current)
        self._show()

    def choose(self, true: int, predicted: int) -> None:
        """List the images with this confusion, here and in the image list."""
        self._cell = Cell(true, predicted)
        self._filter.show_confusion(true, predicted)
        self._show_examples()

    def open_example(self, place: int) -> None:
        """Open an image with the largest region of the chosen confusion as the request."""
        if self._cell is None:
            return
        path = self._images.paths[place]
        self._wanted = (path, self._cell)
        self._window.workspace.show_page(self._window.image_page)
        row = self._images.row_of(path)
        if row is None:
            self._session.set_current(path)
        else:
            self._window.images.select(row)
        self._pick_wanted()

    def ask_export(self) -> None:
        """Let the user choose a file and write the matrix to it."""
        network, confusion = self._session.network, self._confusion()
        if network is None or confusion is None:
            self._tell(NOTHING_TO_EXPORT)
            return
        folder = self._session.folder
        name = f"{'folder' if folder is None else folder.name}_{network.name}_confusion"
        path = ask_file(self._window, self._settings, "Export confusion matrix", name, CSV)
        if path is not None:
            self.export(path)

    def export(self, path: Path) -> None:
        """Write the matrix as CSV."""
        network, confusion = self._session.network, self._confusion()
        if network is None or confusion is None:
            return
        classes = network.classes
        self._tasks.submit(
            lambda: write_confusion(confusion, classes, path),
            lambda _none: self._tell(f"{path.name} was written."),
            lambda sentence: show_error(self._window, sentence),
        )

    def _turn_to(self) -> None:
        self._window.workspace.show_page(self._window.confusion)
        self._window.confusion.matrix.setFocus()

    def _forget_cell(self) -> None:
        self._cell = self._wanted = None
        self._window.confusion.show_examples("", ())

    def _confusion(self) -> Confusion | None:
        """Return the matrix, if any labelled image is known and it fits the open network."""
        statistics, network = self._evaluation.statistics, self._session.network
        if statistics is None or network is None:
            return None
        if statistics.class_count != len(network.classes) or not statistics.labelled.any():
            return None
        return statistics.confusion

    def _show(self) -> None:
        confusion, network = self._confusion(), self._session.network
        allow(
            self._window.action("export_confusion"), NOTHING_TO_EXPORT if confusion is None else ""
        )
        page = self._window.confusion
        if not page.isVisible():
            return  # it is brought up to date when it is shown
        if confusion is None or network is None:
            page.show_empty(*self._why_empty())
        else:
            page.show_confusion(confusion, network.classes, len(self._images.paths))
            self._show_examples()
        self._show_progress()

    def _why_empty(self) -> tuple[str, str, tuple[QAction, ...]]:
        """Return what is said, and the actions that help."""
        action, session = self._window.action, self._session
        if session.network is None:
            text = "The confusion matrix says what a network takes for what."
            offers = ("open_model", "open_folder", "open_demo")
            return "Open a network and labelled images", text, tuple(map(action, offers))
        if not session.images:
            text = "The confusion matrix counts the pixels of a folder with label maps."
            return "Open a folder of labelled images", text, (action("open_folder"),)
        statistics = self._evaluation.statistics
        if statistics is not None and statistics.known.any():
            text = (
                "No image that was predicted has a label map, so nobody says what is true. Label "
                "maps are found beside the images by themselves; if yours are elsewhere, say where."
            )
            return "No label maps were found", text, (action("label_maps"),)
        count = len(session.images)
        text = (
            f"What of each class is predicted as what, over all {count:,} images. They are "
            "predicted in the background; you can go on meanwhile. What is known is kept, so "
            "that it is there at once the next time."
        )
        if self._evaluation.progress is not None:
            return "The images are being predicted", text, (action("stop_predicting"),)
        return "Where is the network wrong?", text, (action("predict_all"), action("label_maps"))

    def _show_progress(self) -> None:
        progress, page = self._evaluation.progress, self._window.confusion
        page.predict_button.setVisible(self._window.action("predict_all").isEnabled())
        if progress is None:
            page.pass_bar.hide()
        else:
            page.pass_bar.set_progress(progress.done, progress.total, progress.text)

    def _show_examples(self) -> None:
        statistics, network, cell = (
            self._evaluation.statistics,
            self._session.network,
            self._cell,
        )
        if statistics is None or network is None or cell is None:
            return
        pixels = statistics.pixels_of(cell.true, cell.predicted)
        shares = statistics.shares_of(cell.true, cell.predicted)
        places = np.argsort(-shares, kind="stable")[:MOST_EXAMPLES].tolist()
        names = self._images.names
        examples = [
            Example(place, names[place], int(pixels[place]), float(shares[place]))
            for place in places
            if pixels[place] > 0
        ]
        true, predicted = network.classes[cell.true].name, network.classes[cell.predicted].name
        title = f"{true} predicted as {predicted}"
        self._window.confusion.show_examples(title, examples)

    def _on_current(self) -> None:
        if self._wanted is not None and self._session.current != self._wanted[0]:
            self._wanted = None

    def _pick_wanted(self) -> None:
        """Make the confused part the request once image, labels and prediction are there."""
        wanted, loaded = self._wanted, self._session.loaded
        if wanted is None or loaded is None or loaded.path != wanted[0]:
            return
        if self._session.page != 0:
            self._session.set_page(0)
            return
        if self._session.prediction is None:
            return
        self._wanted = None
        if not self._requests.pick_confusion(wanted[1].true, wanted[1].predicted):
            reason = self._session.why_not_compared
            self._tell(reason or "This image was changed; no pixel of it is confused so any more.")
            return
        if wanted[1].true != wanted[1].predicted:
            self._window.layers.boxes["errors"].setChecked(True)

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, TOLD_MS)
