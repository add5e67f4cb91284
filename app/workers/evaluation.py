"""Counting how predictions agree with label maps: one image as a job, a folder from the cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.models.plan import Plan, Plans
from app.workers.jobs import Desk
from app.workers.labels import LabelRules, load_label
from gridsal_core.datasets.folder import ImageListing
from gridsal_core.datasets.label_files import find_label
from gridsal_core.errors import CheckpointError, ImageError, SettingsError
from gridsal_core.evaluation.cache import CountsCache
from gridsal_core.evaluation.counts import ImageCounts, count_pixels
from gridsal_core.evaluation.folder import FolderStatistics
from gridsal_core.evaluation.predictions import FILE_NAME as PREDICTIONS_NAME
from gridsal_core.evaluation.predictions import PredictionsCache
from gridsal_core.evaluation.stamps import FileState, Stamp, predictor_key
from gridsal_core.frames import Frame, ImageView
from gridsal_core.types import Prediction
from gridsal_core.working_scale import label_in_frame


@dataclass(frozen=True)
class EvaluateImage:
    """Predict an image of a folder, and count its pixels by true and predicted class.

    Parameters
    ----------
    folder, name
        The folder of the listing, and the image's name in it.
    plan
        Finds the frame to predict on.
    label_pattern
        Where label maps are; see `LabelRules`.
    predictor
        `predictor_key` of the network that is meant: if another one is open, the job is refused.
    cache
        The file that the counts are kept in; that of the predictions lies beside it.
    """

    folder: Path
    name: str
    plan: Plan
    label_pattern: str
    predictor: str
    cache: Path

    def run(self, desk: Desk) -> ImageCounts:
        """Return the counts; see `Job.run`."""
        from gridsal_core.images import image_info

        network = desk.network()
        if predictor_key(network.sha256, network.card, self.label_pattern) != self.predictor:
            raise CheckpointError("Another network was opened meanwhile; predict the images again.")
        path = self.folder / self.name
        image = _state(path)
        frame = self.plan.frame(image_info(path).size)
        whole = Frame.whole(frame.full)
        prediction = network.predict(
            desk.read(ImageView(path, 0, None if frame == whole else frame))
        )
        found = load_label(path, frame.full, LabelRules(self.label_pattern, network.classes))
        label = None if found.label is None else label_in_frame(found.label, frame)
        counts = count_pixels(prediction.class_map, label, len(network.classes))
        _predictions(self.cache.with_name(PREDICTIONS_NAME)).put(
            predictor_key(network.sha256, network.card, ""),
            os.fsencode(path),
            Stamp(frame, image),
            prediction,
        )
        stamp = Stamp(frame, image, found.path, None if found.path is None else _state(found.path))
        _cache(self.cache).put(self.predictor, self.folder, self.name, stamp, counts)
        return counts


def recall_prediction(
    image: Path, frame: Frame, class_count: int, predictor: str, cache: Path
) -> Prediction | None:
    """Return the prediction that a pass made on a frame of an image; called in a thread.

    None if there was none, or it is not kept any more, or the image is another now.

    Parameters
    ----------
    image, frame
        The image, and the part of it that was predicted on.
    class_count, predictor
        The number of classes, and `predictor_key` without any label pattern.
    cache
        As of `EvaluateImage`.
    """
    place = cache.with_name(PREDICTIONS_NAME)
    if not place.is_file():
        return None
    kept = PredictionsCache(place)
    try:
        stamp = Stamp(frame, FileState.of(image))
        return kept.get(predictor, os.fsencode(image), stamp, class_count)
    except OSError:
        return None  # whoever reads the image will say so
    finally:
        kept.close()


def known_of_folder(
    images: ImageListing,
    class_count: int,
    plans: Plans,
    label_pattern: str,
    predictor: str,
    cache: Path,
    is_wanted: Callable[[], bool],
) -> FolderStatistics:
    """Return what the cache knows of a folder and is still true; called in a thread.

    Parameters
    ----------
    images, class_count
        The folder's images, and the number of classes.
    plans, label_pattern, predictor, cache
        As of `EvaluateImage`.
    is_wanted
        Asked now and then; once it says no, what there is is returned.
    """
    statistics = FolderStatistics(len(images), class_count)
    if not cache.is_file():
        return statistics
    kept = CountsCache(cache)
    try:
        for name, stamp, counts in kept.folder(predictor, images.folder, class_count):
            if not is_wanted():
                break
            row = images.row_of(images.folder / name)
            if row is not None and _is_true(stamp, images[row], plans, label_pattern, class_count):
                statistics.add(row, counts)
    finally:
        kept.close()
    return statistics


def _is_true(stamp: Stamp, image: Path, plans: Plans, label_pattern: str, class_count: int) -> bool:
    try:
        if FileState.of(image) != stamp.image:
            return False
        if plans.of(image).frame(stamp.frame.full) != stamp.frame:
            return False
        if stamp.label_path is None:
            return find_label(image, label_pattern, class_count) is None
        return FileState.of(stamp.label_path) == stamp.label
    except (OSError, SettingsError):
        return False


def _state(path: Path) -> FileState:
    try:
        return FileState.of(path)
    except OSError as error:
        raise ImageError(
            f"{path.name} cannot be read any more ({error.strerror}); put it back or open the "
            "folder again."
        ) from error


@lru_cache(maxsize=1)
def _predictions(path: Path) -> PredictionsCache:
    """Return the open cache of predictions; the engine keeps one."""
    return PredictionsCache(path)


@lru_cache(maxsize=1)
def _cache(path: Path) -> CountsCache:
    """Return the open cache; the engine keeps one."""
    return CountsCache(path)
