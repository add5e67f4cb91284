"""Which architecture of segmentation-models-pytorch some weights are, from names and shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Shapes = dict[str, tuple[int, ...]]

# A name that only this architecture has, the most specific first.
_MARKS = (
    ("DPT", "decoder.reassemble_blocks.0."),
    ("Segformer", "decoder.mlp_stage.0."),
    ("UPerNet", "decoder.fpn_lateral_blocks.0."),
    ("DeepLabV3Plus", "decoder.aspp.0."),
    ("DeepLabV3", "decoder.aspp.convs.0."),
    ("PAN", "decoder.fpa."),
    ("PSPNet", "decoder.psp.blocks."),
    ("FPN", "decoder.p5."),
    ("Linknet", "decoder.blocks.0.block.0."),
    ("MAnet", "decoder.center.top_conv."),
    ("UnetPlusPlus", "decoder.blocks.x_0_0."),
    ("Unet", "decoder.blocks.0.conv"),
)


def architecture_of(shapes: Shapes) -> str:
    """Return the class's name; empty if no decoder is known by these names."""
    for architecture, mark in _MARKS:
        if any(name.startswith(mark) for name in shapes):
            return architecture
    return ""


def classes_of(shapes: Shapes) -> int | None:
    """Return the output channels of the segmentation head."""
    for name in ("segmentation_head.0.weight", "segmentation_head.head.4.weight"):
        if name in shapes:
            return shapes[name][0]
    return None


def options_of(architecture: str, shapes: Shapes) -> dict[str, Any]:
    """Return constructor arguments that shapes tell, where they differ from the defaults.

    Strides of dilation, dropout and interpolation leave no trace in the weights.
    """
    tell = _TELLERS.get(architecture)
    found = tell(shapes) if tell else {}
    defaults = {**_DEFAULTS, **_OWN_DEFAULTS.get(architecture, {})}
    return {name: value for name, value in found.items() if defaults.get(name) != value}


def _unet(shapes: Shapes) -> dict[str, Any]:
    channels = _each(shapes, "decoder.blocks.{}.conv2.0.weight")
    scse = any(".attention1.attention." in name for name in shapes)
    return {
        "encoder_depth": len(channels),
        "decoder_channels": channels,
        **_norm(shapes, "decoder.blocks.0.conv1.1"),
        **({"decoder_attention_type": "scse"} if scse else {}),
    }


def _unet_plus_plus(shapes: Shapes) -> dict[str, Any]:
    channels = _each(shapes, "decoder.blocks.x_0_{}.conv2.0.weight")
    scse = any(".attention1.attention." in name for name in shapes)
    return {
        "encoder_depth": len(channels),
        "decoder_channels": channels,
        **_norm(shapes, "decoder.blocks.x_0_0.conv1.1"),
        **({"decoder_attention_type": "scse"} if scse else {}),
    }


def _manet(shapes: Shapes) -> dict[str, Any]:
    channels = _each(shapes, "decoder.blocks.{}.conv2.0.weight")
    return {
        "encoder_depth": len(channels),
        "decoder_channels": channels,
        "decoder_pab_channels": _first(shapes, "decoder.center.top_conv.weight"),
        **_norm(shapes, "decoder.blocks.0.conv1.1"),
    }


def _linknet(shapes: Shapes) -> dict[str, Any]:
    return {
        "encoder_depth": len(_each(shapes, "decoder.blocks.{}.block.0.0.weight")),
        **_norm(shapes, "decoder.blocks.0.block.0.1"),
    }


def _fpn(shapes: Shapes) -> dict[str, Any]:
    segmentation = _first(shapes, "decoder.seg_blocks.0.block.0.block.0.weight")
    joined = shapes.get("segmentation_head.0.weight", (0, 0))[1] == 4 * (segmentation or 0)
    return {
        "decoder_pyramid_channels": _first(shapes, "decoder.p5.weight"),
        "decoder_segmentation_channels": segmentation,
        "decoder_merge_policy": "cat" if joined else "add",
    }


