"""Opening a module: the trial run completes its card, or says in one sentence what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gridsal_core import Request, Settings, explain
from gridsal_core.checkpoints.assembly import assemble
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.checkpoints.source import Opened
from gridsal_core.errors import CheckpointError
from gridsal_core.network import SegmentationNetwork
from tests.engine.networks import Convolutions, box, random_image, wrap


def opened(module: nn.Module, **card: Any) -> SegmentationNetwork:  # noqa: ANN401 - TOML's values
    """Open a module with this card on the CPU."""
    source = Path("nets") / "small.pt"
    return assemble(Opened(module, ModelCard.model_validate(card), source), torch.device("cpu"))


@dataclass
class Result:
    """What a library may wrap its answer in."""

    loss: Tensor | None
    logits: Tensor


class Packed(nn.Module):
    """Hands the scores out inside something, beside other things."""

    def __init__(self, package: str, classes: int = 3) -> None:
        super().__init__()
        self.inner, self.package = Convolutions(classes), package

    def forward(self, x: Tensor) -> object:
        scores = self.inner(x)
        features = functional.avg_pool2d(x, 8).mean((2, 3))[..., None, None]
        packages: dict[str, object] = {
            "tuple": (scores, "labels"),
            "tuple with features first": (features, scores),
            "tuple with labels first": (scores.argmax(1), scores),
            "list": [scores],
            "dict out": {"aux": -scores, "out": scores},
            "dict logits": {"loss": scores.mean(), "hidden": -scores, "logits": scores},
            "dict of other names": {"labels": scores.argmax(1), "segmentation": scores},
            "dataclass": Result(None, scores),
            "labels": scores.argmax(1),
            "dict of labels": {"labels": scores.argmax(1)},
            "nothing": None,
        }
        return packages[self.package]


class Ending(nn.Module):
    """A network that ends in an activation."""

    def __init__(self, classes: int, activation: str) -> None:
        super().__init__()
        self.inner, self.activation = Convolutions(classes), activation

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = self.inner(x)
        return z.softmax(1) if self.activation == "softmax" else z.sigmoid()


class Pyramid(nn.Module):
    """Halves the image some times and adds it up again, so sizes have to be divisible."""

    def __init__(self, halvings: int, classes: int = 3) -> None:
        super().__init__()
        self.halvings, self.last = halvings, Convolutions(classes)

    def forward(self, x: Tensor) -> Tensor:
        levels = [x]
        for _ in range(self.halvings):
            levels.append(functional.max_pool2d(levels[-1], 2))
        out = levels.pop()
        while levels:
            out = levels.pop() + out.repeat_interleave(2, 2).repeat_interleave(2, 3)
        scores: Tensor = self.last(out)
        return scores


class Strided(nn.Module):
    """Answers at a fraction of the resolution."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride, self.last = stride, Convolutions(2)

    def forward(self, x: Tensor) -> Tensor:
        small = functional.avg_pool2d(x, self.stride) if self.stride > 1 else x
        scores: Tensor = self.last(small)
        return scores


class OfOneSize(nn.Module):
    """Was traced on one size of image, and gives that whatever it gets."""

    def forward(self, x: Tensor) -> Tensor:
        z = functional.interpolate(x, (40, 56), mode="bilinear")
        return torch.cat((z.mean(1, keepdim=True), -z.mean(1, keepdim=True)), 1)


@pytest.mark.parametrize(
    ("package", "element"),
    [
        ("tuple", 0),
        ("tuple with features first", 1),
        ("tuple with labels first", 1),
        ("list", 0),
        ("dict out", "out"),
        ("dict logits", "logits"),
        ("dict of other names", "segmentation"),
        ("dataclass", "logits"),
    ],
)
def test_the_scores_are_found_in_whatever_they_are_packed_in(
    package: str, element: int | str
) -> None:
    network = opened(Packed(package))
    image = random_image(20, 28)

    assert network.card.output.element == element
    assert len(network.classes) == 3
    np.testing.assert_array_equal(
        network.predict(image).class_map, wrap(Convolutions(3), 3).predict(image).class_map
    )


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ("labels", "int64 1 x 64 x 96"),
        ("dict of labels", r"labels \(int64 1 x 64 x 96\)"),
        ("nothing", "NoneType"),
    ],
)
def test_an_output_without_scores_is_told_with_what_there_is(package: str, told: str) -> None:
    with pytest.raises(CheckpointError, match=told) as refusal:
        opened(Packed(package))
    advice = "a score for each class" if package == "labels" else "element under [output]"
    assert advice in str(refusal.value)


