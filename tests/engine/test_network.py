"""What a network is given and how its answer is read: card, sizes, kinds of output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from gridsal_core import Request, Settings, explain
from gridsal_core.checkpoints.card import InputCard, ModelCard
from gridsal_core.errors import (
    CheckpointError,
    ImageError,
    RequestError,
    SettingsError,
)
from gridsal_core.grid_saliency import explain_many
from gridsal_core.network import SegmentationNetwork
from tests.engine.networks import Convolutions, OwnPixel, box, random_image, wrap

IMAGE = random_image(9, 13)
REGION = box((9, 13), 2, 3, 7, 9)


class Recorder(nn.Module):
    """Keeps what it was given; its answer is one class for each input channel."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x.detach()
        return x


class Packed(nn.Module):
    """Hands the logits out inside something."""

    def __init__(self, inner: nn.Module, package: str) -> None:
        super().__init__()
        self.inner, self.package = inner, package

    def forward(self, x: Tensor) -> object:
        out = self.inner(x)
        packages: dict[str, object] = {
            "tuple": (out, "labels"),
            "second of a list": ["labels", out],
            "dict": {"aux": -out, "out": out},
            "first of a dict": {"out": out, "aux": -out},
            "nothing": None,
            "empty tuple": (),
            "labels": out.argmax(1),
        }
        return packages[self.package]


