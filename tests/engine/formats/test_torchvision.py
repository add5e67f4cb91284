"""Networks of torchvision by name: published weights from a server here, and files of one's own."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import segmentation
from torchvision.models.segmentation import LRASPP_MobileNet_V3_Large_Weights as Published

from gridsal_core import load_network
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.checkpoints.torchvision_models import arguments_for, build, names
from gridsal_core.class_sets import CLASS_SETS
from gridsal_core.errors import CheckpointError
from tests.engine.networks import random_image
from tests.server import Server, serving

NAME = "torchvision:lraspp_mobilenet_v3_large"
DEEPLAB = "torchvision:deeplabv3_mobilenet_v3_large"


def randomised(module: nn.Module) -> nn.Module:
    """Make every weight count, so that a weight in the wrong place is seen."""
    generator = torch.Generator().manual_seed(0)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean = torch.rand(part.num_features, generator=generator) - 0.5
            part.running_var = torch.rand(part.num_features, generator=generator) + 0.5
    return module.eval()


@pytest.fixture(scope="module")
def lraspp() -> nn.Module:
    torch.manual_seed(0)
    made = segmentation.lraspp_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=21
    )
    return randomised(made)


@pytest.fixture(scope="module")
def content(lraspp: nn.Module) -> bytes:
    buffer = io.BytesIO()
    torch.save(lraspp.state_dict(), buffer)
    return buffer.getvalue()


@pytest.fixture
def published(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Server, str]]:
    """A server with these weights, to which torchvision's own description points."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    file = f"lraspp-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    with serving() as server:
        server.files[f"/{file}"] = content
        monkeypatch.setattr(Published.COCO_WITH_VOC_LABELS_V1.value, "url", f"{server.url}/{file}")
        yield server, file


def reference(module: nn.Module, height: int = 48, width: int = 80) -> torch.Tensor:
    """What torchvision itself answers to the image, normalised as its weights want it."""
    image = torch.from_numpy(random_image(height, width)).permute(2, 0, 1)
    preset = Published.COCO_WITH_VOC_LABELS_V1.transforms()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (preset.mean, preset.std))
    with torch.no_grad():
        answer: torch.Tensor = module(((image - mean) / std)[None])["out"][0]
    return answer


