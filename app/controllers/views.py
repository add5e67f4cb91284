"""What of an image is worked on: its page, its working scale, a crop window; and reading it."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, sqrt
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog

from app.actions import allow
from app.actions.reasons import FIRST_PAGE, LAST_PAGE, NO_IMAGE
from app.main_window import MainWindow
from app.models.framing import is_whole
from app.models.items import unless_whole
from app.models.loaded_image import LoadedImage
from app.models.picture import Picture
from app.models.plan import Plan, Plans, area, max_pixels, most_pixels, whole_image
from app.models.session import Session
from app.workers.labels import LabelRules
from app.workers.loading import TooLarge, at_frame, load_image, with_label
from app.workers.tasks import Tasks
from gridsal_core.frames import Frame, ImageView
from gridsal_core.images import image_info
from gridsal_core.regions import bounding_box
from gridsal_core.working_scale import WorkingScale, choose_frame, full_box

PATIENCE_MS = 400

Place = tuple[Path, int]


class ViewsController(QObject):
    """Owns the way from the chosen image to its pixels, and the line over the canvas."""

    def __init__(
        self, window: MainWindow, session: Session, tasks: Tasks, label_pattern: str
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._tasks = window, session, tasks
        self._pattern = label_pattern
        self._scales: dict[Place, WorkingScale] = {}
        self._crops: dict[Place, Frame] = {}
        self._fitted: dict[Place, Frame] = {}
        self._allowed: set[Path] = set()
        self._picture: Picture | None = None
        # Counts what was asked for: an answer to anything but the last question is stale.
        self._asked = 0
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(lambda: window.canvas.set_image(None))
        self._allow = QAction("Open it anyway", self)
        self._allow.setToolTip("Decode the image although it is beyond the safe size")
        self._allow.triggered.connect(self._open_anyway)
        bar = window.view_bar
        bar.page_chosen.connect(session.set_page)
        bar.scale_chosen.connect(self.choose)
        bar.other_chosen.connect(self._ask_scale)
        window.action("previous_page").triggered.connect(lambda: self._turn(-1))
        window.action("next_page").triggered.connect(lambda: self._turn(1))
        session.current_changed.connect(self._open)
        session.network_changed.connect(self._on_network)
        session.image_loaded.connect(self._show)
        window.closing.connect(self._close)
        self._show()

    def choose(self, scale: WorkingScale) -> None:
        """Work on the current image at a scale, or on a crop window around its region."""
        session, loaded = self._session, self._session.loaded
        region = session.region
        if loaded is None or region is None:
            return
        place, full = (loaded.path, loaded.page), loaded.frame.full
        refusal = ""
        if scale == "crop" and region.is_empty:
            refusal = "Pick or paint a region first: the crop window is put around it."
        elif isinstance(scale, float) and area(full) * scale**2 > most_pixels(session.network):
            most_scale = floor(100 * sqrt(most_pixels(session.network) / area(full)))
            refusal = f"That is too large to be worked on; choose at most {most_scale} %."
        if refusal:
            self._tell(refusal)
            self._show()
            return
        self._crops.pop(place, None)
        if scale == "crop":
            box = full_box(bounding_box(region.mask), loaded.frame)
            network = session.network
            reach = network.receptive_field if network is not None else None
            most = max_pixels(network)
            self._crops[place] = choose_frame(full, "crop", most, box, reach)
        self._scales[place] = scale
        self._refit(loaded)
        self._show()

    def work_on(self, image: Path, page: int, frame: Frame | None) -> None:
        """Work on a page of an image at a frame from now on; None is the whole page as it is."""
        place = image, page
        self._crops.pop(place, None)
        if frame is None:
            self._scales[place] = 1.0
        else:
            self._crops[place] = frame
            self._scales[place] = frame.scale if is_whole(frame) else "crop"
        loaded = self._session.loaded
        if loaded is not None and (loaded.path, loaded.page) == place:
            self._refit(loaded)
            self._show()

    def view_of(self, path: Path) -> Callable[[], ImageView]:
        """Return what finds, in a thread, how the first page of an image would be worked on.

        It raises an ImageError where the image cannot be read, or is too large to be safe.
        """
        plan, is_allowed = self._plan((path, 0)), path in self._allowed

        def find() -> ImageView:
            frame = plan.frame(image_info(path, allow_large=is_allowed).size)
            return ImageView(path, 0, unless_whole(frame), is_allowed)

        return find

    def set_label_pattern(self, pattern: str) -> None:
        """Say where label maps are, see `LabelRules`; that of the current image is read anew."""
        self._pattern = pattern
        if self._session.loaded is not None:
            self._relabel(self._session.loaded)

    @property
    def plans(self) -> Plans:
        """How the frames of the images' first pages are found, with the network that is open."""
        network = self._session.network
        usual = Plan("fit", None, None, max_pixels(network), most_pixels(network))
        first_pages = (path for path, page in {**self._scales, **self._fitted} if page == 0)
        return Plans(usual, {path: whole_image(self._plan((path, 0))) for path in first_pages})

    @property
    def _rules(self) -> LabelRules:
        network = self._session.network
        return LabelRules(self._pattern, network.classes if network is not None else None)

    def _plan(self, place: Place) -> Plan:
        scale = self._scales.get(place, "fit")
        network = self._session.network
        crop, fitted = self._crops.get(place), self._fitted.get(place)
        return Plan(scale, crop, fitted, max_pixels(network), most_pixels(network))

    def _open(self) -> None:
        self._retire()
        path, page = self._session.current, self._session.page
        if path is None:
            return
        self._window.name_image(path.name)
        view = ImageView(path, page, allow_large=path in self._allowed)
        plan, rules = self._plan((path, page)), self._rules
        self._patience.start()
        self._read(
            lambda: load_image(view, plan.frame, rules), lambda r: self._on_read(r, rules), view
        )

    def _read(
        self,
        work: Callable[[], LoadedImage | TooLarge],
        on_result: Callable[[LoadedImage | TooLarge], None],
        view: ImageView,
    ) -> None:
        """Do the work in a thread unless something else is asked for before it begins."""
        self._asked += 1
        number = self._asked

        def work_if_wanted() -> LoadedImage | TooLarge | None:
            return work() if number == self._asked else None

        def take(result: LoadedImage | TooLarge | None) -> None:
            if number == self._asked and result is not None:
                on_result(result)
            elif isinstance(result, LoadedImage) and result.picture is not self._picture:
                self._put_away(result.picture)

        def fail(sentence: str) -> None:
            if number == self._asked:
                self._on_unreadable(view, sentence)

        self._tasks.submit(work_if_wanted, take, fail)

    def _on_read(self, result: LoadedImage | TooLarge, rules: LabelRules) -> None:
        if isinstance(result, TooLarge):
            self._refuse("This image is very large", result.sentence, result.view, self._allow)
            return
        self._picture = result.picture
        self._tell_notes(result)
        # A network may have been opened meanwhile, and take less.
        if not self._refit(result):
            self._patience.stop()
            self._session.set_loaded(result)
            if rules != self._rules:
                self._relabel(result)

    def _on_network(self) -> None:
        loaded = self._session.loaded
        if loaded is not None and self._session.network is not None:
            if not self._refit(loaded):
                self._relabel(loaded)
            self._show()

    def _relabel(self, loaded: LoadedImage) -> None:
        """Read the label map anew, for other classes or from another place."""
        rules = self._rules

        def take(result: LoadedImage) -> None:
            if rules != self._rules:
                return  # it was asked for once more meanwhile
            self._session.set_label(result)
            if self._session.loaded is result:
                self._tell_notes(result)

        self._tasks.submit(lambda: with_label(loaded, rules), take, self._tell)

    def _refit(self, loaded: LoadedImage) -> bool:
        """Read the image anew where its frame is to be another; True if so."""
        frame = self._plan((loaded.path, loaded.page)).frame(loaded.frame.full)
        if frame == loaded.frame:
            return False
        self._window.canvas.cancel_gesture()
        self._session.unload()
        rules = self._rules
        self._read(lambda: at_frame(loaded, frame, rules), self._on_refitted, loaded.view)
        return True

    def _on_refitted(self, result: LoadedImage | TooLarge) -> None:
        self._patience.stop()
        if isinstance(result, LoadedImage):
            self._session.set_loaded(result)

    def _on_unreadable(self, view: ImageView, sentence: str) -> None:
        self._refuse("This image cannot be shown", sentence, view)

    def _refuse(self, title: str, sentence: str, view: ImageView, *offers: QAction) -> None:
        self._patience.stop()
        self._window.canvas.set_image(None)
        self._window.canvas.set_hint(title, sentence, offers)
        self._window.view_bar.set_needed(False)
        self._session.set_trouble(view, sentence)

    def _open_anyway(self) -> None:
        if self._session.current is not None:
            self._allowed.add(self._session.current)
            self._window.canvas.set_hint("Reading the image…", self._session.current.name)
            self._session.unload()
            self._open()

    def _turn(self, pages: int) -> None:
        if self._picture is not None:
            page = self._session.page + pages
            if 0 <= page < self._picture.info.pages:
                self._session.set_page(page)

    def _ask_scale(self) -> None:
        loaded = self._session.loaded
        if loaded is None:
            return
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Working scale")
        dialog.setLabelText("Percent of the image's width and height:")
        dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
        dialog.setDoubleRange(0.1, 100)
        dialog.setDoubleValue(100 * loaded.frame.scale)
        dialog.doubleValueSelected.connect(lambda value: self.choose(value / 100))
        dialog.finished.connect(lambda _code: self._show())
        dialog.open()

    def _show(self) -> None:
        """Bring the line over the canvas up to date, for the frame that is worked on now."""
        bar, loaded = self._window.view_bar, self._session.loaded
        pages = loaded.picture.info.pages if loaded is not None else 1
        bar.menu.setEnabled(loaded is not None)
        page = self._session.page
        nothing = NO_IMAGE if loaded is None else ""
        allow(self._window.action("previous_page"), nothing or ("" if page > 0 else FIRST_PAGE))
        last = "" if page + 1 < pages else LAST_PAGE
        allow(self._window.action("next_page"), nothing or last)
        for name in ("zoom_in", "zoom_out", "fit", "actual"):
            allow(self._window.action(name), nothing)
        if loaded is None:
            return
        bar.show_page(page, pages)
        place = loaded.path, loaded.page
        scale = self._scales.get(place, "fit")
        if scale == "crop" and is_whole(loaded.frame):
            scale = "fit"  # the window does not fit the network that is open now
        if scale == "fit":
            self._fitted[place] = loaded.frame
        bar.show_frame(loaded.frame, scale)
        bar.set_limit(
            loaded.frame, max_pixels(self._session.network), most_pixels(self._session.network)
        )
        bar.set_needed(pages > 1 or loaded.view.frame is not None)

    def _tell_notes(self, loaded: LoadedImage) -> None:
        notes = (*loaded.picture.info.notes, loaded.label_note)
        self._window.status.set_notes(tuple(note for note in notes if note))

    def _tell(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, 8000)

    def _retire(self) -> None:
        self._window.status.set_notes(())
        picture, self._picture = self._picture, None
        if picture is not None:
            self._put_away(picture)

    def _put_away(self, picture: Picture) -> None:
        # Closing waits for a tile that is being read.
        self._tasks.submit(picture.close, lambda _none: None, self._tell)

    def _close(self) -> None:
        self._asked += 1
        if self._picture is not None:
            self._picture.close()
