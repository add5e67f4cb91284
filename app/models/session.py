"""What the window shows: the network, the images, and for each image its region and result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.byte_cache import ByteCache
from app.models.class_step import ClassStep
from app.models.items import ImageItem
from app.models.loaded_image import LoadedImage
from app.models.region import RegionDocument
from app.models.results import ResultStore
from app.models.shown_result import ShownResult
from app.models.undo import Place, UndoStack
from gridsal_core.errors import RequestError, SessionError
from gridsal_core.frames import Box, Frame, ImageView
from gridsal_core.segments import majority_class
from gridsal_core.session.document import PageEntry
from gridsal_core.session.kept import KeptResult
from gridsal_core.settings import Settings
from gridsal_core.types import ClassInfo, Explanation, NetworkInfo, Prediction, check_region

# Some fifty street scenes: to make one again takes less than a second.
PREDICTION_CACHE_BYTES = 48 * 1024**2


class Session(QObject):
    """The state that controllers change and views show.

    Signals name what changed; whoever listens reads the new state from here.
    """

    network_changed = Signal()
    busy_changed = Signal()
    """A network, a prediction or a check is being waited for, or no longer."""
    images_changed = Signal()
    current_changed = Signal()
    """Another image or page was chosen; its pixels follow with `image_loaded`."""
    image_loaded = Signal()
    """The image is there, or it is worked on at another frame."""
    prediction_changed = Signal()
    """Of the current image."""
    label_changed = Signal()
    """The label map of the current image was read anew."""
    region_changed = Signal(object)
    """The Box of the current image's region that may differ."""
    class_changed = Signal()
    result_changed = Signal(object)
    """The Path of the image whose results changed, or whose shown result was read."""
    result_unreadable = Signal(str)
    """Why the result that belongs to what is shown cannot be shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.network: NetworkInfo | None = None
        self.opening: str | None = None
        self.is_predicting = False
        self.is_checking = False
        self.folder: Path | None = None
        self.images: Sequence[Path] = ()
        self.current: Path | None = None
        self.page = 0
        self.loaded: LoadedImage | None = None
        self._trouble = ""
        self._region: RegionDocument | None = None
        self._pages: dict[Path, int] = {}
        self._items: dict[Place, ImageItem] = {}
        # By the predictor, see `NetworkInfo`, and the view of the image.
        self._predictions = ByteCache[tuple[str, ImageView], Prediction](
            PREDICTION_CACHE_BYTES, _bytes_of
        )
        self.results = ResultStore(self)
        self.undo_stack = UndoStack(self)
        self._shown = ShownResult(self.results, self._seen, self)
        self._shown.changed.connect(self.result_changed)
        self._shown.unreadable.connect(self.result_unreadable)

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """The open network's classes; none without one."""
        return () if self.network is None else self.network.classes

    @property
    def is_busy(self) -> bool:
        """Whether a network, a prediction or a check is being waited for."""
        return self.opening is not None or self.is_predicting or self.is_checking

    def set_predicting(self, is_predicting: bool) -> None:
        """Say whether a prediction is being made."""
        self.is_predicting = is_predicting
        self.busy_changed.emit()

    def set_checking(self, is_checking: bool) -> None:
        """Say whether a map is being checked."""
        self.is_checking = is_checking
        self.busy_changed.emit()

    @property
    def item(self) -> ImageItem | None:
        """What was made on the current image; None until its pixels are loaded."""
        return None if self.loaded is None else self._items[self.loaded.path, self.loaded.page]

    @property
    def region(self) -> RegionDocument | None:
        """The request region of the current image, in its frame."""
        return self._region if self.loaded is not None else None

    @property
    def prediction(self) -> Prediction | None:
        """The open network's prediction on the current image, if it was made."""
        if self.loaded is None or self.network is None:
            return None
        return self._predictions.get((self.network.predictor, self.loaded.view))

    @property
    def result(self) -> Explanation | None:
        """The open network's latest explanation on the current image and frame, once it is read."""
        return self._shown.explanation

    @property
    def result_identity(self) -> str | None:
        """Of the result that belongs to what is shown, whether it is read yet or not."""
        return self._shown.identity

    @property
    def predicted_class(self) -> int | None:
        """The class that is predicted most inside the region."""
        prediction, region = self.prediction, self.region
        if prediction is None or region is None or region.is_empty:
            return None
        return majority_class(prediction.class_map, region.mask)

    @property
    def true_class(self) -> int | None:
        """The class that a region truly is which is the erroneous part of a segment."""
        network, region, loaded = self.network, self.region, self.loaded
        if network is None or region is None or loaded is None or loaded.label is None:
            return None
        if region.origin != "erroneous part" or region.is_empty:
            return None
        true = majority_class(loaded.label, region.mask)
        return true if true < len(network.classes) else None

    @property
    def class_index(self) -> int | None:
        """The class to explain: chosen by hand, else the predicted one."""
        chosen = None if self.item is None else self.item.class_index
        return self.predicted_class if chosen is None else chosen

    def set_opening(self, name: str | None) -> None:
        """Say which network is being opened, or that none is any more."""
        self.opening = name
        self.busy_changed.emit()

    def set_network(self, network: NetworkInfo | None) -> None:
        """Take over a network; a class chosen by hand for another one means nothing any more."""
        old, self.network = self.network, network
        if self.loaded is not None:
            self._trouble = ""  # another network may take the image that the last one refused
        if network is not None and (old is None or old.classes != network.classes):
            for item in self._items.values():
                _forget_other_class(item, network)
            self.undo_stack.discard(lambda step: isinstance(step, ClassStep))
        self._shown.read()
        self.network_changed.emit()
        self.prediction_changed.emit()

    def set_images(self, folder: Path, images: Sequence[Path]) -> None:
        """Take over an image folder; what was made on other images is kept."""
        self.folder, self.images = folder, images
        self.images_changed.emit()

    def set_current(self, image: Path | None) -> None:
        """Choose an image of the list."""
        if image != self.current:
            page = 0 if image is None else self._pages.get(image, 0)
            self._choose(image, page)

    def set_page(self, page: int) -> None:
        """Choose a page of the current image, 0-based; it is kept while other images are seen."""
        if self.current is not None and page != self.page:
            self._pages[self.current] = page
            self._choose(self.current, page)

    @property
    def items(self) -> Mapping[tuple[Path, int], ImageItem]:
        """What is asked, by image and page."""
        return self._items

    def restore(self, pages: Iterable[PageEntry]) -> None:
        """Ask what a session's document says, and nothing else; the images are not read yet."""
        old = tuple(self._items.values())
        self._items = {
            (page.image, page.page): ImageItem.restored(
                page, self._on_region_of((page.image, page.page)), self.undo_stack, self
            )
            for page in pages
        }
        self._pages.clear()
        if self.loaded is not None:
            self.set_loaded(self.loaded)
        for item in old:
            item.drop()
        self.undo_stack.clear()

    def set_place(self, image: Path, page: int) -> None:
        """Say at which page an image is to be looked at, when it is chosen the next time."""
        self._pages[image] = page

    def unload(self) -> None:
        """Say that the current image is read anew, at another frame: nothing of it counts now."""
        self.loaded, self._trouble = None, ""
        self.prediction_changed.emit()

    def set_trouble(self, view: ImageView, sentence: str) -> None:
        """Say why the current image cannot be shown or segmented."""
        is_other_frame = self.loaded is not None and self.loaded.view != view
        if (view.path, view.page) == (self.current, self.page) and not is_other_frame:
            self._trouble = sentence
            self.prediction_changed.emit()

    def set_loaded(self, loaded: LoadedImage) -> None:
        """Take over the pixels of the current image."""
        item = self._item_at((loaded.path, loaded.page))
        try:
            self._region = item.enter(loaded.frame)
        except SessionError as error:
            self._region = item.enter(loaded.frame)
            self.result_unreadable.emit(str(error))
        self.loaded = loaded
        if loaded.allow_large:
            self.results.allow_large(loaded.path)
        self._shown.read()
        self.image_loaded.emit()
        self.prediction_changed.emit()

    def set_label(self, relabelled: LoadedImage) -> None:
        """Take over the label map of the image that is loaded, read anew for other classes."""
        if self.loaded is not None and self.loaded.rgb is relabelled.rgb:
            self.loaded = relabelled
            self.label_changed.emit()

    def add_prediction(self, predictor: str, view: ImageView, prediction: Prediction) -> None:
        """Keep a prediction; `predictor` as of the NetworkInfo that made it."""
        self._predictions.put((predictor, view), prediction)
        is_open = self.network is not None and self.network.predictor == predictor
        if is_open and self.loaded is not None and self.loaded.view == view:
            self.prediction_changed.emit()

    def add_result(
        self,
        view: ImageView,
        explanation: Explanation,
        *,
        is_shown: bool = True,
        identity: str | None = None,
    ) -> KeptResult:
        """Keep a finished explanation with its image, network and frame; return what is kept.

        Its identity is that of its request, if one is given. The image need not be loaded, nor
        ever have been. Unless the result `is_shown`, what is seen of the current image stays as it
        is until the image is chosen anew.
        """
        if view.allow_large:
            self.results.allow_large(view.path)
        return self._shown.add(explanation, is_shown=is_shown, identity=identity)

    def use_result(self, kept: KeptResult) -> None:
        """Show a result, and not a later one, where it belongs."""
        self._shown.use(kept)

    def has_result(self, image: Path) -> bool:
        """Whether the open network has explained something on an image, on any page or frame."""
        return self.network is not None and self._shown.has_any(self.network.sha256, image)

    def set_class(self, class_index: int | None) -> None:
        """Choose the class to explain, or None to follow the prediction; a step to undo."""
        loaded, item = self.loaded, self.item
        if loaded is None or item is None or item.class_index == class_index:
            return
        place = loaded.path, loaded.page
        self.undo_stack.push(ClassStep(self, place, item.class_index, class_index))
        self.put_class(place, class_index)

    def put_class(self, place: Place, class_index: int | None) -> None:
        """Choose the class to explain on any image, as no step to undo."""
        item = self._item_at(place)
        item.class_index = class_index
        item.class_name = "" if class_index is None else self.classes[class_index].name
        if item is self.item:
            self.class_changed.emit()

    def why_not_runnable(self, settings: Settings) -> str:
        """Say what is missing before this request can be run; empty if nothing is.

        Raises
        ------
        SettingsError
            If the settings do not fit the image.
        """
        if self.opening is not None:
            return f"Opening {self.opening}…"
        if self.is_checking:
            return "The map is being checked; wait for it, or press Stop."
        if self.network is None:
            return "Open a network first: File > Open model."
        if self.current is None:
            return "Open an image folder first: File > Open image folder."
        if self._trouble and self.prediction is None:
            return self._trouble
        if self.loaded is None or self.region is None:
            return "The image is being read."
        if self.prediction is None:
            return "The prediction is being made."
        try:
            check_region(self.region.mask, self.loaded.rgb.shape[:2])
        except RequestError as error:
            return str(error)
        settings.check_image(*self.loaded.rgb.shape[:2])
        return ""

    @property
    def why_no_labels(self) -> str:
        """Say what is missing before the label map can be shown; empty if nothing."""
        if self.network is None:
            return "Open a network first: File > Open model."
        if self.current is None:
            return "Open an image folder first: File > Open image folder."
        loaded = self.loaded
        if loaded is None:
            return self._trouble or "The image is being read."
        if loaded.label is None and loaded.page > 0:
            return "A label map belongs to the first page of an image file; go back to it."
        if loaded.label is None:
            return loaded.label_note or (
                f"{loaded.path.name} has no label map; File > Label maps says where they are."
            )
        return ""

    @property
    def why_not_compared(self) -> str:
        """Say what is missing before the prediction can be held against labels; empty if nothing.

        A sentence for the user.
        """
        if missing := self.why_no_labels:
            return missing
        return "" if self.prediction else self._trouble or "The prediction is being made."

    def _seen(self) -> tuple[ImageView, str] | None:
        """Return the view of the current image and the network's hash, once both are there."""
        if self.loaded is None or self.network is None:
            return None
        return self.loaded.view, self.network.sha256

    def _item_at(self, place: Place) -> ImageItem:
        """Return what was made on a page of an image, which is begun where there is nothing."""
        item = self._items.get(place)
        if item is None:
            item = self._items[place] = ImageItem(
                self._on_region_of(place), self.undo_stack, place, self
            )
        return item

    def _choose(self, image: Path | None, page: int) -> None:
        self._shown.show_later_ones()
        left = self.loaded
        self.current, self.page, self.loaded, self._trouble = image, page, None, ""
        self._region = None
        if left is not None:
            self._let_go((left.path, left.page))
        self.current_changed.emit()

    def _let_go(self, place: Place) -> None:
        """Forget a page on which nothing was asked: whoever pages through thousands keeps none."""
        if self._items[place].is_untouched:
            self._items.pop(place).drop()

    def _on_region_of(self, place: tuple[Path, int]) -> Callable[[Frame, Box], None]:
        return lambda frame, box: self._region_was_changed(place, frame, box)

    def _region_was_changed(self, place: tuple[Path, int], frame: Frame, box: Box) -> None:
        loaded = self.loaded
        if loaded is not None and (loaded.path, loaded.page, loaded.frame) == (*place, frame):
            self.region_changed.emit(box)


def _forget_other_class(item: ImageItem, network: NetworkInfo) -> None:
    """Drop a class that was chosen by hand, unless the network has it in the same place."""
    index, names = item.class_index, [entry.name for entry in network.classes]
    if index is not None and names[index : index + 1] != [item.class_name]:
        item.class_index = None


def _bytes_of(prediction: Prediction) -> int:
    return prediction.class_map.nbytes + prediction.confidence.nbytes
