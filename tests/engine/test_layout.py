"""Weights laid out for the CPU change the speed and nothing else, in every architecture."""

from __future__ import annotations

import pytest
import segmentation_models_pytorch as smp
import torch

from gridsal_core.checkpoints.smp_build import build_smp

ARCHITECTURES = sorted(each.__name__ for each in smp.MODEL_ARCHITECTURES_MAPPING.values())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_layout_changes_neither_output_nor_gradient(architecture: str) -> None:
    encoder = "tu-vit_tiny_patch16_224" if architecture == "DPT" else "resnet18"
    options = {"encoder_name": encoder, "classes": 3}
    torch.manual_seed(0)
    # In float32 rounding lets single ReLUs switch, and the gradient jumps.
    module = build_smp(architecture, options, where="here").eval().double()
    state = {name: weight.clone() for name, weight in module.state_dict().items()}
    size = (1, 3, 224, 224) if architecture == "DPT" else (1, 3, 128, 160)
    image = torch.rand(size, dtype=torch.float64, requires_grad=True)

    output = module(image)
    (gradient,) = torch.autograd.grad(output.softmax(1)[:, 0].sum(), image)
    module.to(memory_format=torch.contiguous_format)
    usual = module(image)
    (usual_gradient,) = torch.autograd.grad(usual.softmax(1)[:, 0].sum(), image)

    torch.testing.assert_close(output, usual, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(gradient, usual_gradient, rtol=1e-6, atol=1e-9)
    assert all(torch.equal(weight, state[name]) for name, weight in module.state_dict().items())
