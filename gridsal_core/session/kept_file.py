"""The file of one kept explanation: all of it, but for the image, which stays where it is.

A compressed NumPy archive that `numpy.load` opens without pickle. `meta` is JSON as bytes; the
arrays are those of `Explanation`, with three exceptions: `region` is packed to bits, `perturbed` is
stored in 16 bits (65535 is 1), and `saliency` is left out where it follows from the mask. The image
is named by its file, page and frame and read again by the image reader; only an image that came
from no file is embedded. `thumbnail` is a small picture for lists.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.atomic import write_atomic
from gridsal_core.errors import RequestError, SessionError
from gridsal_core.images import max_pixels, read_image
from gridsal_core.regions import widened
from gridsal_core.session.arrays_file import AnyArray, ArrayReader, open_arrays, write_arrays
from gridsal_core.session.fields import (
    as_class,
    as_frame,
    as_list,
    as_number,
    as_origin,
    as_path,
    as_record,
    as_scores,
    as_settings,
    as_text,
    as_whole,
    optional,
    plain_class,
    plain_frame,
    plain_scores,
)
from gridsal_core.session.fingerprint import check_unchanged, fingerprint
from gridsal_core.session.thumbnail import MOST_EDGE, heat_thumbnail
from gridsal_core.settings import MAX_STEPS, Settings
from gridsal_core.types import Explanation, Prediction, Provenance, Request
from gridsal_core.upsampling import saliency_map

VERSION = 1
MOST_META_BYTES = 16 * 2**20
MOST_CHANNELS = 1024
FULL = 65535

_KEYS = (
    "version",
    "image_path",
    "image_file",
    "page",
    "frame",
    "values",
    "size",
    "channels",
    "cells",
    "steps",
    "losses",
    "index_bytes",
    "class_index",
    "origin",
    "true_class",
    "settings",
    "classes",
    "scores",
    "residual",
    "residual_without_context",
    "init",
    "stopped",
    "provenance",
    "notes",
    "prediction_notes",
    "converged_at",
)


def write_kept(explanation: Explanation, path: Path) -> None:
    """Write an explanation, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    arrays = _arrays(explanation)
    write_atomic(path, lambda file: write_arrays(file, arrays))


def read_kept(
    path: Path, *, image_path: Path | None = None, allow_large: bool = False
) -> Explanation:
    """Read an explanation back, with its image from where it lies.

    Parameters
    ----------
    path
        What `write_kept` wrote.
    image_path
        Where the image is now, if it was moved; None takes the place it was read from.
    allow_large
        Read an image beyond the safe size.

    Returns
    -------
    The explanation; every array is as it was, but `perturbed`, which is within 1/131070 of it.

    Raises
    ------
    SessionError
        If the file is damaged, or the image is another one than it was.
    ImageError
        If the image is gone or cannot be read.
    """
    with _opened(path) as file:
        return read_kept_from(file, path.name, image_path=image_path, allow_large=allow_large)


def read_kept_from(
    file: IO[bytes], name: str, *, image_path: Path | None = None, allow_large: bool = False
) -> Explanation:
    """Read an explanation from an open file; `name` is for messages. See `read_kept`."""
    with open_arrays(file, name) as reader:
        meta = _Meta(json.loads(reader.read_bytes("meta", MOST_META_BYTES)), name)
        image = _image(reader, meta, image_path, allow_large)
        return _explanation(reader, meta, image, image_path)


def read_kept_thumbnail(file: IO[bytes], name: str) -> ByteArray:
    """Read the small picture of a kept explanation from an open file: (h, w, 3) uint8.

    Raises
    ------
    SessionError
        If the file is damaged.
    """
    with open_arrays(file, name) as reader:
        return reader.read_picture("thumbnail", MOST_EDGE)


