"""What a network costs and how far it looks, measured on small images."""

from __future__ import annotations

import gc
import weakref
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from gridsal_core.measure import LEAST_PIXELS, USABLE_SHARE, Cost, measured_cost
from tests.engine.networks import Convolutions, FarColumns, OwnPixel, wrap


@pytest.mark.parametrize(
    ("module", "reach"),
    [(OwnPixel(), 0), (Convolutions(2), 3), (nn.Conv2d(3, 2, 41, padding=20), 20)],
)
def test_the_receptive_field_is_how_far_a_change_is_seen(module: nn.Module, reach: int) -> None:
    assert wrap(module).info.receptive_field == reach


def test_a_field_with_gaps_is_measured_to_its_end() -> None:
    class Wide(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.line = nn.Conv2d(3, 2, (1, 3), padding=(0, 150), dilation=(1, 150))

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.line(x)
            return out

    assert wrap(Wide()).receptive_field == 150


def test_a_network_that_looks_everywhere_has_none() -> None:
    class Pooled(OwnPixel):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + x.mean((2, 3), keepdim=True)[:, :2]

    assert wrap(Pooled()).receptive_field is None
    assert wrap(FarColumns(0)).receptive_field is None


def test_a_network_of_one_size_has_none() -> None:
    assert wrap(OwnPixel(), inputs={"size": (32, 32)}).receptive_field is None


def test_a_network_that_cannot_be_measured_still_tells_something() -> None:
    class Refusing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("no")

    info = wrap(Refusing()).info
    assert info.receptive_field is None
    assert info.max_pixels >= LEAST_PIXELS


def test_what_fits_is_a_share_of_what_is_free_but_never_next_to_nothing() -> None:
    cost = Cost(fixed=1e6, per_pixel=1000)

    assert cost.largest_image(10**10) == int((USABLE_SHARE * 1e10 - 1e6) / 1000)
    assert cost.largest_image(0) == LEAST_PIXELS


class Deep(nn.Module):
    """Keeps the output of each of its layers for the gradient: 16 channels, 4 bytes each."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        widths = [3] + [16] * layers
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths))
        self.last = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        out: Tensor = self.last(x)
        return out


def test_the_cost_counts_what_is_kept_for_the_gradient_and_not_the_weights() -> None:
    two, ten = (measured_cost(wrap(Deep(layers))).per_pixel for layers in (2, 10))
    starts, kept = 2, 16 * 4

    assert ten - two == pytest.approx(starts * 8 * kept, rel=0.01)


def test_the_more_classes_the_fewer_pixels_fit() -> None:
    few, many = (wrap(Convolutions(k), k).info.max_pixels for k in (2, 150))
    assert many < few


def test_a_network_that_was_measured_is_freed_with_all_it_holds() -> None:
    weight = nn.Parameter(torch.zeros(2, 3, 1, 1))
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Sigmoid())
    module[0].weight = weight
    assert measured_cost(wrap(module)).per_pixel > 0
    held = weakref.ref(weight)
    del module, weight
    gc.collect()
    assert held() is None
