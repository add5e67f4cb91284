"""Which segmentation network of torchvision some weights are, from names and shapes."""

from __future__ import annotations

from typing import Any

from gridsal_core.checkpoints.guess_decoder import Shapes

# The first layer of each backbone.
STEMS = ("backbone.conv1.weight", "backbone.0.0.weight")


def torchvision_of(shapes: Shapes) -> tuple[str, dict[str, Any]] | None:
    """Return the builder's name and its arguments; None if it is none of torchvision's."""
    if not any(name.startswith("backbone.") for name in shapes):
        return None
    auxiliary = any(name.startswith("aux_classifier.") for name in shapes)
    if "classifier.low_classifier.weight" in shapes:
        classes = shapes["classifier.low_classifier.weight"][0]
        return "lraspp_mobilenet_v3_large", {"num_classes": classes}
    if "classifier.4.weight" not in shapes:
        return None
    head = "deeplabv3" if "classifier.0.convs.0.0.weight" in shapes else "fcn"
    arguments: dict[str, Any] = {"num_classes": shapes["classifier.4.weight"][0]}
    if auxiliary:
        arguments["aux_loss"] = True
    return f"{head}_{_backbone(shapes)}", arguments


def _backbone(shapes: Shapes) -> str:
    if "backbone.conv1.weight" not in shapes:
        return "mobilenet_v3_large"
    deep = "backbone.layer3.22.conv1.weight" in shapes
    return "resnet101" if deep else "resnet50"
