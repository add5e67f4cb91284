"""TorchScript: opens as it is, has a gradient, and its code is read before it runs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gridsal_core import Request, Settings, explain, load_network
from gridsal_core.errors import CheckpointError, TrustNeededError
from tests.engine.formats.networks import plain_network, rezip, save, script
from tests.engine.networks import box, random_image

IMAGE = random_image(24, 32)


class Writes(nn.Module):
    """A network that would write a file when it runs."""

    def forward(self, image: Tensor) -> Tensor:
        torch.save(image, "written_by_a_script.pt")
        return image


class Maps(nn.Module):
    """A network that would make a file when it runs."""

    def forward(self, image: Tensor) -> Tensor:
        return image + torch.from_file("written_by_a_script.pt", True, 1)


class WritesOnceLoaded(nn.Module):
    """A network whose very loading would write a file."""

    def forward(self, image: Tensor) -> Tensor:
        return image

    @torch.jit.export
    def __getstate__(self) -> tuple[Tensor, bool]:
        return torch.ones(1), self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[Tensor, bool]) -> None:
        torch.save(state[0], "written_by_a_script.pt")


class WithoutGradient(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = plain_network()

    def forward(self, image: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.as_tensor(self.inner(image))


@pytest.mark.parametrize("ending", [".pt", ".ts", ".pth"])
def test_a_script_opens_whatever_its_ending_and_answers_as_the_module(
    tmp_path: Path, ending: str
) -> None:
    network = load_network(script(plain_network(), tmp_path / f"net{ending}"), "cpu")

    image = torch.rand(1, 3, 24, 32)
    torch.testing.assert_close(network.module(image), plain_network()(image))
    assert len(network.classes) == 4
    assert network.card.name == "net"


def test_a_script_is_explained_as_its_module_is(tmp_path: Path) -> None:
    network = load_network(script(plain_network(), tmp_path / "net.pt"), "cpu")

    request = Request(IMAGE, box(IMAGE.shape[:2], 2, 2, 9, 9), 1)
    result = explain(network, request, Settings(mask_size=(2, 3), steps=3))

    assert np.isfinite(result.mask).all()
    assert result.mask.std() > 0


def test_half_precision_computes_in_float32_and_says_so(tmp_path: Path) -> None:
    network = load_network(script(plain_network().half(), tmp_path / "net.pt"), "cpu")

    assert network.predict(IMAGE).class_map.shape == (24, 32)
    assert any("float16" in note for note in network.notes)


@pytest.mark.parametrize("kind", [Writes, Maps, WritesOnceLoaded])
def test_code_that_reaches_files_runs_only_with_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[nn.Module]
) -> None:
    path = script(kind(), tmp_path / "net.pt")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")

    with pytest.raises(TrustNeededError, match="--trust-code") as asked:
        load_network(path, "cpu")

    assert str(path) in asked.value.code
    assert os.listdir() == []


@pytest.mark.parametrize(
    "spelling",
    [
        b"ops.aten.save(image, 'x')",
        b"image . save ('x')",
        b"ops.somebody.run(image)",
        b"getattr(torch, 'sa\\x76e')(image, 'x')",
        b"__torch__.torch.classes.dist_rpc.Agent",
    ],
)
def test_no_spelling_of_such_code_gets_through(tmp_path: Path, spelling: bytes) -> None:
    plain = script(plain_network(), tmp_path / "plain.pt")

    def change(name: str, data: bytes) -> dict[str, bytes]:
        is_code = name.endswith(".py")
        return {
            name: data.replace(b"return", b"_ = " + spelling + b"\n    return") if is_code else data
        }

    with pytest.raises(TrustNeededError):
        load_network(rezip(plain, tmp_path / "net.pt", change), "cpu")


class InADict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = plain_network()

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        scores = torch.as_tensor(self.inner(image))
        return {"aux": scores.mean(1, keepdim=True), "out": scores}


class Labels(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = plain_network()

    def forward(self, image: Tensor) -> Tensor:
        return torch.as_tensor(self.inner(image)).argmax(1)


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = plain_network()

    def forward(self, image: Tensor) -> Tensor:
        return torch.as_tensor(self.inner(image)).mean((2, 3))


def test_a_script_that_gives_a_dict_opens(tmp_path: Path) -> None:
    network = load_network(script(InADict(), tmp_path / "net.ts"), "cpu")

    assert network.card.output.element == "out"
    expected = load_network(script(plain_network(), tmp_path / "bare.ts"), "cpu").predict(IMAGE)
    np.testing.assert_array_equal(network.predict(IMAGE).class_map, expected.class_map)


def test_a_script_that_gives_labels_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gives labels and not scores.*without argmax"):
        load_network(script(Labels(), tmp_path / "net.ts"), "cpu")


def test_a_classifier_of_whole_images_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="but float32 1 x 4; save a network that gives"):
        load_network(script(Classifier(), tmp_path / "net.ts"), "cpu")


def test_a_script_without_gradient_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="without gradients"):
        load_network(script(WithoutGradient(), tmp_path / "net.pt"), "cpu")


def test_weights_called_script_are_told_apart(tmp_path: Path) -> None:
    path = save(plain_network().state_dict(), tmp_path / "net.ts")

    with pytest.raises(CheckpointError, match="not a TorchScript archive"):
        load_network(path, "cpu")
