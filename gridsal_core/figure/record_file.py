"""Figures of the data files that `gridsal explain --out` writes."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from gridsal_core.class_sets import CLASS_SETS
from gridsal_core.errors import GridSalError, ImageError, RequestError
from gridsal_core.figure.exhibit import Exhibit, exhibit
from gridsal_core.figure.labels import label_of
from gridsal_core.frames import Box, Frame
from gridsal_core.images import max_pixels, read_image
from gridsal_core.palette import numbered_classes
from gridsal_core.pipes import is_pipe
from gridsal_core.session.fields import as_origin
from gridsal_core.settings import MAX_STEPS, Settings
from gridsal_core.types import ClassInfo, Explanation, Prediction, Provenance, Request, Scores
from gridsal_core.zip_errors import NOT_ARRAYS

_ARRAYS: Final = ("mask", "saliency", "region", "class_index", "losses", "scores", "prediction")
# What a damaged or hostile archive makes of reading it.
_DAMAGE: Final = (*NOT_ARRAYS, ArithmeticError, AttributeError, MemoryError, RecursionError)


def exhibit_of_record(path: Path, label_pattern: str = "") -> Exhibit:
    """Read a data file, with its image from where it lies, for figures.

    The perturbed image is not in it. Colours of classes are those of the known set with the same
    names, or of the palette.

    Parameters
    ----------
    path
        What `records.save_record` wrote.
    label_pattern
        Where label maps are, see `label_files.label_place`.

    Raises
    ------
    RequestError
        If the file is damaged or no such file, or does not say where its image is.
    ImageError
        If the image cannot be read or has another size.
    """
    try:
        arrays, record = _read(path)
        made = _explanation(arrays, record, path)
        return replace(exhibit(made, label_of(made, label_pattern)), perturbed=None)
    except GridSalError:
        raise
    except _DAMAGE as error:
        raise RequestError(
            f"{path.name} is damaged or no data file of gridsal explain; make it again."
        ) from error


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    if not path.exists():
        raise RequestError(f"{path} does not exist; check its name and folder.")
    if is_pipe(path):
        raise ValueError("it is a pipe")
    with zipfile.ZipFile(path) as archive:
        most = 8 * max_pixels()
        if sum(member.file_size for member in archive.infolist()) > most:
            raise ValueError("more data than an image can have")
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in _ARRAYS}, json.loads(str(file["settings"]))


def _explanation(arrays: dict[str, Any], record: dict[str, Any], path: Path) -> Explanation:
    if record["image"] is None:
        raise RequestError(
            f"{path.name} does not say where its image is, without which there is no figure; "
            "explain the image from its file."
        )
    place, page, frame = Path(record["image"]), int(record["page"]), _frame(record["frame"])
    image = read_image(place, 3, page=page, frame=frame)
    region = np.asarray(arrays["region"], np.bool_)
    if image.shape[:2] != region.shape:
        raise ImageError(
            f"{place.name} has another size than when it was explained; put the old image back."
        )
    size = region.shape
    if any(arrays[name].shape != size for name in ("saliency", "prediction")):
        raise ValueError("the arrays do not fit each other")
    request = Request(
        image,
        region,
        int(arrays["class_index"]),
        as_origin(record["region_origin"]),
        place,
        page,
        frame,
    )
    steps = min(int(record["steps_done"]), MAX_STEPS)
    on_image, alone, perturbed = (float(score) for score in arrays["scores"])
    return Explanation(
        request=request,
        settings=Settings.from_dict(record["settings"]),
        classes=_classes([str(name) for name in record["class_names"]]),
        mask=np.asarray(arrays["mask"], np.float32),
        saliency=np.asarray(arrays["saliency"], np.float32),
        perturbed=image,
        losses=np.asarray(arrays["losses"], np.float32),
        score_history=np.zeros(steps, np.float32),
        scores=Scores(on_image, alone, perturbed),
        residual=float(record["residual"]),
        residual_without_context=float(record["residual_without_context"]),
        prediction=Prediction(arrays["prediction"], np.zeros(size, np.float32)),
        init=float(record["init_used"]),
        stopped=bool(record["stopped"]),
        provenance=Provenance(
            str(record["network"]),
            str(record["checkpoint"]),
            str(record["checkpoint_sha256"]),
            str(record["device"]),
            (),
        ),
        notes=tuple(str(note) for note in record["notes"]),
        converged_at=None if record["converged_at"] is None else int(record["converged_at"]),
    )


def _frame(values: dict[str, Any] | None) -> Frame | None:
    if values is None:
        return None
    height, width = values["full"]
    rows, columns = values["size"]
    return Frame((height, width), Box(**values["window"]), (rows, columns))


def _classes(names: list[str]) -> tuple[ClassInfo, ...]:
    for known in CLASS_SETS.values():
        if [info.name.casefold() for info in known] == [name.casefold() for name in names]:
            return known
    spare = numbered_classes(len(names))
    return tuple(ClassInfo(name, info.color) for name, info in zip(names, spare, strict=True))
