"""What the window shows: the network, the images, and for each image its region and result."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.models.region import RegionDocument
from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.segments import majority_class
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation, NetworkInfo, Prediction, check_region

PREDICTION_CACHE_BYTES = 512 * 1024**2


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """Pixels for display, (H, W, 3) uint8, and the label map (H, W) where there is one.

    `label_path` is where a label map was found; `label_note` says why it is not used, if so.
    """

    path: Path
    rgb: ByteArray
    label: IndexArray | None
    label_path: Path | None = None
    label_note: str = ""


@dataclass
class ImageItem:
    """What the analyst made on one image. Results are kept by the network's hash.

    `class_index` is the class that was chosen by hand; None follows the prediction.
    """

    region: RegionDocument
    class_index: int | None = None
    results: dict[str, Explanation] = field(default_factory=dict)


class PredictionCache:
    """Predictions by network and image, the least recently used dropped first."""

    def __init__(self, capacity_bytes: int = PREDICTION_CACHE_BYTES) -> None:
        self._capacity = capacity_bytes
        self._bytes = 0
        self._entries: OrderedDict[tuple[str, Path], Prediction] = OrderedDict()

    def get(self, network: str, image: Path) -> Prediction | None:
        entry = self._entries.get((network, image))
        if entry is not None:
            self._entries.move_to_end((network, image))
        return entry

    def put(self, network: str, image: Path, prediction: Prediction) -> None:
        old = self._entries.pop((network, image), None)
        if old is not None:
            self._bytes -= _bytes_of(old)
        self._entries[network, image] = prediction
        self._bytes += _bytes_of(prediction)
        while self._bytes > self._capacity and len(self._entries) > 1:
            _, dropped = self._entries.popitem(last=False)
            self._bytes -= _bytes_of(dropped)


class Session(QObject):
    """The state that controllers change and views show.

    Signals name what changed; whoever listens reads the new state from here.
    """

    network_changed = Signal()
    busy_changed = Signal()
    """A network or a prediction is being waited for, or no longer."""
    images_changed = Signal()
    current_changed = Signal()
    """Another image was chosen; its pixels follow with `image_loaded`."""
    image_loaded = Signal()
    prediction_changed = Signal()
    """Of the current image."""
    region_changed = Signal(object)
    """The Box of the current image's region that may differ."""
    class_changed = Signal()
    result_changed = Signal(object)
    """The Path of the image whose results changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.network: NetworkInfo | None = None
        self.opening: Path | None = None
        self.is_predicting = False
        self.folder: Path | None = None
        self.images: tuple[Path, ...] = ()
        self.current: Path | None = None
        self.loaded: LoadedImage | None = None
        self._trouble = ""
        self._items: dict[Path, ImageItem] = {}
        self._predictions = PredictionCache()

    @property
    def is_busy(self) -> bool:
        """Whether a network or a prediction is being waited for."""
        return self.opening is not None or self.is_predicting

    def set_predicting(self, is_predicting: bool) -> None:
        """Say whether a prediction is being made."""
        self.is_predicting = is_predicting
        self.busy_changed.emit()

    @property
    def item(self) -> ImageItem | None:
        """What was made on the current image; None until its pixels are loaded."""
        return None if self.loaded is None else self._items[self.loaded.path]

    @property
    def region(self) -> RegionDocument | None:
        """The request region of the current image."""
        return None if self.item is None else self.item.region

    @property
    def prediction(self) -> Prediction | None:
        """The open network's prediction on the current image, if it was made."""
        if self.loaded is None or self.network is None:
            return None
        return self._predictions.get(self.network.sha256, self.loaded.path)

    @property
    def result(self) -> Explanation | None:
        """The open network's latest explanation on the current image."""
        if self.item is None or self.network is None:
            return None
        return self.item.results.get(self.network.sha256)

    @property
    def predicted_class(self) -> int | None:
        """The class that is predicted most inside the region."""
        prediction, region = self.prediction, self.region
        if prediction is None or region is None or region.is_empty:
            return None
        return majority_class(prediction.class_map, region.mask)

    @property
    def class_index(self) -> int | None:
        """The class to explain: chosen by hand, else the predicted one."""
        chosen = None if self.item is None else self.item.class_index
        return self.predicted_class if chosen is None else chosen

    def set_opening(self, path: Path | None) -> None:
        """Say which network is being opened, or that none is any more."""
        self.opening = path
        self.busy_changed.emit()

    def set_network(self, network: NetworkInfo | None) -> None:
        """Take over a network; a class chosen by hand for another one means nothing any more."""
        old, self.network = self.network, network
        if self.loaded is not None:
            self._trouble = ""  # another network may take the image that the last one refused
        if old is None or network is None or old.classes != network.classes:
            for item in self._items.values():
                item.class_index = None
        self.network_changed.emit()
        self.prediction_changed.emit()

    def set_images(self, folder: Path, images: tuple[Path, ...]) -> None:
        """Take over an image folder; what was made on other images is kept."""
        self.folder, self.images = folder, images
        self.images_changed.emit()

    def set_current(self, image: Path | None) -> None:
        """Choose an image of the list."""
        if image != self.current:
            self.current, self.loaded, self._trouble = image, None, ""
            self.current_changed.emit()

    def set_trouble(self, image: Path, sentence: str) -> None:
        """Say why the current image cannot be shown or segmented."""
        if image == self.current:
            self._trouble = sentence
            self.prediction_changed.emit()

    def set_loaded(self, loaded: LoadedImage) -> None:
        """Take over the pixels of the current image."""
        size = loaded.rgb.shape[:2]
        item = self._items.get(loaded.path)
        if item is None or item.region.mask.shape != size:
            region = RegionDocument(*size, parent=self)
            region.changed.connect(
                lambda box, path=loaded.path: self._region_was_changed(path, box)
            )
            self._items[loaded.path] = ImageItem(region)
        self.loaded = loaded
        self.image_loaded.emit()
        self.prediction_changed.emit()

    def add_prediction(self, network: str, image: Path, prediction: Prediction) -> None:
        """Keep a prediction of the network with this hash."""
        self._predictions.put(network, image, prediction)
        is_open = self.network is not None and self.network.sha256 == network
        if is_open and self.loaded is not None and self.loaded.path == image:
            self.prediction_changed.emit()

    def add_result(self, image: Path, explanation: Explanation) -> None:
        """Keep a finished explanation with its image and network."""
        self._items[image].results[explanation.provenance.checkpoint_sha256] = explanation
        self.result_changed.emit(image)

    def has_result(self, image: Path) -> bool:
        """Whether the open network has explained something on an image."""
        item = self._items.get(image)
        return item is not None and self.network is not None and self.network.sha256 in item.results

    def set_class(self, class_index: int | None) -> None:
        """Choose the class to explain, or None to follow the prediction."""
        if self.item is not None and self.item.class_index != class_index:
            self.item.class_index = class_index
            self.class_changed.emit()

    def why_not_runnable(self, settings: Settings) -> str:
        """Say what is missing before this request can be run; empty if nothing is.

        Raises
        ------
        SettingsError
            If the settings do not fit the image.
        """
        if self.opening is not None:
            return f"Opening {self.opening.name}…"
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

    def _region_was_changed(self, path: Path, box: object) -> None:
        if self.loaded is not None and self.loaded.path == path:
            self.region_changed.emit(box)


def _bytes_of(prediction: Prediction) -> int:
    return prediction.class_map.nbytes + prediction.confidence.nbytes
