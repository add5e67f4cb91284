"""What networks and their parts are called, for whoever offers a choice and must not import torch.

The lists are proposals: whatever else the installed libraries know can be typed.
"""

from __future__ import annotations

NETWORK_SUFFIXES = frozenset(
    (".pt", ".pth", ".ckpt", ".safetensors", ".ts", ".pt2", ".onnx", ".bin")
)
"""Endings of files that hold a network; which kind, their first bytes tell."""

SMP_ARCHITECTURES: tuple[str, ...] = (
    "Unet",
    "UnetPlusPlus",
    "DeepLabV3",
    "DeepLabV3Plus",
    "FPN",
    "PSPNet",
    "PAN",
    "Linknet",
    "MAnet",
    "UPerNet",
    "Segformer",
    "DPT",
)
"""Classes of segmentation-models-pytorch."""

TORCHVISION_ARCHITECTURES: tuple[str, ...] = (
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
    "fcn_resnet50",
    "fcn_resnet101",
    "lraspp_mobilenet_v3_large",
)
"""Builders of torchvision.models.segmentation."""

SMP_ENCODERS: tuple[str, ...] = (
    *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
    "resnext50_32x4d",
    "resnext101_32x4d",
    *(f"resnext101_32x{width}d" for width in (8, 16, 32, 48)),
    "mobilenet_v2",
    *(f"efficientnet-b{size}" for size in range(8)),
    *(f"mit_b{size}" for size in range(6)),
    *(f"timm-efficientnet-{size}" for size in (*(f"b{n}" for n in range(9)), "l2")),
    *(f"timm-tf_efficientnet_lite{size}" for size in range(5)),
    *(f"mobileone_s{size}" for size in range(5)),
    *(f"densenet{depth}" for depth in (121, 161, 169, 201)),
    *(f"dpn{size}" for size in ("68", "68b", "92", "98", "107", "131")),
    *(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")),
    "senet154",
    *(f"se_resnet{depth}" for depth in (50, 101, 152)),
    *(f"se_resnext{depth}_32x4d" for depth in (50, 101)),
    *(f"timm-skresne{name}" for name in ("t18", "t34", "xt50_32x4d")),
    "inceptionresnetv2",
    "inceptionv4",
    "xception",
    *(f"tu-mobilenetv3_{size}_100" for size in ("small", "large")),
    *(f"tu-convnext_{size}" for size in ("tiny", "small", "base", "large")),
    *(f"tu-efficientnetv2_{size}" for size in ("s", "m")),
    *(f"tu-hrnet_w{width}" for width in (18, 32, 48)),
    *(f"tu-regnety_{size:03}" for size in (8, 16, 32)),
    *(f"tu-resnet{name}" for name in ("18d", "50d", "101d")),
)
"""Encoders of segmentation-models-pytorch; `tu-` and a name of timm's is an encoder, too."""
