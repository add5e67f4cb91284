"""Networks on disk, as segmentation-models-pytorch itself saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

TIMM_ENCODER = "tu-tf_mobilenetv3_small_minimal_100"
OTHER_ENCODER = "mobilenet_v2"

CARD = """
name = "saved"

[input]
mean = [0.4, 0.5, 0.6]
std = [0.2, 0.2, 0.2]

[[classes]]
name = "ground"
color = "#102030"

[[classes]]
name = "Tree"
color = "#00ff00"

[[classes]]
name = "sky"
color = "#0000FF"
"""


def save_network(
    folder: Path, architecture: str = "Unet", *, card: str | None = None, **options: object
) -> Path:
    """Save a small random network, the same one for the same options."""
    import segmentation_models_pytorch as smp

    torch.manual_seed(0)
    given: dict[str, Any] = {
        "encoder_name": TIMM_ENCODER,
        "encoder_weights": None,
        "encoder_depth": 3,
        "classes": 3,
        **({"decoder_channels": (16, 8, 8)} if architecture == "Unet" else {}),
        **options,
    }
    getattr(smp, architecture)(**given).save_pretrained(folder)
    if card is not None:
        (folder / "gridsal.toml").write_text(card, "utf-8")
    return folder
