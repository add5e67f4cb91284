"""Convolutions that a CPU computes sooner: the answers and input gradients of the usual ones."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import hypothesis
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gridsal_core.convolutions import (
    FrozenConv2d,
    convolution,
    limited,
    limited_between,
    limited_in_place,
    quicken,
)
from tests.engine.kept import kept_by

CHANNELS = 6
PLAIN: dict[str, Any] = {
    "stride": (1, 1),
    "padding": (0, 0),
    "dilation": (1, 1),
    "groups": 1,
}
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
formats = st.sampled_from([torch.contiguous_format, torch.channels_last])


def answers(module: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """What a module gives, and the gradient of a sum of it in which every pixel has its weight."""
    pixels = images.clone().requires_grad_(True)
    found = module(pixels)
    weights = torch.linspace(-1, 1, found.numel()).view_as(found)
    (gradient,) = torch.autograd.grad((found * weights).sum(), pixels)
    return found.detach(), gradient


def images(height: int = 25, width: int = 24) -> Tensor:
    dice = torch.Generator().manual_seed(0)
    return torch.rand((2, CHANNELS, height, width), generator=dice)


@given(
    kernel=pairs,
    stride=pairs,
    padding=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    dilation=st.tuples(*[st.sampled_from([1, 2, 3, 9, 11])] * 2),
    groups=st.sampled_from([1, 2, CHANNELS]),
    memory=formats,
)
def test_every_convolution_has_its_own_answer_and_gradient(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
    memory: torch.memory_format,
) -> None:
    torch.manual_seed(0)
    usual = nn.Conv2d(CHANNELS, CHANNELS, kernel, stride, padding, dilation, groups)
    usual.requires_grad_(False).to(memory_format=memory)
    given = images().to(memory_format=memory)
    expected = answers(deepcopy(usual), given)
    torch.testing.assert_close(answers(FrozenConv2d(usual), given), expected)


@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    padding=st.integers(0, 24),
    dilation=st.integers(8, 12),
)
def test_taps_that_miss_the_image_add_nothing(
    size: tuple[int, int], padding: int, dilation: int
) -> None:
    hypothesis.assume(min(size) + 2 * padding > 2 * dilation)
    torch.manual_seed(0)
    usual = nn.Conv2d(CHANNELS, CHANNELS, 3, 1, padding, dilation, CHANNELS).requires_grad_(False)
    given = images(*size)
    expected = answers(usual, given)
    torch.testing.assert_close(answers(FrozenConv2d(usual), given), expected)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_padding_by_name_stays(padding: str) -> None:
    usual = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=padding, groups=CHANNELS).requires_grad_(False)
    expected = answers(usual, images())
    torch.testing.assert_close(answers(FrozenConv2d(usual), images()), expected)


def test_padding_that_repeats_the_border_stays() -> None:
    usual = nn.Conv2d(
        CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS, padding_mode="replicate"
    ).requires_grad_(False)
    expected = answers(usual, images())
    torch.testing.assert_close(answers(FrozenConv2d(usual), images()), expected)


def test_a_single_image_without_its_axis_stays() -> None:
    usual = nn.Conv2d(CHANNELS, CHANNELS, 3).requires_grad_(False)
    expected = answers(usual, images()[0])
    torch.testing.assert_close(answers(FrozenConv2d(usual), images()[0]), expected)


@pytest.mark.parametrize("limit", [limited, limited_in_place])
def test_limits_have_the_answer_and_gradient_of_hardtanh(
    limit: Callable[[Tensor, float, float], Tensor],
) -> None:
    usual = nn.Hardtanh(-0.5, 0.5)
    given = 4 * images() - 2
    given[0, 0, 0, :2] = torch.tensor([-0.5, 0.5])  # where a gradient ends
    found = answers(Through(lambda pixels: limit(2 * pixels, -0.5, 0.5)), given / 2)
    expected = answers(Through(lambda pixels: usual(2 * pixels)), given / 2)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_between_convolutions_limits_have_it_too() -> None:
    first = nn.Conv2d(CHANNELS, 4, 3).requires_grad_(False)
    last = nn.Conv2d(4, 2, 3).requires_grad_(False)

    def through(limit: Callable[[Tensor, float, float], Tensor]) -> nn.Module:
        def through_one(kernel: nn.Conv2d, pixels: Tensor) -> Tensor:
            return convolution(pixels, kernel.weight, kernel.bias, **PLAIN)

        return Through(lambda pixels: through_one(last, limit(through_one(first, pixels), 0, 0.2)))

    found, expected = (answers(through(each), images()) for each in (limited_between, limited))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


class Through(nn.Module):
    """A module that is a function."""

    def __init__(self, run: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.run = run

    def forward(self, pixels: Tensor) -> Tensor:
        return self.run(pixels)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_quickened_network_answers_as_before(threads: int) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(CHANNELS, 8, 1),
        nn.Conv2d(8, 8, 5, padding=4, dilation=2, groups=8),
        nn.Hardswish(),
        nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8),
        nn.ReLU6(inplace=True),
        nn.Conv2d(8, 6, 1, groups=2),
        nn.Conv2d(6, 6, 3, padding=9, dilation=9, groups=6),
        nn.Conv2d(6, 4, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(4, 4, 1),
    ).requires_grad_(False)
    quick = deepcopy(module)
    quicken(quick)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.testing.assert_close(answers(quick, images()), answers(module, images()))
    finally:
        torch.set_num_threads(before)


def test_nothing_is_kept_but_what_the_gradient_needs() -> None:
    module = nn.Sequential(
        nn.Conv2d(CHANNELS, 8, 1),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.ReLU6(inplace=True),
        nn.Conv2d(8, 8, 3, padding=1),
    ).requires_grad_(False)
    given = images()
    after_relu = given.numel() // CHANNELS * 8
    assert kept_by(module, given) > 3 * after_relu
    quicken(module)
    assert kept_by(module, given) == after_relu


def test_others_find_in_it_what_a_convolution_has() -> None:
    usual = nn.Conv2d(CHANNELS, 4, 3, padding=1)
    module = nn.Sequential(usual).requires_grad_(False)
    quicken(module)
    (quick,) = module
    assert isinstance(quick, nn.Conv2d)
    assert quick.weight is usual.weight
    assert (quick.out_channels, quick.padding) == (4, (1, 1))
    assert list(module.state_dict()) == ["0.weight", "0.bias"]


class OwnLimits(nn.Hardtanh):
    """A limit that is another one."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        return super().forward(input) + input