def _arrays(explanation: Explanation) -> dict[str, AnyArray]:
    request, prediction = explanation.request, explanation.prediction
    meta = json.dumps(_plain(explanation), ensure_ascii=True).encode("ascii")
    arrays: dict[str, AnyArray] = {
        "meta": np.frombuffer(meta, np.uint8),
        "thumbnail": heat_thumbnail(explanation),
        "region": np.packbits(request.region),
        "mask": explanation.mask,
        "perturbed": _in_16_bits(explanation.perturbed),
        "losses": explanation.losses,
        "score_history": explanation.score_history,
        "class_map": prediction.class_map,
        "confidence": prediction.confidence,
    }
    derived = _derived(explanation.mask, request.region, explanation.settings)
    if not np.array_equal(derived, explanation.saliency, equal_nan=True):
        arrays["saliency"] = explanation.saliency
    if request.image_path is None:
        arrays["image"] = request.image
    return arrays


def _plain(explanation: Explanation) -> dict[str, Any]:
    request, path = explanation.request, explanation.request.image_path
    return {
        "version": VERSION,
        "image_path": None if path is None else str(path),
        "image_file": None if path is None else fingerprint(path),
        "page": request.page,
        "frame": None if request.frame is None else plain_frame(request.frame),
        "values": None if request.values is None else [float(value) for value in request.values],
        "size": list(request.region.shape),
        "channels": request.image.shape[2],
        "cells": list(explanation.mask.shape),
        "steps": len(explanation.score_history),
        "losses": len(explanation.losses),
        "index_bytes": explanation.prediction.class_map.dtype.itemsize,
        "class_index": int(request.class_index),
        "origin": request.origin,
        "true_class": None if request.true_class is None else int(request.true_class),
        "settings": explanation.settings.to_dict(),
        "classes": [plain_class(info) for info in explanation.classes],
        "scores": plain_scores(explanation.scores),
        "residual": float(explanation.residual),
        "residual_without_context": float(explanation.residual_without_context),
        "init": float(explanation.init),
        "stopped": bool(explanation.stopped),
        "provenance": asdict(explanation.provenance),
        "notes": list(explanation.notes),
        "prediction_notes": list(explanation.prediction.notes),
        "converged_at": explanation.converged_at,
    }