class Softmaxed(nn.Module):
    """A network that ends in its own softmax, or for one channel in its own sigmoid."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = self.inner(x)
        return z.sigmoid() if z.shape[1] == 1 else z.softmax(1)


def given_to(**inputs: object) -> np.ndarray:
    """Return what a network with this card was given for IMAGE, as (H, W, C)."""
    module = Recorder()
    wrap(module, 3, inputs=inputs).predict(IMAGE)
    return module.seen[0].permute(1, 2, 0).numpy()


def test_images_are_normalised_by_the_card() -> None:
    mean, std = (0.1, 0.5, 0.9), (0.2, 0.3, 0.4)
    seen = given_to(mean=mean, std=std)
    np.testing.assert_allclose(seen, (IMAGE - np.array(mean)) / np.array(std), atol=1e-5)


def test_mean_and_std_count_in_the_cards_range() -> None:
    mean, std = (104.0, 117.0, 123.0), (1.0, 2.0, 3.0)
    seen = given_to(range=(0, 255), mean=mean, std=std)
    np.testing.assert_allclose(seen, (255 * IMAGE - np.array(mean)) / np.array(std), atol=1e-3)


def test_a_range_need_not_start_at_zero() -> None:
    np.testing.assert_allclose(given_to(range=(-1, 1)), 2 * IMAGE - 1, atol=1e-6)


def test_the_order_is_changed_first_and_mean_and_std_come_in_the_networks_order() -> None:
    mean, std = (0.1, 0.5, 0.9), (0.2, 0.3, 0.4)
    seen = given_to(order="BGR", mean=mean, std=std)
    np.testing.assert_allclose(seen, (IMAGE[..., ::-1] - np.array(mean)) / np.array(std), atol=1e-5)


@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_the_mean_colour_is_what_the_network_sees_as_zero(order: str) -> None:
    module = Recorder()
    card = {"order": order, "range": (0, 255), "mean": (30.0, 120.0, 200.0), "std": (50.0,)}
    network = wrap(module, 3, inputs=card)

    network.predict(np.broadcast_to(network.mean_color, (4, 5, 3)).copy())

    np.testing.assert_allclose(module.seen, 0, atol=1e-5)


@given(
    size=st.tuples(st.integers(1, 17), st.integers(1, 17)),
    divisor=st.sampled_from([1, 2, 5, 8]),
    stride=st.sampled_from([1, 2]),
)
@settings(max_examples=30, deadline=None)
def test_no_divisor_and_no_stride_changes_the_size_of_a_result(
    size: tuple[int, int], divisor: int, stride: int
) -> None:
    network = wrap(Convolutions(3, stride=stride), 3, inputs={"divisor": divisor})
    image = random_image(*size)
    whole = Request(image, np.ones(size, bool), 1)

    result = explain(network, whole, Settings(mask_size=(1, 1), steps=1))

    assert result.saliency.shape == result.prediction.class_map.shape == size
    assert network.predict(image).confidence.shape == size
    assert result.perturbed.shape == (*size, 3)


def test_padding_goes_below_and_right_and_looks_like_the_mean() -> None:
    module = Recorder()
    wrap(module, 3, inputs={"divisor": 8, "mean": (0.3,), "std": (0.5,)}).predict(IMAGE)

    assert module.seen.shape == (1, 3, 16, 16)
    assert float(module.seen[..., 9:, :].abs().max()) == 0
    assert float(module.seen[..., 13:].abs().max()) == 0
    np.testing.assert_allclose(
        module.seen[0, :, :9, :13].permute(1, 2, 0), (IMAGE - 0.3) / 0.5, atol=1e-5
    )


def test_a_smaller_output_is_enlarged_as_logits_and_then_softmaxed() -> None:
    module = Convolutions(3, stride=2)
    image = random_image(8, 12)
    region = box((8, 12), 1, 1, 6, 6)
    with torch.no_grad():
        small = module(torch.from_numpy(image).permute(2, 0, 1)[None])
        large = functional.interpolate(small, (8, 12), mode="bilinear", align_corners=False)
    expected = large.softmax(1)[0].numpy()

    network = wrap(module, 3)
    result = explain(network, Request(image, region, 2), Settings(mask_size=(1, 1), steps=1))

    np.testing.assert_allclose(network.predict(image).confidence, expected.max(0), atol=1e-6)
    assert result.scores.image == pytest.approx(expected[2][region].mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("package", "element"),
    [
        ("tuple", 0),
        ("second of a list", 1),
        ("dict", "out"),
        ("first of a dict", 0),
        ("first of a dict", "out"),
    ],
)
def test_outputs_are_unwrapped_as_the_card_says(package: str, element: int | str) -> None:
    bare = wrap(Convolutions(3), 3)
    packed = wrap(Packed(Convolutions(3), package), 3, outputs={"element": element})

    np.testing.assert_array_equal(packed.predict(IMAGE).class_map, bare.predict(IMAGE).class_map)


@pytest.mark.parametrize(
    ("package", "element"),
    [
        ("tuple", 1),
        ("tuple", 2),
        ("tuple", "out"),
        ("dict", "logits"),
        ("dict", 1),
        ("nothing", 0),
        ("empty tuple", 0),
        ("labels", 0),
    ],
)
def test_an_element_that_is_not_there_is_told_and_never_replaced(
    package: str, element: int | str
) -> None:
    packed = wrap(Packed(Convolutions(3), package), 3, outputs={"element": element})

    with pytest.raises(CheckpointError, match=r"right element under \[output\]"):
        packed.predict(IMAGE)


@pytest.mark.parametrize("channels_out", [1, 3])
def test_probabilities_are_never_softmaxed_again(channels_out: int) -> None:
    plain = wrap(Convolutions(channels_out), channels_out)
    ready = wrap(
        Softmaxed(Convolutions(channels_out)), channels_out, outputs={"kind": "probabilities"}
    )
    chosen = Settings(mask_size=(2, 2), steps=3, lam=0.1)

    expected, result = (explain(n, Request(IMAGE, REGION, 1), chosen) for n in (plain, ready))

    assert result.scores.image == pytest.approx(expected.scores.image, abs=1e-6)
    np.testing.assert_allclose(result.mask, expected.mask, atol=1e-5)
    np.testing.assert_allclose(
        ready.predict(IMAGE).confidence, plain.predict(IMAGE).confidence, atol=1e-6
    )


def test_confidence_is_the_probability_of_the_class_that_is_shown() -> None:
    prediction = wrap(Convolutions(4), 4).predict(IMAGE)

    assert prediction.class_map.dtype == np.uint8
    assert prediction.confidence.dtype == np.float32
    assert prediction.confidence.min() >= 1 / 4
    assert prediction.confidence.max() <= 1


def test_more_than_256_classes_need_16_bits() -> None:
    assert wrap(Convolutions(300), 300).predict(IMAGE).class_map.dtype == np.uint16


@pytest.mark.parametrize("channels", [1, 4])
def test_networks_for_other_channels_than_three(channels: int) -> None:
    network = wrap(Convolutions(2, channels), 2, inputs={"channels": channels, "mean": (0.4,)})
    image = random_image(8, 8, channels)

    result = explain(
        network, Request(image, box((8, 8), 1, 1, 4, 4), 0), Settings(mask_size=(2, 2), steps=2)
    )

    assert result.perturbed.shape == (8, 8, channels)
    np.testing.assert_allclose(network.mean_color, [0.4] * channels)


def test_an_image_with_other_channels_is_told() -> None:
    with pytest.raises(ImageError, match="expects 3 channels and the image has 1"):
        wrap(Convolutions(2), 2).predict(random_image(8, 8, 1))


@pytest.mark.parametrize("value", [255.0, -0.5, float("nan")])
def test_an_image_outside_its_range_is_told(value: float) -> None:
    image = IMAGE.copy()
    image[3, 3] = value
    with pytest.raises(ImageError, match=r"scale them to 0\.\.1"):
        wrap(Convolutions(2), 2).predict(image)


def test_scores_that_are_not_numbers_are_told() -> None:
    module = Convolutions(2)
    module.second.bias.data[0] = float("nan")  # type: ignore[union-attr]  # it is a layer
    with pytest.raises(CheckpointError, match="not finite"):
        explain(wrap(module), Request(IMAGE, REGION, 1), Settings(mask_size=(2, 2)))


@pytest.mark.parametrize("inside", [1, 255])
def test_a_region_of_numbers_is_told_and_never_taken_for_indices(inside: int) -> None:
    numbers: Any = REGION * np.uint8(inside)
    with pytest.raises(RequestError, match="uint8 values; make it boolean"):
        explain(wrap(OwnPixel()), Request(IMAGE, numbers, 1), Settings(mask_size=(2, 2)))


def test_images_of_two_sizes_are_no_batch() -> None:
    requests = [Request(IMAGE, REGION, 1), Request(IMAGE[:8], REGION[:8], 1)]
    with pytest.raises(RequestError, match="images of one size"):
        explain_many(wrap(OwnPixel()), requests, Settings(mask_size=(2, 2)))


def test_a_mask_larger_than_the_image_is_told() -> None:
    with pytest.raises(SettingsError, match="16x32 cells is larger than the image of 9x13"):
        explain(wrap(OwnPixel()), Request(IMAGE, REGION, 1), Settings())


class Narrow(nn.Module):
    """Takes images of one size only, as many exported networks do."""

    def __init__(self, size: tuple[int, int], inner: nn.Module) -> None:
        super().__init__()
        self.size, self.inner = size, inner

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-2:] != self.size:
            raise RuntimeError(f"size {tuple(x.shape[-2:])} does not match {self.size}")
        out: Tensor = self.inner(x)
        return out


class OneAtATime(nn.Module):
    """Takes one image at a time, as networks do that were traced with one."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        if len(x) != 1:
            raise RuntimeError("shape '[1, -1]' is invalid for this input")
        out: Tensor = self.inner(x)
        return out