class TestPublishedWeights:
    def test_are_fetched_and_open_as_torchvision_opens_them(
        self, published: tuple[Server, str], lraspp: nn.Module, tmp_path: Path
    ) -> None:
        server, file = published
        network = load_network(NAME)
        assert server.names_asked() == [file]
        place = tmp_path / "hub" / "checkpoints" / file
        assert place.is_file()
        assert any(str(place) in note for note in network.notes)
        expected = reference(lraspp)
        with torch.no_grad():
            found = network.outputs(network.to_tensor(random_image(48, 80)))[0]
        assert torch.allclose(found, expected, atol=1e-4)
        assert str(network.source) == NAME
        assert network.sha256 == hashlib.sha256(place.read_bytes()).hexdigest()

    def test_bring_their_classes_and_normalisation(self, published: tuple[Server, str]) -> None:
        network = load_network(NAME)
        weights = Published.COCO_WITH_VOC_LABELS_V1
        assert [entry.name for entry in network.classes] == weights.meta["categories"]
        assert [entry.color for entry in network.classes] == [
            entry.color for entry in CLASS_SETS["Pascal VOC"]
        ]
        assert network.card.input.mean == tuple(weights.transforms().mean)
        assert network.card.input.std == tuple(weights.transforms().std)
        assert network.card.name == "lraspp_mobilenet_v3_large"

    def test_that_are_here_are_not_asked_for(self, published: tuple[Server, str]) -> None:
        server, _ = published
        load_network(NAME)
        server.asked.clear()
        load_network(NAME)
        assert server.asked == []

    def test_that_lie_there_spoilt_are_refused(
        self, published: tuple[Server, str], tmp_path: Path
    ) -> None:
        _, file = published
        place = tmp_path / "hub" / "checkpoints" / file
        place.parent.mkdir(parents=True)
        place.write_bytes(b"something else")
        with pytest.raises(CheckpointError, match=f"{file} is damaged: it is not the file that"):
            load_network(NAME)

    def test_without_internet_are_asked_for_by_hand(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
        url = Published.COCO_WITH_VOC_LABELS_V1.url
        with pytest.raises(CheckpointError) as caught:
            load_network(NAME)
        place = tmp_path / "hub" / "checkpoints" / url.rpartition("/")[2]
        assert str(caught.value).endswith(
            f"Or fetch {url} on another computer and put it at {place}."
        )


class TestOwnWeights:
    @pytest.mark.parametrize("auxiliary", [False, True])
    def test_open_with_an_auxiliary_head_and_without(self, tmp_path: Path, auxiliary: bool) -> None:
        torch.manual_seed(1)
        module = randomised(
            segmentation.deeplabv3_mobilenet_v3_large(
                weights=None, weights_backbone=None, num_classes=4, aux_loss=auxiliary
            )
        )
        path = tmp_path / "own.pth"
        torch.save({"epoch": 3, "model": module.state_dict()}, path)
        network = load_network(DEEPLAB, weights=path)
        assert len(network.classes) == 4
        with torch.no_grad():
            found = network.outputs(network.to_tensor(random_image(48, 80)))[0]
        assert torch.allclose(found, reference(module), atol=1e-4)
        assert network.source == path
        assert any("No model card: the mean and std of torchvision's" in n for n in network.notes)

    def test_of_other_channels_open_with_a_card_beside_them(self, tmp_path: Path) -> None:
        module = build("lraspp_mobilenet_v3_large", 2, channels=5)
        path = tmp_path / "five.safetensors"
        save_file(module.state_dict(), path)
        (tmp_path / "five.gridsal.toml").write_text(
            'name = "five bands"\n'
            "[input]\nchannels = 5\nmean = [0.1, 0.2, 0.3, 0.4, 0.5]\nstd = [0.5]\n"
            '[[classes]]\nname = "no"\ncolor = "#000000"\n'
            '[[classes]]\nname = "yes"\ncolor = "#ffffff"\n'
        )
        network = load_network(NAME, weights=path)
        assert network.card.input.channels == 5
        assert network.card.input.mean == (0.1, 0.2, 0.3, 0.4, 0.5)
        assert [entry.name for entry in network.classes] == ["no", "yes"]
        assert network.predict(random_image(32, 40, channels=5)).class_map.shape == (32, 40)

    def test_of_another_network_are_refused(self, lraspp: nn.Module, tmp_path: Path) -> None:
        path = tmp_path / "own.pth"
        torch.save(lraspp.state_dict(), path)
        with pytest.raises(CheckpointError, match="do not fit the network that torchvision's deep"):
            load_network(DEEPLAB, weights=path)

    def test_of_no_network_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "own.pth"
        torch.save({"a": torch.zeros(3)}, path)
        with pytest.raises(CheckpointError, match="no weights of a torchvision segmentation netw"):
            load_network(DEEPLAB, weights=path)

    def test_a_card_that_contradicts_them_is_refused(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "own.pth"
        path.write_bytes(content)
        card = ModelCard.model_validate({"input": {"channels": 4}})
        with pytest.raises(
            CheckpointError, match="says 4 input channels and the network has 3; co"
        ):
            load_network(NAME, weights=path, card=card)


class TestNames:
    @pytest.mark.parametrize("name", names())
    def test_every_builder_of_torchvision_is_built_without_weights(self, name: str) -> None:
        with torch.device("meta"):
            module = build(name, 7, {"weights_backbone": "DEFAULT"})
            answer = module(torch.zeros(1, 3, 64, 64))["out"]
        assert answer.shape == (1, 7, 64, 64)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("deeplabv3_resnet5", "did you mean deeplabv3_resnet50 or deeplabv3_resnet101"),
            (
                "unet",
                "it has: deeplabv3_mobilenet_v3_large, deeplabv3_resnet101, deeplabv3_resnet50",
            ),
            ("resnet50", "torchvision has no segmentation network 'resnet50'; "),
            ("", "it has: deeplabv3"),
        ],
    )
    def test_an_unknown_one_is_told_with_what_there_is(self, name: str, told: str) -> None:
        with pytest.raises(CheckpointError, match=told):
            load_network(f"torchvision:{name}")

    def test_arguments_that_the_builder_does_not_take_are_told(self) -> None:
        with pytest.raises(
            CheckpointError, match="cannot build fcn_resnet50 with depth; correct argum"
        ):
            build("fcn_resnet50", 2, {"depth": 3})

    def test_arguments_follow_the_weights(self, lraspp: nn.Module) -> None:
        assert arguments_for(lraspp.state_dict()) == {}
        assert arguments_for(["backbone.0", "classifier.0"]) == {"aux_loss": False}
        assert arguments_for(["backbone.0", "aux_classifier.0"]) == {"aux_loss": True}


def test_the_prediction_is_torchvisions_own(
    published: tuple[Server, str], lraspp: nn.Module
) -> None:
    network = load_network(NAME)
    prediction = network.predict(random_image(50, 70))
    expected = reference(lraspp, 50, 70).softmax(0).max(0)
    assert np.mean(prediction.class_map == expected.indices.numpy()) > 0.999
    assert np.allclose(prediction.confidence, expected.values.numpy(), atol=1e-4)
