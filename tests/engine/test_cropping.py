"""A network on a box of its output: the same numbers and gradients, from less of the image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from gridsal_core import Request, Settings, explain
from gridsal_core.cropped.cutting import box_of, cost, cut_to, traced
from gridsal_core.cropped.outputs import (
    LEAST_PIXELS,
    LEAST_STEPS,
    CroppedOutputs,
    cropped_outputs,
    graph_on,
)
from gridsal_core.cropped.spans import Scaling, Span, Window
from tests.engine.kept import kept_by
from tests.engine.networks import box, random_image, wrap

SIZE = (48, 64)
BOX = (slice(5, 14), slice(40, 52))
IMAGES = torch.rand((2, 3, *SIZE), generator=torch.Generator().manual_seed(0))

spans = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda p: Span(p[0], p[0] + p[1]))


class Layers(nn.Module):
    """Any modules in a row, with one convolution before and one behind."""

    def __init__(self, *layers: nn.Module, channels: int = 4) -> None:
        super().__init__()
        torch.manual_seed(0)
        first, last = nn.Conv2d(3, channels, 3, padding=1), nn.Conv2d(channels, 2, 1)
        self.layers = nn.Sequential(first, *layers, last)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class Pyramid(nn.Module):
    """A small U-Net: down, what sees the whole image, up again beside what came down."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.down = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.gate = nn.Conv2d(8, 8, 1)
        self.join = nn.Conv2d(14, 6, 3, padding=2, dilation=2)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        fine = functional.relu6(self.stem(x))
        coarse = functional.silu(self.down(functional.max_pool2d(fine, 3, 2, 1)))
        coarse = coarse * self.gate(coarse.mean((2, 3), keepdim=True)).sigmoid()
        up = functional.interpolate(coarse, scale_factor=2, mode="nearest")
        up = functional.interpolate(up, size=x.shape[-2:], mode="bilinear", align_corners=True)
        out: Tensor = self.head(self.norm(self.join(torch.cat((fine, up), 1))).relu())
        return out


def frozen(module: nn.Module) -> nn.Module:
    return module.eval().requires_grad_(False)


def on_box(outputs: Tensor) -> Tensor:
    return outputs[(..., *BOX)]


def gradient(outputs: Callable[[Tensor], Tensor]) -> Tensor:
    pixels = IMAGES.clone().requires_grad_(True)
    found = outputs(pixels)
    weights = torch.linspace(-1, 1, found.numel()).view_as(found)
    (answer,) = torch.autograd.grad((found * weights).sum(), pixels)
    return answer


@pytest.mark.parametrize(
    "module",
    [
        Layers(nn.ReLU(), nn.Conv2d(4, 4, 5, padding=2, groups=2)),
        Layers(nn.Conv2d(4, 4, 3, padding=6, dilation=6), nn.Hardswish()),
        Layers(nn.MaxPool2d(2), nn.Upsample(scale_factor=2)),
        Layers(
            nn.MaxPool2d(3, 2, 1),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        ),
        Layers(
            nn.Conv2d(4, 4, 3, 4, 1),
            nn.Upsample(size=SIZE, mode="bilinear", align_corners=True),
        ),
        Layers(nn.ZeroPad2d((1, 2, 0, 3)), nn.Conv2d(4, 4, (4, 4))),
        Layers(nn.Conv2d(4, 4, 2, 2), nn.ConvTranspose2d(4, 4, 2, 2)),
        Layers(nn.AvgPool2d(3, 1, 1), nn.GELU()),
        Pyramid(),
    ],
)
def test_outputs_and_gradients_are_those_of_the_whole_network(module: nn.Module) -> None:
    frozen(module)
    cropped = CroppedOutputs(module, BOX)
    with torch.no_grad():
        torch.testing.assert_close(cropped(IMAGES), on_box(module(IMAGES)), rtol=1e-5, atol=1e-6)
    assert cropped.is_cropped(len(IMAGES))
    whole = gradient(lambda pixels: on_box(module(pixels)))
    torch.testing.assert_close(gradient(cropped), whole, rtol=1e-4, atol=1e-6)


def test_less_is_multiplied() -> None:
    every, left = cost(traced(frozen(Pyramid()), IMAGES), box_of(*BOX))
    assert left < 0.5 * every


def test_nothing_is_kept_of_convolutions_but_what_their_relus_gave() -> None:
    layers = nn.ReLU6(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 1), nn.ReLU6()
    module = frozen(Layers(*layers))
    box = slice(0, 8), slice(0, 8)
    cropped = CroppedOutputs(module, box)
    with torch.no_grad():
        cropped(IMAGES)
    # Two 3x3 convolutions look two pixels further than the box, and then one.
    sizes = 9 * 9 + 8 * 8 + 8 * 8
    assert kept_by(cropped, IMAGES) == len(IMAGES) * 4 * sizes


