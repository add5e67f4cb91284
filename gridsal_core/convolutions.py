"""Convolutions of a frozen network, so that a CPU computes them and their input gradients sooner.

Two detours of torch 2.14 and oneDNN on CPUs are avoided; both change nothing but rounding.

- The input gradient of a dilated depthwise convolution falls to a kernel that takes some four times
  as long as the convolution. With stride 1 that gradient is itself a depthwise convolution, with
  every kernel turned by half a turn.
- With a single thread a 1x1 convolution of few images is sent past oneDNN, and takes twice as long
  with the channels last. Not so a dilated one, and for a single pixel every dilation is the same.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Pair = tuple[int, int]


def quicken(module: nn.Module) -> None:
    """Change the convolutions of a frozen module on the CPU, in place."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch's
        return
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is not nn.Conv2d:
                continue
            if child.kernel_size == (1, 1):
                child.dilation = (2, 2)
            elif is_depthwise(child.weight, child.stride, child.groups):
                setattr(parent, name, DepthwiseConv2d(child))


def is_depthwise(weight: Tensor, stride: tuple[int, ...], groups: int) -> bool:
    """Whether each channel has one kernel of its own, which goes from pixel to pixel."""
    return groups == len(weight) > 1 and weight.shape[1] == 1 and set(stride) == {1}


class DepthwiseConv2d(nn.Module):
    """A frozen depthwise convolution of stride 1, for which the gradient is one too."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.usual = convolution
        padding = convolution.padding
        self._padding = padding if isinstance(padding, tuple) else None

    def forward(self, images: Tensor) -> Tensor:
        """Convolve (B, C, H, W) images."""
        usual = self.usual
        if self._padding is None or usual.padding_mode != "zeros":
            found: Tensor = usual(images)
            return found
        return depthwise_convolution(
            images, usual.weight, usual.bias, self._padding, usual.dilation
        )


def depthwise_convolution(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Tensor:
    """Convolve (B, C, H, W) images with a (C, 1, h, w) kernel for each channel, with stride 1.

    A gradient goes to the images alone.
    """
    pads, steps = (padding[0], padding[-1]), (dilation[0], dilation[-1])
    (down, across), (height, width) = steps, weight.shape[2:]
    spans = (down * (height - 1), across * (width - 1))
    # A tracer, which needs no gradient, looks for plain operators.
    is_asked = torch.is_grad_enabled() and images.requires_grad and images.device.type == "cpu"
    if not is_asked or pads[0] > spans[0] or pads[1] > spans[1]:
        return torch.conv2d(images, weight, bias, 1, pads, steps, len(weight))
    back = (spans[0] - pads[0], spans[1] - pads[1])
    found: Tensor = _Depthwise.apply(images, weight, bias, pads, steps, back)
    return found


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's, which takes any attribute
        images: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        padding: Pair,
        dilation: Pair,
        back: Pair,
    ) -> Tensor:
        ctx.weight, ctx.dilation, ctx.back = weight, dilation, back
        return torch.conv2d(images, weight, bias, 1, padding, dilation, len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        turned = ctx.weight.flip(2, 3)
        found = torch.conv2d(gradient, turned, None, 1, ctx.back, ctx.dilation, len(turned))
        return found, None, None, None, None, None
