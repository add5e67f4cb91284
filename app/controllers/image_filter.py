"""Which images of the folder are listed, in which order, and how."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject

from app.actions import allow
from app.main_window import MainWindow
from app.models.evaluation import FolderEvaluation
from app.models.image_filter import ImageFilter, Knowledge, shown_places
from app.models.image_list import ImageListModel
from app.models.session import Session
from app.settings import AppSettings
from app.views.legend_model import share_text


class ImageFilterController(QObject):
    """Keeps the image list true to the filter, and its entries to what is known of the images."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        images: ImageListModel,
        evaluation: FolderEvaluation,
        settings: AppSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._images = window, session, images
        self._evaluation, self._settings = evaluation, settings
        self._panel, self._bar = window.images, window.images.filter_bar
        images.set_remark(self._remark, self._tip)
        self._folded: tuple[Sequence[str], Sequence[str]] | None = None
        self._connect_window()
        evaluation.row_changed.connect(images.refresh)
        evaluation.was_reset.connect(images.refresh)
        evaluation.changed.connect(self._on_evaluation)
        evaluation.progress_changed.connect(self._show_progress)
        session.images_changed.connect(self.clear)
        session.network_changed.connect(self._on_network)
        for signal in (session.results.added, session.results.changed, session.results.removed):
            signal.connect(lambda _kept: self._on_results())
        session.results.was_reset.connect(self._on_results)
        self._show_words()

    def clear(self) -> None:
        """Show all images by name."""
        self._bar.set_filter(ImageFilter())

    def show_confusion(self, true: int, predicted: int) -> None:
        """Show only the images with this confusion, the largest share of it first."""
        self._bar.set_filter(
            ImageFilter(true=true, predicted=predicted, is_confusion=True, order="choice")
        )

    def _connect_window(self) -> None:
        window, bar = self._window, self._bar
        grid, fold = window.action("image_grid"), window.action("image_filters")
        bar.grid_button.setDefaultAction(grid)
        bar.fold_button.setDefaultAction(fold)
        grid.toggled.connect(self._set_grid)
        fold.toggled.connect(bar.fold.setVisible)
        grid.setChecked(self._settings.image_layout == "grid")
        window.action("find_image").triggered.connect(self._find)
        window.action("clear_filter").triggered.connect(self.clear)
        bar.changed.connect(lambda _wanted: self._apply())
        self._panel.clear_clicked.connect(self.clear)
        self._panel.predict_clicked.connect(window.action("predict_all").trigger)
        self._panel.pass_bar.stop_clicked.connect(window.action("stop_predicting").trigger)

    def _set_grid(self, is_grid: bool) -> None:
        self._settings.image_layout = "grid" if is_grid else "list"
        self._panel.set_grid(is_grid)

    def _find(self) -> None:
        self._window.docks["images"].show()
        self._window.docks["images"].raise_()
        self._panel.focus_filter()

    def _on_network(self) -> None:
        network = self._session.network
        self._bar.set_classes(() if network is None else network.classes)
        if self._bar.wanted.status == "explained":
            self._apply()

    def _on_results(self) -> None:
        if self._bar.wanted.status in ("explained", "noted"):
            self._apply(keeps_place=True)

    def _on_evaluation(self) -> None:
        if self._bar.wanted.counts_pixels:
            self._apply(keeps_place=True)

    def _apply(self, *, keeps_place: bool = False) -> None:
        """Bring the list to what is wanted; the current image stays so, also where it is hidden."""
        places = shown_places(self._bar.wanted, self._knowledge())
        if not self._images.is_showing(places):
            scroll = self._panel.scroll_place
            self._images.show_places(places)
            current = self._session.current
            row = None if current is None else self._images.row_of(current)
            if row is not None:
                self._panel.select(row)
            if keeps_place:
                self._panel.restore_scroll(scroll)
            elif self._bar.wanted.order != "name":
                self._panel.restore_scroll(0)  # what is sorted has its most telling images first
        self._show_words()

    def _knowledge(self) -> Knowledge:
        network, results = self._session.network, self._session.results.results
        explained, noted = set(), set()
        for kept in results:
            place = None if kept.image_path is None else self._images.place_of(kept.image_path)
            if place is None:
                continue
            if network is not None and kept.network_sha256 == network.sha256:
                explained.add(place)
            if kept.note or kept.tags:
                noted.add(place)
        return Knowledge(self._names, self._evaluation.statistics, explained, noted)

    @property
    def _names(self) -> Sequence[str]:
        """The names to search in; made once for a folder, since there may be many."""
        if self._folded is None or self._folded[0] is not self._images.names:
            names = self._images.names
            self._folded = (names, tuple(name.casefold() for name in names))
        return self._folded[1]

    def _show_words(self) -> None:
        wanted, network = self._bar.wanted, self._session.network
        statistics = self._evaluation.statistics
        is_known = statistics is not None and bool(statistics.known.all())
        is_active = wanted != ImageFilter()
        self._panel.set_filter_words(
            wanted.words(() if network is None else network.classes),
            is_active=is_active,
            is_ready=is_known or not wanted.counts_pixels,
        )
        allow(self._window.action("clear_filter"), "" if is_active else "All images are shown.")

    def _show_progress(self) -> None:
        progress, bar = self._evaluation.progress, self._panel.pass_bar
        if progress is None:
            bar.hide()
        else:
            bar.set_progress(progress.done, progress.total, progress.text)

    def _remark(self, place: int) -> str:
        """Say in two words how well an image is predicted."""
        if place in self._evaluation.failures:
            return "not predicted"
        statistics = self._evaluation.statistics
        share = None if statistics is None else statistics.error_share(place)
        if share is None:
            return ""
        return f"error {share_text(share)}" if share > 0 else "no error"

    def _tip(self, place: int) -> str:
        statistics = self._evaluation.statistics
        if sentence := self._evaluation.failures.get(place):
            return sentence
        share = None if statistics is None else statistics.error_share(place)
        return "" if share is None else f"{share_text(share)} of its labelled pixels are wrong"
