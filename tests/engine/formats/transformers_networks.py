"""Tiny random networks of each family of transformers, and what prepares images for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import (
    BeitConfig,
    BeitForSemanticSegmentation,
    BeitImageProcessor,
    ConvNextConfig,
    DetrConfig,
    DPTConfig,
    DPTForSemanticSegmentation,
    DPTImageProcessor,
    Mask2FormerConfig,
    Mask2FormerForUniversalSegmentation,
    Mask2FormerImageProcessor,
    MaskFormerConfig,
    MaskFormerForInstanceSegmentation,
    MaskFormerImageProcessor,
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessor,
    SwinConfig,
    UperNetConfig,
    UperNetForSemanticSegmentation,
)

NAMES = ("road", "tree", "sky", "car", "person")
CLASSES: dict[str, Any] = {
    "id2label": dict(enumerate(NAMES)),
    "label2id": {name: index for index, name in enumerate(NAMES)},
}
STAGES: dict[str, Any] = {"out_features": ["stage1", "stage2", "stage3", "stage4"]}
TAPS: dict[str, Any] = {"out_indices": [0, 1, 2, 3]}


def swin() -> SwinConfig:
    return SwinConfig(
        image_size=64,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        **STAGES,
    )


def segformer(classes: dict[str, Any] = CLASSES) -> SegformerForSemanticSegmentation:
    config = SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 16, 24],
        num_attention_heads=[1, 2, 2, 2],
        decoder_hidden_size=16,
        **classes,
    )
    return SegformerForSemanticSegmentation(config)


def upernet() -> UperNetForSemanticSegmentation:
    backbone = ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 16, 16], **STAGES)
    return UperNetForSemanticSegmentation(
        UperNetConfig(
            backbone_config=backbone,
            hidden_size=16,
            pool_scales=[1, 2],
            auxiliary_in_channels=16,
            auxiliary_channels=8,
            **CLASSES,
        )
    )


def beit() -> BeitForSemanticSegmentation:
    return BeitForSemanticSegmentation(
        BeitConfig(
            image_size=64,
            hidden_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            intermediate_size=16,
            **TAPS,
            use_relative_position_bias=True,
            use_auxiliary_head=False,
            pool_scales=[1, 2],
            **CLASSES,
        )
    )


def dpt() -> DPTForSemanticSegmentation:
    return DPTForSemanticSegmentation(
        DPTConfig(
            image_size=64,
            hidden_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            intermediate_size=16,
            backbone_out_indices=[0, 1, 2, 3],
            neck_hidden_sizes=[8, 8, 8, 8],
            fusion_hidden_size=8,
            **CLASSES,
        )
    )


def mask2former() -> Mask2FormerForUniversalSegmentation:
    return Mask2FormerForUniversalSegmentation(
        Mask2FormerConfig(
            backbone_config=swin(),
            feature_size=32,
            mask_feature_size=32,
            hidden_dim=32,
            encoder_feedforward_dim=16,
            encoder_layers=1,
            decoder_layers=2,
            num_attention_heads=2,
            dim_feedforward=16,
            num_queries=7,
            **CLASSES,
        )
    )


def maskformer() -> MaskFormerForInstanceSegmentation:
    decoder = DetrConfig(
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=7,
    )
    return MaskFormerForInstanceSegmentation(
        MaskFormerConfig(
            backbone_config=swin(),
            decoder_config=decoder,
            fpn_feature_size=32,
            mask_feature_size=32,
            **CLASSES,
        )
    )


SQUARE = {"height": 64, "width": 64}
FAMILIES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "segformer": (segformer, lambda: SegformerImageProcessor(do_reduce_labels=True)),
    "upernet": (upernet, SegformerImageProcessor),
    "beit": (beit, lambda: BeitImageProcessor(size=SQUARE)),
    "dpt": (dpt, lambda: DPTImageProcessor(size=SQUARE)),
    "mask2former": (mask2former, lambda: Mask2FormerImageProcessor(ignore_index=255)),
    "maskformer": (maskformer, lambda: MaskFormerImageProcessor(ignore_index=255)),
}


@torch.no_grad()
def strengthened(model: nn.Module) -> nn.Module:
    """Make fresh weights large enough that the classes differ from pixel to pixel."""
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.mul_(8)
    model.eval()
    for name, part in model.named_modules():
        if name.endswith(("class_predictor", "mask_embedder")):
            # Fresh queries are nearly alike: all masks would be the same, and of the same class.
            last = [layer for layer in part.modules() if isinstance(layer, nn.Linear)][-1]
            tell_queries_apart(model, last)
        if name.endswith("mask_embedder"):
            # Masks that are too sure of themselves leave pixels without any.
            sure = model(pixel_values=torch.rand(1, 3, 64, 96)).masks_queries_logits.std() / 4
            last.weight.div_(sure)
            last.bias.div_(sure)
    return model


def tell_queries_apart(model: nn.Module, layer: nn.Linear) -> None:
    answers: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda *call: answers.append(call[2]))
    model(pixel_values=torch.rand(1, 3, 64, 96))
    hook.remove()
    mean, spread = answers[-1].flatten(0, -2).mean(0), answers[-1].flatten(0, -2).std(0)
    layer.bias.copy_((layer.bias - mean) / spread)
    layer.weight.div_(spread[:, None])
