"""How the images of known encoders are normalised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
IMAGENET: dict[str, Any] = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}


def encoder_preprocessing(encoder: str) -> dict[str, Any] | None:
    """Return `range`, `mean`, `std` and `order` of an encoder; None if they are not known here.

    timm's encoders are described by timm itself. The library's own are described by a file on the
    hub, which is here if their weights were ever fetched; asking for it would retry for half a
    minute where there is no internet.
    """
    from huggingface_hub import try_to_load_from_cache
    from segmentation_models_pytorch import encoders

    if encoders.is_equivalent_to_timm_universal(encoder):
        # The same renaming as in the library's get_encoder.
        encoder = encoder.replace("timm-", "tu-tf_" if "mobilenetv3" in encoder else "tu-")
    try:
        if encoder.startswith("tu-"):
            found: dict[str, Any] = encoders.get_preprocessing_params(encoder)
        else:
            source = encoders.encoders[encoder]["pretrained_settings"]["imagenet"]
            cached = try_to_load_from_cache(
                source["repo_id"], "config.json", revision=source["revision"]
            )
            found = json.loads(Path(cached).read_text("utf-8")) if isinstance(cached, str) else {}
    # The library has no pretrained encoder of this name, or the file is not what it should be.
    except (OSError, ValueError, KeyError, RuntimeError):
        return None
    if not {"mean", "std"} <= set(found):
        return None
    low, high = found.get("input_range", (0, 1))
    return {
        "range": (float(low), float(high)),
        "mean": tuple(found["mean"]),
        "std": tuple(found["std"]),
        "order": found.get("input_space", "RGB"),
    }