class _Meta:
    """What the JSON says, taken field by field; a wrong one is a ValueError."""

    def __init__(self, plain: object, name: str) -> None:
        version = plain.get("version") if isinstance(plain, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise SessionError(f"{name} was written by a newer GridSal; update it to open this.")
        if version != VERSION:
            raise ValueError("it does not say of which format it is")
        meta = as_record(plain, *_KEYS)
        self.name = name
        self.path = optional(as_path, meta["image_path"])
        self.file = meta["image_file"]
        self.page = as_whole(meta["page"])
        self.frame = optional(as_frame, meta["frame"])
        self.values = optional(_pair, meta["values"])
        rows, columns = (as_whole(edge, 1) for edge in as_list(meta["size"], 2))
        if rows * columns > max_pixels():
            raise ValueError("it has more pixels than can be worked on")
        self.size = rows, columns
        self.channels = as_whole(meta["channels"], 1, MOST_CHANNELS)
        down, across = (as_whole(edge, 1) for edge in as_list(meta["cells"], 2))
        if down > rows or across > columns:
            raise ValueError("the mask is larger than the image")
        self.cells = down, across
        self.steps, self.losses = (as_whole(meta[key], 0, MAX_STEPS) for key in ("steps", "losses"))
        self.index_type = {1: "uint8", 2: "uint16"}[as_whole(meta["index_bytes"], 1, 2)]
        self.settings = as_settings(meta["settings"])
        self.classes = tuple(as_class(entry) for entry in as_list(meta["classes"]))
        self.class_index = as_whole(meta["class_index"], 0, len(self.classes) - 1)
        self.origin = as_origin(meta["origin"])
        self.true_class = optional(as_whole, meta["true_class"])
        self.scores = as_scores(meta["scores"])
        self.residual = as_number(meta["residual"])
        self.residual_without_context = as_number(meta["residual_without_context"])
        self.init = as_number(meta["init"])
        if not isinstance(meta["stopped"], bool):
            raise ValueError("stopped is neither true nor false")
        self.stopped = meta["stopped"]
        self.provenance = _provenance(meta["provenance"])
        self.notes = tuple(as_text(note) for note in as_list(meta["notes"]))
        self.prediction_notes = tuple(as_text(note) for note in as_list(meta["prediction_notes"]))
        self.converged_at = optional(as_whole, meta["converged_at"])


def _image(
    reader: ArrayReader, meta: _Meta, moved_to: Path | None, allow_large: bool
) -> FloatArray:
    shape = (*meta.size, meta.channels)
    path = moved_to or meta.path
    if path is None:
        if meta.size[0] * meta.size[1] * meta.channels > max_pixels():
            raise ValueError("its image has more values than can be worked on")
        return reader.read("image", "float32", shape)
    # Before what is in the archive, so that the image's own size bounds what is read there.
    image = read_image(
        path,
        meta.channels,
        page=meta.page,
        values=meta.values,
        frame=meta.frame,
        allow_large=allow_large,
    )
    check_unchanged(path, meta.file)
    if image.shape != shape:
        raise SessionError(
            f"{path.name} has another size than when it was explained; put the old image back."
        )
    return image


def _explanation(
    reader: ArrayReader, meta: _Meta, image: FloatArray, moved_to: Path | None
) -> Explanation:
    rows, columns = meta.size
    bits = reader.read("region", "uint8", ((rows * columns + 7) // 8,))
    region: BoolArray = np.unpackbits(bits, count=rows * columns).reshape(meta.size).astype(bool)
    try:
        request = Request(
            image,
            region,
            meta.class_index,
            meta.origin,
            moved_to or meta.path,
            meta.page,
            meta.frame,
            meta.values,
            meta.true_class,
        )
    except RequestError as error:
        raise ValueError(str(error)) from None
    mask: FloatArray = reader.read("mask", "float32", meta.cells)
    if reader.has("saliency"):
        saliency: FloatArray = reader.read("saliency", "float32", meta.size)
    else:
        saliency = _derived(mask, region, meta.settings)
    perturbed = reader.read("perturbed", "uint16", image.shape)
    return Explanation(
        request=request,
        settings=meta.settings,
        classes=meta.classes,
        mask=mask,
        saliency=saliency,
        perturbed=np.divide(perturbed, np.float32(FULL), dtype=np.float32),
        losses=reader.read("losses", "float32", (meta.losses, 3)),
        score_history=reader.read("score_history", "float32", (meta.steps,)),
        scores=meta.scores,
        residual=meta.residual,
        residual_without_context=meta.residual_without_context,
        prediction=Prediction(
            _known_classes(reader.read("class_map", meta.index_type, meta.size), meta),
            reader.read("confidence", "float32", meta.size),
            meta.prediction_notes,
        ),
        init=meta.init,
        stopped=meta.stopped,
        provenance=meta.provenance,
        notes=meta.notes,
        converged_at=meta.converged_at,
    )


def _derived(mask: FloatArray, region: BoolArray, settings: Settings) -> FloatArray:
    """Return the map as `explanation_of` makes it from the mask."""
    kept = widened(region, settings.dilation)
    return saliency_map(mask, kept, settings.form, settings.upsampling)


def _in_16_bits(image: FloatArray) -> AnyArray:
    levels = np.clip(image, 0, 1) * np.float32(FULL)
    quantised: AnyArray = np.rint(levels, out=levels).astype(np.uint16)
    return quantised


def _known_classes(class_map: IndexArray, meta: _Meta) -> IndexArray:
    if int(class_map.max()) >= len(meta.classes):
        raise ValueError("its prediction has a class that the network has not")
    return class_map


def _provenance(value: object) -> Provenance:
    names = ("network", "checkpoint", "checkpoint_sha256", "device", "versions")
    plain = as_record(value, *names)
    pairs = (as_list(pair, 2) for pair in as_list(plain["versions"]))
    versions = tuple((as_text(package), as_text(version)) for package, version in pairs)
    network, checkpoint, sha256, device = (as_text(plain[name]) for name in names[:4])
    return Provenance(network, checkpoint, sha256, device, versions)


def _pair(value: object) -> tuple[float, float]:
    low, high = (as_number(part) for part in as_list(value, 2))
    return low, high


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise SessionError(f"{path.name} cannot be read: {reason}; check the file.") from error
