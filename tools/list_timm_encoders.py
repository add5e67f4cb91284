"""Write gridsal_core/checkpoints/timm_encoders.txt: what tells timm's encoders apart.

Run it after an update of timm: python tools/list_timm_encoders.py
"""

from __future__ import annotations

import warnings
from pathlib import Path

import timm

from gridsal_core.checkpoints.guess_encoder import fingerprint, shapes_of

PLACE = Path(__file__).resolve().parents[1] / "gridsal_core/checkpoints/timm_encoders.txt"


def main() -> None:
    warnings.simplefilter("ignore")
    lines = []
    for name in timm.list_models():
        for whole in (False, True):
            # Whole networks are the encoders of DPT only.
            if whole and not name.startswith(("vit", "deit", "beit", "eva", "flexivit")):
                continue
            if shapes := shapes_of(f"tu-{name}", whole=whole):
                count, small = fingerprint(shapes)
                lines.append(f"{count} {small} {name}\n")
    PLACE.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