def test_a_network_of_one_size_gets_every_image_at_that_size_and_answers_at_the_images() -> None:
    network = wrap(Narrow((16, 24), OwnPixel()), inputs={"size": (16, 24)})
    image = np.zeros((9, 13, 3), np.float32)
    image[:, 7:] = 1
    region = box((9, 13), 2, 1, 6, 4)

    prediction = network.predict(image)
    result = explain(network, Request(image, region, 0), Settings(mask_size=(2, 2), steps=2))

    np.testing.assert_array_equal(prediction.class_map, (image[..., 0] > 0.5).astype(np.uint8))
    assert result.saliency.shape == (9, 13)
    assert result.perturbed.shape == image.shape


def test_a_network_for_single_images_is_asked_row_by_row() -> None:
    chosen = Settings(mask_size=(2, 2), steps=3, init="auto", lam=0.1)
    request = Request(IMAGE, REGION, 1)

    single = explain(wrap(OneAtATime(Convolutions(2))), request, chosen)
    batched = explain(wrap(Convolutions(2)), request, chosen)

    np.testing.assert_allclose(single.losses, batched.losses, atol=1e-6)
    np.testing.assert_allclose(single.mask, batched.mask, atol=1e-6)


def test_what_a_network_raises_is_told_with_the_size_it_was_given() -> None:
    network = wrap(Narrow((16, 24), OwnPixel()))
    with pytest.raises(
        CheckpointError, match=r"fails on an image of 13 x 9 pixels.*does not match"
    ):
        network.predict(IMAGE)


def test_a_network_without_a_gradient_predicts_but_is_not_explained() -> None:
    class Detached(OwnPixel):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).detach()

    network = wrap(Detached())

    assert network.predict(IMAGE).class_map.shape == (9, 13)
    with pytest.raises(CheckpointError, match="lets no gradient through"):
        explain(network, Request(IMAGE, REGION, 1), Settings(mask_size=(2, 2), steps=1))


def test_a_converted_network_is_compared_with_its_original_once_and_the_difference_told() -> None:
    seen: list[tuple[Tensor, object]] = []

    def differs(inputs: Tensor, output: object) -> str | None:
        seen.append((inputs, output))
        return "It differs by 0.5."

    module = OwnPixel()
    card = ModelCard(input=InputCard(mean=(0.5,), std=(0.5,), divisor=8))
    network = SegmentationNetwork(module, card, class_count=2, source=Path("net"), check=differs)

    first, second = network.predict(IMAGE), network.predict(IMAGE)

    assert (first.notes, second.notes) == (("It differs by 0.5.",), ())
    assert network.info.notes == ("It differs by 0.5.",)
    ((inputs, output),) = seen
    assert inputs.shape == (1, 3, 16, 16)
    np.testing.assert_allclose(inputs[0, :, :9, :13].permute(1, 2, 0), 2 * IMAGE - 1, atol=1e-6)
    torch.testing.assert_close(output, module(inputs))


def test_a_network_that_an_image_is_too_small_for_says_so_in_its_own_words() -> None:
    network = wrap(nn.Sequential(nn.MaxPool2d(16), nn.Conv2d(3, 2, 1)))
    with pytest.raises(CheckpointError, match="cannot take an image as small as 8 x 8 pixels"):
        network.predict(random_image(8, 8))
