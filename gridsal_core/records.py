"""The file of one explanation: everything needed to measure it again or to repeat it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gridsal_core.atomic import write_atomic
from gridsal_core.reading import read_explanation
from gridsal_core.types import Explanation
from gridsal_core.working_scale import full_saliency


def settings_record(explanation: Explanation) -> dict[str, Any]:
    """Every setting, origin and version of an explanation, as plain values."""
    request, source = explanation.request, explanation.provenance
    return {
        "settings": explanation.settings.to_dict(),
        "class_name": explanation.class_name,
        "class_names": [entry.name for entry in explanation.classes],
        "region_origin": request.origin,
        "true_class": request.true_class,
        "true_class_name": true_class_name(explanation),
        "image": None if request.image_path is None else str(request.image_path),
        "page": request.page,
        "frame": None if request.frame is None else asdict(request.frame),
        "init_used": explanation.init,
        "steps_done": explanation.steps,
        "stopped": explanation.stopped,
        "converged_at": explanation.converged_at,
        "deviations": list(explanation.settings.deviations),
        "residual": explanation.residual,
        "residual_without_context": explanation.residual_without_context,
        "verdict": read_explanation(explanation).verdict,
        "network": source.network,
        "checkpoint": source.checkpoint,
        "checkpoint_sha256": source.checkpoint_sha256,
        "device": source.device,
        "notes": list(explanation.notes),
        "versions": dict(source.versions),
    }


def true_class_name(explanation: Explanation) -> str | None:
    """Name the class that the region truly has; None where nobody knows it."""
    true = explanation.request.true_class
    # An array from elsewhere may say a class that the network does not have.
    known = true is not None and true < len(explanation.classes)
    return explanation.classes[true].name if known and true is not None else None


def save_record(explanation: Explanation, path: Path) -> None:
    """Write the explanation as a compressed NumPy archive, whole or not at all.

    Holds `mask` float32 (h, w), `saliency` float32 (H, W), `region` bool (H, W), `class_index` int,
    `losses` float32 (steps, 3): total, mask, preservation, each before that step's update (none of
    a gradient method), `scores`
    float32 (3,): on the image, on the object alone, on the final perturbed image, `prediction`
    uint8 or uint16 (H, W), and `settings`, a JSON string of `settings_record`. H and W are working
    pixels: where that is not the whole image as it is, the record's `frame` says which part of it
    at which size, and `save_map` writes the map at the whole image's.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    scores = explanation.scores
    arrays: dict[str, Any] = {
        "mask": explanation.mask,
        "saliency": explanation.saliency,
        "region": explanation.request.region,
        "class_index": np.int64(explanation.request.class_index),
        "losses": explanation.losses,
        "scores": np.array([scores.image, scores.object_alone, scores.perturbed], np.float32),
        "prediction": explanation.prediction.class_map,
        "settings": json.dumps(settings_record(explanation), ensure_ascii=False, sort_keys=True),
    }
    write_atomic(path, lambda file: np.savez_compressed(file, **arrays))


def save_map(explanation: Explanation, path: Path) -> None:
    """Write the saliency alone at the whole image's size: 16-bit grey PNG, 65535 is 1.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    levels = full_saliency(explanation)
    levels *= 65535
    picture = Image.fromarray(np.rint(levels, out=levels).astype(np.uint16))
    write_atomic(path, lambda file: picture.save(file, "PNG"))