def test_limits_of_another_kind_stay() -> None:
    module = nn.Sequential(OwnLimits())
    quicken(module)
    assert isinstance(module[0], OwnLimits)


@pytest.mark.parametrize("dilation", [1, 9])
def test_bfloat16_goes_back_through_every_kernel(dilation: int) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(CHANNELS, CHANNELS, 1),
        nn.Conv2d(CHANNELS, CHANNELS, 3, 1, dilation, dilation, CHANNELS),
        nn.ReLU6(),
        nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1, groups=CHANNELS),
    ).requires_grad_(False)
    expected = answers(module, images())
    quicken(module)
    with torch.autocast("cpu", torch.bfloat16):
        found, gradient = answers(module, images())
    torch.testing.assert_close(found.float(), expected[0], rtol=0.05, atol=0.05)
    torch.testing.assert_close(gradient, expected[1], rtol=0.05, atol=0.05)


def test_weights_that_get_a_gradient_of_their_own_have_it() -> None:
    class Dynamic(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            weight = pixels.mean((0, 2, 3)).view(CHANNELS, 1, 1, 1).expand(-1, 1, 3, 3)
            return self.run(pixels, weight)

        run: Callable[[Tensor, Tensor], Tensor]

    mine, usual = Dynamic(), Dynamic()
    mine.run = lambda pixels, weight: convolution(
        pixels, weight, None, **PLAIN | {"groups": CHANNELS}
    )
    usual.run = lambda pixels, weight: torch.conv2d(pixels, weight, groups=CHANNELS)
    torch.testing.assert_close(answers(mine, images()), answers(usual, images()))


def test_without_gradient_it_is_one_plain_operator() -> None:
    usual = nn.Conv2d(CHANNELS, CHANNELS, 3, groups=CHANNELS).requires_grad_(False)
    found = convolution(images(), usual.weight, usual.bias, (1, 1), (0, 0), (1, 1), CHANNELS)
    torch.testing.assert_close(found, usual(images()), rtol=0, atol=0)
    assert not found.requires_grad
