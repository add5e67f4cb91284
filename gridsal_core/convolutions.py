"""Convolutions of a frozen network: what a gradient of its input needs, and no more.

None of it changes more than rounding. What torch 2.14 and oneDNN do otherwise, on CPUs:

- Autograd keeps the input of each convolution, which only the gradient of its weights would need;
  and of a ReLU6 a copy of its input beside its result, though either tells where it was flat.
- The input gradient of a dilated depthwise convolution falls to a kernel that takes some four times
  as long as the convolution. With stride 1 that gradient is itself a depthwise convolution, with
  every kernel turned by half a turn.
- A depthwise convolution that is dilated by 8 pixels or more takes up to a hundred times as long as
  the few multiples of shifted images that it is the sum of.
- With a single thread a 1x1 convolution of few images is sent past oneDNN, and takes twice as long
  with the channels last. Not so a dilated one, and for a single pixel every dilation is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

aten = torch.ops.aten

Pair = tuple[int, int]

# oneDNN's own kernel for depthwise convolutions ends below it.
FAR: Final = 8


@dataclass(frozen=True)
class Steps:
    """How the kernel of a convolution goes over an image, along rows and columns."""

    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int


def quicken(module: nn.Module) -> None:
    """Change the convolutions and ReLU6 of a frozen module on the CPU, in place."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch's
        return
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Conv2d:
                setattr(parent, name, FrozenConv2d(child))
            elif isinstance(child, nn.Hardtanh) and type(child) in (nn.Hardtanh, nn.ReLU6):
                setattr(parent, name, FrozenHardtanh(child))


class FrozenConv2d(nn.Conv2d):
    """A convolution whose weights get no gradient; it takes over all that the usual one has."""

    def __init__(self, usual: nn.Conv2d) -> None:
        nn.Module.__init__(self)
        self.__dict__.update(usual.__dict__)
        if self.kernel_size == (1, 1):
            self.dilation = (2, 2)

    def forward(self, images: Tensor) -> Tensor:
        """Convolve (B, C, H, W) images."""
        if isinstance(self.padding, str) or self.padding_mode != "zeros" or images.ndim != 4:
            return super().forward(images)
        return convolution(
            images,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
        )


class FrozenHardtanh(nn.Module):
    """A ReLU6, or another Hardtanh, that keeps its result alone."""

    def __init__(self, usual: nn.Hardtanh) -> None:
        super().__init__()
        self.low, self.high, self.inplace = usual.min_val, usual.max_val, usual.inplace

    def forward(self, images: Tensor) -> Tensor:
        """Limit every value."""
        return (limited_in_place if self.inplace else limited)(images, self.low, self.high)