class Dynamic(nn.Module):
    """Its last kernel is made of the image."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.kernel = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 2 * 4 * 9)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.first(x).relu()
        weight = self.kernel(inner.mean((0, 2, 3))).view(2, 4, 3, 3)
        return torch.conv2d(inner, weight, padding=1)


def test_a_kernel_that_is_made_of_the_image_gets_its_gradient() -> None:
    module = frozen(Dynamic())
    cropped = CroppedOutputs(module, BOX)
    whole = gradient(lambda pixels: on_box(module(pixels)))
    torch.testing.assert_close(gradient(cropped), whole, rtol=1e-4, atol=1e-6)


def test_a_gradient_that_is_another_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def flat(images: Tensor, low: float, high: float) -> Tensor:
        return images.clamp(low, high).detach() + 0 * images

    monkeypatch.setattr("gridsal_core.cropped.keeping.limited_between", flat)
    module = frozen(Layers(nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)))
    cropped = CroppedOutputs(module, BOX)
    whole = gradient(lambda pixels: on_box(module(pixels)))
    torch.testing.assert_close(gradient(cropped), whole, rtol=1e-4, atol=1e-6)


def test_a_compiler_gets_plain_operators() -> None:
    module = frozen(Layers(nn.ReLU6(), nn.Conv2d(4, 4, 3, padding=9, dilation=9, groups=4)))
    graph = graph_on(traced(module, IMAGES), IMAGES, BOX)
    compiled = torch.compile(graph, backend="aot_eager", fullgraph=True)
    whole = gradient(lambda pixels: on_box(module(pixels)))
    torch.testing.assert_close(gradient(compiled), whole, rtol=1e-4, atol=1e-6)


def test_where_the_box_is_the_image_nothing_is_cut() -> None:
    whole = box_of(slice(0, SIZE[0]), slice(0, SIZE[1]))
    assert cut_to(traced(frozen(Pyramid()), IMAGES), whole) is None


class Undecided(nn.Module):
    """Takes its way by what it sees, which no trace can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x if float(x.mean()) > 0.4 else 1 - x)
        return out


def test_a_network_that_cannot_be_traced_is_run_whole() -> None:
    module = frozen(Undecided())
    cropped = CroppedOutputs(module, BOX)
    torch.testing.assert_close(cropped(IMAGES), on_box(module(IMAGES)))
    assert not cropped.is_cropped(len(IMAGES))


class Restless(nn.Module):
    """Answers otherwise each time, so that a comparison fails."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x + torch.rand_like(x))
        return out


def test_what_does_not_answer_alike_is_not_used() -> None:
    cropped = CroppedOutputs(frozen(Restless()), BOX)
    assert cropped(IMAGES).shape == (2, 2, 9, 12)
    assert not cropped.is_cropped(len(IMAGES))


def test_small_images_short_runs_and_large_boxes_take_the_whole_way() -> None:
    side = int(LEAST_PIXELS**0.5)
    small = slice(0, 10), slice(0, 10)
    assert cropped_outputs(Pyramid(), small, (side, side), 100) is not None
    assert cropped_outputs(Pyramid(), small, (side // 2, side), 100) is None
    assert cropped_outputs(Pyramid(), small, (side, side), 3) is None
    large = slice(0, side), slice(0, side)
    assert cropped_outputs(Pyramid(), large, (side, side), 100) is None


def test_an_explanation_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    size = (256, 256)
    request = Request(random_image(*size), box(size, 100, 100, 130, 140), class_index=1)
    settings = Settings(mask_size=(4, 4), steps=LEAST_STEPS, lam=0.01)
    cropped = explain(wrap(Pyramid(), 3), request, settings)
    monkeypatch.setattr("gridsal_core.preparing.cropped_outputs", lambda *_args, **_given: None)
    whole = explain(wrap(Pyramid(), 3), request, settings)
    np.testing.assert_allclose(cropped.mask, whole.mask, atol=1e-5)
    np.testing.assert_allclose(cropped.losses, whole.losses, atol=1e-5)


def test_rounding_takes_nothing_from_a_full_mask() -> None:
    size = (256, 256)
    request = Request(random_image(*size), box(size, 100, 100, 130, 140), class_index=1)
    settings = Settings(mask_size=(4, 4), steps=LEAST_STEPS, lam=0.0, init=1.0)
    explanation = explain(wrap(Pyramid(), 3), request, settings)
    assert (explanation.mask == 1).all()
    assert explanation.losses[-1, 0] == 0


def test_a_trace_serves_every_request_of_its_size_until_the_weights_change() -> None:
    module = Pyramid()
    network = wrap(module, 3)
    with network.borrowed(), torch.no_grad():
        first = network.traced(IMAGES)
        assert network.traced(IMAGES.flip(0)) is first
        assert network.traced(IMAGES[:1]) is not first
        assert network.traced(IMAGES) is first
        module.head.weight.mul_(-1)
        after = network.traced(IMAGES)
        assert after is not first
        torch.testing.assert_close(after(IMAGES), network.outputs(IMAGES))


@given(
    out=spans,
    size=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 3),
)
def test_a_window_names_all_it_looks_at(
    out: Span, size: int, stride: int, padding: int, dilation: int
) -> None:
    window, length = Window(size, stride, padding, dilation), 40
    touched = {
        pixel * stride - padding + tap * dilation
        for pixel in range(out.start, out.stop)
        for tap in range(size)
    }
    inside = {place for place in touched if 0 <= place < length}
    assume(inside)
    source = window.source(out, length)
    assert source is not None
    assert source.span.start <= min(inside)
    assert source.span.stop >= max(inside) + 1
    assert source.before == max(0, -min(touched))
    assert source.after == max(0, max(touched) + 1 - length)


@given(
    length=st.integers(1, 20),
    new_length=st.integers(1, 50),
    align_corners=st.booleans(),
    data=st.data(),
)
def test_resizing_a_part_is_part_of_resizing(
    length: int, new_length: int, align_corners: bool, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, new_length - 1))
    out = Span(start, data.draw(st.integers(start + 1, new_length)))
    scaling = Scaling(length, new_length, align_corners)
    row = torch.rand((1, 1, 1, length), dtype=torch.float64)
    whole = functional.interpolate(
        row, (1, new_length), mode="bilinear", align_corners=align_corners
    )
    source = scaling.source(out)
    part = (
        row[..., source.start : source.stop]
        @ torch.tensor(scaling.weights(out), dtype=torch.float64).T
    )
    torch.testing.assert_close(part, whole[..., out.start : out.stop], rtol=1e-6, atol=1e-6)