def test_an_element_that_the_card_names_is_never_replaced() -> None:
    assert opened(Packed("dict out"), output={"element": "aux"}).card.output.element == "aux"
    with pytest.raises(CheckpointError, match="at element 'main': it holds aux"):
        opened(Packed("dict out"), output={"element": "main"})


@pytest.mark.parametrize(("classes", "activation"), [(1, "sigmoid"), (3, "softmax")])
def test_an_output_that_was_softmaxed_already_is_noticed(classes: int, activation: str) -> None:
    network = opened(Ending(classes, activation))
    image = random_image(20, 28)

    assert network.card.output.kind == "probabilities"
    assert "taken as probabilities" in network.notes[0]
    expected = wrap(Convolutions(classes), classes).predict(image)
    np.testing.assert_allclose(network.predict(image).confidence, expected.confidence, atol=1e-6)


@pytest.mark.parametrize("classes", [1, 3])
def test_logits_are_not_taken_for_probabilities(classes: int) -> None:
    network = opened(Convolutions(classes))
    assert network.card.output.kind == "logits"
    assert network.notes == ()


def test_the_kind_that_the_card_says_is_kept() -> None:
    network = opened(Ending(3, "softmax"), output={"kind": "logits"})
    assert (network.card.output.kind, network.notes) == ("logits", ())


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_classes_are_counted_and_one_channel_is_background_and_foreground(classes: int) -> None:
    assert len(opened(Convolutions(classes)).classes) == max(classes, 2)


def test_another_number_of_channels_than_the_cards_is_told() -> None:
    with pytest.raises(CheckpointError, match="says 4 output channels and the network has 3"):
        opened(Convolutions(3), output={"channels": 4})


def test_another_number_of_classes_than_the_cards_is_told() -> None:
    with pytest.raises(CheckpointError, match="names 1 classes and the network has 3"):
        opened(Convolutions(3), classes=[{"name": "sky", "color": "#0000ff"}])


@pytest.mark.parametrize("channels", [1, 3, 4, 7])
def test_the_channels_of_the_input_are_found_where_the_card_is_silent(channels: int) -> None:
    network = opened(Convolutions(2, channels), output={"kind": "logits"})
    image = random_image(16, 20, channels)

    assert network.card.input.channels == channels
    assert network.predict(image).class_map.shape == (16, 20)


def test_wrong_channels_on_the_card_are_told_with_the_right_ones() -> None:
    with pytest.raises(CheckpointError, match="takes 4 channels and its card says 3"):
        opened(Convolutions(2, 4), input={"channels": 3})


@pytest.mark.parametrize("halvings", [0, 1, 3, 5])
def test_what_sizes_must_be_divisible_by_is_found(halvings: int) -> None:
    network = opened(Pyramid(halvings))

    assert network.card.input.divisor == 2**halvings
    assert network.predict(random_image(37, 51)).class_map.shape == (37, 51)


def test_a_divisor_of_the_card_is_kept() -> None:
    assert opened(Pyramid(1), input={"divisor": 8}).card.input.divisor == 8


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16, 32])
def test_every_output_stride_is_brought_to_the_images_size(stride: int) -> None:
    network = opened(Strided(stride))
    image = random_image(64, 96)
    region = box((64, 96), 8, 8, 40, 40)

    result = explain(network, Request(image, region, 1), Settings(mask_size=(2, 3), steps=1))

    assert result.saliency.shape == result.prediction.class_map.shape == (64, 96)


def test_a_network_of_one_size_is_noticed_and_images_are_resized_to_it() -> None:
    network = opened(OfOneSize())

    assert network.card.input.size == (40, 56)
    assert "56 x 40 pixels whatever goes in" in network.notes[0]
    assert network.predict(random_image(30, 31)).class_map.shape == (30, 31)


def test_a_network_that_needs_large_images_is_tried_on_larger_ones() -> None:
    class Valid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 2, 101)

        def forward(self, x: Tensor) -> Tensor:
            return functional.interpolate(self.first(x), x.shape[-2:], mode="bilinear")

    assert len(opened(Valid()).classes) == 2


def test_what_the_network_raises_is_told_in_one_line() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise ZeroDivisionError("a layer\nis missing")

    with pytest.raises(CheckpointError, match=r"'small' fails .* \(a layer is missing\)") as told:
        opened(Broken())
    assert "\n" not in str(told.value)


def test_a_torchscript_network_that_fails_is_told_by_its_reason_alone() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.view(7, 7)

    with pytest.raises(CheckpointError, match=r"shape '\[7, 7\]' is invalid") as told:
        opened(torch.jit.script(Broken()))
    assert "Traceback" not in str(told.value)


def test_the_trial_run_leaves_no_mark_on_the_network() -> None:
    module = nn.Sequential(nn.BatchNorm2d(3), Convolutions(2)).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}

    opened(module)

    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