def convolution(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> Tensor:
    """Convolve (B, C, H, W) images, as `torch.conv2d` does.

    Where the images alone get a gradient, nothing is kept for it on a CPU but the weights.
    """
    steps = Steps(_pair(stride), _pair(padding), _pair(dilation), groups)
    is_frozen = not weight.requires_grad and (bias is None or not bias.requires_grad)
    # A tracer, which needs no gradient, looks for plain operators.
    if not (is_frozen and _is_asked(images)):
        return _plain(images, weight, bias, steps)
    found: Tensor = _Convolution.apply(images, weight, bias, steps)
    return found


def limited(images: Tensor, low: float, high: float) -> Tensor:
    """Return the values between two limits, as `hardtanh` does."""
    return _limit(images, low, high, is_in_place=False, has_gradient_alone=False)


def limited_in_place(images: Tensor, low: float, high: float) -> Tensor:
    """Limit the values of a tensor that nobody needs as it was, and return it."""
    return _limit(images, low, high, is_in_place=True, has_gradient_alone=False)


def limited_between(images: Tensor, low: float, high: float) -> Tensor:
    """Limit in place what one `convolution` gives for another one alone, and the gradient too."""
    return _limit(images, low, high, is_in_place=True, has_gradient_alone=True)


def _limit(
    images: Tensor, low: float, high: float, *, is_in_place: bool, has_gradient_alone: bool
) -> Tensor:
    if not _is_asked(images):
        return torch.nn.functional.hardtanh(images, low, high, is_in_place)
    found: Tensor = _Limited.apply(images, low, high, is_in_place, has_gradient_alone)
    return found


def _is_asked(images: Tensor) -> bool:
    return torch.is_grad_enabled() and images.requires_grad and images.device.type == "cpu"


def _plain(images: Tensor, weight: Tensor, bias: Tensor | None, steps: Steps) -> Tensor:
    # Of a single pixel oneDNN does not take a dilated one.
    dilation = (1, 1) if weight.shape[2:] == images.shape[2:] == (1, 1) else steps.dilation
    return torch.conv2d(images, weight, bias, steps.stride, steps.padding, dilation, steps.groups)


def _is_depthwise(weight: Tensor, steps: Steps) -> bool:
    """Whether each channel has one kernel of its own, which goes from pixel to pixel."""
    return steps.groups == len(weight) > 1 and weight.shape[1] == 1 and steps.stride == (1, 1)


def _convolved(images: Tensor, weight: Tensor, bias: Tensor | None, steps: Steps) -> Tensor:
    if max(steps.dilation) >= FAR and _is_depthwise(weight, steps):
        return _far_taps(images, weight, bias, steps)
    return _plain(images, weight, bias, steps)


def _far_taps(images: Tensor, weight: Tensor, bias: Tensor | None, steps: Steps) -> Tensor:
    """Sum up the shifted images, each with its weights; what lies beyond the border is 0."""
    rows = _taps(images.shape[2], weight.shape[2], steps.padding[0], steps.dilation[0])
    columns = _taps(images.shape[3], weight.shape[3], steps.padding[1], steps.dilation[1])
    (height, down), (width, across) = rows, columns
    size = len(images), len(weight), height, width
    found = _empty(torch.Size(size), images).zero_()
    if bias is not None:
        found += bias.view(-1, 1, 1)
    for row, (to_rows, from_rows) in enumerate(down):
        for column, (to_columns, from_columns) in enumerate(across):
            share = weight[:, 0, row, column].view(-1, 1, 1).to(images.dtype)
            shifted = images[:, :, from_rows, from_columns]
            found[:, :, to_rows, to_columns].addcmul_(shifted, share)
    return found


def _taps(
    length: int, size: int, padding: int, dilation: int
) -> tuple[int, list[tuple[slice, slice]]]:
    """Return the length of what a kernel gives along one axis, and what each tap takes to where."""
    new = length + 2 * padding - dilation * (size - 1)
    taps = []
    for tap in range(size):
        offset = tap * dilation - padding
        start, stop = max(0, -offset), max(0, min(new, length - offset))
        start = min(start, stop)
        taps.append((slice(start, stop), slice(start + offset, stop + offset)))
    return new, taps


def _empty(size: torch.Size, like: Tensor) -> Tensor:
    """Return an uninitialised tensor of the type of another, with its channels last if they are."""
    last = like.stride(1) == 1 and like.shape[1] > 1
    memory = torch.channels_last if last else torch.contiguous_format
    return torch.empty(size, dtype=like.dtype, device=like.device, memory_format=memory)


def _input_gradient(gradient: Tensor, weight: Tensor, size: torch.Size, steps: Steps) -> Tensor:
    # With bfloat16 the gradient is of another type than the weights.
    weight = weight.to(gradient.dtype)
    spans = [each * (long - 1) for each, long in zip(steps.dilation, weight.shape[2:], strict=True)]
    back = spans[0] - steps.padding[0], spans[1] - steps.padding[1]
    if _is_depthwise(weight, steps) and min(back) >= 0:
        turned = Steps(steps.stride, back, steps.dilation, steps.groups)
        return _convolved(gradient, weight.flip(2, 3), None, turned)
    # Only its size and format are looked at.
    images = _empty(size, gradient)
    dilation = (1, 1) if weight.shape[2:] == size[2:] == (1, 1) else steps.dilation
    found: Tensor = aten.convolution_backward(
        gradient,
        images,
        weight,
        None,
        steps.stride,
        steps.padding,
        dilation,
        False,
        (0, 0),
        steps.groups,
        (True, False, False),
    )[0]
    return found


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's, which takes any attribute
        images: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        steps: Steps,
    ) -> Tensor:
        ctx.weight, ctx.size, ctx.steps = weight, images.shape, steps
        return _convolved(images, weight, bias, steps)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        return _input_gradient(gradient, ctx.weight, ctx.size, ctx.steps), None, None, None


class _Limited(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        images: Tensor,
        low: float,
        high: float,
        is_in_place: bool,
        has_gradient_alone: bool,
    ) -> Tensor:
        ctx.limits, ctx.has_gradient_alone = (low, high), has_gradient_alone
        if is_in_place:
            ctx.mark_dirty(images)
            found = images.clamp_(low, high)
        else:
            found = images.clamp(low, high)
        ctx.save_for_backward(found)
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        (found,) = ctx.saved_tensors
        limits = ctx.limits
        if ctx.has_gradient_alone:
            changed = aten.hardtanh_backward.grad_input(
                gradient, found, *limits, grad_input=gradient
            )
        else:
            changed = aten.hardtanh_backward(gradient, found, *limits)
        return changed, None, None, None, None


def _pair(values: Sequence[int]) -> Pair:
    """Return one value for rows and one for columns; a single one is for both."""
    return values[0], values[-1]