def _pspnet(shapes: Shapes) -> dict[str, Any]:
    return {
        "psp_out_channels": _first(shapes, "decoder.conv.0.weight"),
        **_norm(shapes, "decoder.conv.1"),
    }


def _pan(shapes: Shapes) -> dict[str, Any]:
    return {"decoder_channels": _first(shapes, "decoder.gau1.conv2.conv.weight")}


def _deeplab(shapes: Shapes) -> dict[str, Any]:
    return {
        "decoder_channels": shapes.get("segmentation_head.0.weight", (0, None))[1],
        "decoder_aspp_separable": any(".convs.1.0.0.weight" in name for name in shapes),
    }


def _upernet(shapes: Shapes) -> dict[str, Any]:
    return {
        "decoder_channels": shapes.get("segmentation_head.0.weight", (0, None))[1],
        **_norm(shapes, "decoder.fusion_block.1"),
    }


def _segformer(shapes: Shapes) -> dict[str, Any]:
    head = shapes.get("segmentation_head.0.weight", (0, None))
    return {"decoder_segmentation_channels": head[1]}


def _dpt(shapes: Shapes) -> dict[str, Any]:
    middle = _each(shapes, "decoder.reassemble_blocks.{}.project_to_out_channel.weight")
    readout = "cat" if "decoder.projection_blocks.0.project.0.weight" in shapes else "ignore"
    return {
        "encoder_depth": len(middle),
        "decoder_intermediate_channels": middle,
        "decoder_fusion_channels": shapes.get("segmentation_head.head.0.weight", (0, None))[1],
        "decoder_readout": readout,
    }


def _each(shapes: Shapes, pattern: str) -> list[int]:
    """Return the output channels of numbered layers, from 0 to the first that is missing."""
    channels: list[int] = []
    while (name := pattern.format(len(channels))) in shapes:
        channels.append(shapes[name][0])
    return channels


def _first(shapes: Shapes, name: str) -> int | None:
    return shapes[name][0] if name in shapes else None


def _norm(shapes: Shapes, layer: str) -> dict[str, Any]:
    """Tell batch normalisation from none; the other kinds are not told by their shapes."""
    plain = f"{layer}.weight" not in shapes
    return {"decoder_use_norm": False} if plain else {}


_TELLERS: dict[str, Callable[[Shapes], dict[str, Any]]] = {
    "Unet": _unet,
    "UnetPlusPlus": _unet_plus_plus,
    "MAnet": _manet,
    "Linknet": _linknet,
    "FPN": _fpn,
    "PSPNet": _pspnet,
    "PAN": _pan,
    "DeepLabV3": _deeplab,
    "DeepLabV3Plus": _deeplab,
    "UPerNet": _upernet,
    "Segformer": _segformer,
    "DPT": _dpt,
}
# A value of None is one that the shapes did not tell.
_DEFAULTS: dict[str, Any] = {
    "encoder_depth": 5,
    "decoder_channels": [256, 128, 64, 32, 16],
    "decoder_pab_channels": 64,
    "decoder_pyramid_channels": 256,
    "decoder_segmentation_channels": 128,
    "decoder_merge_policy": "add",
    "psp_out_channels": 512,
    "decoder_intermediate_channels": [256, 512, 1024, 1024],
    "decoder_fusion_channels": 256,
    "decoder_readout": "cat",
}
_OWN_DEFAULTS: dict[str, dict[str, Any]] = {
    "PAN": {"decoder_channels": 32},
    "DeepLabV3": {"decoder_channels": 256, "decoder_aspp_separable": False},
    "DeepLabV3Plus": {"decoder_channels": 256, "decoder_aspp_separable": True},
    "UPerNet": {"decoder_channels": 256},
    "Segformer": {"decoder_segmentation_channels": 256},
    "DPT": {"encoder_depth": 4},
}
