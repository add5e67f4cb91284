"""Convolutions that a CPU computes sooner: the answers and input gradients of the usual ones."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from gridsal_core.convolutions import DepthwiseConv2d, depthwise_convolution, quicken

CHANNELS = 5
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


def answers(module: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """What a module gives, and the gradient of a sum of it in which every pixel has its weight."""
    pixels = images.clone().requires_grad_(True)
    found = module(pixels)
    weights = torch.linspace(-1, 1, found.numel()).view_as(found)
    (gradient,) = torch.autograd.grad((found * weights).sum(), pixels)
    return found.detach(), gradient


def images(height: int = 15, width: int = 14) -> Tensor:
    dice = torch.Generator().manual_seed(0)
    return torch.rand((2, CHANNELS, height, width), generator=dice)


def depthwise(
    kernel: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]
) -> nn.Conv2d:
    torch.manual_seed(0)
    made = nn.Conv2d(CHANNELS, CHANNELS, kernel, 1, padding, dilation, CHANNELS)
    return made.requires_grad_(False)


@given(kernel=pairs, padding=st.tuples(st.integers(0, 4), st.integers(0, 4)), dilation=pairs)
def test_every_depthwise_convolution_has_its_own_gradient(
    kernel: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]
) -> None:
    usual = depthwise(kernel, padding, dilation)
    expected = answers(usual, images())
    torch.testing.assert_close(answers(DepthwiseConv2d(usual), images()), expected)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_padding_by_name_stays(padding: str) -> None:
    usual = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=padding, groups=CHANNELS).requires_grad_(False)
    expected = answers(usual, images())
    torch.testing.assert_close(answers(DepthwiseConv2d(usual), images()), expected)


def test_padding_that_repeats_the_border_stays() -> None:
    usual = nn.Conv2d(
        CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS, padding_mode="replicate"
    ).requires_grad_(False)
    expected = answers(usual, images())
    torch.testing.assert_close(answers(DepthwiseConv2d(usual), images()), expected)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_quickened_network_answers_as_before(threads: int) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(CHANNELS, 8, 1),
        nn.Conv2d(8, 8, 5, padding=4, dilation=2, groups=8),
        nn.Hardswish(),
        nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8),
        nn.Conv2d(8, 6, 1, groups=2),
        nn.Conv2d(6, 4, 3, padding=1),
    ).requires_grad_(False)
    quick = deepcopy(module)
    quicken(quick)
    assert sum(isinstance(part, DepthwiseConv2d) for part in quick.modules()) == 1
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.testing.assert_close(answers(quick, images()), answers(module, images()))
    finally:
        torch.set_num_threads(before)


def test_without_gradient_it_is_one_plain_operator() -> None:
    usual = depthwise((3, 3), (1, 1), (1, 1))
    found = depthwise_convolution(images(), usual.weight, usual.bias, (1, 1), (1, 1))
    torch.testing.assert_close(found, usual(images()), rtol=0, atol=0)
    assert not found.requires_grad
